// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where threads meet: the engine's thread, with a real thread as its port, and the thread
 * that closes discs. Run it with TSan, too.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "drive/disc_closer.h"
#include "drive/engine_thread.h"
#include "util/log.h"

#define ROUNDS 200

static sd_event *event;
static struct engine_thread *thread;
static struct disc_closer *closer;

/* ---- a USB thread --------------------------------------------------------------------------- */

static struct {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	void (*fn)(void *arg); /* posted */
	void *arg;
	bool stop, hangs, resume;
	unsigned refuses, posts; /* posts that fail, and all posts */
} usb = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static int usb_post(void *ctx, void (*fn)(void *arg), void *arg)
{
	(void)ctx;
	pthread_mutex_lock(&usb.lock);
	usb.posts++;
	if (usb.refuses > 0) {
		usb.refuses--;
		pthread_mutex_unlock(&usb.lock);
		return -ENOMEM;
	}
	assert_null(usb.fn);
	usb.fn = fn;
	usb.arg = arg;
	pthread_cond_signal(&usb.wake);
	pthread_mutex_unlock(&usb.lock);
	return 0;
}

static void usb_resume(void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&usb.lock);
	usb.resume = true;
	pthread_cond_signal(&usb.wake);
	pthread_mutex_unlock(&usb.lock);
}

static void usb_get_state(void *ctx, struct ffs_state *state)
{
	(void)ctx;
	memset(state, 0, sizeof(*state));
}

/* Commands of the host between two posts: TEST UNIT READY. */
static void host_command(void)
{
	static const uint8_t cdb[6] = {0};
	struct mmc_xfer xfer;

	mmc_begin(engine_thread_engine(thread), cdb, sizeof(cdb), 0, &xfer);
	while (mmc_end(engine_thread_engine(thread)) == MMC_AGAIN)
		;
	engine_thread_changed(thread);
}

static void *usb_run(void *ctx)
{
	void (*fn)(void *arg);
	void *arg;
	bool resume;

	pthread_mutex_lock(&usb.lock);
	while (!usb.stop) {
		if (usb.hangs || (!usb.fn && !usb.resume)) {
			pthread_cond_wait(&usb.wake, &usb.lock);
			continue;
		}
		fn = usb.fn;
		arg = usb.arg;
		resume = usb.resume;
		usb.fn = NULL;
		usb.resume = false;
		pthread_mutex_unlock(&usb.lock);
		if (resume)
			engine_thread_resumed(thread);
		host_command();
		if (fn)
			fn(arg);
		host_command();
		pthread_mutex_lock(&usb.lock);
	}
	pthread_mutex_unlock(&usb.lock);
	return ctx;
}

/* ---- the main thread ------------------------------------------------------------------------ */

static struct {
	unsigned mails, done, released;
	struct usb_result result;
	struct mmc_state state;
} got;

static void on_mail(void *ctx, const struct engine_mail *mail)
{
	(void)ctx;
	got.mails++;
	got.done += mail->task_done;
	got.released += mail->n_released;
	got.state = mail->state;
	if (mail->task_done)
		got.result = mail->result;
	for (unsigned i = 0; i < mail->n_released; i++)
		disc_closer_add(closer, mail->released[i]);
	disc_closer_run(closer);
}

/* Hand-over state as it would be stored; used by the engine's thread only. */
static struct {
	unsigned removed, inserted, changed;
	char image[16];
} observed;

static void on_removed(void *ctx)
{
	(void)ctx;
	observed.removed++;
	observed.image[0] = '\0';
}

static void on_inserted(void *ctx, const struct handover_image *image)
{
	(void)ctx;
	observed.inserted++;
	strcpy(observed.image, image->name);
}

static void on_changed(void *ctx)
{
	(void)ctx;
	observed.changed++;
}

static const struct engine_observer observer = {
	.removed = on_removed,
	.inserted = on_inserted,
	.changed = on_changed,
};

static void run_loop_until(const unsigned *count, unsigned n)
{
	time_t end = time(NULL) + 20;

	while (*count < n && time(NULL) < end)
		assert_true(sd_event_run(event, 10000) >= 0);
	assert_int_equal(*count, n);
}

static void start_usb(void)
{
	const struct drive_port port = {
		.post = usb_post, .get_state = usb_get_state, .resume = usb_resume};

	usb.stop = usb.hangs = usb.resume = false;
	usb.fn = NULL;
	assert_int_equal(pthread_create(&usb.thread, NULL, usb_run, NULL), 0);
	engine_thread_attach(thread, &port);
}

