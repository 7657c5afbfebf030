// SPDX-License-Identifier: GPL-2.0-or-later
/* What goes wrong under BOT: resets, errors and AGAIN at every step; and a random walk. */
#include <errno.h>
#include <stdio.h>

#include "unit/bot_expect.h"
#include "unit/fake_engine.h"

struct shape {
	enum mmc_dir host;
	uint32_t h;
	enum mmc_dir device;
	uint32_t d;
	bool check;
};

static const struct shape shapes[] = {
	{ MMC_DIR_NONE, 0, MMC_DIR_NONE, 0, false },
	{ MMC_DIR_NONE, 0, MMC_DIR_IN, 512, false },
	{ MMC_DIR_IN, 255, MMC_DIR_NONE, 0, true },
	{ MMC_DIR_IN, 36, MMC_DIR_IN, 36, false },
	{ MMC_DIR_IN, 4096, MMC_DIR_IN, 1024, false },
	{ MMC_DIR_IN, 66048, MMC_DIR_IN, 66048, false },
	{ MMC_DIR_IN, 2048, MMC_DIR_IN, 4096, false },
	{ MMC_DIR_IN, 512, MMC_DIR_OUT, 512, false },
	{ MMC_DIR_OUT, 2048, MMC_DIR_NONE, 0, true },
	{ MMC_DIR_OUT, 512, MMC_DIR_IN, 512, false },
	{ MMC_DIR_OUT, 30, MMC_DIR_OUT, 30, false },
	{ MMC_DIR_OUT, 2048, MMC_DIR_OUT, 2048, false },
	{ MMC_DIR_OUT, 66048, MMC_DIR_OUT, 66048, true },
	{ MMC_DIR_OUT, 70000, MMC_DIR_OUT, 3000, false },
	{ MMC_DIR_OUT, 2048, MMC_DIR_OUT, 4096, false },
};

static void want(struct rig *r, const struct shape *s)
{
	rig_want(r, s->device, s->d);
	r->drive.check = s->check;
	r->drive.at = 0;
}

/* Reads left over from a data phase that was cut short: one CBW each. */
static void use_up_reads(struct rig *r)
{
	unsigned i;

	rig_want(r, MMC_DIR_NONE, 0);
	for (i = 0; i < BOT_WINDOW; i++)
		assert_int_equal(rig_command(r, MMC_DIR_NONE, 0, NULL), CSW_PASSED);
}

static void expect_result(struct rig *r, const struct shape *s, int status, uint32_t residue)
{
	struct expectation e = expect(number_of(s->host, s->h, s->device, s->d), s->h, s->d, s->check);

	assert_int_equal(status, e.status);
	assert_int_equal(residue, e.residue);
	if (e.in) {
		assert_int_equal(r->host.got, e.in);
		rig_check_data(r, e.in);
	}
	if (s->device == MMC_DIR_OUT)
		assert_int_equal(r->drive.at, e.pushed);
}

/* ---- a reset after every packet ---- */

/* Moves up to *left packets of the data phase. False: stuck, or out of packets. */
static bool play_data(struct rig *r, const struct shape *s, unsigned *left)
{
	uint32_t at, n, got;
	int err;

	for (at = 0; at < s->h; at += n) {
		if (!(*left)--)
			return false;
		n = MIN(r->ep->max_packet, s->h - at);
		if (s->host == MMC_DIR_OUT) {
			if (mem_host_out(r->ep, r->data + at, n, false))
				return false;
			continue;
		}
		err = mem_host_in(r->ep, r->data + at, n, &got);
		if (err == -EPIPE) {
			mem_host_clear_halt_in(r->ep);
			return true;
		}
		if (err)
			return false;
		if (got < n || got < r->ep->max_packet)
			return true;
	}
	return true;
}

/* True: the command was played to its end before `stage` packets had moved. */
static bool play(struct rig *r, const struct shape *s, unsigned stage)
{
	const uint8_t cdb[10] = { 0x77, 0 };
	uint8_t cbw[CBW_LEN];
	uint32_t residue;

	want(r, s);
	bot_host_cbw(&r->host, cbw, cdb, sizeof(cdb), s->host, s->h);
	fill_pattern(r->data, 0, s->h, 0);
	if (!stage--)
		return false;
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	if (!play_data(r, s, &stage) || !stage)
		return false;
	return bot_host_csw(&r->host, s->h, &residue) >= 0;
}

