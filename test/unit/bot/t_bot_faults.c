// SPDX-License-Identifier: GPL-2.0-or-later
/* Errors that controllers report, at every step. */
#include "unit/bot/bot_play.h"

/* The 13 bytes of a CSW must never reach a host that still expects data. */
static void no_csw_follows_refused_data(void **state)
{
	uint64_t at;

	(void)state;
	for (at = 0; at < 4; at++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		const struct mem_ep_fault f = {MEM_EP_SEND, at, 1, -EIO};
		uint32_t residue;

		mem_ep_fault(r->ep, &f);
		rig_set_intent(r, MMC_DIR_IN, 4 * BOT_SEND_MAX);
		r->host.recovery = BOT_HOST_NO_RESET;
		assert_int_equal(
			rig_command(r, MMC_DIR_IN, 4 * BOT_SEND_MAX, &residue), CSW_PHASE_ERROR);
		assert_int_equal(r->host.stalls, 1);
		assert_int_equal(r->ep->halts, 1);
		assert_int_equal(r->drive.aborted, 1);
		assert_int_equal(bot_get_stats(r->bot)->phase_errors, 1);
		rig_expect_working(r);
		rig_free(r);
	}
}

/* A piece of data is lost: everything queued after it, CSW included, is cancelled. */
static void lost_data_cancels_the_csw(void **state)
{
	static const int lost[] = {-EPIPE, -EINPROGRESS, -EIO, -ECONNRESET};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(lost); i++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		const struct mem_ep_fault f = {MEM_EP_SENT, 1, 1, lost[i]};
		uint32_t residue;

		r->ep->prompt = true;
		mem_ep_fault(r->ep, &f);
		rig_set_intent(r, MMC_DIR_IN, 131072);
		r->host.recovery = BOT_HOST_NO_RESET;
		assert_int_equal(rig_command(r, MMC_DIR_IN, 131072, &residue), -ETIMEDOUT);
		assert_int_equal(r->host.got, BOT_SEND_MAX);
		assert_int_equal(r->ep->in.count, 0);
		assert_false(bot_busy(r->bot));
		assert_int_equal(bot_host_reset_recovery(&r->host), 0);
		rig_expect_working(r);
		rig_free(r);
	}
}

/*
 * The loss is reported when the rest has been sent, CSW included: no second CSW is sent, and none
 * is reported to the observer.
 */
static void lost_data_reported_late_gets_no_status(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	const struct mem_ep_fault f = {MEM_EP_SENT, 1, 1, -EIO};
	uint32_t residue;

	(void)state;
	mem_ep_fault(r->ep, &f);
	rig_set_intent(r, MMC_DIR_IN, 131072);
	r->host.recovery = BOT_HOST_NO_RESET;
	assert_int_equal(rig_command(r, MMC_DIR_IN, 131072, &residue), -ETIMEDOUT);
	assert_int_equal(r->host.got, 131072 - BOT_SEND_MAX + CSW_LEN);
	assert_int_equal(bot_get_stats(r->bot)->errors, 1);
	assert_int_equal(r->ep->in.count, 0);
	assert_false(bot_busy(r->bot));
	assert_int_equal(bot_host_reset_recovery(&r->host), 0);
	rig_expect_working(r);
	rig_free(r);
}

/* Too late to cancel the CSW: a second one would be taken as the answer to the next command. */
static void sent_csw_is_not_repeated(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	const struct mem_ep_fault f = {MEM_EP_SENT, 0, 1, -EFAULT};
	uint32_t residue;

	(void)state;
	r->ep->fifo64 = true;
	r->host.recovery = BOT_HOST_NO_RESET;
	mem_ep_fault(r->ep, &f);
	rig_set_intent(r, MMC_DIR_IN, 2048);
	assert_int_equal(rig_command(r, MMC_DIR_IN, 2048, &residue), -EPROTO);
	assert_string_equal(r->host.error, "a CSW where data was due");
	mem_ep_deliver_all(r->ep);
	assert_int_equal(r->ep->in.count, 0);
	assert_false(r->ep->halted);
	assert_false(bot_busy(r->bot));
	rig_expect_working(r);
	rig_free(r);
}

/* The page of the data vanished (EFAULT): a phase error, so the host need not wait for 30 s. */
static void efault_ends_in_a_phase_error(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	const struct mem_ep_fault f = {MEM_EP_SENT, 1, 1, -EFAULT};
	uint64_t before = r->ep->now_ms;

	(void)state;
	mem_ep_fault(r->ep, &f);
	rig_set_intent(r, MMC_DIR_IN, 131072);
	assert_int_equal(rig_command(r, MMC_DIR_IN, 131072, NULL), CSW_PHASE_ERROR);
	assert_in_range(r->ep->now_ms - before, 0, 10);
	assert_int_equal(bot_get_stats(r->bot)->errors, 1);
	rig_expect_working(r);
	rig_free(r);
}

