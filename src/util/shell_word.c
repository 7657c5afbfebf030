// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/shell_word.h"

#include <string.h>

/* Adds text after the n bytes that out has. False: it does not fit. */
static bool add(char *out, size_t size, size_t *n, const char *text)
{
	size_t len = strlen(text);

	if (*n + len >= size)
		return false;
	memcpy(out + *n, text, len + 1);
	*n += len;
	return true;
}

bool shell_word(const char *word, char *out, size_t size)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+-:@%,";
	bool is_plain = *word && word[strspn(word, plain)] == '\0';
	size_t n = 0;
	bool fits = add(out, size, &n, is_plain ? word : "'");

	for (; fits && !is_plain && *word; word++) {
		const char one[] = {*word, '\0'};

		/* A single quote ends the quotes; after a backslash it stands for itself. */
		fits = add(out, size, &n, *word == '\'' ? "'\\''" : one);
	}
	fits = fits && (is_plain || add(out, size, &n, "'"));
	if (!fits && size > 0)
		out[0] = '\0';
	return fits;
}
