// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/format.h"

#include <inttypes.h>
#include <string.h>

#include "util/array.h"

#define BLOCK 2048u

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static uint64_t number(const json_t *object, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(object, key));

	return n > 0 ? (uint64_t)n : 0;
}

static bool flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

const char *format_message(const json_t *answer)
{
	const char *s = text(answer, "message");

	return *s ? s : "?";
}

void format_size(uint64_t bytes, char out[16])
{
	static const char *const unit[] = {"kB", "MB", "GB", "TB"};
	double value = (double)bytes / 1000.0;
	size_t i = 0;

	if (bytes < 1000) {
		snprintf(out, 16, "%" PRIu64 " bytes", bytes);
		return;
	}
	for (; value >= 999.995 && i + 1 < ARRAY_LEN(unit); i++)
		value /= 1000.0;
	snprintf(out, 16, "%.2f %s", value, unit[i]);
}

static void line_size(FILE *out, const char *label, uint64_t bytes)
{
	char human[16];

	format_size(bytes, human);
	fprintf(out, "  %-10s %" PRIu64 " bytes (%s)\n", label, bytes, human);
}

static const char *medium_name(const char *medium)
{
	static const struct {
		const char *key, *name;
	} names[] = {{"none", "none"}, {"dvd-rom", "DVD-ROM"}, {"dvd+r", "DVD+R"}};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(names[i].key, medium) == 0)
			return names[i].name;
	}
	return medium;
}

static void format_host(const json_t *drive, FILE *out)
{
	const json_t *host = json_object_get(drive, "host");

	if (!flag(host, "connected")) {
		fprintf(out, "  %-10s not connected\n", "host");
		return;
	}
	fprintf(out, "  %-10s connected, %s speed%s\n", "host", text(host, "speed"),
		flag(host, "suspended") ? ", asleep" : "");
}

static void format_disc(const json_t *drive, FILE *out)
{
	if (*text(drive, "image") == '\0')
		return;
	fprintf(out, "  %-10s %s\n", "image", text(drive, "image"));
	fprintf(out, "  %-10s %s\n", "path", text(drive, "path"));
	line_size(out, "size", number(drive, "size"));
	if (strcmp(text(drive, "medium"), "dvd+r") == 0) {
		fprintf(out, "  %-10s %" PRIu64 " of %" PRIu64 " blocks\n", "recorded",
			number(drive, "recorded_blocks"), number(drive, "capacity_blocks"));
		line_size(out, "free", number(drive, "free_blocks") * BLOCK);
	}
	if (number(drive, "sessions") > 1)
		fprintf(out, "  %-10s %" PRIu64 ", tracks %" PRIu64 "\n", "sessions",
			number(drive, "sessions"), number(drive, "tracks"));
	if (flag(drive, "test_write"))
		fprintf(out, "  %-10s the host burns a test, the disc stays as it is\n", "test");
	if (*text(drive, "read_only"))
		fprintf(out, "  %-10s %s\n", "read-only", text(drive, "read_only"));
	if (*text(drive, "warning"))
		fprintf(out, "  %-10s %s\n", "warning", text(drive, "warning"));
}

static void format_drive(const json_t *drive, FILE *out)
{
	fprintf(out, "%s\n", text(drive, "name"));
	fprintf(out, "  %-10s %s\n", "medium", medium_name(text(drive, "medium")));
	fprintf(out, "  %-10s %s\n", "state", text(drive, "state"));
	format_disc(drive, out);
	fprintf(out, "  %-10s %s%s\n", "lock", flag(drive, "locked") ? "locked by the host" : "no",
		flag(drive, "eject_requested") ? ", the host is asked to eject" : "");
	if (*text(drive, "pending"))
		fprintf(out, "  %-10s %s\n", "pending", text(drive, "pending"));
	format_host(drive, out);
	fprintf(out,
		"  %-10s %" PRIu64 " (%" PRIu64 " failed), %" PRIu64 " blocks read, %" PRIu64
		" written, %" PRIu64 " phase errors, %" PRIu64 " resets\n",
		"commands", number(drive, "commands"), number(drive, "errors"),
		number(drive, "blocks_read"), number(drive, "blocks_written"),
		number(drive, "phase_errors"), number(drive, "resets"));
}

static void format_image(const json_t *image, FILE *out)
{
	const json_t *drives = json_object_get(image, "loaded_in");
	const char *kind = text(image, "kind");
	uint64_t sessions = number(image, "sessions");
	char human[16];
	const json_t *name;
	size_t i;

	format_size(number(image, "size"), human);
	fprintf(out, "%12s  %s", strcmp(kind, "blank") == 0 ? "blank" : human, text(image, "name"));
	if (strcmp(kind, "open") == 0)
		fputs("  (burn not finished)", out);
	else if (strcmp(kind, "appendable") == 0)
		fprintf(out, "  (appendable, %" PRIu64 " session%s)", sessions,
			sessions == 1 ? "" : "s");
	else if (sessions > 1)
		fprintf(out, "  (%" PRIu64 " sessions)", sessions);
	if (*text(image, "problem"))
		fprintf(out, "  (read-only: %s)", text(image, "problem"));
	json_array_foreach(drives, i, name)
		fprintf(out, "%s%s", i == 0 ? "  <- " : ", ", json_string_value(name));
	fputc('\n', out);
}

bool format_details(const json_t *answer, FILE *out)
{
	const json_t *drives = json_object_get(answer, "drives");
	const json_t *images = json_object_get(answer, "images");
	const json_t *verbs = json_object_get(answer, "verbs");
	const json_t *each;
	size_t i;

	if (drives) {
		const char *udc = text(answer, "udc");

		fprintf(out, "mmcgadgetd %s, %s%s\n", text(answer, "version"),
			*udc ? "on controller " : "not on any USB controller", udc);
		json_array_foreach(drives, i, each) format_drive(each, out);
	}
	json_array_foreach(images, i, each) format_image(each, out);
	json_array_foreach(verbs, i, each)
		fprintf(out, "%-40s %s\n", text(each, "synopsis"), text(each, "help"));
	return drives || images || verbs;
}
