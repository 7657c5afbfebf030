// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/ask.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/help.h"
#include "ctl/own_verbs.h"
#include "ctl/version_note.h"
#include "protocol/answer.h"
#include "protocol/field.h"
#include "protocol/format.h"
#include "protocol/verbs.h"
#include "version.h"

#define SLOW_MS 1000 /* after this time, the client prints what the daemon waits for */

/* ---- the line ------------------------------------------------------------------------------- */

static const struct verb *verb_of(const char *name)
{
	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (strcmp(verb_table[i].name, name) == 0)
			return &verb_table[i];
	}
	return NULL;
}

void ask_as_typed(const char *typed, const char *text, char *out, size_t size)
{
	static const char sent[] = "status: ", usage[] = " (usage: status ";
	const char *at = strstr(text, usage), *rest = at ? strchr(at, ')') : NULL;
	bool wait = strcmp(typed, WAIT_VERB) == 0;

	if ((!wait && strcmp(typed, WATCH_VERB) != 0) || strncmp(text, sent, strlen(sent)) != 0) {
		snprintf(out, size, "%s", text);
		return;
	}
	text += strlen(sent);
	if (rest)
		snprintf(out, size, "%s: %.*s (usage: %s%s", typed, (int)(at - text), text,
			wait ? WAIT_SYNOPSIS : WATCH_SYNOPSIS, rest);
	else
		snprintf(out, size, "%s: %s", typed, text);
}

/* Reports what is wrong with the line, as far as it can be found without the daemon. */
static enum exit_code check_line(const struct options *o, const char *line)
{
	char copy[ASK_LINE], why[512], shown[512];
	struct words words;
	struct verb_call call;
	const char *fault, *code;

	strcpy(copy, line);
	fault = words_split(copy, strlen(copy) - 1, &words);
	if (!fault && verb_parse(&words, NULL, &call, &code, why, sizeof(why)) == 0)
		return EXIT_OK;
	if (fault)
		return say_failure(o->json, EXIT_USAGE, "usage", "%s", fault);
	ask_as_typed(o->word[0], why, shown, sizeof(shown));
	return say_failure(o->json, EXIT_USAGE, "usage", "%s", shown);
}

/* The words of a line, before they are quoted. */
struct line_words {
	char *word[OPTIONS_WORDS + 3];
	bool literal[OPTIONS_WORDS + 3];
	int count;
};

static void add(struct line_words *l, char *word, bool literal)
{
	l->word[l->count] = word;
	l->literal[l->count++] = literal;
}

/*
 * A word after "--" is a name, even if it looks like an option, until there are as many names as
 * the verb takes: what follows can only be options of the command, such as drive=.
 */
static void add_arguments(struct line_words *l, const struct options *o, const struct verb *v)
{
	unsigned names = 0;

	for (unsigned i = 1; i < o->count; i++) {
		bool literal = o->literal[i] && names < v->max_args;

		names += literal || !verb_is_option(o->word[i]);
		add(l, o->word[i], literal);
	}
}

static bool has_keyword(const struct options *o, const char *keyword)
{
	for (unsigned i = 1; i < o->count; i++) {
		if (strcmp(o->word[i], keyword) == 0)
			return true;
	}
	return false;
}

enum exit_code ask_line(const struct options *o, const char *verb, char line[ASK_LINE])
{
	static char force[] = "force", force_option[] = "force=yes";
	const struct verb *v = verb_of(verb);
	struct line_words l = {.count = 0};
	char name[32], drive[WORDS_LINE_MAX], why[160];
	int r;

	if (!v) {
		verb_unknown(verb, help_own_verbs, why, sizeof(why));
		return say_failure(o->json, EXIT_USAGE, "usage", "%s", why);
	}
	snprintf(name, sizeof(name), "%s", verb);
	add(&l, name, false);
	add_arguments(&l, o, v);
	if (o->force && v->keyword && strcmp(v->keyword, force) == 0) {
		if (!has_keyword(o, force))
			add(&l, force, false);
	} else if (o->force && (v->options & VERB_OPT_FORCE)) {
		add(&l, force_option, false);
	} else if (o->force) {
		return say_failure(
			o->json, EXIT_USAGE, "usage", "%s: there is nothing to force", verb);
	}
	if (o->drive) {
		snprintf(drive, sizeof(drive), "drive=%s", o->drive);
		add(&l, drive, false);
	}
	r = client_line(l.count, l.word, l.literal, line, ASK_LINE);
	if (r < 0)
		return say_failure(o->json, EXIT_USAGE, "usage", "the arguments %s",
			r == -E2BIG ? "are too long" : "hold control characters or are not UTF-8");
	return check_line(o, line);
}

/* ---- the connection ------------------------------------------------------------------------- */

/* True if the user has joined the group, although this login does not know it yet. */
static bool has_joined(const char *group, const struct passwd *user)
{
	const struct group *g = getgrnam(group);

	for (char **member = g ? g->gr_mem : NULL; user && member && *member; member++) {
		if (strcmp(*member, user->pw_name) == 0)
			return true;
	}
	return false;
}

/* Explains what to type against "permission denied". */
static enum exit_code say_no_permission(const struct options *o)
{
	const struct passwd *user = getpwuid(getuid());
	char group[64];

