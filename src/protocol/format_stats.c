// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/format_stats.h"

#include <inttypes.h>
#include <string.h>

#include "protocol/field.h"
#include "protocol/format_size.h"

/* Writes "850 us", from 10 ms on "12 ms", from 10 s on "13.4 s". */
static void format_latency(uint64_t us, char out[16])
{
	if (us < 10000)
		snprintf(out, 16, "%" PRIu64 " us", us);
	else if (us < 10000000)
		snprintf(out, 16, "%" PRIu64 " ms", us / 1000);
	else
		snprintf(out, 16, "%.1f s", (double)us / 1e6);
}

static void format_command(const json_t *c, FILE *out)
{
	char bytes[16], median[16], p99[16], max[16];

	format_size(field_number(c, "bytes"), bytes);
	format_latency(field_number(c, "median_us"), median);
	format_latency(field_number(c, "p99_us"), p99);
	format_latency(field_number(c, "max_us"), max);
	fprintf(out, "  %-29s %9" PRIu64 " %6" PRIu64 " %11s %8s %8s %8s\n",
		field_text(c, "command"), field_number(c, "count"), field_number(c, "errors"),
		field_number(c, "bytes") ? bytes : "-", median, p99, max);
}

static void format_drive(const json_t *d, FILE *out)
{
	const char *name = json_string_value(json_object_get(d, "name")), *key;
	const json_t *commands = json_object_get(d, "per_command"), *each;
	json_t *keys = json_object_get(d, "sense_keys"), *value;
	uint64_t seconds = field_number(d, "seconds");
	char in[16], from[16];
	bool first = true;
	size_t i;

	format_size(field_number(d, "bytes_in"), in);
	format_size(field_number(d, "bytes_out"), from);
	fprintf(out, "%s, in %" PRIu64 ":%02u:%02u\n", name ? name : "?", seconds / 3600,
		(unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
	fprintf(out, "  %-10s %" PRIu64 ", %" PRIu64 " failed, %" PRIu64 " without a status\n",
		"commands", field_number(d, "commands"), field_number(d, "failed"),
		field_number(d, "aborted"));
	fprintf(out, "  %-10s %s to the host, %s from it\n", "data", in, from);
	fprintf(out,
		"  %-10s %" PRIu64 " inserted, %" PRIu64 " removed, %" PRIu64 " eject requests\n",
		"discs", field_number(d, "inserted"), field_number(d, "ejected"),
		field_number(d, "eject_requests"));
	fprintf(out,
		"  %-10s %" PRIu64 " bus resets, %" PRIu64 " Bulk-Only resets, %" PRIu64
		" phase errors, %" PRIu64 " invalid CBWs, %" PRIu64 " transfer errors\n",
		"usb", field_number(d, "bus_resets"), field_number(d, "resets"),
		field_number(d, "phase_errors"), field_number(d, "invalid_cbws"),
		field_number(d, "transfer_errors"));
	json_object_foreach(keys, key, value)
	{
		fprintf(out, "%s%s %" JSON_INTEGER_FORMAT, first ? "  failed     " : ", ", key,
			json_integer_value(value));
		first = false;
	}
	if (!first)
		fputc('\n', out);
	if (json_array_size(commands) == 0)
		return;
	fprintf(out, "  %-29s %9s %6s %11s %8s %8s %8s\n", "COMMAND", "COUNT", "ERRORS", "DATA",
		"MEDIAN", "99 %", "MAX");
	json_array_foreach(commands, i, each) format_command(each, out);
}

bool format_stats(const json_t *answer, FILE *out)
{
	const json_t *stats = json_object_get(answer, "stats"), *each;
	size_t i;

	json_array_foreach(stats, i, each) format_drive(each, out);
	return json_array_size(stats) > 0;
}
