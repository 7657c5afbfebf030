/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A name for what is in a file: as long as it stays the same, the file was neither replaced nor
 * written to, as far as its times tell. Programs compare it as a word and read nothing from it.
 */
#ifndef LIBRARY_ETAG_H
#define LIBRARY_ETAG_H

#include <sys/stat.h>

#define ETAG_TEXT 72u /* bytes, the final 0 included */

/* Writes the name: device, inode, modification time and size. Any thread. */
void etag_of(const struct stat *st, char out[ETAG_TEXT]);

#endif
