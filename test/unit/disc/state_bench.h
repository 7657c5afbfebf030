/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of the state file: writes one, by lines or from a struct, beside an image. */
#ifndef TEST_UNIT_DISC_STATE_BENCH_H
#define TEST_UNIT_DISC_STATE_BENCH_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/powercut.h"
#include "lib/script.h"
#include "disc/disc_state.h"
#include "unit/disc/made_up.h"
#include "util/array.h"
#include "util/crc32.h"

#define STATE       "disc.iso" STORE_SUFFIX
#define BLOCKS_MAX  400u
#define MAX_UNSAVED 64u

static char text[STORE_TEXT_MAX];
static size_t len;

#define CLOSED DISC_TRACK_CLOSED
static const struct disc_layout layouts[] = {
	{false, false, 1, 1, {{0, 0, 0, 1, DISC_TRACK_INVISIBLE}}},
	{false, false, 1, 1, {{0, 0, 96, 1, DISC_TRACK_RESERVED}}},
	{false, false, 1, 1, {{0, 20, 96, 1, DISC_TRACK_OPEN}}},
	{false, false, 1, 1, {{0, 50, 0, 1, DISC_TRACK_OPEN}}},
	{false, false, 1, 2, {{0, 50, 64, 1, CLOSED}, {64, 0, 0, 1, DISC_TRACK_INVISIBLE}}},
	{false, false, 2, 2, {{0, 50, 0, 1, CLOSED}, {64, 10, 0, 2, DISC_TRACK_OPEN}}},
	{false, false, 2, 3,
		{{0, 50, 0, 1, CLOSED}, {64, 16, 0, 1, CLOSED},
			{80, 0, 48, 2, DISC_TRACK_RESERVED}}},
	{true, false, 2, 2, {{0, 50, 0, 1, CLOSED}, {64, 16, 0, 2, CLOSED}}},
	{true, false, 1, 2, {{0, 50, 0, 1, CLOSED}, {64, 16, 0, 1, CLOSED}}},
};

static inline struct disc_state state_of(const struct disc_layout *l)
{
	return (struct disc_state){
		.medium = disc_medium_of(DISC_DVD_PLUS_R),
		.unit = MEDIA_BLOCK,
		.capacity = 300,
		.max_unsaved = MAX_UNSAVED,
		.boot = "c7d2-boot",
		.layout = *l,
	};
}

static inline bool same_state(const struct disc_state *a, const struct disc_state *b)
{
	const struct disc_layout *l = &a->layout, *m = &b->layout;

	if (a->medium != b->medium || a->format != b->format || a->unit != b->unit ||
		a->truncate != b->truncate || a->truncate_to != b->truncate_to ||
		a->truncate_stamped != b->truncate_stamped ||
		a->truncate_stamp.bytes != b->truncate_stamp.bytes ||
		a->truncate_stamp.seconds != b->truncate_stamp.seconds ||
		a->truncate_stamp.nanoseconds != b->truncate_stamp.nanoseconds ||
		a->capacity != b->capacity || a->layer_break != b->layer_break ||
		a->max_unsaved != b->max_unsaved || strcmp(a->boot, b->boot) != 0 ||
		a->checked != b->checked || a->check != b->check || l->tracks != m->tracks ||
		l->finalised != m->finalised || l->at_once != m->at_once ||
		l->sessions != m->sessions)
		return false;
	for (uint32_t i = 0; i < l->tracks; i++) {
		const struct disc_track *t = &l->track[i], *u = &m->track[i];

		if (t->start != u->start || t->written != u->written ||
			t->reserved != u->reserved || t->session != u->session ||
			t->state != u->state)
			return false;
	}
	return true;
}

