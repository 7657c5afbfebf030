/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The drive record: which disc is in a drive, as a small file in its media folder, so that
 * the disc is inserted again after a power cut. A thread writes it, because storage may be slow.
 */
#ifndef LIBRARY_LAST_DISC_H
#define LIBRARY_LAST_DISC_H

#include <stdbool.h>
#include <stddef.h>

#include "library/image_as.h"

#define LAST_DISC_NAME 1024u /* bytes of a name, with its final NUL */
#define LAST_DISC_TEXT 4096u

struct last_disc {
	char image[LAST_DISC_NAME]; /* in the media folder; "" = the drive was empty */
	enum image_as as;           /* as what the user has inserted it */
	bool burned; /* finalised in this drive; rename and verification still pending */
	char configured[LAST_DISC_NAME]; /* drives[].image in the configuration at that time */
};

/*
 * Writes the text of a record. The text cannot hold an image whose name has a newline, and says
 * then that the drive is empty. Returns its bytes; 0: the configured name has a newline, so there
 * is no text.
 */
size_t last_disc_encode(const struct last_disc *l, char text[LAST_DISC_TEXT]);
/* Reads the text of a record. Returns NULL, or what is wrong with the text. */
const char *last_disc_decode(const char *text, size_t len, struct last_disc *out);

struct last_disc_store;
/*
 * Reads the drive's record in the folder of that path. 0, also if there is no record in it, or
 * -errno. Later records go to whatever folder has the path then: each card has its own record.
 */
int last_disc_new(const char *path, const char *drive, struct last_disc_store **out);
/* Waits until the last record is on storage. NULL is fine. */
void last_disc_free(struct last_disc_store *l);
/* Returns the record that was found or set last; NULL: there is none. */
const struct last_disc *last_disc_get(const struct last_disc_store *l);
/* Queues the record; a thread writes it to storage, as last_disc_encode() does. */
void last_disc_set(struct last_disc_store *l, const struct last_disc *disc);

#endif
