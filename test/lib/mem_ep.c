// SPDX-License-Identifier: GPL-2.0-or-later
/* The device's side of struct mem_ep: the controller, with faults on demand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem_ep_int.h"
#include "util/array.h"

/* From the drivers' sources, Linux 6.12. */
const struct mem_ep_controller mem_ep_controllers[MEM_EP_CONTROLLERS] = {
	{.name = "dummy_hcd", .clear = MEM_EP_CLEAR_PLAIN, .fifo64 = true},
	{.name = "musb", .clear = MEM_EP_CLEAR_PLAIN, .halt_refusals = 3},
	{.name = "dwc2", .clear = MEM_EP_CLEAR_DWC2, .halt_refusals = 1},
	{.name = "dwc3", .clear = MEM_EP_CLEAR_DWC3, .lazy = true},
};

void mem_ep_imitate(struct mem_ep *ep, const struct mem_ep_controller *c)
{
	ep->clear = c->clear;
	ep->fifo64 = c->fifo64;
	ep->lazy = c->lazy;
	ep->halt_refusals = c->halt_refusals;
}

#define RESUMES_MAX    32 /* an engine that returns MMC_AGAIN more often in a row is broken */
#define SENDS_PER_WAKE 8u /* every eighth send is reported at once */

static void drop_front(struct mem_ep_ring *r)
{
	r->head = (r->head + 1) % MEM_EP_QUEUE;
	r->count--;
}

static void note_max(struct mem_ep_ring *r)
{
	r->max = MAX(r->max, r->count + r->done_count);
}

static void push_done(
	struct mem_ep *ep, struct mem_ep_ring *r, uint8_t *buf, int32_t result, bool wakes)
{
	r->done[(r->done_head + r->done_count++) % MEM_EP_QUEUE] = (struct mem_ep_done){
		.order = ep->order++, .buf = buf, .result = result, .wakes = wakes};
	ep->activity++;
}

void mem_complete_front(struct mem_ep *ep, struct mem_ep_ring *r, int32_t result)
{
	struct mem_ep_request *q = mem_front(r);
	struct mem_ep_request done = *q;

	drop_front(r);
	if (done.early)
		free(done.buf);
	else
		push_done(ep, r, done.buf, result, done.wakes);
}

void mem_complete_all(struct mem_ep *ep, struct mem_ep_ring *r, int32_t result)
{
	while (r->count)
		mem_complete_front(ep, r, result);
}

void mem_clear_ring(struct mem_ep_ring *r)
{
	for (; r->count; drop_front(r))
		free(mem_front(r)->buf);
	for (; r->done_count; r->done_count--) {
		free(r->done[r->done_head].buf);
		r->done_head = (r->done_head + 1) % MEM_EP_QUEUE;
	}
}

struct mem_ep *mem_ep_new(void)
{
	struct mem_ep *ep = calloc(1, sizeof(*ep));

	if (ep) {
		ep->patience_ms = 30000;
		ep->max_packet = 512;
	}
	return ep;
}

void mem_ep_free(struct mem_ep *ep)
{
	if (!ep)
		return;
	mem_clear_ring(&ep->in);
	mem_clear_ring(&ep->out);
	free(ep);
}

void mem_ep_fault(struct mem_ep *ep, const struct mem_ep_fault *fault)
{
	uint32_t i;

	memset(ep->count, 0, sizeof(ep->count));
	if (fault) {
		ep->fault = *fault;
		return;
	}
	memset(&ep->fault, 0, sizeof(ep->fault));
	for (i = 0; i < MEM_EP_QUEUE; i++)
		ep->in.q[i].error = ep->out.q[i].error = 0;
}

void mem_shut_down(struct mem_ep *ep)
{
	mem_complete_all(ep, &ep->in, -ESHUTDOWN);
	mem_complete_all(ep, &ep->out, -ESHUTDOWN);
	ep->enabled = ep->blocked = false;
}

int mem_next_fault(struct mem_ep *ep, enum mem_ep_op op)
{
	uint64_t n = ep->count[op]++;
	const struct mem_ep_fault *f = &ep->fault;

	if (f->op != op || n < f->at || n - f->at >= f->times)
		return 0;
	if (f->error == -ESHUTDOWN && op <= MEM_EP_HALT)
		mem_shut_down(ep);
	return f->error;
}

void mem_lose_packet(struct mem_ep *ep, struct mem_ep_ring *r)
{
	int error = mem_front(r)->error;

	mem_complete_front(ep, r, error);
	if (error == -ESHUTDOWN)
		mem_shut_down(ep);
}