static void stop_usb(void)
{
	pthread_mutex_lock(&usb.lock);
	usb.stop = true;
	pthread_cond_signal(&usb.wake);
	pthread_mutex_unlock(&usb.lock);
	pthread_join(usb.thread, NULL);
	engine_thread_detach(thread);
}

static int setup(void **state)
{
	struct engine_thread_config config = {
		.mmc = {.vendor = "V", .product = "P", .revision = "1"},
		.observer = &observer,
		.mail = on_mail,
		.sync_ms = 5,
	};

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	memset(&got, 0, sizeof(got));
	memset(&observed, 0, sizeof(observed));
	if (sd_event_new(&event) < 0)
		return -1;
	config.event = event;
	if (engine_thread_new(&config, &thread) < 0)
		return -1;
	return disc_closer_new(engine_thread_wake, thread, &closer);
}

static int teardown(void **state)
{
	(void)state;
	disc_closer_free(closer);
	engine_thread_free(thread);
	sd_event_unref(event);
	return 0;
}

static struct disc *new_disc(void)
{
	struct disc *d = disc_new(media_mem_new(16, false), 0, engine_thread_released, thread);

	assert_non_null(d);
	disc_closer_count(closer);
	return d;
}

static int insert(struct disc *disc)
{
	struct usb_task task = {.kind = USB_TASK_INSERT, .disc = disc};

	handover_image_set(&task.image, "a.iso", 1, 2);
	return engine_thread_post(thread, &task);
}

