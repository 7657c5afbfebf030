/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disc: the tracks, sessions and blocks that a drive shows, kept on a medium (src/media). A
 * row of the medium table describes its kind (disc/medium.h), and its write model decides
 * which blocks may be recorded (disc/model.h), so that no command handler can put a block
 * where a real drive would not.
 *
 * Addresses and sizes are in sectors of a compact disc, and in blocks of media.unit bytes of any
 * other; "blocks of the image" are always those of the medium. An address that a command brings is
 * an int64_t: it holds each 32-bit number of a host and the negative addresses of a CD (MMC-6
 * 4.2.8.3). Any value may be passed unchecked.
 *
 * The layout is kept in a state file beside the image and never counts blocks that are not on
 * storage:
 *
 *	data is synced, then the layout that counts it is saved
 *
 * Blocks recorded before disc_sync() or a closing operation returned DISC_OK survive a power
 * cut. Of the blocks recorded later, at most disc_options.max_unsaved are lost.
 */
#ifndef DISC_DISC_H
#define DISC_DISC_H

#include <stdbool.h>
#include <stdint.h>

#include "cd/map.h"
#include "disc/layout.h"
#include "disc/medium.h"
#include "media/media.h"
#include "media/store.h"

/* Blocks that may be acknowledged and not yet saved, by default: 32 MiB. */
#define DISC_MAX_UNSAVED       16384u
/* Smaller limits are raised to this: saving must make room for what one call writes. */
#define DISC_MAX_UNSAVED_LEAST 64u

/* Results; a negative value is the -errno of the medium. */
enum disc_result {
	DISC_OK = 0,
	DISC_NOT_WRITABLE_ADDRESS = 1, /* not the next writable address */
	DISC_OUT_OF_RANGE,             /* past the end of the disc */
	DISC_TRACK_FULL,               /* past the end of the reservation */
	DISC_CLOSED,                   /* finalised, or not recordable */
	DISC_NO_SUCH_TRACK,
	DISC_UNREADABLE,     /* read of a block never recorded */
	DISC_NO_ROOM,        /* reservation larger than what is free; too many tracks */
	DISC_NO_SUCH_FORMAT, /* the medium has no format of that type and size */
	DISC_NOT_FOR_MEDIUM, /* the medium has no such operation */
	DISC_PROTECTED,      /* a rewritable medium whose image cannot be written */
	DISC_WRONG_MODE,     /* a sector of another kind than the one that was asked for */
	DISC_BAD_PARAMETER,  /* what the host has sent cannot be so (a cue sheet, CD-Text) */
	DISC_SEQUENCE,       /* other commands have to come first (a cue sheet, closing) */
	/*
	 * Blocks of earlier operations that were answered DISC_OK did not reach storage; the
	 * next writable address went back to the first of them. This operation did nothing.
	 */
	DISC_LOST
};

/* An intent line announces in the state file that the image is to be cut. */
enum disc_intent {
	DISC_INTENT_NONE,
	DISC_INTENT_TRUNCATE, /* announced, and cut or not; a sync comes next */
	DISC_INTENT_DONE      /* cut and synced; the state file still has the line */
};

struct disc;
struct disc_cd;
struct disc_compact;
struct disc_model;
typedef void disc_release_fn(struct disc *disc, void *ctx);

