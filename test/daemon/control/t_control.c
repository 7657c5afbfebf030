// SPDX-License-Identifier: GPL-2.0-or-later
/* FIFO, socket and status file, with drives on a fake USB thread. */
#include "daemon/control/control_fixture.h"

#include "disc/medium.h"
#include "daemon/iso.h"
#include "util/array.h"

static void fifo_commands_write_the_status_file(void **state)
{
	char want[512];

	(void)state;
	assert_string_equal(get_text("run/status"), "");
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	assert_string_equal(get_text("run/status"),
		"ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)\ncommand: insert a.iso\n");
	FIFO("insert \"b c.iso\" drive=drive1\r\n",
		"ok: drive1: inserted b c.iso (DVD-ROM, 8.19 kB)");
	FIFO("eject drive=drive1\n", "ok: drive1: ejected b c.iso");
	FIFO("status\n", "ok: mmcgadgetd " MMCGADGET_VERSION ", 2 drives");
	assert_non_null(strstr(get_text("run/status"), "\n  image      a.iso\n"));
	assert_non_null(strstr(get_text("run/status"), "\n  host       connected, high speed\n"));
	snprintf(want, sizeof(want), "ok: 2 images in %s/media", scratch);
	FIFO("list\n", want);
	assert_non_null(
		strstr(get_text("run/status"), "\na.iso    -      DVD-ROM  4.10 kB  drive0\n"));
	FIFO("help\n", "ok: commands of mmcgadgetd " MMCGADGET_VERSION);
	assert_non_null(strstr(get_text("run/status"),
		"\nblank NAME [type=TYPE] [minutes=N] [force=yes] [drive=DRIVE]"));
}

/* blank refuses this type, and names those that there are. */
static void refuses_type(const char *type)
{
	char line[64], known[256], want[512];

	disc_medium_list(known, sizeof(known));
	snprintf(line, sizeof(line), "blank n type=%s\n", type);
	snprintf(want, sizeof(want), "error: no blank of type \"%s\"; %s are supported", type,
		known);
	fifo(line, strlen(line), want);
}

static void fifo_refuses_bad_lines(void **state)
{
	char want[512];

	(void)state;
	FIFO("frob\n", "error: unknown command \"frob\"; try help");
	FIFO("insert\n", "error: insert: too few arguments (usage: insert NAME [as=DISC] "
			 "[force=yes] [drive=DRIVE])");
	FIFO("eject drive=x\n", "error: no drive \"x\"; there are: drive0, drive1");
	refuses_type("cd-i");
	/* dvd-rom is a type, but not of blanks; a type is not found by a part of its name. */
	refuses_type("dvd-rom");
	refuses_type("dvd");
	refuses_type("DVD");
	snprintf(want, sizeof(want),
		"error: \"../run/status\" is outside of %s/media; copy it there first", scratch);
	FIFO("insert ../run/status\n", want);
	snprintf(want, sizeof(want),
		"error: \"/etc/passwd\" is outside of %s/media; copy it there first", scratch);
	FIFO("insert /etc/passwd\n", want);
	FIFO("insert \"x\n", "error: a quote is not closed; nothing was done");
	FIFO("insert a\0b\n", "error: the line holds control characters; nothing was done");
	assert_string_equal(get_text("run/status"),
		"error: the line holds control characters; nothing was done\ncommand: insert a\n");
	FIFO("\x01\x02\xff\xfe\n", "error: the line holds control characters; nothing was done");
	assert_non_null(strstr(get_text("run/status"), "\ncommand: ????\n"));
	FIFO("insert \xff\n", "error: the line is not valid UTF-8; nothing was done");
}

