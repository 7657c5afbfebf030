// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands rename and delete, through FIFO and socket. */
#include "daemon/control/control_fixture.h"

#include "daemon/iso.h"
#include "util/array.h"

/* The first part of a message names the folder, whose path is not known before. */
static void refused(const char *line, const char *code, const char *part)
{
	int fd = connect_client();
	json_t *a;

	send_text(fd, line);
	a = json_loads(receive_line(fd), 0, NULL);
	assert_non_null(a);
	if (answer_is_ok(a) || !strstr(json_string_value(json_object_get(a, "message")), part))
		fail_msg("%s%s", line, json_string_value(json_object_get(a, "message")));
	assert_string_equal(json_string_value(json_object_get(a, "code")), code);
	json_decref(a);
	close(fd);
}

#define SUM "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void a_disc_is_renamed_with_state_and_checksum(void **state)
{
	(void)state;
	put_text("media/a.iso.mmcdisc", "state\n");
	put_text("media/a.iso.sha256", SUM "  a.iso\n");
	FIFO("rename a.iso \"my holiday.iso\"\n",
		"ok: renamed a.iso to my holiday.iso with its state and checksum");
	assert_int_equal(size_of("media/my holiday.iso"), 4096);
	assert_string_equal(get_text("media/my holiday.iso.mmcdisc"), "state\n");
	assert_string_equal(get_text("media/my holiday.iso.sha256"), SUM "  my holiday.iso\n");
	assert_false(scratch_has("media/a.iso"));
	assert_false(scratch_has("media/a.iso.mmcdisc"));
	assert_false(scratch_has("media/a.iso.sha256"));
	assert_non_null(
		strstr(get_text("run/status"), "\ncommand: rename a.iso \"my holiday.iso\"\n"));
	/* A name without a suffix gets that of the old name, or .iso. */
	FIFO("rename \"b c.iso\" d\n", "ok: renamed b c.iso to d.iso");
	put_size("media/e.img", 0);
	FIFO("rename e.img \"f 2026.12\"\n", "ok: renamed e.img to f 2026.12.img");
	put_size("media/none", 2048);
	FIFO("rename none some\n", "ok: renamed none to some.iso");
	mkdir(in_scratch("media/films"), 0755);
	put_size("media/films/x.iso", 2048);
	FIFO("rename films/x.iso films/y.iso\n", "ok: renamed films/x.iso to films/y.iso");
	assert_true(scratch_has("media/films/y.iso"));
	/* A name that Windows does not allow is given, and the answer warns. */
	FIFO("rename films/y.iso films/con.iso\n",
		"ok: renamed films/y.iso to films/con.iso; FAT and "
		"Windows take it for a device");
	/* Lines are done in their order. */
	FIFO("rename d.iso 1.iso\nrename 1.iso 2.iso\ndelete 2.iso\nrename some.iso 2.iso\n",
		"ok: renamed some.iso to 2.iso");
	assert_int_equal(size_of("media/2.iso"), 2048);
}

