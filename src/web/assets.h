/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of the page, which are part of the program (src/web/assets, src/web/embed.sh). */
#ifndef WEB_ASSETS_H
#define WEB_ASSETS_H

#include "web/request.h"

/* True if there is a file for the path; "/" is index.html. */
bool asset_is(const char *path);
/* Answers with the file that the path names. */
void asset(struct request *r);
/* Returns a hash over all files. It differs from that of a page with any other file. */
const char *asset_version(void);

#endif
