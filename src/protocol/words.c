// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/words.h"

#include <stdint.h>
#include <string.h>

/* Length of the UTF-8 sequence at p, 0 if it is invalid (RFC 3629: surrogates, overlong forms). */
static size_t utf8_len(const unsigned char *p, size_t left)
{
	size_t n;
	uint32_t c, least;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		n = 2, least = 0x80, c = p[0] & 0x1fu;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		n = 3, least = 0x800, c = p[0] & 0x0fu;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		n = 4, least = 0x10000, c = p[0] & 0x07u;
	} else {
		return 0;
	}
	if (n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

/* True for C0, DEL and C1: 9Bh is CSI on many terminals. */
static bool is_control(const unsigned char *p)
{
	return p[0] < 0x20 || p[0] == 0x7f || (p[0] == 0xc2 && p[1] < 0xa0);
}

/* Returns what is wrong with text, NULL if it is valid. tab: a tab is valid, like a space. */
static const char *text_fault(const char *text, size_t len, bool tab)
{
	const unsigned char *p = (const unsigned char *)text;

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_len(p + i, len - i);
		if (n == 0)
			return "the line is not valid UTF-8";
		if (is_control(p + i) && !(p[i] == '\t' && tab))
			return "the line holds control characters";
	}
	return NULL;
}

bool words_text_ok(const char *text, size_t len)
{
	return !text_fault(text, len, false);
}

void words_clean(char *text)
{
	unsigned char *p = (unsigned char *)text;
	size_t len = strlen(text);

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_len(p + i, len - i);
		if (n > 0 && !is_control(p + i))
			continue;
		n = 1;
		p[i] = '?';
	}
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
			return "too many words";
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
