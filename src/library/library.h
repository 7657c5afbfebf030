/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The media folder of a drive. Names in it are untrusted, they come from users and from the
 * network: nothing outside the folder is ever opened, and only regular files are.
 */
#ifndef LIBRARY_LIBRARY_H
#define LIBRARY_LIBRARY_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* A regular file of the media folder, which was found but is not open. */
struct library_file {
	int path_fd;    /* O_PATH descriptor of the file; still valid after a rename */
	int dir_fd;     /* the folder of the file, after all symbolic links */
	char base[256]; /* its name there */
	uint64_t size;
	dev_t dev;
	ino_t ino;
	bool may_write; /* modes and file system allow it, see library_open_writable() */
};

/*
 * Writes the path by which the kernel knows the file or folder of the descriptor; a mount may hide
 * what is there by now. Its length, or -errno; then out is "".
 */
ssize_t library_path_of(int fd, char out[PATH_MAX]);
/* Returns a descriptor of the folder, or -errno. */
int library_open_folder(const char *path);
/*
 * Returns a descriptor of the folder of that name below folder, "" or "." = itself; or -errno, as
 * library_find().
 */
int library_open_below(int folder, const char *name);
/* Returns the code of a refusal, for an error of library_open_folder() or library_list(). */
const char *library_folder_code(int error);

/*
 * Finds an image by its name in the folder. 0, then the caller releases *out with
 * library_forget(); -ENOENT; -EXDEV: outside the folder; -ENOTBLK: not a regular file;
 * -EACCES and other errors of the system.
 */
int library_find(int folder, const char *name, struct library_file *out);
/* Opens the file for reading. Returns a descriptor, or -errno. */
int library_open(const struct library_file *f);
/*
 * Opens the file for reading and writing. An empty file of another user to which the daemon
 * may not write (made with touch, say) is replaced by a new empty file, see *f.
 */
int library_open_writable(struct library_file *f);
void library_forget(struct library_file *f);

/*
 * Reads a small file as a whole. Returns its size in bytes; -EFBIG: it has `size` bytes or
 * more; other errors as of library_find().
 */
int library_read(int folder, const char *name, char *buf, size_t size);

/*
 * Creates an empty file. 0; -EEXIST: a file has that name, it is untouched; -ENOENT: the
 * folder of the name does not exist; -EXDEV; -EINVAL: not a file name; -errno.
 */
int library_create(int folder, const char *name);

/* An image that library_list() has found. */
struct library_entry {
	const char *name; /* relative to the folder */
	uint64_t size;
	dev_t dev;
	ino_t ino;
	mode_t mode;
	struct timespec changed; /* ctime */
	struct timespec written; /* mtime */
	bool link;               /* the name is a symbolic link to it */
	/* When the folder was read, it had neither a state nor a checksum of that name. */
	bool alone;
	/* Valid until fn() returns: its folder and its name there, unless path_fd >= 0. */
	int dir_fd;
	const char *base;
	int path_fd; /* O_PATH descriptor of what a link leads to; -1: the entry is not a link */
};
/*
 * False if the daemon may not read the entry. Asks the system only where the mode does not let
 * everybody read it.
 */
bool library_may_read(const struct library_entry *e);
/* Opens an entry for reading. Returns a descriptor, or -errno. */
int library_open_entry(const struct library_entry *e);
/*
 * Calls fn for each image, in each folder in order of names, until fn returns false. Returns
 * the number of files and folders that were left out because their names fit in no control
 * line; or -errno.
 */
int library_list(int folder, bool (*fn)(const struct library_entry *e, void *ctx), void *ctx);
/* The same, and calls state() for the name of each state file: relative to the folder, whole. */
int library_list_states(int folder, bool (*fn)(const struct library_entry *e, void *ctx),
	void (*state)(const char *name, void *ctx), void *ctx);

/*
 * Returns an O_PATH descriptor of name, opened with flags and found below folder, or -errno;
 * -EXDEV if a symbolic link leads out of the folder. For kernels before 5.6, which have no
 * openat2(): the name is followed first, and then the kernel says where that has led. Public
 * for tests.
 */
int library_resolve_by_path(int folder, const char *name, int flags);

#endif
