// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/web.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "ctl/own_verbs.h"
#include "ctl/root_file.h"
#include "ctl/web_secret.h"
#include "protocol/answer.h"
#include "util/array.h"
#include "util/utf8.h"

#define PATH_BYTES 512
#define SOCKET     "mmcgadget-web.socket"

static enum exit_code usage(const struct options *o)
{
	return say_failure(o->json, EXIT_USAGE, "usage",
		"usage: " WEB_SYNOPSIS ", " WEB_PASSWORD_SYNOPSIS ", " WEB_TOKEN_SYNOPSIS
		", " WEB_LOGOUT_SYNOPSIS);
}

/* Reports why one of the two files cannot be read or written. */
static enum exit_code say_file(const struct options *o, const char *path, int r)
{
	if (r == -EACCES || r == -EPERM)
		return say_failure(o->json, EXIT_NO_PERMISSION, "no-permission",
			"%s: permission denied; put sudo before this command", path);
	if (r == -EINVAL)
		return say_failure(o->json, EXIT_REFUSED, "io-error",
			"%s is damaged; remove it and set it up again", path);
	return say_failure(o->json, EXIT_REFUSED, "io-error", "%s: %s", path, strerror(-r));
}

static enum exit_code say_done(const struct options *o, json_t *answer)
{
	if (o->json) {
		say_object(answer);
	} else {
		puts(json_string_value(json_object_get(answer, "message")));
		json_decref(answer);
	}
	return EXIT_OK;
}

/* ---- password ------------------------------------------------------------------------------- */

/* Reads a line without its end. False: there is none, or it is too long. */
static bool read_line(FILE *in, char out[WEB_PASSWORD_MOST + 2])
{
	size_t n;

	if (!fgets(out, WEB_PASSWORD_MOST + 2, in))
		return false;
	n = strcspn(out, "\r\n");
	out[n] = '\0';
	return n <= WEB_PASSWORD_MOST;
}

/* Asks at the terminal, which does not show what is typed. */
static bool ask_hidden(FILE *in, const char *prompt, char out[WEB_PASSWORD_MOST + 2])
{
	struct termios was, hidden;
	bool good, terminal = tcgetattr(fileno(in), &was) == 0;

	if (!terminal)
		return read_line(in, out);
	hidden = was;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	fputs(prompt, stderr);
	tcsetattr(fileno(in), TCSAFLUSH, &hidden);
	good = read_line(in, out);
	tcsetattr(fileno(in), TCSAFLUSH, &was);
	fputs("\n", stderr);
	return good;
}

static bool is_text(const char *s)
{
	uint32_t c;

	for (size_t left = strlen(s), n; left > 0; left -= n, s += n) {
		n = utf8_decode(s, left, &c);
		if (n == 0 || utf8_is_control(c))
			return false;
	}
	return true;
}

/* Gets a new password twice from a terminal, once from a program. EXIT_OK, or it is reported. */
static enum exit_code get_password(
	const struct options *o, const struct web_env *env, char out[WEB_PASSWORD_MOST + 2])
{
	char again[WEB_PASSWORD_MOST + 2];
	bool same = true;

	if (!ask_hidden(env->in, "New password of the web page: ", out))
		return say_failure(o->json, EXIT_REFUSED, "bad-password",
			"no password was read; it has at most %u bytes", WEB_PASSWORD_MOST);
	if (strlen(out) < WEB_PASSWORD_LEAST || !is_text(out))
		return say_failure(o->json, EXIT_REFUSED, "bad-password",
			"the password needs at least %u characters, none of them a control "
			"character",
			WEB_PASSWORD_LEAST);
	if (isatty(fileno(env->in)))
		same = ask_hidden(env->in, "The same again: ", again) && strcmp(out, again) == 0;
	explicit_bzero(again, sizeof(again));
	return same ? EXIT_OK
		    : say_failure(o->json, EXIT_REFUSED, "bad-password",
			      "the two were not the same; nothing was changed");
}

static enum exit_code set_password(const struct options *o, const struct web_env *env)
{
	char path[PATH_BYTES], text[WEB_PASSWORD_MOST + 2];
	struct web_password p = {.generation = 0}, fresh = {.generation = 1};
	enum exit_code code;
	bool hashed;
	int r;

