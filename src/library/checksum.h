/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checksums of burned discs, beside them as sha256sum(1) reads them. */
#ifndef LIBRARY_CHECKSUM_H
#define LIBRARY_CHECKSUM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/store.h"

#define CHECKSUM_SUFFIX ".sha256"
#define CHECKSUM_HEX    65u   /* SHA-256 in hexadecimal, and the final 0 */
#define CHECKSUM_TEXT   1024u /* bytes of the file */

/*
 * Of the regular file behind fd, opened for reading. from_storage: of what storage gives,
 * not of what memory still has. done is told the bytes so far. 0; -ECANCELED: *stop; -errno.
 */
struct checksum_request {
	bool from_storage;
	atomic_bool *stop;
	void (*done)(void *ctx, uint64_t bytes);
	void *ctx;
};
int checksum_file(int fd, const struct checksum_request *ask, char hex[CHECKSUM_HEX]);

/*
 * NAME.sha256 in f, replaced as a whole. read_back: what storage gave instead, NULL = the same.
 * Then sha256sum -c fails, and checksum_is_bad() says why. 0 or -errno.
 */
int checksum_write(struct folder *f, const char *name, const char *hex, const char *read_back);
/* The text of such a file says that storage gave something else. */
bool checksum_is_bad(const char *text, size_t len);
/* A name that checksum_write() makes. */
bool checksum_is_own_name(const char *name);

#endif
