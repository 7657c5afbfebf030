// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults on request: the lines, and what the host gets. Whatever it is told, the disc holds exactly
 * the blocks that were acknowledged, and goes on as soon as the faults are gone.
 */
#include "unit/mmc/drive_cmd.h"

#include "mmc/fault.h"
#include "mmc/sense.h"

/* ---- lines ---------------------------------------------------------------------------------- */

static void good_lines_come_back_as_they_are(void **state)
{
	static const struct {
		const char *line, *printed; /* NULL: the same */
	} good[] = {
		{"read-error 100", NULL},
		{"read-error 0-4294967295", NULL},
		{"read-error 7-7", "read-error 7"},
		{"write-error 500 times 2 for 3 s", NULL},
		{"write-error 16 sense 3/0C/02", "write-error 16 sense 3/0c/02"},
		{"read-error 1 sense 3/11/05", "read-error 1"},
		{"read-error 1 op be", NULL},
		{"slow 200 ms", NULL},
		{"slow 200ms", "slow 200 ms"},
		{"slow 3000 ms op 5b", NULL},
		{"rate 1385 kB/s", NULL},
		{"rate 1kB/s for 10s", "rate 1 kB/s for 10 s"},
		{"not-ready times 20", NULL},
		{"not-ready sense 2/04/07 for 5 s", NULL},
		{"vanish", NULL},
		{"vanish times 1", "vanish"},
		{"vanish op 2a after 100", NULL},
		{"vanish times 3", NULL},
		{"sense 3/0c/00 op 2a nth 10", "sense 3/0c/00 op 2a after 9 times 1"},
		{"sense 5/24/00 op 53", NULL},
		{"sense 4/44/0 nth 1 op 5b", "sense 4/44/00 op 5b times 1"},
		{"sense b/00/00 op FF after 3 times 2 for 86400 s",
			"sense b/00/00 op ff after 3 times 2 for 86400 s"},
		{"\t slow   5 ms\t# a comment; with a semicolon\r\n", "slow 5 ms"},
	};
	char why[200], text[MMC_FAULT_LINE], other[MMC_FAULT_LINE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct mmc_fault f, again;
		const char *want = good[i].printed ? good[i].printed : good[i].line;

		if (mmc_fault_parse(good[i].line, &f, why, sizeof(why)) != 1)
			fail_msg("%s: %s", good[i].line, why);
		assert_string_equal(mmc_fault_print(&f, text), want);
		assert_true(mmc_fault_is_live(&f));
		assert_int_equal(mmc_fault_parse(text, &again, why, sizeof(why)), 1);
		assert_string_equal(mmc_fault_print(&again, other), want);
	}
}

