// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/format_burn.h"

#include <inttypes.h>
#include <string.h>

#include "protocol/field.h"
#include "protocol/format_size.h"

/* An older daemon's "sessions" also counts the one that is open, or can be opened. */
uint64_t format_closed_sessions(const json_t *drive)
{
	uint64_t all = field_number(drive, "sessions");

	if (json_object_get(drive, "closed_sessions"))
		return field_number(drive, "closed_sessions");
	return all > 0 && strcmp(field_text(drive, "state"), "complete") != 0 ? all - 1 : all;
}

const char *format_burn_stage(const json_t *drive)
{
	const char *burn = field_text(drive, "burn");

	return strcmp(burn, "burning") == 0   ? "being burned"
	       : strcmp(burn, "cut-off") == 0 ? "burn cut off"
					      : "burn not finished";
}

const char *format_sessions(const json_t *drive, uint64_t least, char out[FORMAT_SESSIONS])
{
	uint64_t n = format_closed_sessions(drive);

	out[0] = '\0';
	if (n >= least)
		snprintf(out, FORMAT_SESSIONS, ", %" PRIu64 " session%s", n, n == 1 ? "" : "s");
	return out;
}

void format_burn(const json_t *drive, FILE *out)
{
	const json_t *silent = json_object_get(drive, "silent_seconds");
	const char *burn = field_text(drive, "burn");
	char time[16];

	if (strcmp(burn, "cut-off") == 0) {
		fprintf(out, "  %-10s the PC %s before the burn was finished; ", "burn",
			field_flag(json_object_get(drive, "host"), "connected")
				? "went to sleep"
				: "was disconnected");
	} else if (strcmp(burn, "waiting") == 0 && json_integer_value(silent) >= 0) {
		format_duration(field_number(drive, "silent_seconds"), time);
		fprintf(out,
			"  %-10s the PC has written nothing for %s: it pauses, or has given "
			"up; ",
			"burn", time);
	} else if (strcmp(burn, "waiting") == 0) {
		fprintf(out, "  %-10s it was begun earlier, and the PC has not gone on yet; ",
			"burn");
	} else {
		return;
	}
	fprintf(out, "to finish it: mmcgadgetctl close \"%s\"\n", field_text(drive, "image"));
}
