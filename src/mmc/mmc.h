/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MMC engine: an optical drive over a struct disc, which takes a CDB and gives data
 * and status. It knows no USB, no operating system and no clock, and allocates nothing
 * after mmc_drive_new(). One thread at a time may use a drive.
 *
 * The calls for one command, in this order:
 *
 *   mmc_begin()                      the drive states the data that it intends to move
 *   mmc_pull()... or mmc_push()...   the data, as far as the transport moves it
 *   mmc_end()                        status; the drive keeps the sense for REQUEST SENSE
 *
 * Any step may fail; only mmc_end() reports it. MMC_AGAIN from pull, push or end: the
 * medium is not ready; the caller repeats the call after the medium has called ready()
 * (media/media.h). mmc_abort() ends a command after any step.
 */
#ifndef MMC_MMC_H
#define MMC_MMC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cd/tally.h"
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
	MMC_AGAIN = 0x100 /* not a SCSI status: repeat the call when the medium is ready */
};

/* The data phase that the drive intends. len is in bytes, 0 = no data phase. */
struct mmc_xfer {
	enum mmc_dir dir;
	uint32_t len;
};

/* The profile of a finalised disc. */
enum mmc_finalised {
	MMC_FINALISED_DVD_ROM,   /* DVD-ROM or BD-ROM at once: 0010h, 0040h */
	MMC_FINALISED_DVD_PLUS_R /* as before, and complete: 001Bh of a DVD+R */
};

struct mmc_config {
	char vendor[9]; /* INQUIRY strings, ASCII, padded with spaces by the engine */
	char product[17];
	char revision[5];
	char serial[33]; /* feature 0108h; empty = feature absent */
	enum mmc_finalised finalised;
	bool dvd_only;   /* an image that no DVD can hold is shown as a DVD-ROM, not as a BD-ROM */
	bool strict_cdb; /* refuse reserved bits of CDBs (for tests; real hosts set some) */
	uint32_t buffer; /* bytes; READ BUFFER CAPACITY and mode page 2Ah. 0 = MEDIA_RING */
};

/* NULL: no memory. */
struct mmc_drive *mmc_drive_new(const struct mmc_config *config);
/* Ends the command in flight, drops the reference to the disc, frees. NULL is fine. */
void mmc_drive_free(struct mmc_drive *d);

/*
 * Begins a command (SAM-5 Execute Command); one in flight is aborted. cdb has cdb_len
 * bytes, 1 to 16; bytes beyond those that the operation code needs are ignored (USB-IF
 * TD1.19). in_size is the size in bytes of the host's data-in buffer: it limits the
 * answers of commands without an allocation length (READ CAPACITY, GET PERFORMANCE).
 * UINT32_MAX: the host has none because it sends data itself. Sets *xfer.
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
 * Gives the next bytes of the data-in phase, at most max (at least MMC_GRAIN) and at most
 * 64 KiB, whatever the size of the units that the medium has.
 * > 0: *data holds that many bytes, valid until the next call on the drive. If max is a
 * multiple of MMC_GRAIN, so are they, except at the end of the data.
 * 0: there are no more (all of xfer.len was given, or the command failed).
 * -1: MMC_AGAIN.
 */
int32_t mmc_pull(struct mmc_drive *d, const uint8_t **data, uint32_t max);

/*
 * The transport could not move the len bytes that the last pull gave: the next pull gives them
 * again, possibly cut into other pieces.
 */
void mmc_unpull(struct mmc_drive *d, uint32_t len);

/*
 * Takes the next bytes of the data-out phase, in portions of any size up to 32 KiB, xfer.len
 * in all. 0: taken (and dropped, if the command has failed meanwhile). -1: MMC_AGAIN, and no
 * byte was taken.
 */
int mmc_push(struct mmc_drive *d, const uint8_t *data, uint32_t len);

/*
 * Ends the command and returns its status. Data-out that stopped before xfer.len ends in
 * B/4B/00 DATA PHASE ERROR; blocks already written stay written.
 */
enum mmc_status mmc_end(struct mmc_drive *d);

/* Ends the command in flight, if there is one, without a status. */
void mmc_abort(struct mmc_drive *d);

/* The sense that REQUEST SENSE would return now. For logs and shims. */
mmc_sense_t mmc_last_sense(const struct mmc_drive *d);

/*
 * The last command, as plain data. Valid from its mmc_end() or mmc_abort() until the next
 * call that changes the drive.
 */
