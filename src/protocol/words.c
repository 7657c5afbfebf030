// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/words.h"

#include <stdint.h>
#include <string.h>

#include "util/utf8.h"

static const char control_characters[] = "the line holds control characters";

/* Returns what is wrong with text, NULL if it is valid. tab: a tab is valid, like a space. */
static const char *text_fault(const char *text, size_t len, bool tab)
{
	uint32_t c;

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_decode(text + i, len - i, &c);
		if (n == 0)
			return "the line is not valid UTF-8";
		if (utf8_is_control(c) && !(c == '\t' && tab))
			return control_characters;
	}
	return NULL;
}

bool words_text_ok(const char *text, size_t len)
{
	return !text_fault(text, len, false);
}

void words_make_valid(char *text)
{
	size_t len = strlen(text);
	uint32_t c;

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_decode(text + i, len - i, &c);
		if (n > 0 && !utf8_is_control(c))
			continue;
		n = n ? n : 1;
		memset(text + i, '?', n);
	}
}

void words_clean(char *text)
{
	utf8_clean(text);
}

/* Takes one word at *in and unquotes it in place, which only shortens it. NULL, or the fault. */
static const char *take_word(char **in, char *end, struct word *word)
{
	char *p = *in, *out = *in;
	bool quote = false;

	word->text = out;
	word->quoted = *p == '"';
	for (; p < end && (quote || (*p != ' ' && *p != '\t')); p++) {
		if (*p == '"') {
			quote = !quote;
			continue;
		}
		if (*p == '\t') /* inside quotes, where it separates no words */
			return control_characters;
		if (quote && *p == '\\') {
			if (p + 1 >= end || (p[1] != '"' && p[1] != '\\'))
				return "inside quotes a backslash stands before \" or \\ only";
			p++;
		}
		*out++ = *p;
	}
	if (quote)
		return "a quote is not closed";
	*in = p < end ? p + 1 : p;
	*out = '\0';
	return NULL;
}

const char *words_split(char *line, size_t len, struct words *w)
{
	const char *fault;
	char *p = line, *end;

	w->count = 0;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	fault = text_fault(line, len, true);
	if (fault)
		return fault;
	end = line + len;
	*end = '\0';
	for (;;) {
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (p == end)
			return NULL;
		if (w->count == WORDS_MAX)
			return "too many words; names with blanks need quotes";
		fault = take_word(&p, end, &w->word[w->count++]);
		if (fault)
			return fault;
	}
}

char *words_option(struct word *word)
{
	char *p = word->text;

	while (*p >= 'a' && *p <= 'z')
		p++;
	if (word->quoted || p == word->text || *p != '=')
		return NULL;
	*p = '\0';
	return p + 1;
}

bool words_quote(char *out, size_t size, const char *text)
{
	size_t n = strlen(out);

	if (n + 4 > size)
		return false;
	out[n++] = ' ';
	out[n++] = '"';
	for (; *text != '\0'; text++) {
		if (n + 4 > size)
			return false;
		if (*text == '"' || *text == '\\')
			out[n++] = '\\';
		out[n++] = *text;
	}
	out[n++] = '"';
	out[n] = '\0';
	return true;
}
