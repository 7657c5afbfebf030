// SPDX-License-Identifier: GPL-2.0-or-later
/* Resets, unplugging, take-overs and a medium that is not ready, at every step of a command. */
#include "unit/bot/bot_play.h"

enum reset_kind { CLASS_RESET, BUS_RESET, UNPLUG, UNPLUG_UNTOLD, RESET_KINDS };

static void reset_by(struct rig *r, enum reset_kind kind)
{
	if (kind == CLASS_RESET) {
		assert_int_equal(bot_host_reset_recovery(&r->host), 0);
		rig_use_up_reads(r);
		return;
	}
	if (kind != BUS_RESET) {
		mem_host_unplug(r->ep, kind == UNPLUG);
		assert_false(bot_busy(r->bot));
		assert_false(r->drive.busy);
		assert_int_equal(r->ep->tick_at, 0);
	}
	mem_host_bus_reset(r->ep, 512);
}

static void reset_at_every_stage(enum reset_kind kind)
{
	unsigned mode, stage;
	size_t i;

	for (mode = 0; mode < 4; mode++) {
		struct rig *r = rig_new(mode & 2 ? BOT_STALL_SHORT : BOT_STALL_NEVER, 512);

		setup_mode(r, mode);
		for (i = 0; i < ARRAY_LEN(shapes); i++) {
			bool ended = false;

			for (stage = 0; !ended; stage++) {
				ended = play(r, &shapes[i], stage);
				reset_by(r, kind);
				rig_expect_working(r);
			}
			assert_true(stage >= 2);
		}
		rig_free(r);
	}
}

static void class_reset_at_every_stage_recovers(void **state)
{
	(void)state;
	reset_at_every_stage(CLASS_RESET);
}

static void bus_reset_at_every_stage_recovers(void **state)
{
	(void)state;
	reset_at_every_stage(BUS_RESET);
}

/*
 * Reads that were posted for the old session belong to the new one and precede its own: a
 * port reset while the scheduler delays the daemon.
 */
static void reads_posted_before_a_bus_reset_belong_to_the_new_session(void **state)
{
	unsigned stage, left, tried = 0;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(shapes); i++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		bool ended = false;

		for (stage = 0; !ended; stage++) {
			for (left = 0; left <= 4; left++) {
				ended = play(r, &shapes[i], stage);
				if (left > r->ep->out.count)
					continue;
				tried += left > 0;
				r->ep->survivors = left;
				mem_host_bus_reset(r->ep, 512);
				assert_int_equal(r->ep->out.count, left + 1);
				rig_use_up_reads(r);
				rig_expect_working(r);
			}
		}
		rig_free(r);
	}
	assert_true(tried > 100);
}

static void unplugging_at_every_stage_recovers(void **state)
{
	(void)state;
	reset_at_every_stage(UNPLUG);
	reset_at_every_stage(UNPLUG_UNTOLD);
}

static void spend_resume(struct mem_ep *ep, void *ctx)
{
	unsigned *budget = ctx;

	for (; *budget; --*budget) {
		uint64_t before = ep->activity;

		mem_ep_resume(ep);
		if (ep->activity != before) {
			--*budget;
			return;
		}
	}
}

/* The reset comes while the engine waits for its medium: at the first wait, the second ... */
static void reset_while_the_engine_waits_recovers(void **state)
{
	unsigned waits, budget;
	int kind;
	size_t i;

	(void)state;
	for (kind = 0; kind < RESET_KINDS; kind++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);

		r->ep->idle = spend_resume;
		r->ep->ctx = &budget;
		r->ep->no_resume = true;
		for (i = 0; i < ARRAY_LEN(shapes); i++) {
			bool ended = false;

			for (waits = 0; !ended; waits++) {
				r->drive.again = 1;
				budget = waits;
				ended = play(r, &shapes[i], UINT32_MAX);
				r->drive.again = 0;
				reset_by(r, (enum reset_kind)kind);
				rig_expect_working(r);
			}
		}
		rig_free(r);
	}
}