/* Part of a name or a label is enough, by the FIFO as by the socket. */
static void fifo_finds_by_prefix_and_label(void **state)
{
	(void)state;
	put_iso("media/c-1.iso", "Debian 12");
	put_iso("media/c-2.iso", "Debian 13");
	FIFO("insert b\n", "ok: drive0: inserted b c.iso (DVD-ROM, 8.19 kB)");
	FIFO("insert \"DEBIAN 13\"\n", "ok: drive0: inserted c-2.iso (DVD-ROM, 40.96 kB)");
	FIFO("insert c-\n", "error: \"c-\" could be \"c-1.iso\" or \"c-2.iso\"");
	FIFO("insert debian\n",
		"error: \"debian\" could be \"c-1.iso\" (Debian 12) or \"c-2.iso\" (Debian 13)");
	FIFO("next\n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	FIFO("prev\n", "ok: drive0: inserted c-2.iso (DVD-ROM, 40.96 kB)");
	FIFO("next drive=drive1\n", "ok: drive1: inserted a.iso (DVD-ROM, 4.10 kB)");
	FIFO("next again\n",
		"error: next: there is no drive \"again\" (usage: next [force=yes] [drive=DRIVE]); "
		"the drives are: drive0, drive1");
	/* Lines are carried out in order, also if a search takes time. */
	fifo_slow("insert b\neject\ninsert c-1\nnext\n", "ok: drive0: inserted c-2.iso ");
}

static void fifo_refuses_a_line_that_is_too_long(void **state)
{
	char line[10001];

	(void)state;
	memset(line, 'x', sizeof(line));
	line[10000] = '\n';
	fifo(line, sizeof(line), "error: a line has at most 4096 bytes; nothing was done");
	/* The rest of the long line is not taken for the next command. */
	FIFO("eject\n", "ok: drive0: there is no disc in the drive");
}

/* A blank without a suffix gets one, because Windows would not know the file after a copy. */
static void a_blank_gets_the_suffix_of_a_disc(void **state)
{
	static const char old[] = "ok: drive0: inserted ", blank[] = " (blank DVD+R";
	static const struct {
		const char *line, *name;
	} rows[] = {
		{"blank holiday\n", "holiday.iso"},
		/* The blank that it made is used again. */
		{"blank holiday\n", "holiday.iso"},
		{"blank holiday.img\n", "holiday.img"},
		{"blank \"Holiday 2026.12\"\n", "Holiday 2026.12.iso"},
		{"blank films/x\n", "films/x.iso"},
		/* A file of that very name is meant. */
		{"blank empty\n", "empty"},
	};
	char want[128];

	(void)state;
	mkdir(in_scratch("media/films"), 0755);
	put_size("media/empty", 0);
	put_size("media/full", 4096);
	put_size("media/also.iso", 4096);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(want, sizeof(want), "%s%s%s", old, rows[i].name, blank);
		fifo_slow(rows[i].line, want);
		fifo_slow("eject force\n", "ok: drive0: ejected");
	}
	fifo_slow("blank full\n", "error: \"full\" exists and holds 4.10 kB");
	fifo_slow("blank also\n", "error: \"also.iso\" exists and holds 4.10 kB");
	fifo_slow("blank -x\n", "error: \"-x\": the name of a disc cannot begin with");
	fifo_slow("blank x.iso.mmcdisc\n", "error: \"x.iso.mmcdisc\" is a name for state files");
	fifo_slow("blank none/x\n", "error: no folder for \"none/x.iso\"");
	assert_int_equal(access(in_scratch("media/holiday"), F_OK), -1);
}

static void fifo_takes_lines_in_any_pieces(void **state)
{
	uint64_t end;

	(void)state;
	fifo_write("insert ", 7);
	turn(event, usb, 2, 50, NULL);
	FIFO("a.iso\n\n\r\n  \n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	/* Several at once: all are done, in order. */
	fifo_write("eject\ninsert \"b c.iso\"\ninsert a.iso\nblank n\n", 44);
	end = now_ms() + 30000;
	while (now_ms() < end && !strstr(get_text("run/status"), "inserted n.iso"))
		turn(event, usb, 2, 10, NULL);
	assert_true(access(in_scratch("media/n.iso"), F_OK) == 0);
	assert_starts(get_text("run/status"), "ok: drive0: inserted n.iso (blank DVD+R");
}

static void fifo_refuses_a_line_without_newline(void **state)
{
	(void)state;
	/* A writer that died in the middle of a line does not spoil the next writer's line. */
	FIFO("insert ", "error: a line without a newline at its end; nothing was done");
	FIFO("eject\n", "ok: drive0: there is no disc in the drive");
}

static void status_file_shows_that_a_command_waits(void **state)
{
	(void)state;
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_lock(&usb[0], true));
	FIFO("eject\n", "waiting: drive0: the host has locked the drive; it is asked to eject");
	FIFO("eject force\n", "ok: drive0: ejected a.iso by force");
}

