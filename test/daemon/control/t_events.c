// SPDX-License-Identifier: GPL-2.0-or-later
/* The verb events: the whole state, then each change, and what that costs the USB threads. */
#include "daemon/control/events_fixture.h"

#include "protocol/verbs.h"

static void insert_blank(const char *name)
{
	char line[64];

	snprintf(line, sizeof(line), "blank %s\n", name);
	fifo_slow(line, "ok: drive0: inserted ");
	assert_true(fake_ready(&usb[0]));
}

static void the_whole_state_comes_first(void **state)
{
	int fd = listen_to("events\n"), one;
	json_t *o = next_event(fd), *d;

	(void)state;
	assert_string_equal(field_text(o, "event"), "daemon");
	assert_int_equal(field_number(o, "api"), VERB_API);
	assert_string_equal(field_text(o, "version"), MMCGADGET_VERSION);
	assert_string_equal(field_text(o, "udc"), "dummy_udc.0");
	json_decref(o);
	for (unsigned i = 0; i < 2; i++) {
		o = next_event(fd);
		assert_string_equal(field_text(o, "event"), "drive");
		d = json_object_get(o, "drive");
		assert_string_equal(field_text(d, "name"), i == 0 ? "drive0" : "drive1");
		assert_string_equal(field_text(d, "state"), "empty");
		json_decref(o);
	}
	o = next_event(fd);
	assert_string_equal(field_text(o, "event"), "library");
	assert_string_equal(field_text(o, "folder"), in_scratch("media"));
	assert_int_equal(json_array_size(json_object_get(o, "drives")), 2);
	json_decref(o);
	o = next_event(fd);
	assert_string_equal(field_text(o, "event"), "upload");
	assert_int_equal(json_array_size(json_object_get(o, "uploads")), 0);
	json_decref(o);
	pass(400);
	assert_false(has_input(fd));
	/* A second client is told the same, of one drive. */
	one = listen_to("events drive=drive1\n");
	json_decref(next_of(one, "daemon"));
	o = next_event(one);
	assert_string_equal(field_text(json_object_get(o, "drive"), "name"), "drive1");
	json_decref(o);
	json_decref(next_of(one, "upload"));
	insert_blank("b.iso");
	json_decref(next_of(one, "library"));
	assert_false(has_input(one));
	close(one);
	close(fd);
}

static void the_fifo_has_no_reader_for_them(void **state)
{
	int fd = connect_client();

	(void)state;
	FIFO("events\n", "error: events: what follows would have no reader; connect to the "
			 "socket, or type: mmcgadgetctl events");
	send_text(fd, "events drive=none\n");
	assert_non_null(strstr(receive_line(fd), "\"code\":\"no-such-drive\""));
	send_text(fd, "events now\n");
	assert_non_null(strstr(receive_line(fd), "\"code\":\"bad-arguments\""));
	/* Refused, it is a client like any other. */
	send_text(fd, "help events\n");
	assert_non_null(strstr(receive_line(fd), "\"api\":2"));
	close(fd);
}

static void a_burn_is_told_as_it_goes_on(void **state)
{
	int fd = listen_to("events\n");
	json_t *o;

	(void)state;
	insert_blank("b.iso");
	wait_number(fd, "drive0", "capacity_blocks", 2295104);
	/* The daemon no longer looks at the drives: the first write must make it look again. */
	pass(2600);
	drain(fd);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(fake_write(&usb[0], i));
		wait_number(fd, "drive0", "blocks_written", i + 1);
	}
	/* So must a later write, although the main thread already knows of writes to this disc. */
	pass(2600);
	drain(fd);
	assert_true(fake_write(&usb[0], 3));
	wait_number(fd, "drive0", "blocks_written", 4);
	close_disc(&usb[0]);
	o = next_of(fd, "burned");
	assert_string_equal(field_text(o, "what"), "done");
	assert_string_equal(field_text(o, "drive"), "drive0");
	assert_string_equal(field_text(o, "image"), "b.iso");
	assert_int_equal(field_number(o, "number"), 1);
	assert_false(field_flag(o, "verified"));
	json_decref(o);
	o = next_of(fd, "drive");
	assert_string_equal(field_text(json_object_get(o, "drive"), "state"), "complete");
	json_decref(o);
	close(fd);
}

static void wait_until_closed(void)
{
	do
		pass(10);
	while (holders_any_leaving(&set.holders));
}

