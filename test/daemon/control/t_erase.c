// SPDX-License-Identifier: GPL-2.0-or-later
/* The command erase, through FIFO and socket. */
#include "daemon/control/rw_fixture.h"

#include "daemon/iso.h"

/* Checks that the command is refused with the code, and with a message that has the part. */
static void refused(const char *line, const char *code, const char *part)
{
	json_t *a = answer_to(line);

	if (answer_is_ok(a) || !strstr(json_string_value(json_object_get(a, "message")), part))
		fail_msg("%s%s", line, json_string_value(json_object_get(a, "message")));
	assert_string_equal(json_string_value(json_object_get(a, "code")), code);
	json_decref(a);
}

static void a_rewritable_disc_becomes_blank(void **state)
{
	json_t *a;

	(void)state;
	put_rw("rw.iso", 5 << 20);
	put_text("media/rw.iso.sha256", "0  rw.iso\n");
	FIFO("erase rw.iso\n", "ok: erased rw.iso with its checksum, 5.24 MB are dropped; it is a "
			       "blank DVD+RW again");
	assert_int_equal(size_of("media/rw.iso"), 0);
	assert_false(is_there("rw.iso.sha256"));
	assert_non_null(strstr(get_text("media/rw.iso.mmcdisc"), "\ntype dvd+rw\n"));
	assert_non_null(strstr(get_text("media/rw.iso.mmcdisc"), "\nstate blank\n"));
	assert_null(strstr(get_text("media/rw.iso.mmcdisc"), "pending"));
	assert_false(is_there("rw.iso.mmcdisc.new"));
	FIFO("insert rw.iso\n", "ok: drive0: inserted rw.iso (blank DVD+RW, unformatted, 4.70 GB)");
	FIFO("eject\n", "ok: drive0: ejected rw.iso");
	wait_unlocked("media/rw.iso");
	FIFO("erase rw.iso\n", "ok: rw.iso is a blank DVD+RW already");
	/* A disc that is formatted and was never written is no blank yet. */
	put_rw("empty.iso", 0);
	a = answer_to("erase empty.iso\n");
	assert_string_equal(json_string_value(json_object_get(a, "message")),
		"erased empty.iso, 0 bytes are dropped; it is a blank DVD+RW again");
	assert_int_equal(json_integer_value(json_object_get(a, "dropped_bytes")), 0);
	assert_string_equal(json_string_value(json_object_get(a, "medium")), "dvd+rw");
	assert_string_equal(json_string_value(json_object_get(a, "image")), "empty.iso");
	json_decref(a);
	put_rw("odd.iso", 5000);
	a = answer_to("erase odd.iso\n");
	assert_int_equal(json_integer_value(json_object_get(a, "dropped_bytes")), 5000);
	json_decref(a);
	assert_int_equal(size_of("media/odd.iso"), 0);
	/* A blank has nothing to erase, whether its type is erasable or not. */
	FIFO("blank r.iso\n", "ok: drive0: inserted r.iso (blank DVD+R, 4.70 GB)");
	FIFO("eject\n", "ok: drive0: ejected r.iso");
	wait_unlocked("media/r.iso");
	FIFO("erase r.iso\n", "ok: r.iso is a blank DVD+R already");
}

/* Nothing is recorded on these discs, but the next burn would find what the last one has left. */
static void a_burn_that_had_only_begun_is_erased(void **state)
{
	static const uint8_t sheet[] = {0x41, 0, 0, 0x14, 0, 0, 0, 0, 0x41, 1, 0, 0x10, 0, 0, 0, 0,
		0x41, 1, 1, 0x10, 0, 0, 2, 0, 0x41, 0xaa, 1, 0x14, 0, 0, 14, 14};
	struct disc_state s;

	(void)state;
	disc_state_of_blank(disc_medium_of(DISC_DVD_RW), &s);
	s.layout.track[0].state = DISC_TRACK_RESERVED;
	s.layout.track[0].reserved = 32;
	put_size("media/reserved.iso", 0);
	put_state("reserved.iso", &s);
	FIFO("erase reserved.iso\n",
		"ok: erased reserved.iso, 0 bytes are dropped; it is a blank DVD-RW again");
	assert_null(strstr(get_text("media/reserved.iso.mmcdisc"), "reserved 32"));
	FIFO("erase reserved.iso\n", "ok: reserved.iso is a blank DVD-RW already");

	disc_state_of_blank(disc_medium_of(DISC_CD_RW), &s);
	memcpy(s.cd.cue, sheet, sizeof(sheet));
	s.cd.cue_len = sizeof(sheet);
	s.cd.next = -100;
	put_size("media/begun.iso", 0);
	put_state("begun.iso", &s);
	assert_non_null(strstr(get_text("media/begun.iso.mmcdisc"), "\ncue "));
	FIFO("erase begun.iso\n",
		"ok: erased begun.iso, 0 bytes are dropped; it is a blank CD-RW again");
	assert_null(strstr(get_text("media/begun.iso.mmcdisc"), "\ncue "));
	FIFO("erase begun.iso\n", "ok: begun.iso is a blank CD-RW already");
}

