// SPDX-License-Identifier: GPL-2.0-or-later
/* The songs of a CD that a host has burned: by the command, and by themselves after the burn. */
#include "daemon/control/control_fixture.h"

#include "daemon/audio_disc.h"
#include "daemon/cd_burn.h"

#define ONE   300u /* sectors of the songs */
#define TWO   320u
#define PAUSE 150u

static bool comes(const char *name)
{
	for (uint64_t end = now_ms() + 10000; now_ms() < end && !scratch_has(name);)
		turn(event, usb, 2, 10, NULL);
	return scratch_has(name);
}

/* Writes so many sectors of the samples of that number. */
static void burn(int32_t lba, unsigned file, unsigned sectors)
{
	uint8_t data[CD_SECTOR];

	for (uint64_t i = 0; i < sectors; i++) {
		for (uint64_t k = 0; k < CD_SECTOR; k++)
			data[k] = sample_byte(file, i * CD_SECTOR + k);
		assert_true(cd_write(&usb[0], lba + (int32_t)i, data, sizeof(data)));
	}
}

static void burn_silence(int32_t lba, unsigned sectors)
{
	static const uint8_t data[CD_SECTOR];

	for (unsigned i = 0; i < sectors; i++)
		assert_true(cd_write(&usb[0], lba + (int32_t)i, data, sizeof(data)));
}

/* The song has the samples of that number, then so many sectors of silence. */
static void assert_burned(const char *name, unsigned file, unsigned sectors, unsigned silent)
{
	FILE *f;

	assert_int_equal(size_of(name), 44 + (sectors + silent) * CD_SECTOR);
	f = fopen(in_scratch(name), "rb");
	assert_non_null(f);
	assert_int_equal(fseek(f, 44, SEEK_SET), 0);
	for (uint64_t i = 0; i < (uint64_t)(sectors + silent) * CD_SECTOR; i++) {
		int c = getc(f), want = i / CD_SECTOR < sectors ? sample_byte(file, i) : 0;

		if (c != want)
			fail_msg("%s: byte %llu is %02x, not %02x", name, (unsigned long long)i, c,
				want);
	}
	fclose(f);
}

/* The disc that was just inserted gets its first song, in a track that is closed then. */
static void burn_first_song(void)
{
	assert_true(fake_ready(&usb[0]));
	assert_true(cd_select_audio(&usb[0], false));
	burn(0, 1, ONE);
	assert_true(cd_flush(&usb[0]));
}

/* Track-at-once: behind each song are the two blocks of run-out. */
static void songs_of_a_burn_by_tracks(void **state)
{
	(void)state;
	fifo_slow("blank take1.bin type=cd-r\n", "ok: drive0: inserted take1.bin (blank CD-R, ");
	burn_first_song();
	burn(ONE + 2 + PAUSE, 2, TWO);
	assert_true(cd_flush(&usb[0]));
	/* It is being recorded. */
	FIFO("extract take1.bin\n",
		"error: \"take1.bin\" is in drive0, which can record it; take it "
		"out first: mmcgadgetctl eject drive=drive0");
	assert_true(cd_close(&usb[0], 2));
	assert_true(comes("media/take1.cue"));
	fifo_slow("extract take1\n", "ok: extracted 2 songs from take1.bin to \"take1\" (");
	assert_string_equal(names_in("media/take1"), "Track 01.wav Track 02.wav ");
	assert_burned("media/take1/Track 01.wav", 1, ONE, 2);
	assert_burned("media/take1/Track 02.wav", 2, TWO, 2);
	/* By the name of its cue sheet, it is the same disc. */
	fifo_slow("extract take1.cue track=2 to=again\n",
		"ok: extracted \"Track 02.wav\" from take1.cue to \"again\" (");
	assert_burned("media/again/Track 02.wav", 2, TWO, 2);
	fifo_slow("eject\n", "ok: drive0: ejected take1.bin");
}