static void wrong_lines_are_refused_with_a_reason(void **state)
{
	static const struct {
		const char *line, *why; /* a part of it */
	} bad[] = {
		{"broken 5", "there is no fault \"broken\"; there are read-error"},
		{"Read-error 5", "there is no fault"},
		{"read-error", "not \"the end of the line\""},
		{"read-error x", "BLOCK or BLOCK-LAST"},
		{"read-error -5", "BLOCK or BLOCK-LAST"},
		{"read-error 0x10", "BLOCK or BLOCK-LAST"},
		{"read-error 4294967296", "BLOCK or BLOCK-LAST"},
		{"read-error 5-", "BLOCK or BLOCK-LAST"},
		{"read-error 5-4", "the last block, 4, is before the first"},
		{"read-error 5 6", "what is \"6\"? It can be op, after, times"},
		{"read-error 5 after 3", "\"after\" and \"nth\" are not"},
		{"write-error 5 nth 3", "\"after\" and \"nth\" are not"},
		{"slow", "from 1 to 3600000 ms"},
		{"slow 200", "after the number stands ms, not \"\""},
		{"slow 200 s", "after the number stands ms, not \"s\""},
		{"slow 0 ms", "from 1 to 3600000 ms"},
		{"slow 3600001 ms", "from 1 to 3600000 ms"},
		{"slow 5 ms sense 3/0c/00", "slow has no sense"},
		{"rate 0 kB/s", "from 1 to 1000000 kB/s"},
		{"rate 5 MB/s", "stands kB/s, not \"MB/s\""},
		{"vanish sense 2/3a/00", "vanish has no sense"},
		{"not-ready 5", "what is \"5\"?"},
		{"not-ready times 0", "times takes a number from 1 to 1000000000, not \"0\""},
		{"not-ready times 5x", "after the number stands nothing, not \"x\""},
		{"not-ready times 99999999999999999999", "times takes a number"},
		{"not-ready times 3 times 4", "\"times\" is there twice"},
		{"not-ready nth 3 times 4", "\"times\" is there twice, or contradicts"},
		{"not-ready after 3 nth 4", "\"nth\" is there twice, or contradicts"},
		{"not-ready for 5", "after the number stands s"},
		{"not-ready for 0 s", "for takes a number from 1 to 86400 s"},
		{"sense", "such as 3/0c/00"},
		{"sense 3/0c/00", "for which command?"},
		{"sense 3/0c op 2a", "such as 3/0c/00, not \"3/0c\""},
		{"sense 0/00/00 op 2a", "a sense is"},
		{"sense 10/00/00 op 2a", "a sense is"},
		{"sense 3/0c/00/1 op 2a", "a sense is"},
		{"sense 3/100/00 op 2a", "a sense is"},
		{"sense 3/0c/00 op", "such as 2a, not \"the end of the line\""},
		{"sense 3/0c/00 op 2a0", "such as 2a"},
		{"sense 3/0c/00 op 03", "REQUEST SENSE reports the others"},
		{"sense 3/0c/00 op 2a sense 3/0c/00", "\"sense\" is there twice"},
	};
	char why[200], longest[400];
	struct mmc_fault f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (mmc_fault_parse(bad[i].line, &f, why, sizeof(why)) != -1)
			fail_msg("%s: is taken", bad[i].line);
		if (!strstr(why, bad[i].why))
			fail_msg("%s: says \"%s\"", bad[i].line, why);
	}
	memset(longest, ' ', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(mmc_fault_parse(longest, &f, why, sizeof(why)), -1);
	memset(longest, 'a', sizeof(longest) - 1);
	for (size_t i = 1; i < 255; i += 2)
		longest[i] = ' ';
	longest[255] = '\0';
	assert_int_equal(mmc_fault_parse(longest, &f, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "too many words"));
	assert_int_equal(mmc_fault_parse("", &f, why, sizeof(why)), 0);
	assert_int_equal(mmc_fault_parse("  # nothing", &f, why, sizeof(why)), 0);
}

static void a_text_is_taken_as_a_whole_or_not_at_all(void **state)
{
	static struct mmc_faults all;
	char why[200], text[MMC_FAULT_LINE];

	(void)state;
	all = (struct mmc_faults){0};
	assert_int_equal(mmc_faults_parse("# first; not a line\n\nslow 5 ms # ;\nvanish; not-ready",
				 &all, why, sizeof(why)),
		0);
	assert_int_equal(all.count, 3);
	assert_string_equal(mmc_fault_print(&all.fault[2], text), "not-ready");
	assert_int_equal(mmc_faults_parse("vanish;;oops", &all, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "line 3: there is no fault \"oops\""));
	assert_int_equal(all.count, 3);
	/* Lines as Windows ends them, and as old Macs did. */
	assert_int_equal(mmc_faults_parse("vanish\r\n# a ;\r\noops", &all, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "line 3: there is no fault \"oops\""));
	assert_int_equal(mmc_faults_parse("vanish\r# a ;\roops", &all, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "line 3: there is no fault \"oops\""));
	assert_int_equal(mmc_faults_parse("oops", &all, why, sizeof(why)), -1);
	assert_null(strstr(why, "line"));
	while (all.count < MMC_FAULTS_MAX)
		assert_int_equal(mmc_faults_parse("vanish", &all, why, sizeof(why)), 0);
	assert_int_equal(mmc_faults_parse("vanish", &all, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "can have 32 faults"));
	assert_int_equal(
		mmc_faults_parse("# one more line is not a fault", &all, why, sizeof(why)), 0);
	assert_string_equal(mmc_fault_print(&all.fault[0], text), "slow 5 ms");
	assert_string_equal(mmc_fault_print(&all.fault[1], text), "vanish");
}

/* ---- a drive -------------------------------------------------------------------------------- */

#define BLOCKS 200u

