// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The endpoint layer over a simulated kernel (fake_aio.h): answers of FunctionFS and of
 * controllers that dummy_hcd never gives.
 */
#include "daemon/gadget/fake_aio.h"

#include <sys/mman.h>
#include <unistd.h>

/* ---- tests -------------------------------------------------------------------------------- */

static void completions_are_delivered_as_they_come(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	assert_int_equal(ffs_aio_send(aio, "abcdefgh", 8), 0);
	assert_memory_equal(k.last, "abcdefgh", 8);
	assert_int_equal(ffs_aio_send(aio, "status", 6), 0);
	complete_fd(IN_FD, 8, NULL);
	complete_fd(IN_FD, 6, NULL);
	complete_fd(OUT_FD, 31, "cbw");
	ffs_aio_dispatch(aio);
	expect_calls("sent 8;sent 6;got 31 cbw;");
}

/* Every read wakes the loop when it completes; of the sends one in eight. */
static void one_send_in_eight_wakes_the_loop(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 32; i++) {
		assert_int_equal(ffs_aio_recv(aio, 512), 0);
		assert_int_equal(k.last_resfd, 13);
		assert_int_equal(ffs_aio_send(aio, "data", 4), 0);
		assert_int_equal(k.last_resfd, i % 8 ? 0 : 13);
	}
}

/* KiB of the bulk-out buffers that have memory. */
static unsigned resident_kib(void)
{
	static unsigned char there[FFS_BUFFERS * BOT_CHUNK / 4096];
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = 0;

	assert_int_equal(mincore(aio->buffers, FFS_BUFFERS * BOT_CHUNK, there), 0);
	for (size_t i = 0; i < FFS_BUFFERS * BOT_CHUNK / page; i++)
		n += there[i] & 1;
	return (unsigned)(n * page / 1024);
}

/* A data phase of count reads and the read for the next CBW, all of them completed. */
static void data_phase(unsigned count)
{
	for (unsigned i = 0; i <= count; i++)
		assert_int_equal(ffs_aio_recv(aio, i == count ? 1024 : BOT_CHUNK), 0);
	for (unsigned i = 0; i <= count; i++)
		complete_fd(OUT_FD, 5, "data");
	ffs_aio_dispatch(aio);
	c.text[0] = '\0';
}

/* The daemon has memory for what the host sends, not for the longest data phase there can be. */
static void buffers_get_their_memory_when_they_are_needed(void **state)
{
	const unsigned kib = BOT_CHUNK / 1024;

	(void)state;
	assert_int_equal(resident_kib(), 0);
	data_phase(0);
	assert_int_equal(resident_kib(), kib);
	/* A buffer has its memory before the kernel has it: no page fault in the worker. */
	for (unsigned i = 1; i <= 4; i++) {
		assert_int_equal(ffs_aio_recv(aio, BOT_CHUNK), 0);
		assert_int_equal(resident_kib(), i * kib);
	}
	for (unsigned i = 0; i < 4; i++)
		complete_fd(OUT_FD, 5, "data");
	ffs_aio_dispatch(aio);
	for (unsigned i = 0; i < 100; i++)
		data_phase(4);
	assert_int_equal(resident_kib(), 5 * kib);
}

/* After a burn with long data phases, once the host has been quiet some times. */
static void memory_of_long_data_phases_is_given_back(void **state)
{
	const unsigned kib = BOT_CHUNK / 1024;

	(void)state;
	data_phase(31);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i + 1 < FFS_IDLE_CALLS; i++)
			ffs_aio_idle(aio);
		assert_int_equal(resident_kib(), 32 * kib);
		data_phase(31); /* the burn goes on */
		ffs_aio_idle(aio);
	}
	for (unsigned i = 0; i < FFS_IDLE_CALLS; i++) {
		assert_int_equal(resident_kib(), 32 * kib);
		data_phase(4); /* short data phases count as quiet */
		ffs_aio_idle(aio);
	}
	assert_int_equal(resident_kib(), FFS_BUFFERS_KEPT * kib);
	data_phase(31);
	assert_int_equal(resident_kib(), 32 * kib);
}

