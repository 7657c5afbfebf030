/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disc: what lies on a medium. Tracks, sessions, next writable address, closed
 * and finalised state; the write-once sequential recorder (MMC-6 4.4 DVD+R)
 * lives here, so that no command handler can put a block where a real drive
 * would not. All addresses and sizes are in blocks of 2048 bytes. An address that a
 * command brings is an int64_t: it holds each 32-bit number of a host as well as the
 * negative addresses of a CD (MMC-6 4.2.8.3), and any of them may be passed unchecked.
 *
 * The layout is kept beside the image, in a store, and is never ahead of the
 * data it speaks of:
 *
 *	data is synced, then the layout that counts it is saved
 *
 * What disc_sync() or a closing operation answered DISC_OK to survives anything.
 * Of what was written after that, disc_options.max_unsaved blocks at the most are lost.
 */
#ifndef DISC_DISC_H
#define DISC_DISC_H

#include <stdbool.h>
#include <stdint.h>

#include "media/media.h"
#include "media/store.h"

enum disc_type {
	DISC_DVD_ROM,    /* readable only */
	DISC_DVD_PLUS_R, /* write once, sequential, appendable until finalised */
	DISC_TYPES
};

/* ECMA-349: one ECC block; tracks start on it. */
#define DISC_ECC_BLOCKS        16u
/* ECMA-349 24: a DVD+R holds at most 153 fragments; the last is kept for the open one. */
#define DISC_MAX_TRACKS        153u
/* Data blocks of a 12 cm single-layer DVD+R (ECMA-349; 4 700 372 992 bytes). */
#define DISC_DVD_PLUS_R_BLOCKS 2295104u
/* 32 MiB: what an acknowledged WRITE may be ahead of storage, if nobody says otherwise. */
#define DISC_MAX_UNSAVED       16384u
/* Less is taken for this: a checkpoint must make room for what one call writes. */
#define DISC_MAX_UNSAVED_LEAST 64u

enum disc_track_state {
	DISC_TRACK_INVISIBLE, /* nothing written, nothing reserved: MMC's invisible track */
	DISC_TRACK_RESERVED,  /* RESERVE TRACK gave it a size, nothing is written yet */
	DISC_TRACK_OPEN,      /* being written */
	DISC_TRACK_CLOSED
};

struct disc_track {
	uint32_t start;    /* first block */
	uint32_t written;  /* blocks recorded, from start on */
	uint32_t reserved; /* size given by RESERVE TRACK; 0 = none */
	uint16_t session;  /* 1-based */
	enum disc_track_state state;
};

struct disc_layout {
	bool finalised;
	uint16_t sessions; /* complete ones, plus the open or empty one when not finalised */
	uint16_t tracks;   /* used entries in track[] */
	struct disc_track track[DISC_MAX_TRACKS];
};

/* What the recorder answers; a negative value is the -errno of the medium. */
enum disc_result {
	DISC_OK = 0,
	DISC_NOT_WRITABLE_ADDRESS = 1, /* not the next writable address */
	DISC_OUT_OF_RANGE,             /* past the end of the disc */
	DISC_TRACK_FULL,               /* past the end of the reservation */
	DISC_CLOSED,                   /* finalised, or not recordable */
	DISC_NO_SUCH_TRACK,
	DISC_UNREADABLE, /* read of a block never recorded */
	DISC_NO_ROOM,    /* reservation larger than what is free; too many tracks */
	/*
	 * Blocks of earlier operations, answered DISC_OK, did not reach storage; the
	 * next writable address went back to the first of them. Nothing was done.
	 */
	DISC_LOST
};

struct disc;
typedef void disc_release_fn(struct disc *disc, void *ctx);

struct disc {
	struct media *media;
	struct store *store; /* NULL: the layout lives as long as this struct */
	enum disc_type type;
	uint32_t capacity;    /* blocks, recorded and blank */
	uint32_t limit;       /* first block that storage has no room for; at most capacity */
	uint32_t max_unsaved; /* blocks that may be written and not yet saved */
	struct disc_layout layout;
	uint32_t data_end;    /* blocks below it are on storage */
	uint32_t safe_end;    /* the same, and the saved layout counts them */
	bool saved;           /* since it was opened */
	bool store_uncertain; /* the store is to be written anew: it may have the layout or not */
	uint32_t checked,
		check; /* blocks from the first on, and their CRC-32, for the saved layout */
	/* The text on its way to the store. */
	struct {
		bool under_way;
		size_t len; /* 0 = there is to be none */
		char text[STORE_TEXT_MAX];
	} saving;
	/* Test write: the layout above plays the burn, this one is the disc's. */
	bool testing;
	struct disc_layout real;

