/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The media folder of a drive. Names come from people and from the network
 * side of other programs: nothing outside the folder is ever opened, and
 * nothing but a regular file.
 */
#ifndef CORE_LIBRARY_H
#define CORE_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct library_file {
	int fd;
	uint64_t size;
	dev_t dev;
	ino_t ino;
	bool writable; /* opened for writing: it is empty, a blank disc */
};

/* A descriptor of the folder, or -errno. */
int library_open_folder(const char *path);

/*
 * Opens an image: for reading when it holds data, for writing too when it is
 * empty. 0; -ENOENT; -EXDEV: outside the folder; -ENOTBLK: not a regular file;
 * -EROFS: empty, and cannot be written; -EACCES and other errors of the system.
 */
int library_open(int folder, const char *name, struct library_file *out);

/*
 * Makes an empty file. 0; -EEXIST: there is a file of that name, untouched;
 * -ENOENT: its folder does not exist; -EXDEV, -EINVAL (no file name), -errno.
 */
int library_create(int folder, const char *name);

/* Walks the folder, in order of names. fn returning false ends it. 0 or -errno. */
struct library_entry {
	const char *name; /* relative to the folder */
	uint64_t size;
	dev_t dev;
	ino_t ino;
};
int library_list(int folder, bool (*fn)(const struct library_entry *e, void *ctx), void *ctx);

/*
 * name below folder as a path descriptor, without openat2(): for kernels before
 * 5.6. Symbolic links are refused there (-ELOOP). For tests.
 */
int library_walk(int folder, const char *name);

#endif
