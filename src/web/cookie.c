// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/cookie.h"

#include <inttypes.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <stdio.h>
#include <string.h>

#define SEAL (2 * SHA256_DIGEST_SIZE)

static void hex(const uint8_t *data, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", data[i]);
}

static void seal(const char *what, const char *text, size_t len, const uint8_t *key,
	uint8_t out[SHA256_DIGEST_SIZE])
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, COOKIE_KEY, key);
	hmac_sha256_update(&ctx, strlen(what) + 1, (const uint8_t *)what);
	hmac_sha256_update(&ctx, len, (const uint8_t *)text);
	hmac_sha256_digest(&ctx, SHA256_DIGEST_SIZE, out);
}

void cookie_write(const struct cookie *c, const uint8_t key[COOKIE_KEY], char out[COOKIE_TEXT])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	char id[2 * COOKIE_ID + 1];
	size_t n;

	hex(c->id, COOKIE_ID, id);
	n = (size_t)snprintf(out, COOKIE_TEXT - SEAL - 1, "%" PRIx64 ".%" PRIx64 ".%" PRIx64 ".%s",
		c->begun, c->until, c->generation, id);
	seal("session", out, n, key, digest);
	out[n] = '.';
	hex(digest, sizeof(digest), out + n + 1);
}

bool cookie_read(const char *value, size_t len, const uint8_t key[COOKIE_KEY], struct cookie *out)
{
	char text[COOKIE_TEXT], id[2 * COOKIE_ID + 1], want[SEAL + 1];
	uint8_t digest[SHA256_DIGEST_SIZE];
	unsigned byte;
	size_t said;
	int end = 0;

	if (len >= sizeof(text) || len < SEAL + 2 || memchr(value, '\0', len))
		return false;
	memcpy(text, value, len);
	text[len] = '\0';
	said = len - SEAL - 1;
	seal("session", text, said, key, digest);
	hex(digest, sizeof(digest), want);
	if (text[said] != '.' || !memeql_sec(want, text + said + 1, SEAL))
		return false;
	text[said] = '\0';
	if (sscanf(text, "%" SCNx64 ".%" SCNx64 ".%" SCNx64 ".%32[0-9a-f]%n", &out->begun,
		    &out->until, &out->generation, id, &end) != 4 ||
		text[end] != '\0' || strlen(id) != 2 * COOKIE_ID)
		return false;
	for (size_t i = 0; i < COOKIE_ID; i++) {
		sscanf(id + 2 * i, "%2x", &byte);
		out->id[i] = (uint8_t)byte;
	}
	return true;
}

bool cookie_extend(struct cookie *c, uint64_t now)
{
	uint64_t until = now + COOKIE_IDLE, last = c->begun + COOKIE_WHOLE;

	if (until > last)
		until = last;
	if (until < c->until + COOKIE_IDLE / 24)
		return false;
	c->until = until;
	return true;
}

void cookie_csrf(const struct cookie *c, const uint8_t key[COOKIE_KEY], char out[COOKIE_CSRF])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	seal("form", (const char *)c->id, COOKIE_ID, key, digest);
	hex(digest, (COOKIE_CSRF - 1) / 2, out);
}

bool cookie_same(const char *a, const char *b)
{
	size_t n = strlen(a);

	return n == strlen(b) && memeql_sec(a, b, n);
}
