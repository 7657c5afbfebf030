// SPDX-License-Identifier: GPL-2.0-or-later
/* The verbs open and sum, deletes of what was seen, and uploads beside a burn. */
#include "daemon/transfer/upload_fixture.h"

#include "daemon/iso.h"
#include "util/array.h"

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void a_descriptor_reads_the_image(void **state)
{
	int fd = connect_to("run/web"), in;
	char buf[8];
	json_t *a;

	(void)state;
	put_text("media/text.iso", "abc");
	a = ask_fd(fd, &in, "open text.iso\n");
	expect_ok(a);
	assert_int_equal(field_number(a, "size"), 3);
	assert_string_equal(field_text(a, "kind"), "iso");
	json_decref(a);
	assert_int_equal(fcntl(in, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(read(in, buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "abc", 3);
	close(in);
	put_size("media/blank.iso", 0);
	put_text("media/a.iso.mmcdisc", "damaged\n");
	refused(fd, "blank", "nothing on it", "open blank.iso");
	refused(fd, "no-such-image", "no image", "open none.iso");
	/* From the page, only whole names. */
	refused(fd, "no-such-image", "no image", "open text");
	refused(fd, "outside", "outside of", "open ../media/text.iso");
	refused(fd, "outside", "outside of", "open /etc/passwd");
	refused(fd, "bad-name", "belongs to a disc", "open a.iso.mmcdisc");
	refused(fd, "bad-name", "belongs to a disc", "open .mmcgadget-drive0.mmcdisc");
	refused(fd, "bad-name", "not the name of an image", "open .hidden.iso");
	assert_int_equal(symlink("/etc/passwd", in_scratch("media/link.iso")), 0);
	refused(fd, "outside", "outside of", "open link.iso");
	assert_int_equal(mkfifo(in_scratch("media/pipe.iso"), 0600), 0);
	refused(fd, "not-a-file", "not discs", "open pipe.iso");
	FIFO("open text.iso\n",
		"error: open: the descriptor would have no reader; connect to the socket");
	close(fd);
}

static void what_a_drive_may_write_to_is_not_given_away(void **state)
{
	int fd = connect_client(), in;
	json_t *a;

	(void)state;
	fifo_slow("blank b.iso\n", "ok: drive0: inserted b.iso");
	refused(fd, "in-use", "mmcgadgetctl eject drive=drive0", "open b.iso");
	refused(fd, "in-use", "mmcgadgetctl eject drive=drive0", "sum b.iso start");
	/* A disc that can only be read is no matter. */
	fifo_slow("insert a.iso drive=drive1\n", "ok: drive1: inserted a.iso");
	a = ask_fd(fd, &in, "open a.iso\n");
	expect_ok(a);
	json_decref(a);
	close(in);
	close(fd);
}

/* A burned disc can be read while it is in the drive, whether the tray is open or not. */
static void a_finalised_disc_in_a_drive_is_given(void **state)
{
	int fd = connect_client(), in;
	json_t *a;

	(void)state;
	fifo_slow("blank f.iso\n", "ok: drive0: inserted f.iso");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_write(&usb[0], 0));
	refused(fd, "in-use", "which can record it", "open f.iso");
	fifo_slow("close f.iso\n", "ok: drive0: closed f.iso (DVD-ROM, ");
	for (unsigned open_tray = 0; open_tray < 2; open_tray++) {
		a = ask_fd(fd, &in, "open f.iso\n");
		expect_ok(a);
		assert_string_equal(field_text(a, "kind"), "iso");
		json_decref(a);
		close(in);
		for (int i = 0; i < 100000 && !fake_ready(&usb[0]); i++)
			fake_nap();
		assert_true(fake_host(&usb[0], 0x1b, 2));
	}
	/* The host may erase this one at any moment. */
	fifo_slow("blank w.iso type=dvd-rw\n", "ok: drive0: inserted w.iso");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_write(&usb[0], 0));
	fifo_slow("close w.iso\n", "ok: drive0: closed w.iso");
	refused(fd, "in-use", "which can record it", "open w.iso");
	close(fd);
}

static json_t *wait_sum(int fd, const char *name)
{
	uint64_t end = now_ms() + 20000;

	for (;;) {
		json_t *a = ask_fd(fd, NULL, "sum %s\n", name);
		const char *state = field_text(a, "state");

		expect_ok(a);
		if (strcmp(state, "waiting") != 0 && strcmp(state, "running") != 0)
			return a;
		json_decref(a);
		assert_true(now_ms() < end);
		turn(event, usb, 2, 10, NULL);
	}
}

static void a_sum_is_computed_on_request_and_kept(void **state)
{
	int fd = connect_client();
	json_t *a;

	(void)state;
	put_text("media/text.iso", "abc");
	a = ask_fd(fd, NULL, "sum text.iso\n");
	assert_string_equal(field_text(a, "state"), "none");
	json_decref(a);
	refused(fd, "bad-arguments", "can be start", "sum text.iso begin");
	json_decref(ask_fd(fd, NULL, "sum text.iso start\n"));
	a = wait_sum(fd, "text.iso");
	assert_string_equal(field_text(a, "state"), "known");
	assert_string_equal(field_text(a, "sha256"), ABC);
	json_decref(a);
	assert_string_equal(get_text("media/text.iso.sha256"), ABC "  text.iso\n");
	send_text(fd, "list\n");
	assert_non_null(strstr(receive_line(fd), "\"sha256\":\"" ABC "\""));
	/* A disc whose verification found a mismatch gets no sum, and its file keeps the result. */
	put_text("media/text.iso.sha256", "# mmcgadget: storage gave back other data than was "
					  "burned, with the checksum 00\n" ABC "  text.iso\n");
	a = ask_fd(fd, NULL, "sum text.iso start\n");
	assert_string_equal(field_text(a, "state"), "damaged");
	assert_string_equal(field_text(a, "sha256"), "");
	json_decref(a);
	close(fd);
}

static void a_sum_that_is_older_than_its_image_is_not_believed(void **state)
{
	const struct timespec old[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
	int fd = connect_client();
	json_t *a;

	(void)state;
	put_text("media/text.iso", "abd");
	put_text("media/text.iso.sha256", ABC "  text.iso\n");
	assert_int_equal(utimensat(AT_FDCWD, in_scratch("media/text.iso.sha256"), old, 0), 0);
	a = ask_fd(fd, NULL, "sum text.iso\n");
	assert_string_equal(field_text(a, "state"), "none");
	json_decref(a);
	send_text(fd, "list\n");
	assert_null(strstr(receive_line(fd), ABC));
	close(fd);
}

static void only_what_was_seen_is_deleted(void **state)
{
	int fd = connect_client();
	char line[200], etag[100];
	json_t *a;

	(void)state;
	put_text("media/text.iso", "abc");
	a = ask_fd(fd, NULL, "sum text.iso\n");
	snprintf(etag, sizeof(etag), "%s", field_text(a, "etag"));
	json_decref(a);
	snprintf(line, sizeof(line), "delete text.iso etag=%s", etag);
	put_text("media/text.iso", "another disc");
	refused(fd, "changed", "look at it again", line);
	snprintf(line, sizeof(line), "rename text.iso other.iso etag=%s", etag);
	refused(fd, "changed", "look at it again", line);
	a = ask_fd(fd, NULL, "sum text.iso\n");
	snprintf(line, sizeof(line), "delete text.iso etag=%s\n", field_text(a, "etag"));
	json_decref(a);
	a = ask_fd(fd, NULL, "%s", line);
	expect_ok(a);
	json_decref(a);
	assert_int_equal(access(in_scratch("media/text.iso"), F_OK), -1);
	close(fd);
}

/* The room of the disc that is in a drive is not for uploads. */
static void a_disc_in_a_drive_keeps_its_room(void **state)
{
	int fd = connect_client(), out;
	uint64_t room, kept, more;
	json_t *a, *d;

	(void)state;
	a = ask_fd(fd, NULL, "status\n");
	d = json_array_get(json_object_get(a, "drives"), 0);
	kept = field_number(d, "card_reserved_bytes");
	assert_true(kept == 32 << 20);
	assert_true(field_number(d, "card_total_bytes") >= field_number(d, "card_free_bytes"));
	json_decref(a);
	fifo_slow("blank b.iso type=dvd+r drive=drive0\n", "ok: drive0: inserted b.iso");
	a = ask_fd(fd, NULL, "status\n");
	d = json_array_get(json_object_get(a, "drives"), 0);
	more = field_number(d, "card_reserved_bytes");
	room = field_number(d, "card_free_bytes");
	assert_true(more > kept);
	assert_true(more - kept == field_number(d, "free_blocks") * 2048);
	json_decref(a);
	/*
	 * It would fit beside everything but the blank. On a disk without room for the blank,
	 * nothing does.
	 */
	a = ask_fd(fd, &out, "upload x.iso size=%" PRIu64 "\n",
		room > more ? room - more + (more - kept) / 2 : 1);
	assert_string_equal(field_text(a, "code"), "no-room");
	assert_true(field_number(a, "reserved_bytes") >= more);
	assert_true(field_number(a, "need_bytes") > 0);
	assert_int_equal(out, -1);
	json_decref(a);
	close(fd);
}

static void an_upload_waits_for_a_burn_that_is_behind(void **state)
{
	int fd = connect_client();
	struct upload u;
	uint64_t wait = 0, piece = 0;
	unsigned blocks = 0;
	json_t *a;

	(void)state;
	fifo_slow("blank b.iso\n", "ok: drive0: inserted b.iso");
	assert_true(fake_ready(&usb[0]));
	u = begin(fd, "upload x.iso size=300000");
	/* The drive syncs by itself after 300 ms, so that a slow machine may need several tries. */
	for (unsigned tries = 0; wait == 0 && tries < 8; tries++) {
		for (unsigned end = blocks + 4200; blocks < end; blocks++)
			assert_true(fake_write(&usb[0], blocks));
		a = ask_fd(fd, NULL, "upload-at %s\n", u.id);
		wait = field_number(a, "wait_ms");
		piece = field_number(a, "piece_bytes");
		json_decref(a);
	}
	assert_int_equal(wait, 250);
	assert_int_equal(piece, 1 << 20);
	/* The part file is unharmed by it, and the burn by the part file. */
	write_bytes(u.fd, 0, 300000);
	save_at(fd, &u, 300000);
	close(u.fd);
	a = ask_fd(fd, NULL, "upload-end %s\n", u.id);
	expect_ok(a);
	json_decref(a);
	check_bytes("media/x.iso", 300000);
	close(fd);
}

/* Each change of an upload is told, and that it has ended. */
static json_t *next_upload(int fd)
{
	for (;;) {
		json_t *o = json_loads(receive_line(fd), 0, NULL);

		assert_non_null(o);
		if (strcmp(field_text(o, "event"), "upload") == 0)
			return o;
		json_decref(o);
	}
}

static void uploads_are_told_by_events(void **state)
{
	int events = connect_client(), fd = connect_client();
	struct upload u;
	json_t *o, *a;

	(void)state;
	send_text(events, "events drive=drive1\n");
	receive_line(events);
	json_decref(next_upload(events));
	u = begin(fd, "upload x.iso size=1000");
	o = next_upload(events);
	a = json_array_get(json_object_get(o, "uploads"), 0);
	assert_string_equal(field_text(a, "id"), u.id);
	assert_string_equal(field_text(a, "image"), "x.iso");
	json_decref(o);
	close(u.fd);
	json_decref(ask_fd(fd, NULL, "upload-drop %s\n", u.id));
	o = next_upload(events);
	assert_int_equal(json_array_size(json_object_get(o, "uploads")), 0);
	a = json_array_get(json_object_get(o, "ended"), 0);
	assert_string_equal(field_text(a, "what"), "dropped");
	json_decref(o);
	close(fd);
	close(events);
}

/* ---- the client ------------------------------------------------------------------------------ */

static int ctl(const char *args, const char *want)
{
	char command[2048];
	int code;

	snprintf(command, sizeof(command), "cd %s && exec %s --socket %s %s >%s 2>&1", scratch,
		client(), in_scratch("run/socket"), args, in_scratch("out"));
	code = run_beside(command);
	if (!strstr(get_text("out"), want))
		fail_msg("%s: %s", args, get_text("out"));
	return code;
}

static void the_client_sends_and_gets_files(void **state)
{
	char args[128];
	int fd = open(in_scratch("file.iso"), O_RDWR | O_CREAT, 0600);
	struct upload u;

	(void)state;
	write_bytes(fd, 0, 3000000);
	close(fd);
	assert_int_equal(ctl("upload file.iso", "uploaded file.iso, 3.00 MB"), 0);
	check_bytes("media/file.iso", 3000000);
	assert_int_equal(ctl("upload file.iso", "nothing is overwritten"), 1);
	assert_int_equal(ctl("--json upload file.iso 'other name.iso' drive=1",
				 "\"image\":\"other name.iso\""),
		0);
	assert_int_equal(ctl("upload none.iso", "No such file"), 1);
	assert_int_equal(ctl("upload .", "not a regular file"), 1);
	assert_int_equal(ctl("upload", "usage: upload FILE"), 2);
	/* It goes on where an earlier one was broken off. */
	fd = connect_client();
	u = begin(fd, "upload third.iso size=3000000");
	write_bytes(u.fd, 0, 2000000);
	save_at(fd, &u, 2000000);
	close(u.fd);
	assert_int_equal(ctl("uploads", "66 %  2.00 MB of 3.00 MB  third.iso"), 0);
	assert_int_equal(ctl("upload file.iso third.iso", "uploaded third.iso"), 0);
	check_bytes("media/third.iso", 3000000);
	/* An upload cannot continue if its file was changed since it began. */
	u = begin(fd, "upload fourth.iso size=3000000");
	write_bytes(u.fd, 0, 1000);
	save_at(fd, &u, 1000);
	close(u.fd);
	{
		const struct timespec later[2] = {
			{.tv_sec = time(NULL) + 100}, {.tv_sec = time(NULL) + 100}};

		assert_int_equal(utimensat(AT_FDCWD, in_scratch("file.iso"), later, 0), 0);
	}
	assert_int_equal(ctl("upload file.iso fourth.iso", "was changed since"), 1);
	snprintf(args, sizeof(args), "upload-drop %s", u.id);
	assert_int_equal(ctl(args, "dropped the upload of fourth.iso"), 0);
	/* get copies the image back. */
	assert_int_equal(ctl("get file.iso", "File exists; nothing is overwritten"), 1);
	assert_int_equal(ctl("get file.iso back.iso", "wrote back.iso, 3.00 MB"), 0);
	check_bytes("back.iso", 3000000);
	assert_int_equal(ctl("get none.iso", "no image \"none.iso\""), 1);
	assert_int_equal(
		ctl("sum file.iso",
			"is not known; this computes it: mmcgadgetctl sum \"file.iso\" start"),
		0);
	assert_int_equal(ctl("open file.iso", "get copies an image"), 2);
	close(fd);
}

static void a_get_goes_on_with_the_same_image_only(void **state)
{
	int fd = connect_client(), part;
	char name[200];
	json_t *a;

	(void)state;
	part = open(in_scratch("media/file.iso"), O_RDWR | O_CREAT, 0600);
	write_bytes(part, 0, 2000000);
	close(part);
	a = ask_fd(fd, NULL, "sum file.iso\n");
	snprintf(name, sizeof(name), "back.iso.%s.part", field_text(a, "etag"));
	json_decref(a);
	part = open(in_scratch(name), O_RDWR | O_CREAT, 0600);
	/* A byte of its own shows that what arrived was not fetched again. */
	write_bytes(part, 0, 1000000);
	assert_int_equal(pwrite(part, "!", 1, 500), 1);
	close(part);
	assert_int_equal(ctl("get file.iso back.iso", "wrote back.iso"), 0);
	part = open(in_scratch("back.iso"), O_RDWR);
	assert_int_equal(pread(part, name, 1, 500), 1);
	assert_int_equal(name[0], '!');
	name[0] = byte_at(500);
	assert_int_equal(pwrite(part, name, 1, 500), 1);
	close(part);
	check_bytes("back.iso", 2000000);
	put_text("media/file.iso", "another disc");
	put_text("back2.iso.0-0-0-0.part", "of an older image");
	assert_int_equal(ctl("get file.iso back2.iso", "wrote back2.iso, 12 bytes"), 0);
	assert_string_equal(get_text("back2.iso"), "another disc");
	close(fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_descriptor_reads_the_image),
		T(what_a_drive_may_write_to_is_not_given_away),
		T(a_finalised_disc_in_a_drive_is_given),
		T(a_sum_is_computed_on_request_and_kept),
		T(a_sum_that_is_older_than_its_image_is_not_believed),
		T(only_what_was_seen_is_deleted),
		T(a_disc_in_a_drive_keeps_its_room),
		T(an_upload_waits_for_a_burn_that_is_behind),
		T(uploads_are_told_by_events),
		T(the_client_sends_and_gets_files),
		T(a_get_goes_on_with_the_same_image_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