/* dwc2 refuses everything on a suspended bus: BOT tries again at a tick of 50 ms. */
static void sends_on_a_suspended_bus_are_tried_again(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	const uint8_t cdb[10] = {0x77, 0};
	uint8_t cbw[CBW_LEN];
	uint32_t residue, got;

	(void)state;
	rig_set_intent(r, MMC_DIR_IN, 40000);
	bot_host_cbw(&r->host, cbw, cdb, sizeof(cdb), MMC_DIR_IN, 40000);
	r->ep->suspended = true;
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	assert_int_equal(r->ep->in.count + r->ep->out.count, 0);
	assert_int_equal(r->ep->tick_at - r->ep->now_ms, 50);
	memset(r->drive.buf, 0xEE,
		sizeof(r->drive.buf)); /* another caller used the engine meanwhile */
	mem_ep_pass(r->ep, 1000);
	r->ep->suspended = false;
	mem_ep_pass(r->ep, 50);
	assert_int_equal(mem_host_in(r->ep, r->data, 40000, &got), 0);
	rig_check_data(r, 40000);
	assert_int_equal(bot_host_csw(&r->host, 40000, &residue), CSW_PASSED);
	rig_expect_working(r);
	rig_free(r);
}

/* A board short of memory: pieces shrink to a page, the command succeeds. */
static void enomem_shrinks_to_a_page(void **state)
{
	static const enum mem_ep_op ops[] = {MEM_EP_SEND, MEM_EP_RECV};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(ops); i++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		struct mem_ep_fault f = {ops[i], 0, i ? 3 : 4, -ENOMEM};
		enum mmc_dir dir = i ? MMC_DIR_OUT : MMC_DIR_IN;
		uint32_t residue;

		mem_ep_fault(r->ep, &f);
		rig_set_intent(r, dir, 200000);
		r->ep->largest_send = r->ep->largest_recv = 0;
		assert_int_equal(rig_command(r, dir, 200000, &residue), CSW_PASSED);
		assert_int_equal(residue, 0);
		assert_int_equal(i ? r->ep->largest_recv : r->ep->largest_send, 4096);
		assert_int_equal(r->drive.at, 200000);
		rig_expect_working(r);
		rig_free(r);
	}
}

/* Runs count commands without data. */
static void run_commands(struct rig *r, unsigned count)
{
	rig_set_intent(r, MMC_DIR_NONE, 0);
	while (count--)
		assert_int_equal(rig_command(r, MMC_DIR_NONE, 0, NULL), CSW_PASSED);
}

/* Reads 128 KiB and returns the bytes of the largest send. */
static uint32_t largest_send_of_a_read(struct rig *r)
{
	r->ep->largest_send = 0;
	rig_set_intent(r, MMC_DIR_IN, 131072);
	assert_int_equal(rig_command(r, MMC_DIR_IN, 131072, NULL), CSW_PASSED);
	rig_check_data(r, 131072);
	return r->ep->largest_send;
}

/*
 * Every refused allocation costs the kernel a search and a backtrace in its log. So a refused size
 * is not tried again at once, nor after a bus reset, but after 1,000 commands; and when that is
 * refused, too, after twice as many.
 */
static void refused_size_is_remembered(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	struct mem_ep_fault f = {MEM_EP_SEND, 0, 1, -ENOMEM};
	unsigned wait = 1000;

	(void)state;
	assert_int_equal(largest_send_of_a_read(r), BOT_SEND_MAX);
	for (unsigned i = 0; i < 3; i++, wait *= 2) {
		mem_ep_fault(r->ep, &f);
		assert_int_equal(largest_send_of_a_read(r), BOT_SEND_MAX / 2);
		run_commands(r, wait / 2);
		bot_enabled(r->bot, 512);
		assert_int_equal(largest_send_of_a_read(r), BOT_SEND_MAX / 2);
		run_commands(r, wait / 2 - 3);
		assert_int_equal(largest_send_of_a_read(r), BOT_SEND_MAX / 2);
	}
	assert_int_equal(largest_send_of_a_read(r), BOT_SEND_MAX);
	assert_int_equal(largest_send_of_a_read(r), BOT_SEND_MAX);
	rig_free(r);
}

/* Memory that is very short: one size is tried again at a time, so that few attempts are refused.
 */