static struct mmc_drive *drive;
static struct mmc_faults faults;
static struct disc *disc; /* of a reference of our own */
static uint32_t held_ms;
static bool hold_is_pending;

/* As a drive that waits: the delay is over by the second time that it is asked. */
static void hold(void *ctx, uint64_t command, uint32_t ms)
{
	assert_ptr_equal(ctx, &faults);
	held_ms += ms;
	if (!hold_is_pending)
		mmc_fault_release(drive, command);
}

static void set(const char *text)
{
	char why[200];

	faults = (struct mmc_faults){.hold = hold, .ctx = &faults};
	if (mmc_faults_parse(text, &faults, why, sizeof(why)) < 0)
		fail_msg("%s: %s", text, why);
	held_ms = 0;
	mmc_set_faults(drive, &faults);
}

static void insert(bool blank)
{
	struct disc_options o = {
		.media = blank ? media_mem_new(0, true) : numbered_media(7, BLOCKS)};

	if (!blank)
		o.media->writable = false;
	if (blank)
		o.medium = disc_medium_of_blank();
	drive = new_drive();
	disc = disc_open(&o);
	assert_non_null(disc);
	mmc_insert(drive, disc_get(disc));
	drain_events(drive);
}

static int teardown(void **state)
{
	(void)state;
	mmc_drive_free(drive);
	disc_put(disc);
	drive = NULL;
	return 0;
}

static int rom(void **state)
{
	(void)state;
	hold_is_pending = false;
	insert(false);
	return 0;
}

static int blank(void **state)
{
	(void)state;
	hold_is_pending = false;
	insert(true);
	return 0;
}

static struct mmc_state now(void)
{
	struct mmc_state s;

	mmc_get_state(drive, &s);
	return s;
}

/* The information field of the last sense. */
static uint32_t info(void)
{
	mmc_sense_t was = answer.sense;

	assert_int_equal(command(drive, 0x03, 0, 0, 0, 18, 0), 0);
	assert_int_equal(answer.data[2] & 0x0f, was >> 16);
	assert_true(answer.data[0] & 0x80);
	return get_be32(answer.data + 3);
}

static mmc_sense_t write_blocks(uint32_t lba, uint16_t count)
{
	static uint8_t data[64 * MEDIA_BLOCK];
	uint8_t cdb[10] = {0x2a};

	assert_true(count <= 64);
	for (uint32_t i = 0; i < count; i++)
		put_be32(data + (size_t)i * MEDIA_BLOCK, lba + i);
	put_be32(cdb + 2, lba);
	put_be16(cdb + 7, count);
	return command_with(drive, cdb, sizeof(cdb), 0, data);
}

/* ---- bad blocks ----------------------------------------------------------------------------- */

static void a_read_gives_what_comes_before_the_bad_block(void **state)
{
	(void)state;
	set("read-error 100-101");
	assert_int_equal(read_blocks(drive, 90, 10), 0);
	assert_int_equal(answer.len, 10 * MEDIA_BLOCK);
	assert_int_equal(read_blocks(drive, 96, 16), SENSE(3, 0x11, 5));
	assert_int_equal(answer.len, 4 * MEDIA_BLOCK);
	assert_int_equal(get_be32(answer.data + 3 * MEDIA_BLOCK), 99);
	assert_int_equal(info(), 100);
	assert_int_equal(read_blocks(drive, 101, 1), SENSE(3, 0x11, 5));
	assert_int_equal(info(), 101);
	assert_int_equal(read_blocks(drive, 102, 16), 0);
	assert_int_equal(faults.fault[0].struck, 2);
	/* READ(12), VERIFY(10) */
	assert_int_equal(command(drive, 0xa8, 0, 0, 0, 0, 98, 0, 0, 0, 4, 0, 0), SENSE(3, 0x11, 5));
	assert_int_equal(answer.len, 2 * MEDIA_BLOCK);
	assert_int_equal(command(drive, 0x2f, 0, 0, 0, 0, 0, 0, 0, 200, 0), SENSE(3, 0x11, 5));
	assert_int_equal(info(), 100);
	assert_int_equal(command(drive, 0x2f, 0, 0, 0, 0, 102, 0, 0, 98, 0), 0);
	mmc_set_faults(drive, NULL);
	assert_int_equal(read_blocks(drive, 96, 16), 0);
	assert_int_equal(get_be32(answer.data + 5 * MEDIA_BLOCK), 101);
}

