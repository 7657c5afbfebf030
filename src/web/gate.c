// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/gate.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "util/array.h"

static const char *const names[GATE_FIELDS] = {
	[GATE_HOST] = "Host",
	[GATE_LENGTH] = "Content-Length",
	[GATE_TYPE] = "Content-Type",
	[GATE_ORIGIN] = "Origin",
	[GATE_AUTHORIZATION] = "Authorization",
	[GATE_COOKIE] = "Cookie",
	[GATE_FETCH_SITE] = "Sec-Fetch-Site",
	[GATE_OWN] = "X-Mmcgadget",
	[GATE_RANGE] = "Range",
	[GATE_IF_RANGE] = "If-Range",
	[GATE_IF_MATCH] = "If-Match",
	[GATE_IF_NONE_MATCH] = "If-None-Match",
	[GATE_CONTENT_RANGE] = "Content-Range",
	[GATE_UPLOAD_OFFSET] = "Upload-Offset",
	[GATE_ACCEPT_ENCODING] = "Accept-Encoding",
	[GATE_FORWARDED_PROTO] = "X-Forwarded-Proto",
	[GATE_TRANSFER_ENCODING] = "Transfer-Encoding",
};

static bool is_token(const char *s, size_t len)
{
	static const char more[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c != '\0' && strchr(more, c))))
			return false;
	}
	return len > 0;
}

/* Bytes above 127 are left to whoever needs the value. */
static bool is_value(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static void refuse(struct gate *g, unsigned status)
{
	if (!g->status)
		g->status = status;
}

void gate_add(
	struct gate *g, const char *name, size_t name_len, const char *value, size_t value_len)
{
	if (++g->count > GATE_HEADERS)
		refuse(g, 431);
	if (!name || !is_token(name, name_len) || (value && !is_value(value, value_len))) {
		refuse(g, 400);
		return;
	}
	for (size_t i = 0; i < GATE_FIELDS; i++) {
		if (strlen(names[i]) != name_len || strncasecmp(names[i], name, name_len) != 0)
			continue;
		if (g->field[i])
			refuse(g, 400);
		g->field[i] = value ? value : "";
	}
}

/* Digits only: "+5", " 5", "5,5" and "0x5" mean different things to different programs. */
static bool take_length(const char *s, uint64_t *out)
{
	*out = 0;
	if (*s == '\0' || strlen(s) > 18)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		*out = *out * 10 + (uint64_t)(*s - '0');
	}
	return true;
}

unsigned gate_check(struct gate *g, const char *method, const char *version, const char *path)
{
	static const char *const with_body[] = {"PUT", "PATCH"};
	const char *length = g->field[GATE_LENGTH];

	if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
		refuse(g, 400);
	if (*path != '/')
		refuse(g, 400);
	if (!g->field[GATE_HOST] || *g->field[GATE_HOST] == '\0')
		refuse(g, 400);
	if (length && !take_length(length, &g->length))
		refuse(g, 400);
	if (g->field[GATE_TRANSFER_ENCODING])
		refuse(g, length ? 400 : 411);
	for (size_t i = 0; i < ARRAY_LEN(with_body); i++) {
		if (strcmp(method, with_body[i]) == 0 && !length)
			refuse(g, 411);
	}
	return g->status;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* Makes one form of an address: IPv4 in IPv6 is IPv4. False: it is no address. */
static bool take_address(const char *text, struct in6_addr *out)
{
	struct in_addr v4;

	if (inet_pton(AF_INET6, text, out) == 1)
		return true;
	if (inet_pton(AF_INET, text, &v4) != 1)
		return false;
	memset(out, 0, sizeof(*out));
	out->s6_addr[10] = out->s6_addr[11] = 0xff;
	memcpy(&out->s6_addr[12], &v4, 4);
	return true;
}

static bool same_address(const char *a, const char *b)
{
	struct in6_addr x, y;

	return take_address(a, &x) && take_address(b, &y) && memcmp(&x, &y, sizeof(x)) == 0;
}

/* Splits a port off, and the brackets of an IPv6 address. False: it is no host. */
static bool take_host(const char *host, char *out, size_t size)
{
	bool v6 = *host == '[';
	size_t n = strcspn(host + v6, v6 ? "]" : ":");
	const char *port = host + v6 + n;

	if (n == 0 || n >= size || (v6 && *port++ != ']'))
		return false;
	if (*port == ':') {
		port++;
		if (strlen(port) > 5 || port[strspn(port, "0123456789")] != '\0')
			return false;
	} else if (*port != '\0') {
		return false;
	}
	memcpy(out, host + v6, n);
	out[n] = '\0';
	return true;
}

bool gate_host_is_own(const char *host, const struct gate_names *n)
{
	static const char dot_local[] = ".local";
	size_t own = strlen(n->host_name);
	char name[256];

	if (!take_host(host, name, sizeof(name)))
		return false;
	if (strcasecmp(name, "localhost") == 0 || same_address(name, "127.0.0.1") ||
		same_address(name, "::1") || (*n->local && same_address(name, n->local)))
		return true;
	if (own > 0 && strncasecmp(name, n->host_name, own) == 0 &&
		(name[own] == '\0' || strcasecmp(name + own, dot_local) == 0))
		return true;
	for (const char *const *p = n->other; p && *p; p++) {
		if (strcasecmp(name, *p) == 0)
			return true;
	}
	return false;
}

bool gate_is_same_site(const struct gate *g, const char *scheme)
{
	const char *origin = g->field[GATE_ORIGIN], *site = g->field[GATE_FETCH_SITE];
	size_t n = strlen(scheme);

	if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
		return false;
	if (!origin)
		return true;
	return strncmp(origin, scheme, n) == 0 && strncmp(origin + n, "://", 3) == 0 &&
	       g->field[GATE_HOST] && strcasecmp(origin + n + 3, g->field[GATE_HOST]) == 0;
}

/* ---- values --------------------------------------------------------------------------------- */

bool gate_type_is(const char *type, const char *want)
{
	size_t n = strlen(want);

	return type && strncasecmp(type, want, n) == 0 && strchr(" \t;", type[n]) != NULL;
}

bool gate_takes_gzip(const char *accept)
{
	for (const char *p = accept; p && *p; p += strcspn(p, ","), p += *p == ',') {
		size_t n;

		p += strspn(p, " \t");
		n = strcspn(p, " \t,;");
		if (n != 4 || strncasecmp(p, "gzip", 4) != 0)
			continue;
		p += n + strspn(p + n, " \t");
		/* "gzip;q=0" says that it is not wanted. */
		return *p != ';' || strcspn(p, "123456789") < strcspn(p, ",");
	}
	return false;
}

const char *gate_cookie(const char *cookies, const char *name, size_t *len)
{
	size_t n = strlen(name);

	for (const char *p = cookies; p && *p; p += strcspn(p, ";"), p += *p == ';') {
		p += strspn(p, " \t");
		if (strncmp(p, name, n) != 0 || p[n] != '=')
			continue;
		p += n + 1;
		*len = strcspn(p, "; \t");
		return p;
	}
	return NULL;
}
