/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The uploads that are not finished, of all media folders, as the main thread knows them: what the
 * last scan has found, and what has changed since. Main thread.
 */
#ifndef TRANSFER_UPLOAD_TABLE_H
#define TRANSFER_UPLOAD_TABLE_H

#include <jansson.h>

#include "drive/holders.h"
#include "transfer/upload_scan.h"

#define UPLOADS_ENDED 8u /* ended uploads that are told of */

struct upload_entry {
	const char *media; /* path of the media folder; a drive's */
	struct upload_found found;
	bool ending;   /* its checksum is being computed */
	uint64_t used; /* ms of clock_ms() when it was used last by this daemon; 0 = never */
};

struct upload_table {
	struct upload_entry at[UPLOADS_MAX];
	unsigned count;
	uint64_t changes; /* grows with each change of what there is to tell */
	struct {
		const char *media;
		char id[UPLOAD_ID];
		char *image;
		const char *what; /* "done", "dropped" */
		int64_t time;
	} ended[UPLOADS_ENDED]; /* the oldest first */
	unsigned ended_count;
};

/* NULL: there is none. The entry is valid until the next one is added or removed. */
struct upload_entry *upload_table_find(struct upload_table *t, const char *id);
/* Finds the upload of that name. */
struct upload_entry *upload_table_named(
	struct upload_table *t, const char *media, const char *dir, const char *base);
/* Adds an upload. NULL: there are UPLOADS_MAX of them, or there is no memory. */
struct upload_entry *upload_table_add(
	struct upload_table *t, const char *media, const char *dir, const struct upload_part *p);
/* Takes what the thread knows now. */
void upload_table_set(struct upload_table *t, struct upload_entry *e, const struct upload_part *p);
/* Removes the upload; what: how it has ended, NULL if nobody needs to know. */
void upload_table_end(struct upload_table *t, struct upload_entry *e, const char *what);
/* The scan of that media folder has found these. Uploads whose files are gone are forgotten. */
void upload_table_found(struct upload_table *t, const char *media, const struct upload_scan *s);

/* Bytes that the uploads in that media folder, but the one of that id, will still take. */
uint64_t upload_table_wants(const struct upload_table *t, const char *media, const char *but);

/* New arrays for answers: of all media folders if media is NULL. */
json_t *upload_table_json(const struct upload_table *t, const char *media);
json_t *upload_table_ended(const struct upload_table *t, const char *media);
/* Writes the name of the image, with its folder. */
void upload_table_image(const struct upload_entry *e, char *out, size_t size);

void upload_table_fini(struct upload_table *t);

#endif
