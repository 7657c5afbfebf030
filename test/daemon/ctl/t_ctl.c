// SPDX-License-Identifier: GPL-2.0-or-later
/* The client program with a control whose drives have no USB. */
#include "daemon/control/control_fixture.h"

/* Runs the client; fills out and err with its output, and returns its exit code. */
static int ctl(const char *args, char *out, char *err)
{
	char command[2048];
	int status;

	snprintf(command, sizeof(command), "exec %s --socket %s %s >%s 2>%s", client(),
		in_scratch("run/socket"), args, in_scratch("out"), in_scratch("err"));
	status = run_beside(command);
	strcpy(out, get_text("out"));
	strcpy(err, get_text("err"));
	return status;
}

static void client_prints_answers_and_errors(void **state)
{
	static char out[16384], err[16384];

	(void)state;
	assert_int_equal(ctl("insert 'b c.iso'", out, err), 0);
	assert_string_equal(out, "drive0: inserted b c.iso (DVD-ROM, 8.19 kB)\n");
	assert_string_equal(err, "");
	assert_int_equal(ctl("list", out, err), 0);
	assert_starts(out, "NAME     LABEL  KIND        SIZE  DRIVE\n"
			   "a.iso    -      DVD-ROM  4.10 kB  -\n"
			   "b c.iso  -      DVD-ROM  8.19 kB  drive0\n"
			   "card: ");
	assert_int_equal(ctl("status drive=drive0", out, err), 0);
	assert_starts(out,
		"mmcgadgetd " MMCGADGET_VERSION ", on controller dummy_udc.0; this PC is its own "
		"host\ndrive0\n  disc       DVD-ROM, 8.19 kB\n");
	assert_int_equal(ctl("--json eject --force", out, err), 0);
	assert_string_equal(out,
		"{\"ok\":true,\"message\":\"drive0: ejected b c.iso by force\",\"format\":1,"
		"\"drive\":\"drive0\",\"image\":\"b c.iso\"}\n");
	assert_int_equal(ctl("help", out, err), 0);
	assert_starts(out, "usage: mmcgadgetctl ");
	assert_int_equal(ctl("next", out, err), 0);
	assert_string_equal(out, "drive0: inserted a.iso (DVD-ROM, 4.10 kB)\n");
	assert_int_equal(ctl("insert 'b '", out, err), 0);
	assert_string_equal(out, "drive0: inserted b c.iso (DVD-ROM, 8.19 kB)\n");
	/* refused */
	assert_int_equal(ctl("insert none", out, err), 1);
	assert_string_equal(out, "");
	assert_starts(err, "mmcgadgetctl: no image \"none\" in ");
	assert_int_equal(ctl("--json blank a.iso", out, err), 1);
	assert_starts(out, "{\"ok\":false,\"message\":\"\\\"a.iso\\\" exists");
	assert_int_equal(size_of("media/a.iso"), 4096);
}

/* The answer to an insert says if no PC sees the disc; that to an eject does not. */
static void client_says_that_no_pc_is_there(void **state)
{
	static const struct {
		bool unplugged, suspended;
		const char *typed, *want;
	} rows[] = {
		{true, false, "insert a.iso",
			"drive0: inserted a.iso (DVD-ROM, 4.10 kB) (no PC is connected, or it is "
			"asleep)\n"},
		{true, false, "eject", "drive0: ejected a.iso\n"},
		{false, true, "insert b",
			"drive0: inserted b c.iso (DVD-ROM, 8.19 kB) (no PC is connected, or it is "
			"asleep)\n"},
		{false, false, "insert a.iso", "drive0: inserted a.iso (DVD-ROM, 4.10 kB)\n"},
		{true, false, "--json insert b",
			"{\"ok\":true,\"message\":\"drive0: inserted b c.iso (DVD-ROM, 8.19 "
			"kB)\",\"format\":1,\"drive\":\"drive0\",\"image\":\"b c.iso\","
			"\"kind\":\"iso\",\"size\":8192,\"warning\":\"\",\"host_awake\":false}\n"},
	};
	static char out[16384], err[16384];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		usb[0].unplugged = rows[i].unplugged;
		usb[0].suspended = rows[i].suspended;
		assert_int_equal(ctl(rows[i].typed, out, err), 0);
		assert_string_equal(out, rows[i].want);
		assert_string_equal(err, "");
	}
}