struct mmc_last {
	const uint8_t *cdb; /* 16 bytes, filled up with zeros */
	uint8_t cdb_len;
	bool ended;        /* it has a status; false: it was aborted */
	mmc_sense_t sense; /* 0 = GOOD */
	/* The len bytes that were moved; NULL and 0 for blocks of the disc. */
	const uint8_t *data;
	uint32_t len;
};
void mmc_get_last(const struct mmc_drive *d, struct mmc_last *last);
/*
 * Layout of the disc in the drive or in its open tray; NULL: no disc. Valid until the next
 * call that changes the drive.
 */
const struct disc_layout *mmc_layout(const struct mmc_drive *d);
const struct mmc_config *mmc_get_config(const struct mmc_drive *d);

/* Bulk-Only reset and similar: aborts the command, clears the sense; no unit attention. */
void mmc_transport_reset(struct mmc_drive *d);
/*
 * Bus reset, power-on, new configuration: as mmc_transport_reset(). Also undoes PREVENT
 * ALLOW, ends a test write, sets mode pages and speeds to their defaults, and raises unit
 * attention 6/29/00.
 */
void mmc_bus_reset(struct mmc_drive *d);

/*
 * Brings all recorded blocks to storage; cheap if there are no new ones. The host learns
 * of a failure by its next command that records (deferred error). False: in progress,
 * repeat the call as after MMC_AGAIN.
 */
bool mmc_flush(struct mmc_drive *d);
/* See disc_image_moved(); of the disc in the drive. Takes folder over. The host notices nothing. */
void mmc_image_moved(struct mmc_drive *d, struct folder *folder, const char *name);
/* See disc_state_missing(); of the disc in the drive. */
bool mmc_state_missing(struct mmc_drive *d);

/*
 * Operations from the board's side (control commands, eject button). They take effect at once,
 * even while a command is in flight: it holds a reference to its disc and continues on that
 * disc.
 */

/* Puts a disc into the empty drive, tray closed; takes the reference over. */
void mmc_insert(struct mmc_drive *d, struct disc *disc);

enum mmc_eject {
	MMC_EJECT_DONE,     /* the disc was taken out (its reference is dropped) */
	MMC_EJECT_EMPTY,    /* there was no disc */
	MMC_EJECT_REQUESTED /* the host has locked the drive, and was asked (EjectRequest) */
};
/* force: ejects even if the host has locked the drive, and undoes the lock. */
enum mmc_eject mmc_eject(struct mmc_drive *d, bool force);

/*
 * Finalises the disc in the drive as CLOSE TRACK/SESSION function 6 would, and raises
 * attention and event for the host. 0, or a sense: 5/72/00 nothing is recorded, 3/0C/00
 * storage failed, 5/53/02 the host has locked the drive (it may be burning), 2/3A/01 no
 * disc. MMC_SENSE_AGAIN: as MMC_AGAIN.
 */
#define MMC_SENSE_AGAIN UINT32_MAX
mmc_sense_t mmc_finalise(struct mmc_drive *d);

/* Unit attentions and events that the host has not received yet. */
enum mmc_pending {
	MMC_PENDING_RESET = 1 << 0,       /* 6/29/00 */
	MMC_PENDING_ATTENTION = 1 << 1,   /* 6/28/00 of a new disc, or 6/5A/01 */
	MMC_PENDING_CLOSE = 1 << 2,       /* 6/28/00 of the host's own CLOSE */
	MMC_PENDING_MEDIA = 1 << 3,       /* a media event */
	MMC_PENDING_OPERATIONAL = 1 << 4, /* an operational change event */
	MMC_PENDING_FORMAT = 1 << 5       /* 6/28/00 of the host's own FORMAT, after its event */
};

