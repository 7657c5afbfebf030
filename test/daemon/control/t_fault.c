// SPDX-License-Identifier: GPL-2.0-or-later
/* Faults on request: the command fault, what it answers, and what becomes of the drive. */
#include "daemon/control/rw_fixture.h"

#include "protocol/field.h"

/* drive0 may have faults, drive1 not. */
static int setup_faults(void **state)
{
	fake_faults[0] = true;
	fake_faults[1] = false;
	return setup(state);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup_faults, teardown)

#define LIST_MAX 1024u

/* Returns what the drive has, as status says: "FAULT:struck[,over];..." */
static const char *faults_of(const char *drive)
{
	static char text[LIST_MAX];
	char line[64];
	json_t *a, *drives, *faults, *each;
	size_t i, n = 0;

	snprintf(line, sizeof(line), "status drive=%s\n", drive);
	a = answer_to(line);
	drives = json_object_get(a, "drives");
	faults = json_object_get(json_array_get(drives, 0), "faults");
	strcpy(text, faults ? "" : "no such member");
	json_array_foreach(faults, i, each)
	{
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s:%d%s", i ? ";" : "",
			field_text(each, "fault"), (int)field_number(each, "struck"),
			field_flag(each, "live") ? "" : ",over");
	}
	json_decref(a);
	return text;
}

static void run_for(unsigned ms)
{
	turn(event, usb, 2, ms, NULL);
}

static void a_drive_without_the_key_has_no_faults(void **state)
{
	(void)state;
	FIFO("fault add not-ready drive=drive1\n",
		"error: drive1: faults are off; set faults = true for this drive in "
		"mmcgadget.conf, and restart the service");
	FIFO("fault list drive=drive1\n",
		"error: drive1: faults are off; set faults = true for this drive in "
		"mmcgadget.conf, and restart the service");
	assert_string_equal(faults_of("drive1"), "no such member");
	FIFO("insert a.iso drive=drive1\n", "ok: drive1: inserted a.iso (DVD-ROM, 4.10 kB)");
	assert_true(fake_ready(&usb[1]));
}

static void words_that_are_no_fault_change_nothing(void **state)
{
	(void)state;
	FIFO("fault add slow 5 ms\n", "ok: drive0: it has 1 fault, until \"fault clear\"");
	FIFO("fault add broken\n",
		"error: drive0: there is no fault \"broken\"; there are read-error, write-error, "
		"slow, rate, not-ready, vanish and sense");
	FIFO("fault set \"vanish;; write-error\"\n",
		"error: drive0: line 3: write-error takes BLOCK or BLOCK-LAST, in decimal, not "
		"\"the end of the line\"");
	FIFO("fault add\n",
		"error: fault: which fault? For example: fault add write-error 500 (usage: fault "
		"add|set|list|clear [FAULT] [drive=DRIVE])");
	FIFO("fault load x\n",
		"error: fault: the first word is add, set, list or clear (usage: fault "
		"add|set|list|clear [FAULT] [drive=DRIVE])");
	FIFO("fault clear all\n",
		"error: fault: too many arguments (usage: fault add|set|list|clear [FAULT] "
		"[drive=DRIVE])");
	assert_string_equal(faults_of("drive0"), "slow 5 ms:0");
}

static void faults_are_added_set_listed_and_cleared(void **state)
{
	json_t *a;

	(void)state;
	FIFO("fault list\n", "ok: drive0: it has no faults");
	FIFO("fault add write-error 500-510 times 2\n",
		"ok: drive0: it has 1 fault, until \"fault clear\"");
	FIFO("fault add \"sense 3/0c/00 op 2a nth 10 for 60 s; slow 3 ms\"\n",
		"ok: drive0: it has 3 faults, until \"fault clear\"");
	assert_string_equal(faults_of("drive0"),
		"write-error 500-510 times 2:0;sense 3/0c/00 op 2a after 9 times 1 for 60 s:0;"
		"slow 3 ms:0");
	a = answer_to("fault list\n");
	assert_int_equal(json_array_size(json_object_get(a, "faults")), 3);
	json_decref(a);
	FIFO("fault set vanish\n", "ok: drive0: it has 1 fault, until \"fault clear\"");
	assert_string_equal(faults_of("drive0"), "vanish:0");
	FIFO("fault clear\n", "ok: drive0: it has no faults");
	assert_string_equal(faults_of("drive0"), "");
	for (unsigned i = 0; i < 32; i++)
		fifo_slow("fault add not-ready\n", "ok: ");
	FIFO("fault add not-ready\n", "error: drive0: a drive can have 32 faults; it has 32");
	FIFO("fault set \"\"\n", "error: fault: the name is empty (usage: fault "
				 "add|set|list|clear [FAULT] [drive=DRIVE])");
	FIFO("fault set\n", "ok: drive0: it has no faults");
}

