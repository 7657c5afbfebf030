// SPDX-License-Identifier: GPL-2.0-or-later
/* The output of watch: rates computed from counters, as a line, as JSON and on a terminal. */
#include "ctl/watch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/answer.h"
#include "protocol/field.h"
#include "protocol/format_medium.h"
#include "protocol/format_size.h"
#include "util/array.h"
#include "util/utf8.h"

#define BLOCK           2048u
#define AUDIO           2352u /* bytes of a sector of an audio track */
#define BAR             30u
#define ESTIMATE_MIN_US 2000000u /* of a burn before its end is estimated */

static const char *activity_name(enum watch_activity a)
{
	static const char *const names[] = {"idle", "reading", "burning", "test-burning"};

	return names[a];
}

/* ---- counters ------------------------------------------------------------------------------ */

static void add_sample(struct watch_drive *w, const struct watch_sample *s)
{
	const struct watch_sample *newest = w->count ? &w->sample[w->count - 1] : NULL;

	/* Counters only go back when a new daemon counts from 0. */
	if (newest && (s->read < newest->read || s->written < newest->written))
		w->count = 0;
	if (w->count == WATCH_SAMPLES)
		memmove(&w->sample[0], &w->sample[1], --w->count * sizeof(w->sample[0]));
	w->sample[w->count++] = *s;
}

/*
 * Returns the bytes of the blocks that are read. What is read of a disc with audio and data tracks
 * is not known.
 */
static unsigned read_block(const json_t *drive)
{
	const json_t *cd = json_object_get(drive, "cd");

	return field_number(cd, "audio") > 0 && field_number(cd, "data") == 0 ? AUDIO : BLOCK;
}

static double rate(uint64_t blocks, unsigned block, uint64_t us)
{
	return us ? (double)blocks * block / 1000.0 / ((double)us / 1e6) : 0;
}

void watch_take(struct watch_drive *w, const json_t *drive, uint64_t us, struct watch_view *v)
{
	struct watch_sample now = {.us = us,
		.read = field_number(drive, "blocks_read"),
		.written = field_number(drive, "blocks_written")};
	const struct watch_sample *old, *last;
	bool testing = field_flag(drive, "test_write");
	/* On a CD, the kind of the track that is being burned decides. */
	unsigned block = strcmp(field_text(json_object_get(drive, "cd"), "open_kind"), "audio") == 0
				 ? AUDIO
				 : BLOCK;
	uint64_t took;

	add_sample(w, &now);
	old = &w->sample[0];
	last = &w->sample[w->count > 1 ? w->count - 2 : 0];
	took = now.us - old->us;
	*v = (struct watch_view){.read_kb = rate(now.read - old->read, read_block(drive), took),
		.write_kb = rate(now.written - old->written, block, took),
		.recorded = field_number(drive, "recorded_blocks"),
		.nwa = field_number(drive, "nwa"),
		.capacity = field_number(drive, "capacity_blocks"),
		.unsynced = field_number(drive, "unsynced_blocks"),
		.end = field_number(drive, "burn_end"),
		.seconds = -1};
	/* The drive is active if a counter rose since the last sample; the first has none before
	 * it. */
	if (now.written > last->written || (w->count == 1 && field_flag(drive, "writing")))
		v->activity = testing ? WATCH_TESTING : WATCH_BURNING;
	else if (now.read > last->read)
		v->activity = WATCH_READING;
	/* Otherwise the pause would lower the rates of what comes after it. */
	if (v->activity == WATCH_IDLE) {
		v->read_kb = v->write_kb = 0;
		w->sample[0] = now;
		w->count = 1;
	}
	if (v->activity >= WATCH_BURNING && v->end > v->nwa && v->write_kb > 0 &&
		took >= ESTIMATE_MIN_US)
		v->seconds = (double)(v->end - v->nwa) * block / 1000.0 / v->write_kb;
}

/* ---- output ------------------------------------------------------------------------------- */

/* Writes "dvd+r, open, holiday.iso"; the format state and the image only if there is one. */
static void put_disc(const json_t *drive, FILE *out)
{
	fprintf(out, "%s, %s", field_text(drive, "medium"), field_text(drive, "state"));
	if (*field_text(drive, "format_state"))
		fprintf(out, ", %s", field_text(drive, "format_state"));
	if (strcmp(field_text(drive, "burn"), "cut-off") == 0)
		fputs(", burn cut off", out);
	if (*field_text(drive, "image"))
		fprintf(out, ", %s", field_text(drive, "image"));
}

/* Writes ", track 3 (audio)": the one of a CD that is being recorded. */
static void put_track(const json_t *drive, FILE *out)
{
	const json_t *cd = json_object_get(drive, "cd");

	if (field_number(cd, "open_track"))
		fprintf(out, ", track %" PRIu64 " (%s)", field_number(cd, "open_track"),
			field_text(cd, "open_kind"));
}

/* The most important comes first, as a narrow terminal shows the beginning only. */
static void put_progress(const json_t *drive, const struct watch_view *v, FILE *out)
{
	const char *medium = field_text(drive, "medium");
	char human[FORMAT_AMOUNT], left[16];

	put_track(drive, out);
	if (v->activity >= WATCH_BURNING)
		fprintf(out, ", %.0f kB/s", v->write_kb);
	if (v->activity == WATCH_READING)
		fprintf(out, ", %.0f kB/s", v->read_kb);
	if (v->seconds >= 0) {
		format_duration((uint64_t)(v->seconds + 0.5), left);
		fprintf(out, ", %s left", left);
	}
	if (format_is_recordable(medium)) {
		format_amount(medium, v->recorded, human);
		fprintf(out, ", %" PRIu64 " blocks (%s) recorded", v->recorded, human);
	}
	if (v->end && v->nwa <= v->end) {
		format_amount(medium, v->end, human);
		fprintf(out, " of %s", human);
	}
}