/* A snapshot, for status output and tests. */
struct mmc_state {
	uint16_t profile;     /* current profile, 0 = none */
	bool loaded;          /* a disc is in and the tray is closed */
	bool ejected_by_host; /* a disc is in, the tray was opened by the host */
	bool vanished;        /* a disc is in, but a fault on request has hidden it from the host
				 for good: eject it (mmc/fault.h) */
	bool locked;          /* PREVENT ALLOW MEDIUM REMOVAL */
	bool eject_requested; /* the host was asked to eject and has not done so yet */
	bool busy;            /* a command is in flight */
	/*
	 * A disc was removed, and the host has not been told since then that there is none: by
	 * NOT READY, 2/3A, or by GET EVENT STATUS NOTIFICATION.
	 */
	bool removal_unseen;
	uint8_t pending;     /* enum mmc_pending, or'ed */
	enum disc_type type; /* of the disc, when loaded or ejected_by_host */
	/* As what the host sees that disc: a finalised DVD+R may be shown as a DVD-ROM. */
	enum disc_type shown_as;
	enum disc_format format; /* of that disc */
	/* finalised: no track can be added; also true of a formatted disc that is overwritten. */
	bool blank, appendable, finalised;
	bool testing;          /* a test write is in progress, and the numbers below are of it */
	const char *read_only; /* why recording is no longer possible; NULL: no such reason */
	uint32_t capacity;     /* blocks */
	uint32_t layer_break;  /* blocks of layer 0 that the host has set; 0 = it has not */
	uint32_t readable;     /* blocks up to the end of the last closed session */
	uint32_t recorded;     /* blocks recorded, open track included */
	uint32_t end;          /* first block after the last recorded one */
	uint32_t nwa, free;    /* of the open track; 0 when there is none */
	uint32_t reserved;     /* size that RESERVE TRACK gave the open track; 0 = none */
	bool at_once;          /* the track was reserved for disc-at-once recording */
	/* On a CD, the lead-out that the cue sheet of the open session announces; 0 = none. */
	uint32_t announced_end;
	/* Blocks of the image, up to the highest one that was written; bytes of a CD-R's. */
	uint32_t image_blocks;
	uint32_t unsynced; /* recorded blocks that a power cut would lose */
	uint16_t sessions, tracks;
	struct cd_tally cd;    /* of a compact disc, the track being recorded included */
	uint8_t open_track;    /* number of the track of a CD that is being recorded; 0 = none */
	bool open_track_audio; /* and whether that is audio */
	uint32_t read_speed, write_speed; /* kB/s */
	uint64_t commands, errors;        /* begun; ended in CHECK CONDITION */
	uint64_t blocks_read, blocks_written;
};
void mmc_get_state(const struct mmc_drive *d, struct mmc_state *s);
/* True if the disc is rewritten in place: then `finalised` does not mean that it is complete. */
static inline bool mmc_state_is_overwritable(const struct mmc_state *s)
{
	return disc_medium_is_overwritable(disc_medium_of(s->type), s->format);
}

/* Bytes that so many blocks take in an image: of a CD with audio, most sectors have 2352. */
static inline uint64_t mmc_state_bytes(const struct mmc_state *s, uint64_t blocks)
{
	return blocks * (s->cd.audio > 0 ? CD_SECTOR : MEDIA_BLOCK);
}
/* Bytes of the image of a CD-R or CD-RW, up to what was recorded last. */
static inline uint64_t mmc_state_cd_bytes(const struct mmc_state *s)
{
	return s->image_blocks;
}

/*
 * State of a drive without its disc, as plain data. It is stored where it survives the
 * daemon, so that the next daemon can continue as the same drive between two commands.
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
	uint8_t write_lost, eject_event_pending; /* 0 of daemons that did not save them */
	uint8_t disc_type;                       /* enum disc_type + 1; 0 = no disc, or not saved */
	uint8_t removal_unseen;                  /* 0 of daemons that did not save it */
	uint64_t commands, errors, blocks_read, blocks_written;
	uint8_t page[MMC_SAVED_PAGES][MMC_SAVED_PAGE_SIZE];
};
void mmc_save(const struct mmc_drive *d, struct mmc_saved *s);
/*
 * Restores the state into a new drive and puts the disc in; takes its reference over. No
 * attention and no event, except: a disc with another profile than before is a new disc
 * for the host; NULL in place of a disc is an eject. s is not trusted: values that
 * a drive cannot have are ignored.
 */
void mmc_restore(struct mmc_drive *d, const struct mmc_saved *s, struct disc *disc);

/* Name of an operation code ("WRITE(10)"); NULL: the drive does not have the command. */
const char *mmc_opcode_name(uint8_t opcode);
/* Name of a profile ("DVD+R"), never NULL. */
const char *mmc_profile_name(uint16_t profile);
/* Encodes fixed-format sense data (SPC-4 4.5.3), 18 bytes. */
void mmc_sense_encode(mmc_sense_t sense, uint8_t out[18]);

#endif
