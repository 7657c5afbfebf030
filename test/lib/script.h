/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CDB conversations: commands of a host, and the answers that it must get. A file
 * test/script/NAME.cdb tests one property. The same file runs against the engine alone,
 * through BOT over in-memory endpoints, and against /dev/sgN.
 *
 *	# WRITE(10) anywhere but at the next writable address is refused   [MMC-6 6.44]
 *	media blank
 *	> 2a 00 00 00 00 64 00 00 01 00  out=zero*2048
 *	! 5/21/02 info=100
 *	> 52 01 00 00 00 ff 00 00 24 00  in=36
 *	< 00 26 01 01 00 .7 41 01  00*4
 *
 * Lines; # starts a comment. The first line of a script is a comment, its title. Bytes
 * are hexadecimal, all other numbers decimal.
 *
 *	requires NAME...        only these executors can run it: direct, bot, sg
 *	config KEY=VALUE...     the drive: finalised=dvd+r, large=dvd-rom, strict=1, serial=TEXT,
 *	                        buffer=BYTES;
 *	                        before the first media line. Needs direct and bot.
 *	media blank [BLOCKS] [type=NAME]
 *	                        inserts a blank of that type, or a DVD+R (with that capacity:
 *	                        direct and bot)
 *	media rom BLOCKS        inserts a DVD-ROM, its blocks stamped with their addresses
 *	media cd BLOCKS         inserts the same image as a CD-ROM
 *	media cd NAME           inserts a made-up CD with audio: mixed, audio or extra
 *	                        (lib/cd_disc.h). Needs direct and bot.
 *	media none              no disc. The first step of every script is a media line.
 *	    ... ua              at the end of a media line: the host has not noticed it yet.
 *	                        Otherwise the unit attentions and events of the change are
 *	                        taken before the next step.
 *	eject | eject force     the disc is removed from the board's side
 *	eject asks              the same while the host locks the drive: the drive asks the
 *	                        host to eject, and keeps the disc
 *	insert-again            inserts the disc that was removed last, with its image and state
 *	                        file. Unit attentions and events are left.
 *	busreset                bus reset, as after a phase error or a new connection
 *	transportreset          Bulk-Only Mass Storage Reset
 *	fault OP KIND [skip=N] [times=N]
 *	                        OP (read, write or sync) of the medium fails with KIND (enospc,
 *	                        eio or again) after N successes, N times (0: for ever);
 *	                        "fault none" ends it. Needs direct and bot.
 *
 *	> CDB [in=N]            a command; N is the size of the host's buffer (CBW length)
 *	> CDB [out=DATA]        DATA is bytes, XX*N, zero*N, again*N (all bytes so far, N times
 *	                        more), or block LBA*N (stamped blocks)
 *	repeat N                the next command is sent N times
 *	ready                   TEST UNIT READY as hosts wait with it: repeated until GOOD; the
 *	                        unit attentions 6/28 and 6/29 are allowed before
 *	write FROM..END [step N] [op=aa]
 *	                        WRITE(10) or WRITE(12) of stamped blocks, N (16) at a time, up to
 *	                        and not including block END
 *	read FROM..END [step N] [op=a8]
 *	                        READ, and the stamps are compared
 *
 * Expectations belong to the command above them:
 *
 *	! K/ASC/ASCQ [| K/ASC/ASCQ]... [info=LBA]
 *	                        CHECK CONDITION with one of these, and no data. Without a ! line
 *	                        GOOD is expected.
 *	< BYTES                 golden bytes, from the first on; further lines continue where the
 *	                        last one ended. ".." any byte, ".7" any high nibble, "01&03" 01
 *	                        in the bits 03, "00*16" sixteen of them, "'MMC'" ASCII
 *	@N BYTES                golden bytes from byte N on
 *	< block LBA*N           N stamped blocks, and nothing else
 *	<= N                    exactly N bytes are moved (data-out: accepted)
 *
 * Golden bytes come from the standard and from what hosts need, never from this
 * program's output.
 */
#ifndef TEST_LIB_SCRIPT_H
#define TEST_LIB_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/media.h"
#include "mmc/mmc.h"

#define SCRIPT_MAX_DATA  (1024u * 1024u) /* one command; Linux moves 1 MiB at super speed */
#define SCRIPT_MAX_SENSE 4

enum script_executor { SCRIPT_DIRECT = 1, SCRIPT_BOT = 2, SCRIPT_SG = 4, SCRIPT_ANY = 7 };

enum script_kind {
	SCRIPT_COMMAND,
	SCRIPT_READY,
	SCRIPT_WRITE,
	SCRIPT_READ,
	SCRIPT_MEDIA,
	SCRIPT_EJECT,
	SCRIPT_INSERT_AGAIN,
	SCRIPT_BUS_RESET,
	SCRIPT_TRANSPORT_RESET,
	SCRIPT_FAULT
};

