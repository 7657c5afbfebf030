// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/fault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/own_verbs.h"
#include "protocol/verbs.h"

/* Replaces the words after the verb, except options, by action and, unless it is empty, text. */
static void put_words(struct options *o, char *action, char *text)
{
	unsigned count = 1;

	for (unsigned i = 2; i < o->count; i++) {
		if (o->literal[i] || !verb_is_option(o->word[i]))
			continue;
		o->word[++count] = o->word[i];
		o->literal[count] = false;
	}
	/* The text comes last, so that the options could move down. */
	o->word[1] = action;
	if (*text) {
		o->word[++count] = text;
		o->literal[count] = true;
	}
	o->count = count + 1;
}

/* Joins the words after "add" or "set" with blanks. False: there is no room. */
static bool join(const struct options *o, char *out, size_t room)
{
	size_t n = 0;

	for (unsigned i = 2; i < o->count && n < room; i++) {
		if (o->literal[i] || !verb_is_option(o->word[i]))
			n += (size_t)snprintf(
				out + n, room - n, "%s%s", n > 0 ? " " : "", o->word[i]);
	}
	return n < room;
}

/*
 * Reads a file as one line: faults, with ";" in place of newlines, and without comments. NULL, or
 * what is wrong with the file.
 */
static const char *read_file(const char *path, char *out, size_t room)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	const char *why = NULL;
	bool comment = false;
	size_t n = 0;
	int c;

	while (f && n < room && (c = getc(f)) != EOF) {
		/* CR LF is one end of a line, and so is a CR alone. */
		if (c == '\r') {
			c = getc(f);
			if (c != '\n')
				ungetc(c, f);
			c = '\n';
		}
		comment = (comment || c == '#') && c != '\n';
		if (c == '\n')
			out[n++] = ';';
		else if (!comment)
			out[n++] = c == '\t' ? ' ' : (char)c;
	}
	if (!f || ferror(f))
		why = strerror(errno);
	else if (n == room)
		why = "the faults in it are too long for one command";
	else
		out[n] = '\0';
	/* The newline at the end begins no line. */
	if (!why && n > 0 && out[n - 1] == ';')
		out[n - 1] = '\0';
	if (f && f != stdin)
		fclose(f);
	return why;
}

static enum exit_code load(struct options *o, char *text, size_t room)
{
	static char set[] = "set";
	const char *file = NULL, *why;
	unsigned files = 0;

	for (unsigned i = 2; i < o->count; i++) {
		if (!o->literal[i] && verb_is_option(o->word[i]))
			continue;
		file = o->word[i];
		files++;
	}
	if (files != 1)
		return say_failure(o->json, EXIT_USAGE, "usage", "usage: %s", FAULT_LOAD_SYNOPSIS);
	why = read_file(file, text, room);
	if (why)
		return say_failure(o->json, EXIT_REFUSED, "io-error", "%s: %s", file, why);
	put_words(o, set, text);
	return EXIT_OK;
}

/* Puts the first word that is no option before all options. */
static void put_action_first(struct options *o)
{
	unsigned at = 1;
	char *action;

	while (at < o->count && !o->literal[at] && verb_is_option(o->word[at]))
		at++;
	if (at >= o->count)
		return;
	action = o->word[at];
	o->literal[1] = o->literal[at];
	for (; at > 1; at--) {
		o->word[at] = o->word[at - 1];
		o->literal[at] = false;
	}
	o->word[1] = action;
}

enum exit_code fault_words(struct options *o)
{
	static char text[WORDS_LINE_MAX - 256];
	const char *action;

	put_action_first(o);
	action = o->count > 1 ? o->word[1] : "";
	if (strcmp(action, "load") == 0)
		return load(o, text, sizeof(text));
	if (o->count < 3 || (strcmp(action, "add") != 0 && strcmp(action, "set") != 0))
		return EXIT_OK;
	if (o->dropped || !join(o, text, sizeof(text)))
		return say_failure(o->json, EXIT_USAGE, "usage", "the arguments are too long");
	/* Without a word, the daemon says what is missing. */
	if (*text)
		put_words(o, o->word[1], text);
	return EXIT_OK;
}
