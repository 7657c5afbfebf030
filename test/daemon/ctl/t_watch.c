// SPDX-License-Identifier: GPL-2.0-or-later
/* The rates and times that "mmcgadgetctl watch" computes from the daemon's counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/watch.h"

static struct watch_drive drive;
static struct watch_view view;

static json_t *status(unsigned read, unsigned written, unsigned burn_end)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "name",
		"drive0", "medium", "dvd+r", "state", "open", "image", "a.iso", "blocks_read",
		(int)read, "blocks_written", (int)written, "recorded_blocks", (int)written, "nwa",
		(int)written, "capacity_blocks", 2295104, "unsynced_blocks", 500, "burn_end",
		(int)burn_end);
}

static json_t *sample(unsigned second, unsigned read, unsigned written, unsigned burn_end)
{
	json_t *o = status(read, written, burn_end);

	watch_take(&drive, o, second * (uint64_t)1000000, &view);
	return o;
}

static void take_sample(unsigned second, unsigned read, unsigned written, unsigned burn_end)
{
	json_decref(sample(second, read, written, burn_end));
}

static int setup(void **state)
{
	(void)state;
	memset(&drive, 0, sizeof(drive));
	return 0;
}

static void a_burn_shows_rate_and_time_left(void **state)
{
	json_t *o, *json;
	char *line;

	(void)state;
	take_sample(10, 0, 0, 0);
	assert_int_equal(view.activity, WATCH_IDLE);
	take_sample(11, 0, 1000, 11000);
	assert_int_equal(view.activity, WATCH_BURNING);
	/* One second is too short to estimate the end. */
	assert_true(view.write_kb == 2048.0 && view.seconds < 0);
	o = sample(12, 0, 2000, 11000);
	assert_true(view.write_kb == 2048.0 && view.seconds == 9.0);
	line = watch_line(o, &view);
	assert_string_equal(line, "drive0: burning, dvd+r, open, a.iso, 2048 kB/s, 0:09 left, "
				  "2000 blocks (4.10 MB) recorded of 22.53 MB, "
				  "1.02 MB not on the card yet");
	json = watch_json(o, &view);
	assert_int_equal(json_integer_value(json_object_get(json, "seconds_left")), 9);
	assert_int_equal(json_integer_value(json_object_get(json, "write_kb_s")), 2048);
	json_decref(json);
	json_decref(o);
	free(line);
}

static void an_unknown_end_is_not_shown(void **state)
{
	json_t *o, *json;

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		take_sample(i, 0, i * 100, 0);
	o = sample(8, 0, 800, 0);
	assert_int_equal(view.activity, WATCH_BURNING);
	assert_true(view.seconds < 0);
	json = watch_json(o, &view);
	assert_null(json_object_get(json, "seconds_left"));
	assert_null(json_object_get(json, "burn_end"));
	json_decref(json);
	/* The burn has passed the expected end. */
	take_sample(9, 0, 900, 850);
	assert_true(view.seconds < 0);
	json_decref(o);
}

static void a_rate_after_a_pause_leaves_out_the_pause(void **state)
{
	(void)state;
	take_sample(0, 0, 0, 0);
	take_sample(1, 1000, 0, 0);
	assert_int_equal(view.activity, WATCH_READING);
	assert_true(view.read_kb == 2048.0);
	for (unsigned i = 2; i < 60; i++) {
		take_sample(i, 1000, 0, 0);
		assert_int_equal(view.activity, WATCH_IDLE);
		assert_true(view.read_kb == 0);
	}
	take_sample(60, 2000, 0, 0);
	assert_true(view.read_kb == 2048.0);
}

/* A sector of audio has 2352 bytes. A disc with data tracks as well may be read at either size. */
static void reading_audio_counts_whole_sectors(void **state)
{
	static const struct {
		int audio, data;
		double kb;
	} rows[] = {{12, 0, 235.2}, {0, 1, 204.8}, {11, 1, 204.8}, {0, 0, 204.8}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&drive, 0, sizeof(drive));
		for (unsigned second = 0; second < 3; second++) {
			json_t *o = status(second * 100, 0, 0);

			json_object_set_new(o, "medium", json_string("cd-rom"));
			json_object_set_new(o, "cd",
				json_pack("{s:i, s:i, s:i}", "audio", rows[i].audio, "data",
					rows[i].data, "seconds", 600));
			watch_take(&drive, o, second * UINT64_C(1000000), &view);
			json_decref(o);
		}
		assert_int_equal(view.activity, WATCH_READING);
		assert_true(view.read_kb == rows[i].kb);
	}
}

/* A new daemon's counters begin at 0: no rate until the next sample. */
static void a_rate_covers_the_last_five_seconds(void **state)
{
	unsigned written = 0;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		take_sample(i, 0, written += 5000, 0);
	for (unsigned i = 20; i < 26; i++)
		take_sample(i, 0, written += 1000, 0);
	assert_true(view.write_kb == 2048.0);
	take_sample(26, 0, 10, 0);
	assert_int_equal(view.activity, WATCH_IDLE);
	take_sample(27, 0, 1010, 0);
	assert_true(view.write_kb == 2048.0);
}

static void lines_are_cut_to_the_terminal_width(void **state)
{
	char *text = NULL, *end;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	json_t *o;

	(void)state;
	take_sample(0, 0, 100, 400);
	o = sample(1, 0, 200, 400);
	assert_int_equal(watch_draw(o, &view, 20, f), 4);
	fclose(f);
	end = strchr(text, '\033');
	assert_int_equal(end - text, 20);
	assert_non_null(strstr(text, "\033[K\n  205 kB/s, 200 bloc\033[K\n"));
	assert_non_null(strstr(text, "\033[K\n[###############...."));
	json_decref(o);
	free(text);
}

/* What happened to the image is on a line of its own, and in the JSON. */
static void a_problem_is_shown(void **state)
{
	json_t *o, *json;
	char *text, *line;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	o = status(0, 100, 0);
	json_object_set_new(o, "image_problem", json_string("\"a.iso\" was deleted"));
	json_object_set_new(o, "unfinished", json_string("b.iso"));
	json_object_set_new(o, "folder_problem", json_string("/srv is gone"));
	watch_take(&drive, o, 1000000, &view);
	line = watch_line(o, &view);
	assert_non_null(strstr(line,
		", NOT FINISHED: b.iso, PROBLEM: \"a.iso\" was deleted, PROBLEM: /srv is gone"));
	free(line);
	assert_int_equal(watch_draw(o, &view, 80, f), 4);
	fclose(f);
	assert_non_null(strstr(text, "\n  NOT FINISHED: b.iso, PROBLEM: \"a.iso\" was deleted"));
	free(text);
	json = watch_json(o, &view);
	assert_string_equal(
		json_string_value(json_object_get(json, "image_problem")), "\"a.iso\" was deleted");
	assert_string_equal(json_string_value(json_object_get(json, "unfinished")), "b.iso");
	json_decref(json);
	json_decref(o);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(a_burn_shows_rate_and_time_left),
		T(an_unknown_end_is_not_shown),
		T(a_rate_after_a_pause_leaves_out_the_pause),
		T(reading_audio_counts_whole_sectors),
		T(a_rate_covers_the_last_five_seconds),
		T(lines_are_cut_to_the_terminal_width),
		T(a_problem_is_shown),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