struct disc {
	struct media *media;
	struct store *store;              /* NULL: the layout lives as long as this struct */
	const struct disc_medium *medium; /* what kind of disc it is */
	enum disc_format format;
	const struct disc_model *model; /* as medium and format say */
	struct disc_compact *compact;   /* NULL: not a compact disc (disc/compact.h) */
	struct disc_cd *cd;             /* NULL: not a CD-R or CD-RW (disc/cd_record.h) */
	uint32_t capacity;              /* blocks, recorded and blank */
	uint32_t limit;       /* first block that storage has no room for; at most capacity */
	uint64_t room_end;    /* blocks of the image that storage has room for; 0 = no limit */
	uint32_t layer_break; /* blocks of layer 0 as the host has set them; 0 = it has not */
	uint32_t max_unsaved; /* blocks that may be written and not yet saved */
	bool keep_state;      /* see disc_options */
	struct disc_layout layout;
	uint32_t data_end;    /* blocks of the image below it are on storage */
	uint32_t safe_end;    /* the same, and the saved layout counts them */
	uint32_t overwritten; /* blocks inside the layout written since the last sync */
	int unreported_error; /* -errno of a sync while opening; the next disc_sync() returns it */
	uint64_t written_end; /* length of the image when it last held all accepted blocks */
	bool saved;           /* the layout was saved since the disc was opened */
	bool had_state;       /* the store had a state when the disc was opened */
	bool store_uncertain; /* saving failed: the store has this layout or the one before */
	enum disc_intent intent;
	uint32_t intent_blocks;          /* the length that the image is cut to */
	struct media_stamp intent_stamp; /* of the image before that */
	enum disc_format replaced;       /* by the last intent: the format state before it */
	bool format_waits;               /* disc_format() has answered -EAGAIN */
	bool formatting;                 /* a format goes on in the background; never saved */
	/* CRC-32 of the first `checked` blocks of the image, for the saved layout. */
	uint32_t checked, check;
	/* The text on its way to the store. */
	struct {
		bool under_way;
		size_t len; /* 0 = the store's text is removed */
		char text[STORE_TEXT_MAX];
		struct folder *to; /* the text moves to this place with it; NULL = it stays */
		char to_name[STORE_NAME_MAX + 1];
	} saving;
	/* The place to which the next saved text moves; folder NULL = it stays. */
	struct {
		struct folder *folder;
		char name[STORE_NAME_MAX + 1];
	} moved;
	/* Test write: the host sees `layout`, the recorded disc has `real`. */
	bool testing;
	uint32_t real_layer_break; /* while testing: as on the disc */
	struct disc_layout real;

	const char *read_only; /* why recording is no longer possible; NULL: no such reason */
	/* When it was opened: blocks written after the saved layout ... */
	uint32_t dropped; /* ... that were given up: of an earlier boot, past the track, partial */
	uint32_t adopted; /* ... that were found intact, because only the daemon had died */
	uint32_t refs;    /* owned by one thread, see disc_get() */
	disc_release_fn *release;
	void *release_ctx;
};

struct disc_options {
	struct media *media; /* taken over */
	struct store *store; /* taken over; NULL = nothing is kept */
	/*
	 * Kind of disc of an image of 0 bytes without a state; NULL = disc_medium_of_blank().
	 * A state that names this medium is also read if the table has no such row.
	 */
	const struct disc_medium *medium;
	/*
	 * Kind of disc of an image that holds something and has no state: a row of a read-only
	 * medium. NULL, or an image larger than that medium can be: disc_medium_of_image().
	 */
	const struct disc_medium *rom;
	/*
	 * Not NULL: the disc is a CD-ROM with this map, which is copied. The medium has blocks of 1
	 * byte, and file i of the map begins at byte map_file[i].
	 */
	const struct cd_map *map;
	const uint64_t *map_file;
	uint32_t capacity;    /* of a blank, blocks; 0 = as disc_medium.capacity says */
	uint32_t room;        /* blocks of 2048 bytes that storage has room for; 0 = no limit */
	uint32_t max_unsaved; /* 0 = DISC_MAX_UNSAVED */
	/*
	 * A finalised disc keeps a state that says its type, although its image alone is the same
	 * disc by disc_medium_of_image(): other drives of the folder may take images for CD-ROMs.
	 */
	bool keep_state;
	/*
	 * The disc is opened to be erased, so that an announced cut is made, whatever image has the
	 * name by now.
	 */
	bool erasing;
	/*
	 * Called when the last reference is dropped, in the thread that drops it; must lead
	 * to disc_destroy(). NULL = disc_destroy() is called at once.
	 */
	disc_release_fn *release;
	void *release_ctx;
};

/*
 * Opens the disc on a medium. With a map, the disc is the CD-ROM of that map. With a state in
 * the store that fits the image, the disc is what the state says. Without a state, 0 blocks and
 * writable are a blank (disc_options.medium), anything else is read-only (disc_options.rom). With
 * a state that does not fit or cannot be read, the disc is a read-only one of all blocks of the
 * image, and disc.read_only says why. A medium that is not writable is never recordable. NULL = no
 * memory (media and store are closed then).
 */
struct disc *disc_open(const struct disc_options *options);
/* As disc_open(), without a store. */
struct disc *disc_new(struct media *media, uint32_t capacity, disc_release_fn *release, void *ctx);
/* Syncs and saves what is not on storage, closes medium and store, frees. For release functions. */
void disc_destroy(struct disc *d);

