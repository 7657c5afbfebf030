// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compact discs that are a CHD: their sectors are those that were compressed, in whatever order
 * they are read, and a CHD that is damaged costs what is damaged, and never the daemon.
 *
 * The CHDs of test/fuzz/corpus/chd were made by chdman 0.251 of the sectors that expected() makes:
 * cdlz and cdzl of a cue sheet with three tracks, cdfl of these and a song that FLAC compresses
 * best, iso of a track of 2048-byte sectors and a song; subs of a .toc of cdrdao. A CHD that is not
 * compressed is written here.
 */
#include <errno.h>
#include <sys/wait.h>

#include "daemon/compact/decoded_fixture.h"

#include "burned/extract.h"
#include "cdimage/chd_frames.h"
#include "util/array.h"
#include "util/be.h"

#define CORPUS "test/fuzz/corpus/chd/"

static uint32_t seed = 1;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(seed >> 8) * n >> 24);
}

/* ---- what was compressed ------------------------------------------------------------------ */

#define WAVE_SECTORS 24u

/* A triangle with noise. */
static void wave(unsigned sector, uint8_t out[2352])
{
	static uint8_t all[WAVE_SECTORS * 2352];
	uint32_t noise = 1;
	int height = 0, step = 31;

	for (unsigned i = 0; i < sizeof(all); i += 4) {
		int left;

		step = height > 20000 ? -37 : height < -20000 ? 41 : step;
		height += step;
		noise = noise * 1664525u + 1013904223u;
		left = height + (int)(noise >> 8 & 15);
		all[i] = (uint8_t)left;
		all[i + 1] = (uint8_t)((unsigned)left >> 8);
		all[i + 2] = (uint8_t)-height;
		all[i + 3] = (uint8_t)((unsigned)-height >> 8);
	}
	memcpy(out, all + sector * 2352, 2352);
}

static void song(unsigned number, unsigned sector, uint8_t out[2352])
{
	for (unsigned i = 0; i < 2352; i += 2) {
		out[i] = (uint8_t)(number * 50 + sector);
		out[i + 1] = (uint8_t)(sector >> 8);
	}
}

static void data(unsigned sector, uint8_t out[2352])
{
	static const uint8_t sync[12] = {0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0};
	unsigned at = sector + 150, seconds = at / 75, frame = at % 75;

	memset(out, 0, 2352);
	memcpy(out, sync, sizeof(sync));
	out[13] = (uint8_t)(seconds / 10 << 4 | seconds % 10);
	out[14] = (uint8_t)(frame / 10 << 4 | frame % 10);
	out[15] = 1;
	for (unsigned i = 0; i < 2048; i++)
		out[16 + i] = (uint8_t)((sector + i) % 7);
}

struct part {
	int lba, count; /* count 0: the end */
	char what; /* 'd' data, 'i' of an ISO, 1 or 2 a song, 'w' the wave, 0 nothing is stored */
	int first; /* its first sector */
};

static const struct part three[] = {{0, 41, 'd', 0}, {41, 150, 0, 0}, {191, 33, 1, 0},
	{224, 25, 2, 0}, {249, 3, 0, 0}, {252, 0, 0, 0}};
static const struct part iso[] = {{0, 30, 'i', 0}, {30, 33, 1, 0}, {63, 0, 0, 0}};
static const struct part four[] = {{0, 41, 'd', 0}, {41, 150, 0, 0}, {191, 33, 1, 0},
	{224, 25, 2, 0}, {249, 3, 0, 0}, {252, WAVE_SECTORS, 'w', 0}, {276, 0, 0, 0}};

/* The sector as it was; bytes 0: it is not stored. swapped: its samples are big-endian. */
static void expected(
	const struct part *p, int lba, uint8_t out[2352], unsigned *bytes, bool *swapped)
{
	unsigned n;

	while (lba >= p->lba + p->count)
		p++;
	n = (unsigned)(lba - p->lba + p->first);
	*bytes = p->what == 'i' ? 2048 : p->what ? 2352 : 0;
	*swapped = p->what == 1 || p->what == 2 || p->what == 'w';
	if (p->what == 'd')
		data(n, out);
	else if (p->what == 'i')
		memset(out, (int)n, 2048);
	else if (p->what == 'w')
		wave(n, out);
	else if (p->what)
		song((unsigned)p->what, n, out);
}

