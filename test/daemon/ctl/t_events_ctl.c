// SPDX-License-Identifier: GPL-2.0-or-later
/* "mmcgadgetctl events", "mmcgadgetctl watch", which uses them, and the example hook. */
#include "daemon/control/events_fixture.h"

/* Runs a shell command in the background; CTL in it is the client with its socket. */
static pid_t start(const char *format)
{
	char command[4096], ctl[1024];
	const char *at = strstr(format, "CTL");
	pid_t pid;

	snprintf(ctl, sizeof(ctl), "%s --socket %s", client(), in_scratch("run/socket"));
	snprintf(command, sizeof(command), "cd %s && %.*s%s%s", scratch, (int)(at - format), format,
		ctl, at + strlen("CTL"));
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(126);
	}
	assert_true(pid > 0);
	return pid;
}

/* Waits for its end while the daemon runs, and without one. Returns the exit code. */
static int finish(pid_t pid)
{
	uint64_t end = now_ms() + 20000;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		assert_true(now_ms() < end);
		turn(event, usb, usb[0].drive ? 2 : 0, 5, NULL);
	}
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Waits until the file has the text. */
static void wait_text(const char *file, const char *text)
{
	uint64_t end = now_ms() + 20000;

	while (access(in_scratch(file), F_OK) < 0 || !strstr(get_text(file), text)) {
		if (now_ms() >= end)
			fail_msg("no \"%s\" in %s: %s", text, file, get_text(file));
		turn(event, usb, usb[0].drive ? 2 : 0, 10, NULL);
	}
}

static void blank(void)
{
	fifo_slow("blank b.iso\n", "ok: drive0: inserted ");
	assert_true(fake_ready(&usb[0]));
}

static void events_are_printed_until_the_daemon_ends(void **state)
{
	pid_t pid = start("exec CTL events >out 2>err");

	(void)state;
	wait_text("out", "\"event\":\"library\"");
	assert_starts(get_text("out"), "{\"event\":\"daemon\",\"seq\":");
	blank();
	wait_text("out", "\"image\":\"b.iso\"");
	stop_all();
	assert_int_equal(finish(pid), 3);
	assert_string_equal(get_text("err"), "mmcgadgetctl: the daemon has ended; with --wait "
					     "SECONDS, events go on with the next one\n");
}

static void events_go_on_with_the_next_daemon(void **state)
{
	pid_t pid = start("exec CTL --wait 10 events --drive drive1 >>out 2>err");

	(void)state;
	wait_text("out", "\"event\":\"library\"");
	stop_all();
	turn(event, usb, 0, 300, NULL);
	assert_int_equal(truncate(in_scratch("out"), 0), 0);
	fake_drive(&usb[0], "drive0", event, &set, 2500);
	fake_drive(&usb[1], "drive1", event, &set, 200);
	assert_int_equal(make_control(), 0);
	wait_text("out", "\"event\":\"library\"");
	assert_string_equal(get_text("err"), "");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void the_client_ends_with_its_reader(void **state)
{
	(void)state;
	assert_int_equal(finish(start("CTL events | head -n 1 >out")), 0);
	assert_starts(get_text("out"), "{\"event\":\"daemon\"");
	assert_int_equal(finish(start("CTL events drive=none >out 2>&1")), 1);
	assert_starts(get_text("out"), "mmcgadgetctl: no drive \"none\"");
	assert_int_equal(finish(start("CTL --json events drive=none >out")), 1);
	assert_non_null(strstr(get_text("out"), "\"code\":\"no-such-drive\""));
	assert_int_equal(finish(start("CTL events now >out 2>&1")), 2);
}

/* A burn that begins when watch has shown nothing new for a while. */
static void watch_follows_the_events(void **state)
{
	pid_t pid = start("exec CTL watch drive=drive0 >out 2>err");

	(void)state;
	wait_text("out", "drive0: idle");
	blank();
	wait_text("out", "b.iso");
	pass(8500);
	assert_null(strstr(get_text("out"), "burning"));
	for (unsigned i = 0; i < 3; i++) {
		assert_true(fake_write(&usb[0], i));
		pass(700);
	}
	wait_text("out", "drive0: burning");
	wait_text("out", "3 blocks");
	/* The rate comes down without another event. */
	pass(8000);
	assert_non_null(strstr(strstr(get_text("out"), "burning"), "drive0: idle"));
	stop_all();
	assert_int_equal(finish(pid), 3);
}

static void watch_asks_where_there_are_no_events_for_it(void **state)
{
	int fd[64];
	pid_t pid;

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		fd[i] = listen_to("events\n");
	pid = start("exec CTL watch drive=drive0 >out 2>err");
	wait_text("out", "drive0: idle");
	blank();
	wait_text("out", "b.iso");
	assert_true(fake_write(&usb[0], 0));
	wait_text("out", "drive0: burning");
	for (unsigned i = 0; i < 64; i++)
		close(fd[i]);
	stop_all();
	assert_int_equal(finish(pid), 3);
	assert_string_equal(get_text("err"), "mmcgadgetctl: the daemon has ended\n");
}

static void put_script(const char *name, const char *text)
{
	FILE *f = fopen(in_scratch(name), "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s", text);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(in_scratch(name), 0755), 0);
}

