// SPDX-License-Identifier: GPL-2.0-or-later
/* FIFO, socket and status file, over drives without USB. */
#include "daemon/control/control_fixture.h"

#include "control/rundir.h"
#include "daemon/iso.h"

static void fifo_commands(void **state)
{
	char want[512];

	(void)state;
	assert_string_equal(get_text("run/status"), "");
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4096 bytes)");
	assert_string_equal(get_text("run/status"),
		"ok: drive0: inserted a.iso (DVD-ROM, 4096 bytes)\ncommand: insert a.iso\n");
	FIFO("insert \"b c.iso\" drive=drive1\r\n",
		"ok: drive1: inserted b c.iso (DVD-ROM, 8192 bytes)");
	FIFO("eject drive=drive1\n", "ok: drive1: ejected b c.iso");
	FIFO("status\n", "ok: mmcgadgetd " MMCGADGET_VERSION ", 2 drives");
	assert_non_null(strstr(get_text("run/status"), "\n  image      a.iso\n"));
	assert_non_null(strstr(get_text("run/status"), "\n  host       connected, high speed\n"));
	snprintf(want, sizeof(want), "ok: 2 images in %s/media", scratch);
	FIFO("list\n", want);
	assert_non_null(
		strstr(get_text("run/status"), "\na.iso    -      DVD-ROM  4.10 kB  drive0\n"));
	FIFO("help\n", "ok: commands of mmcgadgetd " MMCGADGET_VERSION);
	assert_non_null(strstr(get_text("run/status"), "\nblank NAME [type=dvd+r] [drive=DRIVE]"));
}

/* The status file's first line begins so; it may take its time. */
static void fifo_slow(const char *line, const char *begins)
{
	uint64_t end = now_ms() + 30000;

	unlink(in_scratch("run/status"));
	fifo_write(line, strlen(line));
	while (strncmp(get_text("run/status"), begins, strlen(begins)) != 0 && now_ms() < end)
		turn(event, usb, 2, 10, NULL);
	assert_starts(get_text("run/status"), begins);
}

static unsigned lines_of(const char *name)
{
	FILE *f = fopen(in_scratch(name), "r");
	unsigned n = 0;

	assert_non_null(f);
	for (int c = getc(f); c != EOF; c = getc(f))
		n += c == '\n';
	fclose(f);
	return n;
}

static void fifo_refusals(void **state)
{
	char want[512];

	(void)state;
	FIFO("frob\n", "error: unknown command \"frob\"; try help");
	FIFO("insert\n", "error: insert: too few arguments (usage: insert NAME [drive=DRIVE])");
	FIFO("eject drive=x\n", "error: no drive \"x\"");
	FIFO("blank n type=cd-r\n", "error: no blank of type \"cd-r\"; dvd+r is supported");
	/* A type that there is, but not as a blank; names are not matched by parts of them. */
	FIFO("blank n type=dvd-rom\n", "error: no blank of type \"dvd-rom\"; dvd+r is supported");
	FIFO("blank n type=dvd\n", "error: no blank of type \"dvd\"; dvd+r is supported");
	FIFO("blank n type=DVD+R\n", "error: no blank of type \"DVD+R\"; dvd+r is supported");
	snprintf(want, sizeof(want), "error: \"../run/status\" is outside of %s/media", scratch);
	FIFO("insert ../run/status\n", want);
	snprintf(want, sizeof(want), "error: \"/etc/passwd\" is outside of %s/media", scratch);
	FIFO("insert /etc/passwd\n", want);
	FIFO("insert \"x\n", "error: a quote is not closed; nothing was done");
	FIFO("insert a\0b\n", "error: the line holds control characters; nothing was done");
	assert_string_equal(get_text("run/status"),
		"error: the line holds control characters; nothing was done\ncommand: insert a\n");
	FIFO("\x01\x02\xff\xfe\n", "error: the line holds control characters; nothing was done");
	assert_non_null(strstr(get_text("run/status"), "\ncommand: ????\n"));
	FIFO("insert \xff\n", "error: the line is not valid UTF-8; nothing was done");
}

