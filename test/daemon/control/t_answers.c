// SPDX-License-Identifier: GPL-2.0-or-later
/* What programs and people can rely on in answers. */
#include "daemon/control/control_fixture.h"

#include "daemon/iso.h"

/* A name or label cannot make a text look like another one; programs get it unchanged. */
static void answers_show_no_deceptive_characters(void **state)
{
	static const char name[] = "media/gnp\xe2\x80\xaeosi.txt.iso";
	int fd = connect_client();
	char want[256];
	const char *text;
	json_t *a;

	(void)state;
	unlink(in_scratch("media/a.iso"));
	unlink(in_scratch("media/b c.iso"));
	put_iso(name, "\xe2\x80\xae"
		      "BAD\xe2\x80\x8b");
	send_text(fd, "list\n");
	text = receive_line(fd);
	assert_null(strstr(text, "\xe2\x80"));
	assert_non_null(strstr(text, "\"name\":\"gnp\\u202eosi.txt.iso\""));
	a = json_loads(text, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(json_object_get(a, "images"), 0), "name")),
		name + strlen("media/"));
	json_decref(a);
	snprintf(want, sizeof(want), "ok: 1 image in %s/media", scratch);
	FIFO("list\n", want);
	assert_null(strstr(get_text("run/status"), "\xe2\x80"));
	assert_non_null(strstr(get_text("run/status"), "\ngnp?osi.txt.iso  ?BAD?  DVD-ROM "));
	FIFO("insert gnp\n", "ok: drive0: inserted gnp?osi.txt.iso (DVD-ROM, 40.96 kB)");
	FIFO("status\n", "ok: mmcgadgetd " MMCGADGET_VERSION ", 2 drives");
	assert_null(strstr(get_text("run/status"), "\xe2\x80"));
	close(fd);
}

static void burn_is(int fd, const char *burn, bool never, const char *disc)
{
	json_t *a, *d;

	send_text(fd, "status drive=0\n");
	a = json_loads(receive_line(fd), 0, NULL);
	d = json_array_get(json_object_get(a, "drives"), 0);
	assert_string_equal(json_string_value(json_object_get(d, "burn")), burn);
	assert_int_equal(json_integer_value(json_object_get(d, "silent_seconds")) < 0, never);
	json_decref(a);
	FIFO("status drive=0\n", "ok: mmcgadgetd " MMCGADGET_VERSION ", 2 drives");
	if (!strstr(get_text("run/status"), disc))
		fail_msg("no \"%s\" in: %s", disc, get_text("run/status"));
}

/* A burn that runs, one whose PC was unplugged, and one that was cut earlier are told apart. */
static void status_tells_a_burn_from_one_that_was_cut(void **state)
{
	int fd = connect_client();

	(void)state;
	fifo_slow("blank x.iso\n", "ok: drive0: inserted x.iso");
	burn_is(fd, "", true, "\n  state      blank\n");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_write(&usb[0], 0));
	/* The first question after the write says it, without one before. */
	burn_is(fd, "burning", false, "\n  state      open\n");
	usb[0].unplugged = true;
	burn_is(fd, "cut-off", false, "\n  state      open\n");
	assert_non_null(
		strstr(get_text("run/status"), "\n  burn       the PC was disconnected before the "
					       "burn was finished; to finish it: "
					       "mmcgadgetctl close \"x.iso\"\n"));
	usb[0].unplugged = false;
	usb[0].suspended = true;
	burn_is(fd, "cut-off", false, "\n  state      open\n");
	assert_non_null(strstr(get_text("run/status"), "the PC went to sleep before"));
	usb[0].suspended = false;
	fifo_slow("eject\n", "ok: drive0: ejected x.iso");
	wait_unlocked("media/x.iso");
	fifo_slow("insert x.iso\n", "ok: drive0: inserted x.iso");
	burn_is(fd, "waiting", true, "\n  state      open\n");
	assert_non_null(strstr(get_text("run/status"),
		"\n  burn       it was begun earlier, and the PC has not gone on yet; "));
	fifo_slow("close x.iso\n", "ok: drive0: closed x.iso");
	burn_is(fd, "", true, "\n  state      complete\n");
	close(fd);
}

/* A drive that was configured a minute ago is not there before the daemon is restarted. */
static void a_missing_drive_may_be_in_the_new_configuration(void **state)
{
#define NEW                                                                                        \
	"; /etc/x.conf was changed after the daemon had read it, and counts from the next start: " \
	"sudo systemctl restart mmcgadgetd"
	static const struct {
		const char *line, *want;
	} rows[] = {
		{"insert a.iso drive=reader\n",
			"error: no drive \"reader\"; there are: drive0, drive1"},
		{"status drive=2\n", "error: no drive \"2\"; there are: drive0, drive1"},
		{"status reader\n", "error: status: there is no drive \"reader\" (usage: status "
				    "[drive=DRIVE]); the drives are: drive0, drive1"},
	};
	char want[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_changed_config = NULL;
		fifo(rows[i].line, strlen(rows[i].line), rows[i].want);
		assert_null(strstr(get_text("run/status"), "was changed"));
		fake_changed_config = "/etc/x.conf";
		snprintf(want, sizeof(want), "%s" NEW, rows[i].want);
		fifo(rows[i].line, strlen(rows[i].line), want);
	}
	/* It says so of nothing else. */
	fifo_slow("insert none.iso\n", "error: no image \"none.iso\" in ");
	assert_null(strstr(get_text("run/status"), "was changed"));
	fifo_slow("status a b\n", "error: status: too many arguments");
	assert_null(strstr(get_text("run/status"), "was changed"));
	fake_changed_config = NULL;
#undef NEW
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(answers_show_no_deceptive_characters),
		T(status_tells_a_burn_from_one_that_was_cut),
		T(a_missing_drive_may_be_in_the_new_configuration),
	};

	return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