static void a_bad_block_can_be_read_after_some_tries(void **state)
{
	(void)state;
	set("read-error 5 times 2 sense 3/02/00; read-error 6 op a8");
	assert_int_equal(read_blocks(drive, 5, 1), SENSE(3, 2, 0));
	assert_int_equal(read_blocks(drive, 0, 16), SENSE(3, 2, 0));
	assert_int_equal(read_blocks(drive, 0, 16), 0);
	assert_false(mmc_fault_is_live(&faults.fault[0]));
	assert_int_equal(command(drive, 0xa8, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0), SENSE(3, 0x11, 5));
	/* The caller's clock ends the other one. */
	faults.fault[1].over = true;
	assert_int_equal(command(drive, 0xa8, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0), 0);
}

static void the_first_of_two_bad_blocks_is_reported(void **state)
{
	(void)state;
	set("read-error 50; read-error 40-60 sense 3/11/00; read-error 45");
	assert_int_equal(read_blocks(drive, 30, 32), SENSE(3, 0x11, 0));
	assert_int_equal(info(), 40);
	assert_int_equal(faults.fault[0].struck, 0);
	assert_int_equal(faults.fault[1].struck, 1);
}

static void data_that_the_transport_gives_back_is_read_once(void **state)
{
	const uint8_t *p;
	int32_t n;

	(void)state;
	set("read-error 10 times 1");
	begin_blocks(drive, 0x28, 0, 16);
	n = mmc_pull(drive, &p, 65536);
	assert_int_equal(n, 10 * MEDIA_BLOCK);
	assert_int_equal(mmc_pull(drive, &p, 65536), 0);
	mmc_unpull(drive, 0);
	assert_int_equal(mmc_pull(drive, &p, 65536), 0);
	assert_int_equal(mmc_end(drive), MMC_CHECK_CONDITION);
	assert_int_equal(faults.fault[0].struck, 1);
	assert_int_equal(read_blocks(drive, 0, 16), 0);
}

