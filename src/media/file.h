/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions that the media in files share. */
#ifndef MEDIA_FILE_H
#define MEDIA_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Checks that a medium of blocks of that many bytes can be in the file. As media_file_open(). */
int file_look(int fd, uint32_t unit, struct stat *st);
/* The same, and locks it: exclusively if it is to be written, else shared. */
int file_check(int fd, uint32_t unit, bool writable, struct stat *st);
/* Reads all of the bytes. 0; -EIO: the file is shorter; -errno. */
int file_read_all(int fd, void *to, size_t len, off_t at);
/*
 * Logs the first error of a medium and returns it: the host has sense data, the people at the board
 * have only the log.
 */
int file_log_error(int fd, bool *logged, const char *doing, int error);

#endif
