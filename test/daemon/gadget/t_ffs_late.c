// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel begins a new session (port reset, SET_INTERFACE) and the daemon hears of it
 * a moment later: what is submitted in between is for the old session and in the new one.
 */
#include "daemon/gadget/fake_aio.h"

/*
 * The kernel has begun a new session, ep0's thread has not said so yet, and BOT posts its
 * reads for the old one: the host's first CBW arrives in them.
 */
static void reads_too_late_for_their_session(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_send(aio, "dead", 4), 0);
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	/* Here it is. */
	assert_int_equal(ffs_aio_recv(aio, 4096), 0);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	assert_int_equal(ffs_aio_send(aio, "late", 4), 0);
	atomic_store(&host_generation, 2);
	ffs_aio_reset(aio, 2);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	complete_fd(IN_FD, -ESHUTDOWN, NULL);
	complete_fd(OUT_FD, -ESHUTDOWN, NULL);
	ffs_aio_dispatch(aio);
	heard("");
	assert_int_equal(k.cancels, 0);
	complete_fd(OUT_FD, 31, "cbw");
	ffs_aio_dispatch(aio);
	heard("posted 1024;posted 4096;got 31 cbw;");
	assert_int_equal(k.cancels, 1); /* the late send, now that it is known to be alive */
	complete_fd(OUT_FD, 31, "second");
	complete_fd(OUT_FD, 31, "third");
	ffs_aio_dispatch(aio);
	heard("got 31 second;got 31 third;");
}

/* The same, and the dead come back, or even the CBW, before BOT hears of the new session. */
static void data_before_its_session(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	complete_fd(OUT_FD, -ESHUTDOWN, NULL);
	ffs_aio_dispatch(aio);
	heard("got -108;");
	complete_fd(OUT_FD, 31, "cbw");
	ffs_aio_dispatch(aio);
	heard("");
	atomic_store(&host_generation, 2);
	ffs_aio_reset(aio, 2);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	ffs_aio_dispatch(aio);
	heard("posted 1024;got 31 cbw;");
}

/* And that session has died as well: its data is no more. */
static void data_of_a_session_that_was_never_seen(void **state)
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
	heard("");
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	complete_fd(OUT_FD, 31, "new");
	ffs_aio_dispatch(aio);
	heard("got 31 new;");
}

/* A send alone was too late: it goes when the host has sent the first of the new session. */
static void send_too_late_for_its_session(void **state)
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
	heard("got 31 cbw;");
	assert_int_equal(k.cancels, 1);
}

/*
 * A controller that loses what it is to take back (dwc3: DELAY_STOP): BOT waits 2 s and
 * goes on. What it sends then must not wait for what never comes.
 */
static void cancelled_sends_that_never_come_back(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_send(aio, "lost", 4), 0);
	assert_int_equal(ffs_aio_send(aio, "lost too", 8), 0);
	k.loses_cancels = true;
	ffs_aio_cancel_in(aio);
	assert_int_equal(k.cancels, 2);
	ffs_aio_dispatch(aio);
	heard("");
	assert_int_equal(ffs_aio_send(aio, "csw", 3), 0);
	assert_int_equal(ffs_aio_send(aio, "next", 4), 0);
	complete(2, 3);
	complete(2, 4);
	ffs_aio_dispatch(aio);
	heard("sent 3;sent 4;");
	/* Late, and as BOT counts on it. */
	complete(0, -ECONNRESET);
	complete(0, -ECONNRESET);
	ffs_aio_dispatch(aio);
	heard("sent -104;sent -104;");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_too_late_for_their_session),
		TEST(data_before_its_session),
		TEST(data_of_a_session_that_was_never_seen),
		TEST(send_too_late_for_its_session),
		TEST(cancelled_sends_that_never_come_back),
	};

	return cmocka_run_group_tests_name("FunctionFS sessions", tests, NULL, NULL);
}
