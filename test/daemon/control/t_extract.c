// SPDX-License-Identifier: GPL-2.0-or-later
/* The command extract: its words, its answers, and that the drives work meanwhile. */
#include "daemon/control/control_fixture.h"

#include "daemon/audio_disc.h"

/* A disc that takes longer than a test waits: silence of 70 minutes. */
static void put_long_disc(void)
{
	put_text("media/long.cue",
		"FILE \"long.bin\" BINARY\n TRACK 01 AUDIO\n  INDEX 01 00:00:00\n");
	put_size("media/long.bin", UINT64_C(315000) * SECTOR);
}

static void songs_of_a_cue(void **state)
{
	const char *text;

	(void)state;
	use_resolver();
	put_audio_disc();
	fifo_slow("extract x.cue\n",
		"ok: extracted 2 songs from x.cue to \"The Band - Al_bum\" (705.69 kB)");
	assert_song("media/The Band - Al_bum/02 First_ one_.wav", 0, 150, 100, false);
	assert_song("media/The Band - Al_bum/03 Second.wav", 0, 250, 200, false);
	/* Songs are no discs: the list stays as it was. */
	fifo_slow("list\n", "ok: 3 images in ");
	text = get_text("run/status");
	assert_non_null(strstr(text, "x.cue"));
	assert_null(strstr(text, ".wav"));
	assert_null(strstr(text, "The Band"));
	/* One song, by the beginning of the disc's name, to a folder that is named. */
	fifo_slow("extract x track=3 to=\"My songs\"\n",
		"ok: extracted \"03 Second.wav\" from x.cue to \"My songs\" (470.44 kB)");
	assert_string_equal(names_in("media/My songs"), "03 Second.wav ");
	fifo_slow("extract x.cue track=3 to=\"My songs\"\n",
		"error: \"My songs/03 Second.wav\" exists, and nothing is overwritten");
	/* A name that FAT cannot hold is noted, as rename does. */
	fifo_slow("extract x.cue track=2 to=a:b\n",
		"ok: extracted \"02 First_ one_.wav\" from x.cue to \"a:b\" (235.24 kB); FAT and "
		"Windows cannot hold \\ : * ?");
}

static void answer_names_the_files(void **state)
{
	int fd = connect_client();
	json_t *a;

	(void)state;
	use_resolver();
	put_audio_disc();
	mkdir(in_scratch("media/sub"), 0755);
	put_text("media/sub/y.cue", "FILE \"y.bin\" BINARY\n TRACK 01 AUDIO\n INDEX 01 00:00:00\n");
	put_samples("media/sub/y.bin", "", 0, 4, 80);
	send_text(fd, "extract sub/y.cue\n");
	a = json_loads(receive_line(fd), 0, NULL);
	assert_true(answer_is_ok(a));
	assert_string_equal(json_string_value(json_object_get(a, "image")), "sub/y.cue");
	assert_string_equal(json_string_value(json_object_get(a, "folder")), "sub/y");
	assert_int_equal(json_integer_value(json_object_get(a, "bytes")), 44 + 80 * SECTOR);
	assert_int_equal(json_array_size(json_object_get(a, "files")), 1);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(a, "files"), 0)), "Track 01.wav");
	assert_song("media/sub/y/Track 01.wav", 4, 0, 80, false);
	json_decref(a);
	close(fd);
}

static void wrong_words_are_refused(void **state)
{
	(void)state;
	use_resolver();
	put_audio_disc();
	FIFO("extract\n", "error: extract: too few arguments (usage: extract NAME [stop] "
			  "[track=N] [to=FOLDER] [drive=DRIVE])");
	FIFO("extract x.cue 3\n",
		"error: extract: the word behind the name can be stop, not \"3\"; names with "
		"blanks need quotes");
	FIFO("extract x.cue stop track=2\n", "error: extract: stop takes neither track= nor to=");
	FIFO("extract x.cue stop\n", "error: the songs of \"x.cue\" are not being copied; status "
				     "shows what is");
	FIFO("extract x.cue track=0\n",
		"error: extract: track takes a number from 1 to 99, not \"0\"");
	FIFO("extract x.cue track=1x\n",
		"error: extract: track takes a number from 1 to 99, not \"1x\"");
	FIFO("extract x.cue track=100\n",
		"error: extract: track takes a number from 1 to 99, not \"100\"");
	FIFO("extract x.cue track=18446744073709551617\n",
		"error: extract: track takes a number from 1 to 99, not \"18446744073709551617\"");
	FIFO("extract x.cue track=1\n",
		"error: \"x.cue\": track 1 is a data track; its audio tracks are 2 to 3");
	FIFO("extract x.cue track=9\n",
		"error: \"x.cue\": track 9 is not there; its audio tracks are 2 to 3");
	FIFO("extract a.iso\n", "error: \"a.iso\" has no audio tracks; only those of a compact "
				"disc become songs");
	FIFO("extract x.cue to=../out\n",
		"error: \"../out\" leads to another folder; the songs' folder is beside the disc, "
		"so give its name alone");
	FIFO("extract x.cue to=.out\n", "error: \".out\" begins with a dot, so it would be hidden");
	FIFO("extract x.cue to=x.bin\n",
		"error: \"x.bin\" is not a folder; take another name for that of the songs");
	fifo_slow("extract ../x.cue\n", "error: \"../x.cue\" is outside of ");
	fifo_slow("extract nothing.cue\n", "error: no image \"nothing.cue\" in ");
	put_size("media/new.iso", 0);
	FIFO("extract new.iso\n", "error: \"new.iso\" is blank: there are no songs on it");
	FIFO("rip x.cue\n", "error: there is no \"rip\"; did you mean extract?");
	put_text(
		"media/bad.cue", "FILE \"gone.bin\" BINARY\n TRACK 01 AUDIO\n INDEX 01 00:00:00\n");
	FIFO("extract bad.cue\n", "error: bad.cue line 1: the file \"gone.bin\" is missing");
	assert_string_equal(names_in("media"), "a.iso b c.iso bad.cue new.iso x.bin x.cue ");
}