/* As an editor of Windows ends lines, and with tabs between the words. */
static void status_file_shows_the_command_as_it_was_meant(void **state)
{
	(void)state;
	FIFO("insert\ta.iso\r\n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	assert_non_null(strstr(get_text("run/status"), "\ncommand: insert a.iso\n"));
	FIFO("eject\r\n", "ok: drive0: ejected a.iso");
	assert_non_null(strstr(get_text("run/status"), "\ncommand: eject\n"));
}

/* ---- socket ------------------------------------------------------------------------------- */

static void socket_answers_each_line(void **state)
{
	int fd = connect_client();

	(void)state;
	send_text(fd, "insert a.iso\n");
	assert_string_equal(receive_line(fd),
		"{\"ok\":true,\"message\":\"drive0: inserted a.iso (DVD-ROM, 4.10 kB)\","
		"\"format\":1,\"drive\":\"drive0\",\"image\":\"a.iso\",\"kind\":\"iso\","
		"\"size\":4096,\"warning\":\"\",\"host_awake\":true}");
	send_text(fd, "insert none\neject\nfrob\n\n");
	assert_non_null(strstr(receive_line(fd), ",\"code\":\"no-such-image\",\"format\":1}"));
	assert_string_equal(receive_line(fd),
		"{\"ok\":true,\"message\":\"drive0: ejected a.iso\",\"format\":1,"
		"\"drive\":\"drive0\",\"image\":\"a.iso\"}");
	assert_string_equal(receive_line(fd),
		"{\"ok\":false,\"message\":\"unknown command \\\"frob\\\"; try help\","
		"\"code\":\"unknown-verb\",\"format\":1,\"usage\":\"help [VERB]\"}");
	/* A change is the last result, a question is not. */
	assert_string_equal(get_text("run/status"), "ok: drive0: ejected a.iso\ncommand: eject\n");
	close(fd);
}

static void socket_status_has_all_members(void **state)
{
	static const char *const members[] = {"name", "loaded", "medium", "profile", "state",
		"image", "path", "size", "capacity_blocks", "recorded_blocks", "nwa", "free_blocks",
		"sessions", "tracks", "locked", "eject_requested", "host", "commands", "errors",
		"blocks_read", "blocks_written", "phase_errors", "resets"};
	int fd = connect_client();
	json_t *a, *d;

	(void)state;
	send_text(fd, "insert \"b c.iso\"\nstatus\n");
	receive_line(fd);
	a = json_loads(receive_line(fd), 0, NULL);
	assert_non_null(a);
	assert_string_equal(json_string_value(json_object_get(a, "udc")), "dummy_udc.0");
	assert_string_equal(json_string_value(json_object_get(a, "version")), MMCGADGET_VERSION);
	assert_string_equal(json_string_value(json_object_get(a, "problem")), "");
	d = json_array_get(json_object_get(a, "functions"), 0);
	assert_string_equal(json_string_value(json_object_get(d, "node")), "/dev/ttyGS0");
	assert_int_equal(json_array_size(json_object_get(a, "drives")), 2);
	d = json_array_get(json_object_get(a, "drives"), 0);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (!json_object_get(d, members[i]))
			fail_msg("status has no \"%s\"", members[i]);
	}
	assert_string_equal(json_string_value(json_object_get(d, "image")), "b c.iso");
	assert_int_equal(json_integer_value(json_object_get(d, "size")), 8192);
	assert_int_equal(json_integer_value(json_object_get(d, "capacity_blocks")), 4);
	assert_int_equal(json_integer_value(json_object_get(d, "profile")), 0x10);
	d = json_object_get(d, "host");
	assert_true(json_is_true(json_object_get(d, "connected")));
	assert_true(json_is_false(json_object_get(d, "suspended")));
	assert_string_equal(json_string_value(json_object_get(d, "speed")), "high");
	json_decref(a);
	send_text(fd, "status drive=drive1\n");
	a = json_loads(receive_line(fd), 0, NULL);
	assert_int_equal(json_array_size(json_object_get(a, "drives")), 1);
	json_decref(a);
	close(fd);
}

