/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MMC engine: CDB in, data and status out. Plays an optical drive over a
 * struct disc. Knows no USB, no operating system, no clock; allocates nothing
 * once mmc_drive_new() returned. One thread at a time may use a drive.
 *
 * Order of calls for one command:
 *
 *   mmc_begin()                  the drive states what it intends to move
 *   mmc_pull()... or mmc_push()...   the data, as far as the transport moves it
 *   mmc_end()                    status; sense is kept for REQUEST SENSE
 *
 * A failure may arise at any step; mmc_end() alone reports it. MMC_AGAIN from
 * pull, push or end: the medium is not there yet, make the same call again
 * after the owner of the medium said it may go on. mmc_abort() ends a command
 * at any step.
 */
#ifndef MMC_MMC_H
#define MMC_MMC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "disc/disc.h"

struct mmc_drive;

/*
 * Sense, packed: key << 16 | ASC << 8 | ASCQ (SPC-4 4.5), with 1 << 24 for a deferred
 * error. 0 = NO SENSE.
 */
typedef uint32_t mmc_sense_t;

enum mmc_dir { MMC_DIR_NONE, MMC_DIR_IN, MMC_DIR_OUT }; /* IN = to the host */

enum mmc_status {
	MMC_GOOD = 0x00,
	MMC_CHECK_CONDITION = 0x02,
	MMC_AGAIN = 0x100 /* not a SCSI status: call again later */
};

/* What the drive intends for the data phase. len is in bytes, 0 = no data phase. */
struct mmc_xfer {
	enum mmc_dir dir;
	uint32_t len;
};

/* What becomes of a DVD+R once it is finalised. */
enum mmc_finalised {
	MMC_FINALISED_DVD_ROM,   /* profile 0010h at once */
	MMC_FINALISED_DVD_PLUS_R /* profile 001Bh, complete, until it is loaded anew */
};

struct mmc_config {
	char vendor[9]; /* INQUIRY strings, ASCII, padded with spaces by the engine */
	char product[17];
	char revision[5];
	char serial[33]; /* feature 0108h; empty = feature absent */
	enum mmc_finalised finalised;
	bool strict_cdb; /* refuse reserved CDB bits (for tests; hosts set some) */
	uint32_t buffer; /* bytes; READ BUFFER CAPACITY and mode page 2Ah. 0 = MEDIA_RING */
};

/* NULL: no memory. */
struct mmc_drive *mmc_drive_new(const struct mmc_config *config);
/* Ends the command in flight and drops the disc. NULL is fine. */
void mmc_drive_free(struct mmc_drive *d);

/*
 * Start a command (SAM-5 Execute Command). cdb has cdb_len bytes, 1..16; more
 * than the operation code needs are ignored (USB-IF TD1.19). in_size is the
 * size of the initiator's data-in buffer: commands without an allocation
 * length (READ CAPACITY, GET PERFORMANCE) limit their answer by it. UINT32_MAX
 * when it has none because it sends itself.
 */
void mmc_begin(struct mmc_drive *d, const uint8_t *cdb, size_t cdb_len, uint32_t in_size,
	struct mmc_xfer *xfer);

/*
 * Pieces of the data-in phase are multiples of this many bytes, except the last one: a
 * transport with packets of 1024 bytes, or of a power of two below, has one short packet
 * at most.
 */
#define MMC_GRAIN 1024u

/*
 * Gives the next bytes of the data-in phase, at most max (at least MMC_GRAIN), whatever
 * the size of the units that the medium has.
 * > 0: *data holds that many bytes, valid until the next call on the drive. If max is a
 * multiple of MMC_GRAIN, so are they, except at the end of the data.
 * 0: there are no more (all of xfer.len was given, or the command failed).
 * -1: MMC_AGAIN.
 */
int32_t mmc_pull(struct mmc_drive *d, const uint8_t **data, uint32_t max);

/*
 * The transport could not move the len bytes that the last pull gave: the next pull
 * gives them again, in pieces of its own.
 */
void mmc_unpull(struct mmc_drive *d, uint32_t len);

/*
 * Next bytes of the data-out phase, in any portions, xfer.len in all.
 * 0 = taken (also when the command has failed meanwhile: then they are
 * dropped); -1: MMC_AGAIN, nothing of it was taken.
 */
int mmc_push(struct mmc_drive *d, const uint8_t *data, uint32_t len);

/*
 * End of the command. Data-out that stopped short of xfer.len ends in
 * B/4B/00 DATA PHASE ERROR; blocks already written stay written.
 */
enum mmc_status mmc_end(struct mmc_drive *d);

/* Ends the command in flight, if any, without status. */
void mmc_abort(struct mmc_drive *d);

/* Sense of the last command (what REQUEST SENSE would say). For logs and shims. */
mmc_sense_t mmc_last_sense(const struct mmc_drive *d);

/*
 * The last command, as plain data: from its mmc_end() or mmc_abort() to the next
 * call that changes the drive.
 */
struct mmc_last {
	const uint8_t *cdb; /* 16 bytes, zeros behind the end */
	uint8_t cdb_len;
	bool ended;        /* has a status; else it was aborted */
	mmc_sense_t sense; /* 0 = GOOD */
	/* What was moved, len bytes; NULL and 0 where it was blocks of the disc. */
	const uint8_t *data;
	uint32_t len;
};
void mmc_get_last(const struct mmc_drive *d, struct mmc_last *last);
/* Tracks and sessions of the disc in the drive or its tray, NULL = no disc. Likewise valid. */
const struct disc_layout *mmc_layout(const struct mmc_drive *d);
const struct mmc_config *mmc_get_config(const struct mmc_drive *d);

