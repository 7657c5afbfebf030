/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folder that gets the songs of a disc. They are written to a hidden folder first, which is
 * renamed when all of them are on storage: a crash or a power cut leaves no part of a song under
 * its name. Nothing that exists is overwritten. Any thread; waits for storage.
 */
#ifndef BURNED_SONG_FOLDER_H
#define BURNED_SONG_FOLDER_H

#include <stdbool.h>

#include "burned/song_name.h"

#define SONG_HIDDEN_NAME 80u

/*
 * Writes the name of the hidden folder of a drive: for the discs that were burned in it, or for
 * those that a command names. The drive's name has at most 32 bytes.
 */
void song_hidden_name(const char *drive, bool burned, char out[SONG_HIDDEN_NAME]);

/* Must not be copied while it is open. */
struct song_folder {
	char name[SONG_NAME]; /* the folder for people; song_folder_finish() may change it */
	bool add;             /* it exists already: the songs are added to it */
	int fd;               /* the hidden folder, where the files are made; -1 = not open */
	int parent;           /* the folder that has it */
	char hidden[SONG_HIDDEN_NAME]; /* its name there */
	int target; /* add: the folder `name` itself; otherwise the one in which it is to be */
};

/*
 * Begins a folder `name` in the folder `beside`. The hidden folder of that name `hidden` is made in
 * the folder `home` if that is on the same file system, otherwise where the songs will be; what an
 * earlier daemon left of it is removed. add: a folder `name` that exists gets the songs; otherwise
 * a new one gets them. 0; -EBUSY: another daemon uses the hidden folder; -ENOTDIR: `name` is no
 * folder, and add is true; -errno. After an error *f is not open.
 */
int song_folder_begin(struct song_folder *f, int home, int beside, const char *hidden,
	const char *name, bool add);

/* True if a folder to which songs are added has a file, or anything else, of that name. */
bool song_folder_has(const struct song_folder *f, const char *file);

/*
 * The files are on storage: moves them to their place, a new folder at once, others one after the
 * other, and closes *f. A new folder whose name is taken gets " 2" and so on after it. 0; -EEXIST:
 * a file of the same name was made meanwhile, or no number is free; -errno. Files that were not
 * moved are removed.
 */
int song_folder_finish(struct song_folder *f);

/* Removes the hidden folder with all files, and closes *f. Nothing happens if it is not open. */
void song_folder_drop(struct song_folder *f);

/* Removes what a daemon that died has left of the hidden folder in `home`, unless it is in use. */
void song_folder_sweep(int home, const char *hidden);

#endif
