// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A host that writes all the time, on slow storage: what its commands wait for, and how often the
 * flush that comes by time syncs.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "disc/disc.h"
#include "disc/disc_state.h"
#include "lib/mem_folder.h"
#include "media/store.h"
#include "unit/disc/made_up.h"
#include "unit/media/ready.h"
#include "unit/media/slow.h"

#define COMMANDS    1000u
#define FLUSH_EVERY 100u /* commands */
#define WRITE_US    20u
#define SYNC_US     3000u

static struct mem_folder folder;
static struct folder_ops slow_folder;

static int slow_sync_names(struct folder *f)
{
	(void)f;
	nanosleep(&(struct timespec){.tv_nsec = SYNC_US * 1000}, NULL);
	return 0;
}

/* A folder in memory whose state files take as long to save as a sync takes. */
static struct folder *borrow_slow(void)
{
	struct folder *f = mem_folder_borrow(&folder);

	slow_folder = *f->ops;
	slow_folder.sync_names = slow_sync_names;
	f->ops = &slow_folder;
	return f;
}

/* What the USB thread does, with a WRITE of two blocks as the only command. */
static struct {
	struct disc *d;
	uint32_t lba;
	bool accepted, flushing;
	unsigned commands;    /* answered GOOD */
	unsigned flushes;     /* that have ended */
	unsigned longest;     /* commands while one flush went on */
	unsigned begun_at;    /* commands before the flush */
	unsigned ring_waited; /* WRITEs that were not accepted at once, without a flush */
} usb;

static uint32_t next_lba(uint32_t lba)
{
	/* Everywhere on the disc, and always at an even block. */
	return usb.d->model == &disc_model_overwrite ? (lba * 37 + 14) % 398 & ~1u
						     : disc_nwa(usb.d);
}

/* Goes on with the flush. It comes first: see ffs_config.resumed. */
static void flush(void)
{
	if (!usb.flushing || disc_sync(usb.d) == -EAGAIN)
		return;
	usb.flushing = false;
	usb.flushes++;
	usb.longest = MAX(usb.longest, usb.commands - usb.begun_at);
}

/* Goes on with the command. False: it waits for storage. */
static bool command(void)
{
	static const uint8_t data[2 * MEDIA_BLOCK] = {1};
	int r;

	if (!usb.accepted) {
		r = disc_write(usb.d, usb.lba, 2, data);
		usb.ring_waited += r == -EAGAIN && !usb.flushing;
		if (r == -EAGAIN)
			return false;
		assert_int_equal(r, DISC_OK);
		usb.accepted = true;
	}
	r = disc_wait_written(usb.d);
	if (r == -EAGAIN)
		return false;
	assert_int_equal(r, 0);
	usb.accepted = false;
	usb.commands++;
	usb.lba = next_lba(usb.lba);
	return true;
}

static void insert(struct slow *s, const struct disc_medium *medium)
{
	struct disc_options options = {
		.media = media_write_behind_new(&s->m, ready, NULL),
		.medium = medium,
		.capacity = 4 * COMMANDS,
	};

	mem_folder_clear(&folder);
	assert_int_equal(store_new(borrow_slow(), "disc.img", "boot", &options.store), 0);
	memset(&usb, 0, sizeof(usb));
	usb.d = disc_open(&options);
	assert_non_null(usb.d);
}

/* A flush comes after each FLUSH_EVERY commands; flushes 0 = none. Returns the syncs of storage. */
static unsigned host_writes(struct slow *s, unsigned flushes)
{
	unsigned before = s->syncs;

	while (usb.commands < COMMANDS || usb.flushing) {
		unsigned was = ready_calls_so_far();

		if (!usb.flushing && usb.flushes < flushes &&
			usb.commands >= (usb.flushes + 1) * FLUSH_EVERY) {
			usb.flushing = true;
			usb.begun_at = usb.commands;
		}
		flush();
		if (!command())
			wait_ready(was);
	}
	print_message("# %u commands, %u flushes, %u syncs, at most %u commands during a flush\n",
		usb.commands, usb.flushes, s->syncs - before, usb.longest);
	assert_int_equal(usb.flushes, flushes);
	assert_int_equal(s->calls_by_caller, 0);
	return s->syncs - before;
}

static void test_flushes(const struct disc_medium *medium)
{
	const unsigned flushes = COMMANDS / FLUSH_EVERY - 1;
	struct slow *s = slow_new(media_mem_new(0, true), &slow_ops, WRITE_US, SYNC_US);
	unsigned syncs;
	int e = DISC_OK;

	insert(s, medium);
	if (medium->model == &disc_model_overwrite)
		repeat_until_done(e, made_up_format(usb.d, 400));
	assert_int_equal(e, DISC_OK);
	syncs = host_writes(s, flushes);
	/*
	 * The command in progress ends, and the thread may have ended a sync just before a WRITE,
	 * which then makes it stale. Apart from that one sync is enough.
	 */
	assert_in_range(syncs, flushes, 2 * flushes + 2);
	assert_in_range(usb.longest, 0, 20);
	disc_put(usb.d);
}