enum script_media { SCRIPT_MEDIA_NONE, SCRIPT_MEDIA_BLANK, SCRIPT_MEDIA_ROM, SCRIPT_MEDIA_CD };
enum script_eject { SCRIPT_EJECT_PLAIN, SCRIPT_EJECT_FORCE, SCRIPT_EJECT_ASKS };

/* Bytes that the answer must have from byte at on. */
struct script_golden {
	struct script_golden *next;
	uint32_t at, len;
	uint8_t *value, *mask;
};

struct script_step {
	struct script_step *next;
	enum script_kind kind;
	unsigned line;

	/* a command */
	unsigned times;
	uint8_t cdb[16];
	size_t cdb_len;
	enum mmc_dir dir;
	uint32_t len;
	uint8_t *out;
	mmc_sense_t sense[SCRIPT_MAX_SENSE];
	unsigned senses; /* 0 = GOOD is expected */
	bool has_info, has_moved, has_blocks;
	uint32_t info, moved;
	uint32_t block, blocks; /* of stamped data expected */
	struct script_golden *golden;

	/* write, read: op is cdb[0] */
	uint32_t from, end, step;

	/* steps on the board's side */
	enum script_media media;
	enum script_eject eject;
	uint32_t size;                    /* blocks of media; 0 = the default */
	const char *disc;                 /* name of a made-up CD; NULL: an image */
	const struct disc_medium *medium; /* of a blank; NULL = the default */
	bool unseen;
	struct media_fault fault;
};

struct script {
	char *name;         /* file name without directory and ".cdb" */
	char *title;        /* of the first line, without the "#" */
	unsigned executors; /* enum script_executor, or'ed */
	struct mmc_config config;
	struct script_step *steps;
	struct script_alloc *allocs;
};

/*
 * Load a file, parse a text. The caller frees the script by script_free(). NULL, and the reason
 * with file and line in error.
 */
struct script *script_load(const char *path, char *error, size_t error_size);
struct script *script_parse(const char *name, const char *text, char *error, size_t error_size);
void script_free(struct script *s);

/* Makes the stamped block of that address; MEDIA_CMD of u_script must make the same. */
void script_stamp(uint32_t lba, uint8_t block[MEDIA_BLOCK]);
/* The same for a sector of another size: rows of 16 bytes, as many as fit. */
void script_stamp_bytes(uint32_t lba, uint8_t *to, uint32_t bytes);
/* The configuration of the drive for scripts without a config line. */
struct mmc_config script_default_config(void);

/* ---- executors ---- */

/* One command. data has room for len bytes. */
struct script_io {
	const uint8_t *cdb;
	size_t cdb_len;
	enum mmc_dir dir;
	uint32_t len;
	uint8_t *data;
	/* set by the executor */
	bool check; /* CHECK CONDITION */
	uint32_t moved;
	uint8_t sense[18]; /* if check */
};

struct script_exec {
	const char *name;
	enum script_executor kind;
	/*
	 * Each operation returns 0, or -1 with the reason in error. start() makes a drive with
	 * that configuration, nothing pending, and locks, mode pages and speeds at their
	 * defaults; any disc may be in it.
	 */
	int (*start)(struct script_exec *x, const struct mmc_config *config);
	int (*command)(struct script_exec *x, struct script_io *io);
	/* medium: of a blank, NULL = the default */
	int (*media)(struct script_exec *x, const struct script_step *step);
	int (*eject)(struct script_exec *x, enum script_eject how);
	int (*insert_again)(struct script_exec *x);
	int (*bus_reset)(struct script_exec *x);
	int (*transport_reset)(struct script_exec *x);
	int (*fault)(struct script_exec *x, const struct media_fault *f);
	void (*stop)(struct script_exec *x);
	char error[256];
};

int script_fail(struct script_exec *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * The executors. exec_direct_new(): the engine, called as mmc.h says, with data in portions of that
 * many bytes.
 */
struct script_exec *exec_direct_new(uint32_t portion);
/* Through BOT, at that wMaxPacketSize. */
struct bot;
struct script_exec *exec_bot_new(uint16_t max_packet);
/*
 * SG_IO on a device; media_cmd changes discs, see test/e2e/u_script.c. NULL: the reason is in
 * error.
 */
struct script_exec *exec_sg_new(
	const char *device, const char *media_cmd, char *error, size_t error_size);
/* The BOT layer and the drive of exec_bot_new(), between start and stop. */
struct bot *exec_bot_layer(struct script_exec *x);
struct mmc_drive *exec_bot_drive(struct script_exec *x);
void exec_direct_free(struct script_exec *x);
void exec_bot_free(struct script_exec *x);
void exec_sg_free(struct script_exec *x);

/* Runs a script. 0, or -1 with what was expected and what came in error. */
int script_run(const struct script *s, struct script_exec *x, char *error, size_t error_size);

/* Takes all unit attentions and events that are pending. 0, or -1 with the reason in x->error. */
int script_drain_events(struct script_exec *x);

#endif
