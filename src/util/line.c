// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/line.h"

#include <string.h>

bool line_take(const char **p, const char *word, char *out, size_t size)
{
	size_t n = strlen(word), len = strcspn(*p, "\n");

	if (strncmp(*p, word, n) != 0 || len < n || len - n >= size || (*p)[len] != '\n')
		return false;
	memcpy(out, *p + n, len - n);
	out[len - n] = '\0';
	*p += len + 1;
	return true;
}
