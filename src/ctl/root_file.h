/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of the board, below a root folder: "", or in tests the copy of a board's files. */
#ifndef CTL_ROOT_FILE_H
#define CTL_ROOT_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes a path below root. */
void root_path(const char *root, char *out, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool root_has(const char *root, const char *path);
/* Reads the first line of a file, without its end. False if there is none or it is empty. */
bool root_line(const char *root, const char *path, char *out, size_t size);
/* Makes all folders of the file's path. 0 or -errno. */
int root_make_folder(const char *root, const char *path);
/* Removes a file, and its folder if that is empty. */
void root_remove(const char *root, const char *path);

#endif
