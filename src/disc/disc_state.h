/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state file: the properties of a disc that its image alone does not give, as text. Lines
 * of words, the last one a checksum; docs/disc-state.md describes them. No other part of the
 * program reads or writes this text.
 */
#ifndef DISC_DISC_STATE_H
#define DISC_DISC_STATE_H

#include "disc/cd_recording.h"
#include "disc/disc.h"

/* The highest version that is read and written. Each state is written in the lowest possible. */
#define DISC_STATE_VERSION    3
#define DISC_STATE_FIRST_LINE "mmcgadget disc state"
/* Blocks from the start of the image whose checksum tells one image from another. */
#define DISC_STATE_CHECKED    32u

struct disc_state {
	const struct disc_medium *medium;
	enum disc_format format;
	uint32_t capacity;    /* blocks */
	uint32_t layer_break; /* blocks of layer 0 as the host has set them; 0 = it has not */
	uint16_t unit;        /* bytes of a block in the image */
	/*
	 * An intent line: the image with that stamp is to be cut to that many blocks before
	 * anything else. truncate_stamped false: the line is of an older daemon, and does not say
	 * which image.
	 */
	bool truncate, truncate_stamped;
	uint32_t truncate_to;
	struct media_stamp truncate_stamp;
	uint32_t max_unsaved; /* blocks that the image may be longer than the layout says */
	char boot[STORE_BOOT_MAX];
	uint32_t checked; /* number of blocks that `check` covers; 0 = none */
	uint32_t check;   /* CRC-32 */
	struct disc_layout layout;
	struct disc_cd_record cd; /* of a CD-R or CD-RW, in place of the layout */
};

/* Length of the text, at most STORE_TEXT_MAX. */
size_t disc_state_encode(const struct disc_state *s, char text[STORE_TEXT_MAX]);
/* Makes the state of a blank of that medium, for a new image of 0 bytes. */
void disc_state_of_blank(const struct disc_medium *medium, struct disc_state *s);
/*
 * Reads a text; it needs no terminating NUL. NULL, or why it cannot be used, for people.
 * unlisted: a medium that may be named although the table has no such row; NULL = none.
 */
const char *disc_state_decode(
	const char *text, size_t len, const struct disc_medium *unlisted, struct disc_state *s);
/* True if a disc of this state can be recorded, so that its image is to be opened for writing. */
bool disc_state_is_recordable(const struct disc_state *s);

/* The words for enum disc_track_state and enum disc_format. */
extern const char *const disc_track_state_names[DISC_TRACK_CLOSED + 1];
extern const char *const disc_format_names[DISC_FORMATTED_POW + 1];

#endif