static void a_fault_stays_with_the_drive_until_it_is_cleared(void **state)
{
	(void)state;
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	assert_true(fake_ready(&usb[0]));
	FIFO("fault add not-ready after 1\n", "ok: drive0: it has 1 fault, until \"fault clear\"");
	assert_true(fake_host(&usb[0], 0x00, 0));
	assert_false(fake_host(&usb[0], 0x00, 0));
	assert_int_equal(mmc_last_sense(drive_engine(usb[0].drive)), 0x020401);
	assert_string_equal(faults_of("drive0"), "not-ready after 1:1");
	FIFO("insert \"b c.iso\"\n", "ok: drive0: inserted b c.iso (DVD-ROM, 8.19 kB)");
	assert_false(fake_ready(&usb[0]));
	assert_string_equal(faults_of("drive0"), "not-ready after 1:4");
	FIFO("fault clear\n", "ok: drive0: it has no faults");
	assert_true(fake_ready(&usb[0]));
}

static void a_block_that_cannot_be_written_is_not_in_the_image(void **state)
{
	(void)state;
	FIFO("blank d.iso\n", "ok: drive0: inserted d.iso (blank DVD+R, 4.70 GB)");
	assert_true(fake_ready(&usb[0]));
	FIFO("fault add write-error 2\n", "ok: drive0: it has 1 fault, until \"fault clear\"");
	assert_true(fake_write(&usb[0], 0) && fake_write(&usb[0], 1));
	assert_false(fake_write(&usb[0], 2));
	assert_int_equal(mmc_last_sense(drive_engine(usb[0].drive)), 0x030c00);
	FIFO("fault clear\n", "ok: drive0: it has no faults");
	fifo_slow("eject force\n", "ok: drive0: ejected d.iso by force");
	wait_unlocked("media/d.iso");
	assert_int_equal(size_of("media/d.iso"), 4096);
	/* It can be burned to its end. */
	FIFO("insert d.iso\n", "ok: drive0: inserted d.iso (DVD+R, burned up to block 2, 4.70 GB)");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_write(&usb[0], 2));
}

static void a_disc_that_vanishes_is_out_of_the_drive(void **state)
{
	(void)state;
	FIFO("blank d.iso\n", "ok: drive0: inserted d.iso (blank DVD+R, 4.70 GB)");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_lock(&usb[0], true));
	FIFO("fault add vanish op 2a after 1\n",
		"ok: drive0: it has 1 fault, until \"fault clear\"");
	assert_true(fake_write(&usb[0], 0));
	assert_false(fake_write(&usb[0], 1));
	assert_int_equal(mmc_last_sense(drive_engine(usb[0].drive)), 0x023a01);
	run_for(100);
	FIFO("eject\n", "ok: drive0: there is no disc in the drive; \"d.iso\" is not finished, "
			"2.05 kB are recorded; "
			"insert it again to go on, or: mmcgadgetctl close \"d.iso\"");
	assert_string_equal(faults_of("drive0"), "vanish op 2a after 1:1,over");
	wait_unlocked("media/d.iso");
	assert_int_equal(size_of("media/d.iso"), 2048);
	/* The next disc stays. */
	FIFO("insert d.iso\n", "ok: drive0: inserted d.iso (DVD+R, burned up to block 1, 4.70 GB)");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_write(&usb[0], 1));
	assert_true(fake_write(&usb[0], 2));
}

static void a_disc_that_vanishes_brings_no_next_one(void **state)
{
	(void)state;
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	assert_true(fake_ready(&usb[0]));
	/* Both at once: the command finds the disc gone, and does what it would do. */
	FIFO("fault add vanish\n", "ok: drive0: it has 1 fault, until \"fault clear\"");
	assert_false(fake_host(&usb[0], 0x00, 0));
	FIFO("insert \"b c.iso\"\n", "ok: drive0: inserted b c.iso (DVD-ROM, 8.19 kB)");
	run_for(100);
	assert_true(fake_ready(&usb[0]));
	FIFO("eject\n", "ok: drive0: ejected b c.iso");
}

static bool answered, answer_good;

static void on_answer(struct reply *r, json_t *a)
{
	(void)r;
	answer_good = answer_is_ok(a);
	answered = true;
	json_decref(a);
}

/* The command under way does not take the disc out, because it fails. */
static void a_disc_that_vanishes_under_a_command_is_out_of_the_drive(void **state)
{
	struct reply reply = {.progress = on_answer, .final = on_answer};
	uint64_t end = now_ms() + 20000;
	struct drive_info info;

	(void)state;
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	assert_true(fake_ready(&usb[0]));
	FIFO("fault add vanish\n", "ok: drive0: it has 1 fault, until \"fault clear\"");
	answered = false;
	drive_submit(usb[0].drive, DRIVE_FIND, "no such disc", false, &reply);
	/* It reads the media folder. */
	assert_false(answered);
	assert_false(fake_host(&usb[0], 0x00, 0));
	turn(event, usb, 2, 20000, &answered);
	assert_true(answered && !answer_good);
	do {
		run_for(5);
		drive_get_info(usb[0].drive, &info);
	} while (info.image && now_ms() < end);
	assert_null(info.image);
	/* The next disc stays. */
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	run_for(100);
	assert_true(fake_ready(&usb[0]));
	FIFO("eject\n", "ok: drive0: ejected a.iso");
}