/* Bulk-Only reset and the like: command aborted, sense cleared, no unit attention. */
void mmc_transport_reset(struct mmc_drive *d);
/*
 * Bus reset, power-on, new configuration: as above, and PREVENT ALLOW is
 * undone, mode pages and speeds return to their defaults, unit attention 6/29/00.
 */
void mmc_bus_reset(struct mmc_drive *d);

/*
 * What was burned so far goes to storage; cheap when nothing is new. A failure is told
 * to the host by its next recording command. False: MMC_AGAIN, it is under way.
 */
bool mmc_flush(struct mmc_drive *d);

/*
 * The hand at the drive (control FIFO, button). All take effect at once, with a
 * command in flight too: that one keeps a reference to its disc and ends on it.
 */

/* Puts a disc into the empty drive, tray closed; takes the reference over. */
void mmc_insert(struct mmc_drive *d, struct disc *disc);

enum mmc_eject {
	MMC_EJECT_DONE,     /* the disc was taken out (its reference is dropped) */
	MMC_EJECT_EMPTY,    /* there was none */
	MMC_EJECT_REQUESTED /* locked: the host was asked (media event EjectRequest) */
};
/* force: also when the host has locked the drive; the lock is undone. */
enum mmc_eject mmc_eject(struct mmc_drive *d, bool force);

/*
 * Finalises the disc in the drive, as CLOSE TRACK/SESSION function 6 would, and
 * tells the host. 0, or the sense that a host would have got: 5/72/00 nothing is
 * recorded, 3/0C/00 storage failed, 5/53/02 the host has locked the drive (it may be
 * burning), 2/3A/01 no disc. MMC_SENSE_AGAIN: as MMC_AGAIN.
 */
#define MMC_SENSE_AGAIN UINT32_MAX
mmc_sense_t mmc_finalise(struct mmc_drive *d);

/* What the host has not been told yet: unit attentions, and events that it may poll. */
enum mmc_pending {
	MMC_PENDING_RESET = 1 << 0,      /* 6/29/00 */
	MMC_PENDING_ATTENTION = 1 << 1,  /* another one, of a disc that came or is asked for */
	MMC_PENDING_CLOSE = 1 << 2,      /* 6/28/00 of its own CLOSE */
	MMC_PENDING_MEDIA = 1 << 3,      /* a media event */
	MMC_PENDING_OPERATIONAL = 1 << 4 /* an operational change event */
};

/* A snapshot for people and tests. */
struct mmc_state {
	uint16_t profile;     /* current profile, 0 = none */
	bool loaded;          /* a disc is in and the tray is closed */
	bool ejected_by_host; /* a disc is in, the tray was opened by the host */
	bool locked;          /* PREVENT ALLOW MEDIUM REMOVAL */
	bool eject_requested; /* the button was pressed while locked, not yet answered */
	bool busy;            /* a command is in flight */
	uint8_t pending;      /* enum mmc_pending, or'ed */
	enum disc_type type;  /* of the disc, when loaded or ejected_by_host */
	bool blank, appendable, finalised;
	bool testing; /* a test write is going on; the numbers below are its own */
	const char
		*read_only; /* why the disc cannot be written although it once could; NULL else */
	uint32_t capacity;  /* blocks */
	uint32_t readable;  /* blocks in closed tracks */
	uint32_t recorded;  /* blocks recorded, open track included */
	uint32_t end;       /* first block behind them */
	uint32_t nwa, free; /* of the open track; 0 when there is none */
	uint32_t reserved;  /* size that RESERVE TRACK gave the open track; 0 = none */
	uint32_t unsynced;  /* blocks recorded that a power cut would take */
	uint16_t sessions, tracks;
	uint32_t read_speed, write_speed; /* kB/s */
	uint64_t commands, errors;        /* begun; ended in CHECK CONDITION */
	uint64_t blocks_read, blocks_written;
};
void mmc_get_state(const struct mmc_drive *d, struct mmc_state *s);

/*
 * What a drive knows but for its disc, as plain data: kept where it outlives the
 * process, so that the next one can go on as the same drive between two commands.
 */
#define MMC_SAVED_PAGES     5
#define MMC_SAVED_PAGE_SIZE 64
struct mmc_saved {
	uint8_t has_disc, tray_out; /* tray_out: the disc lies in the opened tray */
	uint8_t prevent, persistent_prevent, eject_requested;
	uint8_t ua, media_event, feature_change, gesn_seen;
	uint8_t sense_has_lba;
	uint16_t profile;
	uint32_t sense, sense_lba;
	uint32_t read_speed, write_speed;
	uint32_t reserved;
	uint64_t commands, errors, blocks_read, blocks_written;
	uint8_t page[MMC_SAVED_PAGES][MMC_SAVED_PAGE_SIZE];
};
void mmc_save(const struct mmc_drive *d, struct mmc_saved *s);
/*
 * Into a new drive. The disc (its reference is taken over) is in as if nothing
 * had happened: no attention, no event. One that would show another profile than
 * before is told as a new disc; where there was a disc and NULL comes, the host
 * is told as by an eject. s is not trusted: what it cannot be is left out.
 */
void mmc_restore(struct mmc_drive *d, const struct mmc_saved *s, struct disc *disc);

/* Name of an operation code ("WRITE(10)"), or NULL when the engine has no such row. */
const char *mmc_opcode_name(uint8_t opcode);
/* Name of a profile ("DVD+R"), never NULL. */
const char *mmc_profile_name(uint16_t profile);
/* Fixed-format sense data (SPC-4 4.5.3), 18 bytes. */
void mmc_sense_encode(mmc_sense_t sense, uint8_t out[18]);

#endif
