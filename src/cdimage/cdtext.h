/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CD-Text: makes the packs of titles and names, and takes packs that a file or a text has. */
#ifndef CDIMAGE_CDTEXT_H
#define CDIMAGE_CDTEXT_H

#include "cdimage/reading.h"

/* The types of packs whose texts this room reads: the first six of MMC-3 annex J. */
enum {
	CDTEXT_TITLE,
	CDTEXT_PERFORMER,
	CDTEXT_SONGWRITER,
	CDTEXT_COMPOSER,
	CDTEXT_ARRANGER,
	CDTEXT_MESSAGE,
	CDTEXT_TYPES
};

/* The texts of a disc, by type and by place of the track, from 1; 0 is the disc itself. */
struct cdtext {
	struct slice text[CDTEXT_TYPES][CD_MAX_TRACKS + 1];
};

/* Returns the type that has this keyword in a cue sheet or a .toc, or -1. */
int cdtext_type(struct slice word);
/*
 * Makes the packs, unless the map has some already. A type that does not fit is left out. Control
 * characters, and those that ISO 8859-1 does not have, become "?".
 */
void cdtext_make(struct reading *r, const struct cdtext *t);
/* Writes the checksum of a pack into its last two bytes. */
void cdtext_sum(uint8_t *pack);
/*
 * Adds a pack as a disc has it, of CD_TEXT_PACK bytes. Drops it if its checksum is wrong, its type
 * is none of CD-Text, or the map is full.
 */
void cdtext_add(struct cd_map *m, const uint8_t *pack);
/* Reads the packs of a file (CDTEXTFILE). False: the error is written. */
bool cdtext_file(struct reading *r, struct slice name);

#endif
