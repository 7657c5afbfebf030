/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers and ranges of bytes in headers (RFC 9110, 14). Pure. */
#ifndef WEB_RANGE_H
#define WEB_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* Takes decimal digits and nothing else, at most 18 of them. False: text is something else. */
bool range_number(const char *text, uint64_t *out);

enum range_result {
	RANGE_ALL, /* the header is not there, or is to be ignored: several ranges, another unit */
	RANGE_PART,
	RANGE_OUTSIDE /* no byte of it exists: 416 */
};
/* Reads a value of Range, which may be NULL, for a file of `size` bytes. */
enum range_result range_of(const char *value, uint64_t size, uint64_t *from, uint64_t *len);

/* Reads a value of Content-Range with all three numbers, "bytes 5-9/10". False: it is none. */
bool range_content(const char *value, uint64_t *from, uint64_t *len, uint64_t *total);

/*
 * True if the list of entity tags (a value of If-Match or If-None-Match) has that one, which is
 * given with its quotes, or is "*". weak: tags that begin with W/ count.
 */
bool range_tag_matches(const char *list, const char *tag, bool weak);

#endif
