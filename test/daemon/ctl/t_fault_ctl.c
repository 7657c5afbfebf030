// SPDX-License-Identifier: GPL-2.0-or-later
/* Faults on request from the client: words of any number, and files. */
#include "daemon/control/control_fixture.h"

static char out[16384], err[16384];

static int setup_faults(void **state)
{
	fake_faults[0] = fake_faults[1] = true;
	return setup(state);
}

/* Runs the client; sets out and err to its output, and returns its exit code. */
static int ctl(const char *args)
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

static void words_need_no_quotes(void **state)
{
	(void)state;
	assert_int_equal(ctl("fault add sense 3/0c/00 op 2a after 9 times 1 for 60 s"), 0);
	assert_string_equal(out, "drive0: it has 1 fault, until \"fault clear\"\n");
	assert_int_equal(ctl("fault add drive=drive1 slow 5 ms times 2"), 0);
	assert_int_equal(ctl("-d 1 fault add 'vanish; not-ready times 3'"), 0);
	assert_string_equal(out, "drive1: it has 3 faults, until \"fault clear\"\n");
	assert_int_equal(ctl("fault list"), 0);
	assert_string_equal(out,
		"drive0: it has 1 fault, until \"fault clear\"\n"
		"  fault      sense 3/0c/00 op 2a after 9 times 1 for 60 s; has not struck\n");
	assert_int_equal(ctl("--json fault list --drive drive1"), 0);
	assert_string_equal(out,
		"{\"ok\":true,\"message\":\"drive1: it has 3 faults, until \\\"fault clear\\\"\","
		"\"format\":1,\"faults\":["
		"{\"fault\":\"slow 5 ms times 2\",\"struck\":0,\"live\":true},"
		"{\"fault\":\"vanish\",\"struck\":0,\"live\":true},"
		"{\"fault\":\"not-ready times 3\",\"struck\":0,\"live\":true}]}\n");
	assert_int_equal(ctl("fault drive=drive1 set sense 3/0c/00 op 2a after 9 times 1"), 0);
	assert_string_equal(out, "drive1: it has 1 fault, until \"fault clear\"\n");
	assert_int_equal(ctl("fault drive=drive1 clear"), 0);
	assert_int_equal(ctl("fault clear"), 0);
	assert_string_equal(out, "drive0: it has no faults\n");
	assert_int_equal(ctl("fault list"), 0);
	assert_string_equal(out, "drive0: it has no faults\n");
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	assert_int_equal(ctl("fault"), 2);
	assert_non_null(strstr(err, "fault: too few arguments (usage: fault add|set|list|clear"));
	assert_int_equal(ctl("fault add"), 2);
	assert_non_null(strstr(err, "which fault? For example: fault add write-error 500"));
	assert_int_equal(ctl("fault add write-error"), 1);
	assert_string_equal(err, "mmcgadgetctl: drive0: write-error takes BLOCK or BLOCK-LAST, in "
				 "decimal, not \"the end of the line\"\n");
	assert_int_equal(ctl("fault start"), 2);
	assert_non_null(strstr(err, "the first word is add, set, list or clear"));
	assert_int_equal(ctl("fault set $(printf 'slow 5 ms; %.0s' $(seq 25))"), 2);
	assert_string_equal(err, "mmcgadgetctl: the arguments are too long\n");
	assert_int_equal(ctl("fault list everything"), 2);
	assert_int_equal(ctl("fault load"), 2);
	assert_string_equal(err, "mmcgadgetctl: usage: fault load FILE [drive=DRIVE]\n");
	assert_int_equal(ctl("fault load a b"), 2);
	assert_int_equal(ctl("fault load /nowhere/faults"), 1);
	assert_string_equal(err, "mmcgadgetctl: /nowhere/faults: No such file or directory\n");
	assert_int_equal(ctl("fault load /"), 1);
	assert_string_equal(err, "mmcgadgetctl: /: Is a directory\n");
	assert_int_equal(ctl("fault load /dev/zero"), 1);
	assert_non_null(strstr(err, "/dev/zero: the faults in it are too long for one command"));
}

static void a_file_replaces_the_faults_or_changes_nothing(void **state)
{
	char command[SCRATCH_PATH + 64];

	(void)state;
	assert_int_equal(ctl("fault add vanish"), 0);
	put_text("good", "# a test; of cdrskin\n\nwrite-error 40\t# here\r\nslow 2 ms\n");
	put_text("bad", "# a test\nslow 2 ms\nwrite-error forty\n");
	put_text("none", "# nothing\n");
	put_text("empty", "");
	snprintf(command, sizeof(command), "fault load %s", in_scratch("bad"));
	assert_int_equal(ctl(command), 1);
	assert_string_equal(err, "mmcgadgetctl: drive0: line 3: write-error takes BLOCK or "
				 "BLOCK-LAST, in decimal, not \"forty\"\n");
	assert_int_equal(ctl("fault list"), 0);
	assert_non_null(strstr(out, "  fault      vanish; has not struck\n"));
	snprintf(command, sizeof(command), "fault load %s drive=drive0", in_scratch("good"));
	assert_int_equal(ctl(command), 0);
	assert_int_equal(ctl("status"), 0);
	assert_non_null(strstr(out, "  fault      write-error 40; has not struck\n"
				    "  fault      slow 2 ms; has not struck\n"));
	assert_null(strstr(out, "vanish"));
	assert_int_equal(ctl("--verbose status"), 0);
	assert_non_null(strstr(out, "  fault      slow 2 ms; has not struck\n"));
	put_text("mac", "# a test\rslow 3 ms\rvanish\r");
	snprintf(command, sizeof(command), "fault drive=drive1 load %s", in_scratch("mac"));
	assert_int_equal(ctl(command), 0);
	assert_string_equal(out, "drive1: it has 2 faults, until \"fault clear\"\n");
	snprintf(command, sizeof(command), "fault load - <%s", in_scratch("none"));
	assert_int_equal(ctl(command), 0);
	assert_string_equal(out, "drive0: it has no faults\n");
	snprintf(command, sizeof(command), "fault load %s", in_scratch("good"));
	assert_int_equal(ctl(command), 0);
	snprintf(command, sizeof(command), "fault load %s", in_scratch("empty"));
	assert_int_equal(ctl(command), 0);
	assert_string_equal(out, "drive0: it has no faults\n");
}

static void doctor_tells_of_a_drive_with_faults(void **state)
{
	(void)state;
	assert_int_equal(ctl("fault add not-ready drive=drive1"), 0);
	(void)ctl("doctor");
	assert_non_null(strstr(out, "faults"));
	assert_non_null(strstr(out, "drive1 has 1 fault on request, for a test; to end that: "
				    "mmcgadgetctl fault clear drive=drive1"));
	assert_null(strstr(out, "drive0 has"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup_faults, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(words_need_no_quotes),
		TEST(what_is_wrong_is_said),
		TEST(a_file_replaces_the_faults_or_changes_nothing),
		TEST(doctor_tells_of_a_drive_with_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
