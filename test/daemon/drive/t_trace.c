// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every conversation of test/script is run through BOT while the recorder records a trace.
 * The trace is converted back into a conversation. The engine must pass it; and after one
 * status in the trace is changed, the engine must fail it.
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

/* The executor "bot" with recording added, and its original operations. */
static struct script_exec *exec, original;
static struct recorder *recorder;
static uint8_t file[TRACE_FILE_MAX];
static uint32_t max_records;
static bool until_error;
static unsigned start_after; /* commands of the host before the recorder starts */

static bool has_disc(void)
{
	return mmc_layout(exec_bot_drive(exec)) != NULL;
}

static unsigned sent;

static void start_when_due(void)
{
	if (sent == start_after)
		assert_int_equal(recorder_start(recorder, max_records, until_error), 0);
}

static int start(struct script_exec *x, const struct mmc_config *config)
{
	int r = original.start(x, config);

	if (r < 0)
		return r;
	assert_int_equal(recorder_new(exec_bot_drive(x), &recorder), 0);
	bot_observe(exec_bot_layer(x), &recorder_observer, recorder);
	sent = 0;
	start_when_due();
	return 0;
}

static int command(struct script_exec *x, struct script_io *io)
{
	int r = original.command(x, io);

	sent++;
	start_when_due();
	return r;
}

static int media(struct script_exec *x, const struct script_step *step)
{
	bool had = has_disc();
	int r = original.media(x, step);

	if (had && step->media == SCRIPT_MEDIA_NONE)
		recorder_event(recorder, TRACE_EJECT_FORCE);
	if (step->media != SCRIPT_MEDIA_NONE)
		recorder_inserted(recorder);
	return r;
}

static int eject(struct script_exec *x, enum script_eject how)
{
	int r = original.eject(x, how);

	recorder_event(recorder, how == SCRIPT_EJECT_ASKS    ? TRACE_EJECT_ASKS
				 : how == SCRIPT_EJECT_FORCE ? TRACE_EJECT_FORCE
							     : TRACE_EJECT);
	return r;
}

static int insert_again(struct script_exec *x)
{
	int r = original.insert_again(x);

	recorder_inserted(recorder);
	return r;
}

/* The recorder is freed with the drive, so its trace is copied to file[]. */
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
	original.stop(x);
}