static void a_disc_that_is_closed_outside_of_the_drive_is_done(void **state)
{
	int fd = listen_to("events\n");
	json_t *o;

	(void)state;
	insert_blank("b.iso");
	assert_true(fake_write(&usb[0], 0));
	fifo_slow("eject\n", "ok: drive0: ejected");
	wait_until_closed();
	fifo_slow("close b.iso\n", "ok: drive0: closed b.iso (DVD-ROM, 2.05 kB)");
	o = next_of(fd, "burned");
	assert_string_equal(field_text(o, "what"), "done");
	assert_string_equal(field_text(o, "drive"), "drive0");
	assert_string_equal(field_text(o, "image"), "b.iso");
	json_decref(o);
	/* Nothing becomes of it now. */
	wait_until_closed();
	fifo_slow("close b.iso\n", "ok: drive0: closed b.iso (DVD-ROM, 2.05 kB)");
	insert_blank("c.iso");
	assert_true(fake_write(&usb[0], 0));
	close_disc(&usb[0]);
	o = next_of(fd, "burned");
	assert_string_equal(field_text(o, "image"), "c.iso");
	assert_int_equal(field_number(o, "number"), 2);
	json_decref(o);
	close(fd);
}

/* Events of a burned disc that is removed from its drive. */
static void burned_discs_are_renamed_and_verified(void **state)
{
	int fd = listen_to("events\n"), late;
	char name[64];
	json_t *o;

	(void)state;
	insert_blank("b.iso");
	assert_true(fake_write(&usb[0], 0));
	close_disc(&usb[0]);
	json_decref(next_of(fd, "burned"));
	fifo_slow("eject\n", "ok: drive0: ejected");
	o = next_of(fd, "burned");
	assert_string_equal(field_text(o, "what"), "renamed");
	assert_string_equal(field_text(o, "was"), "b.iso");
	snprintf(name, sizeof(name), "%s", field_text(o, "image"));
	assert_string_not_equal(name, "b.iso");
	json_decref(o);
	o = next_of(fd, "burned");
	assert_string_equal(field_text(o, "what"), "verified");
	assert_true(field_flag(o, "verified"));
	assert_string_equal(field_text(o, "image"), name);
	assert_int_equal(strlen(field_text(o, "sha256")), 64);
	assert_int_equal(field_number(o, "number"), 3);
	json_decref(o);
	/* A client gets no event of a disc that was burned before it connected. */
	late = listen_to("events\n");
	json_decref(next_of(late, "library"));
	pass(600);
	while (has_input(late)) {
		o = next_event(late);
		assert_string_not_equal(field_text(o, "event"), "burned");
		json_decref(o);
	}
	close(late);
	close(fd);
}

static int setup_burned(void **state)
{
	int r;

	fake_burned = (struct drive_burned){.rename = POSTBURN_RENAME_DATE, .checksum = true};
	r = setup(state);
	fake_burned = (struct drive_burned){0};
	return r;
}

static void the_folder_is_watched(void **state)
{
	int fd = listen_to("events\n");
	json_t *o;

	(void)state;
	json_decref(next_of(fd, "library"));
	pass(600);
	drain(fd);
	put_size("media/new.iso", 2048);
	o = next_of(fd, "library");
	assert_int_equal(field_number(o, "changes"), 2);
	json_decref(o);
	assert_int_equal(mkdir(in_scratch("media/sub"), 0755), 0);
	json_decref(next_of(fd, "library"));
	pass(600);
	drain(fd);
	put_size("media/sub/deep.iso", 2048);
	json_decref(next_of(fd, "library"));
	pass(600);
	drain(fd);
	/* Files of the daemon, which it saves again and again. */
	put_size("media/new.iso.mmcdisc", 100);
	put_size("media/.new", 100);
	pass(600);
	assert_false(has_input(fd));
	assert_int_equal(unlink(in_scratch("media/new.iso")), 0);
	json_decref(next_of(fd, "library"));
	close(fd);
}

/* Makes the socket of the daemon's side as small as the kernel allows. */
static void narrow(void)
{
	struct sockaddr_un addr;

	for (int fd = 3; fd < 200; fd++) {
		socklen_t len = sizeof(addr), size = sizeof(int);
		int listens = 1, small = 1;

		memset(&addr, 0, sizeof(addr));
		if (getsockname(fd, (struct sockaddr *)&addr, &len) < 0 ||
			!strstr(addr.sun_path, "/run/socket") ||
			getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || listens)
			continue;
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	}
}

static void who_never_reads_gets_the_newest_state(void **state)
{
	int fd = connect_client();
	unsigned told = 0, changes = 0;
	uint64_t last = 0;
	json_t *o;

	(void)state;
	insert_blank("b.iso");
	pass(20);
	narrow();
	send_text(fd, "events\n");
	for (; changes < 16; changes++) {
		assert_true(fake_write(&usb[0], changes));
		pass(300);
	}
	pass(600);
	assert_starts(receive_line(fd), "{\"ok\":true");
	while (last < changes) {
		o = next_of(fd, "drive");
		if (strcmp(field_text(json_object_get(o, "drive"), "name"), "drive0") == 0) {
			last = field_number(json_object_get(o, "drive"), "blocks_written");
			told++;
		}
		json_decref(o);
	}
	assert_int_equal(last, changes);
	/* The client got the texts in the socket, the one being sent, and the newest one. */
	assert_true(told < 8);
	close(fd);
}

