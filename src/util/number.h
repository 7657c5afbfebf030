/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in texts of strangers. Any thread. */
#ifndef UTIL_NUMBER_H
#define UTIL_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Stores the number that the text is: decimal digits alone, as many as fit in 64 bits. False, and
 * *out is untouched, for everything else, also a sign or a blank.
 */
static inline bool number_parse(const char *text, uint64_t *out)
{
	uint64_t n = 0;

	if (*text == '\0')
		return false;
	for (; *text; text++) {
		unsigned digit = (unsigned)*text - '0';

		if (digit > 9 || n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

#endif
