/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows who is logged in: sessions by cookie, tokens for scripts, and the log-in itself. The files
 * of password and tokens are read again when they change. Main thread.
 */
#ifndef WEB_AUTH_H
#define WEB_AUTH_H

#include <netinet/in.h>
#include <stdbool.h>

#include "ctl/web_secret.h"
#include "web/config.h"
#include "web/cookie.h"
#include "web/gate.h"
#include "web/mail.h"

#define AUTH_COOKIE (COOKIE_TEXT + 128u)
#define AUTH_WHO    64u

struct auth;

enum request_login {
	LOGIN_NONE,
	LOGIN_SESSION, /* by cookie */
	LOGIN_READER,  /* by a read-only token */
	LOGIN_TOKEN,
};

/* Who sent a request whose answer goes on for long: the log-in may end before it. */
struct auth_pass {
	struct cookie session;
	char token[WEB_SHA256]; /* "" = it is a session */
};

/* config must stay. Without a directory for the key, sessions end with the program. 0 or -errno. */
int auth_new(struct mail *mail, const struct web_config *config, struct auth **out);
/* Waits for a log-in that is under way. NULL is fine. */
void auth_free(struct auth *a);

/* True if there is a password. */
bool auth_is_set_up(struct auth *a);
/*
 * Says who sent the request. For LOGIN_SESSION also the session, and in *renewed whether the
 * browser is to get its cookie again. who: a name for the log.
 */
enum request_login auth_check(struct auth *a, const struct gate *g, bool https,
	struct cookie *session, bool *renewed, char who[AUTH_WHO]);

/* Keeps the log-in of a request that auth_check() let pass. */
void auth_keep(const struct gate *g, const struct cookie *session, struct auth_pass *out);
/*
 * False: the session was logged out, is a week old, or is one of an older password; or the token
 * was removed. An open page uses its session.
 */
bool auth_holds(struct auth *a, const struct auth_pass *p);

/* Writes a value of Set-Cookie. */
void auth_cookie(const struct auth *a, const struct cookie *c, bool https, char out[AUTH_COOKIE]);
/* The same, which makes the browser forget it. */
void auth_no_cookie(bool https, char out[AUTH_COOKIE]);
void auth_csrf(const struct auth *a, const struct cookie *c, char out[COOKIE_CSRF]);

/* Returns the seconds until that address may try a password; 0 = now. */
unsigned auth_wait(const struct auth *a, const struct in6_addr *peer);
/*
 * Tries a password, in a thread. done() gets the new session, NULL if the password is wrong. False:
 * another one is being tried, or there is no memory; ask again in a second.
 */
bool auth_log_in(struct auth *a, const struct in6_addr *peer, const char *password,
	void (*done)(void *ctx, const struct cookie *session), void *ctx);
/* Ends one session for good; of those of a week, only the last 256 that ended are remembered. */
void auth_log_out(struct auth *a, const struct cookie *c);

#endif