static int end_of(const struct part *p)
{
	while (p->count)
		p++;
	return p->lba;
}

/* ---- reading ------------------------------------------------------------------------------- */

static void assert_stored(const struct part *p, const struct disc_sectors *s, int lba)
{
	uint8_t want[2352], got[2352];
	unsigned bytes;
	bool swapped;

	for (uint32_t i = 0; i < s->count; i++, lba++) {
		expected(p, lba, want, &bytes, &swapped);
		if (!s->data) {
			assert_int_equal(bytes, 0);
			continue;
		}
		/* With its subchannels, if they are shown. */
		assert_int_equal(s->unit == CHD_FRAME ? 2352 : s->unit, bytes);
		assert_int_equal(s->swapped, swapped);
		memcpy(got, s->data + (size_t)i * s->unit, bytes);
		for (unsigned k = 0; swapped && k < bytes; k += 2) {
			uint8_t low = got[k + 1];

			got[k + 1] = got[k];
			got[k] = low;
		}
		if (memcmp(got, want, bytes) != 0)
			fail_msg("sector %d has other bytes", lba);
	}
}

static void assert_same(const struct part *p, int lba, unsigned count)
{
	while (count > 0) {
		struct disc_sectors s;
		int r = view(lba, count, &s);

		if (r != 0)
			fail_msg("sector %d: %d", lba, r);
		assert_stored(p, &s, lba);
		lba += (int)s.count;
		count -= s.count;
	}
}

static void copy_file(const char *from, const char *to)
{
	static uint8_t bytes[65536];
	FILE *in = fopen(from, "rb"), *out = fopen(in_scratch(to), "wb");
	size_t n;

	if (!in || !out)
		fail_msg("%s, %s: %s", from, to, strerror(errno));
	n = fread(bytes, 1, sizeof(bytes), in);
	assert_int_equal(fwrite(bytes, 1, n, out), n);
	assert_int_equal(fclose(in) | fclose(out), 0);
}

static const struct {
	const char *name;
	const struct part *parts;
} made[] = {{"cdlz", three}, {"cdzl", three}, {"cdfl", four}, {"iso", iso}};

static void sectors_are_those_that_were_compressed(void **state)
{
	char from[64];

	(void)state;
	use_resolver();
	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		const struct part *p = made[i].parts;
		unsigned end = (unsigned)end_of(p);

		snprintf(from, sizeof(from), CORPUS "%s", made[i].name);
		copy_file(from, "media/x.chd");
		for (unsigned ahead = 0; ahead < 2; ahead++) {
			open_ahead("x.chd", ahead);
			assert_string_equal(image.kind, "cd");
			assert_same(p, 0, end);
			for (unsigned k = 0; k < 200; k++) {
				unsigned lba = random_below(end);

				assert_same(p, (int)lba, 1 + random_below(end - lba));
			}
			image_fini(&image);
		}
	}
	/* The name does not matter. */
	copy_file(CORPUS "iso", "media/x.iso");
	open_ahead("x.iso", true);
	assert_same(iso, 0, 63);
	image_fini(&image);
}

static void list_shows_one_disc(void **state)
{
	(void)state;
	use_resolver();
	copy_file(CORPUS "cdzl", "media/x.chd");
	scan();
	assert_int_equal(list.count, 1);
	assert_string_equal(entry("x.chd")->kind, "cd");
	assert_true(entry("x.chd")->usable && entry("x.chd")->is_disc);
	assert_int_equal(entry("x.chd")->tracks.data, 1);
	assert_int_equal(entry("x.chd")->tracks.audio, 2);
	assert_int_equal(entry("x.chd")->size, entry("x.chd")->file_size);
	/* A checksum beside it is no disc, and changes nothing. */
	put_text("media/x.chd.sha256", "");
	scan();
	assert_int_equal(entry("x.chd")->tracks.audio, 2);
}