/* Never the memory of a buffer that the kernel still fills. */
static void memory_in_use_is_not_given_back(void **state)
{
	const unsigned kib = BOT_CHUNK / 1024;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(ffs_aio_recv(aio, BOT_CHUNK), 0);
	for (unsigned i = 0; i < 20; i++)
		memset(k.flight[i]->u.c.buf, 'a' + (int)i, BOT_CHUNK);
	ffs_aio_trim(aio);
	assert_int_equal(resident_kib(), 20 * kib);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(((char *)k.flight[i]->u.c.buf)[BOT_CHUNK - 1], 'a' + (int)i);
	for (unsigned i = 0; i < 20; i++)
		complete_fd(OUT_FD, 5, "data");
	ffs_aio_dispatch(aio);
	ffs_aio_trim(aio);
	assert_int_equal(resident_kib(), FFS_BUFFERS_KEPT * kib);
}

/*
 * Completions of a direction reach BOT in the order of submission, whatever their order in the
 * kernel.
 */
static void completions_of_a_direction_keep_their_order(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	memcpy(k.flight[1]->u.c.buf, "second", 7);
	complete(1, 7);
	ffs_aio_dispatch(aio);
	expect_calls("");
	complete_fd(OUT_FD, 6, "first");
	ffs_aio_dispatch(aio);
	expect_calls("got 6 first;got 7 second;");
}

/* Completions that a submission finds in the ring are delivered by the loop. */
static void nothing_is_delivered_inside_a_call(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_send(aio, "data", 4), 0);
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	complete_fd(IN_FD, 4, NULL);
	assert_int_equal(ffs_aio_send(aio, "more", 4), 0);
	assert_int_equal(k.events, 0);
	expect_calls("");
	c.post_in = aio;
	complete_fd(OUT_FD, 31, "cbw");
	ffs_aio_dispatch(aio);
	expect_calls("sent 4;got 31 cbw;");
}

/* The call itself reports that data was refused, so that BOT sends no CSW after it. */
static void immediate_errors_are_returned_by_the_call(void **state)
{
	static const int errors[] = {-ENOMEM, -EAGAIN, -ESHUTDOWN, -EFAULT, -EPIPE, -EINPROGRESS};

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		k.at_once_fd = IN_FD;
		k.at_once = errors[i];
		assert_int_equal(ffs_aio_send(aio, "data", 4), errors[i]);
		k.at_once_fd = OUT_FD;
		k.at_once = errors[i];
		assert_int_equal(ffs_aio_recv(aio, 1024), errors[i]);
		k.submit_error = errors[i];
		assert_int_equal(ffs_aio_send(aio, "data", 4), errors[i]);
		assert_int_equal(ffs_aio_recv(aio, 1024), errors[i]);
		k.submit_error = 0;
	}
	ffs_aio_dispatch(aio);
	expect_calls("");
	/* The failed request is not left in the queues: the next ones work. */
	assert_int_equal(ffs_aio_send(aio, "data", 4), 0);
	complete_fd(IN_FD, 4, NULL);
	ffs_aio_dispatch(aio);
	expect_calls("sent 4;");
}

static void an_immediate_error_after_other_requests_keeps_the_order(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_send(aio, "one", 3), 0);
	k.at_once_fd = IN_FD;
	k.at_once = -ENOMEM;
	assert_int_equal(ffs_aio_send(aio, "two", 3), -ENOMEM);
	assert_int_equal(ffs_aio_send(aio, "tre", 3), 0);
	complete_fd(IN_FD, 3, NULL);
	complete_fd(IN_FD, 3, NULL);
	ffs_aio_dispatch(aio);
	expect_calls("sent 3;sent 3;");
}

/* dummy_hcd completes up to 64 bytes inside io_submit(), before the host reads them. */
static void a_send_that_completes_at_once_is_delivered_later(void **state)
{
	(void)state;
	k.at_once_fd = IN_FD;
	k.at_once = 13;
	assert_int_equal(ffs_aio_send(aio, "csw----------", 13), 0);
	expect_calls("");
	ffs_aio_dispatch(aio);
	expect_calls("sent 13;");
}

static void late_errors_are_delivered(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_send(aio, "data", 4), 0);
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	complete_fd(IN_FD, -EPIPE, NULL);
	complete_fd(OUT_FD, -EINPROGRESS, NULL);
	complete_fd(OUT_FD, 0, NULL);
	ffs_aio_dispatch(aio);
	expect_calls("sent -32;got -115;got 0;");
}