enum reset_kind { CLASS_RESET, BUS_RESET, UNPLUG, UNPLUG_UNTOLD, RESET_KINDS };

static void reset_by(struct rig *r, enum reset_kind kind)
{
	switch (kind) {
	case CLASS_RESET:
		assert_int_equal(bot_host_reset_recovery(&r->host), 0);
		use_up_reads(r);
		return;
	case UNPLUG:
	case UNPLUG_UNTOLD:
		mem_host_unplug(r->ep, kind == UNPLUG);
		assert_false(bot_busy(r->bot));
		assert_false(r->drive.busy);
		assert_int_equal(r->ep->tick_at, 0);
		/* fall through */
	default:
		mem_host_bus_reset(r->ep, 512);
	}
}

static void setup_mode(struct rig *r, unsigned mode)
{
	r->ep->clear = (enum mem_ep_clear)(mode % 3);
	r->ep->lazy = mode & 1;
	r->ep->fifo64 = mode == 2;
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
	const uint8_t cdb[10] = { 0x77, 0 };
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

/* ---- T3, T4, T20: errors at every step ---- */

static const int codes[] = { -EAGAIN, -EINPROGRESS, -EPIPE, -ECONNRESET, -ENOMEM, -EFAULT,
	-ESHUTDOWN, -EIO, -EOVERFLOW, -EPROTO, -EINVAL };

/* These pass by themselves when nothing of the data was lost. */
static bool harmless(const struct mem_ep_fault *f, const struct shape *s)
{
	bool passing = f->error == -EAGAIN || f->error == -ENOMEM;

	switch (f->op) {
	case MEM_EP_SEND:
	case MEM_EP_RECV:
		return passing;
	case MEM_EP_RECEIVED:
		/* A lost short read leaves the longer one behind it: see t5. */
		return passing && (s->host != MMC_DIR_OUT || s->h != 512);
	case MEM_EP_HALT:
		return f->error != -ESHUTDOWN;
	default:
		return false;
	}
}

static void command_with_fault(struct rig *r, const struct shape *s, const struct mem_ep_fault *f)
{
	struct expectation e = expect(number_of(s->host, s->h, s->device, s->d), s->h, s->d, s->check);
	uint32_t residue;
	int status;

	mem_ep_fault(r->ep, f);
	want(r, s);
	status = rig_command(r, s->host, s->h, &residue);
	if (harmless(f, s)) {
		expect_result(r, s, status, residue);
	} else if (status == CSW_PASSED || (status == CSW_FAILED && e.status == CSW_FAILED)) {
		/* Whoever says so must have done it. */
		assert_int_equal(status, e.status);
		assert_int_equal(residue, e.residue);
		if (e.in)
			rig_check_data(r, e.in);
	} else if (status == -EPROTO) {
		assert_string_not_equal(r->host.error, "a CSW where data was due");
		assert_string_not_equal(r->host.error, "residue is not what was missing");
	} else {
		assert_int_not_equal(status, CSW_FAILED);
	}
}

static void recover(struct rig *r, const struct mem_ep_fault *f)
{
	mem_ep_fault(r->ep, NULL);
	if (f->error == -ESHUTDOWN)
		mem_host_bus_reset(r->ep, 512);
	else if (r->host.recovery == BOT_HOST_CLASS_RESET)
		assert_int_equal(bot_host_reset_recovery(&r->host), 0);
	mem_ep_pass(r->ep, 200);
	use_up_reads(r);
	rig_agree(r);
}

static void fault_everywhere(enum mem_ep_op op)
{
	static const uint64_t times[] = { 1, 3, 60 };
	size_t c, i, t;
	unsigned mode;

	for (mode = 0; mode < 4; mode++) {
		struct rig *r = rig_new(mode & 2 ? BOT_STALL_SHORT : BOT_STALL_NEVER, 512);

		setup_mode(r, mode);
		r->ep->lazy = false;
		r->host.recovery = mode & 1 ? BOT_HOST_CLASS_RESET : BOT_HOST_BUS_RESET;
		for (c = 0; c < ARRAY_LEN(codes); c++)
			for (i = 0; i < ARRAY_LEN(shapes); i++)
				for (t = 0; t < ARRAY_LEN(times); t++) {
					struct mem_ep_fault f = { op, 0, times[t], codes[c] };

					for (;; f.at++) {
						command_with_fault(r, &shapes[i], &f);
						if (r->ep->count[op] <= f.at)
							break;
						recover(r, &f);
					}
					recover(r, &f);
				}
		rig_free(r);
	}
}

static void t4_refused_sends(void **state)
{
	(void)state;
	fault_everywhere(MEM_EP_SEND);
}

static void t3_refused_reads(void **state)
{
	(void)state;
	fault_everywhere(MEM_EP_RECV);
}

static void t3_lost_sends(void **state)
{
	(void)state;
	fault_everywhere(MEM_EP_SENT);
}

static void t3_lost_reads(void **state)
{
	(void)state;
	fault_everywhere(MEM_EP_RECEIVED);
}

static void t3_refused_halts(void **state)
{
	(void)state;
	fault_everywhere(MEM_EP_HALT);
}

/* The 13 bytes of a CSW must never reach a host that still expects data. */
static void t4_no_csw_behind_refused_data(void **state)
{
	uint64_t at;

	(void)state;
	for (at = 0; at < 4; at++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		const struct mem_ep_fault f = { MEM_EP_SEND, at, 1, -EFAULT };
		uint32_t residue;

		mem_ep_fault(r->ep, &f);
		rig_want(r, MMC_DIR_IN, 131072);
		r->host.recovery = BOT_HOST_NO_RESET;
		assert_int_equal(rig_command(r, MMC_DIR_IN, 131072, &residue), CSW_PHASE_ERROR);
		assert_int_equal(r->host.stalls, 1);
		assert_int_equal(r->ep->halts, 1);
		assert_int_equal(r->drive.aborted, 1);
		assert_int_equal(bot_get_stats(r->bot)->phase_errors, 1);
		rig_agree(r);
		rig_free(r);
	}
}

/* A piece is lost on its way: what was queued behind it, CSW included, is taken back. */
static void t4_lost_data_takes_the_csw_back(void **state)
{
	static const int lost[] = { -EPIPE, -EINPROGRESS, -EIO, -ECONNRESET };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(lost); i++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		const struct mem_ep_fault f = { MEM_EP_SENT, 1, 1, lost[i] };
		uint32_t residue;

		mem_ep_fault(r->ep, &f);
		rig_want(r, MMC_DIR_IN, 131072);
		r->host.recovery = BOT_HOST_NO_RESET;
		assert_int_equal(rig_command(r, MMC_DIR_IN, 131072, &residue), -ETIMEDOUT);
		assert_int_equal(r->host.got, BOT_CHUNK);
		assert_int_equal(r->ep->in.count, 0);
		assert_false(bot_busy(r->bot));
		assert_int_equal(bot_host_reset_recovery(&r->host), 0);
		rig_agree(r);
		rig_free(r);
	}
}

