/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host that records a CD-R or CD-RW by the functions of the disc, and reads it back. */
#ifndef TEST_UNIT_DISC_CD_BENCH_H
#define TEST_UNIT_DISC_CD_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cd/check.h"
#include "cd/find.h"
#include "cd/sector.h"
#include "cd/text.h"
#include "disc/cd_record.h"
#include "disc/compact.h"
#include "disc/disc.h"
#include "util/array.h"
#include "util/be.h"

#define AUDIO_WRITE .form = CD_AUDIO, .unit = 2352
#define DATA_WRITE  .control = 4, .form = CD_MODE1, .unit = 2048
#define SAO_WRITE   .at_once = true, .form = CD_AUDIO, .unit = 2352
#define CD_CHUNK    16u

/* Fills a block of `unit` bytes with what is different in each sector. */
static inline void cd_fill(uint8_t *block, int64_t lba, uint32_t unit)
{
	for (uint32_t at = 0; at < unit; at += 4)
		put_be32(block + at, (uint32_t)lba * 2654435761u + at);
}

static inline struct disc *new_cd(enum disc_type type, uint32_t capacity)
{
	struct disc_options o = {.media = media_mem_new_units(1, 0, true),
		.medium = disc_medium_of(type),
		.capacity = capacity};
	struct disc *d = disc_open(&o);

	assert_non_null(d);
	assert_ptr_equal(d->medium, disc_medium_of(type));
	return d;
}

static inline int64_t cd_nwa(const struct disc *d)
{
	int64_t lba;

	return disc_cd_nwa(d, &lba) ? lba : INT64_MAX;
}

/* Writes `count` blocks from lba on, some at a time, as a host does. Returns the first failure. */
static inline int cd_record(struct disc *d, int64_t lba, uint32_t count)
{
	uint8_t blocks[CD_CHUNK * CD_SECTOR];
	int r = DISC_OK;

	for (uint32_t n; count > 0 && r == DISC_OK; lba += n, count -= n) {
		uint32_t unit = disc_cd_write_unit(d, lba);

		n = MIN(count, CD_CHUNK);
		while (n > 1 && disc_cd_write_unit(d, lba + n - 1) != unit)
			n--;
		assert_in_range(unit, 1, CD_SECTOR);
		for (uint32_t i = 0; i < n; i++)
			cd_fill(blocks + (size_t)i * unit, lba + i, unit);
		int may = disc_may_write(d, lba, n);
		r = disc_write(d, lba, n, blocks);
		if (may != DISC_OK)
			assert_int_equal(r, may);
	}
	return r;
}

static inline int cd_send_cue(struct disc *d, const char *text)
{
	uint8_t sheet[1024];
	unsigned n = 0, byte;
	int used;

	while (sscanf(text, " %2x%n", &byte, &used) == 1) {
		sheet[n++] = (uint8_t)byte;
		text += used;
	}
	return disc_cd_cue_sheet(d, sheet, n);
}

/* Bytes of a sector, as READ CD gives them. */
static inline void cd_read_cut(struct disc *d, int64_t lba, struct cd_cut cut, uint8_t *out)
{
	struct disc_sectors s;
	struct cd_sector sector = {.lba = (int32_t)lba};
	int64_t bad;

	assert_int_equal(disc_may_read_sectors(d, lba, 1, &bad), DISC_OK);
	assert_int_equal(disc_view_sectors(d, lba, 1, &s), DISC_OK);
	sector.form = cd_sector_form(s.form, s.data, (uint16_t)s.unit);
	sector.stored = s.data;
	sector.unit = (uint16_t)s.unit;
	cd_sector_cut(&sector, cut, out);
}

static inline void cd_read(struct disc *d, int64_t lba, uint8_t out[CD_SECTOR])
{
	cd_read_cut(d, lba, (struct cd_cut){0, CD_SECTOR}, out);
}

/* Sectors lba to end - 1 have what was written as blocks of that size, from byte `at` on. */
static inline void cd_check(struct disc *d, int64_t lba, int64_t end, uint32_t unit, uint32_t at)
{
	uint8_t is[CD_SECTOR], want[CD_SECTOR];

	for (; lba < end; lba++) {
		cd_read_cut(d, lba, (struct cd_cut){(uint16_t)at, (uint16_t)unit}, is);
		cd_fill(want, lba, unit);
		if (memcmp(is, want, unit) != 0)
			fail_msg("sector %d is not what was written", (int)lba);
	}
}

static inline void cd_check_silence(
	struct disc *d, int64_t lba, int64_t end, uint32_t at, uint32_t n)
{
	static const uint8_t zeros[CD_SECTOR];
	uint8_t is[CD_SECTOR];

	for (; lba < end; lba++) {
		cd_read_cut(d, lba, (struct cd_cut){(uint16_t)at, (uint16_t)n}, is);
		assert_memory_equal(is, zeros, n);
	}
}

/* The map is one that a disc can have, and its extents are in the image. */
static inline void cd_check_map(const struct disc *d)
{
	const struct cd_map *m = disc_cd_map(d);
	const uint64_t size = d->media->blocks;
	unsigned number;
	const char *why = m->tracks ? cd_map_check(m, d->testing ? NULL : &size, &number) : NULL;

	if (why)
		fail_msg("%u: %s", number, why);
	assert_true(d->layout.tracks >= m->tracks && d->layout.tracks <= m->tracks + 1u);
	for (unsigned i = 0; i < m->tracks; i++) {
		assert_int_equal(m->track[i].start, d->layout.track[i].start);
		assert_int_equal(m->track[i].length, d->layout.track[i].written);
		assert_int_equal(m->track[i].session, d->layout.track[i].session);
	}
}

static inline void cd_set(struct disc *d, struct disc_cd_write w)
{
	disc_cd_set_write(d, &w);
}

/*
 * Cue sheets: 914 sectors of data (wodim); two songs with MCN, ISRC, an index 2 and CD-Text
 * (cdrdao); data and a song (wodim).
 */
#define DATA_SHEET                                                                                 \
	"41 00 00 14 00 00 00 00 41 01 00 10 00 00 00 00"                                          \
	"41 01 01 10 00 00 02 00 41 aa 01 14 00 00 0e 0e"
#define AUDIO_SHEET                                                                                \
	"02 34 30 30 36 33 38 31 02 33 33 33 39 33 31 00 01 00 00 41 00 00 00 00"                  \
	"03 01 44 45 41 41 41 30 03 01 30 30 30 30 30 31 01 01 00 00 00 00 00 00"                  \
	"01 01 01 00 00 00 02 00 01 02 00 00 00 00 08 00 01 02 01 00 00 00 0a 00"                  \
	"01 02 02 00 00 00 0c 00 01 aa 01 01 00 00 0f 01"
#define MIXED_SHEET                                                                                \
	"41 00 00 14 00 00 00 00 41 01 00 10 00 00 00 00 41 01 01 10 00 00 02 00"                  \
	"01 02 00 00 00 00 0e 1d 01 02 01 00 00 00 11 3b 01 aa 01 01 00 00 17 3b"

#endif
