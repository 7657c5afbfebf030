/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The password of the web page, and its tokens for scripts: two files of root that mmcgadget-web
 * may read. Neither holds a secret itself: the password is hashed by yescrypt, tokens by SHA-256.
 */
#ifndef CTL_WEB_SECRET_H
#define CTL_WEB_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEB_GROUP         "mmcgadget-web"
#define WEB_PASSWORD_FILE SYSCONFDIR "/mmcgadget/web.passwd"
#define WEB_TOKEN_FILE    SYSCONFDIR "/mmcgadget/web.tokens"

#define WEB_PASSWORD_LEAST 8u   /* bytes of a password */
#define WEB_PASSWORD_MOST  256u /* bytes, without the 0 */
#define WEB_HASH           256u
#define WEB_TOKENS         64u
#define WEB_TOKEN_NAME     33u
#define WEB_TOKEN_TEXT     48u /* of a token, with its 0 */
#define WEB_SHA256         65u

struct web_password {
	char hash[WEB_HASH];
	uint64_t generation; /* sessions of an older one have ended */
};

struct web_tokens {
	unsigned count;
	struct web_token {
		char name[WEB_TOKEN_NAME];
		bool read_only;
		char sha256[WEB_SHA256];
	} token[WEB_TOKENS];
};

/* 0 or -errno: -ENOENT there is none, -EINVAL the file is damaged. */
int web_password_read(const char *path, struct web_password *out);
/* Replaces the file as a whole; members of WEB_GROUP may read it. 0 or -errno. */
int web_password_write(const char *path, const struct web_password *p);
/* Hashes a password, which takes a second on a slow board, and 16 MB. False: it failed. */
bool web_password_hash(const char *password, char out[WEB_HASH]);
/* True if it is that one. Takes as long. Any thread. */
bool web_password_is(const struct web_password *p, const char *password);

/* The same for tokens; without a file there are none, and the result is 0. */
int web_tokens_read(const char *path, struct web_tokens *out);
int web_tokens_write(const char *path, const struct web_tokens *t);
/* Makes a token. False: the system gave no random numbers. */
bool web_token_make(char out[WEB_TOKEN_TEXT]);
void web_token_hash(const char *text, char out[WEB_SHA256]);
/* Returns the token, NULL: there is none like that. */
const struct web_token *web_token_find(const struct web_tokens *t, const char *text);
/* True if a token can have that name: letters, digits, ".", "_" and "-". */
bool web_token_name_ok(const char *name);

#endif
