// SPDX-License-Identifier: GPL-2.0-or-later
/* Data phases: short and merged data-out, the window, halts. */
#include <errno.h>

#include "unit/bot/fake_engine.h"

static const uint16_t speeds[] = {64, 512, 1024};

/* ---- data-out ---- */

/* The host ends its data with a short packet after `sent` bytes; the other reads stay posted. */
static void short_out(struct rig *r, uint32_t len, uint32_t sent)
{
	uint8_t cbw[CBW_LEN];
	uint32_t residue;

	rig_set_intent(r, MMC_DIR_OUT, len);
	rig_cbw(r, cbw, MMC_DIR_OUT, len);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	fill_pattern(r->data, 0, sent, 0);
	assert_int_equal(mem_host_out(r->ep, r->data, sent, sent % r->ep->max_packet == 0), 0);
	assert_int_equal(bot_host_csw(&r->host, len, &residue), CSW_FAILED);
	assert_int_equal(residue, len - sent);
	assert_int_equal(r->drive.at, sent);
}

static void short_out_ends_the_data_phase(void **state)
{
	static const uint32_t sent[] = {0, 1, 63, 100, 512, 1000, 1024, 4096, 32768, 40000, 65536};
	size_t s, i;

	(void)state;
	for (s = 0; s < ARRAY_LEN(speeds); s++) {
		for (i = 0; i < ARRAY_LEN(sent); i++) {
			struct rig *r = rig_new(BOT_STALL_NEVER, speeds[s]);
			uint32_t recvs;

			/* After a full read the zero-length packet goes into the next read. */
			short_out(r, 100 * 1024, sent[i]);
			recvs = (uint32_t)r->ep->out.count;
			assert_true(recvs > 0);
			rig_use_up_reads(r);
			rig_expect_working(r);
			rig_free(r);
		}
	}
}

/* "The next buffer of any size is the next CBW": a burst of data-in and data-out over leftovers. */
static void next_cbw_is_recognised_in_a_data_read(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint32_t residue;

	(void)state;
	short_out(r, 200 * 1024, 10);
	assert_int_equal(r->ep->out.count, 7);
	rig_set_intent(r, MMC_DIR_IN, 2048);
	assert_int_equal(rig_command(r, MMC_DIR_IN, 2048, &residue), CSW_PASSED);
	rig_check_data(r, 2048);
	/* More data than posted reads can take: BOT posts the missing ones after them. */
	rig_set_intent(r, MMC_DIR_OUT, RIG_DATA);
	assert_int_equal(rig_command(r, MMC_DIR_OUT, RIG_DATA, &residue), CSW_PASSED);
	assert_int_equal(r->drive.at, RIG_DATA);
	rig_expect_working(r);
	rig_free(r);
}

/* Whole packets that end inside a leftover read do not complete it: CSW 02, no deadlock. */
static void data_that_ends_inside_a_leftover_read_is_a_phase_error(void **state)
{
	static const uint32_t lens[] = {2048, 32768 + 2048};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(lens); i++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		uint32_t residue;

		short_out(r, 200 * 1024, 10);
		r->host.recovery = BOT_HOST_CLASS_RESET;
		rig_set_intent(r, MMC_DIR_OUT, lens[i]);
		assert_int_equal(rig_command(r, MMC_DIR_OUT, lens[i], &residue), CSW_PHASE_ERROR);
		assert_int_equal(residue, lens[i]);
		assert_int_equal(r->drive.at, 0);
		rig_use_up_reads(r);
		rig_expect_working(r);
		/* The same for a host that continues without a reset. */
		short_out(r, 200 * 1024, 10);
		r->host.recovery = BOT_HOST_NO_RESET;
		rig_set_intent(r, MMC_DIR_OUT, lens[i]);
		assert_int_equal(rig_command(r, MMC_DIR_OUT, lens[i], &residue), CSW_PHASE_ERROR);
		rig_use_up_reads(r);
		rig_expect_working(r);
		rig_free(r);
	}
}