static void client_refuses_bad_arguments(void **state)
{
	static char out[16384], err[16384];

	(void)state;
	assert_int_equal(ctl("", out, err), 2);
	assert_starts(err, "usage: mmcgadgetctl ");
	assert_int_equal(ctl("frob", out, err), 2);
	assert_string_equal(err, "mmcgadgetctl: unknown command \"frob\"; try help\n");
	assert_int_equal(ctl("insert", out, err), 2);
	assert_int_equal(ctl("insert a=b", out, err), 2);
	assert_int_equal(ctl("--frob status", out, err), 2);
	assert_int_equal(ctl("--wait x status", out, err), 2);
	assert_int_equal(ctl("--help", out, err), 0);
	assert_starts(out, "usage: mmcgadgetctl ");
	assert_int_equal(ctl("--version", out, err), 0);
	assert_string_equal(out, "mmcgadgetctl " MMCGADGET_VERSION "\n");
}

static void client_waits_for_a_daemon_and_gives_up(void **state)
{
	static char out[16384], err[16384];
	uint64_t start;

	(void)state;
	assert_int_equal(rename(in_scratch("run/socket"), in_scratch("run/away")), 0);
	assert_int_equal(ctl("status", out, err), 3);
	assert_starts(err, "mmcgadgetctl: no daemon listens at ");
	start = now_ms();
	assert_int_equal(ctl("--wait 0.5 status", out, err), 3);
	assert_true(now_ms() - start >= 450);
	assert_int_equal(rename(in_scratch("run/away"), in_scratch("run/socket")), 0);
}

static void client_shows_that_a_command_waits(void **state)
{
	static char out[16384], err[16384];

	(void)state;
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_lock(&usb[0], true));
	assert_int_equal(ctl("eject", out, err), 1);
	assert_string_equal(err,
		"mmcgadgetctl: drive0: eject (waiting for the host to unlock the drive)\n"
		"mmcgadgetctl: drive0: the PC keeps the drive locked; close the window or program "
		"that uses the disc there and try again, or type: mmcgadgetctl eject --force "
		"drive=drive0\n");
}

/* Carries out a command without data, and reports it to the recorder as BOT would. */
static void host_command(uint8_t opcode)
{
	const uint8_t cdb[6] = {opcode};
	struct recorder *r = drive_recorder(usb[0].drive);
	struct mmc_xfer xfer;
	enum mmc_status s;

	recorder_observer.began(r);
	mmc_begin(drive_engine(usb[0].drive), cdb, 6, 0, &xfer);
	s = fake_end(&usb[0]);
	recorder_observer.ended(r, &(struct bot_command){.csw = s == MMC_GOOD ? 0 : 1});
}

static void client_shows_and_resets_stats(void **state)
{
	static char out[16384], err[16384];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		host_command(0x00);
	assert_int_equal(ctl("stats drive=drive0", out, err), 0);
	assert_non_null(strstr(out, "  commands   3, 3 failed, 0 without a status\n"));
	assert_non_null(strstr(out, "  failed     NOT READY 2, UNIT ATTENTION 1\n"));
	assert_non_null(strstr(out, "\n  TEST UNIT READY                       3      3"));
	assert_null(strstr(out, "drive1"));
	assert_int_equal(ctl("--json stats reset", out, err), 0);
	assert_non_null(strstr(out, "\"command\":\"TEST UNIT READY\",\"opcode\":0,\"count\":3"));
	assert_int_equal(ctl("--json stats", out, err), 0);
	assert_non_null(strstr(out, "\"commands\":0"));
	FIFO("stats\n", "ok: commands of the host");
	assert_int_equal(ctl("stats set", out, err), 2);
}