/* The same by the FIFO as by the socket: not the whole name, or a label. */
static void fifo_finds(void **state)
{
	(void)state;
	put_iso("media/c-1.iso", "Debian 12");
	put_iso("media/c-2.iso", "Debian 13");
	FIFO("insert b\n", "ok: drive0: inserted b c.iso (DVD-ROM, 8192 bytes)");
	FIFO("insert \"DEBIAN 13\"\n", "ok: drive0: inserted c-2.iso (DVD-ROM, 40960 bytes)");
	FIFO("insert c-\n", "error: \"c-\" could be \"c-1.iso\" or \"c-2.iso\"");
	FIFO("insert debian\n",
		"error: \"debian\" could be \"c-1.iso\" (Debian 12) or \"c-2.iso\" (Debian 13)");
	FIFO("next\n", "ok: drive0: inserted a.iso (DVD-ROM, 4096 bytes)");
	FIFO("prev\n", "ok: drive0: inserted c-2.iso (DVD-ROM, 40960 bytes)");
	FIFO("next drive=drive1\n", "ok: drive1: inserted a.iso (DVD-ROM, 4096 bytes)");
	FIFO("next again\n", "error: next: too many arguments (usage: next [drive=DRIVE])");
	/* Lines are done in order, whatever must be looked for. */
	fifo_slow("insert b\neject\ninsert c-1\nnext\n", "ok: drive0: inserted c-2.iso ");
}

static void fifo_long_line(void **state)
{
	char line[10001];

	(void)state;
	memset(line, 'x', sizeof(line));
	line[10000] = '\n';
	fifo(line, sizeof(line), "error: a line has at most 4096 bytes; nothing was done");
	/* Nothing of it is taken for the next line. */
	FIFO("eject\n", "ok: drive0: there is no disc in the drive");
}

static void fifo_pieces(void **state)
{
	(void)state;
	fifo_write("insert ", 7);
	turn(event, usb, 2, 50, NULL);
	FIFO("a.iso\n\n\r\n  \n", "ok: drive0: inserted a.iso (DVD-ROM, 4096 bytes)");
	/* Several at once: all are done, in order. */
	fifo_write("eject\ninsert \"b c.iso\"\ninsert a.iso\nblank n\n", 44);
	turn(event, usb, 2, 300, NULL);
	assert_true(access(in_scratch("media/n"), F_OK) == 0);
	assert_starts(get_text("run/status"), "ok: drive0: inserted n (blank DVD+R");
}

static void fifo_half_line(void **state)
{
	(void)state;
	/* Whoever died there does not spoil the next one's line. */
	FIFO("insert ", "error: a line without a newline at its end; nothing was done");
	FIFO("eject\n", "ok: drive0: there is no disc in the drive");
}

static void fifo_waiting(void **state)
{
	(void)state;
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4096 bytes)");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_lock(&usb[0], true));
	FIFO("eject\n", "waiting: drive0: the host has locked the drive; it is asked to eject");
	FIFO("eject force\n", "ok: drive0: ejected a.iso by force");
}

/* ---- socket ------------------------------------------------------------------------------- */

static void socket_answers(void **state)
{
	int fd = dial();

	(void)state;
	tell(fd, "insert a.iso\n");
	assert_string_equal(hear(fd),
		"{\"ok\":true,\"message\":\"drive0: inserted a.iso (DVD-ROM, 4096 bytes)\"}");
	tell(fd, "insert none\neject\nfrob\n\n");
	assert_non_null(strstr(hear(fd), ",\"code\":\"no-such-image\"}"));
	assert_string_equal(hear(fd), "{\"ok\":true,\"message\":\"drive0: ejected a.iso\"}");
	assert_string_equal(hear(fd),
		"{\"ok\":false,\"message\":\"unknown command \\\"frob\\\"; try help\","
		"\"code\":\"unknown-verb\"}");
	/* A change is the last result, a question is not. */
	assert_string_equal(get_text("run/status"), "ok: drive0: ejected a.iso\ncommand: eject\n");
	close(fd);
}

static void socket_status(void **state)
{
	static const char *const members[] = {"name", "loaded", "medium", "profile", "state",
		"image", "path", "size", "capacity_blocks", "recorded_blocks", "nwa", "free_blocks",
		"sessions", "tracks", "locked", "eject_requested", "host", "commands", "errors",
		"blocks_read", "blocks_written", "phase_errors", "resets"};
	int fd = dial();
	json_t *a, *d;

	(void)state;
	tell(fd, "insert \"b c.iso\"\nstatus\n");
	hear(fd);
	a = json_loads(hear(fd), 0, NULL);
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
	tell(fd, "status drive=drive1\n");
	a = json_loads(hear(fd), 0, NULL);
	assert_int_equal(json_array_size(json_object_get(a, "drives")), 1);
	json_decref(a);
	close(fd);
}

