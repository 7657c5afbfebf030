/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text beside the part file of an upload: what is to become of it, and how far it has come. The
 * offset is a promise, as in the state file of a disc (docs/disc-state.md): the bytes before it
 * were on storage before the text was saved. Any thread.
 */
#ifndef TRANSFER_UPLOAD_TEXT_H
#define TRANSFER_UPLOAD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "library/checksum.h"
#include "media/store.h"

#define UPLOAD_TEXT 1024u /* bytes of the longest one */

struct upload_text {
	char image[STORE_NAME_MAX + 1]; /* the name to be, without its folder */
	uint64_t size, offset;          /* bytes: all of it, and those that are on storage */
	char sha256[CHECKSUM_HEX];      /* as the data must have; "" = whatever it has */
	int64_t touched;                /* seconds since 1970, when it was last asked for */
};

/* Returns the bytes of the text; 0: the name has a newline, which no control line can hold. */
size_t upload_text_encode(const struct upload_text *t, char text[UPLOAD_TEXT]);
/* NULL, or what is wrong with the text. It may be padded with newlines, see media/store.h. */
const char *upload_text_decode(const char *text, size_t len, struct upload_text *out);

/* True if the text is a SHA-256 in hexadecimal, of lower or upper case. */
bool upload_text_is_sha256(const char *text);

#endif