/* The songs of such a disc are in the order of a WAV. */
static void songs_are_decoded(void **state)
{
	static uint8_t wav[44 + 33 * 2352];
	uint8_t want[2352];
	struct extracted done;
	atomic_bool stop = false;
	struct extract e = {.name = "x.chd",
		.home = folder,
		.base = "x.chd",
		.hidden = ".mmcgadget-test.songs",
		.track = 2,
		.stop = &stop};
	FILE *f;

	(void)state;
	use_resolver();
	copy_file(CORPUS "cdzl", "media/x.chd");
	open_ahead("x.chd", false);
	e.disc = image.disc;
	e.beside = image.place->dir_fd;
	if (extract(&e, &done, &why) != 0)
		fail_msg("%s", why.text);
	image_fini(&image);
	f = fopen(in_scratch("media/x/Track 02.wav"), "rb");
	assert_non_null(f);
	assert_int_equal(fread(wav, 1, sizeof(wav), f), sizeof(wav));
	assert_int_equal(getc(f), EOF);
	fclose(f);
	for (unsigned i = 0; i < 33; i++) {
		song(1, i, want);
		assert_memory_equal(wav + 44 + i * 2352, want, 2352);
	}
}

/* ---- not compressed ------------------------------------------------------------------------ */

#define HUNKS 40u

/* A symbol of the subchannels. */
static uint8_t symbol(unsigned sector, unsigned n)
{
	return (uint8_t)(sector * 7 + n * 13);
}

/*
 * A CHD of one track, a song with such subchannels whatever its type is, whose hunks have that many
 * frames; hunk i of the file is hunk order[i].
 */
static void put_plain(
	const char *name, const char *type, unsigned frames, const unsigned order[HUNKS])
{
	uint32_t hunk = frames * CHD_FRAME;
	static uint8_t head[1024], data_of[26 * CHD_FRAME];
	FILE *f = fopen(in_scratch(name), "wb");

	memset(head, 0, sizeof(head));
	memcpy(head, CHD_MAGIC, 8);
	put_be32(head + 8, 124);
	put_be32(head + 12, 5);
	put_be32(head + 36, HUNKS * hunk);
	put_be32(head + 44, 124);
	put_be32(head + 52, 124 + 4 * HUNKS);
	put_be32(head + 56, hunk);
	put_be32(head + 60, CHD_FRAME);
	for (unsigned i = 0; i < HUNKS; i++)
		put_be32(head + 124 + 4 * order[i], 1 + i);
	memcpy(head + 124 + 4 * HUNKS, "CHT2\1", 5);
	snprintf((char *)head + 124 + 4 * HUNKS + 16, 100, "TRACK:1 TYPE:%s FRAMES:%u", type,
		HUNKS * frames);
	put_be24(head + 124 + 4 * HUNKS + 5, 100);
	assert_non_null(f);
	assert_int_equal(fwrite(head, sizeof(head), 1, f), 1);
	for (unsigned i = 0; i < HUNKS; i++) {
		for (unsigned k = 0; k < frames; k++) {
			uint8_t *to = data_of + (size_t)k * CHD_FRAME, sector[2352];

			song(1, order[i] * frames + k, sector);
			for (unsigned b = 0; b < 2352; b++)
				to[b] = sector[b ^ 1];
			for (unsigned n = 0; n < 96; n++)
				to[2352 + n] = symbol(order[i] * frames + k, n);
		}
		assert_int_equal(fseek(f, (long)((1 + i) * hunk), SEEK_SET), 0);
		assert_int_equal(fwrite(data_of, hunk, 1, f), 1);
	}
	assert_int_equal(fclose(f), 0);
}

static void hunks_of_all_sizes(void **state)
{
	static const unsigned sizes[] = {1, 3, 8, 26};
	unsigned order[HUNKS];

	(void)state;
	use_resolver();
	for (unsigned i = 0; i < HUNKS; i++)
		order[i] = HUNKS - 1 - i;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		unsigned end = HUNKS * sizes[i];
		const struct part p[] = {{0, (int)end, 1, 0}, {(int)end, 0, 0, 0}};

		put_plain("media/x.chd", "AUDIO SUBTYPE:NONE", sizes[i], order);
		for (unsigned ahead = 0; ahead < 2; ahead++) {
			open_ahead("x.chd", ahead);
			assert_same(p, 0, end);
			for (unsigned k = 0; k < 100; k++)
				assert_same(p, (int)random_below(end - 9), 9);
			image_fini(&image);
		}
	}
}