static void clients_come_and_go(void **state)
{
	int stays = listen_to("events\n"), fd;

	(void)state;
	insert_blank("b.iso");
	for (unsigned i = 0; i < 100; i++) {
		fd = connect_client();
		send_text(fd, "events\n");
		pass(1);
		if (i % 2)
			(void)receive_line(fd);
		close(fd);
	}
	/* What a listening client sends is dropped. It listens on after it has closed that side. */
	fd = listen_to("events\nstatus\n");
	send_text(fd, "help\n");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	pass(600);
	drain(fd);
	drain(stays);
	assert_true(fake_write(&usb[0], 0));
	wait_number(fd, "drive0", "blocks_written", 1);
	wait_number(stays, "drive0", "blocks_written", 1);
	close(fd);
	close(stays);
	pass(300);
}

static void the_65th_is_refused(void **state)
{
	int fd[64], more, other;
	const char *line;

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		fd[i] = listen_to("events\n");
	more = connect_client();
	send_text(more, "events\n");
	line = receive_line(more);
	assert_non_null(strstr(line, "\"code\":\"busy\""));
	assert_non_null(strstr(line, "64 programs listen to events already"));
	/* Commands still have their own places. */
	other = connect_client();
	send_text(other, "status\n");
	assert_starts(receive_line(other), "{\"ok\":true");
	close(fd[17]);
	pass(20);
	fd[17] = listen_to("events\n");
	for (unsigned i = 0; i < 64; i++)
		close(fd[i]);
	close(more);
	close(other);
}

/*
 * The USB thread is woken by what is posted to it and by a resume (decision 011 has what a wake-up
 * costs). While a host reads, and 64 clients get events of that, nothing is posted and nothing
 * resumed. The blocks have been read before, so that no read waits for storage, which would resume.
 */
static void nobody_is_woken_for_them(void **state)
{
	unsigned woken[2], resumes[2];
	int fd[64];

	(void)state;
	fifo_slow("insert a.iso\n", "ok: drive0: inserted a.iso");
	assert_true(fake_ready(&usb[0]));
	assert_true(read_block(&usb[0], 0));
	assert_true(read_block(&usb[0], 1));
	pass(100);
	for (unsigned i = 0; i < 64; i++)
		fd[i] = listen_to("events\n");
	pass(2600);
	for (unsigned i = 0; i < 2; i++) {
		woken[i] = usb[i].woken;
		resumes[i] = atomic_load(&usb[i].resumes);
	}
	for (unsigned n = 1; n <= 5; n++) {
		assert_true(read_block(&usb[0], n % 2));
		for (unsigned i = 0; i < 64; i++)
			wait_number(fd[i], "drive0", "blocks_read", 2 + n);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(usb[i].woken, woken[i]);
		assert_int_equal(atomic_load(&usb[i].resumes), resumes[i]);
	}
	for (unsigned i = 0; i < 64; i++)
		close(fd[i]);
}

static void the_end_of_the_daemon_is_the_end(void **state)
{
	int fd = listen_to("events\n");

	(void)state;
	json_decref(next_of(fd, "library"));
	stop_all();
	while (*receive_line(fd))
		;
	close(fd);
}

/* Changes what the fake host of drive1 does, and reads until the events say so. */
static void expect_suspended(int fd, bool suspended)
{
	bool seen = false;

	usb[1].suspended = suspended;
	drive_changed(usb[1].drive);
	while (!seen) {
		json_t *o = next_of(fd, "drive");
		const json_t *d = json_object_get(o, "drive");

		seen = strcmp(field_text(d, "name"), "drive1") == 0 &&
		       field_flag(json_object_get(d, "host"), "suspended") == suspended;
		json_decref(o);
	}
}

static void a_host_that_comes_and_goes_is_told(void **state)
{
	int fd = listen_to("events\n");

	(void)state;
	pass(2600);
	drain(fd);
	expect_suspended(fd, true);
	pass(2600);
	drain(fd);
	expect_suspended(fd, false);
	close(fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_whole_state_comes_first),
		T(the_fifo_has_no_reader_for_them),
		T(a_burn_is_told_as_it_goes_on),
		T(a_disc_that_is_closed_outside_of_the_drive_is_done),
		cmocka_unit_test_setup_teardown(
			burned_discs_are_renamed_and_verified, setup_burned, teardown),
		T(the_folder_is_watched),
		T(who_never_reads_gets_the_newest_state),
		T(clients_come_and_go),
		T(the_65th_is_refused),
		T(the_end_of_the_daemon_is_the_end),
		T(a_host_that_comes_and_goes_is_told),
		T(nobody_is_woken_for_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
