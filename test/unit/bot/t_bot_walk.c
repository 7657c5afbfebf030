// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A long random walk over hosts, engines, controllers, faults and resets, from a fixed seed.
 *
 * WALK=N: number of commands (160000; under valgrind, WRAP, 4000).
 */
#include <stdio.h>

#include "unit/bot/bot_play.h"

static uint64_t seed;

static uint32_t rnd(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)((seed >> 11) % below);
}

static uint32_t random_length(void)
{
	static const uint32_t round[] = {0, 64, 512, 1024, 2048, 4096, 32768, 65536};

	switch (rnd(4)) {
	case 0:
		return round[rnd(ARRAY_LEN(round))];
	case 1:
		return 1 + rnd(100);
	case 2:
		return 1 + rnd(4096);
	default:
		return rnd(32) ? 2048 * (1 + rnd(4)) : rnd(RIG_DATA);
	}
}

static struct shape random_shape(void)
{
	struct shape s = {.host = (enum mmc_dir)(1 + rnd(2)),
		.h = random_length(),
		.device = (enum mmc_dir)(1 + rnd(2)),
		.check = rnd(4) == 0};

	/* Mostly, host and engine agree on direction and length. */
	s.d = rnd(3) ? s.h : random_length();
	if (rnd(3))
		s.device = s.host;
	return s;
}

static void random_bytes(struct rig *r)
{
	uint32_t n = rnd(1200), i;

	for (i = 0; i < n; i++)
		r->data[i] = (uint8_t)rnd(256);
	mem_host_out(r->ep, r->data, n, rnd(2));
}

static void random_bus_reset(struct rig *r)
{
	static const uint16_t speeds[] = {64, 512, 1024};
	uint16_t speed = speeds[rnd(3)];

	/* Reads have whole packets: those that survive a reset need the same speed after it. */
	if (speed == r->ep->max_packet && rnd(4) == 0)
		r->ep->survivors = rnd(4);
	mem_host_bus_reset(r->ep, speed);
}

static void random_trouble(struct rig *r, struct mem_ep_fault *f)
{
	struct shape s = random_shape();

	memset(f, 0, sizeof(*f));
	r->ep->cancel = (enum mem_ep_cancel)(rnd(4) ? 0 : rnd(3));
	switch (rnd(6)) {
	case 0:
		random_bytes(r);
		break;
	case 1:
		play(r, &s, rnd(200));
		break;
	case 2:
		mem_host_unplug(r->ep, rnd(2));
		break;
	case 3:
		*f = (struct mem_ep_fault){(enum mem_ep_op)rnd(MEM_EP_OPS), rnd(20), 1 + rnd(3),
			codes[rnd(ARRAY_LEN(codes))]};
		mem_ep_fault(r->ep, f);
		want(r, &s);
		rig_command(r, s.host, s.h, NULL);
		mem_ep_fault(r->ep, NULL);
		break;
	default:
		break;
	}
	/* After a CBW in the middle of a read one more Bulk-Only Reset is needed: t_bot_matrix. */
	if (r->ep->enabled && f->error != -ESHUTDOWN && (f->op != MEM_EP_MERGE || !f->times) &&
		rnd(2))
		assert_int_equal(bot_host_reset_recovery(&r->host), 0);
	else
		random_bus_reset(r);
}

static void random_command(struct rig *r)
{
	struct shape s = random_shape();
	bool leftovers = r->ep->out.count > 1;
	uint32_t residue;
	int status;

	r->drive.again = rnd(4) ? 0 : rnd(3);
	/* Smaller pieces would return MMC_AGAIN more often than the simulated host waits. */
	r->drive.piece = rnd(4) ? BOT_CHUNK : 16 + rnd(BOT_CHUNK - 16);
	r->ep->lazy = rnd(2);
	want(r, &s);
	status = rig_command(r, s.host, s.h, &residue);
	if (status == CSW_PHASE_ERROR && leftovers && s.host == MMC_DIR_OUT)
		return; /* data_that_ends_inside_a_leftover_read_is_a_phase_error */
	expect_result(r, &s, status, residue);
}