/* References are counted without atomics: one thread at a time owns a disc. */
struct disc *disc_get(struct disc *d);
void disc_put(struct disc *d);

bool disc_is_blank(const struct disc *d); /* nothing recorded, nothing reserved */
/* Blocks that the disc has at most when it is formatted. */
uint32_t disc_format_capacity(const struct disc *d);
/* A rewritable medium whose image cannot be written. */
bool disc_is_protected(const struct disc *d);
bool disc_is_appendable(const struct disc *d); /* recordable and not finalised */

/* Blocks up to the end of the last closed session, as READ CAPACITY and READ TOC answer. */
uint32_t disc_readable_blocks(const struct disc *d);

/* First address that is not on the disc: its limit, or the end of the data if it is finalised. */
uint32_t disc_end(const struct disc *d);

/* Track, 1-based; NULL if there is none. The open or invisible track, if any, is the last one. */
const struct disc_track *disc_track(const struct disc *d, uint32_t number);
/* Number of the track that holds lba (blank area: the open one), 0 when there is none. */
uint32_t disc_track_at(const struct disc *d, int64_t lba);
/* The track that can take data, 0 when there is none. */
uint32_t disc_open_track(const struct disc *d);
/* First and last track number of a session; false when there is no such session. */
bool disc_session_tracks(const struct disc *d, uint32_t session, uint32_t *first, uint32_t *last);
/* Number of closed sessions, also of a disc that is not open. */
uint32_t disc_closed_sessions(const struct disc_layout *l, enum disc_format format);
/* The last closed session, 0 when there is none. */
uint32_t disc_last_closed_session(const struct disc *d);

/*
 * Sets the blocks of layer 0 of a blank with two layers (SEND DISC STRUCTURE, MMC-6 6.34).
 * DISC_OUT_OF_RANGE: 0, not a whole number of ECC blocks, or more than the layer holds;
 * DISC_TRACK_FULL: it was set before, or something is recorded or reserved; DISC_CLOSED: the medium
 * has no such layer. During a test write it lasts as long as that.
 */
int disc_set_layer_break(struct disc *d, uint32_t blocks);

/* Next writable address of the open track, 0 when there is none. */
uint32_t disc_nwa(const struct disc *d);
/* Next writable address / free blocks of track t; both 0 when t cannot be written. */
uint32_t disc_track_nwa(const struct disc *d, const struct disc_track *t);
uint32_t disc_track_free(const struct disc *d, const struct disc_track *t);
/* Size as READ TRACK INFORMATION gives it: recorded, reserved, or all that is left. */
uint32_t disc_track_size(const struct disc *d, const struct disc_track *t);

/* May these blocks be written now? Changes nothing. DISC_OK or why not. */
int disc_may_write(const struct disc *d, int64_t lba, uint32_t count);
/* Checks, writes, moves the next writable address. DISC_*, -EAGAIN, -errno; all or nothing. */
int disc_write(struct disc *d, int64_t lba, uint32_t count, const void *buf);
/*
 * May these blocks be read: recorded ones, and all of a formatted medium. DISC_OK or why not. A
 * compact disc is read by disc_view_sectors() instead (disc/compact.h).
 */
int disc_may_read(const struct disc *d, int64_t lba, uint32_t count);
int disc_read(struct disc *d, int64_t lba, uint32_t count, void *buf);
/*
 * Reads up to *count blocks without a copy if the medium can, otherwise into stage (room for
 * *count): see media_view().
 */
int disc_view(struct disc *d, int64_t lba, uint32_t *count, void *stage, const uint8_t **data);
/*
 * Syncs the data, then saves the layout if it has changed. On failure the next writable
 * address goes back to what is on storage. Nothing new: DISC_OK without asking storage.
 */
int disc_sync(struct disc *d);
/*
 * DISC_OK: all that disc_write() took is in the kernel, so that a crash of the daemon
 * cannot lose it. -EAGAIN: not yet. Another failure is answered once; the next writable
 * address has gone back to the first block that was lost.
 */
int disc_wait_written(struct disc *d);
/*
 * Blocks that a power cut would lose now. The owner of the drive calls disc_sync() if it stays
 * above 0.
 */
