/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The meaning of the suffix of a file's name. Upper and lower case are the same. */
#ifndef LIBRARY_IMAGE_NAME_H
#define LIBRARY_IMAGE_NAME_H

#include <stdbool.h>

enum image_suffix {
	IMAGE_SUFFIX_DISC,       /* .iso .img .udf */
	IMAGE_SUFFIX_FOREIGN,    /* of formats that are not read alone: .bin .nrg .mdf .chd ... */
	IMAGE_SUFFIX_UNFINISHED, /* programs copy to such a name, and rename the file at the end */
	IMAGE_SUFFIX_SONG,       /* .wav */
	IMAGE_SUFFIX_OTHER
};
enum image_suffix image_suffix_of(const char *name);

/*
 * True for the name of a file that people put into the folder or take from it: not a hidden one,
 * and not a state file, which is saved again and again in a burn.
 */
bool image_name_is_for_people(const char *name);

/* True for the name of a .bin, which has the sectors of a CD, or anything else. */
bool image_name_is_bin(const char *name);

/*
 * Returns what to say about a file of that name in which no volume was found. NULL: nothing,
 * as its suffix is that of a disc.
 */
const char *image_name_remark(const char *name);

/*
 * True if the name ends in a dot and one to four letters and digits, at least one of them a
 * letter: "a.iso", "a.7z", but not "Holiday 2026.12".
 */
bool image_name_has_suffix(const char *name);

#endif
