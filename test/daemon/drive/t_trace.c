// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every conversation of test/script is held through BOT with the recorder beside it. Its
 * trace becomes a conversation again, which the engine has to pass; and which it must
 * not pass any more when a status of it is another one.
 */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bot/bot.h"
#include "drive/recorder.h"
#include "lib/script.h"
#include "trace/text.h"
#include "util/array.h"
#include "util/be.h"

#define TRACE_FILE_MAX (TRACE_HEADER_SIZE + RECORDER_RECORDS * TRACE_RECORD_MAX)

/* The executor's own operations, and what is put in front of them. */
static struct script_exec *exec, plain;
static struct recorder *recorder;
static uint8_t file[TRACE_FILE_MAX];
static uint32_t room; /* records */
static bool until_error;

static bool has_disc(void)
{
	return mmc_layout(exec_bot_drive(exec)) != NULL;
}

static int start(struct script_exec *x, const struct mmc_config *config)
{
	int r = plain.start(x, config);

	if (r < 0)
		return r;
	assert_int_equal(recorder_new(exec_bot_drive(x), &recorder), 0);
	bot_observe(exec_bot_layer(x), &recorder_observer, recorder);
	assert_int_equal(recorder_start(recorder, room, until_error), 0);
	return 0;
}

static int media(struct script_exec *x, enum script_media what, uint32_t blocks)
{
	bool had = has_disc();
	int r = plain.media(x, what, blocks);

	if (had && what == SCRIPT_MEDIA_NONE)
		recorder_event(recorder, TRACE_EJECT_FORCE);
	if (what != SCRIPT_MEDIA_NONE)
		recorder_inserted(recorder);
	return r;
}

static int eject(struct script_exec *x, enum script_eject how)
{
	int r = plain.eject(x, how);

	recorder_event(recorder, how == SCRIPT_EJECT_ASKS    ? TRACE_EJECT_ASKS
				 : how == SCRIPT_EJECT_FORCE ? TRACE_EJECT_FORCE
							     : TRACE_EJECT);
	return r;
}

static int insert_again(struct script_exec *x)
{
	int r = plain.insert_again(x);

	recorder_inserted(recorder);
	return r;
}

/* The recorder ends with the drive; its trace stays in file. */
static size_t file_size;

static void stop(struct script_exec *x)
{
	uint64_t from = 1, next;

	recorder_header(recorder, file);
	file_size =
		TRACE_HEADER_SIZE + recorder_read(recorder, &from, &next, file + TRACE_HEADER_SIZE,
					    sizeof(file) - TRACE_HEADER_SIZE);
	bot_observe(exec_bot_layer(x), NULL, NULL);
	recorder_free(recorder);
	recorder = NULL;
	plain.stop(x);
}

static int setup(void **state)
{
	(void)state;
	exec = exec_bot_new(512);
	plain = *exec;
	exec->start = start;
	exec->media = media;
	exec->eject = eject;
	exec->insert_again = insert_again;
	exec->stop = stop;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	exec_bot_free(exec);
	return 0;
}

/* The trace in file as a conversation; to be freed. */
static char *to_script(struct trace_script *result)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	const char *why;

	assert_non_null(f);
	why = trace_write_script(file, file_size, f, result);
	fclose(f);
	if (why)
		fail_msg("%s in: %s", why, text);
	return text;
}

static bool plays(const char *text, struct script_exec *x, char *error, size_t size)
{
	struct script *s = script_parse("trace", text, error, size);
	bool good = s && script_run(s, x, error, size) == 0;

	script_free(s);
	return good;
}

/* Storage that fails, and a disc that a trace cannot bring about, are not played again. */
static bool playable(const struct script *s)
{
	for (const struct script_step *p = s->steps; p; p = p->next)
		if (p->kind == SCRIPT_FAULT)
			return false;
	return s->executors & SCRIPT_BOT;
}

/* The command whose status is turned round: the last one that ended well. 0 = there is none. */
static size_t turn_status(void)
{
	struct trace_reader r;
	struct trace_record record;
	const char *why;
	size_t at, found = 0;
	bool begun = false;

	assert_null(trace_open(&r, file, file_size));
	for (at = r.at; trace_next(&r, &record, &why) == 1; at = r.at) {
		begun |= record.type == TRACE_DISC;
		if (begun && record.type == TRACE_COMMAND && record.command.csw == 0 &&
			record.command.dir == TRACE_DIR_NONE)
			found = at;
	}
	if (found) {
		file[found + 33] = 1;
		put_be32(file + found + 28, 0x052400);
	}
	return found;
}

static void one(const struct script *s, struct script_exec *direct, unsigned *turned)
{
	struct trace_script result;
	char error[1024];
	char *text;

	if (script_run(s, exec, error, sizeof(error)) < 0)
		fail_msg("%s", error);
	text = to_script(&result);
	if (!plays(text, direct, error, sizeof(error)))
		fail_msg("%s: %s\n%s", s->name, error, text);
	free(text);
	if (!turn_status())
		return;
	text = to_script(&result);
	if (plays(text, direct, error, sizeof(error)))
		fail_msg("%s: a wrong status passes: %s", s->name, text);
	free(text);
	++*turned;
}

