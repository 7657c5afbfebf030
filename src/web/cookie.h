/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The value of the login cookie: a session, and a seal (HMAC-SHA256) that cannot be made without
 * the key. So no session needs to be stored, except those that were logged out (auth.c). Pure.
 */
#ifndef WEB_COOKIE_H
#define WEB_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COOKIE_KEY  32u
#define COOKIE_ID   16u
#define COOKIE_TEXT 192u /* bytes of the value, with its 0 */
#define COOKIE_CSRF 33u  /* bytes of the token for forms, with its 0 */

/* Seconds after which a session ends: after the last extension, and after the log-in. */
#define COOKIE_IDLE  (12 * 3600u)
#define COOKIE_WHOLE (7 * 24 * 3600u)

struct cookie {
	uint64_t begun, until; /* seconds since 1970 */
	uint64_t generation;   /* of the password: another one ends all sessions */
	uint8_t id[COOKIE_ID];
};

void cookie_write(const struct cookie *c, const uint8_t key[COOKIE_KEY], char out[COOKIE_TEXT]);
/* False: it was not made with this key, or is damaged. Says nothing about time and generation. */
bool cookie_read(const char *value, size_t len, const uint8_t key[COOKIE_KEY], struct cookie *out);
/*
 * Moves the end of a session that is in use, but only by half an hour or more, so that not each
 * answer has a cookie. True if it was moved: the browser has to get the new value.
 */
bool cookie_extend(struct cookie *c, uint64_t now);
/* Writes the session's token for forms. */
void cookie_csrf(const struct cookie *c, const uint8_t key[COOKIE_KEY], char out[COOKIE_CSRF]);

/* Compares in a time that does not depend on where they differ. */
bool cookie_same(const char *a, const char *b);

#endif
