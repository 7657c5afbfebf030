// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/range.h"

#include <string.h>
#include <strings.h>

/* Takes digits at *p, and leaves *p after them. False: there are none, or too many. */
static bool digits(const char **p, uint64_t *out)
{
	size_t n = strspn(*p, "0123456789");

	*out = 0;
	if (n == 0 || n > 18)
		return false;
	for (; n > 0; n--)
		*out = *out * 10 + (uint64_t)(*(*p)++ - '0');
	return true;
}

bool range_number(const char *text, uint64_t *out)
{
	return digits(&text, out) && *text == '\0';
}

/* "-N": the last N bytes. */
static enum range_result suffix(const char *p, uint64_t size, uint64_t *from, uint64_t *len)
{
	if (!digits(&p, len) || *p != '\0')
		return RANGE_ALL;
	if (*len == 0 || size == 0)
		return RANGE_OUTSIDE;
	if (*len > size)
		*len = size;
	*from = size - *len;
	return RANGE_PART;
}

enum range_result range_of(const char *value, uint64_t size, uint64_t *from, uint64_t *len)
{
	static const char unit[] = "bytes=";
	uint64_t last = UINT64_MAX;
	const char *p;

	if (!value || strncasecmp(value, unit, strlen(unit)) != 0)
		return RANGE_ALL;
	p = value + strlen(unit);
	if (*p == '-')
		return suffix(p + 1, size, from, len);
	if (!digits(&p, from) || *p++ != '-')
		return RANGE_ALL;
	if (*p != '\0' && (!digits(&p, &last) || *p != '\0' || last < *from))
		return RANGE_ALL;
	if (*from >= size)
		return RANGE_OUTSIDE;
	if (last >= size)
		last = size - 1;
	*len = last - *from + 1;
	return RANGE_PART;
}

bool range_content(const char *value, uint64_t *from, uint64_t *len, uint64_t *total)
{
	static const char unit[] = "bytes ";
	uint64_t last;
	const char *p;

	if (strncasecmp(value, unit, strlen(unit)) != 0)
		return false;
	p = value + strlen(unit);
	if (!digits(&p, from) || *p++ != '-' || !digits(&p, &last) || *p++ != '/' ||
		!digits(&p, total) || *p != '\0' || last < *from || last >= *total)
		return false;
	*len = last - *from + 1;
	return true;
}

bool range_tag_matches(const char *list, const char *tag, bool weak)
{
	size_t n = strlen(tag);

	for (const char *p = list; *p;) {
		bool is_weak;

		p += strspn(p, " \t,");
		if (*p == '*')
			return true;
		is_weak = p[0] == 'W' && p[1] == '/';
		p += is_weak ? 2 : 0;
		if ((weak || !is_weak) && strncmp(p, tag, n) == 0 && strchr(" \t,", p[n]))
			return true;
		if (*p == '"') {
			p = strchr(p + 1, '"');
			if (!p)
				return false;
			p++;
		} else {
			p += strcspn(p, ",");
		}
	}
	return false;
}
