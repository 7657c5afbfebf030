/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Characters of UTF-8 text: valid or not, how wide on a terminal, and which may be shown. */
#ifndef UTIL_UTF8_H
#define UTIL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_MARKS_MAX 4u /* marks on one character that are shown; no language writes more */

/*
 * Decodes the character at p, of which `left` bytes (1 or more) may be read. Returns its length,
 * 0 if it is invalid (RFC 3629: also surrogates and overlong forms).
 */
size_t utf8_decode(const char *p, size_t left, uint32_t *c);

/*
 * Returns the length of the longest beginning of text, which is valid UTF-8, that has at most max
 * bytes and does not end within a character.
 */
size_t utf8_fit(const char *text, size_t max);

/* Returns the columns that c takes on a terminal: 0 for a mark on the character before it, 2 for
 * the wide characters of East Asia, otherwise 1. */
unsigned utf8_columns(uint32_t c);

/*
 * True for the control characters C0, DEL and C1: terminals obey them, a newline ends a line, and
 * U+009B introduces commands on many terminals.
 */
bool utf8_is_control(uint32_t c);

/*
 * True for a character that could make a text look like another one: control characters, those
 * that reverse the text around them (U+202E and its kin), that separate lines, or that nobody sees
 * (zero-width ones, tags, variation selectors, fillers: Default_Ignorable_Code_Point of Unicode),
 * and noncharacters.
 */
bool utf8_is_deceptive(uint32_t c);

/* True for characters that are seen as nothing but room: space, no-break space, and their kin. */
bool utf8_is_blank(uint32_t c);

/*
 * The walk over a text that decides what of it is shown to people. Everything that the daemon and
 * the client show of names, labels and commands passes through this one.
 */
struct utf8_shown {
	unsigned marks; /* on the character before */
	bool begun;     /* there is a character before */
};
enum utf8_verdict {
	UTF8_SHOW,
	UTF8_REPLACE, /* deceptive, invalid, a mark that begins the text, or the first mark too
			 many: show "?" */
	UTF8_DROP     /* a further mark too many */
};
/*
 * Judges the character at p, of which `left` bytes may be read; *w is 0 at the beginning of a text.
 * Writes its length to *len and the character to *c: of an invalid byte, 1 and U+FFFD.
 */
enum utf8_verdict utf8_judge(
	struct utf8_shown *w, const char *p, size_t left, size_t *len, uint32_t *c);

/* Makes text fit to be shown, in place: replaces or drops what utf8_judge() says. */
void utf8_clean(char *text);

#endif
