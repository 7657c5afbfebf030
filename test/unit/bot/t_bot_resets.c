// SPDX-License-Identifier: GPL-2.0-or-later
/* Resets, unplugging and an engine that waits, at every step of every command. */
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
				rig_agree(r);
			}
			assert_true(stage >= 2);
		}
		rig_free(r);
	}
}

static void t9_class_reset_at_every_stage(void **state)
{
	(void)state;
	reset_at_every_stage(CLASS_RESET);
}

static void t2_bus_reset_at_every_stage(void **state)
{
	(void)state;
	reset_at_every_stage(BUS_RESET);
}

/*
 * Reads that were posted for the old session are in the new one, in front of its own: a
 * port reset under a program that the scheduler holds up.
 */
static void reads_outlive_a_bus_reset(void **state)
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
				rig_agree(r);
			}
		}
		rig_free(r);
	}
	assert_true(tried > 100);
}

static void unplugged_at_every_stage(void **state)
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

/* The engine waits for its medium when the reset comes: at the first, second ... wait. */
static void reset_while_the_engine_waits(void **state)
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
				rig_agree(r);
			}
		}
		rig_free(r);
	}
}

/* Every pull, push and end says AGAIN a few times; nothing but time is lost. */
static void again_at_every_step(void **state)
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
		rig_agree(r);
		rig_free(r);
	}
}

/* AGAIN means: not before bot_resume(), whatever else happens. */
static void the_engine_is_left_alone_until_resume(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	const uint8_t cdb[10] = {0x77, 0};
	uint8_t cbw[CBW_LEN];

	(void)state;
	r->ep->no_resume = true;
	r->drive.again = 1;
	rig_want(r, MMC_DIR_IN, 131072);
	bot_host_cbw(&r->host, cbw, cdb, sizeof(cdb), MMC_DIR_IN, 131072);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	assert_int_equal(r->drive.pulls, 1);
	bot_tick(r->bot);
	assert_int_equal(r->drive.pulls, 1);
	mem_ep_resume(r->ep);
	assert_int_equal(r->drive.pulls, 3); /* one more piece, then AGAIN again */
	bot_tick(r->bot);
	assert_int_equal(r->drive.pulls, 3);
	rig_free(r);
}

/* Another program goes on with the endpoints. True: there was a command. */
static bool reborn(struct rig *r, bool doubt)
{
	const struct bot_config config = {.stall = BOT_STALL_NEVER};
	bool in_flight = doubt || !bot_at_rest(r->bot);

	bot_free(r->bot);
	r->drive.busy = false;
	r->bot = bot_new(&config, &mem_ep_ops, r->ep, &r->drive);
	assert_non_null(r->bot);
	mem_ep_take_over(r->ep, r->bot, in_flight);
	return in_flight;
}

/* Nothing was under way: the host's next command is the next one. */
static void taken_over_idle(void **state)
{
	static const uint16_t speeds[] = {64, 512, 1024};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(speeds); i++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, speeds[i]);
		uint64_t bus_resets = r->drive.bus_resets;

		rig_agree(r);
		assert_true(bot_at_rest(r->bot));
		assert_false(reborn(r, false));
		rig_agree(r);
		assert_int_equal(r->drive.bus_resets, bus_resets);
		assert_int_equal(r->drive.transport_resets, 0);
		assert_int_equal(r->ep->halts, 0);
		assert_int_equal(r->host.stalls, 0);
		rig_free(r);
	}
}

/* Dead at every packet: either the next command works at once, or the host meets a halt. */
static void taken_over_at_every_stage(void **state)
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
				if (reborn(r, false)) {
					in_flight++;
					assert_false(bot_at_rest(r->bot));
					rig_expect_dead(r);
					bus_resets = r->drive.bus_resets;
					reset_by(r, kind ? BUS_RESET : CLASS_RESET);
					/* The drive has not been reset, only the transport. */
					assert_int_equal(r->drive.bus_resets, bus_resets);
				} else {
					assert_true(ended || stage == 0);
				}
				rig_agree(r);
			}
		}
		assert_true(in_flight > 50);
		rig_free(r);
	}
}

/*
 * Dead again while the host carries out the reset that the first death asked for. The
 * third program sees a reset like any other, and must know that it is none to the drive.
 */
static void taken_over_in_mid_reset(void **state)
{
	const struct bot_config config = {.stall = BOT_STALL_NEVER};
	bool gone;

	(void)state;
	for (unsigned seen = 0; seen < 2; seen++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		uint64_t bus_resets = r->drive.bus_resets;

		assert_true(reborn(r, true));
		mem_host_unplug(r->ep, true);
		/* Nobody is there, and still something is due. */
		gone = bot_at_rest(r->bot);
		assert_false(gone);
		bot_free(r->bot);
		r->bot = bot_new(&config, &mem_ep_ops, r->ep, &r->drive);
		assert_non_null(r->bot);
		r->ep->bot = r->bot;
		bot_taken_over(r->bot, 0, !gone);
		if (seen) /* it hears of the beginning of the reset, too */
			bot_disabled(r->bot);
		assert_false(bot_at_rest(r->bot));
		mem_host_bus_reset(r->ep, 512);
		assert_true(bot_at_rest(r->bot));
		rig_agree(r);
		assert_int_equal(r->drive.bus_resets, bus_resets);
		mem_host_bus_reset(r->ep, 512); /* this one is the host's own */
		rig_agree(r);
		assert_int_equal(r->drive.bus_resets, bus_resets + 1);
		rig_free(r);
	}
}

/* A command that was not there after all: the next one is lost, one reset mends it. */
static void taken_over_in_doubt(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);

	(void)state;
	assert_true(reborn(r, true));
	rig_want(r, MMC_DIR_IN, 36);
	assert_int_equal(rig_command(r, MMC_DIR_IN, 36, NULL), -EPIPE);
	assert_int_equal(r->host.resets, 1);
	rig_agree(r);
	assert_int_equal(r->host.resets, 1);
	/* The next one is the host's own. */
	assert_int_equal(r->drive.bus_resets, 1);
	reset_by(r, BUS_RESET);
	assert_int_equal(r->drive.bus_resets, 2);
	rig_free(r);
}

/* And the next program dies too, before the host did anything. */
static void taken_over_twice(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint8_t cbw[CBW_LEN];

	(void)state;
	rig_want(r, MMC_DIR_IN, 4096);
	rig_cbw(r, cbw, MMC_DIR_IN, 4096);
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	assert_true(reborn(r, false));
	assert_true(reborn(r, false));
	rig_expect_dead(r);
	reset_by(r, BUS_RESET);
	rig_agree(r);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t9_class_reset_at_every_stage),
		cmocka_unit_test(t2_bus_reset_at_every_stage),
		cmocka_unit_test(reads_outlive_a_bus_reset),
		cmocka_unit_test(unplugged_at_every_stage),
		cmocka_unit_test(reset_while_the_engine_waits),
		cmocka_unit_test(again_at_every_step),
		cmocka_unit_test(the_engine_is_left_alone_until_resume),
		cmocka_unit_test(taken_over_idle),
		cmocka_unit_test(taken_over_at_every_stage),
		cmocka_unit_test(taken_over_in_mid_reset),
		cmocka_unit_test(taken_over_in_doubt),
		cmocka_unit_test(taken_over_twice),
	};

	return cmocka_run_group_tests_name("bot_resets", tests, NULL, NULL);
}
