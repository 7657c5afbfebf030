/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CD-Text: makes the packs of titles and names, and takes packs that a file or a text has. */
#ifndef CDIMAGE_CDTEXT_H
#define CDIMAGE_CDTEXT_H

#include "cdimage/reading.h"

/* Types of packs (MMC-3 annex J): what this room reads are the first six. */
enum {
	CDTEXT_TITLE,
	CDTEXT_PERFORMER,
	CDTEXT_SONGWRITER,
	CDTEXT_COMPOSER,
	CDTEXT_ARRANGER,
	CDTEXT_MESSAGE,
	CDTEXT_TYPES
};

/* The texts of a disc, by type and by track as on the disc, from 1; 0 is the disc itself. */
struct cdtext {
	struct slice text[CDTEXT_TYPES][CD_MAX_TRACKS + 1];
};

/* Returns the type of which a text has that keyword, or -1. */
int cdtext_type(struct slice word);
/*
 * Makes the packs, as far as they have room: a type that does not fit is left out. Characters that
 * ISO 8859-1 does not have become "?".
 */
void cdtext_make(struct reading *r, const struct cdtext *t);
/* Writes the checksum of a pack into its last two bytes. */
void cdtext_sum(uint8_t *pack);
/* Adds a pack as a disc has it, of CD_TEXT_PACK bytes; drops it if its checksum is wrong. */
void cdtext_add(struct cd_map *m, const uint8_t *pack);
/* Reads the packs of a file (CDTEXTFILE). False: the error is written. */
bool cdtext_file(struct reading *r, struct slice name);

#endif