/* The PC has ejected it, and it is still in the open tray. */
static void the_songs_are_copied_while_the_disc_is_in_the_drive(void **state)
{
	(void)state;
	fifo_slow("blank in.bin type=cd-r\n", "ok: drive0: inserted in.bin (blank CD-R, ");
	burn_first_song();
	assert_true(cd_close(&usb[0], 2));
	assert_true(comes("media/in.cue"));
	fifo_slow("extract in.bin\n", "ok: extracted \"Track 01.wav\" from in.bin to \"in\" (");
	assert_burned("media/in/Track 01.wav", 1, ONE, 2);
	assert_true(fake_host(&usb[0], 0x1b, 2));
	fifo_slow("extract in.cue to=tray\n",
		"ok: extracted \"Track 01.wav\" from in.cue to \"tray\" (");
	assert_burned("media/tray/Track 01.wav", 1, ONE, 2);
	fifo_slow("eject\n", "ok: drive0: ejected in.bin");
	/* The PC may erase this one at any moment. */
	fifo_slow("blank rw.bin type=cd-rw\n", "ok: drive0: inserted rw.bin (blank CD-RW, ");
	burn_first_song();
	assert_true(cd_close(&usb[0], 2));
	assert_true(comes("media/rw.cue"));
	fifo_slow("extract rw.cue\n",
		"error: \"rw.cue\" is in drive0, which can record it; take it out first");
	fifo_slow("eject\n", "ok: drive0: ejected rw.bin");
}

/* Session-at-once with CD-Text: the disc is taken out, renamed, and its songs are copied. */
static void songs_come_after_the_burn(void **state)
{
	/* Lead-in with CD-Text; track 1 of 300 sectors; track 2 of 320 behind a pause. */
	// clang-format off
	static const uint8_t sheet[] = {
		0x01, 0x00, 0, 0x41, 0, 0, 0, 0,
		0x01, 0x01, 0, 0x00, 0, 0, 0, 0,
		0x01, 0x01, 1, 0x00, 0, 0, 2, 0,
		0x01, 0x02, 0, 0x00, 0, 0, 6, 0,
		0x01, 0x02, 1, 0x00, 0, 0, 8, 0,
		0x01, 0xaa, 1, 0x01, 0, 0, 12, 20,
	};
	// clang-format on
	static const char *const titles[] = {"The Album", "First", "Second"};

	(void)state;
	fifo_slow("blank new.iso type=cd-r\n", "ok: drive0: inserted new.iso (blank CD-R, ");
	assert_true(fake_ready(&usb[0]));
	assert_true(cd_select_audio(&usb[0], true));
	assert_true(cd_cue_sheet(&usb[0], sheet, sizeof(sheet)));
	assert_true(cd_write_titles(&usb[0], titles));
	burn_silence(-150, 150);
	burn(0, 3, ONE);
	burn_silence(ONE, PAUSE);
	burn(ONE + PAUSE, 4, TWO);
	assert_true(cd_flush(&usb[0]));
	assert_true(comes("media/new.cue"));
	fifo_slow("eject\n", "ok: drive0: ejected new.iso");
	assert_true(comes("media/The Album"));
	assert_string_equal(names_in("media"),
		"The Album The Album.bin The Album.bin.mmcdisc The Album.cue a.iso b c.iso ");
	assert_string_equal(names_in("media/The Album"), "01 First.wav 02 Second.wav ");
	assert_burned("media/The Album/01 First.wav", 3, ONE, 0);
	assert_burned("media/The Album/02 Second.wav", 4, TWO, 0);
}

static int setup_plain(void **state)
{
	fake_burned = (struct drive_burned){0};
	return setup(state);
}

static int setup_songs(void **state)
{
	fake_burned = (struct drive_burned){.rename = POSTBURN_RENAME_LABEL, .songs = true};
	return setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(songs_of_a_burn_by_tracks, setup_plain, teardown),
		cmocka_unit_test_setup_teardown(
			the_songs_are_copied_while_the_disc_is_in_the_drive, setup_plain, teardown),
		cmocka_unit_test_setup_teardown(songs_come_after_the_burn, setup_songs, teardown),
	};

	return cmocka_run_group_tests_name("songs of burned CDs", tests, NULL, NULL);
}