static void client_saves_and_shows_traces(void **state)
{
	static char out[16384], err[16384];
	char command[600];

	(void)state;
	assert_int_equal(ctl("trace save /dev/null", out, err), 1);
	assert_string_equal(err, "mmcgadgetctl: trace: drive0: there is no trace to read\n");
	FIFO("trace start records=100 until=error\n",
		"ok: drive0: a trace begins with the host's next command, 0 of 100 records");
	assert_int_equal(ctl("trace start", out, err), 1);
	host_command(0x00);
	host_command(0xff);
	assert_int_equal(ctl("trace status", out, err), 0);
	assert_string_equal(out, "drive0: a trace is running, 3 of 100 records\n");
	snprintf(command, sizeof(command), "trace save %s", in_scratch("t"));
	assert_int_equal(ctl(command, out, err), 0);
	assert_string_equal(err, "3 records saved\n");
	assert_int_equal(ctl("trace stop", out, err), 0);
	snprintf(command, sizeof(command), "trace show %s", in_scratch("t"));
	assert_int_equal(ctl(command, out, err), 0);
	assert_non_null(strstr(out, "-- begins with no disc"));
	assert_non_null(strstr(out, "TEST UNIT READY               00 00 00 00 00 00  failed"));
	assert_non_null(
		strstr(out, "(unknown command)             ff 00 00 00 00 00  failed 5/20/00"));
	snprintf(command, sizeof(command), "trace script %s", in_scratch("t"));
	assert_int_equal(ctl(command, out, err), 0);
	assert_non_null(strstr(out, "\n> ff 00 00 00 00 00\n! 5/20/00\n"));
	/* wrong */
	snprintf(command, sizeof(command), "trace show %s", in_scratch("media/a.iso"));
	assert_int_equal(ctl(command, out, err), 1);
	assert_non_null(strstr(err, "a.iso: this is not a trace of mmcgadget\n"));
	assert_int_equal(ctl("trace show /nonexistent", out, err), 1);
	assert_int_equal(ctl("trace show", out, err), 2);
	assert_int_equal(ctl("trace sing", out, err), 2);
	assert_int_equal(ctl("trace start records=1", out, err), 1);
	assert_string_equal(
		err, "mmcgadgetctl: trace: records takes a number from 64 to 65536, not \"1\"\n");
	assert_int_equal(ctl("trace start until=monday", out, err), 1);
	assert_int_equal(ctl("trace stop records=100", out, err), 1);
	assert_int_equal(ctl("trace read from=0", out, err), 1);
}

static void client_watches_until_it_is_stopped(void **state)
{
	static char out[16384], err[16384];
	char command[2048];

	(void)state;
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	/* SIGTERM instead of Ctrl-C: background jobs of a shell ignore SIGINT. */
	snprintf(command, sizeof(command),
		"%s --socket %s watch drive=drive0 >%s 2>%s & p=$!; "
		"until grep -q drive0 %s; do sleep 0.1; done; kill -TERM $p; wait $p",
		client(), in_scratch("run/socket"), in_scratch("out"), in_scratch("err"),
		in_scratch("out"));
	assert_int_equal(run_beside(command), 0);
	strcpy(out, get_text("out"));
	assert_string_equal(out + strlen("00:00:00"), " drive0: idle, dvd-rom, complete, a.iso\n");
	assert_string_equal(get_text("err"), "");
	/* The client ends when nothing reads its output any more. */
	assert_int_equal(ctl("--json watch | head -n 1", out, err), 0);
	assert_non_null(strstr(out, "\"drive\":\"drive0\",\"activity\":\"idle\""));
	assert_int_equal(ctl("watch drive=none", out, err), 1);
	assert_string_equal(err, "mmcgadgetctl: no drive \"none\"; there are: drive0, drive1\n");
	assert_int_equal(ctl("watch none", out, err), 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(client_prints_answers_and_errors),
		T(client_says_that_no_pc_is_there),
		T(client_refuses_bad_arguments),
		T(client_waits_for_a_daemon_and_gives_up),
		T(client_shows_that_a_command_waits),
		T(client_shows_and_resets_stats),
		T(client_saves_and_shows_traces),
		T(client_watches_until_it_is_stopped),
	};

	return cmocka_run_group_tests_name("mmcgadgetctl", tests, NULL, NULL);
}