static void a_zero_length_packet_is_sent(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_send(aio, NULL, 0), 0);
	assert_int_equal(k.last_fd, IN_FD);
	assert_int_equal(k.last_len, 0);
	complete_fd(IN_FD, 0, NULL);
	ffs_aio_dispatch(aio);
	expect_calls("sent 0;");
}

static void a_refused_read_is_offered_again_on_request(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	assert_int_equal(ffs_aio_send(aio, "data", 4), 0);
	complete_fd(OUT_FD, 6, "first");
	complete_fd(OUT_FD, 7, "second");
	c.refuse = 1;
	ffs_aio_dispatch(aio);
	expect_calls("no;");
	/* Bulk-in continues; a refused read is not offered again meanwhile. */
	complete_fd(IN_FD, 4, NULL);
	ffs_aio_dispatch(aio);
	expect_calls("sent 4;");
	ffs_aio_unhold(aio);
	ffs_aio_dispatch(aio);
	expect_calls("got 6 first;got 7 second;");
}

static void only_sends_are_cancelled(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	assert_int_equal(ffs_aio_send(aio, "one", 3), 0);
	assert_int_equal(ffs_aio_send(aio, "two", 3), 0);
	assert_int_equal(ffs_aio_send(aio, "three", 5), 0);
	complete_fd(IN_FD, 3, NULL);
	ffs_aio_cancel_in(aio);
	expect_calls("");
	ffs_aio_dispatch(aio);
	expect_calls("sent 3;sent -104;sent -104;");
	/* Reads are never cancelled: dwc2 cannot. */
	assert_int_equal(k.flying, 1);
	assert_int_equal(k.flight[0]->aio_fildes, OUT_FD);
}

/*
 * After ffs_aio_reset() no completion of an earlier request is delivered, unless it has data of the
 * new session (t_ffs_late.c).
 */
static void a_reset_drops_all_earlier_completions(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_send(aio, "old", 3), 0);
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	complete_fd(OUT_FD, 6, "first");
	atomic_store(&host_generation, 2);
	ffs_aio_reset(aio, 2);
	assert_int_equal(k.cancels, 0);
	ffs_aio_dispatch(aio);
	expect_calls("");
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	assert_int_equal(ffs_aio_send(aio, "new", 3), 0);
	complete_fd(IN_FD, -ESHUTDOWN, NULL);
	complete_fd(OUT_FD, -ESHUTDOWN, NULL);
	ffs_aio_dispatch(aio);
	expect_calls("");
	complete_fd(OUT_FD, 31, "cbw");
	complete_fd(IN_FD, 3, NULL);
	ffs_aio_dispatch(aio);
	expect_calls("got 31 cbw;sent 3;");
}

/* The host reset the bus while the USB thread was busy: nothing may enter its new session. */
static void requests_fail_until_a_bus_reset_is_handled(void **state)
{
	(void)state;
	atomic_store(&host_generation, 2);
	assert_int_equal(ffs_aio_send(aio, "old", 3), -ESHUTDOWN);
	assert_int_equal(ffs_aio_recv(aio, 512), -ESHUTDOWN);
	assert_int_equal(ffs_aio_halt_in(aio), -ESHUTDOWN);
	assert_int_equal(k.submits, 0);
	assert_int_equal(k.halts, 0);
	ffs_aio_reset(aio, 2);
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
}

/* While a reset waits for the USB thread, nothing more of the old command is sent. */
static void sends_fail_until_a_class_reset_is_handled(void **state)
{
	(void)state;
	atomic_store(&host_reset, 1);
	assert_int_equal(ffs_aio_send(aio, "csw", 3), -EAGAIN);
	assert_int_equal(ffs_aio_halt_in(aio), -EAGAIN);
	assert_int_equal(k.submits, 0);
	assert_int_equal(k.halts, 0);
	assert_int_equal(ffs_aio_recv(aio, 1024), 0);
	aio->reset = 1;
	assert_int_equal(ffs_aio_send(aio, "csw", 3), 0);
	complete_fd(IN_FD, 3, NULL);
	ffs_aio_dispatch(aio);
	expect_calls("sent 3;");
}

