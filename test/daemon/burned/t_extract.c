// SPDX-License-Identifier: GPL-2.0-or-later
/* Audio tracks as WAV files: which samples, and what is left when it ends early. */
#include "daemon/audio_disc.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "burned/extract.h"
#include "image/image.h"
#include "util/log.h"

#define HIDDEN ".mmcgadget-test.songs"

static int folder;
static struct image image;
static struct extracted done;
static struct refusal why;
static atomic_bool stop;

/* What the test does while the songs are copied. */
static struct {
	unsigned calls; /* of progress */
	unsigned busy;  /* looks that find a drive burning */
	unsigned stop_at, kill_at, cut_at, fill_at;
	struct extract_progress last;
} during;

static int setup(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	mkdir(in_scratch("media"), 0755);
	log_set_level(LOG_LEVEL_ERROR);
	folder = open(in_scratch("media"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memset(&during, 0, sizeof(during));
	atomic_store(&stop, false);
	return folder < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	close(folder);
	return scratch_remove(state);
}

/* A burn, say, takes the room that is left. */
static void fill_card(void)
{
	int fd = open(in_scratch("media/burn"), O_WRONLY | O_CREAT, 0644);
	char page[4096] = "";

	assert_true(fd >= 0);
	while (write(fd, page, sizeof(page)) > 0)
		continue;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void on_progress(void *ctx, const struct extract_progress *p)
{
	(void)ctx;
	during.last = *p;
	during.calls++;
	if (during.calls == during.stop_at)
		atomic_store(&stop, true);
	if (during.calls == during.kill_at)
		raise(SIGKILL);
	if (during.calls == during.fill_at)
		fill_card();
	if (during.calls == during.cut_at)
		assert_int_equal(truncate(in_scratch("media/x.bin"), 400 * SECTOR), 0);
}

static bool is_busy(void *ctx)
{
	(void)ctx;
	return during.busy > 0 && during.busy-- > 0;
}

static int extract_with(const char *name, unsigned track, const char *to, uint64_t reserve)
{
	const struct image_policy policy = {0};
	struct extract e = {.name = name,
		.home = folder,
		.base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name,
		.hidden = HIDDEN,
		.track = track,
		.to = to,
		.reserve = reserve,
		.stop = &stop,
		.busy = is_busy,
		.progress = on_progress};
	int r;

	memset(&why, 0, sizeof(why));
	r = image_open(folder, in_scratch("media"), name, &policy, &image, &why);
	if (r < 0)
		fail_msg("%s", why.text);
	e.disc = image.disc;
	e.beside = image.place->dir_fd;
	r = extract(&e, &done, &why);
	image_fini(&image);
	return r;
}

static int extract_of(const char *name, unsigned track, const char *to)
{
	return extract_with(name, track, to, 0);
}

static void assert_done(int result)
{
	if (result < 0)
		fail_msg("%d: %s", result, why.text);
}

#define DISC_ALONE "x.bin x.cue "

/* ---- which samples ------------------------------------------------------------------------ */

static void songs_begin_at_index_1(void **state)
{
	(void)state;
	use_resolver();
	put_audio_disc();
	assert_done(extract_of("x.cue", 0, NULL));
	assert_string_equal(done.folder, "The Band - Al_bum");
	assert_int_equal(done.tracks, 2);
	assert_int_equal(done.bytes, 2 * 44 + 300 * SECTOR);
	assert_string_equal(done.file[0], "02 First_ one_.wav");
	assert_string_equal(names_in("media"), "The Band - Al_bum " DISC_ALONE);
	assert_string_equal(
		names_in("media/The Band - Al_bum"), "02 First_ one_.wav 03 Second.wav ");
	assert_song("media/The Band - Al_bum/02 First_ one_.wav", 0, 150, 100, false);
	assert_song("media/The Band - Al_bum/03 Second.wav", 0, 250, 200, false);
	assert_int_equal(during.last.bytes, 300 * SECTOR);
	assert_int_equal(during.last.all_bytes, 300 * SECTOR);
	assert_int_equal(during.last.track, 3);
	assert_int_equal(during.last.nth, 2);
}

static void one_track_is_enough(void **state)
{
	(void)state;
	use_resolver();
	put_audio_disc();
	assert_done(extract_of("x.cue", 3, NULL));
	assert_int_equal(done.tracks, 1);
	assert_string_equal(names_in("media/The Band - Al_bum"), "03 Second.wav ");
	assert_song("media/The Band - Al_bum/03 Second.wav", 0, 250, 200, false);
}

/* A WAV file whose samples begin behind another chunk; an odd number of bytes is filled up. */
static const unsigned char wav[66] = "RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x02\0"
				     "\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0"
				     "LIST\x0d\0\0\0sound of test\0data\xff\xff\xff\xff";

static void byte_order_and_gaps_are_those_of_the_disc(void **state)
{
	(void)state;
	use_resolver();
	put_text("media/a.cue",
		"FILE \"1.bin\" MOTOROLA\n TRACK 01 AUDIO\n  INDEX 01 00:00:00\n"
		"FILE \"2.wav\" WAVE\n TRACK 02 AUDIO\n  PREGAP 00:02:00\n  INDEX 01 00:00:00\n"
		"FILE \"3.bin\" BINARY\n TRACK 03 AUDIO\n  INDEX 01 00:00:00\n"
		"  POSTGAP 00:00:10\n");
	put_samples("media/1.bin", "", 0, 1, 70);
	put_samples("media/2.wav", wav, sizeof(wav), 2, 90);
	put_samples("media/3.bin", "", 0, 3, 40);
	assert_done(extract_of("a.cue", 0, NULL));
	/* The disc has no titles at all. */
	assert_string_equal(done.folder, "a");
	assert_string_equal(names_in("media/a"), "Track 01.wav Track 02.wav Track 03.wav ");
	assert_song("media/a/Track 01.wav", 1, 0, 70, true);
	assert_song("media/a/Track 02.wav", 2, 0, 90, false);
	/* The gap behind the last track belongs to it, and is silent. */
	assert_int_equal(size_of("media/a/Track 03.wav"), 44 + 50 * SECTOR);
	assert_int_equal(truncate(in_scratch("media/a/Track 03.wav"), 44 + 40 * SECTOR), 0);
	assert_song("media/a/Track 03.wav", 3, 0, 40, false);
}

static void subchannels_are_left_out(void **state)
{
	unsigned char sub[96];
	FILE *f;

	(void)state;
	use_resolver();
	memset(sub, 0xee, sizeof(sub));
	put_text("media/g.cue", "FILE \"g.bin\" BINARY\n TRACK 01 CDG\n  INDEX 01 00:00:00\n");
	f = fopen(in_scratch("media/g.bin"), "wb");
	assert_non_null(f);
	for (uint64_t i = 0; i < 80; i++) {
		for (uint64_t k = 0; k < SECTOR; k++)
			putc(sample_byte(5, i * SECTOR + k), f);
		assert_int_equal(fwrite(sub, 1, sizeof(sub), f), sizeof(sub));
	}
	assert_int_equal(fclose(f), 0);
	assert_done(extract_of("g.cue", 0, NULL));
	assert_song("media/g/Track 01.wav", 5, 0, 80, false);
}

/* ---- refusals ----------------------------------------------------------------------------- */

static void refused(int result, int error, const char *code, const char *text)
{
	assert_int_equal(result, error);
	assert_string_equal(why.code, code);
	if (!strstr(why.text, text))
		fail_msg("\"%s\" does not say: %s", why.text, text);
}

static void what_is_no_song_is_refused(void **state)
{
	(void)state;
	use_resolver();
	put_audio_disc();
	refused(extract_of("x.cue", 1, NULL), -ENODATA, "no-such-track",
		"track 1 is a data track; its audio tracks are 2 to 3");
	refused(extract_of("x.cue", 4, NULL), -ENODATA, "no-such-track",
		"track 4 is not there; its audio tracks are 2 to 3");
	put_size("media/d.iso", 40960);
	refused(extract_of("d.iso", 0, NULL), -ENODATA, "no-audio", "has no audio tracks");
	put_text(
		"media/d.cue", "FILE \"x.bin\" BINARY\n TRACK 01 MODE1/2352\n INDEX 01 00:00:00\n");
	refused(extract_of("d.cue", 0, NULL), -ENODATA, "no-audio", "has no audio tracks");
	assert_string_equal(names_in("media"), "d.cue d.iso " DISC_ALONE);
}

static void nothing_is_overwritten(void **state)
{
	(void)state;
	use_resolver();
	put_audio_disc();
	for (unsigned n = 1; n <= 3; n++)
		assert_done(extract_of("x.cue", 0, NULL));
	assert_string_equal(done.folder, "The Band - Al_bum 3");
	assert_string_equal(names_in("media"),
		"The Band - Al_bum The Band - Al_bum 2 The Band - Al_bum 3 " DISC_ALONE);
	/* A folder that people name gets one song after the other. */
	assert_done(extract_of("x.cue", 2, "Songs"));
	assert_done(extract_of("x.cue", 3, "Songs"));
	assert_string_equal(done.folder, "Songs");
	assert_string_equal(names_in("media/Songs"), "02 First_ one_.wav 03 Second.wav ");
	put_text("media/Songs/03 Second.wav", "mine");
	refused(extract_of("x.cue", 3, "Songs"), -EEXIST, "exists",
		"\"Songs/03 Second.wav\" exists, and nothing is overwritten");
	assert_string_equal(get_text("media/Songs/03 Second.wav"), "mine");
	assert_string_equal(names_in("media/Songs"), "02 First_ one_.wav 03 Second.wav ");
	/* A file, and a link out of the media folder, are no folders. */
	refused(extract_of("x.cue", 0, "x.bin"), -EEXIST, "exists", "\"x.bin\" is not a folder");
	assert_int_equal(symlink("/tmp", in_scratch("media/link")), 0);
	refused(extract_of("x.cue", 0, "link"), -EEXIST, "exists", "\"link\" is not a folder");
	put_text("media/The Band - Al_bum 4", "a file");
	assert_done(extract_of("x.cue", 0, NULL));
	assert_string_equal(done.folder, "The Band - Al_bum 5");
}

static void room_is_looked_at_first(void **state)
{
	(void)state;
	use_resolver();
	put_audio_disc();
	refused(extract_with("x.cue", 0, NULL, UINT64_MAX), -ENOSPC, "no-room",
		"there is no room for the songs of \"x.cue\": they take ");
	assert_int_equal(during.calls, 0);
	assert_string_equal(names_in("media"), DISC_ALONE);
}

/* The card is full before, or becomes full meanwhile. */
static void full_card_is_told(void **state)
{
	(void)state;
	use_resolver();
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		skip();
	assert_int_equal(mount("card", in_scratch("media"), "tmpfs", 0, "size=1500k"), 0);
	close(folder);
	folder = open(in_scratch("media"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(folder >= 0);
	put_audio_disc();
	refused(extract_of("x.cue", 0, NULL), -ENOSPC, "no-room",
		"there is no room for the songs of \"x.cue\": they take 836.67 kB, and ");
	assert_int_equal(during.calls, 0);
	assert_string_equal(names_in("media"), DISC_ALONE);
	during.fill_at = 2;
	refused(extract_of("x.cue", 2, NULL), -ENOSPC, "no-room",
		"the card became full before the songs of \"x.cue\" were complete");
	assert_string_equal(names_in("media"), "burn " DISC_ALONE);
	assert_int_equal(umount2(in_scratch("media"), MNT_DETACH), 0);
}

/* ---- an early end ------------------------------------------------------------------------- */

static void nothing_is_left_when_it_is_stopped(void **state)
{
	(void)state;
	use_resolver();
	put_audio_disc();
	/* In the second song: the first one is complete by then. */
	during.stop_at = 6;
	refused(extract_of("x.cue", 0, NULL), -ECANCELED, "stopping", "were given up");
	assert_int_equal(during.calls, 6);
	assert_int_equal(during.last.nth, 2);
	assert_string_equal(names_in("media"), DISC_ALONE);
	mkdir(in_scratch("media/Songs"), 0755);
	during.calls = 0;
	atomic_store(&stop, false);
	refused(extract_of("x.cue", 0, "Songs"), -ECANCELED, "stopping", "were given up");
	assert_string_equal(names_in("media/Songs"), "");
	assert_string_equal(names_in("media"), "Songs " DISC_ALONE);
}

static void nothing_is_left_when_a_song_cannot_be_written(void **state)
{
	struct rlimit old, least = {.rlim_cur = 150 * SECTOR};

	(void)state;
	use_resolver();
	put_audio_disc();
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	least.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &least), 0);
	refused(extract_of("x.cue", 0, NULL), -EFBIG, "io-error",
		"the songs of \"x.cue\" cannot be written: File too large");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_string_equal(names_in("media"), DISC_ALONE);
}

static void nothing_is_left_when_a_song_cannot_be_read(void **state)
{
	(void)state;
	use_resolver();
	put_audio_disc();
	during.cut_at = 5;
	refused(extract_of("x.cue", 0, NULL), -EIO, "io-error",
		"track 3 of \"x.cue\" cannot be read: Input/output error");
	assert_string_equal(names_in("media"), DISC_ALONE);
}

/* A daemon that is killed leaves the hidden folder, and nothing that looks like a song. */
static void what_a_kill_leaves_is_removed(void **state)
{
	char names[256];
	int status, locked;
	pid_t pid;

	(void)state;
	use_resolver();
	put_audio_disc();
	pid = fork();
	if (pid == 0) {
		during.kill_at = 6;
		(void)extract_of("x.cue", 0, NULL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_string_equal(names_in("media"), HIDDEN " " DISC_ALONE);
	assert_string_equal(names_in("media/" HIDDEN), "02 First_ one_.wav 03 Second.wav ");
	/* Not while a daemon works in it. */
	locked = open(in_scratch("media/" HIDDEN), O_RDONLY | O_DIRECTORY);
	assert_true(locked >= 0);
	assert_int_equal(flock(locked, LOCK_EX), 0);
	song_folder_sweep(folder, HIDDEN);
	strcpy(names, names_in("media/" HIDDEN));
	refused(extract_of("x.cue", 0, NULL), -EBUSY, "in-use", "another daemon");
	assert_string_equal(names_in("media/" HIDDEN), names);
	close(locked);
	song_folder_sweep(folder, HIDDEN);
	assert_string_equal(names_in("media"), DISC_ALONE);
	/* The next copy does not need the sweep. */
	mkdir(in_scratch("media/" HIDDEN), 0755);
	put_text("media/" HIDDEN "/02 First_ one_.wav", "half");
	assert_done(extract_of("x.cue", 0, NULL));
	assert_string_equal(names_in("media"), "The Band - Al_bum " DISC_ALONE);
	assert_song("media/The Band - Al_bum/02 First_ one_.wav", 0, 150, 100, false);
}

static void burns_go_first(void **state)
{
	(void)state;
	use_resolver();
	put_audio_disc();
	during.busy = 3;
	assert_done(extract_of("x.cue", 2, NULL));
	assert_int_equal(during.busy, 0);
	/* The copy can be stopped while it waits for the burn. */
	during.busy = 1000000;
	atomic_store(&stop, true);
	assert_int_equal(extract_of("x.cue", 2, NULL), -ECANCELED);
	assert_string_equal(names_in("media"), "The Band - Al_bum " DISC_ALONE);
}

static void the_folder_is_beside_the_disc(void **state)
{
	(void)state;
	use_resolver();
	mkdir(in_scratch("media/sub"), 0755);
	put_text("media/sub/x.cue", AUDIO_CUE);
	put_samples("media/sub/x.bin", "", 0, 0, 450);
	assert_done(extract_of("sub/x.cue", 0, NULL));
	assert_string_equal(names_in("media"), "sub ");
	assert_string_equal(names_in("media/sub"), "The Band - Al_bum " DISC_ALONE);
	assert_song("media/sub/The Band - Al_bum/03 Second.wav", 0, 250, 200, false);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(songs_begin_at_index_1),
		T(one_track_is_enough),
		T(byte_order_and_gaps_are_those_of_the_disc),
		T(subchannels_are_left_out),
		T(what_is_no_song_is_refused),
		T(nothing_is_overwritten),
		T(room_is_looked_at_first),
		T(full_card_is_told),
		T(nothing_is_left_when_it_is_stopped),
		T(nothing_is_left_when_a_song_cannot_be_written),
		T(nothing_is_left_when_a_song_cannot_be_read),
		T(what_a_kill_leaves_is_removed),
		T(burns_go_first),
		T(the_folder_is_beside_the_disc),
	};

	return cmocka_run_group_tests_name("extract", tests, NULL, NULL);
}
