// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/format.h"

#include <inttypes.h>
#include <string.h>

#include "protocol/field.h"
#include "protocol/format_burn.h"
#include "protocol/format_faults.h"
#include "protocol/format_medium.h"
#include "protocol/format_size.h"
#include "protocol/format_stats.h"
#include "protocol/format_uploads.h"
#include "util/array.h"
#include "util/utf8.h"

#define BLOCK 2048u

const char *format_message(const json_t *answer)
{
	const char *s = field_text(answer, "message");

	return *s ? s : "?";
}

static void line_size(FILE *out, const char *label, uint64_t bytes)
{
	char human[16];

	format_size(bytes, human);
	fprintf(out, "  %-10s %" PRIu64 " bytes (%s)\n", label, bytes, human);
}

static void format_host(const json_t *drive, FILE *out)
{
	const json_t *host = json_object_get(drive, "host");

	if (!field_flag(host, "connected")) {
		fprintf(out, "  %-10s not connected\n", "host");
		return;
	}
	fprintf(out, "  %-10s connected, %s speed%s\n", "host", field_text(host, "speed"),
		field_flag(host, "suspended") ? ", asleep" : "");
}

/* A disc that has left the drive, and what can be done with it. */
static void format_unfinished(const json_t *drive, FILE *out)
{
	const char *image = field_text(drive, "unfinished");
	char size[16];

	if (!*image)
		return;
	format_size(field_number(drive, "unfinished_bytes"), size);
	fprintf(out,
		"  %-10s \"%s\" left the drive with %s recorded; insert it again to go on, or: "
		"mmcgadgetctl close \"%s\"\n",
		"unfinished", image, size, image);
}

/* The tracks of a compact disc, and the one that is being burned. */
static void format_cd(const json_t *drive, FILE *out)
{
	const json_t *cd = json_object_get(drive, "cd");
	char text[FORMAT_TRACKS];

	if (field_number(cd, "seconds") == 0)
		return;
	fprintf(out, "  %-10s %s", "tracks", format_tracks(cd, text));
	if (field_number(cd, "open_track"))
		fprintf(out, "; track %" PRIu64 " (%s) is being recorded",
			field_number(cd, "open_track"), field_text(cd, "open_kind"));
	fputc('\n', out);
}

/* Prints what is special about the disc. */
static void format_remarks(const json_t *drive, FILE *out)
{
	format_cd(drive, out);
	if (!field_flag(drive, "test_write"))
		format_burn(drive, out);
	if (field_flag(drive, "test_write"))
		fprintf(out, "  %-10s the host burns a test, the disc stays as it is\n", "test");
	if (*field_text(drive, "read_only"))
		fprintf(out, "  %-10s %s\n", "read-only", field_text(drive, "read_only"));
	if (*field_text(drive, "image_problem"))
		fprintf(out, "  %-10s %s\n", "problem", field_text(drive, "image_problem"));
	if (*field_text(drive, "folder_problem"))
		fprintf(out, "  %-10s %s\n", "folder", field_text(drive, "folder_problem"));
	if (*field_text(drive, "warning"))
		fprintf(out, "  %-10s %s\n", "warning", field_text(drive, "warning"));
}

static void format_disc(const json_t *drive, FILE *out)
{
	char free[FORMAT_AMOUNT];

	if (*field_text(drive, "image") == '\0')
		return;
	fprintf(out, "  %-10s %s\n", "image", field_text(drive, "image"));
	fprintf(out, "  %-10s %s\n", "path", field_text(drive, "path"));
	line_size(out, "size", field_number(drive, "size"));
	if (format_is_recordable(field_text(drive, "medium"))) {
		fprintf(out, "  %-10s %" PRIu64 " of %" PRIu64 " blocks\n", "recorded",
			field_number(drive, "recorded_blocks"),
			field_number(drive, "capacity_blocks"));
		if (*field_text(drive, "format_state"))
			fprintf(out, "  %-10s %s\n", "format", field_text(drive, "format_state"));
		if (format_is_recordable_cd(field_text(drive, "medium")))
			fprintf(out, "  %-10s %s\n", "free",
				format_amount(field_text(drive, "medium"),
					field_number(drive, "free_blocks"), free));
		else if (strcmp(field_text(drive, "state"), "rewritable") != 0)
			line_size(out, "free", field_number(drive, "free_blocks") * BLOCK);
	}
	if (field_number(drive, "sessions") > 1)
		fprintf(out, "  %-10s %" PRIu64 " closed, tracks %" PRIu64 "\n", "sessions",
			format_closed_sessions(drive), field_number(drive, "tracks"));
	format_remarks(drive, out);
}

