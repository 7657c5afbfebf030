// SPDX-License-Identifier: GPL-2.0-or-later
/* Invalid CBWs, CBWs that come early, counters. */
#include "unit/bot/fake_engine.h"

static const uint16_t speeds[] = {64, 512, 1024};

/* ---- CBWs ---- */

static void dead_then_reset(uint16_t speed, const uint8_t *bytes, uint32_t n, bool bus)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, speed);

	rig_expect_working(r);
	assert_int_equal(mem_host_out(r->ep, bytes, n, n == 0), 0);
	rig_expect_dead(r);
	assert_int_equal(bot_get_stats(r->bot)->invalid_cbws, 1);
	if (bus) {
		mem_host_bus_reset(r->ep, speed);
	} else {
		/* BOT 3.1: the reset alone keeps the halt, the host must clear it. */
		assert_int_equal(mem_host_class_reset(r->ep), 0);
		rig_expect_halted(r);
		mem_host_clear_halt_in(r->ep);
		mem_host_clear_halt_out(r->ep);
		mem_ep_pass(r->ep, 200);
		assert_false(r->ep->halted);
	}
	rig_expect_working(r);
	/* Another invalid CBW right after the reset has the same result. */
	assert_int_equal(bot_host_reset_recovery(&r->host), 0);
	assert_int_equal(mem_host_out(r->ep, bytes, n, n == 0), 0);
	rig_expect_halted(r);
	assert_int_equal(bot_host_reset_recovery(&r->host), 0);
	rig_expect_working(r);
	rig_free(r);
}

static void expect_refused(const uint8_t *bytes, uint32_t n)
{
	size_t s;

	for (s = 0; s < ARRAY_LEN(speeds); s++) {
		dead_then_reset(speeds[s], bytes, n, false);
		dead_then_reset(speeds[s], bytes, n, true);
	}
}

static void plain_cbw(uint8_t cbw[CBW_LEN])
{
	const struct cbw c = {.tag = 7, .cdb_len = 6};

	cbw_encode(&c, cbw);
}

static void cbw_with_a_bad_signature_is_invalid(void **state)
{
	uint8_t cbw[CBW_LEN];
	unsigned i;

	(void)state;
	for (i = 0; i < 4; i++) {
		plain_cbw(cbw);
		cbw[i] ^= 0x20;
		expect_refused(cbw, CBW_LEN);
	}
}

static void cbw_of_a_wrong_size_is_invalid(void **state)
{
	static const uint32_t wrong[] = {0, 1, 13, 30, 32, 33, 62, 63};
	uint8_t cbw[64] = {0};
	size_t i;

	(void)state;
	plain_cbw(cbw);
	for (i = 0; i < ARRAY_LEN(wrong); i++)
		expect_refused(cbw, wrong[i]);
}

static void cbw_for_a_missing_lun_is_invalid(void **state)
{
	uint8_t cbw[CBW_LEN];
	unsigned lun;

	(void)state;
	for (lun = 1; lun < 256; lun = lun < 16 ? lun + 1 : lun * 2) {
		plain_cbw(cbw);
		cbw[13] = (uint8_t)lun;
		expect_refused(cbw, CBW_LEN);
	}
}

static void cbw_with_a_bad_cdb_length_is_invalid(void **state)
{
	static const uint8_t lengths[] = {0, 17, 18, 31, 32, 0x26, 0x86, 255};
	uint8_t cbw[CBW_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(lengths); i++) {
		plain_cbw(cbw);
		cbw[14] = lengths[i];
		expect_refused(cbw, CBW_LEN);
	}
}

static void cbw_with_reserved_flags_is_invalid(void **state)
{
	uint8_t cbw[CBW_LEN];
	unsigned bit;

	(void)state;
	for (bit = 0; bit < 7; bit++) {
		plain_cbw(cbw);
		cbw[12] = (uint8_t)(1u << bit);
		expect_refused(cbw, CBW_LEN);
		cbw[12] |= CBW_FLAG_IN;
		expect_refused(cbw, CBW_LEN);
	}
}

