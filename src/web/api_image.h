/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The images of the media folder: list, one of them, rename, delete, close, erase, checksum. */
#ifndef WEB_API_IMAGE_H
#define WEB_API_IMAGE_H

#include "web/request.h"

void api_images(struct request *r);
void api_image(struct request *r);
void api_rename(struct request *r);
void api_delete(struct request *r);
void api_close(struct request *r);
void api_erase(struct request *r);
void api_sum(struct request *r);
void api_sum_start(struct request *r);

/* Writes "drive=NAME" to out and returns out; NULL if the query has no drive. */
const char *image_drive_option(const struct request *r, char *out, size_t size);
/* Writes "etag=TAG" to out and returns out; NULL if If-Match is missing, or is "*". */
const char *image_etag_option(const struct request *r, char *out, size_t size);

#endif