/* The queue of burned discs. */
static void format_burned(const json_t *drive, FILE *out)
{
	const json_t *b = json_object_get(drive, "burned");
	const char *state = field_text(b, "state");

	if (strcmp(state, "verifying") == 0 || strcmp(state, "extracting") == 0)
		fprintf(out, "  %-10s %s %s, %" PRIu64 " %%\n", "burned", state,
			field_text(b, "image"), field_number(b, "percent"));
	else if (*state)
		fprintf(out, "  %-10s %s: %s\n", "burned", field_text(b, "image"), state);
	if (field_number(b, "waiting"))
		fprintf(out, "  %-10s %" PRIu64 " more waiting\n", "burned",
			field_number(b, "waiting"));
	if (*field_text(b, "problem"))
		fprintf(out, "  %-10s PROBLEM: %s\n", "burned", field_text(b, "problem"));
	else if (*field_text(b, "last"))
		fprintf(out, "  %-10s %s\n", "burned", field_text(b, "last"));
}

/* Prints the room on the card, if the object has it. */
static void format_room(const json_t *object, const char *label, FILE *out)
{
	uint64_t discs = field_number(object, "card_full_discs");
	char human[16];

	if (!json_object_get(object, "card_free_bytes"))
		return;
	if (field_flag(object, "card_read_only")) {
		fprintf(out, "%sread-only, nothing can be burned\n", label);
		return;
	}
	format_size(field_number(object, "card_free_bytes"), human);
	fprintf(out, "%s%s free, %" PRIu64 " full disc%s\n", label, human, discs,
		discs == 1 ? "" : "s");
}

static void format_drive(const json_t *drive, FILE *out)
{
	char title[FORMAT_MEDIUM];

	fprintf(out, "%s\n", field_text(drive, "name"));
	fprintf(out, "  %-10s %s\n", "medium", format_medium(field_text(drive, "medium"), title));
	fprintf(out, "  %-10s %s\n", "state", field_text(drive, "state"));
	format_disc(drive, out);
	format_unfinished(drive, out);
	fprintf(out, "  %-10s %s%s\n", "lock",
		field_flag(drive, "locked") ? "locked by the host" : "no",
		field_flag(drive, "eject_requested") ? ", the host is asked to eject" : "");
	if (*field_text(drive, "pending"))
		fprintf(out, "  %-10s %s\n", "pending", field_text(drive, "pending"));
	format_burned(drive, out);
	format_faults(drive, out);
	format_room(drive, "  card       ", out);
	format_host(drive, out);
	fprintf(out,
		"  %-10s %" PRIu64 " (%" PRIu64 " failed), %" PRIu64 " blocks read, %" PRIu64
		" written, %" PRIu64 " phase errors, %" PRIu64 " resets\n",
		"commands", field_number(drive, "commands"), field_number(drive, "errors"),
		field_number(drive, "blocks_read"), field_number(drive, "blocks_written"),
		field_number(drive, "phase_errors"), field_number(drive, "resets"));
}

/* ---- the everyday view of a drive ----------------------------------------------------------- */

/* The disc in one line: "blank DVD+R, 4.70 GB free". */
static void everyday_disc(const json_t *drive, FILE *out)
{
	const char *state = field_text(drive, "state"), *name = field_text(drive, "medium");
	char medium[FORMAT_WITH_STATE];
	char size[16], room[FORMAT_AMOUNT], burned[FORMAT_AMOUNT], all[FORMAT_AMOUNT];
	char sessions[FORMAT_SESSIONS];

	format_medium_state(drive, medium);
	format_amount(name, field_number(drive, "capacity_blocks"), all);
	format_size(field_number(drive, "size"), size);
	format_amount(name, field_number(drive, "free_blocks"), room);
	format_amount(name, field_number(drive, "recorded_blocks"), burned);
	fprintf(out, "  %-10s ", "disc");
	if (strcmp(state, "empty") == 0)
		fputs("none", out);
	else if (strcmp(state, "blank") == 0)
		fprintf(out, "blank %s, %s free", medium, room);
	else if (strcmp(state, "rewritable") == 0)
		fprintf(out, "%s, %s of %s written", medium, burned, all);
	else if (strcmp(state, "open") == 0)
		fprintf(out, "%s, %s, %s recorded, %s free", medium, format_burn_stage(drive),
			burned, room);
	else if (strcmp(state, "appendable") == 0)
		fprintf(out, "appendable %s%s, %s recorded, %s free", medium,
			format_sessions(drive, 1, sessions), burned, room);
	else
		fprintf(out, "%s%s, %s%s", medium, format_sessions(drive, 2, sessions), size,
			strcmp(state, "ejected") == 0
				? ", ejected by the PC: it is in the open tray"
				: "");
	fputc('\n', out);
}