static int eject(struct usb_task how)
{
	how.kind = USB_TASK_EJECT;
	return engine_thread_post(thread, &how);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void without_a_port_a_task_ends_before_post_returns(void **state)
{
	(void)state;
	assert_int_equal(insert(new_disc()), 0);
	assert_int_equal(got.done, 1);
	assert_true(got.state.loaded);
	assert_string_equal(observed.image, "a.iso");
	assert_int_equal(eject((struct usb_task){0}), 0);
	assert_int_equal(got.done, 2);
	assert_int_equal(got.result.eject, MMC_EJECT_DONE);
	assert_string_equal(observed.image, "");
	assert_int_equal(got.released, 1);
}

/* The main thread posts and reads the state, the host commands meanwhile, discs are closed. */
static void tasks_and_mail_cross_threads(void **state)
{
	struct mmc_state m;
	struct ffs_state f;

	(void)state;
	start_usb();
	for (unsigned i = 0; i < ROUNDS; i++) {
		assert_int_equal(insert(new_disc()), 0);
		engine_thread_get_state(thread, &m);
		engine_thread_get_usb(thread, &f);
		engine_thread_storage_ready(thread);
		run_loop_until(&got.done, 2 * i + 1);
		assert_int_equal(eject((struct usb_task){0}), 0);
		run_loop_until(&got.done, 2 * i + 2);
		assert_int_equal(got.result.eject, MMC_EJECT_DONE);
	}
	run_loop_until(&got.released, ROUNDS);
	for (time_t end = time(NULL) + 20; disc_closer_open_discs(closer) && time(NULL) < end;)
		assert_true(sd_event_run(event, 10000) >= 0);
	assert_int_equal(disc_closer_open_discs(closer), 0);
	stop_usb();
	assert_int_equal(observed.inserted, ROUNDS);
	assert_int_equal(observed.removed, ROUNDS);
	assert_true(observed.changed >= 2 * ROUNDS);
}

static void conditional_ejects_keep_the_disc_if_unmet(void **state)
{
	(void)state;
	assert_int_equal(insert(new_disc()), 0);
	/* The host has not ejected the disc. */
	eject((struct usb_task){.only_if_ejected = true});
	assert_true(got.result.kept);
	/* A block was read or written since. */
	eject((struct usb_task){.only_if_idle = true, .blocks_moved = 1});
	assert_true(got.result.kept);
	assert_int_equal(observed.removed, 0);
	eject((struct usb_task){.only_if_idle = true, .blocks_moved = 0});
	assert_false(got.result.kept);
	assert_int_equal(got.result.eject, MMC_EJECT_DONE);
	eject((struct usb_task){0});
	assert_int_equal(got.result.eject, MMC_EJECT_EMPTY);
}

static void a_locked_or_moved_drive_is_not_idle(void **state)
{
	struct mmc_state m = {.blocks_read = 3, .blocks_written = 4};

	(void)state;
	assert_true(engine_is_idle(&m, 7));
	assert_false(engine_is_idle(&m, 6));
	m.locked = true;
	assert_false(engine_is_idle(&m, 7));
}

static void finalise_without_a_disc_gives_the_sense(void **state)
{
	const struct usb_task task = {.kind = USB_TASK_FINALISE};

	(void)state;
	assert_int_equal(engine_thread_post(thread, &task), 0);
	assert_int_equal(got.result.sense >> 8, 0x023a);
}

/* The USB thread hangs in a slow medium, and the daemon ends. */
static void detach_drops_a_task_with_its_disc(void **state)
{
	(void)state;
	start_usb();
	pthread_mutex_lock(&usb.lock);
	usb.hangs = true;
	pthread_mutex_unlock(&usb.lock);
	assert_int_equal(insert(new_disc()), 0);
	stop_usb();
	run_loop_until(&got.released, 1);
	assert_int_equal(got.done, 0);
	assert_int_equal(observed.inserted, 0);
	/* The engine is the main thread's again. */
	assert_int_equal(insert(new_disc()), 0);
	assert_int_equal(got.done, 1);
}

static void write_a_block(void)
{
	static const uint8_t cdb[10] = {0x2a, [8] = 1}, block[2048];
	struct mmc_drive *engine = engine_thread_engine(thread);
	struct mmc_xfer xfer;

	/* Each takes a unit attention, or what the drive says once while it takes the disc in. */
	for (unsigned i = 0; i < 4; i++)
		host_command();
	mmc_begin(engine, cdb, sizeof(cdb), UINT32_MAX, &xfer);
	assert_int_equal(xfer.len, sizeof(block));
	assert_int_equal(mmc_push(engine, block, sizeof(block)), 0);
	assert_int_equal(mmc_end(engine), MMC_GOOD);
	engine_thread_changed(thread);
}

/* A flush that could not be posted is posted when the time has come again. */
static void a_flush_that_could_not_be_posted_comes_later(void **state)
{
	struct disc *blank = disc_new(media_mem_new(0, true), 0, engine_thread_released, thread);
	time_t end = time(NULL) + 20;
	bool synced = false;

	(void)state;
	disc_closer_count(closer);
	assert_int_equal(insert(blank), 0);
	write_a_block();
	start_usb();
	pthread_mutex_lock(&usb.lock);
	usb.refuses = 2;
	usb.posts = 0;
	pthread_mutex_unlock(&usb.lock);
	while (!synced && time(NULL) < end) {
		struct mmc_state now;

		assert_true(sd_event_run(event, 10000) >= 0);
		engine_thread_get_state(thread, &now);
		synced = now.unsynced == 0;
	}
	stop_usb();
	assert_true(synced);
	/* Another one may have been due before the state of the first was seen. */
	assert_true(usb.posts >= 3);
}

/* More discs at once than there is room for: the last ones are closed by the caller. */
static void a_full_queue_closes_at_once(void **state)
{
	struct disc *disc[6];

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		disc[i] = disc_new(media_mem_new(16, false), 0, NULL, NULL);
	for (unsigned i = 0; i < 6; i++)
		disc_closer_count(closer);
	for (unsigned i = 0; i < 6; i++)
		disc_closer_add(closer, disc[i]);
	assert_int_equal(disc_closer_open_discs(closer), 4);
	disc_closer_run(closer);
	for (time_t end = time(NULL) + 20; disc_closer_open_discs(closer) && time(NULL) < end;)
		assert_true(sd_event_run(event, 10000) >= 0);
	assert_int_equal(disc_closer_open_discs(closer), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(without_a_port_a_task_ends_before_post_returns),
		T(tasks_and_mail_cross_threads),
		T(conditional_ejects_keep_the_disc_if_unmet),
		T(a_locked_or_moved_drive_is_not_idle),
		T(finalise_without_a_disc_gives_the_sense),
		T(detach_drops_a_task_with_its_disc),
		T(a_flush_that_could_not_be_posted_comes_later),
		T(a_full_queue_closes_at_once),
	};

	return cmocka_run_group_tests_name("engine_thread", tests, NULL, NULL);
}