static void a_fault_ends_when_its_time_is_up(void **state)
{
	uint64_t began = now_ms();

	(void)state;
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	assert_true(fake_ready(&usb[0]));
	FIFO("fault add \"not-ready for 1 s; slow 1 ms for 60 s\"\n",
		"ok: drive0: it has 2 faults, until \"fault clear\"");
	while (!fake_host(&usb[0], 0x00, 0) && now_ms() - began < 20000)
		run_for(20);
	assert_true(fake_host(&usb[0], 0x00, 0));
	assert_true(now_ms() - began >= 1000);
	assert_ptr_equal(strstr(faults_of("drive0"), "not-ready for 1 s:"), faults_of("drive0"));
	assert_non_null(strstr(faults_of("drive0"), ",over;slow 1 ms for 60 s:0"));
	/* The end of a fault that is gone does not meet the next one. */
	FIFO("fault set not-ready for 1 s\n", "ok: drive0: it has 1 fault, until \"fault clear\"");
	FIFO("fault set not-ready\n", "ok: drive0: it has 1 fault, until \"fault clear\"");
	run_for(1300);
	assert_false(fake_host(&usb[0], 0x00, 0));
}

static void a_slow_command_waits_and_the_usb_thread_does_not(void **state)
{
	static const uint8_t tur[6] = {0};
	struct mmc_xfer xfer;
	uint64_t began;
	struct mmc_drive *engine = drive_engine(usb[0].drive);

	(void)state;
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	assert_true(fake_ready(&usb[0]));
	FIFO("fault add \"slow 300 ms op 00 times 2\"\n",
		"ok: drive0: it has 1 fault, until \"fault clear\"");
	for (int i = 0; i < 2; i++) {
		began = now_ms();
		mmc_begin(engine, tur, sizeof(tur), 0, &xfer);
		assert_int_equal(mmc_end(engine), MMC_AGAIN);
		/* Control commands are answered meanwhile. */
		if (i == 0)
			assert_string_equal(faults_of("drive0"), "slow 300 ms op 00 times 2:1");
		while (mmc_end(engine) == MMC_AGAIN && now_ms() - began < 20000)
			run_for(5);
		assert_true(now_ms() - began >= 300);
	}
	assert_true(fake_host(&usb[0], 0x00, 0));
	/* When the faults are cleared, the command that waits ends. */
	FIFO("fault set slow 600000 ms op 00\n",
		"ok: drive0: it has 1 fault, until \"fault clear\"");
	mmc_begin(engine, tur, sizeof(tur), 0, &xfer);
	assert_int_equal(mmc_end(engine), MMC_AGAIN);
	FIFO("fault add not-ready op 25\n", "ok: drive0: it has 2 faults, until \"fault clear\"");
	assert_int_equal(mmc_end(engine), MMC_AGAIN);
	FIFO("fault clear\n", "ok: drive0: it has no faults");
	assert_int_equal(mmc_end(engine), MMC_GOOD);
}

static void the_answer_comes_when_the_drive_has_the_fault(void **state)
{
	int fd = connect_client();

	(void)state;
	usb[0].stuck = true;
	send_text(fd, "fault add not-ready times 7\n");
	run_for(100);
	assert_string_equal(faults_of("drive0"), "");
	usb[0].stuck = false;
	assert_non_null(strstr(receive_line(fd), "drive0: it has 1 fault"));
	assert_string_equal(faults_of("drive0"), "not-ready times 7:0");
	/* The daemon may stop before. */
	usb[0].stuck = true;
	send_text(fd, "fault add slow 1 ms\n");
	send_text(fd, "fault clear\n");
	run_for(100);
	drive_detach(usb[0].drive);
	assert_non_null(strstr(receive_line(fd), "\"code\":\"stopping\""));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_drive_without_the_key_has_no_faults),
		TEST(words_that_are_no_fault_change_nothing),
		TEST(faults_are_added_set_listed_and_cleared),
		TEST(a_fault_stays_with_the_drive_until_it_is_cleared),
		TEST(a_block_that_cannot_be_written_is_not_in_the_image),
		TEST(a_disc_that_vanishes_is_out_of_the_drive),
		TEST(a_disc_that_vanishes_brings_no_next_one),
		TEST(a_disc_that_vanishes_under_a_command_is_out_of_the_drive),
		TEST(a_fault_ends_when_its_time_is_up),
		TEST(a_slow_command_waits_and_the_usb_thread_does_not),
		TEST(the_answer_comes_when_the_drive_has_the_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
