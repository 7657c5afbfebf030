/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control language, one line: words separated by blanks, "quoted words"
 * with \" and \\ inside. A word like key=value is an option unless it starts
 * with a quote, so that a file called a=b.iso can be named.
 */
#ifndef PROTOCOL_WORDS_H
#define PROTOCOL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define WORDS_LINE_MAX 4096u /* bytes, without the newline; PIPE_BUF keeps FIFO writers apart */
#define WORDS_MAX      8u

struct words {
	unsigned count;
	struct word {
		char *text; /* points into the line */
		bool quoted;
	} word[WORDS_MAX];
};

/* Text that may stand in a line, an answer or a terminal: UTF-8 without control characters. */
bool words_text_ok(const char *text, size_t len);

/* Makes text such, in place: what is not becomes "?". */
void words_clean(char *text);

/*
 * Splits line (len bytes, line[len] must be writable) in place. A carriage
 * return at the end is dropped. NULL, or what is wrong with the line.
 */
const char *words_split(char *line, size_t len, struct words *w);

/*
 * "key=value" apart, in place: the value, or NULL when the word is no option.
 * The word's text is the key afterwards.
 */
char *words_option(struct word *word);

/* Appends text to out as one quoted word, after a blank; false when out (size bytes) is too small.
 */
bool words_quote(char *out, size_t size, const char *text);

#endif
