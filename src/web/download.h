/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Discs as files: whole or in part, and only if they have (not) changed (RFC 9110, 13 and 14). */
#ifndef WEB_DOWNLOAD_H
#define WEB_DOWNLOAD_H

#include "web/request.h"

/* Answers GET and HEAD of an image's content, later, when the daemon has opened the image. */
void download(struct request *r);

#endif