/* Every pull, push and end returns MMC_AGAIN a few times; that costs nothing but time. */
static void medium_not_ready_at_every_step_only_costs_time(void **state)
{
	unsigned again;
	size_t i;

	(void)state;
	for (again = 1; again <= 3; again++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);

		r->drive.again = again;
		r->host.recovery = BOT_HOST_CLASS_RESET;
		for (i = 0; i < ARRAY_LEN(shapes); i++) {
			uint32_t residue;
			int status;

			want(r, &shapes[i]);
			status = rig_command(r, shapes[i].host, shapes[i].h, &residue);
			expect_result(r, &shapes[i], status, residue);
		}
		rig_expect_working(r);
		rig_free(r);
	}
}

/* After MMC_AGAIN the engine is not called before bot_resume(), whatever else happens. */
static void engine_is_not_called_before_resume(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	const uint8_t cdb[10] = {0x77, 0};
	uint8_t cbw[CBW_LEN];

	(void)state;
	r->ep->no_resume = true;
	r->drive.again = 1;
	rig_set_intent(r, MMC_DIR_IN, 131072);
	bot_host_cbw(&r->host, cbw, cdb, sizeof(cdb), MMC_DIR_IN, 131072);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	assert_int_equal(r->drive.pulls, 1);
	bot_tick(r->bot);
	assert_int_equal(r->drive.pulls, 1);
	mem_ep_resume(r->ep);
	assert_int_equal(r->drive.pulls, 3); /* one more piece, then MMC_AGAIN again */
	bot_tick(r->bot);
	assert_int_equal(r->drive.pulls, 3);
	rig_free(r);
}

/* A new BOT takes over the endpoints. True: a command was in flight. */
static bool take_over(struct rig *r, bool uncertain)
{
	const struct bot_config config = {.stall = BOT_STALL_NEVER};
	bool in_flight = uncertain || !bot_at_rest(r->bot);

	bot_free(r->bot);
	r->drive.busy = false;
	r->bot = bot_new(&config, &mem_ep_ops, r->ep, &r->drive);
	assert_non_null(r->bot);
	mem_ep_take_over(r->ep, r->bot, in_flight);
	return in_flight;
}

/* No command was in flight: the host's next command works. */
static void take_over_when_idle_needs_no_reset(void **state)
{
	static const uint16_t speeds[] = {64, 512, 1024};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(speeds); i++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, speeds[i]);
		uint64_t bus_resets = r->drive.bus_resets;

		rig_expect_working(r);
		assert_true(bot_at_rest(r->bot));
		assert_false(take_over(r, false));
		rig_expect_working(r);
		assert_int_equal(r->drive.bus_resets, bus_resets);
		assert_int_equal(r->drive.transport_resets, 0);
		assert_int_equal(r->ep->halts, 0);
		assert_int_equal(r->host.stalls, 0);
		rig_free(r);
	}
}

/* The daemon dies at every packet: the next command works, or the host meets a halt. */
static void take_over_at_every_stage_recovers(void **state)
{
	unsigned kind, stage, in_flight = 0;
	uint64_t bus_resets;
	size_t i;

	(void)state;
	for (kind = 0; kind < 2; kind++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);

		for (i = 0; i < ARRAY_LEN(shapes); i++) {
			bool ended = false;

			for (stage = 0; !ended; stage++) {
				ended = play(r, &shapes[i], stage);
				if (take_over(r, false)) {
					in_flight++;
					assert_false(bot_at_rest(r->bot));
					rig_expect_dead(r);
					bus_resets = r->drive.bus_resets;
					reset_by(r, kind ? BUS_RESET : CLASS_RESET);
					/* Only the transport was reset, not the drive. */
					assert_int_equal(r->drive.bus_resets, bus_resets);
				} else {
					assert_true(ended || stage == 0);
				}
				rig_expect_working(r);
			}
		}
		assert_true(in_flight > 50);
		rig_free(r);
	}
}

