// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem_ep.h"
#include "util/array.h"

#define RESUMES_MAX 256 /* a medium that says AGAIN more often in a row is broken */

static struct mem_ep_request *front(struct mem_ep_ring *r)
{
	return &r->q[r->head];
}

static void drop_front(struct mem_ep_ring *r)
{
	r->head = (r->head + 1) % MEM_EP_QUEUE;
	r->count--;
}

static void note_max(struct mem_ep_ring *r)
{
	r->max = MAX(r->max, r->count + r->done_count);
}

static void push_done(struct mem_ep *ep, struct mem_ep_ring *r, uint8_t *buf, int32_t result)
{
	r->done[(r->done_head + r->done_count++) % MEM_EP_QUEUE] =
		(struct mem_ep_done){.order = ep->order++, .buf = buf, .result = result};
	ep->activity++;
}

static void complete_front(struct mem_ep *ep, struct mem_ep_ring *r, int32_t result)
{
	struct mem_ep_request *q = front(r);
	struct mem_ep_request done = *q;

	drop_front(r);
	if (done.early)
		free(done.buf);
	else
		push_done(ep, r, done.buf, result);
}

static void complete_all(struct mem_ep *ep, struct mem_ep_ring *r, int32_t result)
{
	while (r->count)
		complete_front(ep, r, result);
}

