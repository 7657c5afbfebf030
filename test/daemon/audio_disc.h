/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A compact disc with audio tracks in a test's media folder, and what its songs must hold. */
#ifndef TEST_DAEMON_AUDIO_DISC_H
#define TEST_DAEMON_AUDIO_DISC_H

#include <dirent.h>

#include "daemon/resolver_fixture.h"

#define SECTOR 2352u

/*
 * Byte `at` of the samples of a file. Sectors that are less than 119 apart differ, and so do the
 * two bytes of a sample.
 */
static inline uint8_t sample_byte(unsigned file, uint64_t at)
{
	return (uint8_t)(at * 31 + at / SECTOR * 7 + at / 65536 * 3 + file * 97);
}

/* Writes `head`, then so many sectors of samples. */
static inline void put_samples(
	const char *name, const void *head, size_t len, unsigned file, unsigned sectors)
{
	FILE *f = fopen(in_scratch(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(head, 1, len, f), len);
	for (uint64_t i = 0; i < (uint64_t)sectors * SECTOR; i++)
		assert_true(putc(sample_byte(file, i), f) != EOF);
	assert_int_equal(fclose(f), 0);
}

/*
 * x.cue: track 1 data (100 sectors), 2 with a pregap of 50 in the file and 100 sectors, 3 with 200.
 */
#define AUDIO_CUE                                                                                  \
	"PERFORMER \"The Band\"\nTITLE \"Al/bum\"\n"                                               \
	"FILE \"x.bin\" BINARY\n"                                                                  \
	" TRACK 01 MODE1/2352\n  TITLE \"Data\"\n  INDEX 01 00:00:00\n"                            \
	" TRACK 02 AUDIO\n  TITLE \"First: one?\"\n  INDEX 00 00:01:25\n  INDEX 01 00:02:00\n"     \
	" TRACK 03 AUDIO\n  TITLE \"Second\"\n  INDEX 01 00:03:25\n"

static inline void put_audio_disc(void)
{
	put_text("media/x.cue", AUDIO_CUE);
	put_samples("media/x.bin", "", 0, 0, 450);
}

/* The song holds so many sectors of the file's samples, from a sector on. */
static inline void assert_song(
	const char *name, unsigned file, unsigned from, unsigned count, bool swapped)
{
	FILE *f = fopen(in_scratch(name), "rb");
	unsigned char head[44];

	if (!f)
		fail_msg("no \"%s\"", name);
	assert_int_equal(size_of(name), 44 + count * SECTOR);
	assert_int_equal(fread(head, 1, 44, f), 44);
	assert_memory_equal(head, "RIFF", 4);
	for (uint64_t i = (uint64_t)from * SECTOR; i < (uint64_t)(from + count) * SECTOR; i++) {
		int c = getc(f), want = sample_byte(file, swapped ? i ^ 1 : i);

		if (c != want)
			fail_msg("%s: byte %llu is %02x, not %02x", name, (unsigned long long)i, c,
				want);
	}
	fclose(f);
}

/* Names in a folder, hidden ones too, in order, each followed by a space. */
static inline const char *names_in(const char *name)
{
	static char out[1024];
	struct dirent **e;
	int n = scandir(in_scratch(name), &e, NULL, alphasort);

	assert_true(n >= 0);
	out[0] = '\0';
	for (int i = 0; i < n; i++) {
		if (strcmp(e[i]->d_name, ".") != 0 && strcmp(e[i]->d_name, "..") != 0)
			sprintf(out + strlen(out), "%.100s ", e[i]->d_name);
		free(e[i]);
	}
	free(e);
	return out;
}

#endif
