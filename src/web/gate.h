/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate in front of everything: which requests are looked at at all. libmicrohttpd is lenient
 * (docs/decisions/022-web.md); what it lets through and nobody should send is refused here. Pure:
 * text in, verdict out. Any thread.
 */
#ifndef WEB_GATE_H
#define WEB_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GATE_HEADERS 64u /* of a request, at most */

/* Headers that mean something here. Each of them may come only once. */
enum gate_field {
	GATE_HOST,
	GATE_LENGTH,
	GATE_TYPE,
	GATE_ORIGIN,
	GATE_AUTHORIZATION,
	GATE_COOKIE,
	GATE_FETCH_SITE,
	GATE_OWN, /* X-Mmcgadget */
	GATE_RANGE,
	GATE_IF_RANGE,
	GATE_IF_MATCH,
	GATE_IF_NONE_MATCH,
	GATE_CONTENT_RANGE,
	GATE_UPLOAD_OFFSET,
	GATE_ACCEPT_ENCODING,
	GATE_FORWARDED_PROTO,
	GATE_TRANSFER_ENCODING, /* always refused */
	GATE_FIELDS
};

/* A request's headers, collected one by one. All members 0 at the beginning. */
struct gate {
	const char
		*field[GATE_FIELDS]; /* NULL: not there. Points to what was given to gate_add() */
	unsigned count;
	unsigned status; /* 0, or why the request is refused */
	uint64_t length; /* of the body */
};

/* Takes a header. The texts must live as long as the gate; value may be NULL. */
void gate_add(
	struct gate *g, const char *name, size_t name_len, const char *value, size_t value_len);
/*
 * Judges the request when all headers are there: 0, or the status to answer with: 400, 411 (a
 * length is missing), 431.
 */
unsigned gate_check(struct gate *g, const char *method, const char *version, const char *path);

/* The names that the field Host of a request may have. */
struct gate_names {
	const char *local;        /* the address of this end of the connection; "" = unknown */
	const char *host_name;    /* of this machine; also with .local after it */
	const char *const *other; /* more names, ended by NULL; may be NULL */
};
/* True if the value of Host is a name of this machine, with or without a port. */
bool gate_host_is_own(const char *host, const struct gate_names *names);

/*
 * False if a browser says that another site's page has sent this request: by Origin, or by
 * Sec-Fetch-Site. scheme: "http" or "https".
 */
bool gate_is_same_site(const struct gate *g, const char *scheme);

/* True if the type, without its parameters, is that one. type may be NULL. */
bool gate_type_is(const char *type, const char *want);
/* True if the client takes gzip: a value of Accept-Encoding, which may be NULL. */
bool gate_takes_gzip(const char *accept);
/* Returns the value of the cookie in a value of Cookie, and its length; NULL: it is not there. */
const char *gate_cookie(const char *cookies, const char *name, size_t *len);

#endif