/* Writes how much data a power cut would lose. */
static void put_unsynced(const json_t *drive, const struct watch_view *v, FILE *out)
{
	char human[FORMAT_AMOUNT];

	if (!v->unsynced)
		return;
	format_amount(field_text(drive, "medium"), v->unsynced, human);
	fprintf(out, ", %s not on the card yet", human);
}

/* A disc that left unfinished, and what others did to the image or to the media folder. */
static void put_problem(const json_t *drive, FILE *out)
{
	static const char *const member[] = {"image_problem", "folder_problem"};

	if (*field_text(drive, "unfinished"))
		fprintf(out, ", NOT FINISHED: %s", field_text(drive, "unfinished"));
	for (size_t i = 0; i < ARRAY_LEN(member); i++) {
		if (*field_text(drive, member[i]))
			fprintf(out, ", PROBLEM: %s", field_text(drive, member[i]));
	}
}

enum part { HEAD = 1, PROGRESS = 2, CARD = 4, PROBLEM = 8 };

/* Returns the text of the parts, which the caller frees; NULL: no memory. */
static char *make_text(const json_t *drive, const struct watch_view *v, unsigned parts)
{
	char *line = NULL;
	size_t size;
	FILE *f = open_memstream(&line, &size);

	if (!f)
		return NULL;
	if (parts & HEAD) {
		fprintf(f, "%s: %s, ", field_text(drive, "name"), activity_name(v->activity));
		put_disc(drive, f);
	}
	if (parts & PROGRESS)
		put_progress(drive, v, f);
	if (parts & CARD)
		put_unsynced(drive, v, f);
	if (parts & PROBLEM)
		put_problem(drive, f);
	fclose(f);
	return line;
}

char *watch_line(const json_t *drive, const struct watch_view *v)
{
	return make_text(drive, v, HEAD | PROGRESS | CARD | PROBLEM);
}

json_t *watch_json(const json_t *drive, const struct watch_view *v)
{
	static const char *const copied[] = {"medium", "state", "format_state", "image", "sessions",
		"closed_sessions", "tracks", "cd", "burn", "silent_seconds", "recorded_blocks",
		"capacity_blocks", "unsynced_blocks", "blocks_read", "blocks_written", "locked",
		"unfinished", "image_problem", "folder_problem"};
	json_t *o = json_object();

	json_object_set_new(o, "format", json_integer(ANSWER_FORMAT));
	json_object_set_new(o, "drive", json_string(field_text(drive, "name")));
	json_object_set_new(o, "activity", json_string(activity_name(v->activity)));
	for (size_t i = 0; i < ARRAY_LEN(copied); i++) {
		json_t *value = json_object_get(drive, copied[i]);

		if (value)
			json_object_set(o, copied[i], value);
	}
	json_object_set_new(o, "read_kb_s", json_integer((json_int_t)v->read_kb));
	json_object_set_new(o, "write_kb_s", json_integer((json_int_t)v->write_kb));
	if (v->end)
		json_object_set_new(o, "burn_end", json_integer((json_int_t)v->end));
	if (v->seconds >= 0)
		json_object_set_new(o, "seconds_left", json_integer((json_int_t)v->seconds));
	return o;
}

/* Prints at most width columns of s, and clears the rest of the terminal's line. */
static void put_cut(const char *s, unsigned width, FILE *out)
{
	const char *end = s + strlen(s);
	size_t len;
	uint32_t c;

	for (; s < end; s += len) {
		len = utf8_decode(s, (size_t)(end - s), &c);
		if (len == 0 || utf8_columns(c) > width)
			break;
		width -= utf8_columns(c);
		fwrite(s, 1, len, out);
	}
	fputs("\033[K\n", out);
}

static void put_bar(const struct watch_view *v, unsigned width, FILE *out)
{
	unsigned filled = (unsigned)((double)v->nwa * BAR / (double)v->end);
	char bar[BAR + 16], *p = bar;

	*p++ = '[';
	for (unsigned i = 0; i < BAR; i++)
		*p++ = i < filled ? '#' : '.';
	snprintf(p, 8, "] %3u %%", (unsigned)((double)v->nwa * 100 / (double)v->end));
	put_cut(bar, width, out);
}

/* Prints a part on a line of its own if it is not empty. Returns the lines printed. */
static unsigned draw_part(
	const json_t *drive, const struct watch_view *v, enum part part, unsigned width, FILE *out)
{
	char *line = make_text(drive, v, part);
	unsigned lines = line && *line;

	if (lines) {
		if (part != HEAD)
			line[0] = ' '; /* in place of the comma after the part before */
		put_cut(line, width, out);
	}
	free(line);
	return lines;
}

unsigned watch_draw(const json_t *drive, const struct watch_view *v, unsigned width, FILE *out)
{
	bool bar = v->end && v->nwa <= v->end;
	unsigned lines = draw_part(drive, v, HEAD, width, out);

	lines += draw_part(drive, v, PROGRESS, width, out);
	lines += draw_part(drive, v, CARD, width, out);
	lines += draw_part(drive, v, PROBLEM, width, out);
	if (bar)
		put_bar(v, width, out);
	return lines + bar;
}
