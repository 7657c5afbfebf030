/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The media folder of a drive. Names come from people and from the network
 * side of other programs: nothing outside the folder is ever opened, and
 * nothing but a regular file.
 */
#ifndef LIBRARY_LIBRARY_H
#define LIBRARY_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* A regular file of the media folder, found and not yet opened. */
struct library_file {
	int path_fd;    /* of the file itself, whatever its name is by now */
	int dir_fd;     /* the folder it really lies in, symbolic links followed */
	char base[256]; /* its name there */
	uint64_t size;
	dev_t dev;
	ino_t ino;
	bool may_write; /* neither its mode nor the file system is against it; see
			   library_open_writable() */
};

/* A descriptor of the folder, or -errno. */
int library_open_folder(const char *path);

/*
 * Finds an image. 0, and library_forget() is due; -ENOENT; -EXDEV: outside the
 * folder; -ENOTBLK: not a regular file; -EACCES and other errors of the system.
 */
int library_find(int folder, const char *name, struct library_file *out);
/* Opens what was found. A descriptor, or -errno. */
int library_open(const struct library_file *f);
/*
 * Likewise, for writing too. An empty file that only its owner may write to (touch, by
 * one of the group) is replaced by one of ours.
 */
int library_open_writable(struct library_file *f);
void library_forget(struct library_file *f);

/* A whole small file into buf: its bytes, -EFBIG when it has more than size, or as library_find().
 */
int library_read(int folder, const char *name, char *buf, size_t size);

/*
 * Makes an empty file. 0; -EEXIST: there is a file of that name, untouched;
 * -ENOENT: its folder does not exist; -EXDEV, -EINVAL (no file name), -errno.
 */
int library_create(int folder, const char *name);

/*
 * Walks the folder, each sub-folder in order of names. fn returning false ends it.
 * The number of files and folders that fn does not get to see because no command line
 * can hold their names; or -errno.
 */
struct library_entry {
	const char *name; /* relative to the folder */
	uint64_t size;
	dev_t dev;
	ino_t ino;
	mode_t mode;
	struct timespec changed; /* ctime */
	bool link;               /* the name is a symbolic link to it */
	int path_fd;             /* of the file, while fn runs */
};
/* Opens what a listing has come to, for reading. A descriptor, or -errno. */
int library_open_entry(const struct library_entry *e);
int library_list(int folder, bool (*fn)(const struct library_entry *e, void *ctx), void *ctx);

/*
 * name below folder as a path descriptor, without openat2(): for kernels before
 * 5.6. Symbolic links are refused there (-ELOOP). For tests.
 */
int library_walk(int folder, const char *name);

#endif
