/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plain page as HTML. Names and labels pass through text_html(). Pure but for the allocator. */
#ifndef WEB_BASIC_VIEW_H
#define WEB_BASIC_VIEW_H

#include <jansson.h>

/* All return a text to be freed; NULL: no memory. list may be NULL: it could not be read. */
char *basic_view(const char *host, const char *csrf, const json_t *status, const json_t *list);
char *basic_view_login(const char *host);
char *basic_view_delete(const char *csrf, const char *name, const char *etag);

#endif
