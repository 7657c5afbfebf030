// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/front.h"

#include <string.h>

#include "web/peer.h"
#include "web/text.h"

static enum MHD_Result add_header(void *gate, enum MHD_ValueKind kind, const char *name,
	size_t name_len, const char *value, size_t value_len)
{
	(void)kind;
	gate_add(gate, name, name_len, value, value_len);
	return MHD_YES;
}

/* Checks the headers before anything else. True: the request was refused, and is answered. */
static bool refuse_headers(
	struct request *r, const struct in6_addr *own, const char *url, const char *version)
{
	struct gate_names names = {.host_name = r->web->host_name, .other = r->web->config.names};
	char local[INET6_ADDRSTRLEN];
	unsigned status;

	MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, add_header, &r->gate);
	status = gate_check(&r->gate, r->method, version, url);
	peer_text(own, local, sizeof(local));
	names.local = local;
	if (status == 0 && !gate_host_is_own(r->gate.field[GATE_HOST], &names))
		status = 421;
	if (status)
		reply_empty(r, status);
	return status != 0;
}

static const char *scheme_of(const struct request *r)
{
	const char *said = r->gate.field[GATE_FORWARDED_PROTO];

	return r->web->config.proxy && said && strcmp(said, "https") == 0 ? "https" : "http";
}

/* Checks the log-in that the route needs. True: the request was refused, and is answered. */
static bool refuse_login(struct request *r, const struct route *route)
{
	if (!auth_is_set_up(r->web->auth)) {
		reply_error(r, "no-password",
			"this page has no password yet; on the board: sudo mmcgadgetctl web "
			"password");
		return true;
	}
	r->login = auth_check(r->web->auth, &r->gate, strcmp(r->scheme, "https") == 0, &r->session,
		&r->new_cookie, r->who);
	if (r->login == LOGIN_NONE && !(route && (route->flags & ROUTE_OPEN))) {
		reply_error(r, "login", "log in first");
		return true;
	}
	return false;
}

/* Checks that no page of another site made the browser send this, and that the log-in may change
 * something. True: the request was refused, and is answered. */
static bool refuse_effect(struct request *r, const struct route *route)
{
	const char *own = r->gate.field[GATE_OWN];

	if (!route_has_effect(route))
		return false;
	if (r->login == LOGIN_READER && !(route->flags & ROUTE_OPEN)) {
		reply_error(r, "read-only", "this token may only look");
		return true;
	}
	if (!gate_is_same_site(&r->gate, r->scheme)) {
		reply_error(r, "other-site", "this was sent by the page of another site");
		return true;
	}
	/* A form's token is checked when its body is here. */
	if (r->login == LOGIN_TOKEN || (route->flags & ROUTE_FORM))
		return false;
	if (own && strcmp(own, "1") == 0)
		return false;
	reply_error(r, "other-site", "the header X-Mmcgadget: 1 is missing");
	return true;
}

static void refuse_path(struct request *r, bool other, bool bad)
{
	if (bad)
		reply_error(r, "bad-name", "the path is not valid text");
	else if (other)
		reply_error(r, "bad-method", "this path takes another method");
	else
		reply_error(r, "not-found", "there is no such path");
}

void front_begin(
	struct request *r, const struct in6_addr *own, const char *url, const char *version)
{
	const struct route *route;
	bool other, bad;

	if (refuse_headers(r, own, url, version))
		return;
	r->scheme = scheme_of(r);
	route = route_find(r, url, &other, &bad);
	r->route = route;
	r->pages = route && (route->flags & ROUTE_PAGE);
	if (refuse_login(r, route))
		return;
	if (!route) {
		refuse_path(r, other, bad);
		return;
	}
	if (refuse_effect(r, route))
		return;
	if (route->begin)
		route->begin(r);
	else if (r->gate.length > REQUEST_JSON)
		reply_error(r, "too-large", "the body has more than %u bytes", REQUEST_JSON);
}

bool front_form_is_own(const struct request *r, const struct route *route)
{
	char want[COOKIE_CSRF], got[COOKIE_CSRF];

	if (!(route->flags & ROUTE_FORM) || (route->flags & ROUTE_LOGIN))
		return true;
	if (r->login != LOGIN_SESSION || !r->body.text ||
		!text_form(r->body.text, r->body.len, "csrf", got, sizeof(got)))
		return false;
	auth_csrf(r->web->auth, &r->session, want);
	return cookie_same(want, got);
}
