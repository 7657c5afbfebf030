// SPDX-License-Identifier: GPL-2.0-or-later
/* A DVD-RW in restricted overwrite whose storage loses a block, and cannot be cut after that. */
#include "lib/mem_folder.h"
#include "unit/disc/state_bench.h"

struct stubborn {
	struct media m;
	struct media *below;
	bool lose; /* the blocks that are written next */
	bool keep; /* truncate() fails */
	uint64_t lost;
	int error;
};

static int stubborn_read(struct media *m, uint64_t block, uint32_t count, void *data)
{
	return media_read(((struct stubborn *)m)->below, block, count, data);
}

static int stubborn_write(struct media *m, uint64_t block, uint32_t count, const void *data)
{
	struct stubborn *s = (struct stubborn *)m;

	if (s->lose && !s->error) {
		s->lost = block;
		s->error = -EIO;
	}
	return media_write(s->below, block, count, data);
}

static int stubborn_wait_written(struct media *m, uint64_t *lost)
{
	struct stubborn *s = (struct stubborn *)m;
	int r = s->error;

	*lost = s->lost;
	s->error = 0;
	return r;
}

static int stubborn_sync(struct media *m)
{
	return media_sync(((struct stubborn *)m)->below);
}

static int stubborn_truncate(struct media *m, uint64_t blocks)
{
	struct stubborn *s = (struct stubborn *)m;

	return s->keep ? -EIO : media_truncate(s->below, blocks);
}

static void stubborn_close(struct media *m)
{
	(void)m;
}

static const struct media_ops stubborn_ops = {
	.read = stubborn_read,
	.write = stubborn_write,
	.wait_written = stubborn_wait_written,
	.sync = stubborn_sync,
	.truncate = stubborn_truncate,
	.close = stubborn_close,
};

static struct mem_folder folder;

static struct disc *open_with_room(struct stubborn *s, uint32_t room)
{
	struct disc_options o = {.medium = disc_medium_of(DISC_DVD_RW),
		.capacity = 400,
		.media = &s->m,
		.room = room};
	struct disc *d;

	s->m = (struct media){.ops = &stubborn_ops,
		.unit = MEDIA_BLOCK,
		.blocks = s->below->blocks,
		.writable = true};
	assert_int_equal(store_new(mem_folder_borrow(&folder), "disc.iso", "boot", &o.store), 0);
	d = disc_open(&o);
	assert_non_null(d);
	return d;
}

static struct disc *open_on(struct stubborn *s)
{
	return open_with_room(s, 0);
}

/* Each text that the store gets on the way must fit the image, so that a cut does no harm. */
static void a_close_leaves_no_more_than_was_recorded(void **state)
{
	static uint8_t data[64 * MEDIA_BLOCK];
	const struct disc_format_request quick = {.type = 0x15};
	struct stubborn s = {.below = media_mem_new(0, true)};
	struct disc *d = open_on(&s);

	(void)state;
	assert_int_equal(disc_format(d, &quick), DISC_OK);
	assert_int_equal(disc_write(d, 0, 10, data), DISC_OK);
	assert_int_equal(disc_sync(d), DISC_OK);
	s.lose = s.keep = true;
	assert_int_equal(disc_write(d, 10, 40, data), DISC_OK);
	assert_int_equal(disc_wait_written(d), -EIO);
	s.lose = s.keep = false;
	assert_int_equal(disc_readable_blocks(d), 10);
	assert_int_equal(disc_close_session(d), DISC_OK);
	assert_int_equal(disc_readable_blocks(d), 16);
	disc_put(d);
	assert_int_equal(s.below->blocks, 10);
	d = open_on(&s);
	assert_null(d->read_only);
	assert_int_equal(d->format, DISC_FORMATTED);
	assert_int_equal(disc_readable_blocks(d), 16);
	disc_put(d);
	media_close(s.below);
	mem_folder_clear(&folder);
}

/* A formatted disc is overwritten in a long run: a power cut loses no more than the limit. */
static void no_more_blocks_are_unsynced_than_allowed(void **state)
{
	static uint8_t data[16 * MEDIA_BLOCK];
	const struct disc_format_request full = {.blocks = 400}, quick = {.type = 0x15};
	struct disc_options o = {.medium = disc_medium_of(DISC_DVD_RW),
		.capacity = 400,
		.max_unsaved = DISC_MAX_UNSAVED_LEAST,
		.media = media_mem_new(0, true)};
	struct disc *d = disc_open(&o);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(disc_format(d, i ? &quick : &full), DISC_OK);
		for (unsigned pass = 0; pass < 2; pass++)
			for (uint32_t lba = 0; lba < 400; lba += 16) {
				assert_int_equal(disc_write(d, lba, 16, data), DISC_OK);
				assert_int_equal(disc_wait_written(d), DISC_OK);
				assert_true(disc_unsynced(d) <= 2 * DISC_MAX_UNSAVED_LEAST);
			}
	}
	disc_put(d);
}

/* An erased disc offers the room that was free and the room of the old data, and no more. */
static void an_erased_disc_offers_what_storage_has_room_for(void **state)
{
	static uint8_t data[48 * MEDIA_BLOCK];
	const struct disc_format_request full = {.blocks = 400}, quick = {.type = 0x15};
	struct stubborn s = {.below = media_mem_new(0, true)};
	struct disc *d = open_on(&s);

	(void)state;
	assert_int_equal(disc_write(d, 0, 48, data), DISC_OK);
	assert_int_equal(disc_finalise(d), DISC_OK);
	disc_put(d);
	d = open_with_room(&s, 100);
	assert_true(d->layout.finalised);
	assert_int_equal(disc_blank(d), DISC_OK);
	assert_int_equal(disc_track_free(d, disc_track(d, 1)), 144);
	assert_int_equal(disc_format(d, &full), DISC_OK);
	assert_int_equal(disc_readable_blocks(d), 400);
	assert_int_equal(disc_format(d, &quick), DISC_OK);
	assert_int_equal(disc_track_free(d, disc_track(d, 1)), 144);
	disc_put(d);
	media_close(s.below);
	mem_folder_clear(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_more_blocks_are_unsynced_than_allowed),
		cmocka_unit_test(an_erased_disc_offers_what_storage_has_room_for),
		cmocka_unit_test(a_close_leaves_no_more_than_was_recorded),
	};

	return cmocka_run_group_tests_name("rigid", tests, NULL, NULL);
}