static void everyday_drive(const json_t *drive, FILE *out)
{
	fprintf(out, "%s\n", field_text(drive, "name"));
	everyday_disc(drive, out);
	if (*field_text(drive, "image"))
		fprintf(out, "  %-10s %s\n", "image", field_text(drive, "path"));
	format_remarks(drive, out);
	format_unfinished(drive, out);
	if (field_flag(drive, "locked"))
		fprintf(out, "  %-10s the PC has locked the drive%s\n", "lock",
			field_flag(drive, "eject_requested") ? ", it is asked to eject" : "");
	if (*field_text(drive, "pending"))
		fprintf(out, "  %-10s %s\n", "pending", field_text(drive, "pending"));
	format_room(drive, "  card       ", out);
	format_burned(drive, out);
	format_faults(drive, out);
	format_host(drive, out);
}

static void format_functions(const json_t *functions, FILE *out)
{
	const json_t *each;
	size_t i;

	if (json_array_size(functions) > 0)
		fputs("functions\n", out);
	json_array_foreach(functions, i, each)
	{
		fprintf(out, "  %-10s %s", field_text(each, "type"),
			*field_text(each, "node") ? field_text(each, "node") : "not there yet");
		if (*field_text(each, "board_mac"))
			fprintf(out, ", MAC %s here, %s at the host", field_text(each, "board_mac"),
				field_text(each, "host_mac"));
		fputc('\n', out);
	}
}

/* ---- list --------------------------------------------------------------------------------- */

#define COLUMNS   4u
#define NARROWEST 16u /* columns of a name that is cut */
#define WIDEST    40u /* characters; a longer text shifts the rest of its own row only */

/* The cells of a row that are padded; the drives follow them. */
struct row {
	const char *name, *label;
	char kind[128], size[16];
};

/*
 * True if the text begins or ends with a blank or has two in a row: it could be taken for several
 * cells of the row, so it is shown in quotes.
 */
static bool needs_quotes(const char *s)
{
	const char *end = s + strlen(s);
	bool blank = false, last = true;
	size_t len;
	uint32_t c;

	for (; s < end && (len = utf8_decode(s, (size_t)(end - s), &c)) > 0; s += len) {
		blank = utf8_is_blank(c);
		if (blank && last)
			return true;
		last = blank;
	}
	return blank;
}

/* Columns on a terminal. The text is valid, as every answer is. */
static size_t width(const char *s)
{
	const char *end = s + strlen(s);
	size_t n = 0, len;
	uint32_t c;

	for (; s < end && (len = utf8_decode(s, (size_t)(end - s), &c)) > 0; s += len)
		n += utf8_columns(c);
	return n;
}

/* Columns of a cell, with its quotes. */
static size_t cell_width(const char *s)
{
	return width(s) + (needs_quotes(s) ? 2 : 0);
}

/* Adds "1 data and 12 audio tracks, 53:21" to what the disc is. */
static void add_tracks(const json_t *image, char *out, size_t size)
{
	const json_t *tracks = json_object_get(image, "tracks");
	size_t n = strlen(out);
	char text[FORMAT_TRACKS];

	if (tracks)
		snprintf(out + n, size - n, ", %s", format_tracks(tracks, text));
}