static void a_flush_ends_while_a_burn_goes_on(void **state)
{
	(void)state;
	test_flushes(disc_medium_of(DISC_DVD_PLUS_R));
}

static void a_flush_ends_while_a_host_writes_anywhere(void **state)
{
	(void)state;
	test_flushes(&made_up_rw);
}

/*
 * The ring has one run of blocks, and needs no more: a WRITE is answered when it is empty, so the
 * next one, wherever it goes, finds room.
 */
static void a_write_elsewhere_does_not_wait_for_the_one_before(void **state)
{
	struct slow *s = slow_new(media_mem_new(0, true), &slow_ops, WRITE_US, SYNC_US);
	int e;

	(void)state;
	insert(s, &made_up_rw);
	repeat_until_done(e, made_up_format(usb.d, 400));
	assert_int_equal(e, DISC_OK);
	usb.d->max_unsaved = UINT32_MAX;
	assert_int_equal(host_writes(s, 0), 0);
	assert_int_equal(usb.ring_waited, 0);
	assert_int_equal(s->writes, COMMANDS);
	disc_put(usb.d);
}

/* A FORMAT comes while the thread saves the text of a flush: it takes the one result, then its own.
 */
static void a_format_ends_while_a_text_is_saved(void **state)
{
	struct slow *s = slow_new(media_mem_new(0, true), &slow_ops, WRITE_US, SYNC_US);
	unsigned calls = 0;
	uint64_t bytes;
	int e;

	(void)state;
	insert(s, &made_up_rw);
	repeat_until_done(e, made_up_format(usb.d, 400));
	assert_int_equal(e, DISC_OK);
	repeat_until_done(e, command() ? DISC_OK : -EAGAIN);
	usb.d->store_uncertain = true;
	while (!usb.d->saving.under_way) {
		unsigned was = ready_calls_so_far();

		assert_int_equal(disc_sync(usb.d), -EAGAIN);
		if (!usb.d->saving.under_way)
			wait_ready(was);
	}
	assert_false(usb.d->media->stamped);
	bytes = usb.d->media->blocks * MEDIA_BLOCK;
	assert_true(bytes > 0);
	repeat_until_done(e, (calls++, made_up_format(usb.d, 352)));
	assert_int_equal(e, DISC_OK);
	/* The text of the flush, the stamp, the announcement, the sync of the cut, the last text.
	 */
	assert_in_range(calls, 5, 12);
	assert_int_equal(usb.d->intent_stamp.bytes, bytes);
	assert_int_equal(disc_readable_blocks(usb.d), 352);
	assert_int_equal(usb.d->intent, DISC_INTENT_NONE);
	assert_int_equal(s->calls_by_caller, 0);
	disc_put(usb.d);
}

/* CLOSE SESSION of a quickly formatted DVD-RW: a new size, announced in the state file first. */
static void a_close_of_what_grows_ends(void **state)
{
	static uint8_t data[16 * MEDIA_BLOCK];
	const struct disc_format_request quick = {.type = 0x15};
	struct slow *s = slow_new(media_mem_new(0, true), &slow_ops, WRITE_US, SYNC_US);
	unsigned calls = 0;
	int e;

	(void)state;
	insert(s, disc_medium_of(DISC_DVD_RW));
	repeat_until_done(e, disc_format(usb.d, &quick));
	assert_int_equal(e, DISC_OK);
	repeat_until_done(e, disc_write(usb.d, 0, 16, data));
	assert_int_equal(e, DISC_OK);
	repeat_until_done(e, calls++ < 50 ? disc_close_session(usb.d) : -ELOOP);
	assert_int_equal(e, DISC_OK);
	assert_int_equal(usb.d->format, DISC_FORMATTED);
	disc_put(usb.d);
}

/*
 * A flush brings all that a FORMAT is waiting for to storage. The size may grow of a formatted disc
 * only, and the disc is not such a one any more when the FORMAT is called again.
 */
static void a_format_that_a_flush_has_ended_is_good(void **state)
{
	static const uint8_t data[16 * MEDIA_BLOCK];
	const struct disc_format_request full = {.type = 0x10, .blocks = 1600, .parameter = 16};
	const struct disc_format_request grow = {.type = 0x13, .parameter = 16};
	struct slow *s = slow_new(media_mem_new(0, true), &slow_ops, WRITE_US, SYNC_US);
	int e;

	(void)state;
	insert(s, disc_medium_of(DISC_DVD_RW));
	repeat_until_done(e, disc_format(usb.d, &full));
	assert_int_equal(e, DISC_OK);
	repeat_until_done(e, disc_write(usb.d, 0, 16, data));
	assert_int_equal(e, DISC_OK);
	while (usb.d->format == DISC_FORMATTED) {
		unsigned was = ready_calls_so_far();

		assert_int_equal(disc_format(usb.d, &grow), -EAGAIN);
		if (usb.d->format == DISC_FORMATTED)
			wait_ready(was);
	}
	repeat_until_done(e, disc_sync(usb.d));
	assert_int_equal(e, DISC_OK);
	repeat_until_done(e, disc_format(usb.d, &grow));
	assert_int_equal(e, DISC_OK);
	assert_int_equal(usb.d->format, DISC_INTERMEDIATE);
	assert_int_equal(disc_format(usb.d, &grow), DISC_NO_SUCH_FORMAT);
	disc_put(usb.d);
}