static void socket_sends_a_large_answer_to_a_slow_reader(void **state)
{
	char name[256];
	int fd = connect_client();
	size_t total = 0;
	uint64_t end = now_ms() + 20000;
	char buf[4096];
	ssize_t n;

	(void)state;
	/* The answer is larger than a socket's buffer, and the client reads late. */
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "media/%0200u", i);
		put_size(name, 0);
	}
	send_text(fd, "list\n");
	turn(event, usb, 2, 100, NULL);
	do {
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0)
			total += (size_t)n;
		else
			turn(event, usb, 2, 1, NULL);
	} while (now_ms() < end && !(n > 0 && buf[n - 1] == '\n'));
	assert_true(total > 2000 * 240);
	assert_int_equal(buf[n - 1], '\n');
	close(fd);
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

static void socket_names_the_candidates_of_an_ambiguous_name(void **state)
{
	int fd = connect_client();

	(void)state;
	put_size("media/a2.iso", 1);
	send_text(fd, "insert a\n");
	assert_string_equal(receive_line(fd),
		"{\"ok\":false,\"message\":\"\\\"a\\\" could be \\\"a.iso\\\" or "
		"\\\"a2.iso\\\"\",\"code\":\"ambiguous\",\"format\":1,\"candidates\":[\"a.iso\","
		"\"a2.iso\"]}");
	close(fd);
}

static void bad_clients_disturb_no_other_client(void **state)
{
	static char junk[10000];
	int fd = connect_client(), other;

	(void)state;
	/* A client that closes before its answer comes: the command is carried out. */
	send_text(fd, "insert a.iso\n");
	close(fd);
	for (unsigned i = 0; i < 30 && *get_text("run/status") != 'o'; i++)
		turn(event, usb, 2, 100, NULL);
	assert_starts(get_text("run/status"), "ok: drive0: inserted a.iso");
	/* A client that closes in the middle of a line. */
	fd = connect_client();
	send_text(fd, "eject");
	shutdown(fd, SHUT_WR);
	assert_non_null(strstr(receive_line(fd), "\"code\":\"bad-line\""));
	assert_string_equal(receive_line(fd), "");
	close(fd);
	/* A client that sends a line and closes its sending side: it gets the answer. */
	fd = connect_client();
	send_text(fd, "eject\n");
	shutdown(fd, SHUT_WR);
	assert_string_equal(receive_line(fd),
		"{\"ok\":true,\"message\":\"drive0: ejected a.iso\",\"format\":1,"
		"\"drive\":\"drive0\",\"image\":\"a.iso\"}");
	assert_string_equal(receive_line(fd), "");
	close(fd);
	/* A client that sends binary data of any length. */
	fd = connect_client();
	memset(junk, 0x80, sizeof(junk) - 1);
	send_text(fd, junk);
	assert_non_null(strstr(receive_line(fd), "\"code\":\"line-too-long\""));
	send_text(fd, "\n\x01\n");
	assert_non_null(strstr(receive_line(fd), "\"code\":\"bad-line\""));
	/* Another client is served meanwhile. */
	other = connect_client();
	send_text(other, "eject\n");
	assert_non_null(strstr(receive_line(other), "\"ok\":true"));
	close(other);
	close(fd);
}

