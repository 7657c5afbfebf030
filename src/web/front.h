/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands before every route, in this order: the gate, the name of the host, the password, the
 * log-in, the path, and for effects who has sent the request.
 */
#ifndef WEB_FRONT_H
#define WEB_FRONT_H

#include "web/request.h"
#include "web/routes.h"

/*
 * The headers are here. Afterwards the request is answered, or r->route is set and its begin() was
 * called. own: the address of this end.
 */
void front_begin(
	struct request *r, const struct in6_addr *own, const char *url, const char *version);
/* The body is here: true if no form is needed, or the form has the token of the session. */
bool front_form_is_own(const struct request *r, const struct route *route);

#endif