/* Controllers report these errors when a request is queued; no packet moves. */
static bool fails_at_once(int error)
{
	return error == -EAGAIN || error == -ENOMEM || error == -EFAULT;
}

static int queue(
	struct mem_ep *ep, struct mem_ep_ring *r, const void *data, uint32_t size, int error)
{
	struct mem_ep_request q = {.size = size, .error = error, .wakes = true};

	if (r->count + r->done_count == MEM_EP_QUEUE) {
		ep->violations++;
		return -EIO;
	}
	q.buf = malloc(size ? size : 1);
	if (!q.buf)
		return -ENOMEM;
	if (data && size)
		memcpy(q.buf, data, size);
	if (r == &ep->in) {
		q.wakes = ep->prompt || ++ep->unreported_sends == SENDS_PER_WAKE;
		ep->unreported_sends = q.wakes ? 0 : ep->unreported_sends;
	}
	if (fails_at_once(error)) {
		push_done(ep, r, q.buf, error, q.wakes);
		note_max(r);
		return 0;
	}
	r->q[(r->head + r->count++) % MEM_EP_QUEUE] = q;
	note_max(r);
	ep->activity++;
	return 0;
}

static int ep_send(void *ctx, const void *data, uint32_t len)
{
	struct mem_ep *ep = ctx;
	int err = mem_next_fault(ep, MEM_EP_SEND);

	if (len > BOT_SEND_MAX)
		ep->violations++;
	if (err)
		return err;
	if (!ep->enabled)
		return -ESHUTDOWN;
	if (ep->suspended)
		return -EAGAIN;
	ep->reads_at_send = ep->out.count;
	ep->largest_send = MAX(ep->largest_send, len);
	err = queue(ep, &ep->in, data, len, mem_next_fault(ep, MEM_EP_SENT));
	if (!err && ep->fifo64 && len <= 64 && ep->in.count == 1 && !ep->halted &&
		!mem_front(&ep->in)->error && !mem_front(&ep->in)->early) {
		mem_front(&ep->in)->early = true;
		push_done(ep, &ep->in, NULL, (int32_t)len, mem_front(&ep->in)->wakes);
	}
	return err;
}

static int ep_recv(void *ctx, uint32_t len)
{
	struct mem_ep *ep = ctx;
	int err = mem_next_fault(ep, MEM_EP_RECV);

	if (!len || len % ep->max_packet || len > BOT_CHUNK)
		ep->violations++;
	if (err)
		return err;
	if (!ep->enabled)
		return -ESHUTDOWN;
	if (ep->suspended)
		return -EAGAIN;
	ep->largest_recv = MAX(ep->largest_recv, len);
	return queue(ep, &ep->out, NULL, len, mem_next_fault(ep, MEM_EP_RECEIVED));
}

static int ep_halt_in(void *ctx)
{
	struct mem_ep *ep = ctx;
	int err = mem_next_fault(ep, MEM_EP_HALT);

	/* BOT may halt only when every send has been delivered; it cannot know the FIFO. */
	if (ep->in.done_count || (ep->in.count && !mem_front(&ep->in)->early))
		ep->violations++;
	if (err)
		return err;
	if (!ep->enabled)
		return -ESHUTDOWN;
	if (ep->in.count || ep->refused < ep->halt_refusals) {
		ep->refused++;
		return -EAGAIN;
	}
	ep->halted = true;
	ep->halts++;
	ep->refused = 0;
	ep->activity++;
	return 0;
}

static void lose_cancelled(struct mem_ep *ep)
{
	ep->late_cancels += ep->cancel == MEM_EP_CANCEL_LATE ? ep->in.count : 0;
	ep->late_until = ep->now_ms + MEM_EP_LATE_MS;
	for (; ep->in.count; drop_front(&ep->in))
		free(mem_front(&ep->in)->buf);
}

/* Delivers cancelled sends that complete after BOT's cancel timeout. */
static void deliver_late_cancels(struct mem_ep *ep)
{
	while (ep->late_cancels && ep->now_ms >= ep->late_until) {
		ep->late_cancels--;
		bot_sent(ep->bot, -ECONNRESET);
	}
}

/* A packet in the FIFO has completed already, and stays there. */
static void ep_cancel_in(void *ctx)
{
	struct mem_ep *ep = ctx;
	bool keep = ep->in.count && mem_front(&ep->in)->early;
	struct mem_ep_request fifo;

	ep->cancels++;
	ep->hold_sent = false;
	ep->activity++;
	if (keep) {
		fifo = *mem_front(&ep->in);
		drop_front(&ep->in);
	}
	if (ep->cancel == MEM_EP_CANCEL_PROMPT)
		mem_complete_all(ep, &ep->in, -ECONNRESET);
	else
		lose_cancelled(ep);
	if (keep) {
		ep->in.q[0] = fifo;
		ep->in.head = 0;
		ep->in.count = 1;
	}
}

