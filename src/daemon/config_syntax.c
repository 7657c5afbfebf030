// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libconfig reports nearly every mistake as "syntax error" or "duplicate setting name" in a line,
 * and no more. This file looks for the causes that are most common, in the order of the text: the
 * first one is reported.
 */
#include "daemon/config_syntax.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FILE_MAX   (256u * 1024u)
#define NAMES_MAX  512u
#define DEPTH_MAX  16u
#define NAME_BYTES 48u

enum kind { END, NAME, STRING, OTHER }; /* OTHER: a number, or one character */

struct token {
	enum kind kind;
	char c; /* of OTHER, the first character */
	const char *text;
	size_t size;
	unsigned line;
};

/* A group or list that is open. */
struct scope {
	unsigned number; /* all scopes have different numbers */
	char c;
	unsigned line;
	char name[NAME_BYTES]; /* "" for an entry of a list */
};

struct scan {
	const char *at;
	unsigned line;
	bool want_twice; /* look also for a setting that is set twice */
	struct scope scope[DEPTH_MAX];
	unsigned depth, scopes;
	struct {
		unsigned scope, line;
		const char *text;
		size_t size;
	} name[NAMES_MAX];
	unsigned names;
	/* What was found: its line, 0 = nothing. */
	unsigned found;
	char what[256];
};

/* Keeps the first fault that is found. */
__attribute__((format(printf, 3, 4))) static void find(
	struct scan *s, unsigned line, const char *fmt, ...)
{
	va_list ap;

	if (s->found)
		return;
	s->found = line;
	va_start(ap, fmt);
	vsnprintf(s->what, sizeof(s->what), fmt, ap);
	va_end(ap);
}

/* ---- tokens ------------------------------------------------------------------------------- */

static bool skip_comment(struct scan *s)
{
	/* "@include" takes a line, too. */
	if (*s->at == '#' || *s->at == '@' || (s->at[0] == '/' && s->at[1] == '/')) {
		s->at += strcspn(s->at, "\n");
		return true;
	}
	if (s->at[0] != '/' || s->at[1] != '*')
		return false;
	for (s->at += 2; *s->at && !(s->at[0] == '*' && s->at[1] == '/'); s->at++)
		s->line += *s->at == '\n';
	s->at += *s->at ? 2 : 0;
	return true;
}

static void read_string(struct scan *s)
{
	s->at++;
	for (; *s->at && *s->at != '"'; s->at++) {
		s->line += *s->at == '\n';
		if (*s->at == '\\' && s->at[1])
			s->at++;
	}
	s->at += *s->at == '"';
}

static struct token next(struct scan *s)
{
	struct token t;

	while (*s->at && (isspace((unsigned char)*s->at) || skip_comment(s))) {
		if (isspace((unsigned char)*s->at)) {
			s->line += *s->at == '\n';
			s->at++;
		}
	}
	t = (struct token){.kind = END, .c = *s->at, .text = s->at, .line = s->line};
	if (*s->at == '\0')
		return t;
	if (*s->at == '"') {
		t.kind = STRING;
		read_string(s);
	} else if (isalpha((unsigned char)*s->at) || *s->at == '*') {
		t.kind = NAME;
		while (isalnum((unsigned char)*s->at) || (*s->at && strchr("-_*", *s->at)))
			s->at++;
	} else {
		t.kind = OTHER;
		if (isdigit((unsigned char)*s->at) || (*s->at && strchr("+-.", *s->at)))
			while (isalnum((unsigned char)s->at[1]) ||
				(s->at[1] && strchr("._", s->at[1])))
				s->at++;
		s->at++;
	}
	t.size = (size_t)(s->at - t.text);
	return t;
}

static struct token peek(const struct scan *s)
{
	struct scan copy = *s;

	return next(&copy);
}

static bool is(const struct token *t, const char *characters)
{
	return t->kind == OTHER && strchr(characters, t->c);
}

static bool is_word(const struct token *t, const char *word)
{
	return t->size == strlen(word) && strncasecmp(t->text, word, t->size) == 0;
}

/* ---- faults ------------------------------------------------------------------------------- */

/* Notes a name of the innermost scope, and looks whether the scope has it already. */
static void take_name(struct scan *s, const struct token *t)
{
	const struct scope *in = &s->scope[s->depth];

	for (unsigned i = 0; s->want_twice && i < s->names; i++) {
		if (s->name[i].scope == in->number && s->name[i].size == t->size &&
			memcmp(s->name[i].text, t->text, t->size) == 0)
			find(s, t->line,
				"\"%s%s%.*s\" is set twice, first in line %u; change it there",
				in->name, *in->name ? "." : "", (int)t->size, t->text,
				s->name[i].line);
	}
	if (s->names == NAMES_MAX)
		return;
	s->name[s->names].scope = in->number;
	s->name[s->names].line = t->line;
	s->name[s->names].text = t->text;
	s->name[s->names++].size = t->size;
}

static void open_scope(struct scan *s, const struct token *t, const struct token *name)
{
	struct scope *in;

	if (s->depth + 1 >= DEPTH_MAX)
		return;
	in = &s->scope[++s->depth];
	in->number = ++s->scopes;
	in->c = t->c;
	in->line = t->line;
	in->name[0] = '\0';
	if (name && t->c == '{')
		snprintf(in->name, sizeof(in->name), "%.*s", (int)name->size, name->text);
}