static void socket_list(void **state)
{
	int fd = dial();

	(void)state;
	put_size("media/n", 0);
	put_iso("media/b c.iso", "MY DISC");
	tell(fd, "insert a.iso drive=drive1\nlist\n");
	hear(fd);
	assert_non_null(strstr(hear(fd),
		"\"images\":["
		"{\"name\":\"a.iso\",\"label\":\"\",\"kind\":\"iso\",\"size\":4096,\"sessions\":0,"
		"\"problem\":\"\",\"damaged\":false,\"insertable\":true,\"loaded_in\":[\"drive1\"]}"
		","
		"{\"name\":\"b c.iso\",\"label\":\"MY DISC\",\"kind\":\"iso\",\"size\":40960,"
		"\"sessions\":0,\"problem\":\"\",\"damaged\":false,\"insertable\":true,\"loaded_"
		"in\":[]},"
		"{\"name\":\"n\",\"label\":\"\",\"kind\":\"blank\",\"size\":0,\"sessions\":0,"
		"\"problem\":\"\",\"damaged\":false,\"insertable\":true,\"loaded_in\":[]}],"
		"\"labels_unread\":0,\"unnamed\":0,\"more\":false}"));
	close(fd);
}

static void socket_large_answer(void **state)
{
	char name[256];
	int fd = dial();
	size_t total = 0;
	uint64_t end = now_ms() + 20000;
	char buf[4096];
	ssize_t n;

	(void)state;
	/* More than a socket's buffer holds, to a client that reads late. */
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "media/%0200u", i);
		put_size(name, 0);
	}
	tell(fd, "list\n");
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

/* All of them, each with its label; and the daemon answers others meanwhile. */
static void ten_thousand_images(void **state)
{
	int fd = dial(), other = dial();
	char path[64], label[33];
	json_t *a, *images, *last;

	(void)state;
	unlink(in_scratch("media/a.iso"));
	unlink(in_scratch("media/b c.iso"));
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(path, sizeof(path), "media/%05u.iso", i);
		snprintf(label, sizeof(label), "DISC %05u", i);
		put_iso(path, label);
	}
	tell(fd, "list\n");
	tell(other, "insert 00007.iso\n");
	assert_non_null(strstr(hear(other), "inserted 00007.iso"));
	a = json_loads(hear(fd), 0, NULL);
	images = json_object_get(a, "images");
	assert_int_equal(json_array_size(images), 10000);
	assert_true(json_is_false(json_object_get(a, "more")));
	last = json_array_get(images, 9999);
	assert_string_equal(json_string_value(json_object_get(last, "name")), "09999.iso");
	/* What a slow machine does not get read in time is said, not passed over. */
	if (json_integer_value(json_object_get(a, "labels_unread")) == 0)
		assert_string_equal(
			json_string_value(json_object_get(last, "label")), "DISC 09999");
	else
		assert_true(json_is_null(json_object_get(last, "label")));
	json_decref(a);
	fifo_slow("list\n", "ok: 10000 images in ");
	assert_int_equal(lines_of("run/status"), 10000 + 3);
	close(fd);
	close(other);
}

static void empty_folder(void **state)
{
	int fd = dial();
	char want[256];

	(void)state;
	unlink(in_scratch("media/a.iso"));
	unlink(in_scratch("media/b c.iso"));
	tell(fd, "list\n");
	assert_non_null(strstr(hear(fd), "\"images\":[],\"labels_unread\":0,"));
	snprintf(want, sizeof(want), "ok: 0 images in %s/media", scratch);
	FIFO("list\n", want);
	snprintf(
		want, sizeof(want), "error: drive0: no image in %s/media can be inserted", scratch);
	FIFO("next\n", want);
	FIFO("prev\n", want);
	snprintf(want, sizeof(want), "error: no image \"x\" in %s/media", scratch);
	FIFO("insert x\n", want);
	close(fd);
}

static void socket_ambiguous(void **state)
{
	int fd = dial();

	(void)state;
	put_size("media/a2.iso", 1);
	tell(fd, "insert a\n");
	assert_string_equal(hear(fd),
		"{\"ok\":false,\"message\":\"\\\"a\\\" could be \\\"a.iso\\\" or "
		"\\\"a2.iso\\\"\",\"code\":\"ambiguous\",\"candidates\":[\"a.iso\",\"a2.iso\"]}");
	close(fd);
}

static void socket_bad_clients(void **state)
{
	static char junk[10000];
	int fd = dial(), other;

	(void)state;
	/* One that leaves without waiting for its answer: the command is done all the same. */
	tell(fd, "insert a.iso\n");
	close(fd);
	for (unsigned i = 0; i < 30 && *get_text("run/status") != 'o'; i++)
		turn(event, usb, 2, 100, NULL);
	assert_starts(get_text("run/status"), "ok: drive0: inserted a.iso");
	/* Half a line, then nothing. */
	fd = dial();
	tell(fd, "eject");
	shutdown(fd, SHUT_WR);
	assert_non_null(strstr(hear(fd), "\"code\":\"bad-line\""));
	assert_string_equal(hear(fd), "");
	close(fd);
	/* A whole line, and the sending side closed: the answer comes. */
	fd = dial();
	tell(fd, "eject\n");
	shutdown(fd, SHUT_WR);
	assert_string_equal(hear(fd), "{\"ok\":true,\"message\":\"drive0: ejected a.iso\"}");
	assert_string_equal(hear(fd), "");
	close(fd);
	/* Binary of any length. */
	fd = dial();
	memset(junk, 0x80, sizeof(junk) - 1);
	tell(fd, junk);
	assert_non_null(strstr(hear(fd), "\"code\":\"line-too-long\""));
	tell(fd, "\n\x01\n");
	assert_non_null(strstr(hear(fd), "\"code\":\"bad-line\""));
	/* And the others are served meanwhile. */
	other = dial();
	tell(other, "eject\n");
	assert_non_null(strstr(hear(other), "\"ok\":true"));
	close(other);
	close(fd);
}