static void what_a_real_drive_could_not_erase_stays(void **state)
{
	struct disc_state s;

	(void)state;
	refused("erase a.iso\n", "not-erasable",
		"\"a.iso\" is a ROM (a plain image), which nothing erases; "
		"if its data is not needed, delete it and "
		"make a new blank: mmcgadgetctl delete \"a.iso\" && mmcgadgetctl blank \"a.iso\"");
	put_appendable("r.iso");
	refused("erase r.iso\n", "not-erasable",
		"\"r.iso\" is a DVD+R, which is recorded once only; if its data is not needed");
	assert_int_equal(size_of("media/r.iso"), 16 * MEDIA_BLOCK);
	/* A state that is not that of the image. */
	put_rw("bad.iso", 4096);
	put_text("media/bad.iso.mmcdisc", "mmcgadget disc state 2\n");
	refused("erase bad.iso\n", "bad-state", "is damaged");
	disc_state_of_blank(dvd_rw(), &s);
	put_size("media/long.iso", 4096);
	put_state("long.iso", &s);
	refused("erase long.iso\n", "bad-state",
		"does not fit it: the image has more blocks than were formatted");
	/* Another name of the file would lose its data, too. */
	put_rw("one.iso", 4096);
	assert_int_equal(link(in_scratch("media/one.iso"), in_scratch("media/two.iso")), 0);
	refused("erase one.iso\n", "not-erasable", "has another name");
	assert_int_equal(size_of("media/two.iso"), 4096);
	refused("erase\n", "bad-arguments", "usage: erase NAME");
	refused("erase on\n", "no-such-image",
		"erase takes whole names only; did you mean \"one.iso\"?");
	refused("erase one.iso.mmcdisc\n", "bad-name", "belongs to a disc");
	refused("erase ../run/status\n", "outside", "outside of");
	refused("wipe one.iso\n", "unknown-verb", "did you mean erase?");
	assert_int_equal(symlink("one.iso", in_scratch("media/link.iso")), 0);
	refused("erase link.iso\n", "bad-name", "symbolic link");
	assert_int_equal(size_of("media/bad.iso"), 4096);
	assert_int_equal(size_of("media/long.iso"), 4096);
}

static void a_disc_in_any_drive_or_program_stays(void **state)
{
	struct flock fl = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	int fd;

	(void)state;
	put_rw("rw.iso", 4096);
	FIFO("insert rw.iso drive=drive1\n",
		"ok: drive1: inserted rw.iso (DVD+RW, formatted, 4.70 GB)");
	refused("erase rw.iso\n", "in-use",
		"\"rw.iso\" is in drive1; take it out first: mmcgadgetctl eject drive=drive1");
	FIFO("eject drive=drive1\n", "ok: drive1: ejected rw.iso");
	wait_unlocked("media/rw.iso");
	fd = open(in_scratch("media/rw.iso"), O_RDONLY);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &fl), 0);
	refused("erase rw.iso\n", "in-use", "in use by another program");
	assert_int_equal(size_of("media/rw.iso"), 4096);
	close(fd);
	FIFO("erase rw.iso\n",
		"ok: erased rw.iso, 4.10 kB are dropped; it is a blank DVD+RW again");
}

