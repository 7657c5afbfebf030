/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the file of an opened image is: which folder has it, and under which name. People may
 * rename, replace or delete it while it is in a drive. A file without a name is gone as soon
 * as the drive closes it, and Linux gives such a file no name again (linkat() fails with ENOENT
 * once the last link is gone). So an image that is being recorded gets a second, hidden name, a
 * hard link, before anybody deletes the first. Where there are no hard links (FAT), the data
 * is copied when the disc has left the drive (decision 018).
 *
 * Main thread only, except that image_place_copy() may run in any one thread while the main
 * thread leaves the place alone. All functions may wait for the file system.
 */
#ifndef LIBRARY_IMAGE_PLACE_H
#define LIBRARY_IMAGE_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "library/library.h"

/* Hidden names in the media folder that belong to the daemon begin so; they are not discs. */
#define IMAGE_HIDDEN_PREFIX ".mmcgadget-"
#define IMAGE_GUARD_SUFFIX  ".disc"

struct image_place {
	unsigned refs;
	int path_fd; /* O_PATH descriptor of the file */
	int dir_fd;  /* the folder of the file, where its state file is, too */
	char base[256];
	dev_t dev;
	ino_t ino;
	bool must_copy; /* no name leads to the file: dir_fd and base are where its copy will be */
	int guard_dir;  /* folder of the hidden name; -1 = there is none */
	char guard[64];
};

/* Takes the place of a file that was found; f stays the caller's. 0 or -errno. */
int image_place_new(const struct library_file *f, struct image_place **out);
struct image_place *image_place_ref(struct image_place *p);
/* Leaves a hidden name where it is. NULL is fine. */
void image_place_unref(struct image_place *p);

/* Opens the file for reading, whatever its name is by now. Returns a descriptor, or -errno. */
int image_place_open(const struct image_place *p);

/* ---- names ---------------------------------------------------------------------------------- */

enum image_at {
	IMAGE_SAME,    /* the place leads to the file, or to where its copy will be */
	IMAGE_MOVED,   /* the file has another name; the place was updated */
	IMAGE_NAMELESS /* no name that is known leads to the file */
};
/* Looks where the file is. Does nothing to it. */
enum image_at image_place_look(struct image_place *p);
/*
 * Gives a nameless file a name again: "NAME-kept.iso" in its folder; if that fails, in the
 * folder of its hidden name; then in that of the path media. 0: the place was updated; if the
 * hidden name could not be used for this, or there is none, must_copy is set. -errno: there is
 * no folder for it.
 */
int image_place_keep(struct image_place *p, const char *media);
/*
 * Makes the hidden name in folder; if that is on another file system, in the folder of the
 * file. A name that an earlier daemon left there is handled as by image_guard_recover(), and
 * the log tells the name that its file gets, "DRIVE-kept". 0; -errno: there is no hidden name;
 * -EPERM: the file system has no hard links, or the file belongs to another user and the daemon
 * may not write it.
 */
int image_place_guard(struct image_place *p, int folder, const char *name);
/* True if the hidden name leads to the file. */
bool image_place_is_guarded(const struct image_place *p);
/*
 * Removes the hidden name, if there is one. While must_copy is set, it is only forgotten: the file
 * may have no other name, and the next start of the daemon recovers it.
 */
void image_place_unguard(struct image_place *p);
/*
 * Removes the hidden name `name` that an earlier daemon has left in folder. If it is the only
 * name of a file that holds data, the file gets the name that keep_name_free() makes of stem, which
 * is written to kept; otherwise kept is "". If it cannot get that name, it keeps the hidden one. A
 * file that a drive of another daemon holds is left alone.
 */
void image_guard_recover(int folder, const char *name, const char *stem, char kept[256]);

/*
 * Copies the file to its place, holes as holes, and syncs the copy. If the folder is gone by now,
 * or another file has the name, the copy gets another place as by image_place_keep(), and the
 * state file goes with it. 0, and must_copy is false; -errno: there is no copy; -ENOSPC: the file
 * system has no room for it.
 */
int image_place_copy(struct image_place *p, const char *media);
/* Bytes that image_place_copy() will need, and that the file system has free. */
void image_place_room(const struct image_place *p, uint64_t *need, uint64_t *free);

/* ---- the state file of an image that no drive holds for writing ------------------------------ */

/*
 * Renames the state file of the image `from` in from_dir to that of p, where there must be
 * none. 0, also if there is no state file or another image is called `from`; or -errno.
 */
int image_place_take_state(const struct image_place *p, int from_dir, const char *from);

#endif