/* Data and the next CBW in one read: the host violates BOT, nothing of the read is used. */
static void data_out_merged_with_the_next_cbw_is_invalid(void **state)
{
	static const uint32_t before[] = {512, 1024, 4096, 31744};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(before); i++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		uint8_t cbw[CBW_LEN];

		rig_set_intent(r, MMC_DIR_OUT, 65536);
		rig_cbw(r, cbw, MMC_DIR_OUT, 65536);
		assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
		assert_int_equal(mem_host_out(r->ep, r->data, before[i], false), 0);
		rig_cbw(r, cbw, MMC_DIR_NONE, 0);
		assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
		rig_expect_dead(r);
		assert_int_equal(r->drive.at, 0);
		assert_int_equal(r->drive.aborted, 1);
		assert_int_equal(bot_host_reset_recovery(&r->host), 0);
		rig_use_up_reads(r);
		rig_expect_working(r);
		rig_free(r);
	}
}

/* The last read is rounded up to whole packets; more data than announced is a violation. */
static void more_data_than_announced_is_invalid(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint8_t cbw[CBW_LEN];

	(void)state;
	rig_set_intent(r, MMC_DIR_OUT, 100);
	rig_cbw(r, cbw, MMC_DIR_OUT, 100);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	assert_int_equal(mem_host_out(r->ep, r->data, 512, false), 0);
	rig_expect_dead(r);
	assert_int_equal(r->drive.at, 0);
	assert_int_equal(bot_host_reset_recovery(&r->host), 0);
	rig_expect_working(r);
	rig_free(r);
}

/* A class reset leaves a partly filled read; the next CBW arrives at its tail. */
static void cbw_follows_the_rest_of_an_aborted_write(void **state)
{
	uint32_t sent;

	(void)state;
	for (sent = 0; sent < 70000; sent += 1024) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		uint8_t cbw[CBW_LEN];

		rig_set_intent(r, MMC_DIR_OUT, 131072);
		rig_cbw(r, cbw, MMC_DIR_OUT, 131072);
		assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
		fill_pattern(r->data, 0, sent, 0);
		assert_int_equal(mem_host_out(r->ep, r->data, sent, false), 0);
		assert_int_equal(bot_host_reset_recovery(&r->host), 0);
		assert_int_equal(r->drive.transport_resets, 1);
		rig_use_up_reads(r);
		rig_expect_working(r);
		rig_free(r);
	}
}

/* Packets of the aborted write that complete only after the reset are skipped. */
static void data_reported_after_a_reset_is_skipped(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint8_t cbw[CBW_LEN];

	(void)state;
	rig_set_intent(r, MMC_DIR_OUT, 131072);
	rig_cbw(r, cbw, MMC_DIR_OUT, 131072);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	r->ep->lazy = true;
	fill_pattern(r->data, 0, 66048, 0);
	assert_int_equal(mem_host_out(r->ep, r->data, 66048, false), 0);
	bot_class_reset(r->bot);
	r->ep->lazy = false;
	rig_use_up_reads(r);
	assert_int_equal(r->drive.pushes, 0);
	rig_expect_working(r);
	rig_free(r);
}

/* ---- window, order ---- */

static uint32_t checked;

static void drain_in(struct rig *r, uint32_t total)
{
	uint32_t got, at, i;

	for (at = 0; at < total; at += got) {
		assert_int_equal(mem_host_in(r->ep, r->data, MIN(RIG_DATA, total - at), &got), 0);
		assert_true(got > 0);
		for (i = 0; i < got; i += 509)
			if (r->data[i] != pattern(at + i, r->drive.seed))
				fail_msg("data differs at byte %u", at + i);
		checked += got;
	}
}

