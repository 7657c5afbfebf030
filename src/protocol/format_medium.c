// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/format_medium.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

const char *format_medium(const char *medium, char out[FORMAT_MEDIUM])
{
	size_t n = strlen(medium);

	snprintf(out, FORMAT_MEDIUM, "%s", medium);
	if (strcmp(medium, "none") == 0)
		return out;
	for (char *p = out; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	if (ends_with(medium, "-dl") && n < FORMAT_MEDIUM)
		out[n - strlen("-dl")] = ' ';
	return out;
}

bool format_is_recordable(const char *medium)
{
	return strcmp(medium, "none") != 0 && !ends_with(medium, "rom");
}
