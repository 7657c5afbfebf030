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
	assert_int_equal(k.cancels, 1); /* the late send, which is known now to be alive */
	complete_fd(OUT_FD, 31, "cbw");
	ffs_aio_dispatch(aio);
	expect_calls("posted 1024;posted 4096;got 31 cbw;");
	assert_int_equal(k.cancels, 1);
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
	/* Here the kernel begins the new session. */
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

/*
 * A read was submitted too late, and nothing was in flight when the kernel began the new session,
 * so nothing completes with ESHUTDOWN.
 */
static void read_submitted_too_late_moves_when_no_other_request_has_died(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_recv(aio, 4096), 0);
	complete_fd(OUT_FD, 4096, "data");
	ffs_aio_dispatch(aio);
	expect_calls("got 4096 data;");
	/* Here the kernel begins the new session. */
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	atomic_store(&host_generation, 2);
	ffs_aio_reset(aio, 2);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	complete_fd(OUT_FD, 31, "cbw");
	complete_fd(OUT_FD, 31, "second");
	ffs_aio_dispatch(aio);
	expect_calls("posted 1024;got 31 cbw;got 31 second;");
}

/*
 * Two reads were submitted too late, for the data of a write and for the next CBW, and nothing was
 * in flight when the kernel began the new session. The second read stays in flight while the host
 * waits for the answer to the command in the first one.
 */
static void reads_submitted_too_late_move_when_no_other_request_has_died(void **state)
{
	(void)state;
	/* Here the kernel begins the new session. */
	assert_int_equal(ffs_aio_recv(aio, 4096), 0);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	atomic_store(&host_generation, 2);
	ffs_aio_reset(aio, 2);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	complete_fd(OUT_FD, 31, "USBC");
	ffs_aio_dispatch(aio);
	expect_calls("posted 1024;posted 4096;got 31 USBC;");
	complete_fd(OUT_FD, 31, "second");
	complete_fd(OUT_FD, 31, "third");
	ffs_aio_dispatch(aio);
	expect_calls("got 31 second;got 31 third;");
}

/* The end of a data phase of the old session, as short as a CBW. */
static void short_data_of_the_old_session_that_comes_late_is_dropped(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	atomic_store(&host_generation, 2);
	ffs_aio_reset(aio, 2);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	complete_fd(OUT_FD, 31, "parameter list");
	ffs_aio_dispatch(aio);
	expect_calls("");
	complete_fd(OUT_FD, -ESHUTDOWN, NULL);
	complete_fd(OUT_FD, 31, "USBC");
	ffs_aio_dispatch(aio);
	expect_calls("got 31 USBC;");
}

/* Data of the old session, which the kernel's worker delivers after the new one has begun. */
static void data_of_the_old_session_that_comes_late_is_dropped(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_recv(aio, 4096), 0);
	assert_int_equal(ffs_aio_recv(aio, 4096), 0);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	atomic_store(&host_generation, 2);
	ffs_aio_reset(aio, 2);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	complete_fd(OUT_FD, 4096, "old");
	ffs_aio_dispatch(aio);
	complete_fd(OUT_FD, 4096, "old");
	complete_fd(OUT_FD, -ESHUTDOWN, NULL);
	ffs_aio_dispatch(aio);
	expect_calls("");
	complete_fd(OUT_FD, 31, "cbw");
	ffs_aio_dispatch(aio);
	expect_calls("got 31 cbw;");
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

/*
 * A send was too late, for example the status of a write. It is cancelled before BOT posts the
 * read with which the host can send a command: the host would take it for the answer.
 */
static void send_submitted_too_late_is_cancelled_before_a_command_can_come(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	/* Here the kernel begins the new session. */
	assert_int_equal(ffs_aio_send(aio, "late", 4), 0);
	complete_fd(OUT_FD, -ESHUTDOWN, NULL);
	atomic_store(&host_generation, 2);
	ffs_aio_reset(aio, 2);
	assert_int_equal(k.cancels, 1);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	complete_fd(OUT_FD, 31, "cbw");
	ffs_aio_dispatch(aio);
	expect_calls("got 31 cbw;");
	assert_int_equal(k.cancels, 1);
}

/*
 * The kernel's worker is late. Until it has completed a dead read, it is not known whether the last
 * send is dead or belongs to the new session.
 */
static void late_send_is_cancelled_when_a_dead_read_has_completed(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_send(aio, "dead", 4), 0);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	/* Here the kernel begins the new session. */
	assert_int_equal(ffs_aio_send(aio, "late", 4), 0);
	atomic_store(&host_generation, 2);
	ffs_aio_reset(aio, 2);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	complete_fd(IN_FD, -ESHUTDOWN, NULL);
	ffs_aio_dispatch(aio);
	assert_int_equal(k.cancels, 0);
	complete_fd(OUT_FD, -ESHUTDOWN, NULL);
	ffs_aio_dispatch(aio);
	assert_int_equal(k.cancels, 1);
	expect_calls("");
}

/* No read of the old session has died: the first data of the new one shows that the send is alive.
 */
static void late_send_is_cancelled_when_data_comes(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_send(aio, "late", 4), 0);
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
 * FunctionFS tells of the end of a session twice: by an event on ep0 and by ESHUTDOWN. Either
 * may come first, and nothing may be submitted after it.
 */
static void nothing_is_submitted_after_the_session_has_died(void **state)
{
	unsigned submits;

	(void)state;
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	complete_fd(OUT_FD, 512, "data");
	complete_fd(OUT_FD, -ESHUTDOWN, NULL);
	submits = k.submits;
	assert_int_equal(ffs_aio_send(aio, "csw", 3), -ESHUTDOWN);
	assert_int_equal(ffs_aio_recv(aio, 1024), -ESHUTDOWN);
	assert_int_equal(ffs_aio_halt_in(aio), -ESHUTDOWN);
	assert_int_equal(k.submits, submits);
	assert_int_equal(k.halts, 0);
	ffs_aio_dispatch(aio);
	expect_calls("got 512 data;got -108;");
	atomic_store(&host_generation, 2);
	ffs_aio_reset(aio, 2);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	assert_int_equal(ffs_aio_send(aio, "csw", 3), 0);
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
		TEST(read_submitted_too_late_moves_when_no_other_request_has_died),
		TEST(reads_submitted_too_late_move_when_no_other_request_has_died),
		TEST(data_of_the_old_session_that_comes_late_is_dropped),
		TEST(short_data_of_the_old_session_that_comes_late_is_dropped),
		TEST(data_of_a_session_that_ended_unseen_is_dropped),
		TEST(send_submitted_too_late_is_cancelled_before_a_command_can_come),
		TEST(late_send_is_cancelled_when_a_dead_read_has_completed),
		TEST(late_send_is_cancelled_when_data_comes),
		TEST(nothing_is_submitted_after_the_session_has_died),
		TEST(sends_do_not_wait_for_lost_cancelled_ones),
	};

	return cmocka_run_group_tests_name("FunctionFS sessions", tests, NULL, NULL);
}