static void clear_ring(struct mem_ep_ring *r)
{
	for (; r->count; drop_front(r))
		free(front(r)->buf);
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
	clear_ring(&ep->in);
	clear_ring(&ep->out);
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

/* -ESHUTDOWN never comes alone: the endpoints are disabled. */
static void die(struct mem_ep *ep)
{
	complete_all(ep, &ep->in, -ESHUTDOWN);
	complete_all(ep, &ep->out, -ESHUTDOWN);
	ep->enabled = ep->blocked = false;
}

/* The error for this operation, 0 = none. */
static int strike(struct mem_ep *ep, enum mem_ep_op op)
{
	uint64_t n = ep->count[op]++;
	const struct mem_ep_fault *f = &ep->fault;

	if (f->op != op || n < f->at || n - f->at >= f->times)
		return 0;
	if (f->error == -ESHUTDOWN && op != MEM_EP_SENT && op != MEM_EP_RECEIVED)
		die(ep);
	return f->error;
}

/* A packet was to move and met the fault of its request. */
static void lose_packet(struct mem_ep *ep, struct mem_ep_ring *r)
{
	int error = front(r)->error;

	complete_front(ep, r, error);
	if (error == -ESHUTDOWN)
		die(ep);
}

/* These are reported when a request is queued: no packet ever moves. */
static bool strikes_at_once(int error)
{
	return error == -EAGAIN || error == -ENOMEM || error == -EFAULT;
}

static int queue(
	struct mem_ep *ep, struct mem_ep_ring *r, const void *data, uint32_t size, int error)
{
	struct mem_ep_request q = {.size = size, .error = error};

	if (r->count + r->done_count == MEM_EP_QUEUE) {
		ep->violations++;
		return -EIO;
	}
	q.buf = malloc(size ? size : 1);
	if (!q.buf)
		return -ENOMEM;
	if (data && size)
		memcpy(q.buf, data, size);
	if (strikes_at_once(error)) {
		push_done(ep, r, q.buf, error);
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
	int err = strike(ep, MEM_EP_SEND);

	if (len > BOT_CHUNK)
		ep->violations++;
	if (err)
		return err;
	if (!ep->enabled)
		return -ESHUTDOWN;
	if (ep->suspended)
		return -EAGAIN;
	ep->largest_send = MAX(ep->largest_send, len);
	err = queue(ep, &ep->in, data, len, strike(ep, MEM_EP_SENT));
	if (!err && ep->fifo64 && len <= 64 && ep->in.count == 1 && !ep->halted &&
		!front(&ep->in)->error && !front(&ep->in)->early) {
		front(&ep->in)->early = true;
		push_done(ep, &ep->in, NULL, (int32_t)len);
	}
	return err;
}

static int ep_recv(void *ctx, uint32_t len)
{
	struct mem_ep *ep = ctx;
	int err = strike(ep, MEM_EP_RECV);

	if (!len || len % ep->max_packet || len > BOT_CHUNK)
		ep->violations++;
	if (err)
		return err;
	if (!ep->enabled)
		return -ESHUTDOWN;
	if (ep->suspended)
		return -EAGAIN;
	ep->largest_recv = MAX(ep->largest_recv, len);
	return queue(ep, &ep->out, NULL, len, strike(ep, MEM_EP_RECEIVED));
}

static int ep_halt_in(void *ctx)
{
	struct mem_ep *ep = ctx;
	int err = strike(ep, MEM_EP_HALT);

	/* BOT may ask only when it has heard of every send; the FIFO is beyond its knowledge. */
	if (ep->in.done_count || (ep->in.count && !front(&ep->in)->early))
		ep->violations++;
	if (err)
		return err;
	if (!ep->enabled)
		return -ESHUTDOWN;
	if (ep->in.count)
		return -EAGAIN;
	ep->halted = true;
	ep->halts++;
	ep->activity++;
	return 0;
}

/* What is in the FIFO has completed, and stays there. */
static void ep_cancel_in(void *ctx)
{
	struct mem_ep *ep = ctx;
	bool keep = ep->in.count && front(&ep->in)->early;
	struct mem_ep_request fifo;

	ep->cancels++;
	ep->hold_sent = false;
	ep->activity++;
	if (keep) {
		fifo = *front(&ep->in);
		drop_front(&ep->in);
	}
	if (!ep->lose_cancels)
		complete_all(ep, &ep->in, -ECONNRESET);
	else
		for (; ep->in.count; drop_front(&ep->in))
			free(front(&ep->in)->buf);
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

/* Delivers one completion, the oldest that may go. */
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

void mem_ep_run(struct mem_ep *ep)
{
	while (deliver_one(ep))
		;
}

static void fire_tick(struct mem_ep *ep)
{
	ep->now_ms = MAX(ep->now_ms, ep->tick_at);
	ep->tick_at = 0;
	bot_tick(ep->bot);
	mem_ep_run(ep);
}

void mem_ep_pass(struct mem_ep *ep, unsigned ms)
{
	uint64_t until = ep->now_ms + ms;

	while (ep->tick_at && ep->tick_at <= until)
		fire_tick(ep);
	ep->now_ms = until;
}

/* A held read is offered again: on resume, and after a reset, when BOT wants none of it. */
static void unblock(struct mem_ep *ep)
{
	ep->blocked = false;
	mem_ep_run(ep);
}

void mem_ep_resume(struct mem_ep *ep)
{
	bot_resume(ep->bot);
	unblock(ep);
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
	if (!ep->tick_at)
		return false;
	fire_tick(ep);
	return true;
}

/* ---- host ---- */

static bool host_waits(struct mem_ep *ep, uint64_t until)
{
	return ep->enabled && mem_ep_wait(ep) && ep->now_ms < until;
}

static int out_packet(struct mem_ep *ep, const uint8_t *p, uint32_t n)
{
	uint64_t until = ep->now_ms + ep->patience_ms;
	struct mem_ep_request *q;

	while (!ep->out.count)
		if (!host_waits(ep, until))
			return ep->enabled ? -ETIMEDOUT : -ESHUTDOWN;
	q = front(&ep->out);
	ep->activity++;
	if (q->error) {
		lose_packet(ep, &ep->out);
	} else {
		if (n)
			memcpy(q->buf + q->at, p, n);
		q->at += n;
		if (n < ep->max_packet || q->at == q->size)
			complete_front(ep, &ep->out, (int32_t)q->at);
	}
	if (!ep->lazy)
		mem_ep_run(ep);
	return 0;
}

int mem_host_out(struct mem_ep *ep, const void *data, uint32_t len, bool zlp)
{
	const uint8_t *p = data;
	int err;

	while (len) {
		uint32_t n = MIN(len, ep->max_packet);

		err = out_packet(ep, p, n);
		if (err)
			return err;
		p += n;
		len -= n;
	}
	return zlp ? out_packet(ep, NULL, 0) : 0;
}

int mem_host_in(struct mem_ep *ep, void *data, uint32_t len, uint32_t *got)
{
	uint64_t until = ep->now_ms + ep->patience_ms;
	uint8_t *p = data;

	*got = 0;
	while (*got < len) {
		struct mem_ep_request *q = front(&ep->in);
		uint32_t n;

		if (ep->halted)
			return -EPIPE;
		if (!ep->in.count) {
			if (!host_waits(ep, until))
				return ep->enabled ? -ETIMEDOUT : -ESHUTDOWN;
			continue;
		}
		if (q->error) {
			lose_packet(ep, &ep->in);
			mem_ep_run(ep);
			continue;
		}
		n = MIN(q->size - q->at, ep->max_packet);
		if (n > len - *got)
			return -EOVERFLOW;
		if (n)
			memcpy(p + *got, q->buf + q->at, n);
		*got += n;
		q->at += n;
		ep->activity++;
		if (q->at == q->size)
			complete_front(ep, &ep->in, (int32_t)q->size);
		if (!ep->lazy)
			mem_ep_run(ep);
		if (n < ep->max_packet)
			break;
	}
	return 0;
}

void mem_host_clear_halt_in(struct mem_ep *ep)
{
	bool was = ep->halted;

	ep->halted = false;
	/* The FIFO goes with the toggle. */
	if (ep->in.count && front(&ep->in)->early)
		complete_front(ep, &ep->in, 0);
	if (ep->clear == MEM_EP_CLEAR_DWC2 && was && ep->in.count)
		complete_front(ep, &ep->in, -EINPROGRESS);
	if (ep->clear == MEM_EP_CLEAR_DWC3)
		complete_all(ep, &ep->in, -EPIPE);
	mem_ep_run(ep);
}

void mem_host_clear_halt_out(struct mem_ep *ep)
{
	if (ep->clear == MEM_EP_CLEAR_DWC3)
		complete_all(ep, &ep->out, -EPIPE);
	mem_ep_run(ep);
}

int mem_host_class_reset(struct mem_ep *ep)
{
	uint64_t until = ep->now_ms + 5000; /* the host's patience on the control pipe */
	uint32_t before = ep->resets_done;

	if (!ep->enabled)
		return -ESHUTDOWN;
	mem_ep_run(ep);
	bot_class_reset(ep->bot);
	unblock(ep);
	while (ep->resets_done == before)
		if (!host_waits(ep, until))
			return -ETIMEDOUT;
	return 0;
}

/* What the program had posted when the session was new already, and thought it was the old one. */
static uint32_t keep_survivors(struct mem_ep *ep, struct mem_ep_request kept[MEM_EP_QUEUE])
{
	struct mem_ep_ring *r = &ep->out;
	uint32_t n = MIN(ep->survivors, r->count), i;

	for (i = 0; i < n; i++) {
		kept[i] = r->q[(r->head + r->count - n + i) % MEM_EP_QUEUE];
		kept[i].at = 0;
	}
	r->count -= n;
	return n;
}

void mem_host_bus_reset(struct mem_ep *ep, uint16_t max_packet)
{
	struct mem_ep_request kept[MEM_EP_QUEUE];
	uint32_t n = keep_survivors(ep, kept);

	clear_ring(&ep->in);
	clear_ring(&ep->out);
	memcpy(ep->out.q, kept, n * sizeof(kept[0]));
	ep->out.head = 0;
	ep->out.count = n;
	ep->survivors = 0;
	ep->halted = ep->blocked = false;
	ep->enabled = true;
	ep->max_packet = max_packet;
	bot_enabled(ep->bot, max_packet);
	while (n)
		bot_posted(ep->bot, kept[--n].size);
	mem_ep_run(ep);
}

void mem_ep_take_over(struct mem_ep *ep, struct bot *bot, bool in_flight)
{
	clear_ring(&ep->in);
	clear_ring(&ep->out);
	ep->blocked = false;
	ep->tick_at = 0;
	ep->bot = bot;
	bot_taken_over(bot, ep->max_packet, in_flight);
	mem_ep_run(ep);
}

void mem_host_unplug(struct mem_ep *ep, bool told)
{
	die(ep);
	mem_ep_run(ep);
	if (told)
		bot_disabled(ep->bot);
}