static void a_bad_block_is_neither_written_nor_acknowledged(void **state)
{
	(void)state;
	set("write-error 40");
	assert_int_equal(write_blocks(0, 32), 0);
	assert_int_equal(write_blocks(32, 32), SENSE(3, 0x0c, 0));
	assert_int_equal(info(), 40);
	assert_int_equal(now().nwa, 40);
	assert_int_equal(now().blocks_written, 40);
	assert_int_equal(disc->media->blocks, 40);
	/* Again and again. */
	assert_int_equal(write_blocks(40, 16), SENSE(3, 0x0c, 0));
	assert_int_equal(now().nwa, 40);
	assert_int_equal(faults.fault[0].struck, 2);
	/* The blocks before it are on the disc, which can be finalised. */
	assert_int_equal(command(drive, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(command(drive, 0x5b, 0, 6, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_true(now().finalised);
	assert_int_equal(now().readable, 40);
}

static void a_disc_goes_on_when_the_write_error_is_over(void **state)
{
	uint8_t block[MEDIA_BLOCK];

	(void)state;
	set("write-error 8-1000 times 1");
	assert_int_equal(write_blocks(0, 16), SENSE(3, 0x0c, 0));
	assert_int_equal(write_blocks(8, 16), 0);
	for (uint32_t i = 0; i < 24; i++) {
		assert_int_equal(media_read(disc->media, i, 1, block), 0);
		assert_int_equal(get_be32(block), i);
	}
}

/* ---- commands ------------------------------------------------------------------------------- */

static void the_nth_command_gets_a_sense_and_is_not_carried_out(void **state)
{
	(void)state;
	set("sense 4/44/00 op 2a nth 3; sense 5/2c/00 op 5b");
	assert_int_equal(write_blocks(0, 1), 0);
	assert_int_equal(write_blocks(1, 1), 0);
	assert_int_equal(write_blocks(2, 1), SENSE(4, 0x44, 0));
	assert_int_equal(now().nwa, 2);
	assert_int_equal(write_blocks(2, 1), 0);
	assert_int_equal(command(drive, 0x5b, 0, 6, 0, 0, 0, 0, 0, 0, 0), SENSE(5, 0x2c, 0));
	assert_false(now().finalised);
	/* Other commands are as usual, and REQUEST SENSE tells of this one. */
	assert_int_equal(test_unit_ready(drive), 0);
	assert_int_equal(faults.fault[0].struck, 1);
	assert_int_equal(faults.fault[1].struck, 1);
}

static void a_unit_attention_comes_before_a_fault(void **state)
{
	(void)state;
	mmc_bus_reset(drive);
	set("sense 3/0c/00 op 00 nth 1; sense 5/20/00 op f7");
	assert_int_equal(test_unit_ready(drive), SENSE_RESET);
	assert_int_equal(test_unit_ready(drive), SENSE(3, 0x0c, 0));
	assert_int_equal(test_unit_ready(drive), 0);
	/* A command that the drive does not have can have a fault, too. */
	set("sense 2/04/00 op f7");
	assert_int_equal(command(drive, 0xf7, 0, 0, 0, 0, 0), SENSE(2, 4, 0));
}

static void a_drive_is_not_ready_for_some_commands(void **state)
{
	(void)state;
	set("not-ready after 1 times 3");
	assert_int_equal(test_unit_ready(drive), 0);
	assert_int_equal(test_unit_ready(drive), SENSE(2, 4, 1));
	/* These work without a disc, so they work now. */
	assert_int_equal(command(drive, 0x12, 0, 0, 0, 36, 0), 0);
	assert_int_equal(media_event(drive), 0);
	assert_int_equal(read_blocks(drive, 0, 1), SENSE(2, 4, 1));
	assert_int_equal(command(drive, 0x43, 0, 0, 0, 0, 0, 0, 0, 4, 0), SENSE(2, 4, 1));
	assert_int_equal(test_unit_ready(drive), 0);
	/* Without a disc, there is none. */
	set("not-ready");
	assert_int_equal(mmc_eject(drive, false), MMC_EJECT_DONE);
	assert_int_equal(test_unit_ready(drive), SENSE_NO_MEDIUM);
	assert_int_equal(faults.fault[0].struck, 0);
}

static void a_disc_vanishes_in_the_middle_of_a_burn(void **state)
{
	(void)state;
	assert_int_equal(command(drive, 0x1e, 0, 0, 0, 1, 0), 0);
	set("vanish op 2a after 2");
	assert_int_equal(write_blocks(0, 16), 0);
	assert_int_equal(write_blocks(16, 16), 0);
	assert_int_equal(write_blocks(32, 16), SENSE_NO_MEDIUM);
	assert_int_equal(test_unit_ready(drive), SENSE_NO_MEDIUM);
	assert_int_equal(media_event(drive), 3);
	assert_int_equal(current_profile(drive), 0);
	assert_true(now().vanished);
	assert_false(now().loaded || now().ejected_by_host || now().locked);
	/* No command of the host brings it back; the board's side takes it out as usual. */
	assert_int_equal(command(drive, 0x1b, 0, 0, 0, 3, 0), 0);
	assert_int_equal(test_unit_ready(drive), SENSE_NO_MEDIUM);
	assert_int_equal(mmc_eject(drive, false), MMC_EJECT_DONE);
	assert_false(now().vanished);
	assert_int_equal(disc->media->blocks, 32);
	/* It goes on where it was, and does not vanish again. */
	mmc_insert(drive, disc_get(disc));
	drain_events(drive);
	assert_int_equal(now().nwa, 32);
	assert_int_equal(write_blocks(32, 16), 0);
	assert_int_equal(faults.fault[0].struck, 1);
}

/* ---- time ----------------------------------------------------------------------------------- */

static void commands_that_move_blocks_are_slow(void **state)
{
	(void)state;
	set("slow 20 ms");
	assert_int_equal(test_unit_ready(drive), 0);
	assert_int_equal(command(drive, 0x12, 0, 0, 0, 36, 0), 0);
	assert_int_equal(held_ms, 0);
	assert_int_equal(read_blocks(drive, 0, 16), 0);
	assert_int_equal(held_ms, 20);
	assert_int_equal(command(drive, 0x2f, 0, 0, 0, 0, 0, 0, 0, 200, 0), 0);
	assert_int_equal(held_ms, 40);
	/* 32 blocks are 65536 bytes: at 64 kB/s they take 1024 ms. */
	set("rate 64 kB/s; slow 1 ms op 00; slow 3 ms after 1 times 1");
	assert_int_equal(read_blocks(drive, 0, 32), 0);
	assert_int_equal(held_ms, 1024);
	assert_int_equal(read_blocks(drive, 0, 32), 0);
	assert_int_equal(held_ms, 2051);
	assert_int_equal(read_blocks(drive, 0, 32), 0);
	assert_int_equal(held_ms, 3075);
	assert_int_equal(test_unit_ready(drive), 0);
	assert_int_equal(held_ms, 3076);
	assert_int_equal(faults.fault[2].struck, 1);
}

static void a_delay_ends_once_and_by_its_own_command(void **state)
{
	struct mmc_xfer x;
	static const uint8_t close[10] = {0x5b, 0, 6}, tur[6] = {0};
	uint64_t command_number;

	(void)state;
	assert_int_equal(write_blocks(0, 16), 0);
	hold_is_pending = true;
	set("slow 500 ms op 5b");
	mmc_begin(drive, close, sizeof(close), 0, &x);
	command_number = now().commands;
	for (int i = 0; i < 3; i++)
		assert_int_equal(mmc_end(drive), MMC_AGAIN);
	assert_int_equal(held_ms, 500);
	assert_false(now().finalised);
	mmc_fault_release(drive, command_number - 1);
	assert_int_equal(mmc_end(drive), MMC_AGAIN);
	mmc_fault_release(drive, command_number);
	assert_int_equal(mmc_end(drive), MMC_GOOD);
	assert_true(now().finalised);
	/* A reset ends the command; a release of it that comes later changes nothing. */
	drain_events(drive);
	set("slow 500 ms op 00");
	mmc_begin(drive, tur, sizeof(tur), 0, &x);
	assert_int_equal(mmc_end(drive), MMC_AGAIN);
	mmc_transport_reset(drive);
	mmc_fault_release(drive, now().commands);
	mmc_begin(drive, tur, sizeof(tur), 0, &x);
	assert_int_equal(mmc_end(drive), MMC_AGAIN);
	/* Without the faults, nothing is waited for. */
	mmc_set_faults(drive, NULL);
	assert_int_equal(mmc_end(drive), MMC_GOOD);
	/* Without a hold function there is no clock, so the command is not delayed. */
	set("slow 500 ms op 00");
	faults.hold = NULL;
	assert_int_equal(test_unit_ready(drive), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines_come_back_as_they_are),
		cmocka_unit_test(wrong_lines_are_refused_with_a_reason),
		cmocka_unit_test(a_text_is_taken_as_a_whole_or_not_at_all),
		cmocka_unit_test_setup_teardown(
			a_read_gives_what_comes_before_the_bad_block, rom, teardown),
		cmocka_unit_test_setup_teardown(
			a_bad_block_can_be_read_after_some_tries, rom, teardown),
		cmocka_unit_test_setup_teardown(
			the_first_of_two_bad_blocks_is_reported, rom, teardown),
		cmocka_unit_test_setup_teardown(
			data_that_the_transport_gives_back_is_read_once, rom, teardown),
		cmocka_unit_test_setup_teardown(
			a_bad_block_is_neither_written_nor_acknowledged, blank, teardown),
		cmocka_unit_test_setup_teardown(
			a_disc_goes_on_when_the_write_error_is_over, blank, teardown),
		cmocka_unit_test_setup_teardown(
			the_nth_command_gets_a_sense_and_is_not_carried_out, blank, teardown),
		cmocka_unit_test_setup_teardown(
			a_unit_attention_comes_before_a_fault, rom, teardown),
		cmocka_unit_test_setup_teardown(
			a_drive_is_not_ready_for_some_commands, rom, teardown),
		cmocka_unit_test_setup_teardown(
			a_disc_vanishes_in_the_middle_of_a_burn, blank, teardown),
		cmocka_unit_test_setup_teardown(commands_that_move_blocks_are_slow, rom, teardown),
		cmocka_unit_test_setup_teardown(
			a_delay_ends_once_and_by_its_own_command, blank, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
