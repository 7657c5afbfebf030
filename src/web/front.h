/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks before every route, in this order: the gate, the name of the host, whether there is a
 * password, the log-in, the path, and for a route with an effect, who has sent the request.
 */
#ifndef WEB_FRONT_H
#define WEB_FRONT_H

#include "web/request.h"
#include "web/routes.h"

/*
 * Call when the headers are here. Afterwards the request is answered, by a check that refused it or
 * by begin() of its route; or r->route is set, and its begin(), if it has one, was called. own: the
 * address at which the connection was accepted.
 */
void front_begin(
	struct request *r, const struct in6_addr *own, const char *url, const char *version);
/* Call when the body is here. True if the route takes no form, or one without a session, or if the
 * form has the token of the session. */
bool front_form_is_own(const struct request *r, const struct route *route);

#endif
