/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the file of an opened image is: which folder has it, and under which name. People may
 * rename, replace or delete it while it is in a drive. Main thread only.
 */
#ifndef LIBRARY_IMAGE_PLACE_H
#define LIBRARY_IMAGE_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "library/library.h"

struct image_place {
	unsigned refs;
	int path_fd; /* O_PATH descriptor of the file */
	int dir_fd;  /* the folder of the file, where its state file is, too */
	char base[256];
	dev_t dev;
	ino_t ino;
};

/* Takes the place of a file that was found; f stays the caller's. 0 or -errno. */
int image_place_new(const struct library_file *f, struct image_place **out);
struct image_place *image_place_ref(struct image_place *p);
/* NULL is fine. */
void image_place_unref(struct image_place *p);

/* Opens the file for reading, whatever its name is by now. Returns a descriptor, or -errno. */
int image_place_open(const struct image_place *p);

#endif
