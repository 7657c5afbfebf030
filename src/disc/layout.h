/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layout: the tracks and sessions of a disc, in memory. Pure data and the
 * questions that the data alone answers; what may be recorded is a matter of the
 * write model (disc/model.h).
 */
#ifndef DISC_LAYOUT_H
#define DISC_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Room for tracks in a layout: ECMA-349 24 gives a DVD+R at most 153 fragments.
 * A medium row may have fewer (disc_medium.max_tracks).
 */
#define DISC_MAX_TRACKS 153u

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
	/*
	 * No track can be added. True of a finalised disc, and of a formatted medium
	 * that is overwritten in place: its one track spans all that was formatted.
	 */
	bool finalised;
	/* The one track was reserved as all of the disc: disc-at-once. */
	bool at_once;
	uint16_t sessions; /* complete ones, plus the open or empty one when not finalised */
	uint16_t tracks;   /* used entries in track[] */
	struct disc_track track[DISC_MAX_TRACKS];
};

/* Makes a layout of one track with that many recorded blocks; finalised if the track is closed. */
void disc_layout_one_track(struct disc_layout *l, uint32_t written, enum disc_track_state state);

/* First block after all that is recorded. Blocks below it are recorded, or pad an ECC block. */
uint32_t disc_layout_end(const struct disc_layout *l);
/* The track that can take data, NULL if there is none. */
struct disc_track *disc_layout_open(struct disc_layout *l);
/*
 * True if the image's length alone does not give the layout: several tracks, one not at block 0,
 * or a disc that is neither blank nor finalised.
 */
bool disc_layout_needs_state(const struct disc_layout *l);
/* True if all blocks reserved for disc-at-once are recorded, and the disc is not finalised yet. */
bool disc_layout_is_full_at_once(const struct disc_layout *l);
/* True if recording on a medium of that capacity and ECC block can have led to this layout. */
bool disc_layout_is_possible(const struct disc_layout *l, uint32_t capacity, uint32_t ecc_blocks);

#endif
