/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Uploads. POST makes one, PATCH sends bytes from an offset on, HEAD asks for the offset, DELETE
 * drops the upload; PUT does all at once, for "curl -T". POST .../end gives another name to a whole
 * upload whose own name was taken meanwhile. The daemon opens the files and gives them their names.
 */
#ifndef WEB_UPLOAD_H
#define WEB_UPLOAD_H

#include "web/request.h"

#define UPLOAD_SLICE (64u * 1024 * 1024) /* bytes of one PATCH of a browser */
#define UPLOADS_MAX  4u                  /* uploads that are being sent at the same time */

struct uploads;

/* 0 or -errno. */
int uploads_new(struct uploads **out);
/* Ends the uploads that are being sent; what is on storage stays. NULL is fine. */
void uploads_free(struct uploads *u);
/* True if nothing is being sent or written. */
bool uploads_are_idle(const struct uploads *u);

void upload_list(struct request *r);
void upload_create(struct request *r);
void upload_get(struct request *r);
void upload_drop(struct request *r);
void upload_finish(struct request *r);
/*
 * Called before the body: asks the daemon, so that the client learns of a refusal before it sends
 * the body. Otherwise sets r->take and r->taken, which get the body, even an empty one.
 */
void upload_patch_begin(struct request *r);
void upload_put_begin(struct request *r);
/* For the table of routes; not called as long as r->taken is set. */
void upload_patch(struct request *r);
void upload_put(struct request *r);

#endif