	const char *
		read_only; /* why a disc that once was recordable is not; NULL = it is what it is */
	uint32_t dropped; /* blocks behind the saved layout that were given up when it was opened */
	uint32_t adopted; /* and such that were found good, after a crash of the program alone */
	uint32_t refs;    /* owned by one thread, see disc_get() */
	disc_release_fn *release;
	void *release_ctx;
};

struct disc_options {
	struct media *media;  /* taken over */
	struct store *store;  /* taken over; NULL = nothing is kept */
	uint32_t capacity;    /* of a blank, blocks; 0 = DISC_DVD_PLUS_R_BLOCKS */
	uint32_t room;        /* blocks that storage can still take; 0 = it is not limited */
	uint32_t max_unsaved; /* 0 = DISC_MAX_UNSAVED */
	/*
	 * Called when the last reference goes, in the thread that drops it; ends in
	 * disc_destroy(). NULL = do that at once, there.
	 */
	disc_release_fn *release;
	void *release_ctx;
};

/*
 * What is there. A layout in the store that fits the image: that. Without one
 * the rule of the project: 0 blocks and writable = blank DVD+R; anything else
 * = DVD-ROM. A layout that does not fit, or cannot be read: a DVD-ROM of all
 * blocks, and disc.read_only says why. A medium that is not writable is never
 * recordable. NULL = no memory (media and store are closed then).
 */
struct disc *disc_open(const struct disc_options *options);
/* The same without a store. */
struct disc *disc_new(struct media *media, uint32_t capacity, disc_release_fn *release, void *ctx);
/* Brings to storage what is not there yet, closes medium and store, frees. For release functions.
 */
void disc_destroy(struct disc *d);

/* References are counted without atomics: one thread at a time owns a disc. */
struct disc *disc_get(struct disc *d);
void disc_put(struct disc *d);

bool disc_is_blank(const struct disc *d);      /* nothing recorded, nothing reserved */
bool disc_is_appendable(const struct disc *d); /* recordable and not finalised */

/* Blocks up to the end of the last closed session: what READ CAPACITY and the TOC speak of. */
uint32_t disc_readable_blocks(const struct disc *d);

/* First address that is not on the disc: its limit, or the end of what a finalised one holds. */
uint32_t disc_end(const struct disc *d);

/* Track 1-based; NULL when there is none. The last one is the open/invisible one if any. */
const struct disc_track *disc_track(const struct disc *d, uint32_t number);
/* Number of the track that holds lba (blank area: the open one), 0 when there is none. */
uint32_t disc_track_at(const struct disc *d, int64_t lba);
/* The track that can take data, 0 when there is none. */
uint32_t disc_open_track(const struct disc *d);
/* First and last track number of a session; false when there is no such session. */
bool disc_session_tracks(const struct disc *d, uint32_t session, uint32_t *first, uint32_t *last);
/* The last closed session, 0 when there is none. */
uint32_t disc_last_closed_session(const struct disc *d);

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
/* May these blocks be read: recorded ones only. */
int disc_may_read(const struct disc *d, int64_t lba, uint32_t count);
int disc_read(struct disc *d, int64_t lba, uint32_t count, void *buf);
/* Up to *count of them, where they lie or in stage (room for *count): see media_view(). */
int disc_view(struct disc *d, int64_t lba, uint32_t *count, void *stage, const uint8_t **data);
/*
 * Data, then layout. On failure the next writable address goes back to what is on
 * storage. Nothing new: DISC_OK without asking storage.
 */
int disc_sync(struct disc *d);
/*
 * What disc_write() took is where a crash of the program cannot get at it: DISC_OK. On
 * failure the next writable address goes back to the first block that is not. -EAGAIN.
 */
int disc_wait_written(struct disc *d);
/* Blocks that a power cut would cost now. */
uint32_t disc_unsynced(const struct disc *d);

/* RESERVE TRACK: rounded up to the ECC block. */
int disc_reserve(struct disc *d, uint32_t blocks);
/*
 * Close the open track: data is synced first. A closed one, or one that holds
 * nothing: DISC_OK. number 0 = whichever is open. On failure nothing is closed.
 */
int disc_close_track(struct disc *d, uint32_t number);
/* Closes the open track, then the session; a session without data stays as it is. */
int disc_close_session(struct disc *d);
/* Closes track and session and makes the disc unwritable. */
int disc_finalise(struct disc *d);

/*
 * Test write (MMC-6 7.5, Test Write): while it is on, recording and closing
 * change what the commands see and nothing else. Off: the disc is again what it
 * was; so it is at disc_destroy(). 0, or what disc_sync() said when it goes on.
 */
int disc_test_write(struct disc *d, bool on);

#endif
