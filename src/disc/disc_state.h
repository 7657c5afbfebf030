/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text that a store keeps for a disc: docs/disc-state.md is its description.
 * Lines of words, the last one a checksum; made and read here alone.
 */
#ifndef DISC_DISC_STATE_H
#define DISC_DISC_STATE_H

#include "disc/disc.h"

#define DISC_STATE_VERSION 1
/* Blocks from the start of the image whose checksum tells one image from another. */
#define DISC_STATE_CHECKED 32u

struct disc_state {
	uint32_t capacity;    /* blocks */
	uint32_t max_unsaved; /* blocks the image may be longer than the layout says */
	char boot[STORE_BOOT_MAX];
	uint32_t checked; /* blocks that `check` is over; 0 = none */
	uint32_t check;   /* CRC-32 */
	struct disc_layout layout;
};

/* Length of the text, at most STORE_TEXT_MAX. */
size_t disc_state_encode(const struct disc_state *s, char text[STORE_TEXT_MAX]);
/* NULL, or why it cannot be used, for people. text needs no end. */
const char *disc_state_decode(const char *text, size_t len, struct disc_state *s);

/* First block behind all that is recorded. */
uint32_t disc_layout_end(const struct disc_layout *l);
/* The track that can take data, NULL when there is none. */
struct disc_track *disc_layout_open(struct disc_layout *l);
/* More than the size of the image could tell: several tracks, or one that does not begin the disc.
 */
bool disc_layout_needs_state(const struct disc_layout *l);

#endif
