/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checksums of burned discs, in files beside them that sha256sum(1) can check. */
#ifndef LIBRARY_CHECKSUM_H
#define LIBRARY_CHECKSUM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/store.h"

#define CHECKSUM_SUFFIX ".sha256"
#define CHECKSUM_HEX    65u   /* SHA-256 in hexadecimal, and the final 0 */
#define CHECKSUM_TEXT   1024u /* bytes of such a file at most */

struct checksum_request {
	bool from_storage;                           /* read storage itself, not the page cache */
	atomic_bool *stop;                           /* give up once it is true; may be NULL */
	void (*progress)(void *ctx, uint64_t bytes); /* gets the bytes read so far; may be NULL */
	void *ctx;
};
/*
 * Writes the SHA-256 of the regular file fd, which is open for reading, to hex. Any
 * thread; waits for storage. 0, -ECANCELED because of stop, or -errno.
 */
int checksum_file(int fd, const struct checksum_request *ask, char hex[CHECKSUM_HEX]);

/*
 * Writes NAME.sha256 in f, replacing it as a whole. read_back is the checksum of what storage
 * returned, NULL if it equals hex. If it differs, sha256sum -c fails and checksum_is_bad() is
 * true. 0 or -errno.
 */
int checksum_write(struct folder *f, const char *name, const char *hex, const char *read_back);
/*
 * The image has other data than the checksum is of. Makes its line in NAME.sha256 a comment: the
 * checksum can still be read, nothing takes the disc for damaged, and lines of other files stay.
 * 1; 0: there is no such line; -errno, -EFBIG: the file is too long for a checksum.
 */
int checksum_outdate(struct folder *f, const char *name);
/* Writes the checksum that the text of such a file has for the image. False: it has none. */
bool checksum_find(const char *text, size_t len, const char *image, char hex[CHECKSUM_HEX]);
/* True if the text of such a file records that storage returned other data. */
bool checksum_is_bad(const char *text, size_t len);
/*
 * Copies the text of such a file, and changes the name in the lines that are of the image
 * old. Returns the bytes of the new text, 0 if it does not fit.
 */
size_t checksum_rename(
	const char *text, size_t len, const char *old, const char *to, char *out, size_t size);
/* True if checksum_write() makes files of such a name. */
bool checksum_is_own_name(const char *name);

#endif
