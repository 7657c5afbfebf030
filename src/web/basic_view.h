/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plain page as HTML. Names and labels pass through text_html(). Pure but for the allocator. */
#ifndef WEB_BASIC_VIEW_H
#define WEB_BASIC_VIEW_H

#include <jansson.h>

#define BASIC_DISCS 1000u /* of each media folder that the page shows, at most */

/* All return a text to be freed; NULL: no memory. */
/*
 * folders: an array with an object for each media folder: its path "folder", the names of its
 * "drives", and "list", the daemon's answer, if that could be read.
 */
char *basic_view(const char *host, const char *csrf, const json_t *status, const json_t *folders);
char *basic_view_login(const char *host);
/* drive: a drive whose media folder has the disc; "": not known. */
char *basic_view_delete(const char *csrf, const char *name, const char *etag, const char *drive);

#endif
