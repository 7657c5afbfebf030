// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/format_medium.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "protocol/field.h"
#include "protocol/format_size.h"

#define BLOCK 2048u

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

const char *format_medium_state(const json_t *disc, char out[FORMAT_WITH_STATE])
{
	const char *format = field_text(disc, "format_state");
	const char *state = field_text(disc, json_object_get(disc, "state") ? "state" : "kind");
	char title[FORMAT_MEDIUM];

	format_medium(field_text(disc, "medium"), title);
	if (*format == '\0' || (strcmp(format, "unformatted") == 0 && strcmp(state, "blank") != 0))
		snprintf(out, FORMAT_WITH_STATE, "%s", title);
	else
		snprintf(out, FORMAT_WITH_STATE, "%s, %s", title, format);
	return out;
}

bool format_is_recordable(const char *medium)
{
	return strcmp(medium, "none") != 0 && !ends_with(medium, "rom");
}

bool format_is_recordable_cd(const char *medium)
{
	return strcmp(medium, "cd-r") == 0 || strcmp(medium, "cd-rw") == 0;
}

const char *format_amount(const char *medium, uint64_t blocks, char out[FORMAT_AMOUNT])
{
	if (format_is_recordable_cd(medium))
		snprintf(out, FORMAT_AMOUNT, "%u:%02u min", (unsigned)(blocks / 75 / 60),
			(unsigned)(blocks / 75 % 60));
	else
		format_size(blocks * BLOCK, out);
	return out;
}

const char *format_tracks(const json_t *cd, char out[FORMAT_TRACKS])
{
	unsigned audio = (unsigned)field_number(cd, "audio"),
		 data = (unsigned)field_number(cd, "data"),
		 seconds = (unsigned)field_number(cd, "seconds");
	const char *s = audio + data == 1 ? "" : "s";

	if (audio == 0 || data == 0)
		snprintf(out, FORMAT_TRACKS, "%u %s track%s, %u:%02u", audio + data,
			data == 0 ? "audio" : "data", s, seconds / 60, seconds % 60);
	else
		snprintf(out, FORMAT_TRACKS, "%u data and %u audio tracks, %u:%02u", data, audio,
			seconds / 60, seconds % 60);
	return out;
}