/* While the thread erases, no drive gets the disc. */
static void a_disc_that_is_being_erased_goes_into_no_drive(void **state)
{
	int fd = connect_client(), other = connect_client();
	bool erased, inserted;
	json_t *a;

	(void)state;
	for (int i = 0; i < 10; i++) {
		put_rw("t.iso", 4096);
		send_text(fd, "erase t.iso\n");
		send_text(other, "insert t.iso\n");
		a = json_loads(receive_line(fd), 0, NULL);
		erased = answer_is_ok(a);
		json_decref(a);
		a = json_loads(receive_line(other), 0, NULL);
		inserted = answer_is_ok(a);
		/* If both succeed, the drive has the blank that the disc became. */
		if (erased && inserted)
			assert_string_equal(json_string_value(json_object_get(a, "kind")), "blank");
		assert_int_equal(size_of("media/t.iso"), erased ? 0 : 4096);
		assert_true(erased || inserted);
		json_decref(a);
		send_text(fd, "eject\n");
		receive_line(fd);
		/* The next disc of that name must not meet the state of this one. */
		wait_unlocked("media/t.iso");
	}
	close(fd);
	close(other);
}

#define INTERRUPTED 5000 /* bytes: the last block is incomplete */

/* Makes an image, and a state that says that it is to be erased. changed: the image is not the one
 * that the state means. */
static void put_interrupted(const char *name, bool changed)
{
	static const struct timespec then[2] = {{1700000000, 5}, {1700000000, 5}};
	struct disc_state s;
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "media/%s", name);
	put_size(path, INTERRUPTED);
	assert_int_equal(stat(in_scratch(path), &st), 0);
	disc_state_of_blank(dvd_rw(), &s);
	s.truncate = s.truncate_stamped = true;
	s.truncate_stamp.bytes = (uint64_t)st.st_size;
	s.truncate_stamp.seconds = st.st_mtim.tv_sec;
	s.truncate_stamp.nanoseconds = (uint32_t)st.st_mtim.tv_nsec;
	put_state(name, &s);
	if (changed)
		assert_int_equal(utimensat(AT_FDCWD, in_scratch(path), then, 0), 0);
}

/* The power failed while a disc was being erased: the next command that opens it completes that. */
static void an_erasing_that_was_interrupted_is_completed(void **state)
{
	(void)state;
	put_interrupted("cut.iso", false);
	FIFO("erase cut.iso\n",
		"ok: erased cut.iso, 5.00 kB are dropped; it is a blank DVD+RW again");
	assert_int_equal(size_of("media/cut.iso"), 0);
	put_interrupted("insert.iso", false);
	FIFO("insert insert.iso\n",
		"ok: drive0: inserted insert.iso (blank DVD+RW, unformatted, 4.70 GB)");
	assert_int_equal(size_of("media/insert.iso"), 0);
}

/* True as soon as the status reports a problem of the image in drive0. */
static bool has_problem(unsigned wait_ms)
{
	bool found = false;

	for (uint64_t end = now_ms() + wait_ms; !found;) {
		json_t *a = answer_to("status\n");
		const json_t *d = json_array_get(json_object_get(a, "drives"), 0);
		const char *text = json_string_value(json_object_get(d, "image_problem"));

		found = text && *text;
		json_decref(a);
		if (now_ms() >= end)
			break;
	}
	return found;
}

/* Another file got the name before the daemon could complete the erasing: its data stays. */
static void another_image_is_not_erased(void **state)
{
	json_t *a;

	(void)state;
	put_interrupted("other.iso", true);
	a = answer_to("insert other.iso\n");
	assert_non_null(strstr(json_string_value(json_object_get(a, "message")),
		"this one is another or was changed since"));
	json_decref(a);
	assert_int_equal(size_of("media/other.iso"), INTERRUPTED);
	/* The file ends inside the last block of the disc; that alone does not mean it was cut. */
	assert_false(has_problem(0));
	assert_int_equal(truncate(in_scratch("media/other.iso"), INTERRUPTED - 1), 0);
	assert_true(has_problem(10000));
	/* Unless that is asked for. */
	put_interrupted("erase.iso", true);
	FIFO("erase erase.iso\n",
		"ok: erased erase.iso, 5.00 kB are dropped; it is a blank DVD+RW again");
	assert_int_equal(size_of("media/erase.iso"), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_rewritable_disc_becomes_blank),
		T(a_burn_that_had_only_begun_is_erased),
		T(what_a_real_drive_could_not_erase_stays),
		T(a_disc_in_any_drive_or_program_stays),
		T(a_disc_that_is_being_erased_goes_into_no_drive),
		T(an_erasing_that_was_interrupted_is_completed),
		T(another_image_is_not_erased),
	};

	return cmocka_run_group_tests_name("erase", tests, NULL, NULL);
}