static void come_back(uint32_t records)
{
	struct script_exec *direct = exec_direct_new(32768);
	unsigned played = 0, turned = 0;
	char error[1024];
	glob_t g;

	room = records;
	until_error = false;
	assert_int_equal(glob("test/script/*.cdb", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct script *s = script_load(g.gl_pathv[i], error, sizeof(error));

		assert_non_null(s);
		if (playable(s)) {
			one(s, direct, &turned);
			played++;
		}
		script_free(s);
	}
	print_message(
		"# %u conversations, %u of them with a status turned round\n", played, turned);
	assert_true(played > 150 && turned > 100);
	globfree(&g);
	exec_direct_free(direct);
}

static void conversations_come_back(void **state)
{
	(void)state;
	come_back(RECORDER_RECORDS);
}

/* So few that most lose their beginning: they begin where the trace says what disc there is. */
static void so_do_their_ends(void **state)
{
	(void)state;
	come_back(RECORDER_RECORDS_LEAST);
}

/* ---- the recorder alone ---------------------------------------------------------------------- */

static void hold(const char *text)
{
	char error[1024];
	struct script *s = script_parse("here", text, error, sizeof(error));

	if (!s || script_run(s, exec, error, sizeof(error)) < 0)
		fail_msg("%s", error);
	script_free(s);
}

/* The commands of the trace in file; the last one in *last. */
static unsigned commands(struct trace_command *last)
{
	struct trace_reader r;
	struct trace_record record;
	const char *why;
	unsigned n = 0;
	int got;

	assert_null(trace_open(&r, file, file_size));
	while ((got = trace_next(&r, &record, &why)) == 1) {
		if (record.type != TRACE_COMMAND)
			continue;
		*last = record.command;
		n++;
	}
	assert_int_equal(got, 0);
	return n;
}

static void an_unusual_failure_ends_it(void **state)
{
	struct trace_command last;

	(void)state;
	room = RECORDER_RECORDS;
	until_error = true;
	/* No disc, an attention, an unknown command, a read-ahead past the end: hosts do that. */
	hold("# usual\nmedia none\n> 00 00 00 00 00 00\n! 2/3a/01\n"
	     "media rom 100 ua\n> 00 00 00 00 00 00\n! 6/28/00\n"
	     "> e4 00 00 00 00 00 00 00 00 00 00 00\n! 5/20/00\n"
	     "> 28 00 00 00 00 64 00 00 01 00 in=2048\n! 5/21/00\n"
	     "> 25 00 00 00 00 00 00 00 00 00 in=8\n<= 8\n");
	commands(&last);
	assert_int_equal(last.cdb[0], 0x25);
	/* A write in the wrong place is not what hosts do. */
	hold("# unusual\nmedia blank\n> 2a 00 00 00 00 64 00 00 01 00 out=zero*2048\n! 5/21/02\n"
	     "> 00 00 00 00 00 00\n");
	commands(&last);
	assert_int_equal(last.cdb[0], 0x2a);
	assert_int_equal(last.sense, 0x52102);
	assert_int_equal(last.announced, 2048);
	assert_int_equal(last.moved, 0);
}

static struct stats counted;

static void count_and_stop(struct script_exec *x)
{
	uint64_t seconds;

	recorder_get_stats(recorder, &counted, &seconds);
	stop(x);
}

static void what_was_moved_is_counted(void **state)
{
	struct stats_index index;
	const struct stats_command *w;
	uint64_t sum = 0;

	(void)state;
	stats_index_make(&index);
	room = RECORDER_RECORDS;
	until_error = false;
	exec->stop = count_and_stop;
	hold("# counted\nmedia blank\nwrite 0..160\n"
	     "> 2a 00 00 00 00 64 00 00 01 00 out=zero*2048\n! 5/21/02\n"
	     "> ff 00 00 00 00 00\n! 5/20/00\neject\n");
	w = &counted.command[index.of[0x2a]];
	assert_int_equal(w->count, 11);
	assert_int_equal(w->errors, 1);
	assert_int_equal(w->bytes, 160 * 2048);
	for (unsigned i = 0; i < STATS_BUCKETS; i++)
		sum += w->bucket[i];
	assert_int_equal(sum, 11);
	assert_int_equal(counted.command[0].count, 1);
	assert_int_equal(counted.key[5], 2);
	assert_int_equal(counted.failed, 2 + counted.key[6]);
	assert_true(counted.bytes_out >= 160 * 2048 && counted.bytes_in > 0);
	assert_int_equal(counted.inserted, 1);
	assert_int_equal(counted.ejected, 1);
}

static void a_trace_is_read_in_pieces(void **state)
{
	struct mmc_drive *d = mmc_drive_new(&(struct mmc_config){.vendor = "V"});
	uint8_t piece[TRACE_RECORD_MAX * 3];
	uint64_t from = 1, next = 0, seen = 0;
	struct recorder_trace t;
	struct recorder *r;

	(void)state;
	assert_non_null(d);
	assert_int_equal(recorder_new(d, &r), 0);
	assert_int_equal(recorder_read(r, &from, &next, piece, sizeof(piece)), 0);
	assert_int_equal(recorder_start(r, 64, false), 0);
	assert_int_equal(recorder_start(r, 64, false), -EBUSY);
	for (unsigned i = 0; i < 200; i++)
		recorder_event(r, TRACE_EJECT);
	recorder_stop(r);
	recorder_event(r, TRACE_EJECT);
	recorder_get_trace(r, &t);
	assert_int_equal(t.state, RECORDER_STOPPED);
	assert_int_equal(t.next, 201);
	assert_int_equal(t.first, 201 - 64);
	while (from < t.next) {
		assert_true(recorder_read(r, &from, &next, piece, sizeof(piece)) > 0);
		assert_true(from >= t.first && next > from);
		seen += next - from;
		from = next;
	}
	assert_int_equal(seen, 64);
	recorder_free(r);
	mmc_drive_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(conversations_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(so_do_their_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(an_unusual_failure_ends_it, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_moved_is_counted, setup, teardown),
		cmocka_unit_test(a_trace_is_read_in_pieces),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
