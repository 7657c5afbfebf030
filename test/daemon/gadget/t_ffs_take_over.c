// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A function that the daemon takes over from one that died. Its host has reset the bus since then,
 * and the ep0 thread reads that event before it lets the USB thread begin.
 */
#include "daemon/gadget/fake_function.h"

static atomic_uint in_flight, resumes;
static unsigned resets, bus_resets;

static void on_reset(void *ctx, bool bus)
{
	(void)ctx;
	resets++;
	bus_resets += bus;
}

static void on_resumed(void *ctx)
{
	(void)ctx;
	atomic_fetch_add(&resumes, 1);
}

static const struct bot_observer observer = {.reset = on_reset};

static int setup(void **state)
{
	(void)state;
	resets = bus_resets = 0;
	atomic_store(&in_flight, 1);
	return open_function((struct ffs_config){
		.observer = &observer, .in_flight = &in_flight, .resumed = on_resumed});
}

/*
 * Returns when the USB thread has looked at the host. It looks before it calls resumed(), and
 * calls that once for each look; so it looks between two calls.
 */
static void look(void)
{
	for (int i = 0; i < 2; i++) {
		unsigned before = atomic_load(&resumes);

		ffs_resume(f);
		while (atomic_load(&resumes) == before)
			nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
	}
}

/* What ep0_follow() does with ENABLE. */
static void host_enables(void)
{
	pthread_mutex_lock(&f->lock);
	f->host.enabled = true;
	f->host.generation++;
	atomic_store(&f->generation, f->host.generation);
	pthread_mutex_unlock(&f->lock);
	look();
}

/* What ep0_caught_up() does. */
static void catch_up(void)
{
	pthread_mutex_lock(&f->lock);
	f->host.caught_up = true;
	pthread_mutex_unlock(&f->lock);
	look();
}

/*
 * The host waited for an answer when the other daemon died, and reset the bus: the drive must not
 * learn of this reset, see bot_taken_over().
 */
static void the_reset_is_hidden_although_the_event_is_read_first(void **state)
{
	struct ffs_state now;

	(void)state;
	host_enables();
	assert_int_equal(resets, 0);
	catch_up();
	assert_int_equal(resets, 1);
	assert_int_equal(bus_resets, 0);
	ffs_get_state(f, &now);
	assert_true(now.enabled);
	assert_int_equal(now.speed, FFS_SPEED_HIGH);
}

/* The next one is not. */
static void a_later_reset_is_told(void **state)
{
	(void)state;
	host_enables();
	catch_up();
	assert_int_equal(bus_resets, 0);
	host_enables();
	assert_int_equal(resets, 2);
	assert_int_equal(bus_resets, 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_reset_is_hidden_although_the_event_is_read_first),
		T(a_later_reset_is_told),
	};

	return cmocka_run_group_tests_name("ffs_take_over", tests, NULL, NULL);
}