/* The observer must get exactly the events that the statistics count. */
struct observed {
	uint64_t began, ended, bus_resets, class_resets, status[256];
	bool open;
};

static void observe_began(void *ctx)
{
	struct observed *h = ctx;

	assert_false(h->open);
	h->open = true;
	h->began++;
}

static void observe_ended(void *ctx, const struct bot_command *c)
{
	struct observed *h = ctx;

	assert_true(h->open);
	assert_true(c->moved <= c->announced && (c->announced || c->dir == MMC_DIR_NONE));
	h->open = false;
	h->ended++;
	h->status[c->csw]++;
}

static void observe_reset(void *ctx, bool bus)
{
	struct observed *h = ctx;

	h->bus_resets += bus;
	h->class_resets += !bus;
}

static const struct bot_observer observer = {observe_began, observe_ended, observe_reset};

static void check_observed(const struct observed *h, const struct bot_stats *stats)
{
	assert_true(h->began == stats->commands && h->ended + h->open == h->began);
	assert_true(h->status[CSW_FAILED] == stats->failed);
	assert_true(h->status[CSW_PHASE_ERROR] == stats->phase_errors);
	assert_true(h->bus_resets == stats->bus_resets);
	/* A class reset without a session is counted alone. */
	assert_true(h->class_resets > 0 && h->class_resets <= stats->resets);
}

struct tally {
	uint64_t commands, troubles, resets, passed, without_status;
};

static void walk(enum bot_stall stall, const struct mem_ep_controller *c, uint32_t commands,
	struct tally *tally)
{
	struct rig *r = rig_new(stall, 512);
	const struct bot_stats *stats = bot_get_stats(r->bot);
	struct observed observed = {.bus_resets = stats->bus_resets};
	struct mem_ep_fault f;
	uint64_t troubles = 0;

	bot_observe(r->bot, &observer, &observed);
	mem_ep_imitate(r->ep, c);
	while (stats->commands < commands) {
		r->host.recovery = rnd(2) ? BOT_HOST_CLASS_RESET : BOT_HOST_BUS_RESET;
		if (rnd(32)) {
			random_command(r);
		} else {
			random_trouble(r, &f);
			troubles++;
		}
	}
	r->ep->lazy = false;
	r->drive.piece = BOT_CHUNK;
	rig_use_up_reads(r);
	rig_expect_working(r);
	assert_true(troubles > commands / 100);
	check_observed(&observed, stats);
	tally->commands += stats->commands;
	tally->troubles += troubles;
	tally->passed += observed.status[CSW_PASSED];
	tally->without_status += observed.status[BOT_NO_CSW];
	tally->resets += stats->resets + stats->bus_resets;
	rig_free(r);
}

static uint32_t commands_wanted(void)
{
	const char *env = getenv("WALK");

	return env && atoi(env) > 0 ? (uint32_t)atoi(env) : is_shortened() ? 4000 : 160000;
}

static void random_commands_and_faults_get_right_results(void **state)
{
	const uint32_t each =
		(commands_wanted() + 2 * MEM_EP_CONTROLLERS - 1) / (2 * MEM_EP_CONTROLLERS);
	struct tally tally = {0};
	size_t c;

	(void)state;
	seed = 0x9E3779B97F4A7C15u;
	for (c = 0; c < MEM_EP_CONTROLLERS; c++) {
		walk(BOT_STALL_NEVER, &mem_ep_controllers[c], each, &tally);
		walk(BOT_STALL_SHORT, &mem_ep_controllers[c], each, &tally);
	}
	assert_true(tally.passed > 0);
	/* Rare: a short walk may have none. */
	assert_true(tally.without_status > 0 || tally.commands < 100000);
	printf("# %llu commands, %llu troubles, %llu resets, and both sides agree\n",
		(unsigned long long)tally.commands, (unsigned long long)tally.troubles,
		(unsigned long long)tally.resets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_commands_and_faults_get_right_results),
	};

	return cmocka_run_group_tests_name("bot_walk", tests, NULL, NULL);
}