/* All sectors have their subchannels, or none has. */
static void assert_subs(unsigned end, bool shown)
{
	struct disc_sectors s;

	for (unsigned lba = 0; lba < end; lba += s.count) {
		assert_int_equal(disc_view_sectors_sub(image.disc, lba, end - lba, &s), DISC_OK);
		assert_int_equal(s.sub != NULL, shown);
		for (unsigned k = 0; s.sub && k < s.count; k++) {
			for (unsigned n = 0; n < 96; n++)
				assert_int_equal(s.sub[k * s.sub_unit + n], symbol(lba + k, n));
		}
	}
}

/* Raw subchannels are those of the file; others are not shown. */
static void subchannels_are_stored(void **state)
{
	static const struct {
		const char *type;
		bool shown, left_out;
	} rows[] = {{"AUDIO SUBTYPE:NONE", false, false}, {"AUDIO SUBTYPE:RW_RAW", true, false},
		{"AUDIO SUBTYPE:RW", false, true}};
	const struct part p[] = {{0, 8 * (int)HUNKS, 1, 0}, {8 * (int)HUNKS, 0, 0, 0}};
	static const struct part song_with_subs[] = {{0, 57, 1, 0}, {57, 0, 0, 0}};
	unsigned order[HUNKS];

	(void)state;
	use_resolver();
	for (unsigned i = 0; i < HUNKS; i++)
		order[i] = i * 3 % HUNKS;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		put_plain("media/x.chd", rows[i].type, 8, order);
		open_ahead("x.chd", false);
		assert_int_equal(image.warning[0] != '\0', rows[i].left_out);
		assert_same(p, 0, 8 * HUNKS);
		assert_subs(8 * HUNKS, rows[i].shown);
		image_fini(&image);
	}
	/* chdman made it of a .toc of cdrdao, and compressed it. */
	copy_file(CORPUS "subs", "media/x.chd");
	open_ahead("x.chd", false);
	assert_string_equal(image.warning, "");
	assert_same(song_with_subs, 0, 57);
	assert_subs(57, true);
	image_fini(&image);
}

/* The label of the volume of a data track, as it is stored: the blocks, or whole sectors. */
static void list_shows_the_label(void **state)
{
	static const struct {
		const char *type;
		long at; /* where the user data of a frame begin */
	} rows[] = {{"MODE1 SUBTYPE:NONE", 0}, {"MODE1_RAW SUBTYPE:NONE", 16},
		{"MODE1_RAW SUBTYPE:RW_RAW", 16}};
	uint8_t volume[2 * 2048];
	unsigned order[HUNKS];
	FILE *f;

	(void)state;
	use_resolver();
	put_iso("volume", "THE GAME");
	f = fopen(in_scratch("volume"), "rb");
	assert_non_null(f);
	assert_int_equal(fseek(f, 16 * 2048, SEEK_SET), 0);
	assert_int_equal(fread(volume, 1, sizeof(volume), f), sizeof(volume));
	fclose(f);
	for (unsigned i = 0; i < HUNKS; i++)
		order[i] = i;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		put_plain("media/x.chd", rows[i].type, 8, order);
		scan();
		assert_string_equal(entry("x.chd")->label, "");
		f = fopen(in_scratch("media/x.chd"), "r+b");
		assert_non_null(f);
		for (long k = 0; k < 2; k++) {
			/* The first hunk of the file is its header. */
			assert_int_equal(
				fseek(f, (8 + 16 + k) * (long)CHD_FRAME + rows[i].at, SEEK_SET), 0);
			assert_int_equal(fwrite(volume + k * 2048, 2048, 1, f), 1);
		}
		assert_int_equal(fclose(f), 0);
		scan();
		assert_string_equal(entry("x.chd")->label, "THE GAME");
	}
	/* A CHD whose hunks are cut off has no label, and stays a disc. */
	assert_int_equal(truncate(in_scratch("media/x.chd"), 9L * CHD_FRAME), 0);
	scan();
	assert_string_equal(entry("x.chd")->label, "");
	assert_true(entry("x.chd")->usable);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* ---- faults --------------------------------------------------------------------------------- */

