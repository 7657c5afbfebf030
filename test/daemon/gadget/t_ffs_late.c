// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel begins a new session (port reset, SET_INTERFACE), and the daemon learns of it a
 * moment later: requests submitted in between are meant for the old session but belong to
 * the new one.
 */
#include "daemon/gadget/fake_aio.h"

/*
 * BOT posts reads for the old session when the kernel has begun the new one, which the ep0
 * thread has not reported yet. The host's first CBW arrives in them.
 */
static void reads_submitted_too_late_move_to_the_new_session(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_send(aio, "dead", 4), 0);
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	/* Here the kernel begins the new session. */
	assert_int_equal(ffs_aio_recv(aio, 4096), 0);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	assert_int_equal(ffs_aio_send(aio, "late", 4), 0);
	atomic_store(&host_generation, 2);
	ffs_aio_reset(aio, 2);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	complete_fd(IN_FD, -ESHUTDOWN, NULL);
	complete_fd(OUT_FD, -ESHUTDOWN, NULL);
	ffs_aio_dispatch(aio);
	expect_calls("");
	assert_int_equal(k.cancels, 0);
	complete_fd(OUT_FD, 31, "cbw");
	ffs_aio_dispatch(aio);
	expect_calls("posted 1024;posted 4096;got 31 cbw;");
	assert_int_equal(k.cancels, 1); /* the late send, which is known now to be alive */
	complete_fd(OUT_FD, 31, "second");
	complete_fd(OUT_FD, 31, "third");
	ffs_aio_dispatch(aio);
	expect_calls("got 31 second;got 31 third;");
}

/* The same, but dead requests and even the CBW complete before BOT learns of the session. */
static void data_before_its_session_is_known_waits_for_it(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	complete_fd(OUT_FD, -ESHUTDOWN, NULL);
	ffs_aio_dispatch(aio);
	expect_calls("got -108;");
	complete_fd(OUT_FD, 31, "cbw");
	ffs_aio_dispatch(aio);
	expect_calls("");
	atomic_store(&host_generation, 2);
	ffs_aio_reset(aio, 2);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	ffs_aio_dispatch(aio);
	expect_calls("posted 1024;got 31 cbw;");
}

/* The new session has ended as well: its data is dropped. */
static void data_of_a_session_that_ended_unseen_is_dropped(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	complete_fd(OUT_FD, -ESHUTDOWN, NULL);
	complete_fd(OUT_FD, 31, "cbw");
	complete_fd(OUT_FD, -ESHUTDOWN, NULL);
	atomic_store(&host_generation, 2);
	ffs_aio_reset(aio, 2);
	ffs_aio_dispatch(aio);
	expect_calls("");
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	complete_fd(OUT_FD, 31, "new");
	ffs_aio_dispatch(aio);
	expect_calls("got 31 new;");
}

/* Only a send was too late: it is cancelled when the first data of the new session arrives. */
static void send_submitted_too_late_is_cancelled(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	assert_int_equal(ffs_aio_send(aio, "late", 4), 0);
	complete_fd(OUT_FD, -ESHUTDOWN, NULL);
	atomic_store(&host_generation, 2);
	ffs_aio_reset(aio, 2);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	ffs_aio_dispatch(aio);
	assert_int_equal(k.cancels, 0);
	complete_fd(OUT_FD, 31, "cbw");
	ffs_aio_dispatch(aio);
	expect_calls("got 31 cbw;");
	assert_int_equal(k.cancels, 1);
}

/*
 * A controller that never completes cancelled sends (dwc3: DELAY_STOP): BOT waits for 2 s
 * and then sends again. These sends must not wait for the lost ones.
 */
static void sends_do_not_wait_for_lost_cancelled_ones(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_send(aio, "lost", 4), 0);
	assert_int_equal(ffs_aio_send(aio, "lost too", 8), 0);
	k.loses_cancels = true;
	ffs_aio_cancel_in(aio);
	assert_int_equal(k.cancels, 2);
	ffs_aio_dispatch(aio);
	expect_calls("");
	assert_int_equal(ffs_aio_send(aio, "csw", 3), 0);
	assert_int_equal(ffs_aio_send(aio, "next", 4), 0);
	complete(2, 3);
	complete(2, 4);
	ffs_aio_dispatch(aio);
	expect_calls("sent 3;sent 4;");
	/* The cancelled sends complete after all; BOT gets their completions. */
	complete(0, -ECONNRESET);
	complete(0, -ECONNRESET);
	ffs_aio_dispatch(aio);
	expect_calls("sent -104;sent -104;");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_submitted_too_late_move_to_the_new_session),
		TEST(data_before_its_session_is_known_waits_for_it),
		TEST(data_of_a_session_that_ended_unseen_is_dropped),
		TEST(send_submitted_too_late_is_cancelled),
		TEST(sends_do_not_wait_for_lost_cancelled_ones),
	};

	return cmocka_run_group_tests_name("FunctionFS sessions", tests, NULL, NULL);
}