/* A name that would run a command if it were not quoted. */
#define NAME "b $(touch ran) '\"x.iso"

static void the_hook_calls_a_program(void **state)
{
	char command[2048], *hook = realpath("docs/examples/mmcgadget-hook", NULL);
	pid_t pid;

	(void)state;
	if (system("command -v jq >/dev/null") != 0)
		skip();
	assert_non_null(hook);
	mkdir(in_scratch("bin"), 0755);
	/* Under an emulator, the client is more than a program. */
	snprintf(command, sizeof(command), "%s \"$@\" | tee seen\n", client());
	put_script("bin/mmcgadgetctl", command);
	put_script("burned", "printf '%s|' \"$EVENT\" \"$DRIVE\" \"$IMAGE\" \"$WAS\" \"$SHA256\" "
			     "\"$VERIFIED\" \"$FOLDER\" \"$PROBLEM\" >>log\necho >>log\n[ "
			     "\"$EVENT\" != done ]\n");
	snprintf(command, sizeof(command),
		"PATH=%s/bin:$PATH MMCGADGET_SOCKET=run/socket exec setsid %s ./burned 2>err #CTL",
		scratch, hook);
	pid = start(command);
	free(hook);
	wait_text("seen", "\"event\":\"library\"");
	fifo_slow("blank \"b $(touch ran) '\\\"x.iso\"\n", "ok: drive0: inserted ");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_write(&usb[0], 0));
	close_disc(&usb[0]);
	wait_text("log", "done|drive0|" NAME "|||no|");
	fifo_slow("eject\n", "ok: drive0: ejected");
	wait_text("log", "renamed|drive0|");
	wait_text("log", "verified|drive0|");
	assert_non_null(strstr(get_text("log"), "|yes|"));
	/* It goes on after a call that failed. */
	assert_non_null(strstr(get_text("err"), "mmcgadget-hook: ./burned failed for done of b "));
	assert_int_equal(access(in_scratch("ran"), F_OK), -1);
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int setup_burned(void **state)
{
	int r;

	fake_burned = (struct drive_burned){.rename = POSTBURN_RENAME_DATE, .checksum = true};
	r = setup(state);
	fake_burned = (struct drive_burned){0};
	return r;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(events_are_printed_until_the_daemon_ends),
		T(events_go_on_with_the_next_daemon),
		T(the_client_ends_with_its_reader),
		T(watch_follows_the_events),
		T(watch_asks_where_there_are_no_events_for_it),
		cmocka_unit_test_setup_teardown(the_hook_calls_a_program, setup_burned, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