static void a_reset_drops_a_held_read(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	complete_fd(OUT_FD, 6, "first");
	c.refuse = 1;
	ffs_aio_dispatch(aio);
	expect_calls("no;");
	ffs_aio_reset(aio, 2);
	atomic_store(&host_generation, 2);
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
	complete_fd(OUT_FD, 4, "cbw");
	ffs_aio_dispatch(aio);
	expect_calls("got 4 cbw;");
}

static void a_halt_is_passed_to_the_kernel(void **state)
{
	(void)state;
	k.halt_answer = -EAGAIN;
	assert_int_equal(ffs_aio_halt_in(aio), -EAGAIN);
	k.halt_answer = 0;
	assert_int_equal(ffs_aio_halt_in(aio), 0);
	assert_int_equal(k.halts, 2);
}

/* Memory is bounded: further requests are refused with EAGAIN, and BOT tries again. */
static void requests_beyond_the_pools_get_eagain(void **state)
{
	unsigned reads = 0, sends = 0;

	(void)state;
	while (!ffs_aio_recv(aio, BOT_CHUNK))
		reads++;
	assert_true(reads >= BOT_WINDOW);
	assert_int_equal(ffs_aio_recv(aio, 512), -EAGAIN);
	while (!ffs_aio_send(aio, "x", 1))
		sends++;
	assert_true(sends >= BOT_WINDOW);
	assert_int_equal(ffs_aio_send(aio, "x", 1), -EAGAIN);
	for (unsigned i = 0; i < sends; i++) {
		complete_fd(IN_FD, 1, NULL);
		ffs_aio_dispatch(aio);
		expect_calls("sent 1;");
	}
	assert_int_equal(ffs_aio_send(aio, "x", 1), 0);
	complete_fd(OUT_FD, 2, "a");
	ffs_aio_dispatch(aio);
	expect_calls("got 2 a;");
	assert_int_equal(ffs_aio_recv(aio, 512), 0);
}

static void requests_of_bad_lengths_are_refused(void **state)
{
	(void)state;
	assert_int_equal(ffs_aio_recv(aio, 0), -EINVAL);
	assert_int_equal(ffs_aio_recv(aio, BOT_CHUNK + 1), -EINVAL);
	assert_int_equal(ffs_aio_send(aio, "", BOT_SEND_MAX + 1), -EINVAL);
	assert_int_equal(k.submits, 0);
}

/* More events than one call of reap() returns. */
static void more_events_than_one_reap_are_delivered(void **state)
{
	(void)state;
	for (int i = 0; i < 32; i++) {
		assert_int_equal(ffs_aio_send(aio, "x", 1), 0);
		assert_int_equal(ffs_aio_recv(aio, 512), 0);
	}
	while (k.flying)
		complete(0, 0);
	ffs_aio_dispatch(aio);
	assert_int_equal(k.events, 0);
	for (int i = 0; i < 32; i++)
		assert_memory_equal(c.text + i * 13, "sent 0;got 0;", 13);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(completions_are_delivered_as_they_come),
		TEST(one_send_in_eight_wakes_the_loop),
		TEST(buffers_get_their_memory_when_they_are_needed),
		TEST(memory_of_long_data_phases_is_given_back),
		TEST(memory_in_use_is_not_given_back),
		TEST(completions_of_a_direction_keep_their_order),
		TEST(nothing_is_delivered_inside_a_call),
		TEST(immediate_errors_are_returned_by_the_call),
		TEST(an_immediate_error_after_other_requests_keeps_the_order),
		TEST(a_send_that_completes_at_once_is_delivered_later),
		TEST(late_errors_are_delivered),
		TEST(a_zero_length_packet_is_sent),
		TEST(a_refused_read_is_offered_again_on_request),
		TEST(only_sends_are_cancelled),
		TEST(a_reset_drops_all_earlier_completions),
		TEST(requests_fail_until_a_bus_reset_is_handled),
		TEST(sends_fail_until_a_class_reset_is_handled),
		TEST(a_reset_drops_a_held_read),
		TEST(a_halt_is_passed_to_the_kernel),
		TEST(requests_beyond_the_pools_get_eagain),
		TEST(requests_of_bad_lengths_are_refused),
		TEST(more_events_than_one_reap_are_delivered),
	};

	return cmocka_run_group_tests_name("FunctionFS endpoints", tests, NULL, NULL);
}
