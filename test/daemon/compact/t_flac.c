// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compact discs of FLAC files: the samples are those that were encoded, in whatever order they are
 * read, and a decoder that fails costs these samples, and not the disc.
 */
#include <FLAC/stream_encoder.h>
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "daemon/compact/decoded_fixture.h"

#include "burned/extract.h"
#include "resolver/sandbox.h"
#include "util/array.h"

#define SECTORS 600u
#define SAMPLES (SECTORS * 588u)

static uint8_t pcm[SECTORS * 2352u];
static uint32_t seed = 1;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(seed >> 8) * n >> 24);
}

/* Two waves with noise: frames of different sizes. */
static void make_pcm(FLAC__int32 *samples)
{
	int wave = 0, step = 31;

	for (unsigned i = 0; i < SAMPLES; i++) {
		step = wave > 20000 ? -37 : wave < -20000 ? 41 : step;
		wave += step;
		for (unsigned c = 0; c < 2; c++) {
			int s = (c ? -wave : wave) + (int)random_below(1 + i / 900);

			samples[2 * i + c] = (int16_t)s;
			pcm[4 * i + 2 * c] = (uint8_t)s;
			pcm[4 * i + 2 * c + 1] = (uint8_t)((unsigned)s >> 8);
		}
	}
}

static void put_flac(const char *name, unsigned channels, unsigned block)
{
	static FLAC__int32 samples[2 * SAMPLES];
	FLAC__StreamEncoder *e = FLAC__stream_encoder_new();

	make_pcm(samples);
	assert_non_null(e);
	FLAC__stream_encoder_set_channels(e, channels);
	FLAC__stream_encoder_set_bits_per_sample(e, 16);
	FLAC__stream_encoder_set_sample_rate(e, 44100);
	FLAC__stream_encoder_set_streamable_subset(e, false);
	FLAC__stream_encoder_set_blocksize(e, block);
	assert_int_equal(FLAC__stream_encoder_init_file(e, in_scratch(name), NULL, NULL),
		FLAC__STREAM_ENCODER_INIT_STATUS_OK);
	assert_true(FLAC__stream_encoder_process_interleaved(e, samples, SAMPLES * 2 / channels));
	assert_true(FLAC__stream_encoder_finish(e));
	FLAC__stream_encoder_delete(e);
}

/* A disc of a FLAC file, and a file of sectors behind it. */
static void put_flac_disc(void)
{
	put_flac("media/a.flac", 2, 4096);
	put_sectors("media/b.bin", 300, 'b');
	put_text("media/f.cue", "FILE a.flac WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
				"FILE b.bin BINARY\nTRACK 02 AUDIO\nINDEX 01 00:00:00\n");
}

/* ---- reading ------------------------------------------------------------------------------- */

static void assert_same(int lba, unsigned count)
{
	while (count > 0) {
		struct disc_sectors s;
		int r = view(lba, count, &s);

		if (r != 0)
			fail_msg("sector %d: %d", lba, r);
		assert_int_equal(s.unit, 2352);
		if (lba < (int)SECTORS &&
			memcmp(s.data, pcm + (size_t)lba * 2352, (size_t)s.count * 2352) != 0)
			fail_msg("sector %d has other samples", lba);
		if (lba >= (int)SECTORS)
			assert_int_equal(s.data[0], 'b');
		lba += (int)s.count;
		count -= s.count;
	}
}

static void samples_are_those_of_the_wav(void **state)
{
	static const unsigned blocks[] = {4096, 1152, 65535};

	(void)state;
	use_resolver();
	put_sectors("media/b.bin", 300, 'b');
	put_flac_disc();
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
		put_flac("media/a.flac", 2, blocks[i]);
		for (unsigned ahead = 0; ahead < 2; ahead++) {
			open_ahead("f.cue", ahead);
			assert_same(0, SECTORS + 300);
			for (unsigned k = 0; k < 200; k++) {
				unsigned lba = random_below(SECTORS + 299);

				assert_same((int)lba,
					1 + random_below(MIN(40u, SECTORS + 300 - lba - 1)));
			}
			assert_same(SECTORS - 1, 2);
			image_fini(&image);
		}
	}
}

/* ---- faults --------------------------------------------------------------------------------- */

static void damaged_frame_costs_its_samples(void **state)
{
	unsigned bad = 0;
	FILE *f;
	long size;

	(void)state;
	use_resolver();
	put_flac_disc();
	f = fopen(in_scratch("media/a.flac"), "r+b");
	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	assert_int_equal(fseek(f, size / 2, SEEK_SET), 0);
	assert_int_equal(fwrite("damage", 6, 1, f), 1);
	assert_int_equal(fclose(f), 0);
	for (unsigned ahead = 0; ahead < 2; ahead++) {
		open_ahead("f.cue", ahead);
		bad = 0;
		for (int lba = 0; lba < (int)SECTORS; lba++) {
			struct disc_sectors s;
			int r = view(lba, 1, &s);

			if (r == 0)
				assert_memory_equal(s.data, pcm + (size_t)lba * 2352, 2352);
			else
				assert_int_equal(r, -EIO);
			bad += r != 0;
		}
		/* The damage is in at most two frames of 4096 samples, each in 7 or 8 sectors. */
		if (bad < 1 || bad > 2 * 9)
			fail_msg("%u sectors are lost", bad);
		image_fini(&image);
	}
}