/*
 * Windows sends REQUEST SENSE with 12 bytes; hosts of subclass 02 pad every CDB to 12 bytes
 * (TD1.19).
 */
static void cbw_with_any_cdb_length_reaches_the_engine(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint8_t cdb[16] = {0x03, 0xFF};
	size_t n;

	(void)state;
	rig_set_intent(r, MMC_DIR_IN, 18);
	for (n = 1; n <= 16; n++) {
		assert_int_equal(
			bot_host_command(&r->host, cdb, n, MMC_DIR_IN, r->data, 18, NULL), 0);
		assert_int_equal(r->drive.cdb_len, n);
		assert_memory_equal(r->drive.cdb, cdb, n);
	}
	rig_free(r);
}

/* A CBW is allowed only after the CSW: in the middle of data-in it is invalid. */
static void cbw_in_the_middle_of_data_in_is_invalid(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint8_t cbw[CBW_LEN];

	(void)state;
	r->ep->no_resume = true;
	r->drive.again = 1;
	rig_set_intent(r, MMC_DIR_IN, 65536);
	rig_cbw(r, cbw, MMC_DIR_IN, 65536);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	assert_true(bot_busy(r->bot));
	rig_cbw(r, cbw, MMC_DIR_NONE, 0);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	rig_expect_dead(r);
	r->drive.again = 0;
	r->ep->no_resume = false;
	assert_int_equal(bot_host_reset_recovery(&r->host), 0);
	rig_expect_working(r);
	rig_free(r);
}

/* The host reads the CSW and sends the next CBW before BOT learns that the CSW was sent. */
static void cbw_before_the_csw_is_reported_is_held(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint8_t cbw[CBW_LEN], csw[CSW_LEN];
	uint32_t got;

	(void)state;
	r->ep->hold_sent = true;
	rig_set_intent(r, MMC_DIR_NONE, 0);
	assert_int_equal(rig_command(r, MMC_DIR_NONE, 0, NULL), CSW_PASSED);
	assert_true(bot_busy(r->bot));
	rig_cbw(r, cbw, MMC_DIR_NONE, 0);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	assert_int_equal(r->drive.begun, 1);
	r->ep->hold_sent = false;
	mem_ep_deliver_all(r->ep);
	assert_int_equal(r->drive.begun, 2);
	assert_int_equal(mem_host_in(r->ep, csw, sizeof(csw), &got), 0);
	assert_int_equal(got, CSW_LEN);
	assert_int_equal(get_le32(csw + 4), r->host.tag);
	rig_expect_working(r);

	/* An invalid CBW is held as well: the CSW is not cancelled. */
	r->ep->hold_sent = true;
	rig_set_intent(r, MMC_DIR_NONE, 0);
	assert_int_equal(rig_command(r, MMC_DIR_NONE, 0, NULL), CSW_PASSED);
	cbw[0] ^= 1;
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	assert_int_equal(bot_get_stats(r->bot)->invalid_cbws, 0);
	r->ep->hold_sent = false;
	mem_ep_deliver_all(r->ep);
	rig_expect_dead(r);
	rig_free(r);
}

/* Data after a held CBW: the host must have read the CSW, so BOT begins the command. */
static void data_after_a_held_cbw_proves_the_csw_was_read(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint8_t cbw[CBW_LEN];
	uint32_t residue;

	(void)state;
	/* The host cuts this data phase short. The reads left get the next CBW and its data. */
	rig_set_intent(r, MMC_DIR_OUT, 99 * 1024);
	rig_cbw(r, cbw, MMC_DIR_OUT, 99 * 1024);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	fill_pattern(r->data, 0, 100, 0);
	assert_int_equal(mem_host_out(r->ep, r->data, 100, false), 0);
	r->ep->hold_sent = true;
	assert_int_equal(bot_host_csw(&r->host, 99 * 1024, &residue), CSW_FAILED);
	assert_int_equal(residue, 99 * 1024 - 100);
	rig_set_intent(r, MMC_DIR_OUT, 700);
	rig_cbw(r, cbw, MMC_DIR_OUT, 700);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	assert_int_equal(r->drive.begun, 1);
	fill_pattern(r->data, 0, 700, 0);
	assert_int_equal(mem_host_out(r->ep, r->data, 700, false), 0);
	assert_int_equal(r->drive.begun, 2);
	r->ep->hold_sent = false;
	assert_int_equal(bot_host_csw(&r->host, 700, &residue), CSW_PASSED);
	assert_int_equal(residue, 0);
	rig_free(r);
}

