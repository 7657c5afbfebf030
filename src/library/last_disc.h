/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was in a drive last: a small text in its media folder, so that the disc is back
 * after a power cut. A thread writes it, for that may wait for the card.
 */
#ifndef LIBRARY_LAST_DISC_H
#define LIBRARY_LAST_DISC_H

#include <stdbool.h>
#include <stddef.h>

#define LAST_DISC_NAME 1024u /* longer ones are not remembered */
#define LAST_DISC_TEXT 4096u

struct last_disc {
	char image[LAST_DISC_NAME]; /* in the media folder; "" = the drive was empty */
	bool burned;          /* it was finalised here, and what becomes of such was not done */
	char configured[256]; /* the configuration's image at that time */
};

/* Bytes; 0 when a name cannot be kept. */
size_t last_disc_encode(const struct last_disc *l, char text[LAST_DISC_TEXT]);
/* NULL, or what is wrong with it. */
const char *last_disc_decode(const char *text, size_t len, struct last_disc *out);

struct last_disc_store;
/* folder stays the caller's. What was found, and could be read, is last_disc_get(). 0 or -errno. */
int last_disc_new(int folder, const char *drive, struct last_disc_store **out);
/* What was remembered is on storage on return. NULL is fine. */
void last_disc_free(struct last_disc_store *l);
/* NULL: nothing is known. */
const struct last_disc *last_disc_get(const struct last_disc_store *l);
/* On storage some time later. */
void last_disc_set(struct last_disc_store *l, const struct last_disc *disc);

#endif