static void file_that_is_cut_ends_early(void **state)
{
	struct disc_sectors s;
	struct stat st;

	(void)state;
	use_resolver();
	put_flac_disc();
	assert_int_equal(stat(in_scratch("media/a.flac"), &st), 0);
	assert_int_equal(truncate(in_scratch("media/a.flac"), st.st_size / 2), 0);
	open_ahead("f.cue", true);
	assert_same(0, 100);
	assert_int_equal(view(SECTORS - 10, 1, &s), -EIO);
	assert_same(20, 100);
	assert_same(SECTORS, 300);
	image_fini(&image);
}

/* A decoder that ends at once, ends when it is asked, or says nothing; then one that works. */
static void decoder_that_fails(void **state)
{
	static const char *const programs[] = {"/bin/false", "/bin/cat", "/usr/bin/tail"};
	struct timespec from, to;
	struct disc_sectors s;

	(void)state;
	use_resolver();
	put_flac_disc();
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		decoder_use(programs[i], 300);
		open_ahead("f.cue", true);
		clock_gettime(CLOCK_MONOTONIC, &from);
		assert_int_equal(view(10, 1, &s), -EIO);
		assert_same(SECTORS + 10, 20);
		assert_int_equal(view(10, 1, &s), -EIO);
		clock_gettime(CLOCK_MONOTONIC, &to);
		assert_true(to.tv_sec - from.tv_sec < 60);
		use_resolver();
		assert_same(10, 20);
		image_fini(&image);
	}
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void disc_that_cannot_be_decoded(void **state)
{
	(void)state;
	use_resolver();
	put_flac_disc();
	decoder_use("/nowhere", 0);
	assert_int_equal(open_image("f.cue"), -EBADMSG);
	assert_string_equal(why.text,
		"f.cue: \"a.flac\" is FLAC, and this mmcgadget was built without libflac-dev; "
		"build it with that, or make a WAV file of it (\"flac -d\") and name that");
	image_fini(&image);
	use_resolver();
	put_flac("media/a.flac", 1, 4096);
	assert_int_equal(open_image("f.cue"), -EBADMSG);
	assert_string_equal(
		why.text, "f.cue line 1: \"a.flac\" is not stereo; a CD needs two channels");
	image_fini(&image);
}

/* ---- the sandbox ---------------------------------------------------------------------------- */

/* Returns the signal that ends a process which makes this call in the sandbox, or 0. */
static int signal_of(long call, long a, long b, long c, long d)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (sandbox_enter_to_decode() < 0)
			_exit(1);
		(void)syscall(call, a, b, c, d);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void decoder_can_only_read(void **state)
{
	static char byte[1];

	(void)state;
	if (emulated())
		skip();
	assert_int_equal(signal_of(SYS_pread64, 0, (long)byte, 0, 0), 0);
	assert_int_equal(signal_of(SYS_openat, AT_FDCWD, (long)"/etc/passwd", O_RDONLY, 0), SIGSYS);
	assert_int_equal(signal_of(SYS_socket, 1, 1, 0, 0), SIGSYS);
	assert_int_equal(signal_of(SYS_munmap, 0, 4096, 0, 0), SIGSYS);
	assert_int_equal(signal_of(SYS_kill, 1, 0, 0, 0), SIGSYS);
	assert_int_equal(signal_of(SYS_pwrite64, 0, (long)byte, 0, 0), SIGSYS);
}

/* The songs of such a disc are what was encoded. */
static void songs_are_decoded(void **state)
{
	static uint8_t song[44 + sizeof(pcm)];
	static struct extracted done;
	atomic_bool stop = false;
	struct extract e = {.name = "f.cue",
		.home = folder,
		.base = "f.cue",
		.hidden = ".mmcgadget-test.songs",
		.track = 1,
		.stop = &stop};
	FILE *f;

	(void)state;
	use_resolver();
	put_flac_disc();
	if (open_image("f.cue") != 0)
		fail_msg("%s", why.text);
	e.disc = image.disc;
	e.beside = image.place->dir_fd;
	if (extract(&e, &done, &why) != 0)
		fail_msg("%s", why.text);
	image_fini(&image);
	f = fopen(in_scratch("media/f/Track 01.wav"), "rb");
	assert_non_null(f);
	assert_int_equal(fread(song, 1, sizeof(song), f), sizeof(song));
	assert_int_equal(getc(f), EOF);
	fclose(f);
	assert_memory_equal(song + 44, pcm, sizeof(pcm));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(samples_are_those_of_the_wav, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_frame_costs_its_samples, setup, teardown),
		cmocka_unit_test_setup_teardown(file_that_is_cut_ends_early, setup, teardown),
		cmocka_unit_test_setup_teardown(decoder_that_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(disc_that_cannot_be_decoded, setup, teardown),
		cmocka_unit_test_setup_teardown(decoder_can_only_read, setup, teardown),
		cmocka_unit_test_setup_teardown(songs_are_decoded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
