/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the cue sheet of a disc whose sectors are in one file, so that other programs can read a
 * disc that was burned here. cue_parse() reads it back as the same disc, as far as a cue sheet can
 * say it: formless mode 2 becomes XA, and the format of a session follows from its tracks.
 */
#ifndef CDIMAGE_CUE_WRITE_H
#define CDIMAGE_CUE_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cd/map.h"

struct cue_write {
	const struct cd_map *map; /* cd_map_check() accepts it; extents of file 0 or CD_NO_FILE */
	const char *file;         /* base name of that file */
	uint64_t size;            /* its bytes */
	const char *packs;        /* base name of a file with the packs of CD-Text; NULL: none */
};

/*
 * Writes the text to out, with a final NUL, and its length to *len. Returns NULL; or a constant
 * clause that says why a cue sheet cannot describe the disc, and *len is 0. A text that does not
 * fit is refused so, too; cue_parse() takes at most CDIMAGE_TEXT_MAX bytes.
 */
const char *cue_write(const struct cue_write *w, char *out, size_t size, size_t *len);

/*
 * True if the disc has CD-Text of which the lines of a cue sheet cannot say all: they hold the
 * titles and names of the first language, in ISO 8859-1.
 */
bool cue_write_needs_packs(const struct cd_map *m);

/*
 * True if the text was made by cue_write(): its first line says so. Writes the name of the file
 * that it was made for, which is "" if that name does not fit.
 */
bool cue_write_made(const char *text, size_t len, char *file, size_t size);

#endif
