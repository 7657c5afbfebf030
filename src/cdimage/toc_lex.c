// SPDX-License-Identifier: GPL-2.0-or-later
#include "cdimage/toc_lex.h"

#include <string.h>

#include "util/array.h"

static void skip(struct toc_lex *l, size_t n)
{
	l->rest.at += n;
	l->rest.len -= n;
}

/* Skips blanks, commas, ends of lines, and comments. */
static void skip_blanks(struct toc_lex *l)
{
	while (l->rest.len > 0) {
		char c = l->rest.at[0];

		if (c == '\n') {
			l->r->line++;
		} else if (c == '/' && l->rest.len > 1 && l->rest.at[1] == '/') {
			const char *end = memchr(l->rest.at, '\n', l->rest.len);

			skip(l, end ? (size_t)(end - l->rest.at) : l->rest.len);
			continue;
		} else if (c != ' ' && c != '\t' && c != '\r' && c != ',') {
			return;
		}
		skip(l, 1);
	}
}

/* True for a character that ends a word. */
static bool ends_word(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == '{' ||
	       c == '}' || c == '"';
}

void toc_lex_next(struct toc_lex *l)
{
	size_t n = 0;

	skip_blanks(l);
	l->word = (struct slice){l->rest.at, 0};
	if (l->rest.len == 0) {
		l->token = TOC_END;
	} else if (l->rest.at[0] == '{' || l->rest.at[0] == '}') {
		l->token = l->rest.at[0] == '{' ? TOC_OPEN : TOC_CLOSE;
		l->word.len = 1;
		skip(l, 1);
	} else if (l->rest.at[0] == '"') {
		skip(l, 1);
		while (n < l->rest.len && l->rest.at[n] != '"') {
			/* What follows a backslash is text, be it a quote or the end of a line. */
			n += l->rest.at[n] == '\\' && n + 1 < l->rest.len;
			l->r->line += l->rest.at[n++] == '\n';
		}
		l->token = TOC_STRING;
		l->word = (struct slice){l->rest.at, n};
		skip(l, n + (n < l->rest.len));
	} else {
		while (n < l->rest.len && !ends_word(l->rest.at[n]))
			n++;
		l->token = TOC_WORD;
		l->word.len = n;
		skip(l, n);
	}
}

void toc_lex_begin(struct toc_lex *l, struct reading *r)
{
	*l = (struct toc_lex){.r = r, .rest = r->text};
	r->line = 1;
	toc_lex_next(l);
}

bool toc_lex_take(struct toc_lex *l, const char *word)
{
	if (l->token != TOC_WORD || !slice_is(l->word, word))
		return false;
	toc_lex_next(l);
	return true;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

struct slice toc_lex_string(struct slice s, char out[TOC_STRING_MAX])
{
	size_t n = 0;

	if (s.len == 0 || !memchr(s.at, '\\', s.len))
		return (struct slice){s.at, MIN(s.len, TOC_STRING_MAX)};
	for (size_t i = 0; i < s.len && n < TOC_STRING_MAX; i++) {
		char c = s.at[i];

		if (c == '\\' && i + 3 < s.len && is_octal(s.at[i + 1]) && is_octal(s.at[i + 2]) &&
			is_octal(s.at[i + 3])) {
			c = (char)((s.at[i + 1] - '0') << 6 | (s.at[i + 2] - '0') << 3 |
				   (s.at[i + 3] - '0'));
			i += 3;
		} else if (c == '\\' && i + 1 < s.len) {
			c = s.at[++i];
		}
		out[n++] = c;
	}
	return (struct slice){out, n};
}
