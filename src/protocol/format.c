// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/format.h"

#include <inttypes.h>
#include <string.h>

#include "protocol/field.h"
#include "util/array.h"

#define BLOCK 2048u

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

/* What becomes of the discs that were burned. */
static void format_burned(const json_t *drive, FILE *out)
{
	const json_t *b = json_object_get(drive, "burned");
	const char *state = text(b, "state");

	if (strcmp(state, "verifying") == 0)
		fprintf(out, "  %-10s verifying %s, %" PRIu64 " %%\n", "burned", text(b, "image"),
			number(b, "percent"));
	else if (*state)
		fprintf(out, "  %-10s %s: %s\n", "burned", text(b, "image"), state);
	if (number(b, "waiting"))
		fprintf(out, "  %-10s %" PRIu64 " more waiting\n", "burned", number(b, "waiting"));
	if (*text(b, "problem"))
		fprintf(out, "  %-10s PROBLEM: %s\n", "burned", text(b, "problem"));
	else if (*text(b, "last"))
		fprintf(out, "  %-10s %s\n", "burned", text(b, "last"));
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
	format_burned(drive, out);
	format_host(drive, out);
	fprintf(out,
		"  %-10s %" PRIu64 " (%" PRIu64 " failed), %" PRIu64 " blocks read, %" PRIu64
		" written, %" PRIu64 " phase errors, %" PRIu64 " resets\n",
		"commands", number(drive, "commands"), number(drive, "errors"),
		number(drive, "blocks_read"), number(drive, "blocks_written"),
		number(drive, "phase_errors"), number(drive, "resets"));
}

static void format_functions(const json_t *functions, FILE *out)
{
	const json_t *each;
	size_t i;

	if (json_array_size(functions) > 0)
		fputs("functions\n", out);
	json_array_foreach(functions, i, each)
	{
		fprintf(out, "  %-10s %s", text(each, "type"),
			*text(each, "node") ? text(each, "node") : "not there yet");
		if (*text(each, "board_mac"))
			fprintf(out, ", MAC %s here, %s at the host", text(each, "board_mac"),
				text(each, "host_mac"));
		fputc('\n', out);
	}
}

/* ---- list --------------------------------------------------------------------------------- */

#define COLUMNS 4u
#define WIDEST  40u /* a longer text moves its own row only */

/* What stands in a row; the last column is not padded. */
struct row {
	const char *name, *label;
	char kind[48], size[16];
};

/* As a terminal counts, if all characters are as wide as one of these. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void kind_of(const json_t *image, char *out, size_t size)
{
	const char *kind = text(image, "kind");
	uint64_t sessions = number(image, "sessions");

	if (strcmp(kind, "blank") == 0)
		snprintf(out, size, "blank DVD+R");
	else if (strcmp(kind, "open") == 0)
		snprintf(out, size, "DVD+R, burn not finished");
	else if (strcmp(kind, "appendable") == 0)
		snprintf(out, size, "appendable DVD+R, %" PRIu64 " session%s", sessions,
			sessions == 1 ? "" : "s");
	else if (sessions > 1)
		snprintf(out, size, "DVD-ROM, %" PRIu64 " sessions", sessions);
	else
		snprintf(out, size, "DVD-ROM");
}

static void make_row(const json_t *image, struct row *r)
{
	const json_t *label = json_object_get(image, "label");

	r->name = text(image, "name");
	r->label = !json_is_string(label)  ? "?"
		   : *text(image, "label") ? text(image, "label")
					   : "-";
	kind_of(image, r->kind, sizeof(r->kind));
	format_size(number(image, "size"), r->size);
}

static void pad(FILE *out, const char *s, size_t to, bool right)
{
	size_t n = width(s);

	fprintf(out, "%*s%s%*s  ", right && n < to ? (int)(to - n) : 0, "", s,
		!right && n < to ? (int)(to - n) : 0, "");
}

static void put_row(FILE *out, const struct row *r, const size_t w[COLUMNS])
{
	pad(out, r->name, w[0], false);
	pad(out, r->label, w[1], false);
	pad(out, r->kind, w[2], false);
	pad(out, r->size, w[3], true);
}

static void widen(const struct row *r, size_t w[COLUMNS])
{
	const char *const cell[COLUMNS] = {r->name, r->label, r->kind, r->size};

	for (size_t i = 0; i < COLUMNS; i++) {
		size_t n = width(cell[i]);

		if (n > w[i])
			w[i] = n < WIDEST ? n : WIDEST;
	}
}

static void put_drives(FILE *out, const json_t *image)
{
	const json_t *drives = json_object_get(image, "loaded_in"), *each;
	size_t i;

	if (json_array_size(drives) == 0)
		fputc('-', out);
	json_array_foreach(drives, i, each)
		fprintf(out, "%s%s", i == 0 ? "" : ",", json_string_value(each));
	if (json_is_false(json_object_get(image, "insertable")))
		fputs("  (cannot be inserted)", out);
	if (flag(image, "damaged"))
		fputs("  (DAMAGED: storage gave back other data than was burned)", out);
	if (*text(image, "problem"))
		fprintf(out, "  (read-only: %s)", text(image, "problem"));
	fputc('\n', out);
}

/* What is not in the list is said below it. */
static void format_left_out(const json_t *answer, FILE *out)
{
	uint64_t unread = number(answer, "labels_unread"), unnamed = number(answer, "unnamed");

	if (unread)
		fprintf(out, "(labels not read yet: %" PRIu64 "; ask again)\n", unread);
	if (unnamed)
		fprintf(out,
			"(names that no command can hold, too long, not UTF-8 or with control "
			"characters: %" PRIu64 ")\n",
			unnamed);
	if (flag(answer, "more"))
		fputs("(there are more, which are not shown)\n", out);
}

static void format_list(const json_t *answer, FILE *out)
{
	const json_t *images = json_object_get(answer, "images"), *each;
	struct row head = {.name = "NAME", .label = "LABEL", .kind = "KIND", .size = "SIZE"}, r;
	size_t w[COLUMNS] = {0}, i;

	widen(&head, w);
	json_array_foreach(images, i, each)
	{
		make_row(each, &r);
		widen(&r, w);
	}
	put_row(out, &head, w);
	fputs("DRIVE\n", out);
	json_array_foreach(images, i, each)
	{
		make_row(each, &r);
		put_row(out, &r, w);
		put_drives(out, each);
	}
}

/* ---- all ---------------------------------------------------------------------------------- */

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
		if (*text(answer, "problem"))
			fprintf(out, "  %-10s %s\n", "problem", text(answer, "problem"));
		json_array_foreach(drives, i, each) format_drive(each, out);
		format_functions(json_object_get(answer, "functions"), out);
	}
	if (json_array_size(images) > 0)
		format_list(answer, out);
	format_left_out(answer, out);
	json_array_foreach(verbs, i, each)
		fprintf(out, "%-40s %s\n", text(each, "synopsis"), text(each, "help"));
	return format_stats(answer, out) || drives || json_array_size(images) > 0 || verbs;
}
