/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verbs of uploads: a client gets a descriptor of a hidden part file, fills it, tells how far
 * it is on storage, and in the end the daemon gives the file its name. A thread does what waits for
 * storage, one step after the other. Main thread.
 */
#ifndef TRANSFER_UPLOADS_H
#define TRANSFER_UPLOADS_H

#include <jansson.h>
#include <systemd/sd-event.h>

#include "drive/drives.h"
#include "protocol/answer.h"
#include "transfer/sums.h"

struct uploads;

/*
 * Begins by looking through the media folders of the drives, all of which must have been made. The
 * process ignores SIGIO from here on: the kernel sends it to who holds a lease. 0 or -errno.
 */
int uploads_new(
	const struct drives *drives, struct sums *sums, sd_event *event, struct uploads **out);
/* Waits for the thread, and answers what is under way. After sums_free(). NULL is fine. */
void uploads_free(struct uploads *u);

/* A new upload, or one that goes on. */
struct upload_ask {
	const char *image;  /* its name, with its folder */
	uint64_t size;      /* bytes */
	const char *sha256; /* as it must be; NULL = any */
};
/* Each calls r->final() or r->final_fd() in the end, once. The strings are copied. */
void uploads_begin(
	struct uploads *u, struct drive *d, const struct upload_ask *ask, struct reply *r);
void uploads_open(struct uploads *u, const char *id, struct reply *r);
/* offset NULL: only asks how to go on. */
void uploads_at(struct uploads *u, const char *id, const uint64_t *offset, struct reply *r);
/* as NULL: the name that it was begun with. */
void uploads_end(struct uploads *u, const char *id, const char *as, struct reply *r);
void uploads_drop(struct uploads *u, const char *id, struct reply *r);
/* d NULL: of all media folders. */
void uploads_list(struct uploads *u, struct drive *d, struct reply *r);

/* Members for events: what there is now in that media folder, and what has ended; new arrays. */
json_t *uploads_json(const struct uploads *u, const char *media);
json_t *uploads_ended(const struct uploads *u, const char *media);
/* Grows with each change of these. */
uint64_t uploads_changes(const struct uploads *u);
/* Bytes of the file system of that media folder that are not for new files. */
uint64_t uploads_kept(const struct uploads *u, const char *media);

#endif
