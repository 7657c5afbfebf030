/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts of CD-Text packs: titles, performers and the like (MMC-3 annex J). */
#ifndef CD_TITLE_H
#define CD_TITLE_H

#include <stdbool.h>
#include <stddef.h>

#include "cd/map.h"

/* Types of packs with texts. */
enum cd_title {
	CD_TITLE = 0x80,
	CD_PERFORMER,
	CD_SONGWRITER,
	CD_COMPOSER,
	CD_ARRANGER,
	CD_MESSAGE,
};

/* A text in UTF-8, with the final NUL: all packs of a disc have fewer characters. */
#define CD_TITLE_MAX (CD_MAX_TEXT_PACKS * 12u * 2u + 1u)

/*
 * Writes the text of that type of the track of that number, 0 for the disc itself: in the first
 * language of the disc, as UTF-8, without control characters. out is of CD_TITLE_MAX bytes. False:
 * there is none, or its character set has two bytes for a character (MS-JIS); out is "" then.
 */
bool cd_title(const struct cd_map *m, enum cd_title type, unsigned track, char *out);

#endif
