// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/log.h"
#include "util/thread.h"
#include "web/limit.h"

#define NAME       "mmcgadget"
#define HTTPS_NAME "__Host-mmcgadget"
#define ENDED      256u /* sessions that were logged out and have not ended by themselves */

/* Tells whether a file has changed. */
struct seen {
	bool known;
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

struct attempt {
	struct auth *auth;
	struct letter letter;
	pthread_t thread;
	struct web_password password;
	char text[WEB_PASSWORD_MOST + 1];
	struct in6_addr peer;
	bool right;
	void (*done)(void *ctx, const struct cookie *session);
	void *ctx;
};

struct auth {
	const struct web_config *config;
	struct mail *mail;
	uint8_t key[COOKIE_KEY];
	struct seen password_seen, tokens_seen;
	struct web_password password;
	bool has_password;
	struct web_tokens tokens;
	struct limit limit;
	struct attempt *attempt;
	struct cookie ended[ENDED];
	unsigned ended_count;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* True if the file is another one than when it was looked at last. */
static bool has_changed(const char *path, struct seen *s)
{
	struct seen now = {.known = true};
	struct stat st;
	bool same;

	if (stat(path, &st) == 0) {
		now.dev = st.st_dev;
		now.ino = st.st_ino;
		now.size = st.st_size;
		now.changed = st.st_ctim;
	}
	same = s->known && s->dev == now.dev && s->ino == now.ino && s->size == now.size &&
	       s->changed.tv_sec == now.changed.tv_sec && s->changed.tv_nsec == now.changed.tv_nsec;
	*s = now;
	return !same;
}

static void refresh(struct auth *a)
{
	const struct web_config *c = a->config;
	int r;

	if (has_changed(c->password_file, &a->password_seen)) {
		r = web_password_read(c->password_file, &a->password);
		a->has_password = r == 0;
		if (r < 0 && r != -ENOENT)
			log_error("%s: %s", c->password_file, strerror(-r));
	}
	if (has_changed(c->token_file, &a->tokens_seen)) {
		r = web_tokens_read(c->token_file, &a->tokens);
		if (r < 0) {
			a->tokens.count = 0;
			log_error("%s: %s", c->token_file, strerror(-r));
		}
	}
}

static int state_file(const struct auth *a, const char *name, int flags)
{
	char path[WEB_CONFIG_PATH + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", a->config->state, name);
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

/* Reads the key, or makes it. */
static int get_key(struct auth *a)
{
	int fd = state_file(a, "key", O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, a->key, COOKIE_KEY);

	if (fd >= 0)
		close(fd);
	if (n == COOKIE_KEY)
		return 0;
	if (getrandom(a->key, COOKIE_KEY, 0) != COOKIE_KEY)
		return -EIO;
	fd = state_file(a, "key", O_WRONLY | O_CREAT | O_TRUNC);
	if (fd < 0 || write(fd, a->key, COOKIE_KEY) != COOKIE_KEY || fsync(fd) < 0)
		log_warn("%s/key cannot be written; sessions end with this program",
			a->config->state);
	if (fd >= 0)
		close(fd);
	return 0;
}

/* Writes a line for each ended session: its cookie, sealed as usual. */
static void save_ended(const struct auth *a)
{
	char text[COOKIE_TEXT];
	int fd = state_file(a, "ended", O_WRONLY | O_CREAT | O_TRUNC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f) {
		log_warn("%s/ended: %s", a->config->state, strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	for (unsigned i = 0; i < a->ended_count; i++) {
		cookie_write(&a->ended[i], a->key, text);
		fprintf(f, "%s\n", text);
	}
	fclose(f);
}

static void load_ended(struct auth *a)
{
	char text[COOKIE_TEXT];
	int fd = state_file(a, "ended", O_RDONLY);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	while (f && a->ended_count < ENDED && fgets(text, sizeof(text), f)) {
		if (cookie_read(text, strcspn(text, "\n"), a->key, &a->ended[a->ended_count]))
			a->ended_count++;
	}
	if (f)
		fclose(f);
}

int auth_new(struct mail *mail, const struct web_config *config, struct auth **out)
{
	struct auth *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return -ENOMEM;
	a->config = config;
	a->mail = mail;
	r = get_key(a);
	if (r < 0) {
		free(a);
		return r;
	}
	load_ended(a);
	*out = a;
	return 0;
}

static void end_attempt(struct auth *a)
{
	struct attempt *t = a->attempt;

	pthread_join(t->thread, NULL);
	a->attempt = NULL;
	explicit_bzero(t->text, sizeof(t->text));
	free(t);
}

void auth_free(struct auth *a)
{
	if (!a)
		return;
	if (a->attempt) {
		a->attempt->done(a->attempt->ctx, NULL);
		end_attempt(a);
	}
	explicit_bzero(a->key, sizeof(a->key));
	free(a);
}

bool auth_is_set_up(struct auth *a)
{
	refresh(a);
	return a->has_password;
}

/* ---- sessions ------------------------------------------------------------------------------- */

static bool has_ended(const struct auth *a, const struct cookie *c)
{
	for (unsigned i = 0; i < a->ended_count; i++) {
		if (memcmp(a->ended[i].id, c->id, COOKIE_ID) == 0)
			return true;
	}
	return false;
}

static const char bearer[] = "Bearer ";

/* True if the request has an Authorization field. *out is its token, NULL if that is not valid. */
static bool is_token(const struct auth *a, const struct gate *g, const struct web_token **out)
{
	const char *value = g->field[GATE_AUTHORIZATION];

	if (!value)
		return false;
	*out = strncasecmp(value, bearer, strlen(bearer)) == 0
		       ? web_token_find(&a->tokens, value + strlen(bearer))
		       : NULL;
	return true;
}

enum request_login auth_check(struct auth *a, const struct gate *g, bool https,
	struct cookie *session, bool *renewed, char who[AUTH_WHO])
{
	const struct web_token *token;
	uint64_t now = (uint64_t)time(NULL);
	const char *value;
	size_t n;

	*renewed = false;
	strcpy(who, "nobody");
	refresh(a);
	if (!a->has_password)
		return LOGIN_NONE;
	if (is_token(a, g, &token)) {
		if (!token)
			return LOGIN_NONE;
		snprintf(who, AUTH_WHO, "token %s", token->name);
		return token->read_only ? LOGIN_READER : LOGIN_TOKEN;
	}
	value = gate_cookie(g->field[GATE_COOKIE], https ? HTTPS_NAME : NAME, &n);
	if (!value || !cookie_read(value, n, a->key, session) || session->until <= now ||
		session->generation != a->password.generation || has_ended(a, session))
		return LOGIN_NONE;
	snprintf(who, AUTH_WHO, "session %02x%02x", session->id[0], session->id[1]);
	*renewed = cookie_extend(session, now);
	return LOGIN_SESSION;
}

void auth_keep(const struct gate *g, const struct cookie *session, struct auth_pass *out)
{
	const char *value = g->field[GATE_AUTHORIZATION];

	*out = (struct auth_pass){.session = *session};
	if (value)
		web_token_hash(value + strlen(bearer), out->token);
}

bool auth_holds(struct auth *a, const struct auth_pass *p)
{
	bool found = false;

	refresh(a);
	for (unsigned i = 0; i < a->tokens.count; i++)
		found |= strcmp(a->tokens.token[i].sha256, p->token) == 0;
	if (*p->token || !a->has_password)
		return found && a->has_password;
	return p->session.begun + COOKIE_WHOLE > (uint64_t)time(NULL) &&
	       p->session.generation == a->password.generation && !has_ended(a, &p->session);
}

static void write_cookie(const char *value, uint64_t age, bool https, char out[AUTH_COOKIE])
{
	snprintf(out, AUTH_COOKIE,
		"%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%" PRIu64 "%s",
		https ? HTTPS_NAME : NAME, value, age, https ? "; Secure" : "");
}

void auth_cookie(const struct auth *a, const struct cookie *c, bool https, char out[AUTH_COOKIE])
{
	uint64_t now = (uint64_t)time(NULL);
	char text[COOKIE_TEXT];

	cookie_write(c, a->key, text);
	write_cookie(text, c->until > now ? c->until - now : 0, https, out);
}

void auth_no_cookie(bool https, char out[AUTH_COOKIE])
{
	write_cookie("", 0, https, out);
}

void auth_csrf(const struct auth *a, const struct cookie *c, char out[COOKIE_CSRF])
{
	cookie_csrf(c, a->key, out);
}

void auth_log_out(struct auth *a, const struct cookie *c)
{
	uint64_t now = (uint64_t)time(NULL);
	unsigned kept = 0;

	for (unsigned i = 0; i < a->ended_count; i++) {
		if (a->ended[i].begun + COOKIE_WHOLE > now)
			a->ended[kept++] = a->ended[i];
	}
	/*
	 * The list is full, so its oldest session is valid again for the rest of its week. Only
	 * somebody who has the password can log out that often.
	 */
	if (kept == ENDED) {
		memmove(&a->ended[0], &a->ended[1], (ENDED - 1) * sizeof(a->ended[0]));
		kept--;
	}
	a->ended[kept++] = *c;
	a->ended_count = kept;
	save_ended(a);
}

/* ---- log-in --------------------------------------------------------------------------------- */

unsigned auth_wait(const struct auth *a, const struct in6_addr *peer)
{
	return limit_wait(&a->limit, peer, now_us());
}

static void *try_password(void *attempt)
{
	struct attempt *t = attempt;

	t->right = web_password_is(&t->password, t->text);
	mail_post(t->auth->mail, &t->letter);
	return NULL;
}

static bool make_session(const struct attempt *t, struct cookie *out)
{
	uint64_t now = (uint64_t)time(NULL);

	*out = (struct cookie){
		.begun = now, .until = now + COOKIE_IDLE, .generation = t->password.generation};
	return getrandom(out->id, COOKIE_ID, 0) == COOKIE_ID;
}

static void on_tried(void *attempt)
{
	struct attempt *t = attempt;
	struct auth *a = t->auth;
	struct cookie session;
	bool good = t->right && make_session(t, &session);

	if (t->right)
		limit_passed(&a->limit, &t->peer);
	else
		limit_failed(&a->limit, &t->peer, now_us());
	t->done(t->ctx, good ? &session : NULL);
	end_attempt(a);
}

bool auth_log_in(struct auth *a, const struct in6_addr *peer, const char *password,
	void (*done)(void *ctx, const struct cookie *session), void *ctx)
{
	struct attempt *t = a->attempt ? NULL : calloc(1, sizeof(*t));

	if (!t)
		return false;
	t->auth = a;
	t->letter = (struct letter){.run = on_tried, .ctx = t};
	t->password = a->password;
	snprintf(t->text, sizeof(t->text), "%s", password);
	t->peer = *peer;
	t->done = done;
	t->ctx = ctx;
	if (thread_start(&t->thread, "password", try_password, t) != 0) {
		free(t);
		return false;
	}
	a->attempt = t;
	return true;
}