	client_group(o->socket, group, sizeof(group));
	if (*group == '\0' || strcmp(group, "root") == 0)
		return say_failure(o->json, EXIT_NO_PERMISSION, "no-permission",
			"%s: permission denied; only root may use it: put sudo before this command",
			o->socket);
	if (has_joined(group, user))
		return say_failure(o->json, EXIT_NO_PERMISSION, "no-permission",
			"%s: permission denied; %s is in the group %s, but logged in before: log "
			"out and in again, or: newgrp %s",
			o->socket, user->pw_name, group, group);
	return say_failure(o->json, EXIT_NO_PERMISSION, "no-permission",
		"%s: permission denied; join the group %s: sudo usermod -aG %s %s, then log out "
		"and "
		"in again; or put sudo before this command",
		o->socket, group, group, user ? user->pw_name : "\"$USER\"");
}

int ask_connect(const struct options *o, enum exit_code *code)
{
	int fd = client_connect(o->socket, o->wait);

	if (fd >= 0)
		return fd;
	if (fd == -EACCES)
		*code = say_no_permission(o);
	else if (fd == -ENOENT || fd == -ECONNREFUSED || fd == -ENOTDIR)
		*code = say_failure(o->json, EXIT_NO_DAEMON, "no-daemon",
			"no daemon listens at %s; start it: sudo systemctl start mmcgadgetd; "
			"mmcgadgetctl doctor says what is missing",
			o->socket);
	else
		*code = say_failure(
			o->json, EXIT_REFUSED, "io-error", "%s: %s", o->socket, strerror(-fd));
	return -1;
}

int ask_status(const char *socket, double wait, int ms, json_t **status)
{
	int r, fd = client_connect(socket, wait);
	char *text = NULL;

	*status = NULL;
	if (fd < 0)
		return fd;
	r = client_send(fd, "status\n");
	if (r == 0 && !client_soon(fd, ms))
		r = -ETIMEDOUT;
	if (r == 0)
		r = client_receive(fd, &text);
	if (r == 0)
		*status = json_loads(text, 0, NULL);
	free(text);
	close(fd);
	return r;
}

/* A slow answer mostly waits for the host: prints what the daemon is waiting for. */
static void print_pending(const struct options *o)
{
	json_t *answer = NULL, *shown, *drive;
	size_t i;

	ask_status(o->socket, 0, SLOW_MS, &answer);
	shown = answer_shown(answer);
	json_array_foreach(json_object_get(shown, "drives"), i, drive)
	{
		if (*field_text(drive, "pending"))
			fprintf(stderr, "mmcgadgetctl: %s: %s\n", field_text(drive, "name"),
				field_text(drive, "pending"));
	}
	json_decref(shown);
	json_decref(answer);
}

/* ---- the answer ----------------------------------------------------------------------------- */

/* Returns the columns of the terminal that standard output is, 0 if it is none. */
static unsigned terminal_width(void)
{
	struct winsize w;

	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

/*
 * Prints an error. If no image has the name, but a file of the current directory has it, the user
 * may not know that discs come from the media folder.
 */
static void print_error(const struct options *o, const json_t *answer)
{
	const char *code = field_text(answer, "code");
	bool here =
		o->count > 1 && strcmp(code, "no-such-image") == 0 && access(o->word[1], F_OK) == 0;

	fprintf(stderr, "mmcgadgetctl: %s%s\n", format_message(answer),
		here ? "; the file of that name in this directory must be copied there first" : "");
}

static void print_answer(const struct options *o, const json_t *answer)
{
	const struct format_view view = {.everyday = !o->verbose, .width = terminal_width()};
	char note[256];

	if (!format_view(answer, &view, stdout))
		printf("%s%s\n", format_message(answer),
			json_is_false(json_object_get(answer, "host_awake"))
				? " (no PC is connected, or it is asleep)"
				: "");
	if (version_note(answer, note, sizeof(note)))
		puts(note);
}

/* Shows the text that the daemon sent, and frees it. */
static enum exit_code show(const struct options *o, char *text)
{
	json_t *answer = json_loads(text, 0, NULL), *shown = answer_shown(answer);
	enum exit_code code = EXIT_REFUSED;

	if (!json_is_object(shown)) {
		say_failure(o->json, code, "io-error", "the daemon's answer cannot be read");
	} else {
		if (answer_is_ok(shown))
			code = EXIT_OK;
		else if (json_object_get(shown, "usage"))
			code = EXIT_USAGE;
		if (o->json) {
			text = answer_escape(text);
			puts(text ? text : "");
		} else if (code != EXIT_OK) {
			print_error(o, shown);
		} else {
			print_answer(o, shown);
		}
	}
	json_decref(shown);
	json_decref(answer);
	free(text);
	return say_end(code);
}

enum exit_code ask(const struct options *o, const char *line)
{
	enum exit_code code;
	int r, fd = ask_connect(o, &code);
	char *text;

	if (fd < 0)
		return code;
	r = client_send(fd, line);
	if (r == 0 && !client_soon(fd, SLOW_MS) && !o->json)
		print_pending(o);
	if (r == 0)
		r = client_receive(fd, &text);
	close(fd);
	if (r < 0)
		return say_failure(o->json, EXIT_NO_DAEMON, "no-daemon", "%s",
			r == -EPIPE ? "the daemon hung up without an answer" : strerror(-r));
	return show(o, text);
}