/* The data's page vanished under the transport: phase error, the host does not wait for 30 s. */
static void t3_efault_ends_in_a_phase_error(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	const struct mem_ep_fault f = { MEM_EP_SENT, 1, 1, -EFAULT };
	uint64_t before = r->ep->now_ms;

	(void)state;
	mem_ep_fault(r->ep, &f);
	rig_want(r, MMC_DIR_IN, 131072);
	assert_int_equal(rig_command(r, MMC_DIR_IN, 131072, NULL), CSW_PHASE_ERROR);
	assert_in_range(r->ep->now_ms - before, 0, 10);
	assert_int_equal(bot_get_stats(r->bot)->errors, 1);
	rig_agree(r);
	rig_free(r);
}

/* dwc2 on a suspended bus refuses everything: parked, and taken up on a tick of 50 ms. */
static void t3_suspended_bus(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	const uint8_t cdb[10] = { 0x77, 0 };
	uint8_t cbw[CBW_LEN];
	uint32_t residue, got;

	(void)state;
	rig_want(r, MMC_DIR_IN, 40000);
	bot_host_cbw(&r->host, cbw, cdb, sizeof(cdb), MMC_DIR_IN, 40000);
	r->ep->suspended = true;
	assert_int_equal(mem_host_out(r->ep, cbw, CBW_LEN, false), 0);
	assert_int_equal(r->ep->in.count + r->ep->out.count, 0);
	assert_int_equal(r->ep->tick_at - r->ep->now_ms, 50);
	memset(r->drive.buf, 0xEE, sizeof(r->drive.buf)); /* the control side used the drive */
	mem_ep_pass(r->ep, 1000);
	r->ep->suspended = false;
	mem_ep_pass(r->ep, 50);
	assert_int_equal(mem_host_in(r->ep, r->data, 40000, &got), 0);
	rig_check_data(r, 40000);
	assert_int_equal(bot_host_csw(&r->host, 40000, &residue), CSW_PASSED);
	rig_agree(r);
	rig_free(r);
}