/*
 * The second daemon dies too, while the host makes the reset that the first take-over
 * required. The third daemon sees an ordinary reset, and must hide it from the drive.
 */
static void take_over_during_a_reset_hides_it_from_the_drive(void **state)
{
	const struct bot_config config = {.stall = BOT_STALL_NEVER};
	bool gone;

	(void)state;
	for (unsigned seen = 0; seen < 2; seen++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		uint64_t bus_resets = r->drive.bus_resets;

		assert_true(take_over(r, true));
		mem_host_unplug(r->ep, true);
		/* The endpoints are gone, but the reset is still expected. */
		gone = bot_at_rest(r->bot);
		assert_false(gone);
		bot_free(r->bot);
		r->bot = bot_new(&config, &mem_ep_ops, r->ep, &r->drive);
		assert_non_null(r->bot);
		r->ep->bot = r->bot;
		bot_taken_over(r->bot, 0, !gone);
		if (seen) /* it also sees the beginning of the reset */
			bot_disabled(r->bot);
		assert_false(bot_at_rest(r->bot));
		mem_host_bus_reset(r->ep, 512);
		assert_true(bot_at_rest(r->bot));
		rig_expect_working(r);
		assert_int_equal(r->drive.bus_resets, bus_resets);
		mem_host_bus_reset(r->ep, 512); /* a reset by the host's own decision */
		rig_expect_working(r);
		assert_int_equal(r->drive.bus_resets, bus_resets + 1);
		rig_free(r);
	}
}

/* No command was in flight after all: the next one fails, one reset recovers. */
static void take_over_with_an_uncertain_command_costs_one_reset(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);

	(void)state;
	assert_true(take_over(r, true));
	rig_set_intent(r, MMC_DIR_IN, 36);
	assert_int_equal(rig_command(r, MMC_DIR_IN, 36, NULL), -EPIPE);
	assert_int_equal(r->host.resets, 1);
	rig_expect_working(r);
	assert_int_equal(r->host.resets, 1);
	/* The next reset is the host's own decision. */
	assert_int_equal(r->drive.bus_resets, 1);
	reset_by(r, BUS_RESET);
	assert_int_equal(r->drive.bus_resets, 2);
	rig_free(r);
}

/* The second daemon dies too, before the host has done anything. */
static void two_take_overs_in_a_row_recover(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint8_t cbw[CBW_LEN];

	(void)state;
	rig_set_intent(r, MMC_DIR_IN, 4096);
	rig_cbw(r, cbw, MMC_DIR_IN, 4096);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	assert_true(take_over(r, false));
	assert_true(take_over(r, false));
	rig_expect_dead(r);
	reset_by(r, BUS_RESET);
	rig_expect_working(r);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(class_reset_at_every_stage_recovers),
		cmocka_unit_test(bus_reset_at_every_stage_recovers),
		cmocka_unit_test(reads_posted_before_a_bus_reset_belong_to_the_new_session),
		cmocka_unit_test(unplugging_at_every_stage_recovers),
		cmocka_unit_test(reset_while_the_engine_waits_recovers),
		cmocka_unit_test(medium_not_ready_at_every_step_only_costs_time),
		cmocka_unit_test(engine_is_not_called_before_resume),
		cmocka_unit_test(take_over_when_idle_needs_no_reset),
		cmocka_unit_test(take_over_at_every_stage_recovers),
		cmocka_unit_test(take_over_during_a_reset_hides_it_from_the_drive),
		cmocka_unit_test(take_over_with_an_uncertain_command_costs_one_reset),
		cmocka_unit_test(two_take_overs_in_a_row_recover),
	};

	return cmocka_run_group_tests_name("bot_resets", tests, NULL, NULL);
}