/*
 * The data of a held CBW ends with a full packet: no read may be longer than the data, or the data
 * would not complete the read. told: BOT learns that the CSW was sent before the data comes.
 */
static void data_out_of_a_held_cbw_completes_its_reads(void **state)
{
	(void)state;
	for (unsigned told = 0; told < 2; told++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		uint8_t cbw[CBW_LEN];
		uint32_t residue;

		r->ep->hold_sent = true;
		rig_set_intent(r, MMC_DIR_NONE, 0);
		assert_int_equal(rig_command(r, MMC_DIR_NONE, 0, NULL), CSW_PASSED);
		rig_set_intent(r, MMC_DIR_OUT, 512);
		rig_cbw(r, cbw, MMC_DIR_OUT, 512);
		assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
		assert_int_equal(r->drive.begun, 1);
		r->ep->hold_sent = !told;
		mem_ep_deliver_all(r->ep);
		fill_pattern(r->data, 0, 512, 0);
		assert_int_equal(mem_host_out(r->ep, r->data, 512, false), 0);
		r->ep->hold_sent = false;
		assert_int_equal(bot_host_csw(&r->host, 512, &residue), CSW_PASSED);
		assert_int_equal(residue, 0);
		rig_expect_working(r);
		rig_free(r);
	}
}

/*
 * A read with data of a held CBW is lost: the command ends as if the read had been lost after its
 * begin, and the engine gets nothing of the data behind the gap.
 */
static void lost_data_of_a_held_cbw_leaves_no_gap(void **state)
{
	static const int lost[] = {-EPIPE, -EINPROGRESS, -ECONNRESET, -EIO};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lost); i++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		const struct mem_ep_fault f = {MEM_EP_RECEIVED, 0, 1, lost[i]};
		uint8_t cbw[CBW_LEN];

		r->ep->hold_sent = true;
		rig_set_intent(r, MMC_DIR_NONE, 0);
		assert_int_equal(rig_command(r, MMC_DIR_NONE, 0, NULL), CSW_PASSED);
		mem_ep_fault(r->ep, &f);
		rig_set_intent(r, MMC_DIR_OUT, 65536);
		rig_cbw(r, cbw, MMC_DIR_OUT, 65536);
		assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
		assert_int_equal(r->drive.begun, 1);
		fill_pattern(r->data, 0, 65536, 0);
		assert_int_equal(mem_host_out(r->ep, r->data, 65536, false), 0);
		assert_int_equal(r->drive.begun, 2);
		assert_int_equal(r->drive.pushes, 0);
		r->ep->hold_sent = false;
		mem_ep_fault(r->ep, NULL);
		assert_int_equal(bot_host_reset_recovery(&r->host), 0);
		rig_use_up_reads(r);
		rig_expect_working(r);
		rig_free(r);
	}
}

/*
 * A reset ends a data phase of which BOT knows the CBW alone: it held that, as it did not know that
 * the CSW before was sent, and it learns of a whole read of data after the reset. What is left of
 * that data phase is skipped, as if the command had begun. told: it has begun.
 */