static void socket_many_clients(void **state)
{
	int fd[65];

	(void)state;
	for (unsigned i = 0; i < 65; i++) {
		fd[i] = dial();
		turn(event, usb, 2, 3, NULL);
	}
	assert_non_null(strstr(hear(fd[64]), "\"code\":\"busy\""));
	tell(fd[63], "eject\n");
	assert_non_null(strstr(hear(fd[63]), "\"ok\":true"));
	for (unsigned i = 0; i < 65; i++)
		close(fd[i]);
	turn(event, usb, 2, 50, NULL);
	fd[0] = dial();
	tell(fd[0], "eject\n");
	assert_non_null(strstr(hear(fd[0]), "\"ok\":true"));
	close(fd[0]);
}

static void socket_status_while_stuck(void **state)
{
	int fd = dial(), other = dial();

	(void)state;
	tell(fd, "insert a.iso\n");
	hear(fd);
	usb[0].stuck = true;
	tell(fd, "eject force\n");
	turn(event, usb, 2, 50, NULL);
	tell(other, "status\n");
	assert_non_null(strstr(hear(other), "\"pending\":\"eject\""));
	usb[0].stuck = false;
	assert_non_null(strstr(hear(fd), "ejected a.iso by force"));
	close(fd);
	close(other);
}

/* ---- the places --------------------------------------------------------------------------- */

static void permissions(void **state)
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

static void stale_and_foreign(void **state)
{
	struct control *first = control;

	(void)state;
	/* What a daemon that was killed left is replaced. */
	assert_int_equal(rename(in_scratch("run/control"), in_scratch("kept")), 0);
	assert_int_equal(mkfifo(in_scratch("run/control"), 0600), 0);
	assert_int_equal(make_control(), 0);
	FIFO("eject\n", "ok: drive0: there is no disc in the drive");
	control_free(control);
	assert_int_equal(access(in_scratch("run/control"), F_OK), -1);
	assert_int_equal(access(in_scratch("run/socket"), F_OK), -1);
	assert_int_equal(access(in_scratch("run/status"), F_OK), -1);
	/* What is not ours is not touched. */
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

static void second_daemon(void **state)
{
	struct rundir one, two;
	char dir[96], why[256], want[256];

	(void)state;
	snprintf(dir, sizeof(dir), "%s", in_scratch("mine"));
	assert_int_equal(rundir_open(&one, dir, why, sizeof(why)), 0);
	assert_int_equal(rundir_open(&two, dir, why, sizeof(why)), -EWOULDBLOCK);
	snprintf(want, sizeof(want),
		"another mmcgadgetd (process %d) is running in %s; stop it first", (int)getpid(),
		dir);
	assert_string_equal(why, want);
	rundir_close(&one);
	assert_int_equal(access(dir, F_OK), -1);
	/* After a crash only the file is left, and means nothing. */
	mkdir(dir, 0755);
	put_text("mine/lock", "1\n");
	assert_int_equal(rundir_open(&one, dir, why, sizeof(why)), 0);
	rundir_close(&one);
	assert_int_equal(access(dir, F_OK), 0);
	assert_int_equal(access(in_scratch("mine/lock"), F_OK), -1);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(rundir_open(&one, dir, why, sizeof(why)), -EPERM);
	snprintf(want, sizeof(want), "%s: not safe, because other users can write to it", dir);
	assert_string_equal(why, want);
	assert_int_equal(rundir_open(&one, in_scratch("x/y"), why, sizeof(why)), -ENOENT);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(fifo_commands),
		T(fifo_refusals),
		T(fifo_finds),
		T(fifo_long_line),
		T(fifo_pieces),
		T(fifo_half_line),
		T(fifo_waiting),
		T(socket_answers),
		T(socket_status),
		T(socket_list),
		T(socket_large_answer),
		T(ten_thousand_images),
		T(empty_folder),
		T(socket_ambiguous),
		T(socket_bad_clients),
		T(socket_many_clients),
		T(socket_status_while_stuck),
		T(permissions),
		T(stale_and_foreign),
		T(second_daemon),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
