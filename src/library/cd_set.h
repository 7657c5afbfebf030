/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files beside the image of a finalised CD that is not a plain ISO, so that other programs can
 * read it: its cue sheet, and a file with the packs of its CD-Text if the lines of a cue sheet do
 * not say all of it. Both follow from the state file, and have the name of the image with another
 * suffix, or with a number after it if a file of somebody else has that name: nothing is
 * overwritten that was not made here. Together with the image and the state they are one disc.
 *
 * Any thread; these functions wait for storage. Only disc_file.h calls those that write.
 */
#ifndef LIBRARY_CD_SET_H
#define LIBRARY_CD_SET_H

#include <stdbool.h>

#include "cd/map.h"
#include "media/store.h"

#define CD_SET_CUE   ".cue"
#define CD_SET_PACKS ".cdt"

struct cd_set {
	char cue[STORE_NAME_MAX + 1]; /* "": there is none */
	const char *why; /* why there is none although the disc needs one, for people; or NULL */
	bool changed;    /* a file was written or removed */
	bool finalised;  /* by its state file, the disc is a finalised CD-R or CD-RW */
};

/*
 * Writes the files that the image should have beside it, and removes what was made for it and is
 * not right any more. 0, also if there is a reason in why; -errno: storage failed, and what was
 * there may be gone, but not both it and the state file, so that another call makes it good.
 */
int cd_set_update(struct folder *f, const char *image, struct cd_set *out);

/*
 * Whether the image is a finalised CD whose image is not a plain ISO but has sectors of 2352 bytes,
 * by its state file: 1, and *map, which may be NULL, has its tracks, texts and extents, all of file
 * 0; 0; -errno.
 */
int cd_set_map(struct folder *f, const char *image, struct cd_map *map);
/*
 * True if the image can have the name `to` and its files the same name with their suffixes, because
 * no file of somebody else has one of these.
 */
bool cd_set_can_be_named(struct folder *f, const char *image, const char *to);

/* Removes the files that were made for that image. Their number, or -errno. */
int cd_set_remove(struct folder *f, const char *image);

/*
 * True if the file base in the folder dir is a cue sheet that was made here for an image that is
 * there, with its state file; its name is written to image. Otherwise it may be any text.
 */
bool cd_set_image_of(int dir, const char *base, char image[STORE_NAME_MAX + 1]);
/* True if the file is a part of such a disc and not the disc itself, so that no list shows it. */
bool cd_set_is_part(int dir, const char *base);

#endif