static void close_scope(struct scan *s, const struct token *t)
{
	char opener = t->c == '}' ? '{' : t->c == ')' ? '(' : '[';
	const struct scope *in = &s->scope[s->depth];

	if (s->depth == 0)
		find(s, t->line, "nothing is open that this \"%c\" could close", t->c);
	else if (in->c != opener)
		find(s, t->line, "the \"%c\" of line %u must be closed before this \"%c\"", in->c,
			in->line, t->c);
	else
		s->depth--;
}

/* A value that is a word. */
static void check_word(struct scan *s, const struct token *t)
{
	static const char *const yes[] = {"yes", "on", "no", "off", "enabled", "disabled"};

	if (is_word(t, "true") || is_word(t, "false"))
		return;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (is_word(t, yes[i]))
			find(s, t->line, "write true or false, without quotes");
	}
	find(s, t->line, "text needs quotes: \"%.*s\"", (int)t->size, t->text);
}

static void check_value(struct scan *s, const struct token *t)
{
	if (t->kind == STRING &&
		(memchr(t->text, '\n', t->size) || t->size < 2 || t->text[t->size - 1] != '"'))
		find(s, t->line, "a quote (\") is missing");
	else if (t->kind == NAME)
		check_word(s, t);
	else if (t->kind == END || is(t, ";,})]=:"))
		find(s, t->line, "there is no value");
}

/* Checks what follows a name. ":" and "=" are right; "." is there in behaviour.stall, say. */
static void check_name(struct scan *s, const struct token *t)
{
	struct token after = peek(s);

	if (is(&after, ":="))
		return;
	if (after.kind == OTHER && after.c == '.')
		find(s, t->line, "a key of a group is written %.*s: { %.*s = ...; };", (int)t->size,
			t->text, (int)(after.size - 1), after.text + 1);
	else
		find(s, t->line, "after \"%.*s\" a \"=\" is missing, or a quote before it",
			(int)t->size, t->text);
}

/* Two strings in a row are one for libconfig. */
static void check_all(struct scan *s)
{
	struct token before = {.kind = END}, name = {.kind = END}, t;

	while (!s->found && (t = next(s)).kind != END) {
		bool value = is(&before, ":=") || s->scope[s->depth].c == '(' ||
			     s->scope[s->depth].c == '[';

		if (is(&t, "{([")) {
			if (s->scope[s->depth].c == '[')
				find(s, t.line, "such a list is written in ( ), not in [ ]");
			if (s->scope[s->depth].c == '(' && is(&before, "})]"))
				find(s, t.line, "a \",\" is missing before this \"%c\"", t.c);
			open_scope(s, &t, is(&before, ":=") ? &name : NULL);
		} else if (is(&t, "})]")) {
			if (is(&before, "=:"))
				find(s, t.line, "there is no value");
			close_scope(s, &t);
		} else if (value && !is(&t, ",")) {
			check_value(s, &t);
		} else if (t.kind == NAME) {
			check_name(s, &t);
			take_name(s, &t);
			name = t;
		} else if (t.kind == STRING && before.kind != STRING) {
			find(s, t.line, "there is no key before this text, or a quote too many");
		}
		before = t;
	}
	if (is(&before, "=:"))
		find(s, before.line, "there is no value");
	if (s->depth > 0)
		find(s, s->scope[s->depth].line, "this \"%c\" is never closed",
			s->scope[s->depth].c);
}

/* ---- the file ----------------------------------------------------------------------------- */

bool config_skip_mark(FILE *file)
{
	unsigned char mark[3];
	size_t n = fread(mark, 1, sizeof(mark), file);

	if (n == 3 && memcmp(mark, "\xef\xbb\xbf", 3) == 0)
		return true;
	rewind(file);
	return !(n >= 2 && (memcmp(mark, "\xff\xfe", 2) == 0 || memcmp(mark, "\xfe\xff", 2) == 0));
}

static char *read_all(const char *path)
{
	char *text = malloc(FILE_MAX + 1);
	FILE *file = fopen(path, "re");
	size_t n = 0;

	if (text && file) {
		config_skip_mark(file);
		n = fread(text, 1, FILE_MAX, file);
	}
	if (text)
		text[n] = '\0';
	if (file)
		fclose(file);
	return text;
}

/* Returns the text of a line without blanks around it, and its size. */
static const char *line_text(const char *text, unsigned line, size_t *size)
{
	for (; line > 1 && *text; line--) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	text += strspn(text, " \t");
	*size = strcspn(text, "\r\n");
	while (*size > 0 && isspace((unsigned char)text[*size - 1]))
		--*size;
	return text;
}

void config_explain(const char *path, unsigned line, const char *text, char *why, size_t size)
{
	struct scan *s = calloc(1, sizeof(*s));
	char *all = read_all(path);
	const char *quoted = "";
	bool syntax = strcmp(text, "syntax error") == 0;
	size_t n = 0;

	snprintf(why, size, "%s:%u: %s", path, line, text);
	if (s && all) {
		s->at = all;
		s->line = 1;
		s->want_twice = strstr(text, "duplicate") != NULL;
		if (s->want_twice || syntax)
			check_all(s);
		if (s->found)
			line = s->found;
		quoted = line_text(all, line, &n);
	}
	if (s && s->found && s->want_twice)
		snprintf(why, size, "%s:%u: %s", path, line, s->what);
	else if (s && s->found)
		snprintf(why, size, "%s:%u: syntax error: %s: %.*s", path, line, s->what,
			(int)(n < 80 ? n : 80), quoted);
	else if (s && all && syntax)
		snprintf(why, size,
			"%s:%u: syntax error here or in the line before (a quote, a comma or a "
			"bracket too few or too many?): %.*s",
			path, line, (int)(n < 80 ? n : 80), quoted);
	free(all);
	free(s);
}
