// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every fault of a controller, at every step of every shape of command, on every
 * controller: the host never gets a wrong status, and after one recovery commands work
 * again.
 *
 * MATRIX=N tests every Nth combination of fault, error, shape and controller, each at every
 * step (default 1; under valgrind, WRAP, 13).
 */
#include <stdio.h>

#include "unit/bot/bot_play.h"

/* A fault, and how it may show. */
struct kind {
	enum mem_ep_op op;
	bool cancels;   /* BOT cancels sends: they may complete late, or never */
	bool coded;     /* the error code makes a difference */
	unsigned tries; /* commands until one works: the host may notice the fault late */
	bool prompt;    /* sends are reported at once; else as by gadget/ffs_aio.c */
};

static unsigned every(void)
{
	const char *env = getenv("MATRIX");

	return env && atoi(env) > 0 ? (unsigned)atoi(env) : is_shortened() ? 13 : 1;
}

static const int any_error[] = {-EIO};

static uint64_t faults, commands, late, combinations;

/*
 * True if the command must succeed in spite of the fault: no data is lost. But a read that
 * could not be queued may leave a longer one in its place, which ends in a phase error:
 * see data_that_ends_inside_a_leftover_read_is_a_phase_error() in t_bot_data.c.
 */
static bool harmless(const struct mem_ep_fault *f, const struct shape *s, int status)
{
	bool passing = f->error == -EAGAIN || f->error == -ENOMEM;

	switch (f->op) {
	case MEM_EP_SEND:
	case MEM_EP_RECV:
		return passing;
	case MEM_EP_RECEIVED:
		return passing && (s->host != MMC_DIR_OUT || status != CSW_PHASE_ERROR);
	case MEM_EP_HALT:
		return f->error != -ESHUTDOWN;
	default:
		return false;
	}
}

static void command_with_fault(struct rig *r, const struct shape *s, const struct mem_ep_fault *f)
{
	struct expectation e = expect_of(s);
	uint32_t residue;
	int status;

	mem_ep_fault(r->ep, f);
	want(r, s);
	status = rig_command(r, s->host, s->h, &residue);
	commands++;
	if (harmless(f, s, status)) {
		expect_result(r, s, status, residue);
	} else if (status == CSW_FAILED && f->op >= MEM_EP_SHORT && s->device == MMC_DIR_OUT) {
		/* The data phase ended too early for the drive: CSW 01 with the residue. */
		assert_int_equal(residue, s->h - r->drive.at);
	} else if (status == CSW_PASSED || (status == CSW_FAILED && e.status == CSW_FAILED)) {
		/* A status that claims success must be true. */
		assert_int_equal(status, e.status);
		assert_int_equal(residue, e.residue);
		if (e.in)
			rig_check_data(r, e.in);
	} else if (status == -EPROTO) {
		/*
		 * Data was lost, and BOT gets the error after the CSW was sent. The host must
		 * find the loss by counting the bytes, and does.
		 */
		if (f->op != MEM_EP_SENT || r->ep->prompt) {
			assert_string_not_equal(r->host.error, "a CSW where data was due");
			assert_string_not_equal(r->host.error, "residue is not what was missing");
		}
	} else {
		assert_int_not_equal(status, CSW_FAILED);
	}
}

/* Expects that the next command works, or that it shows the fault and a later one works. */
static void expect_recovery(struct rig *r, const struct kind *k)
{
	unsigned i;

	rig_set_intent(r, MMC_DIR_NONE, 0);
	for (i = 1; rig_command(r, MMC_DIR_NONE, 0, NULL) != CSW_PASSED; i++) {
		late++;
		assert_true(i < k->tries);
		assert_int_equal(bot_host_recover(&r->host), 0);
	}
}

static void recover(struct rig *r, const struct kind *k, const struct mem_ep_fault *f)
{
	mem_ep_fault(r->ep, NULL);
	if (f->error == -ESHUTDOWN)
		mem_host_bus_reset(r->ep, 512);
	else if (r->host.recovery == BOT_HOST_CLASS_RESET)
		assert_int_equal(bot_host_reset_recovery(&r->host), 0);
	mem_ep_pass(r->ep, 200);
	expect_recovery(r, k);
	rig_use_up_reads(r);
	rig_expect_working(r);
	if (r->ep->late_cancels) {
		mem_ep_pass(r->ep, MEM_EP_LATE_MS);
		assert_int_equal(r->ep->late_cancels, 0);
		rig_expect_working(r);
	}
}