/* A board short of memory: pieces shrink to a page, the command goes through. */
static void t3_enomem_shrinks_to_a_page(void **state)
{
	static const enum mem_ep_op ops[] = { MEM_EP_SEND, MEM_EP_RECV };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(ops); i++) {
		struct rig *r = rig_new(BOT_STALL_NEVER, 512);
		struct mem_ep_fault f = { ops[i], 0, 3, -ENOMEM };
		enum mmc_dir dir = i ? MMC_DIR_OUT : MMC_DIR_IN;
		uint32_t residue;

		mem_ep_fault(r->ep, &f);
		rig_want(r, dir, 200000);
		r->ep->largest_send = r->ep->largest_recv = 0;
		assert_int_equal(rig_command(r, dir, 200000, &residue), CSW_PASSED);
		assert_int_equal(residue, 0);
		assert_int_equal(i ? r->ep->largest_recv : r->ep->largest_send, 4096);
		assert_int_equal(r->drive.at, 200000);
		rig_agree(r);
		rig_free(r);
	}
}

/* A read that fails over and over must not turn into a busy loop. */
static void t3_failing_reads_are_paced(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	unsigned i, posted = 0;

	(void)state;
	for (i = 0; i < 100 && r->ep->out.count; i++, posted++)
		mem_host_clear_halt_out(r->ep), r->ep->clear = MEM_EP_CLEAR_DWC3;
	assert_in_range(posted, 2, 20);
	assert_int_equal(r->ep->tick_at - r->ep->now_ms, 50);
	mem_ep_pass(r->ep, 50);
	rig_agree(r);
	rig_free(r);
}

/* The reset is acknowledged when the cancelled sends are back; 2 s are the limit. */
static void t9_cancelled_sends_that_never_come_back(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint64_t before;
	unsigned i;

	(void)state;
	assert_false(play(r, &shapes[5], 2));
	r->ep->lose_cancels = true;
	before = r->ep->now_ms;
	assert_int_equal(bot_host_reset_recovery(&r->host), 0);
	assert_int_equal(r->ep->now_ms - before, 2000);
	r->ep->lose_cancels = false;
	rig_agree(r);
	for (i = 0; i < 3; i++) /* they come after all */
		bot_sent(r->bot, -ECONNRESET);
	rig_agree(r);
	rig_free(r);
}

static void t9_reset_waits_for_cancelled_sends(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint64_t recvs;

	(void)state;
	assert_false(play(r, &shapes[5], 2));
	recvs = r->ep->count[MEM_EP_RECV];
	bot_class_reset(r->bot);
	assert_int_equal(r->ep->cancels, 1);
	assert_int_equal(r->ep->resets_done, 0);
	bot_class_reset(r->bot); /* an impatient host */
	assert_int_equal(r->ep->resets_done, 0);
	mem_ep_run(r->ep);
	assert_int_equal(r->ep->resets_done, 1);
	assert_int_equal(r->ep->count[MEM_EP_RECV], recvs); /* reads stay */
	assert_int_equal(r->ep->unhalts, 0);
	rig_agree(r);
	rig_free(r);
}

/* ENABLE with nothing before it: what was queued, parked, held or halted is no more. */
static void t2_enable_forgets_everything(void **state)
{
	struct rig *r = rig_new(BOT_STALL_SHORT, 512);
	const struct mem_ep_fault refuse = { MEM_EP_HALT, 0, UINT64_MAX, -EAGAIN };

	(void)state;
	mem_ep_fault(r->ep, &refuse);
	play(r, &shapes[4], 3);
	assert_true(r->ep->tick_at != 0);
	mem_host_bus_reset(r->ep, 512);
	assert_int_equal(r->ep->tick_at, 0);
	mem_ep_fault(r->ep, NULL);
	rig_agree(r);
	assert_int_equal(r->ep->unhalts, 0);
	rig_free(r);
}

/* ---- random walk ---- */

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
	static const uint32_t round[] = { 0, 64, 512, 1024, 2048, 4096, 32768, 65536 };

	switch (rnd(4)) {
	case 0:
		return round[rnd(ARRAY_LEN(round))];
	case 1:
		return 1 + rnd(100);
	case 2:
		return 1 + rnd(4096);
	default:
		return rnd(8) ? 2048 * (1 + rnd(4)) : rnd(RIG_DATA);
	}
}

