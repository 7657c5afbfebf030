/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The unfinished uploads of all media folders, as the main thread knows them: those that the last
 * scan found, and what has changed since. Main thread.
 */
#ifndef TRANSFER_UPLOAD_TABLE_H
#define TRANSFER_UPLOAD_TABLE_H

#include <jansson.h>
#include <limits.h>

#include "drive/holders.h"
#include "transfer/upload_scan.h"

#define UPLOADS_ENDED 8u /* ended uploads that answers list */
/* Bytes of the longest name of an image with its folder: the folder, "/", the name, and a NUL. */
#define UPLOAD_IMAGE  (PATH_MAX + STORE_NAME_MAX + 1)

struct upload_entry {
	const char *media; /* path of the media folder; the table does not own it */
	struct upload_found found;
	bool ending;   /* its checksum is being computed */
	uint64_t used; /* ms of clock_ms() when it was used last by this daemon; 0 = never */
};

struct upload_table {
	struct upload_entry entries[UPLOADS_MAX];
	unsigned count;
	uint64_t changes; /* grows with each change of entries or ended */
	struct {
		const char *media;
		char id[UPLOAD_ID];
		char *image;
		const char *outcome; /* "done", "dropped" */
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
/* Replaces what is known of the upload. */
void upload_table_set(struct upload_table *t, struct upload_entry *e, const struct upload_part *p);
/* Removes the upload, and records its outcome in ended; NULL: records nothing. */
void upload_table_end(struct upload_table *t, struct upload_entry *e, const char *outcome);
/*
 * Makes the entries of that media folder those that the scan has found: adds new ones, and removes
 * uploads whose files are gone.
 */
void upload_table_apply_scan(
	struct upload_table *t, const char *media, const struct upload_scan *s);

/*
 * Returns the bytes that the uploads of that media folder will still take on the card, without the
 * upload except_id ("": of all).
 */
uint64_t upload_table_missing_bytes(
	const struct upload_table *t, const char *media, const char *except_id);

/* New arrays for answers: of all media folders if media is NULL. */
json_t *upload_table_json(const struct upload_table *t, const char *media);
json_t *upload_table_ended(const struct upload_table *t, const char *media);
/* Writes the name of the image, with its folder. */
void upload_table_image(const struct upload_entry *e, char *out, size_t size);

void upload_table_fini(struct upload_table *t);

#endif
