/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words of a line of the control language: separated by spaces or tabs, or "quoted words" with \"
 * and \\ inside. A word like key=value is an option unless it starts with a quote, so that a file
 * called a=b.iso can be named.
 */
#ifndef PROTOCOL_WORDS_H
#define PROTOCOL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Bytes of a line, without its newline. PIPE_BUF is as large, so that lines of several writers to
 * the FIFO do not mix, except a line of all 4096 bytes, whose newline is one byte more.
 */
#define WORDS_LINE_MAX 4096u
#define WORDS_MAX      8u

struct words {
	unsigned count;
	struct word {
		char *text; /* points into the line */
		bool quoted;
	} word[WORDS_MAX];
};

/* True if the text is valid in lines and answers: UTF-8 without control characters. */
bool words_text_ok(const char *text, size_t len);

/* Makes text valid in that sense, in place: a byte that is not becomes "?", as does each byte of a
 * control character. */
void words_make_valid(char *text);

/* Makes text valid and fit to be shown, in place: see utf8_clean(). */
void words_clean(char *text);

/*
 * Splits line (len bytes, line[len] must be writable) in place. Drops a carriage return at
 * the end. Returns NULL, or what is wrong with the line.
 */
const char *words_split(char *line, size_t len, struct words *w);

/*
 * Splits "key=value" in place: returns the value, and the word's text becomes the key. NULL:
 * the word is not an option.
 */
char *words_option(struct word *word);

/* Appends a space and text as a quoted word to out. False: out (size bytes) is too small. */
bool words_quote(char *out, size_t size, const char *text);

#endif