	root_path(env->root, path, sizeof(path), "%s", WEB_PASSWORD_FILE);
	if (web_password_read(path, &p) == 0)
		fresh.generation = p.generation + 1;
	else if (access(path, F_OK) == 0)
		fresh.generation = (uint64_t)getpid() << 32; /* the old one cannot be read */
	code = get_password(o, env, text);
	if (code != EXIT_OK)
		return code;
	hashed = web_password_hash(text, fresh.hash);
	explicit_bzero(text, sizeof(text));
	if (!hashed)
		return say_failure(
			o->json, EXIT_REFUSED, "io-error", "the password cannot be hashed");
	r = web_password_write(path, &fresh);
	if (r < 0)
		return say_file(o, path, r);
	return say_done(o, answer_ok("the password of the web page is set; all sessions have "
				     "ended"));
}

static enum exit_code log_out_all(const struct options *o, const struct web_env *env)
{
	char path[PATH_BYTES];
	struct web_password p;
	int r;

	root_path(env->root, path, sizeof(path), "%s", WEB_PASSWORD_FILE);
	r = web_password_read(path, &p);
	if (r == -ENOENT)
		return say_done(o, answer_ok("the web page has no password, and so no session"));
	p.generation++;
	if (r == 0)
		r = web_password_write(path, &p);
	return r < 0 ? say_file(o, path, r)
		     : say_done(o, answer_ok("all sessions of the web page have ended"));
}

/* ---- tokens --------------------------------------------------------------------------------- */

static unsigned find_name(const struct web_tokens *t, const char *name)
{
	unsigned i = 0;

	while (i < t->count && strcmp(t->token[i].name, name) != 0)
		i++;
	return i;
}

static enum exit_code add_token(const struct options *o, const char *path, struct web_tokens *t,
	const char *name, bool read_only)
{
	struct web_token *fresh = &t->token[t->count];
	char text[WEB_TOKEN_TEXT];
	json_t *answer;
	int r;

	if (find_name(t, name) < t->count)
		return say_failure(
			o->json, EXIT_REFUSED, "exists", "there is a token \"%s\"", name);
	if (t->count == WEB_TOKENS)
		return say_failure(o->json, EXIT_REFUSED, "busy",
			"there are %u tokens already; remove one", WEB_TOKENS);
	if (!web_token_make(text))
		return say_file(o, path, -EIO);
	strcpy(fresh->name, name);
	fresh->read_only = read_only;
	web_token_hash(text, fresh->sha256);
	t->count++;
	r = web_tokens_write(path, t);
	if (r < 0)
		return say_file(o, path, r);
	answer = answer_ok(
		"token %s%s, which is shown only now:", name, read_only ? " (read-only)" : "");
	json_object_set_new(answer, "token", json_string(text));
	say_done(o, answer);
	if (!o->json)
		puts(text);
	return EXIT_OK;
}

static enum exit_code remove_token(
	const struct options *o, const char *path, struct web_tokens *t, const char *name)
{
	unsigned at = find_name(t, name);
	int r;

	if (at == t->count)
		return say_failure(
			o->json, EXIT_REFUSED, "no-such-token", "there is no token \"%s\"", name);
	for (t->count--; at < t->count; at++)
		t->token[at] = t->token[at + 1];
	r = web_tokens_write(path, t);
	return r < 0 ? say_file(o, path, r) : say_done(o, answer_ok("removed token %s", name));
}

static enum exit_code list_tokens(const struct options *o, const struct web_tokens *t)
{
	json_t *answer = answer_ok("%u token%s", t->count, t->count == 1 ? "" : "s");
	json_t *all = json_array();

	for (unsigned i = 0; i < t->count; i++)
		json_array_append_new(all, json_pack("{s:s, s:b}", "name", t->token[i].name,
						   "read_only", (int)t->token[i].read_only));
	json_object_set_new(answer, "tokens", all);
	say_done(o, answer);
	for (unsigned i = 0; !o->json && i < t->count; i++)
		printf("  %s%s\n", t->token[i].name, t->token[i].read_only ? " (read-only)" : "");
	return EXIT_OK;
}