static void read_of_128_mib_stays_in_the_window(void **state)
{
	const uint32_t len = 128u << 20;
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint8_t cbw[CBW_LEN];
	uint32_t residue;

	(void)state;
	rig_set_intent(r, MMC_DIR_IN, len);
	rig_cbw(r, cbw, MMC_DIR_IN, len);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	assert_int_equal(r->ep->in.count, BOT_WINDOW); /* queued before the host reads anything */
	checked = 0;
	drain_in(r, len);
	assert_int_equal(checked, len);
	assert_int_equal(bot_host_csw(&r->host, len, &residue), CSW_PASSED);
	assert_int_equal(residue, 0);
	assert_int_equal(r->ep->in.max, BOT_WINDOW);
	assert_int_equal(r->ep->largest_send, BOT_SEND_MAX);
	assert_int_equal(bot_get_stats(r->bot)->bytes_in, len);
	rig_free(r);
}

static void write_of_128_mib_stays_in_the_window(void **state)
{
	const uint32_t len = 128u << 20;
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint8_t cbw[CBW_LEN];
	uint32_t residue, at;

	(void)state;
	rig_set_intent(r, MMC_DIR_OUT, 0);
	rig_cbw(r, cbw, MMC_DIR_OUT, len);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	assert_int_equal(r->ep->out.count, BOT_WINDOW);
	for (at = 0; at < len; at += RIG_DATA)
		assert_int_equal(mem_host_out(r->ep, r->data, RIG_DATA, false), 0);
	assert_int_equal(bot_host_csw(&r->host, len, &residue), CSW_PASSED);
	assert_int_equal(residue, len);
	assert_int_equal(r->ep->out.max, BOT_WINDOW);
	assert_int_equal(bot_get_stats(r->bot)->bytes_out, len);
	rig_expect_working(r);
	rig_free(r);
}

/* Data, CSW and the next CBW read are queued before the host has taken a single packet. */
static void all_of_a_command_is_queued_at_once(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint8_t cbw[CBW_LEN];

	(void)state;
	rig_set_intent(r, MMC_DIR_IN, 122880);
	rig_cbw(r, cbw, MMC_DIR_IN, 122880);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	assert_int_equal(r->ep->in.count, 2 + 1); /* 64 + 56 KiB, CSW */
	assert_int_equal(r->ep->out.count, 1);
	assert_int_equal(r->drive.ended, 1);
	rig_free(r);
}

/* ---- halts ---- */

static void data_in_that_ends_early_does_not_halt_by_default(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint32_t residue;

	(void)state;
	rig_set_intent(r, MMC_DIR_IN, 36);
	assert_int_equal(rig_command(r, MMC_DIR_IN, 255, &residue), CSW_PASSED);
	rig_set_intent(r, MMC_DIR_NONE, 0);
	r->drive.check = true;
	assert_int_equal(rig_command(r, MMC_DIR_IN, 2048, &residue), CSW_FAILED);
	rig_set_intent(r, MMC_DIR_OUT, 512);
	assert_int_equal(rig_command(r, MMC_DIR_IN, 512, &residue), CSW_PHASE_ERROR);
	assert_int_equal(r->ep->halts, 0);
	rig_free(r);
}

/* Controllers refuse a halt while a packet is in their FIFO: retried each millisecond. */
static void refused_halt_is_retried(void **state)
{
	struct rig *r = rig_new(BOT_STALL_SHORT, 512);
	const struct mem_ep_fault f = {MEM_EP_HALT, 0, 40, -EAGAIN};
	uint32_t residue;
	uint64_t before = r->ep->now_ms;

	(void)state;
	mem_ep_fault(r->ep, &f);
	rig_set_intent(r, MMC_DIR_IN, 36);
	assert_int_equal(rig_command(r, MMC_DIR_IN, 255, &residue), CSW_PASSED);
	assert_int_equal(residue, 255 - 36);
	assert_int_equal(r->host.stalls, 1);
	assert_int_equal(r->ep->halts, 1);
	assert_in_range(r->ep->now_ms - before, 35, 45);
	rig_expect_working(r);
	rig_free(r);
}

