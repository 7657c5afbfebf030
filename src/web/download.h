/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Discs as files: whole, in part, and what has changed meanwhile (RFC 9110). */
#ifndef WEB_DOWNLOAD_H
#define WEB_DOWNLOAD_H

#include "web/request.h"

void download(struct request *r);

#endif