static void ep_arm_tick(void *ctx, unsigned ms)
{
	struct mem_ep *ep = ctx;

	ep->tick_at = ms ? ep->now_ms + ms : 0;
}

static void ep_reset_done(void *ctx)
{
	struct mem_ep *ep = ctx;

	ep->resets_done++;
	ep->activity++;
}

const struct bot_ep_ops mem_ep_ops = {
	.send = ep_send,
	.recv = ep_recv,
	.halt_in = ep_halt_in,
	.cancel_in = ep_cancel_in,
	.arm_tick = ep_arm_tick,
	.reset_done = ep_reset_done,
};

/* Delivers the oldest completion that may be delivered. False: there is none. */
static bool deliver_one(struct mem_ep *ep)
{
	bool in = ep->in.done_count && !ep->hold_sent;
	bool out = ep->out.done_count && !ep->blocked;
	struct mem_ep_ring *r;
	struct mem_ep_done d;

	if (in && out)
		in = ep->in.done[ep->in.done_head].order < ep->out.done[ep->out.done_head].order;
	else if (!in && !out)
		return false;
	r = in ? &ep->in : &ep->out;
	d = r->done[r->done_head];
	r->done_head = (r->done_head + 1) % MEM_EP_QUEUE;
	r->done_count--;
	if (in) {
		bot_sent(ep->bot, d.result);
	} else if (!bot_received(ep->bot, d.buf, d.result)) {
		ep->blocked = true;
		r->done_head = (r->done_head + MEM_EP_QUEUE - 1) % MEM_EP_QUEUE;
		r->done[r->done_head] = d;
		r->done_count++;
		return true;
	}
	free(d.buf);
	return true;
}

/* True if a completion or another event wakes the device, which then takes all of them. */
static bool device_wakes(const struct mem_ep *ep)
{
	uint32_t i;

	if (ep->deliver_all || (ep->out.done_count && !ep->blocked))
		return true;
	for (i = 0; i < ep->in.done_count; i++)
		if (ep->in.done[(ep->in.done_head + i) % MEM_EP_QUEUE].wakes)
			return true;
	return false;
}

void mem_ep_run(struct mem_ep *ep)
{
	if (device_wakes(ep))
		while (deliver_one(ep))
			;
	ep->deliver_all = false;
}

void mem_ep_deliver_all(struct mem_ep *ep)
{
	ep->deliver_all = true;
	mem_ep_run(ep);
}

static void fire_tick(struct mem_ep *ep)
{
	ep->now_ms = MAX(ep->now_ms, ep->tick_at);
	ep->tick_at = 0;
	mem_ep_deliver_all(ep);
	/* The completions may have armed it again. */
	if (!ep->tick_at)
		bot_tick(ep->bot);
	deliver_late_cancels(ep);
	mem_ep_deliver_all(ep);
}

void mem_ep_pass(struct mem_ep *ep, unsigned ms)
{
	uint64_t until = ep->now_ms + ms;

	while (ep->tick_at && ep->tick_at <= until)
		fire_tick(ep);
	ep->now_ms = until;
	deliver_late_cancels(ep);
}

void mem_unblock(struct mem_ep *ep)
{
	ep->blocked = false;
	mem_ep_deliver_all(ep);
}

void mem_ep_resume(struct mem_ep *ep)
{
	bot_resume(ep->bot);
	mem_unblock(ep);
}

bool mem_ep_wait(struct mem_ep *ep)
{
	uint64_t before = ep->activity;
	int i;

	mem_ep_run(ep);
	if (ep->activity != before)
		return true;
	if (ep->idle)
		ep->idle(ep, ep->ctx);
	if (ep->activity != before)
		return true;
	for (i = 0; i < RESUMES_MAX && !ep->no_resume && bot_busy(ep->bot); i++) {
		mem_ep_resume(ep);
		if (ep->activity != before)
			return true;
	}
	if (ep->in.done_count && !ep->hold_sent &&
		(!ep->tick_at || ep->tick_at > ep->now_ms + MEM_EP_LOOK_MS)) {
		ep->now_ms += MEM_EP_LOOK_MS;
		mem_ep_deliver_all(ep);
		return true;
	}
	if (!ep->tick_at)
		return false;
	fire_tick(ep);
	return true;
}