/*
 * A BLANK that is aborted while the thread takes the stamp. What was recorded before is to be in
 * the state file when a flush says so.
 */
static void a_flush_after_an_aborted_erase_saves(void **state)
{
	struct slow *s = slow_new(media_mem_new(0, true), &slow_ops, WRITE_US, SYNC_US);
	char text[STORE_TEXT_MAX];
	struct disc_state saved;
	unsigned calls;
	int e, n;

	(void)state;
	insert(s, disc_medium_named("dvd-rw"));
	for (unsigned i = 0; i < 8; i++)
		repeat_until_done(e, command() ? DISC_OK : -EAGAIN);
	calls = ready_calls_so_far();
	assert_int_equal(disc_erase(usb.d), -EAGAIN);
	wait_ready(calls);
	repeat_until_done(e, disc_sync(usb.d));
	assert_int_equal(e, DISC_OK);
	n = usb.d->store->folder->ops->read(
		usb.d->store->folder, "disc.img" STORE_SUFFIX, text, sizeof(text));
	assert_true(n > 0);
	assert_null(disc_state_decode(text, (size_t)n, NULL, &saved));
	assert_int_equal(saved.layout.track[0].written, 16);
	disc_put(usb.d);
}

/* Writes 16 blocks at the next writable address, and waits until they are in the kernel. */
static void write_16(struct disc *d)
{
	static const uint8_t data[16 * MEDIA_BLOCK];
	int e;

	repeat_until_done(e, disc_write(d, disc_nwa(d), 16, data));
	assert_int_equal(e, DISC_OK);
	repeat_until_done(e, disc_wait_written(d));
	assert_int_equal(e, DISC_OK);
}

static bool state_says(const char *words)
{
	struct mem_file *f = mem_folder_find(&folder, "disc.img" STORE_SUFFIX);

	return f && memmem(f->text, f->len, words, strlen(words));
}

/*
 * A reset ends a BLANK while the thread brings the image's length and time to storage. What comes
 * next must not take the result of that for its own: a flush, or the end of the disc in the drive.
 */
static void a_blank_that_a_reset_ends_is_not_taken_for_a_save(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct slow *s = slow_new(media_mem_new(0, true), &slow_ops, WRITE_US, SYNC_US);
		int e;

		insert(s, disc_medium_of(DISC_DVD_RW));
		write_16(usb.d);
		repeat_until_done(e, disc_sync(usb.d));
		assert_int_equal(e, DISC_OK);
		assert_true(state_says("written 16 "));
		write_16(usb.d);
		assert_int_equal(disc_blank(usb.d), -EAGAIN);
		assert_int_equal(usb.d->intent, DISC_INTENT_NONE);
		if (i == 0) {
			repeat_until_done(e, disc_sync(usb.d));
			assert_int_equal(e, DISC_OK);
			assert_int_equal(disc_unsynced(usb.d), 0);
			assert_true(state_says("written 32 "));
		}
		disc_put(usb.d);
		assert_true(state_says("written 32 "));
	}
}

/* The same; then the host goes on writing, and has the disc erased: the first result is too old. */
static void a_blank_that_comes_again_announces_the_image_as_it_is(void **state)
{
	struct slow *s = slow_new(media_mem_new(0, true), &slow_ops, WRITE_US, SYNC_US);
	int e;

	(void)state;
	insert(s, disc_medium_of(DISC_DVD_RW));
	write_16(usb.d);
	repeat_until_done(e, disc_sync(usb.d));
	assert_int_equal(e, DISC_OK);
	write_16(usb.d);
	assert_int_equal(disc_blank(usb.d), -EAGAIN);
	write_16(usb.d);
	repeat_until_done(e, disc_blank(usb.d));
	assert_int_equal(e, DISC_OK);
	assert_int_equal(usb.d->intent_stamp.bytes, 48 * MEDIA_BLOCK);
	disc_put(usb.d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flush_ends_while_a_burn_goes_on),
		cmocka_unit_test(a_flush_ends_while_a_host_writes_anywhere),
		cmocka_unit_test(a_write_elsewhere_does_not_wait_for_the_one_before),
		cmocka_unit_test(a_format_ends_while_a_text_is_saved),
		cmocka_unit_test(a_close_of_what_grows_ends),
		cmocka_unit_test(a_format_that_a_flush_has_ended_is_good),
		cmocka_unit_test(a_flush_after_an_aborted_erase_saves),
		cmocka_unit_test(a_blank_that_a_reset_ends_is_not_taken_for_a_save),
		cmocka_unit_test(a_blank_that_comes_again_announces_the_image_as_it_is),
	};

	return cmocka_run_group_tests_name("flush", tests, NULL, NULL);
}