static void format_kind(const json_t *image, char *out, size_t size)
{
	const char *kind = field_text(image, "kind"), *medium = field_text(image, "medium");
	uint64_t sessions = field_number(image, "sessions");
	char title[FORMAT_WITH_STATE];

	/* A daemon that is older than the client names no medium. */
	if (*medium)
		format_medium_state(image, title);
	else
		format_medium(strcmp(kind, "iso") == 0 ? "dvd-rom" : "dvd+r", title);
	if (strcmp(kind, "blank") == 0)
		snprintf(out, size, "blank %s", title);
	else if (strcmp(kind, "copying") == 0)
		snprintf(out, size, "being copied");
	else if (strcmp(kind, "cd") == 0)
		snprintf(out, size, "%s", title);
	else if (strcmp(kind, "unknown") == 0)
		snprintf(out, size, "no volume found");
	else if (strcmp(kind, "unreadable") == 0)
		snprintf(out, size, "cannot be read");
	else if (strcmp(kind, "open") == 0)
		snprintf(out, size, "%s, burn not finished", title);
	else if (strcmp(kind, "appendable") == 0)
		snprintf(out, size, "appendable %s, %" PRIu64 " session%s", title, sessions,
			sessions == 1 ? "" : "s");
	else if (sessions > 1)
		snprintf(out, size, "%s, %" PRIu64 " sessions", title, sessions);
	else
		snprintf(out, size, "%s", title);
	add_tracks(image, out, size);
}

static void make_row(const json_t *image, struct row *r)
{
	const json_t *label = json_object_get(image, "label");

	r->name = field_text(image, "name");
	r->label = !json_is_string(label)        ? "?"
		   : *field_text(image, "label") ? field_text(image, "label")
						 : "-";
	format_kind(image, r->kind, sizeof(r->kind));
	format_size(field_number(image, "size"), r->size);
}

static void pad(FILE *out, const char *s, size_t to, bool right)
{
	const char *quote = needs_quotes(s) ? "\"" : "";
	size_t n = cell_width(s);

	fprintf(out, "%*s%s%s%s%*s  ", right && n < to ? (int)(to - n) : 0, "", quote, s, quote,
		!right && n < to ? (int)(to - n) : 0, "");
}

/*
 * Prints a text that is wider than `to` with "..." in place of its middle, as its end tells apart
 * what begins alike.
 */
static void put_middle_cut(FILE *out, const char *s, size_t to)
{
	size_t head = (to - 3) / 2, tail = to - 3 - head, at = 0, all = width(s), len;
	const char *end = s + strlen(s);
	bool dots = false;
	uint32_t c;

	for (; s < end && (len = utf8_decode(s, (size_t)(end - s), &c)) > 0; s += len) {
		at += utf8_columns(c);
		if (at <= head || at > all - tail) {
			fwrite(s, 1, len, out);
		} else if (!dots) {
			fputs("...", out);
			dots = true;
		}
	}
}

static void put_name(FILE *out, const char *name, size_t to, size_t most)
{
	if (most == 0 || cell_width(name) <= most) {
		pad(out, name, to, false);
		return;
	}
	put_middle_cut(out, name, most);
	fputs("  ", out);
}

/* most: columns for the name, 0 = as many as it has. */
static void put_row(FILE *out, const struct row *r, const size_t w[COLUMNS], size_t most)
{
	put_name(out, r->name, w[0], most);
	pad(out, r->label, w[1], false);
	pad(out, r->kind, w[2], false);
	pad(out, r->size, w[3], true);
}

