/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Titles and names in the CD-Text of a disc (Red Book, "CD TEXT"; MMC-3 annex J). */
#ifndef CD_NAMES_H
#define CD_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "cd/map.h"

#define CD_NAME_MAX 512u /* bytes of a title or name in UTF-8, with the final NUL */

/* Types of packs with texts. */
enum cd_name {
	CD_TITLE = 0x80,
	CD_PERFORMER,
	CD_SONGWRITER,
	CD_COMPOSER,
	CD_ARRANGER,
	CD_MESSAGE,
};

/*
 * Writes the title, the performer or another text of a track, by its number, or of the disc (0), as
 * UTF-8: of the first language that has such packs in ISO 8859-1 or ASCII. Control characters are
 * left out. A text of which a pack is missing or damaged does not count, and one that does not fit
 * in out is cut between characters. False, and out is "": there is no such text.
 */
bool cd_name(const struct cd_map *m, enum cd_name type, unsigned track, char out[CD_NAME_MAX]);

#endif