/* Reads an audio sector by READ CD, and compares all of its bytes with those of the file. */
static void assert_host_reads(unsigned lba, unsigned file, unsigned sector)
{
	const uint8_t cdb[16] = {
		0xbe, 0x04, 0, 0, (uint8_t)(lba >> 8), (uint8_t)lba, 0, 0, 1, 0x10};
	struct mmc_xfer xfer;
	const uint8_t *data;
	uint32_t at = 0;

	assert_true(fake_ready(&usb[0]));
	mmc_begin(drive_engine(usb[0].drive), cdb, 12, SECTOR, &xfer);
	assert_int_equal(xfer.len, SECTOR);
	while (at < SECTOR) {
		int32_t n = mmc_pull(drive_engine(usb[0].drive), &data, SECTOR - at);

		assert_int_not_equal(n, 0);
		if (n < 0)
			fake_nap();
		for (int32_t i = 0; i < n; i++, at++)
			assert_int_equal(
				data[i], sample_byte(file, (uint64_t)sector * SECTOR + at));
	}
	assert_int_equal(fake_end(&usb[0]), MMC_GOOD);
}

static void disc_may_be_in_a_drive(void **state)
{
	(void)state;
	use_resolver();
	put_audio_disc();
	FIFO("insert x.cue\n", "ok: drive0: inserted x.cue (CD-ROM, 1.06 MB)");
	unlink(in_scratch("run/status"));
	fifo_write("extract x.cue\n", 14);
	for (unsigned lba = 150; lba < 450; lba += 20) {
		assert_host_reads(lba, 0, lba);
		turn(event, usb, 2, 1, NULL);
	}
	/* Waits for the answer, which could otherwise be taken for that of the next command. */
	for (uint64_t end = now_ms() + 10000;
		strncmp(get_text("run/status"), "ok: extracted", 13) != 0 && now_ms() < end;)
		turn(event, usb, 2, 10, NULL);
	assert_starts(get_text("run/status"), "ok: extracted 2 songs from x.cue");
	assert_song("media/The Band - Al_bum/03 Second.wav", 0, 250, 200, false);
	assert_host_reads(449, 0, 449);
	FIFO("eject\n", "ok: drive0: ejected x.cue");
}

static void disc_that_is_recorded_is_left_alone(void **state)
{
	(void)state;
	fifo_slow("blank new.iso\n", "ok: drive0: inserted new.iso (blank DVD+R, ");
	FIFO("extract new.iso\n", "error: \"new.iso\" is in drive0, which can record it; take it "
				  "out first: mmcgadgetctl eject drive=drive0");
	fifo_slow("eject\n", "ok: drive0: ejected ");
}