static void widen(const struct row *r, size_t w[COLUMNS])
{
	const char *const cell[COLUMNS] = {r->name, r->label, r->kind, r->size};

	for (size_t i = 0; i < COLUMNS; i++) {
		size_t n = cell_width(cell[i]);

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
	/* The column of the kind says already that an image cannot be read. */
	if (json_is_false(json_object_get(image, "insertable")) &&
		strcmp(field_text(image, "kind"), "unreadable") != 0)
		fputs("  (cannot be inserted)", out);
	if (field_flag(image, "damaged"))
		fputs("  (DAMAGED: the card returned other data than was burned)", out);
	if (*field_text(image, "problem"))
		fprintf(out, "  (read-only: %s)", field_text(image, "problem"));
	/* The column of the kind says already that no volume was found. */
	if (*field_text(image, "remark") &&
		strcmp(field_text(image, "remark"), "no volume found") != 0)
		fprintf(out, "  (%s)", field_text(image, "remark"));
	fputc('\n', out);
}

/* Prints below the list what it leaves out. */
static void format_left_out(const json_t *answer, FILE *out)
{
	uint64_t unread = field_number(answer, "labels_unread"),
		 unnamed = field_number(answer, "unnamed"),
		 unfinished = field_number(answer, "unfinished");
	const json_t *states = json_object_get(answer, "states"), *each;
	size_t i;

	json_array_foreach(states, i, each)
	{
		const char *state = json_string_value(each);

		fprintf(out,
			"(%s is the state of a disc, and its image is not there; rename the image "
			"back, or delete the state: mmcgadgetctl delete \"%.*s\")\n",
			state, (int)(strlen(state) - strlen(".mmcdisc")), state);
	}
	if (unfinished)
		fprintf(out, "(files that are still being copied, by their suffix: %" PRIu64 ")\n",
			unfinished);
	if (unread)
		fprintf(out, "(labels not read yet: %" PRIu64 "; ask again)\n", unread);
	if (unnamed)
		fprintf(out,
			"(names that no command can hold, too long, not UTF-8 or with control "
			"characters: %" PRIu64 ")\n",
			unnamed);
	if (field_flag(answer, "more"))
		fputs("(there are more, which are not shown)\n", out);
	if (json_array_size(json_object_get(answer, "images")) > 0)
		format_room(answer, "card: ", out);
}

/* Returns the columns that are left for names on a terminal; 0: as many as they have. */
static size_t name_room(const size_t w[COLUMNS], unsigned terminal)
{
	size_t others = w[1] + w[2] + w[3] + 2 * COLUMNS + strlen("drive0");

	if (terminal == 0)
		return 0;
	return terminal > others + NARROWEST ? terminal - others : NARROWEST;
}

static void format_list(const json_t *answer, unsigned terminal, FILE *out)
{
	const json_t *images = json_object_get(answer, "images"), *each;
	struct row head = {.name = "NAME", .label = "LABEL", .kind = "KIND", .size = "SIZE"}, r;
	size_t w[COLUMNS] = {0}, i, most;

	widen(&head, w);
	json_array_foreach(images, i, each)
	{
		make_row(each, &r);
		widen(&r, w);
	}
	most = name_room(w, terminal);
	w[0] = most ? MIN(w[0], most) : w[0];
	put_row(out, &head, w, most);
	fputs("DRIVE\n", out);
	json_array_foreach(images, i, each)
	{
		make_row(each, &r);
		put_row(out, &r, w, most);
		put_drives(out, each);
	}
}

/* ---- the whole answer --------------------------------------------------------------------- */

bool format_details(const json_t *answer, FILE *out)
{
	return format_view(answer, &(const struct format_view){.everyday = false}, out);
}

/* Returns where the host of a software controller is; "": it is no such controller. */
static const char *host_of(const char *udc)
{
	if (strncmp(udc, "dummy_udc.", strlen("dummy_udc.")) == 0)
		return "; this PC is its own host";
	if (strncmp(udc, "usbip-vudc.", strlen("usbip-vudc.")) == 0)
		return "; its host is at the other end of a network";
	return "";
}

bool format_view(const json_t *answer, const struct format_view *view, FILE *out)
{
	const json_t *drives = json_object_get(answer, "drives");
	const json_t *images = json_object_get(answer, "images");
	const json_t *verbs = json_object_get(answer, "verbs");
	const json_t *each;
	size_t i;

	if (drives) {
		const char *udc = field_text(answer, "udc");

		fprintf(out, "mmcgadgetd %s, %s%s%s\n", field_text(answer, "version"),
			*udc ? "on controller " : "not on any USB controller", udc, host_of(udc));
		if (*field_text(answer, "problem"))
			fprintf(out, "  %-10s %s\n", "problem", field_text(answer, "problem"));
		json_array_foreach(drives, i, each)
		{
			if (view->everyday)
				everyday_drive(each, out);
			else
				format_drive(each, out);
		}
		format_functions(json_object_get(answer, "functions"), out);
	}
	if (json_object_get(answer, "faults")) {
		fprintf(out, "%s\n", format_message(answer));
		format_faults(answer, out);
	}
	if (json_array_size(images) > 0)
		format_list(answer, view->width, out);
	format_left_out(answer, out);
	json_array_foreach(verbs, i, each)
		fprintf(out, "%-40s %s\n", field_text(each, "synopsis"), field_text(each, "help"));
	return format_stats(answer, out) || format_uploads(answer, out) || drives ||
	       json_array_size(images) > 0 || verbs || json_object_get(answer, "faults");
}