/* Returns a state that only version 2 can express. */
static inline struct disc_state overwrite_state(enum disc_format format)
{
	struct disc_state s = {.medium = &made_up_rw,
		.format = format,
		.unit = MEDIA_BLOCK,
		.capacity = 400,
		.boot = "c7d2-boot"};

	if (format == DISC_UNFORMATTED)
		disc_layout_one_track(&s.layout, 0, DISC_TRACK_INVISIBLE);
	else
		disc_layout_one_track(&s.layout, 300, CLOSED);
	return s;
}

/* ---- beside an image ------------------------------------------------------------------------ */

static struct powercut *storage;

static inline void make_storage(uint32_t blocks)
{
	struct folder *f;
	struct media *m;
	uint8_t block[MEDIA_BLOCK];

	storage = powercut_new(BLOCKS_MAX, 1, true);
	assert_non_null(storage);
	m = powercut_media(storage, true);
	f = powercut_folder(storage);
	assert_true(m && f);
	for (uint32_t i = 0; i < blocks; i++) {
		script_stamp(i, block);
		assert_int_equal(media_write(m, i, 1, block), 0);
	}
	assert_int_equal(media_sync(m), 0);
	assert_int_equal(f->ops->write(f, STATE, text, len), 0);
	assert_int_equal(f->ops->sync(f, STATE), 0);
	assert_int_equal(f->ops->sync_names(f), 0);
	media_close(m);
	f->ops->close(f);
}

static const struct disc_medium
	*known_medium; /* for open_disc(), a type that is not in the table */
static bool writable = true;

static inline struct disc *open_disc(void)
{
	struct disc_options o = {.medium = known_medium,
		.media = powercut_media(storage, writable),
		.max_unsaved = MAX_UNSAVED};
	struct disc *d;

	assert_int_equal(
		store_new(powercut_folder(storage), "disc.iso", storage->boot, &o.store), 0);
	d = disc_open(&o);
	assert_non_null(d);
	return d;
}

static inline void check_untouched(uint32_t blocks)
{
	struct folder *f = powercut_folder(storage);
	char now[STORE_TEXT_MAX];
	uint8_t stamp[MEDIA_BLOCK];

	assert_int_equal(f->ops->read(f, STATE, now, sizeof(now)), (int)len);
	assert_memory_equal(now, text, len);
	f->ops->close(f);
	assert_int_equal(storage->size, (uint64_t)blocks * MEDIA_BLOCK);
	for (uint32_t i = 0; i < blocks; i++) {
		script_stamp(i, stamp);
		assert_memory_equal(storage->seen + (size_t)i * MEDIA_BLOCK, stamp, MEDIA_BLOCK);
	}
}

/* Opens an image of stamped blocks with the state file `text`. The disc must be a read-only DVD-ROM
 * of all blocks, and image and state file must not change. */
static inline void assert_read_only_disc(uint32_t blocks)
{
	uint8_t block[MEDIA_BLOCK], stamp[MEDIA_BLOCK];
	struct disc *d;

	make_storage(blocks);
	d = open_disc();
	assert_non_null(d->read_only);
	assert_int_equal(d->medium->type, DISC_DVD_ROM);
	assert_true(d->layout.finalised);
	assert_int_equal(disc_readable_blocks(d), blocks);
	for (uint32_t i = 0; i < blocks; i++) {
		script_stamp(i, stamp);
		assert_int_equal(disc_read(d, i, 1, block), 0);
		assert_memory_equal(block, stamp, MEDIA_BLOCK);
	}
	assert_int_equal(disc_write(d, blocks, 1, block), DISC_CLOSED);
	assert_int_equal(disc_finalise(d), DISC_OK);
	disc_put(d);
	check_untouched(blocks);
	powercut_free(storage);
}

static inline void add_line(const char *line)
{
	len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n", line);
}

static inline void begin_state_1(void)
{
	len = 0;
	add_line("mmcgadget disc state 1");
}

static inline void end_state(void)
{
	char line[32];

	snprintf(line, sizeof(line), "crc32 %08x", crc32_add(0, text, len));
	add_line(line);
}

#endif
