/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one table of what can be asked: methods, paths, who may, and what is done. */
#ifndef WEB_ROUTES_H
#define WEB_ROUTES_H

#include "web/request.h"

enum route_flag {
	ROUTE_OPEN = 1,  /* without a log-in */
	ROUTE_PAGE = 2,  /* errors are pages */
	ROUTE_FORM = 4,  /* takes a form; the session's token is a field of it */
	ROUTE_LOGIN = 8, /* a form without a session */
};

struct route {
	const char *method; /* GET stands for HEAD, too */
	/* NAME stands for any rest, DRIVE and ID for one part of the path. */
	const char *path;
	unsigned flags;
	void (*run)(struct request *r); /* the body is here */
	/* Before the body. May answer, or set take() and taken(). NULL: there is nothing to do. */
	void (*begin)(struct request *r);
};

/*
 * Returns the route of a path, and sets r->name. NULL: there is none; then *other says whether
 * there is one for other methods, and bad whether the name cannot be decoded.
 */
const struct route *route_find(struct request *r, const char *path, bool *other, bool *bad);
/* True if the method changes something. */
bool route_has_effect(const struct route *route);

#endif