/* After 5 s of refusals a short or zero-length packet replaces the halt. */
static void refused_halt_is_given_up(void **state)
{
	static const uint32_t intended[] = {0, 36, 512};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(intended); i++) {
		struct rig *r = rig_new(BOT_STALL_SHORT, 512);
		const struct mem_ep_fault f = {MEM_EP_HALT, 0, UINT64_MAX, -EAGAIN};
		uint32_t residue;

		mem_ep_fault(r->ep, &f);
		rig_set_intent(r, MMC_DIR_IN, intended[i]);
		assert_int_equal(rig_command(r, MMC_DIR_IN, 1024, &residue), CSW_PASSED);
		assert_int_equal(residue, 1024 - intended[i]);
		assert_int_equal(r->host.empty, 0);
		assert_in_range(r->ep->now_ms, 4900, 5100);
		assert_int_equal(r->ep->halts, 0);
		rig_expect_working(r);
		rig_free(r);
	}
}

/* dummy_hcd reports a small send before the host has read it, and refuses to halt until then. */
static void a_halt_waits_for_a_packet_in_the_fifo(void **state)
{
	struct rig *r = rig_new(BOT_STALL_SHORT, 512);
	uint32_t residue;

	(void)state;
	r->ep->fifo64 = true;
	rig_set_intent(r, MMC_DIR_IN, 36);
	assert_int_equal(rig_command(r, MMC_DIR_IN, 255, &residue), CSW_PASSED);
	assert_int_equal(r->host.stalls, 1);
	rig_set_intent(r, MMC_DIR_NONE, 0);
	assert_int_equal(rig_command(r, MMC_DIR_IN, 255, &residue), CSW_PASSED);
	assert_int_equal(r->host.stalls, 2);
	rig_expect_working(r);
	rig_free(r);
}

/* The CSW is queued after the halt, also if dwc2 or dwc3 returns it when the host clears that. */
static void csw_is_queued_after_the_halt(void **state)
{
	int clear;

	(void)state;
	for (clear = MEM_EP_CLEAR_PLAIN; clear <= MEM_EP_CLEAR_DWC3; clear++) {
		struct rig *r = rig_new(BOT_STALL_SHORT, 512);
		uint8_t cbw[CBW_LEN];
		uint32_t residue, got;

		r->ep->clear = (enum mem_ep_clear)clear;
		rig_set_intent(r, MMC_DIR_IN, 1024);
		r->drive.check = true;
		rig_cbw(r, cbw, MMC_DIR_IN, 4096);
		assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
		assert_int_equal(mem_host_in(r->ep, r->data, 4096, &got), -EPIPE);
		assert_int_equal(got, 1024);
		assert_int_equal(r->ep->in.count, 1);
		mem_host_clear_halt_in(r->ep);
		assert_int_equal(bot_host_csw(&r->host, 4096, &residue), CSW_FAILED);
		assert_int_equal(residue, 3072);
		assert_int_equal(bot_get_stats(r->bot)->commands, 1);
		assert_int_equal(
			bot_get_stats(r->bot)->failed, 1); /* although it was queued twice */
		rig_expect_working(r);
		rig_free(r);
	}
}

/* A host that never clears the halt receives nothing; after any reset everything works. */
static void host_that_ignores_a_halt_recovers_by_reset(void **state)
{
	int bus;

	(void)state;
	for (bus = 0; bus < 2; bus++) {
		struct rig *r = rig_new(BOT_STALL_SHORT, 512);
		uint8_t cbw[CBW_LEN];
		uint32_t got, i;

		rig_set_intent(r, MMC_DIR_NONE, 0);
		rig_cbw(r, cbw, MMC_DIR_IN, 4096);
		assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
		for (i = 0; i < 3; i++)
			assert_int_equal(mem_host_in(r->ep, r->data, 4096, &got), -EPIPE);
		rig_cbw(r, cbw, MMC_DIR_IN, 4096);
		assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
		assert_int_equal(mem_host_in(r->ep, r->data, 4096, &got), -EPIPE);
		assert_int_equal(r->drive.begun, 1);
		if (bus)
			mem_host_bus_reset(r->ep, 512);
		else
			assert_int_equal(bot_host_reset_recovery(&r->host), 0);
		rig_expect_working(r);
		rig_free(r);
	}
}

