// SPDX-License-Identifier: GPL-2.0-or-later
/* What other programs read in the cue sheet of a CD that a host has burned: cuetools, libcdio. */
#include "daemon/control/control_fixture.h"

#include "daemon/cd_burn.h"

/*
 * 300 sectors; a pause of 150; 320 sectors, whose second index is after 75; with MCN, ISRC and
 * CD-Text.
 */
// clang-format off
static const uint8_t sheet[] = {
	0x02, '4', '0', '0', '6', '3', '8', '1',
	0x02, '3', '3', '3', '9', '3', '1', 0,
	0x01, 0x00, 0, 0x41, 0, 0, 0, 0,
	0x03, 1, 'D', 'E', 'A', 'A', 'A', '0',
	0x03, 1, '0', '0', '0', '0', '0', '1',
	0x01, 0x01, 0, 0x00, 0, 0, 0, 0,
	0x01, 0x01, 1, 0x00, 0, 0, 2, 0,
	0x03, 2, 'D', 'E', 'A', 'A', 'A', '0',
	0x03, 2, '0', '0', '0', '0', '0', '2',
	0x01, 0x02, 0, 0x00, 0, 0, 6, 0,
	0x01, 0x02, 1, 0x00, 0, 0, 8, 0,
	0x01, 0x02, 2, 0x00, 0, 0, 9, 0,
	0x01, 0xaa, 1, 0x01, 0, 0, 12, 20,
};
// clang-format on

static void burn(void)
{
	static const char *const titles[] = {"The Album", "First", "Second"};
	static const uint8_t data[CD_SECTOR] = {1, 2, 3};
	uint64_t end;

	fifo_slow("blank album.bin type=cd-r\n", "ok: drive0: inserted album.bin (blank CD-R, ");
	assert_true(fake_ready(&usb[0]));
	assert_true(cd_select_audio(&usb[0], true));
	assert_true(cd_cue_sheet(&usb[0], sheet, sizeof(sheet)));
	assert_true(cd_write_titles(&usb[0], titles));
	for (int32_t lba = -150; lba < 770; lba++)
		assert_true(cd_write(&usb[0], lba, data, sizeof(data)));
	assert_true(cd_flush(&usb[0]));
	end = now_ms() + 30000;
	while (now_ms() < end && access(in_scratch("media/album.cue"), F_OK) < 0)
		turn(event, usb, 2, 10, NULL);
}

/* Runs the command in the media folder, and returns what it prints. */
static const char *output_of(const char *command)
{
	char line[SCRATCH_PATH + 256];

	snprintf(line, sizeof(line), "cd '%s' && LC_ALL=C %s >../out 2>&1", in_scratch("media"),
		command);
	assert_int_equal(system(line), 0);
	return get_text("out");
}

static void needs(const char *program)
{
	char line[128];

	snprintf(line, sizeof(line), "command -v %s >/dev/null", program);
	if (system(line) == 0)
		return;
	print_message("%s is not installed\n", program);
	skip();
}

static void cuetools_reads_the_cue_sheet(void **state)
{
	(void)state;
	needs("cueconvert");
	burn();
	assert_string_equal(output_of("cueprint -d '%N|%T\\n' -t '%n|%t|%i\\n' album.cue"),
		"2|The Album\n"
		"1|First|DEAAA0000001\n"
		"2|Second|DEAAA0000002\n");
	/* Track 2: START is the length of its pause; INDEX counts from where the pause begins. */
	assert_string_equal(output_of("cueconvert -i cue -o toc album.cue | grep -E "
				      "'^(CATALOG|FILE|START|INDEX)'"),
		"CATALOG \"4006381333931\"\n"
		"FILE \"album.bin\" 0 00:04:00\n"
		"FILE \"album.bin\" 00:04:00\n"
		"START 00:02:00\n"
		"INDEX 00:03:00\n");
}

static void libcdio_reads_the_cue_sheet(void **state)
{
	static const char *const lines[] = {"  1: 00:02:00  000000 audio ",
		"  2: 00:08:00  000450 audio ", "170: 00:12:20  000770 leadout ",
		"Media Catalog Number (MCN): 4006381333931\n",
		"CD-TEXT for Disc:\n\tTITLE: The Album\n",
		"CD-TEXT for Track  1:\n\tTITLE: First\n",
		"CD-TEXT for Track  2:\n\tTITLE: Second\n"};
	const char *text;

	(void)state;
	needs("cd-info");
	burn();
	text = output_of("cd-info --no-cddb --no-device-info --cue-file=album.cue");
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (!strstr(text, lines[i]))
			fail_msg("no \"%s\" in %s", lines[i], text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(cuetools_reads_the_cue_sheet, setup, teardown),
		cmocka_unit_test_setup_teardown(libcdio_reads_the_cue_sheet, setup, teardown),
	};

	return cmocka_run_group_tests_name("cue sheets of burned CDs", tests, NULL, NULL);
}
