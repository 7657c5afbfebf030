/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was in a drive last: a small text in its media folder, so that the disc is back
 * after a power cut. A thread writes it, for that may wait for the card.
 */
#ifndef CORE_LAST_H
#define CORE_LAST_H

#include <stdbool.h>
#include <stddef.h>

#define LAST_NAME 1024u /* longer ones are not remembered */
#define LAST_TEXT 4096u

struct last_disc {
	char image[LAST_NAME]; /* in the media folder; "" = the drive was empty */
	bool burned;           /* it was finalised here, and what becomes of such was not done */
	char configured[256];  /* the configuration's image at that time */
};

/* Bytes; 0 when a name cannot be kept. */
size_t last_encode(const struct last_disc *l, char text[LAST_TEXT]);
/* NULL, or what is wrong with it. */
const char *last_decode(const char *text, size_t len, struct last_disc *out);

struct last;
/* folder stays the caller's. What was found, and could be read, is last_get(). 0 or -errno. */
int last_new(int folder, const char *drive, struct last **out);
/* What was remembered is on storage on return. NULL is fine. */
void last_free(struct last *l);
/* NULL: nothing is known. */
const struct last_disc *last_get(const struct last *l);
/* On storage some time later. */
void last_set(struct last *l, const struct last_disc *disc);

#endif