static void every_step(
	struct rig *r, const struct kind *k, const struct shape *s, struct mem_ep_fault f)
{
	for (f.at = 0;; f.at++) {
		command_with_fault(r, s, &f);
		if (r->ep->count[f.op] <= f.at)
			break;
		faults++;
		recover(r, k, &f);
	}
	recover(r, k, &f);
}

static void every_fault(struct rig *r, const struct kind *k)
{
	static const uint64_t times[] = {1, 60};
	const int *code = k->coded ? codes : any_error;
	size_t n = k->coded ? ARRAY_LEN(codes) : 1, c, i, t;
	size_t often = is_shortened() || r->ep->cancel ? 1 : ARRAY_LEN(times);

	for (c = 0; c < n; c++) {
		/* ECONNRESET is also the result of a cancelled send that completes late. */
		if (k->coded && code[c] == -ECONNRESET && r->ep->cancel)
			continue;
		for (i = 0; i < ARRAY_LEN(shapes); i++)
			for (t = 0; t < often; t++)
				if (combinations++ % every() == 0)
					every_step(r, k, &shapes[i],
						(struct mem_ep_fault){k->op, 0, times[t], code[c]});
	}
}

/* Tests a fault on this controller, with each way to stall and to recover. */
static void on_controller(const struct kind *k, const struct mem_ep_controller *c)
{
	int strict, class_reset, cancel;

	for (strict = 0; strict < 2; strict++)
		for (class_reset = 0; class_reset < 2; class_reset++)
			for (cancel = 0; cancel <= (k->cancels ? MEM_EP_CANCEL_LATE : 0);
				cancel++) {
				struct rig *r =
					rig_new(strict ? BOT_STALL_SHORT : BOT_STALL_NEVER, 512);

				mem_ep_imitate(r->ep, c);
				r->ep->lazy = false;
				r->ep->prompt = k->prompt;
				/* A packet in the FIFO cannot be cancelled, see t_bot_faults.c. */
				r->ep->fifo64 &= k->op != MEM_EP_SENT;
				r->ep->cancel = (enum mem_ep_cancel)cancel;
				r->host.recovery =
					class_reset ? BOT_HOST_CLASS_RESET : BOT_HOST_BUS_RESET;
				every_fault(r, k);
				rig_free(r);
			}
}

static void on_every_controller(void **state)
{
	const struct kind *k = *state;
	size_t c;

	faults = commands = late = combinations = 0;
	for (c = 0; c < MEM_EP_CONTROLLERS; c++)
		on_controller(k, &mem_ep_controllers[c]);
	printf("# %llu faults in %llu commands, %llu showed one command later\n",
		(unsigned long long)faults, (unsigned long long)commands, (unsigned long long)late);
	assert_true(faults > (every() == 1 ? 500 : 0));
}

#define FAULT(name, ...)                                                                           \
	{                                                                                          \
		name, on_every_controller, NULL, NULL, &(struct kind)                              \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FAULT("refused_sends", MEM_EP_SEND, true, true, 1, false),
		FAULT("refused_reads", MEM_EP_RECV, false, true, 1, false),
		FAULT("lost_sends", MEM_EP_SENT, true, true, 1, true),
		FAULT("lost_sends_heard_of_late", MEM_EP_SENT, true, true, 1, false),
		FAULT("lost_reads", MEM_EP_RECEIVED, true, true, 1, false),
		FAULT("refused_halts", MEM_EP_HALT, false, true, 1, false),
		FAULT("t20_packets_that_lose_a_byte", MEM_EP_SHORT, false, false, 2, false),
		FAULT("t20_reads_that_end_too_early", MEM_EP_SPLIT, false, false, 2, false),
		FAULT("t20_short_packets_that_end_no_read", MEM_EP_MERGE, false, false, 2, false),
		FAULT("t20_empty_packets", MEM_EP_EMPTY, false, false, 2, false),
	};

	return cmocka_run_group_tests_name("bot_matrix", tests, NULL, NULL);
}
