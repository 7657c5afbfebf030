// SPDX-License-Identifier: GPL-2.0-or-later
/* The client program against a control without USB. */
#include "daemon/control_fixture.h"

/* Runs the program; its two outputs in out and err, its exit code returned. */
static int ctl(const char *args, char *out, char *err)
{
	const char *dir = getenv("O");
	char command[1024];
	int status;

	snprintf(command, sizeof(command), "exec %s/mmcgadgetctl --socket %s %s >%s 2>%s",
		dir ? dir : "build", in_scratch("run/socket"), args, in_scratch("out"),
		in_scratch("err"));
	status = run_beside(command);
	strcpy(out, get_text("out"));
	strcpy(err, get_text("err"));
	return status;
}

static void client_program(void **state)
{
	static char out[16384], err[16384];

	(void)state;
	assert_int_equal(ctl("insert 'b c.iso'", out, err), 0);
	assert_string_equal(out, "drive0: inserted b c.iso (DVD-ROM, 8192 bytes)\n");
	assert_string_equal(err, "");
	assert_int_equal(ctl("list", out, err), 0);
	assert_string_equal(out, "NAME     LABEL  KIND        SIZE  DRIVE\n"
				 "a.iso    -      DVD-ROM  4.10 kB  -\n"
				 "b c.iso  -      DVD-ROM  8.19 kB  drive0\n");
	assert_int_equal(ctl("status drive=drive0", out, err), 0);
	assert_starts(out, "mmcgadgetd " MMCGADGET_VERSION
			   ", on controller dummy_udc.0\ndrive0\n  medium     DVD-ROM\n");
	assert_int_equal(ctl("--json eject --force", out, err), 0);
	assert_string_equal(
		out, "{\"ok\":true,\"message\":\"drive0: ejected b c.iso by force\"}\n");
	assert_int_equal(ctl("help", out, err), 0);
	assert_starts(out, "insert NAME [drive=DRIVE]  ");
	assert_int_equal(ctl("next", out, err), 0);
	assert_string_equal(out, "drive0: inserted a.iso (DVD-ROM, 4096 bytes)\n");
	assert_int_equal(ctl("insert 'b '", out, err), 0);
	assert_string_equal(out, "drive0: inserted b c.iso (DVD-ROM, 8192 bytes)\n");
	/* refused */
	assert_int_equal(ctl("insert none", out, err), 1);
	assert_string_equal(out, "");
	assert_starts(err, "mmcgadgetctl: no image \"none\" in ");
	assert_int_equal(ctl("--json blank a.iso", out, err), 1);
	assert_starts(out, "{\"ok\":false,\"message\":\"\\\"a.iso\\\" exists");
	assert_int_equal(size_of("media/a.iso"), 4096);
}

static void client_usage(void **state)
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

static void client_no_daemon(void **state)
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

static void client_says_it_waits(void **state)
{
	static char out[16384], err[16384];

	(void)state;
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4096 bytes)");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_lock(&usb[0], true));
	assert_int_equal(ctl("eject", out, err), 1);
	assert_string_equal(err,
		"mmcgadgetctl: drive0: eject (waiting for the host to unlock the drive)\n"
		"mmcgadgetctl: drive0: the host keeps the drive locked; use eject force\n");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(client_program),
		T(client_usage),
		T(client_no_daemon),
		T(client_says_it_waits),
	};

	return cmocka_run_group_tests_name("mmcgadgetctl", tests, NULL, NULL);
}