static void client_65_is_refused(void **state)
{
	int fd[65];

	(void)state;
	for (unsigned i = 0; i < 65; i++) {
		fd[i] = connect_client();
		turn(event, usb, 2, 3, NULL);
	}
	assert_non_null(strstr(receive_line(fd[64]), "\"code\":\"busy\""));
	send_text(fd[63], "eject\n");
	assert_non_null(strstr(receive_line(fd[63]), "\"ok\":true"));
	for (unsigned i = 0; i < 65; i++)
		close(fd[i]);
	turn(event, usb, 2, 50, NULL);
	fd[0] = connect_client();
	send_text(fd[0], "eject\n");
	assert_non_null(strstr(receive_line(fd[0]), "\"ok\":true"));
	close(fd[0]);
}

static void status_works_while_a_drive_hangs(void **state)
{
	int fd = connect_client(), other = connect_client();

	(void)state;
	send_text(fd, "insert a.iso\n");
	receive_line(fd);
	usb[0].stuck = true;
	send_text(fd, "eject force\n");
	turn(event, usb, 2, 50, NULL);
	send_text(other, "status\n");
	assert_non_null(strstr(receive_line(other), "\"pending\":\"eject\""));
	usb[0].stuck = false;
	assert_non_null(strstr(receive_line(fd), "ejected a.iso by force"));
	close(fd);
	close(other);
}

/* ---- files in the directory
 * --------------------------------------------------------------------------- */

static void fifo_and_socket_have_mode_0660(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(in_scratch("run/control"), &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(stat(in_scratch("run/socket"), &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0660);
}

static void stale_files_are_replaced_and_foreign_ones_refused(void **state)
{
	struct control *first = control;

	(void)state;
	/* Files that a killed daemon left are replaced. */
	assert_int_equal(rename(in_scratch("run/control"), in_scratch("kept")), 0);
	assert_int_equal(mkfifo(in_scratch("run/control"), 0600), 0);
	assert_int_equal(make_control(), 0);
	FIFO("eject\n", "ok: drive0: there is no disc in the drive");
	control_free(control);
	assert_int_equal(access(in_scratch("run/control"), F_OK), -1);
	assert_int_equal(access(in_scratch("run/socket"), F_OK), -1);
	assert_int_equal(access(in_scratch("run/status"), F_OK), -1);
	/* Files that no daemon made are not touched. */
	put_text("run/control", "precious");
	assert_int_equal(make_control(), -EEXIST);
	assert_string_equal(get_text("run/control"), "precious");
	assert_int_equal(unlink(in_scratch("run/control")), 0);
	assert_int_equal(symlink(in_scratch("kept"), in_scratch("run/control")), 0);
	assert_int_equal(make_control(), -EEXIST);
	assert_int_equal(unlink(in_scratch("run/control")), 0);
	put_text("run/socket", "precious");
	assert_int_equal(make_control(), -EEXIST);
	assert_string_equal(get_text("run/socket"), "precious");
	assert_int_equal(access(in_scratch("run/control"), F_OK), -1);
	control = first;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(fifo_commands_write_the_status_file),
		T(fifo_refuses_bad_lines),
		T(fifo_finds_by_prefix_and_label),
		T(fifo_refuses_a_line_that_is_too_long),
		T(a_blank_gets_the_suffix_of_a_disc),
		T(fifo_takes_lines_in_any_pieces),
		T(fifo_refuses_a_line_without_newline),
		T(status_file_shows_that_a_command_waits),
		T(status_file_shows_the_command_as_it_was_meant),
		T(socket_answers_each_line),
		T(socket_status_has_all_members),
		T(socket_sends_a_large_answer_to_a_slow_reader),
		T(socket_names_the_candidates_of_an_ambiguous_name),
		T(bad_clients_disturb_no_other_client),
		T(client_65_is_refused),
		T(status_works_while_a_drive_hangs),
		T(fifo_and_socket_have_mode_0660),
		T(stale_files_are_replaced_and_foreign_ones_refused),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