static enum exit_code token(const struct options *o, const struct web_env *env)
{
	static struct web_tokens t;
	const char *what = o->count > 2 ? o->word[2] : "", *name = o->count > 3 ? o->word[3] : NULL;
	bool read_only = o->count == 5 && strcmp(o->word[4], "read-only") == 0;
	bool add = strcmp(what, "add") == 0 && name && (o->count == 4 || read_only);
	bool drop = strcmp(what, "remove") == 0 && o->count == 4;
	char path[PATH_BYTES];
	int r;

	if (!add && !drop && (strcmp(what, "list") != 0 || o->count != 3))
		return usage(o);
	if (name && !web_token_name_ok(name))
		return say_failure(o->json, EXIT_USAGE, "bad-name",
			"a token's name has at most %u letters, digits, \".\", \"_\" and \"-\"",
			WEB_TOKEN_NAME - 1);
	root_path(env->root, path, sizeof(path), "%s", WEB_TOKEN_FILE);
	r = web_tokens_read(path, &t);
	if (r < 0)
		return say_file(o, path, r);
	if (add)
		return add_token(o, path, &t, name, read_only);
	return drop ? remove_token(o, path, &t, name) : list_tokens(o, &t);
}

/* ---- what to do ----------------------------------------------------------------------------- */

static bool is_installed(const char *root)
{
	static const char *const places[] = {"/etc/systemd/system/",
		"/usr/local/lib/systemd/system/", "/usr/lib/systemd/system/",
		"/lib/systemd/system/"};
	char path[PATH_BYTES];

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		snprintf(path, sizeof(path), "%s" SOCKET, places[i]);
		if (root_has(root, path))
			return true;
	}
	return false;
}

static const char lan[] =
	"To reach it from other machines, name the addresses that it listens on (docs/web.md):\n"
	"  sudo systemctl edit " SOCKET "\n"
	"    [Socket]\n"
	"    ListenStream=80            the whole LAN, as http://NAME-OF-THE-BOARD/\n"
	"  sudo systemctl restart " SOCKET "\n"
	"Until then: ssh -L 8080:localhost:8080 BOARD, and http://localhost:8080/\n";

static const char package[] = "That is in the folder of the sources: \"make deb\" makes the "
			      "package beside mmcgadget's.\n";

static enum exit_code overview(const struct options *o, const struct web_env *env)
{
	static const char *const active[] = {"systemctl", "is-active", "--quiet", SOCKET, NULL};
	bool installed = is_installed(env->root), password, daemon, listens;
	const char *next = "";
	json_t *answer;

	password = root_has(env->root, WEB_PASSWORD_FILE);
	daemon = root_has(env->root, "/run/mmcgadget/web");
	listens = installed && env->run(active, true) == 0;
	if (!installed)
		next = "sudo apt install ./build/deb/mmcgadget-web_*.deb";
	else if (!password)
		next = "sudo mmcgadgetctl web password";
	else if (!listens)
		next = "sudo systemctl enable --now " SOCKET;
	else if (!daemon)
		next = "sudo systemctl restart mmcgadgetd";
	answer = answer_ok("the web page is %s%s%s",
		!installed  ? "not installed"
		: !password ? "off: it has no password"
		: !listens  ? "off: nothing listens"
		: !daemon   ? "on, but the daemon has no socket for it"
			    : "on",
		*next ? "; next: " : "", next);
	json_object_set_new(answer, "installed", json_boolean(installed));
	json_object_set_new(answer, "password", json_boolean(password));
	json_object_set_new(answer, "listens", json_boolean(listens));
	json_object_set_new(answer, "daemon", json_boolean(daemon));
	json_object_set_new(answer, "next", json_string(next));
	say_done(o, answer);
	if (!o->json)
		fputs(installed ? lan : package, stdout);
	return EXIT_OK;
}

enum exit_code web_run(const struct options *o, const struct web_env *env)
{
	const char *what = o->count > 1 ? o->word[1] : "";

	if (o->drive || o->force)
		return usage(o);
	if (strcmp(what, "token") == 0)
		return say_end(token(o, env));
	if (o->count > 2)
		return usage(o);
	if (strcmp(what, "password") == 0)
		return say_end(set_password(o, env));
	if (strcmp(what, "logout-all") == 0)
		return say_end(log_out_all(o, env));
	return *what ? usage(o) : say_end(overview(o, env));
}
