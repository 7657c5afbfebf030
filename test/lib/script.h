/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CDB conversations: what a host sends, and what it must get back. One file
 * test/script/NAME.cdb tells one property; the same file runs against the
 * engine alone, through BOT over an in-memory endpoint, and against /dev/sgN.
 *
 *	# WRITE(10) anywhere but at the next writable address is refused   [MMC-6 6.44]
 *	media blank
 *	> 2a 00 00 00 00 64 00 00 01 00  out=zero*2048
 *	! 5/21/02 info=100
 *	> 52 01 00 00 00 ff 00 00 24 00  in=36
 *	< 00 26 01 01 00 .7 41 01  00*4
 *
 * Lines; # starts a comment, and the first line of a script is one, its title.
 * Bytes are hexadecimal, everything else is decimal.
 *
 *	requires NAME...        only these executors can run it: direct, bot, sg
 *	config KEY=VALUE...     the drive: finalised=dvd+r, strict=1, serial=TEXT, buffer=BYTES;
 *	                        before the first media line. Needs direct and bot.
 *	media blank [BLOCKS]    a blank DVD+R (of that capacity: direct and bot)
 *	media rom BLOCKS        a DVD-ROM, its blocks stamped with their addresses
 *	media none              no disc. The first step of every script is a media line.
 *	    ... ua              at the end of a media line: the host has not noticed yet. Without
 *	                        it the unit attentions and events of the change are taken first.
 *	eject | eject force     the hand at the drive takes the disc
 *	eject asks              the same; locked, so the drive asks the host and keeps the disc
 *	insert-again            the disc that was taken out last comes back, as from its file
 *	                        and the state beside it. Nothing is taken.
 *	busreset                bus reset, as after a phase error or a new connection
 *	transportreset          Bulk-Only Mass Storage Reset
 *	fault OP KIND [skip=N] [times=N]
 *	                        read, write or sync of the medium answers enospc, eio or again,
 *	                        after N good ones, N times (0: for ever); fault none. direct and
 *bot.
 *
 *	> CDB [in=N]            a command; N is the size of the host's buffer (the CBW's length)
 *	> CDB [out=DATA]        DATA is bytes, XX*N, zero*N, or block LBA*N (stamped blocks)
 *	repeat N                the next command is sent N times
 *	ready                   TEST UNIT READY as hosts wait with it: until GOOD, unit attentions
 *	                        (6/28, 6/29) on the way are what they are
 *	write FROM..END [step N] [op=aa]
 *	                        WRITE(10) or WRITE(12) of stamped blocks, N at a time (16), to END -
 *1 read FROM..END [step N] [op=a8] READ, and the stamps are compared
 *
 * Expectations for the command above them:
 *
 *	! K/ASC/ASCQ [| K/ASC/ASCQ]... [info=LBA]
 *	                        CHECK CONDITION with one of these, and no data; without a ! line:
 *GOOD < BYTES                 golden bytes, from the first on; more lines go on where the last
 *ended.
 *	                        ".." any byte, ".7" any high nibble, "01&03" 01 in the bits 03,
 *	                        "00*16" sixteen of them, "'MMC'" ASCII
 *	@N BYTES                golden bytes from byte N on
 *	< block LBA*N           N stamped blocks, and nothing else
 *	<= N                    exactly N bytes are moved (data out: taken)
 *
 * Golden bytes come from the standard and from what hosts need, never from
 * this program's output.
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

enum script_media { SCRIPT_MEDIA_NONE, SCRIPT_MEDIA_BLANK, SCRIPT_MEDIA_ROM };
enum script_eject { SCRIPT_EJECT_PLAIN, SCRIPT_EJECT_FORCE, SCRIPT_EJECT_ASKS };

/* A run of bytes the answer must have. */
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

	/* the hand at the drive */
	enum script_media media;
	enum script_eject eject;
	uint32_t size; /* blocks of media; 0 = the default */
	bool unseen;
	struct media_fault fault;
};

struct script {
	char *name;         /* file name without directory and ".cdb" */
	char *title;        /* of the first line, the "#" taken off */
	unsigned executors; /* enum script_executor, or'ed */
	struct mmc_config config;
	struct script_step *steps;
	struct script_alloc *allocs;
};

/* NULL, and the reason with file and line in error. */
struct script *script_load(const char *path, char *error, size_t error_size);
struct script *script_parse(const char *name, const char *text, char *error, size_t error_size);
void script_free(struct script *s);

/* Contents of the block at that address, as scripts and MEDIA_CMD agree on it. */
void script_stamp(uint32_t lba, uint8_t block[MEDIA_BLOCK]);
/* The drive that scripts speak to, when no config line says otherwise. */
struct mmc_config script_default_config(void);

/* ---- executors ---- */

/* One command on its way. data has room for len bytes. */
struct script_io {
	const uint8_t *cdb;
	size_t cdb_len;
	enum mmc_dir dir;
	uint32_t len;
	uint8_t *data;
	/* out */
	bool check;
	uint32_t moved;
	uint8_t sense[18]; /* when check */
};

struct script_exec {
	const char *name;
	enum script_executor kind;
	/*
	 * All of them: 0, or -1 with the reason in error.
	 * start: a drive of that configuration, nothing pending, locks, mode pages and speeds at
	 * their defaults; what disc is in it is not said.
	 */
	int (*start)(struct script_exec *x, const struct mmc_config *config);
	int (*command)(struct script_exec *x, struct script_io *io);
	int (*media)(struct script_exec *x, enum script_media media, uint32_t blocks);
	int (*eject)(struct script_exec *x, enum script_eject how);
	int (*insert_again)(struct script_exec *x);
	int (*bus_reset)(struct script_exec *x);
	int (*transport_reset)(struct script_exec *x);
	int (*fault)(struct script_exec *x, const struct media_fault *f);
	void (*stop)(struct script_exec *x);
	char error[256];
};

int script_fail(struct script_exec *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The engine, called as its header says; data in portions of that many bytes. */
struct script_exec *exec_direct_new(uint32_t portion);
/* Through BOT, at that wMaxPacketSize. */
struct bot;
struct script_exec *exec_bot_new(uint16_t max_packet);
/* SG_IO on a device; discs are changed with media_cmd, see test/e2e/u_script.c. NULL: error says
 * why. */
struct script_exec *exec_sg_new(
	const char *device, const char *media_cmd, char *error, size_t error_size);
/* What it drives between start and stop. */
struct bot *exec_bot_bot(struct script_exec *x);
struct mmc_drive *exec_bot_drive(struct script_exec *x);
void exec_direct_free(struct script_exec *x);
void exec_bot_free(struct script_exec *x);
void exec_sg_free(struct script_exec *x);

/* 0, or -1 with what was expected and what came in error. */
int script_run(const struct script *s, struct script_exec *x, char *error, size_t error_size);

/* Unit attentions and events of what happened to the drive so far are taken. 0, -1. */
int script_settle(struct script_exec *x);

#endif