static void a_rename_refuses_what_would_lose_or_hide_a_disc(void **state)
{
	// clang-format off
	static const struct { const char *line, *code, *part; } rows[] = {
		{ "rename a.iso\n", "bad-arguments", "usage: rename OLD NEW" },
		{ "rename a.iso b.iso c.iso\n", "bad-arguments", "usage: rename OLD NEW" },
		{ "rename a.iso \"\"\n", "bad-arguments", "empty" },
		{ "rename a.iso \"b c.iso\"\n", "exists", "nothing is overwritten" },
		{ "rename a.iso orphan.iso\n", "exists", "nothing is overwritten" },
		{ "rename a.iso a.iso\n", "exists", "that name already" },
		{ "rename a.iso -a.iso\n", "bad-name", "begins as an option does" },
		{ "rename a.iso .a.iso\n", "bad-name", "begins with a dot" },
		{ "rename a.iso ..\n", "bad-name", "begins with a dot" },
		{ "rename a.iso a.iso.part\n", "bad-name", "still being copied" },
		{ "rename a.iso b.mmcdisc\n", "bad-name", "state files" },
		{ "rename a.iso b.iso.sha256\n", "bad-name", "checksums" },
		{ "rename a.iso films/a.iso\n", "bad-name", "within its folder" },
		{ "rename a.iso ../a.iso\n", "bad-name", "within its folder" },
		{ "rename a.iso /tmp/a.iso\n", "bad-name", "within its folder" },
		{ "rename films/x.iso y.iso\n", "bad-name", "must be films/NAME" },
		{ "rename a.iso.mmcdisc b.iso\n", "bad-name", "belongs to a disc" },
		{ "rename link.iso b.iso\n", "bad-name", "symbolic link" },
		{ "rename films b\n", "not-a-file", "not a regular file" },
		{ "rename ../run/status ../run/b\n", "outside", "outside of" },
		{ "rename none.iso b.iso\n", "no-such-image", "no image \"none.iso\"" },
		{ "rename a b.iso\n", "no-such-image", "rename takes whole names only; did you mean \"a.iso\"?" },
		{ "delete a\n", "no-such-image", "delete takes whole names only; did you mean \"a.iso\"?" },
		{ "delete orphan\n", "no-such-image", "no image \"orphan\"" },
		{ "delete x\n", "ambiguous", "\"x1.iso\" or \"x2.iso\"" },
		{ "delete a.iso.sha256\n", "bad-name", "belongs to a disc" },
		{ "delete .mmcgadget-drive0.mmcdisc\n", "bad-name", "belongs to a disc" },
		{ "delete link.iso\n", "bad-name", "symbolic link" },
		{ "delete films\n", "not-a-file", "not a regular file" },
		{ "delete ../run/status\n", "outside", "outside of" },
		{ "delete films/\n", "bad-name", "not the name of an image" },
	};
	// clang-format on
	char line[400] = "rename a.iso ";

	(void)state;
	put_text("media/orphan.iso.mmcdisc", "state\n");
	put_size("media/x1.iso", 1);
	put_size("media/x2.iso", 1);
	mkdir(in_scratch("media/films"), 0755);
	put_size("media/films/x.iso", 1);
	assert_int_equal(symlink("a.iso", in_scratch("media/link.iso")), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		refused(rows[i].line, rows[i].code, rows[i].part);
	memset(line + strlen(line), 'n', 244);
	strcat(line, ".iso\n");
	refused(line, "bad-name", "too long");
	assert_int_equal(size_of("media/a.iso"), 4096);
	assert_int_equal(size_of("media/b c.iso"), 8192);
	assert_true(scratch_has("media/films/x.iso") && scratch_has("media/link.iso"));
	assert_true(scratch_has("media/orphan.iso.mmcdisc"));
}

static void a_deletion_tells_the_room_it_frees(void **state)
{
	int fd = open(in_scratch("media/a.iso"), O_WRONLY);
	static char data[1 << 20];

	(void)state;
	memset(data, 1, sizeof(data));
	assert_int_equal(write(fd, data, sizeof(data)), sizeof(data));
	assert_int_equal(fsync(fd), 0);
	close(fd);
	put_text("media/a.iso.mmcdisc", "state\n");
	put_text("media/a.iso.mmcdisc.new", "state\n");
	FIFO("delete a.iso\n", "ok: deleted a.iso with its state, 1.05 MB are free again");
	assert_false(scratch_has("media/a.iso") || scratch_has("media/a.iso.mmcdisc") ||
		     scratch_has("media/a.iso.mmcdisc.new"));
	assert_int_equal(link(in_scratch("media/b c.iso"), in_scratch("media/twin.iso")), 0);
	FIFO("delete \"b c.iso\"\n",
		"ok: deleted b c.iso; it frees no room, the file has another name");
	assert_int_equal(size_of("media/twin.iso"), 8192);
	/* The state of a disc whose image was deleted by hand. */
	put_text("media/gone.iso.mmcdisc", "state\n");
	put_text("media/gone.iso.sha256", SUM "  gone.iso\n");
	FIFO("delete gone.iso\n", "ok: deleted what was left of gone.iso, whose image was gone");
	assert_false(scratch_has("media/gone.iso.mmcdisc") || scratch_has("media/gone.iso.sha256"));
	put_size("media/notes.txt", 10);
	FIFO("delete notes.txt\n", "ok: deleted notes.txt, 0 bytes are free again");
}

static void a_disc_in_any_drive_stays(void **state)
{
	struct flock fl = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	int fd;

	(void)state;
	FIFO("insert a.iso drive=drive1\n", "ok: drive1: inserted a.iso (DVD-ROM, 4.10 kB)");
	assert_int_equal(link(in_scratch("media/a.iso"), in_scratch("media/twin.iso")), 0);
	refused("rename a.iso x.iso\n", "in-use", "\"a.iso\" is in drive1; take it out first");
	refused("delete a.iso\n", "in-use", "mmcgadgetctl eject drive=drive1");
	/* By each of its names, whichever drive is meant. */
	refused("delete twin.iso drive=drive0\n", "in-use", "\"twin.iso\" is in drive1");
	FIFO("eject drive=drive1\n", "ok: drive1: ejected a.iso");
	wait_unlocked("media/a.iso");
	FIFO("rename a.iso x.iso\n", "ok: renamed a.iso to x.iso");
	/* Another program reads it with a lock, as a daemon's drive does. */
	fd = open(in_scratch("media/x.iso"), O_RDONLY);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &fl), 0);
	refused("delete x.iso\n", "in-use", "in use by another program");
	close(fd);
	FIFO("delete x.iso\n", "ok: deleted x.iso; it frees no room, the file has another name");
}