static void late_data_of_a_held_cbw_is_skipped_after_a_reset(void **state)
{
	(void)state;
	for (unsigned told = 0; told < 2; told++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		uint8_t cbw[CBW_LEN];

		r->ep->hold_sent = true;
		rig_set_intent(r, MMC_DIR_NONE, 0);
		assert_int_equal(rig_command(r, MMC_DIR_NONE, 0, NULL), CSW_PASSED);
		rig_set_intent(r, MMC_DIR_OUT, 65536);
		rig_cbw(r, cbw, MMC_DIR_OUT, 65536);
		assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
		r->ep->hold_sent = !told;
		mem_ep_deliver_all(r->ep);
		assert_int_equal(r->drive.begun, told ? 2 : 1);
		r->ep->blocked = true;
		fill_pattern(r->data, 0, 32768, 0);
		assert_int_equal(mem_host_out(r->ep, r->data, 32768, false), 0);
		bot_class_reset(r->bot);
		mem_ep_deliver_all(r->ep);
		assert_int_equal(r->ep->resets_done, 1);
		r->ep->blocked = false;
		mem_ep_deliver_all(r->ep);
		mem_host_clear_halt_in(r->ep);
		mem_host_clear_halt_out(r->ep);
		assert_int_equal(bot_get_stats(r->bot)->invalid_cbws, 0);
		rig_use_up_reads(r);
		rig_expect_working(r);
		rig_free(r);
	}
}

static void statistics_count_commands_bytes_and_resets(void **state)
{
	const struct bot_config config = {.max_lun = 0};
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	const struct bot_stats *s = bot_get_stats(r->bot);
	struct bot *off = bot_new(&config, &mem_ep_ops, r->ep, &r->drive);

	(void)state;
	assert_int_equal(bot_max_lun(r->bot), 0);
	rig_set_intent(r, MMC_DIR_IN, 100);
	rig_command(r, MMC_DIR_IN, 100, NULL);
	r->drive.check = true;
	rig_command(r, MMC_DIR_IN, 100, NULL);
	rig_set_intent(r, MMC_DIR_OUT, 300);
	rig_command(r, MMC_DIR_OUT, 300, NULL);
	rig_command(r, MMC_DIR_OUT, 200, NULL); /* case 13, and the host's bus reset */
	assert_int_equal(s->commands, 4);
	assert_int_equal(s->failed, 1);
	assert_int_equal(s->phase_errors, 1);
	assert_int_equal(s->invalid_cbws, 0);
	assert_int_equal(s->bytes_in, 200);
	assert_int_equal(s->bytes_out, 500);
	assert_int_equal(s->bus_resets, 2);
	assert_int_equal(s->errors, 0);
	/* Before the first bot_enabled() nothing happens, but a reset is acknowledged. */
	bot_tick(off);
	bot_resume(off);
	bot_sent(off, 13);
	assert_true(bot_received(off, r->data, 31));
	bot_class_reset(off);
	assert_int_equal(r->ep->resets_done, 1);
	assert_false(bot_busy(off));
	bot_free(off);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cbw_with_a_bad_signature_is_invalid),
		cmocka_unit_test(cbw_of_a_wrong_size_is_invalid),
		cmocka_unit_test(cbw_for_a_missing_lun_is_invalid),
		cmocka_unit_test(cbw_with_a_bad_cdb_length_is_invalid),
		cmocka_unit_test(cbw_with_reserved_flags_is_invalid),
		cmocka_unit_test(cbw_with_any_cdb_length_reaches_the_engine),
		cmocka_unit_test(cbw_in_the_middle_of_data_in_is_invalid),
		cmocka_unit_test(cbw_before_the_csw_is_reported_is_held),
		cmocka_unit_test(data_after_a_held_cbw_proves_the_csw_was_read),
		cmocka_unit_test(data_out_of_a_held_cbw_completes_its_reads),
		cmocka_unit_test(lost_data_of_a_held_cbw_leaves_no_gap),
		cmocka_unit_test(late_data_of_a_held_cbw_is_skipped_after_a_reset),
		cmocka_unit_test(statistics_count_commands_bytes_and_resets),
	};

	return cmocka_run_group_tests_name("bot", tests, NULL, NULL);
}