/*
 * The read for the next CBW is posted before the engine is asked for data, which may take
 * long: if the session ends meanwhile, that read completes with an error.
 */
static void cbw_read_is_posted_before_the_engine_is_asked_for_data(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);

	(void)state;
	rig_set_intent(r, MMC_DIR_IN, 4096);
	assert_int_equal(rig_command(r, MMC_DIR_IN, 4096, NULL), CSW_PASSED);
	assert_int_equal(r->drive.posted, 1);
	rig_expect_working(r);
	rig_free(r);
}

/*
 * The host may begin a new session (SET_INTERFACE, SET_CONFIGURATION) as soon as it has the
 * status. A read that is posted then ends with ESHUTDOWN, which is how the transport knows the
 * session of each read; one that is posted later, for the old session, would receive the host's
 * next CBW.
 */
static void cbw_read_is_posted_before_each_status(void **state)
{
	static const enum mmc_dir dirs[] = {MMC_DIR_NONE, MMC_DIR_IN, MMC_DIR_OUT};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		uint32_t len = dirs[i] == MMC_DIR_NONE ? 0 : 4096;

		rig_set_intent(r, dirs[i], len);
		r->ep->reads_at_send = UINT32_MAX;
		assert_int_equal(rig_command(r, dirs[i], len, NULL), CSW_PASSED);
		assert_int_equal(r->ep->reads_at_send, 1);
		rig_free(r);
	}
}

/* Full speed after SuperSpeed and so on: the packet size is that of the last bot_enabled(). */
static void packet_size_changes_with_each_enable(void **state)
{
	static const uint16_t order[] = {1024, 64, 512, 64, 1024, 512};
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint32_t residue;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(order); i++) {
		mem_host_bus_reset(r->ep, order[i]);
		rig_set_intent(r, MMC_DIR_IN, order[i]);
		assert_int_equal(rig_command(r, MMC_DIR_IN, 8192, &residue), CSW_PASSED);
		assert_int_equal(residue, 8192 - order[i]);
		rig_set_intent(r, MMC_DIR_IN, 64 + 512);
		assert_int_equal(rig_command(r, MMC_DIR_IN, 8192, &residue), CSW_PASSED);
		rig_set_intent(r, MMC_DIR_OUT, 64);
		assert_int_equal(rig_command(r, MMC_DIR_OUT, 64, &residue), CSW_PASSED);
		assert_int_equal(r->host.empty, 0);
		rig_expect_working(r);
	}
	assert_int_equal(r->drive.bus_resets, 1 + ARRAY_LEN(order));
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_out_ends_the_data_phase),
		cmocka_unit_test(next_cbw_is_recognised_in_a_data_read),
		cmocka_unit_test(data_that_ends_inside_a_leftover_read_is_a_phase_error),
		cmocka_unit_test(data_out_merged_with_the_next_cbw_is_invalid),
		cmocka_unit_test(more_data_than_announced_is_invalid),
		cmocka_unit_test(cbw_follows_the_rest_of_an_aborted_write),
		cmocka_unit_test(data_reported_after_a_reset_is_skipped),
		cmocka_unit_test(write_of_128_mib_stays_in_the_window),
		cmocka_unit_test(read_of_128_mib_stays_in_the_window),
		cmocka_unit_test(all_of_a_command_is_queued_at_once),
		cmocka_unit_test(refused_halt_is_retried),
		cmocka_unit_test(refused_halt_is_given_up),
		cmocka_unit_test(a_halt_waits_for_a_packet_in_the_fifo),
		cmocka_unit_test(csw_is_queued_after_the_halt),
		cmocka_unit_test(host_that_ignores_a_halt_recovers_by_reset),
		cmocka_unit_test(data_in_that_ends_early_does_not_halt_by_default),
		cmocka_unit_test(cbw_read_is_posted_before_the_engine_is_asked_for_data),
		cmocka_unit_test(cbw_read_is_posted_before_each_status),
		cmocka_unit_test(packet_size_changes_with_each_enable),
	};

	return cmocka_run_group_tests_name("bot_data", tests, NULL, NULL);
}