/* While the thread works, no drive gets the disc; the answer comes all the same. */
static void a_disc_that_is_being_renamed_goes_into_no_drive(void **state)
{
	int fd = connect_client(), other = connect_client();
	bool renamed, inserted;
	json_t *a;

	(void)state;
	for (int i = 0; i < 20; i++) {
		put_size("media/t.iso", 4096);
		send_text(fd, "rename t.iso u.iso\n");
		send_text(other, "insert t.iso\n");
		a = json_loads(receive_line(fd), 0, NULL);
		renamed = answer_is_ok(a);
		json_decref(a);
		a = json_loads(receive_line(other), 0, NULL);
		inserted = answer_is_ok(a);
		json_decref(a);
		/* Either the rename or the insert succeeds, never both. */
		assert_int_not_equal(renamed, inserted);
		assert_int_equal(scratch_has("media/u.iso"), renamed);
		send_text(fd, "eject\n");
		receive_line(fd);
		unlink(in_scratch("media/t.iso"));
		unlink(in_scratch("media/u.iso"));
	}
	close(fd);
	close(other);
}

/* The daemon ends while a disc is being renamed: the rename is completed and answered. */
static void commands_are_answered_when_the_daemon_ends(void **state)
{
	int fd = connect_client();

	(void)state;
	send_text(fd, "rename a.iso x.iso\n");
	for (int i = 0; i < 100 && scratch_has("media/a.iso"); i++)
		turn(event, usb, 2, 1, NULL);
	drive_detach(usb[0].drive);
	assert_starts(receive_line(fd), "{\"ok\":true,\"message\":\"renamed a.iso to x.iso\"");
	assert_true(scratch_has("media/x.iso"));
	close(fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_disc_is_renamed_with_state_and_checksum),
		T(a_rename_refuses_what_would_lose_or_hide_a_disc),
		T(a_deletion_tells_the_room_it_frees),
		T(a_disc_in_any_drive_stays),
		T(a_disc_that_is_being_renamed_goes_into_no_drive),
		T(commands_are_answered_when_the_daemon_ends),
	};

	return cmocka_run_group_tests_name("rename and delete", tests, NULL, NULL);
}