static void refused_sizes_come_back_one_by_one(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	struct mem_ep_fault f = {MEM_EP_SEND, 0, 2, -ENOMEM};

	(void)state;
	mem_ep_fault(r->ep, &f);
	assert_int_equal(largest_send_of_a_read(r), BOT_SEND_MAX / 4);
	run_commands(r, 2000);
	assert_int_equal(largest_send_of_a_read(r), BOT_SEND_MAX / 2);
	assert_int_equal(largest_send_of_a_read(r), BOT_SEND_MAX / 2);
	run_commands(r, 4000);
	assert_int_equal(largest_send_of_a_read(r), BOT_SEND_MAX);
	rig_free(r);
}

/* A read that fails over and over must not turn into a busy loop. */
static void failing_reads_wait_for_ticks(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	unsigned i, posted = 0;

	(void)state;
	for (i = 0; i < 100 && r->ep->out.count; i++, posted++)
		mem_host_clear_halt_out(r->ep), r->ep->clear = MEM_EP_CLEAR_DWC3;
	assert_in_range(posted, 2, 20);
	assert_int_equal(r->ep->tick_at - r->ep->now_ms, 50);
	mem_ep_pass(r->ep, 50);
	rig_expect_working(r);
	rig_free(r);
}

/* The reset is acknowledged when the cancelled sends have completed, or after 2 s. */
static void cancelled_sends_that_never_come_back(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint64_t before;
	unsigned i;

	(void)state;
	assert_false(play(r, &shapes[5], 2));
	r->ep->cancel = MEM_EP_CANCEL_NEVER;
	before = r->ep->now_ms;
	assert_int_equal(bot_host_reset_recovery(&r->host), 0);
	assert_int_equal(r->ep->now_ms - before, 2000);
	r->ep->cancel = MEM_EP_CANCEL_PROMPT;
	rig_expect_working(r);
	/* They complete after all, in the middle of another command. */
	assert_false(play(r, &shapes[5], 2));
	for (i = 0; i < 3; i++)
		bot_sent(r->bot, -ECONNRESET);
	assert_true(bot_busy(r->bot));
	assert_int_equal(r->ep->cancels, 1);
	assert_int_equal(bot_host_reset_recovery(&r->host), 0);
	rig_expect_working(r);
	rig_free(r);
}

static void reset_waits_for_cancelled_sends(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint64_t recvs;

	(void)state;
	assert_false(play(r, &shapes[5], 2));
	recvs = r->ep->count[MEM_EP_RECV];
	bot_class_reset(r->bot);
	assert_int_equal(r->ep->cancels, 1);
	assert_int_equal(r->ep->resets_done, 0);
	bot_class_reset(r->bot); /* a host that does not wait */
	assert_int_equal(r->ep->cancels, 1);
	assert_int_equal(r->ep->resets_done, 0);
	mem_ep_deliver_all(r->ep);
	assert_int_equal(r->ep->resets_done, 1);
	assert_int_equal(r->ep->count[MEM_EP_RECV], recvs); /* reads stay posted */
	rig_expect_working(r);
	rig_free(r);
}

/* bot_enabled() without bot_disabled() forgets requests, held CBWs and halts. */
static void enable_forgets_all_requests(void **state)
{
	struct rig *r = rig_new(BOT_STALL_SHORT, 512);
	const struct mem_ep_fault refuse = {MEM_EP_HALT, 0, UINT64_MAX, -EAGAIN};

	(void)state;
	mem_ep_fault(r->ep, &refuse);
	play(r, &shapes[4], 3);
	assert_true(r->ep->tick_at != 0);
	mem_host_bus_reset(r->ep, 512);
	assert_int_equal(r->ep->tick_at, 0);
	mem_ep_fault(r->ep, NULL);
	rig_expect_working(r);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_csw_follows_refused_data),
		cmocka_unit_test(lost_data_cancels_the_csw),
		cmocka_unit_test(lost_data_reported_late_gets_no_status),
		cmocka_unit_test(sent_csw_is_not_repeated),
		cmocka_unit_test(efault_ends_in_a_phase_error),
		cmocka_unit_test(sends_on_a_suspended_bus_are_tried_again),
		cmocka_unit_test(enomem_shrinks_to_a_page),
		cmocka_unit_test(refused_size_is_remembered),
		cmocka_unit_test(refused_sizes_come_back_one_by_one),
		cmocka_unit_test(failing_reads_wait_for_ticks),
		cmocka_unit_test(cancelled_sends_that_never_come_back),
		cmocka_unit_test(reset_waits_for_cancelled_sends),
		cmocka_unit_test(enable_forgets_all_requests),
	};

	return cmocka_run_group_tests_name("bot_faults", tests, NULL, NULL);
}