/* Reads the whole disc, if it is one. Sectors that could not be read; what was read is right. */
static unsigned lost_sectors(const struct part *p)
{
	unsigned lost = 0;

	for (int lba = 0; lba < end_of(p); lba++) {
		struct disc_sectors s;
		int r = view(lba, 1, &s);

		if (r == 0)
			assert_stored(p, &s, lba);
		else
			assert_int_equal(r, -EIO);
		lost += r != 0;
	}
	return lost;
}

static void file_that_is_cut_costs_its_end(void **state)
{
	const struct part p[] = {{0, 8 * (int)HUNKS, 1, 0}, {8 * (int)HUNKS, 0, 0, 0}};
	unsigned order[HUNKS], lost;

	(void)state;
	use_resolver();
	for (unsigned i = 0; i < HUNKS; i++)
		order[i] = i;
	put_plain("media/x.chd", "AUDIO SUBTYPE:NONE", 8, order);
	assert_int_equal(truncate(in_scratch("media/x.chd"), 20L * 8 * (long)CHD_FRAME), 0);
	open_ahead("x.chd", true);
	lost = lost_sectors(p);
	image_fini(&image);
	assert_int_equal(lost, (HUNKS - 19) * 8);
}

static void damaged_hunk_costs_its_sectors(void **state)
{
	unsigned lost;
	FILE *f;

	(void)state;
	use_resolver();
	copy_file(CORPUS "cdfl", "media/x.chd");
	f = fopen(in_scratch("media/x.chd"), "r+b");
	assert_non_null(f);
	assert_int_equal(fseek(f, 6000, SEEK_SET), 0);
	assert_int_equal(fwrite("damage", 6, 1, f), 1);
	assert_int_equal(fclose(f), 0);
	open_ahead("x.chd", true);
	lost = lost_sectors(four);
	image_fini(&image);
	/* The song begins and ends within a hunk. */
	assert_true(lost > 0 && lost <= 8);
}

/* Bytes of a stranger, anywhere: what happens to the decoder is not for this process. */
static void hostile_files_cost_nothing_else(void **state)
{
	static uint8_t bytes[4096];
	unsigned discs = 0;

	(void)state;
	use_resolver();
	for (unsigned round = 0; round < 80; round++) {
		FILE *in = fopen(CORPUS "cdlz", "rb"), *out;
		size_t n;

		assert_non_null(in);
		n = fread(bytes, 1, sizeof(bytes), in);
		fclose(in);
		for (unsigned k = 0; k < 1 + round % 4; k++)
			bytes[random_below((uint32_t)n)] = (uint8_t)random_below(256);
		out = fopen(in_scratch("media/x.chd"), "wb");
		assert_non_null(out);
		assert_int_equal(fwrite(bytes, 1, n, out), n);
		assert_int_equal(fclose(out), 0);
		if (open_image("x.chd") == 0) {
			struct disc_sectors s;

			discs++;
			for (int lba = 0; lba < 60; lba += 7) {
				int r = disc_view_sectors(image.disc, lba, 1, &s);

				assert_true(r == 0 || r == -EIO || r == DISC_OUT_OF_RANGE);
			}
		}
		image_fini(&image);
	}
	assert_true(discs > 20 && discs < 80);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			sectors_are_those_that_were_compressed, setup, teardown),
		cmocka_unit_test_setup_teardown(list_shows_one_disc, setup, teardown),
		cmocka_unit_test_setup_teardown(songs_are_decoded, setup, teardown),
		cmocka_unit_test_setup_teardown(hunks_of_all_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(subchannels_are_stored, setup, teardown),
		cmocka_unit_test_setup_teardown(list_shows_the_label, setup, teardown),
		cmocka_unit_test_setup_teardown(file_that_is_cut_costs_its_end, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_hunk_costs_its_sectors, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile_files_cost_nothing_else, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