static int setup(void **state)
{
	(void)state;
	exec = exec_bot_new(512);
	original = *exec;
	start_after = 0;
	exec->start = start;
	exec->command = command;
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

/* Returns the trace in file[] as a conversation; the caller frees it. */
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

static bool passes(const char *text, struct script_exec *x, char *error, size_t size)
{
	struct script *s = script_parse("trace", text, error, size);
	bool good = s && script_run(s, x, error, size) == 0;

	script_free(s);
	return good;
}

static bool is_cd(const struct disc_medium *m)
{
	return m && (m->type == DISC_CD_R || m->type == DISC_CD_RW);
}

/*
 * A trace cannot reproduce failing storage, nor a CD of several tracks or one that is recorded
 * (recorded_cds_are_not_made_again()), nor conversations that BOT does not run.
 */
static bool can_be_replayed(const struct script *s)
{
	for (const struct script_step *p = s->steps; p; p = p->next)
		if (p->kind == SCRIPT_FAULT || p->disc || is_cd(p->medium))
			return false;
	return s->executors & SCRIPT_BOT;
}

/* Makes the status of the last successful command without data CHECK CONDITION. Returns 0 if there
 * is none. */
static size_t corrupt_a_status(void)
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

static void replay(const struct script *s, struct script_exec *direct, unsigned *corrupted)
{
	struct trace_script result;
	char error[1024];
	char *text;

	if (script_run(s, exec, error, sizeof(error)) < 0)
		fail_msg("%s", error);
	text = to_script(&result);
	if (!passes(text, direct, error, sizeof(error)))
		fail_msg("%s: %s\n%s", s->name, error, text);
	free(text);
	if (!corrupt_a_status())
		return;
	text = to_script(&result);
	if (passes(text, direct, error, sizeof(error)))
		fail_msg("%s: a wrong status passes: %s", s->name, text);
	free(text);
	++*corrupted;
}

static void replay_all(uint32_t records)
{
	struct script_exec *direct = exec_direct_new(32768);
	unsigned replayed = 0, corrupted = 0;
	char error[1024];
	glob_t g;

	max_records = records;
	until_error = false;
	assert_int_equal(glob("test/script/*.cdb", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct script *s = script_load(g.gl_pathv[i], error, sizeof(error));

		assert_non_null(s);
		if (can_be_replayed(s)) {
			replay(s, direct, &corrupted);
			replayed++;
		}
		script_free(s);
	}
	print_message(
		"# %u conversations, %u of them with a changed status\n", replayed, corrupted);
	assert_true(replayed > 150 && corrupted > 100);
	globfree(&g);
	exec_direct_free(direct);
}

static void complete_traces_replay(void **state)
{
	(void)state;
	replay_all(RECORDER_RECORDS);
}

/* With so few records most traces begin late, at a record that describes the disc. */
static void traces_that_lost_their_beginning_replay(void **state)
{
	(void)state;
	replay_all(RECORDER_RECORDS_LEAST);
}

/*
 * Locked drives, open trays, unit attentions and events that the host has not read: a trace may
 * begin at any of these commands.
 */
static void traces_that_begin_at_any_command_replay(void **state)
{
	static const char *const texts[] = {
		"# a lock between two discs\nmedia rom 100\n> 1e 00 00 00 01 00\neject force\n"
		"> 00 00 00 00 00 00\n! 2/3a/01\n> 1e 00 00 00 01 00\n> 1e 00 00 00 01 00\n"
		"media rom 50 ua\n> 4a 01 00 00 10 00 00 00 08 00 in=8\n< 00 06 04 52 02 02\n"
		"> 12 00 00 00 24 00 in=36\n<= 36\n> 00 00 00 00 00 00\n! 6/28/00\n"
		"> 1b 00 00 00 02 00\n! 5/53/02\n> 1e 00 00 00 00 00\n> 1b 00 00 00 02 00\n",
		"# a lock with the tray out\nmedia rom 100\n> 1b 00 00 00 02 00\n"
		"> 00 00 00 00 00 00\n! 2/3a/01\n> 1e 00 00 00 01 00\n> 12 00 00 00 24 00 in=36\n"
		"> 1b 00 00 00 03 00\n> 00 00 00 00 00 00\n! 6/28/00\n"
		"> 1b 00 00 00 02 00\n! 5/53/02\n> 00 00 00 00 00 00\n",
		"# resets\nmedia rom 100\n> 1e 00 00 00 01 00\n> 1b 00 00 00 02 00\n! 5/53/02\n"
		"busreset\n> 12 00 00 00 24 00 in=36\n> 1b 00 00 00 02 00\n! 6/29/00\n"
		"> 1b 00 00 00 02 00\nbusreset\n> 12 00 00 00 24 00 in=36\n"
		"> 00 00 00 00 00 00\n! 6/29/00\n> 00 00 00 00 00 00\n! 2/3a/01\n",
		"# a burn in a locked drive\nrequires direct bot\nmedia blank 3200 ua\n"
		"> 12 00 00 00 24 00 in=36\n"
		"> 1e 00 00 00 01 00\n! 6/28/00\n> 1e 00 00 00 01 00\nwrite 0..160\n"
		"> 1b 00 00 00 02 00\n! 5/53/02\n> 5b 00 01 00 00 01 00 00 00 00\n"
		"> 5b 00 02 00 00 00 00 00 00 00\n> 1b 00 00 00 02 00\n! 5/53/02\n"
		"> 28 00 00 00 00 00 00 00 01 00 in=2048\n! 6/28/00\neject force\n> 1e 00 00 00 01 "
		"00\ninsert-again\n"
		"> 12 00 00 00 24 00 in=36\n> 00 00 00 00 00 00\n! 6/28/00\n"
		"> 1b 00 00 00 02 00\n! 5/53/02\nbusreset\n> 12 00 00 00 24 00 in=36\n"
		"> 00 00 00 00 00 00\n! 6/29/00\n> 1b 00 00 00 02 00\n",
	};
	struct script_exec *direct = exec_direct_new(32768);
	unsigned corrupted = 0;
	char error[1024];

	(void)state;
	max_records = RECORDER_RECORDS;
	until_error = false;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct script *s = script_parse("begins", texts[i], error, sizeof(error));

		if (!s)
			fail_msg("%s", error);
		/* The last but one command is the latest at which there is something to compare. */
		for (start_after = sent = 0; start_after < 2 || start_after + 1 < sent;
			start_after++)
			replay(s, direct, &corrupted);
		assert_true(start_after > 8);
		script_free(s);
	}
	assert_true(corrupted > 30);
	exec_direct_free(direct);
}

/* ---- the recorder alone ---------------------------------------------------------------------- */

static void run_conversation(const char *text)
{
	char error[1024];
	struct script *s = script_parse("here", text, error, sizeof(error));

	if (!s || script_run(s, exec, error, sizeof(error)) < 0)
		fail_msg("%s", error);
	script_free(s);
}

/* Returns the number of commands in the trace in file[]; *last: the last of them. */
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

/* A CD-R that is inserted again with something on it ends what can be replayed. */
static void recorded_cds_are_not_made_again(void **state)
{
	struct trace_script result;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	max_records = RECORDER_RECORDS;
	until_error = false;
	run_conversation(
		"# recorded\nmedia blank type=cd-r\n"
		"> 55 10 00 00 00 00 00 00 3c 00  out=00*8 05 32 41 c4 08 07 00*9 96 00*36\n"
		"write 0..30 step 10\n> 35 00 00 00 00 00 00 00 00 00\n"
		"eject\ninsert-again\n> 12 00 00 00 24 00 in=36\n");
	assert_non_null(f);
	assert_string_equal(trace_write_script(file, file_size, f, &result),
		"a CD-R or CD-RW on which something is recorded");
	fclose(f);
	free(text);
}

static void an_unusual_failure_ends_the_trace(void **state)
{
	struct trace_command last;

	(void)state;
	max_records = RECORDER_RECORDS;
	until_error = true;
	/* Failures that hosts cause all the time: no disc, a unit attention, an unknown command, a
	 * read-ahead past the end. */
	run_conversation("# usual\nmedia none\n> 00 00 00 00 00 00\n! 2/3a/01\n"
			 "media rom 100 ua\n> 00 00 00 00 00 00\n! 6/28/00\n"
			 "> e4 00 00 00 00 00 00 00 00 00 00 00\n! 5/20/00\n"
			 "> 28 00 00 00 00 64 00 00 01 00 in=2048\n! 5/21/00\n"
			 "> 25 00 00 00 00 00 00 00 00 00 in=8\n<= 8\n");
	commands(&last);
	assert_int_equal(last.cdb[0], 0x25);
	/* A write at the wrong address is unusual. */
	run_conversation(
		"# unusual\nmedia blank\n> 2a 00 00 00 00 64 00 00 01 00 out=zero*2048\n! 5/21/02\n"
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

static void commands_bytes_and_errors_are_counted(void **state)
{
	struct stats_index index;
	const struct stats_command *w;
	uint64_t sum = 0;

	(void)state;
	stats_index_make(&index);
	max_records = RECORDER_RECORDS;
	until_error = false;
	exec->stop = count_and_stop;
	run_conversation("# counted\nmedia blank\nwrite 0..160\n"
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

static void a_full_trace_keeps_the_last_records(void **state)
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
		cmocka_unit_test_setup_teardown(complete_traces_replay, setup, teardown),
		cmocka_unit_test_setup_teardown(
			traces_that_lost_their_beginning_replay, setup, teardown),
		cmocka_unit_test_setup_teardown(
			traces_that_begin_at_any_command_replay, setup, teardown),
		cmocka_unit_test_setup_teardown(recorded_cds_are_not_made_again, setup, teardown),
		cmocka_unit_test_setup_teardown(an_unusual_failure_ends_the_trace, setup, teardown),
		cmocka_unit_test_setup_teardown(
			commands_bytes_and_errors_are_counted, setup, teardown),
		cmocka_unit_test(a_full_trace_keeps_the_last_records),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