static struct shape random_shape(void)
{
	struct shape s = { .host = (enum mmc_dir)(1 + rnd(2)), .h = random_length(),
		.device = (enum mmc_dir)(1 + rnd(2)), .check = rnd(4) == 0 };

	/* Mostly hosts and engines that agree. */
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

static void random_trouble(struct rig *r, struct mem_ep_fault *f)
{
	struct shape s = random_shape();
	static const uint16_t speeds[] = { 64, 512, 1024 };

	memset(f, 0, sizeof(*f));
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
		*f = (struct mem_ep_fault){ (enum mem_ep_op)rnd(MEM_EP_OPS), rnd(20), 1 + rnd(3),
			codes[rnd(ARRAY_LEN(codes))] };
		mem_ep_fault(r->ep, f);
		want(r, &s);
		rig_command(r, s.host, s.h, NULL);
		mem_ep_fault(r->ep, NULL);
		break;
	default:
		break;
	}
	if (r->ep->enabled && f->error != -ESHUTDOWN && rnd(2))
		assert_int_equal(bot_host_reset_recovery(&r->host), 0);
	else
		mem_host_bus_reset(r->ep, speeds[rnd(3)]);
}

static void random_command(struct rig *r)
{
	struct shape s = random_shape();
	bool leftovers = r->ep->out.count > 1;
	uint32_t residue;
	int status;

	r->drive.again = rnd(4) ? 0 : rnd(3);
	r->drive.piece = rnd(4) ? BOT_CHUNK : 1 + rnd(BOT_CHUNK);
	r->ep->lazy = rnd(2);
	want(r, &s);
	status = rig_command(r, s.host, s.h, &residue);
	if (status == CSW_PHASE_ERROR && leftovers && s.host == MMC_DIR_OUT)
		return; /* t5_data_that_no_posted_read_ends_with */
	expect_result(r, &s, status, residue);
}

static void walk(enum bot_stall stall, enum mem_ep_clear clear, uint32_t commands)
{
	struct rig *r = rig_new(stall, 512);
	const struct bot_stats *stats = bot_get_stats(r->bot);
	struct mem_ep_fault f;
	uint64_t troubles = 0;

	r->ep->clear = clear;
	r->ep->fifo64 = clear == MEM_EP_CLEAR_PLAIN;
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
	use_up_reads(r);
	rig_agree(r);
	assert_true(troubles > commands / 100);
	rig_free(r);
}

static void random_walk(void **state)
{
	int clear;

	(void)state;
	seed = 0x9E3779B97F4A7C15u;
	for (clear = MEM_EP_CLEAR_PLAIN; clear <= MEM_EP_CLEAR_DWC3; clear++) {
		walk(BOT_STALL_NEVER, (enum mem_ep_clear)clear, 20000);
		walk(BOT_STALL_SHORT, (enum mem_ep_clear)clear, 20000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t9_class_reset_at_every_stage),
		cmocka_unit_test(t2_bus_reset_at_every_stage),
		cmocka_unit_test(unplugged_at_every_stage),
		cmocka_unit_test(reset_while_the_engine_waits),
		cmocka_unit_test(again_at_every_step),
		cmocka_unit_test(the_engine_is_left_alone_until_resume),
		cmocka_unit_test(t4_refused_sends),
		cmocka_unit_test(t3_refused_reads),
		cmocka_unit_test(t3_lost_sends),
		cmocka_unit_test(t3_lost_reads),
		cmocka_unit_test(t3_refused_halts),
		cmocka_unit_test(t4_no_csw_behind_refused_data),
		cmocka_unit_test(t4_lost_data_takes_the_csw_back),
		cmocka_unit_test(t3_efault_ends_in_a_phase_error),
		cmocka_unit_test(t3_suspended_bus),
		cmocka_unit_test(t3_enomem_shrinks_to_a_page),
		cmocka_unit_test(t3_failing_reads_are_paced),
		cmocka_unit_test(t9_cancelled_sends_that_never_come_back),
		cmocka_unit_test(t9_reset_waits_for_cancelled_sends),
		cmocka_unit_test(t2_enable_forgets_everything),
		cmocka_unit_test(random_walk),
	};

	return cmocka_run_group_tests_name("bot_faults", tests, NULL, NULL);
}