static void status_says_how_far(void **state)
{
	json_t *a = NULL, *now = NULL;
	uint64_t end = now_ms() + 10000;
	int fd;

	(void)state;
	use_resolver();
	put_long_disc();
	fifo_slow("extract long\n",
		"waiting: the songs of long.cue are being copied; status shows how far");
	fd = connect_client();
	while (!json_integer_value(json_object_get(now, "track")) && now_ms() < end) {
		json_decref(a);
		send_text(fd, "status drive=0\n");
		a = json_loads(receive_line(fd), 0, NULL);
		now = json_object_get(
			json_array_get(json_object_get(a, "drives"), 0), "extracting");
	}
	assert_string_equal(json_string_value(json_object_get(now, "image")), "long.cue");
	assert_int_equal(json_integer_value(json_object_get(now, "track")), 1);
	assert_int_equal(json_integer_value(json_object_get(now, "nth")), 1);
	assert_int_equal(json_integer_value(json_object_get(now, "tracks")), 1);
	assert_starts(json_string_value(json_object_get(
			      json_array_get(json_object_get(a, "drives"), 0), "pending")),
		"extract long.cue: track 1 (1 of 1), ");
	json_decref(a);
	/* Another command is not kept waiting. */
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	FIFO("rename \"b c.iso\" d.iso\n", "ok: renamed b c.iso to d.iso");
	FIFO("delete long.cue\n",
		"error: \"long.cue\" cannot be deleted: one of its files is in a drive, in use by "
		"another program, or left a drive just now; ask again");
	/* The daemon stops: the copy is given up, and nothing of it is left. */
	send_text(fd, "extract x.cue\n");
	turn(event, usb, 2, 50, NULL);
	for (unsigned i = 0; i < 2; i++)
		drive_detach(usb[i].drive);
	assert_starts(receive_line(fd), "{\"ok\":false,\"message\":\"the daemon stops\"");
	assert_string_equal(names_in("media"), "a.iso d.iso long.bin long.cue ");
	close(fd);
}

/* Waits for the answer of that beginning on the connection. */
static void expect(int fd, const char *ok, const char *message)
{
	char text[256];

	snprintf(text, sizeof(text), "{\"ok\":%s,\"message\":\"%s", ok, message);
	assert_starts(receive_line(fd), text);
}

/* Waits until a song of that disc is being copied. */
static void wait_for_copy(int fd, const char *disc)
{
	uint64_t end = now_ms() + 10000;
	bool copied = false;

	while (!copied && now_ms() < end) {
		json_t *a, *now;

		send_text(fd, "status drive=0\n");
		a = json_loads(receive_line(fd), 0, NULL);
		now = json_object_get(
			json_array_get(json_object_get(a, "drives"), 0), "extracting");
		copied = json_integer_value(json_object_get(now, "track")) > 0 &&
			 strcmp(json_string_value(json_object_get(now, "image")), disc) == 0;
		json_decref(a);
	}
	assert_true(copied);
}

/* One disc is being copied and another one waits: the copies of both can be stopped. */
static void copy_is_stopped(void **state)
{
	int copy, other, stop;

	(void)state;
	use_resolver();
	put_audio_disc();
	put_long_disc();
	copy = connect_client();
	other = connect_client();
	stop = connect_client();
	send_text(copy, "extract long to=Songs\n");
	wait_for_copy(stop, "long.cue");
	send_text(other, "extract x.cue\n");
	turn(event, usb, 2, 50, NULL);
	send_text(stop, "extract x.cue stop\n");
	expect(stop, "true", "the songs of x.cue will not be copied");
	expect(other, "false", "the songs of \\\"x.cue\\\" were given up");
	send_text(stop, "extract long.cue stop\n");
	expect(stop, "true",
		"the songs of long.cue are not copied any more, and what was copied is removed");
	expect(copy, "false",
		"the songs of \\\"long.cue\\\" were given up, and what was copied is removed");
	assert_string_equal(names_in("media"), "a.iso b c.iso long.bin long.cue x.bin x.cue ");
	/* The name as it was typed also stops the copy. Then the next command begins. */
	send_text(copy, "extract long\n");
	wait_for_copy(stop, "long.cue");
	send_text(other, "extract x.cue track=2\n");
	send_text(stop, "extract long stop\n");
	expect(stop, "true", "the songs of long.cue are not copied any more");
	expect(copy, "false", "the songs of \\\"long.cue\\\" were given up");
	expect(other, "true", "extracted \\\"02 First_ one_.wav\\\" from x.cue");
	close(copy);
	close(other);
	close(stop);
}

/* What a daemon that was killed has left is gone after the next start. */
static void start_removes_what_was_left(void **state)
{
	static const char *const left[] = {
		"media/.mmcgadget-drive1.songs", "media/.mmcgadget-drive1.burned-songs"};
	char song[128];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		mkdir(in_scratch(left[i]), 0755);
		snprintf(song, sizeof(song), "%s/01 Song.wav", left[i]);
		put_text(song, "half of it");
	}
	mkdir(in_scratch("media/.mmcgadget-other.songs"), 0755);
	drive_detach(usb[1].drive);
	drive_free(usb[1].drive);
	fake_drive(&usb[1], "drive1", event, &set, 200);
	assert_string_equal(names_in("media"), ".mmcgadget-other.songs a.iso b c.iso ");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(songs_of_a_cue),
		T(answer_names_the_files),
		T(wrong_words_are_refused),
		T(disc_may_be_in_a_drive),
		T(disc_that_is_recorded_is_left_alone),
		T(status_says_how_far),
		T(copy_is_stopped),
		T(start_removes_what_was_left),
	};

	return cmocka_run_group_tests_name("extract", tests, NULL, NULL);
}