uint32_t disc_unsynced(const struct disc *d);

/*
 * The image has another name now. Its state file moves to `name` in folder, which is taken
 * over, with the next disc_sync(); if that is not possible, it stays where it is.
 */
void disc_image_moved(struct disc *d, struct folder *folder, const char *name);

/*
 * To be called if the disc's state file was not found. True: somebody has deleted it, and the next
 * disc_sync() saves it again. False: a command is saving, which may have removed it, or the disc
 * has none.
 */
bool disc_state_missing(struct disc *d);

/* RESERVE TRACK: rounded up to the ECC block. */
int disc_reserve(struct disc *d, uint32_t blocks);
/*
 * RESERVE TRACK for disc-at-once: reserves exactly these blocks of a blank as all of its data.
 * Closing the track finalises the disc. DISC_TRACK_FULL: the disc is not blank; DISC_CLOSED: the
 * medium is not recorded so.
 */
int disc_reserve_at_once(struct disc *d, uint32_t blocks);
/*
 * Closes the open track; the data is synced first. A closed track, or one that holds
 * nothing: DISC_OK. number 0 = the open track. On failure nothing is closed.
 */
int disc_close_track(struct disc *d, uint32_t number);
/* Closes the open track, then the session; a session without data stays as it is. */
int disc_close_session(struct disc *d);
/*
 * Closes track and session; nothing can be added to the disc from then on. A formatted medium can
 * be overwritten as before.
 */
int disc_finalise(struct disc *d);
/*
 * FORMAT UNIT: gives the medium a size and drops its data, so that all of it reads as zeros. A
 * restart (DISC_FORMAT_RESTARTS) and a size that grows (DISC_FORMAT_GROWS) keep the data. A
 * write-once medium, which must be blank, becomes smaller, by its spare area. A power cut leaves
 * the old disc or the new one. Blocks that were accepted are written first. DISC_NO_SUCH_FORMAT:
 * disc_medium_offer() has no such format; DISC_NOT_FOR_MEDIUM: the medium cannot be formatted, or
 * not any more; DISC_PROTECTED.
 */
int disc_format(struct disc *d, const struct disc_format_request *r);
/* Returns why disc_format() would refuse this, or DISC_OK. Changes nothing. */
int disc_may_format(const struct disc *d, const struct disc_format_request *r);
/* True if the medium has formats to offer as it is now: write-once media only while blank. */
bool disc_is_formattable(const struct disc *d);

/* Blocks that formatting took from the medium as spare area. */
uint32_t disc_spare_blocks(const struct disc *d);

/* Background format (MMC-6 table 371), as READ DISC INFORMATION has it. */
enum disc_background {
	DISC_BACKGROUND_NONE,      /* the medium has none, or is not formatted */
	DISC_BACKGROUND_SUSPENDED, /* stopped before the end of the medium was formatted */
	DISC_BACKGROUND_RUNNING,
	DISC_BACKGROUND_COMPLETE /* the medium was recorded to its end */
};
enum disc_background disc_background(const struct disc *d);
/* CLOSE TRACK/SESSION function 0: stops a background format, and syncs. As disc_sync(). */
int disc_stop_format(struct disc *d);

/*
 * BLANK: makes the disc a blank again, of no format, and drops its data. A power cut leaves the old
 * disc or the new one. Blocks that were accepted are written first; if they are lost, nothing is
 * erased. DISC_NOT_FOR_MEDIUM: the medium cannot be erased so; DISC_PROTECTED: the image is read
 * only.
 */
int disc_blank(struct disc *d);

/*
 * Makes an erasable disc a blank of its medium, as it was new, whatever is recorded on it. A power
 * cut leaves all of the old disc or the blank. DISC_NOT_FOR_MEDIUM: the medium is recorded once;
 * DISC_CLOSED: the image cannot be written, or a test write is on. After another failure the disc
 * is one of the two.
 */
int disc_erase(struct disc *d);

/*
 * Test write (MMC-6 7.5, Test Write): while it is on, recording and closing change what
 * the commands see and nothing else. When it is switched off, or the disc is destroyed,
 * the disc is again what it was. Media without test write ignore it. DISC_OK, or what
 * disc_sync() answered before it could be switched on.
 */
int disc_test_write(struct disc *d, bool on);

#endif
