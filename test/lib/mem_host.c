// SPDX-License-Identifier: GPL-2.0-or-later
/* The host's side of struct mem_ep. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem_ep_int.h"
#include "util/array.h"

static bool host_waits(struct mem_ep *ep, uint64_t until)
{
	return ep->enabled && mem_ep_wait(ep) && ep->now_ms < until;
}

static int wait_for_read(struct mem_ep *ep)
{
	uint64_t until = ep->now_ms + ep->patience_ms;

	while (!ep->out.count)
		if (!host_waits(ep, until))
			return ep->enabled ? -ETIMEDOUT : -ESHUTDOWN;
	return 0;
}

/* Adds a packet to the first read. */
static void take_packet(struct mem_ep *ep, const uint8_t *p, uint32_t n)
{
	struct mem_ep_request *q = mem_front(&ep->out);
	bool ends = n < ep->max_packet;

	if (n)
		memcpy(q->buf + q->at, p, n);
	q->at += n;
	if (ends && mem_next_fault(ep, MEM_EP_MERGE) && q->at + ep->max_packet <= q->size)
		ends = false;
	if (ends || mem_next_fault(ep, MEM_EP_SPLIT) || q->at + ep->max_packet > q->size)
		mem_complete_front(ep, &ep->out, (int32_t)q->at);
}

static int out_packet(struct mem_ep *ep, const uint8_t *p, uint32_t n)
{
	int err = wait_for_read(ep);

	if (err)
		return err;
	ep->activity++;
	if (mem_front(&ep->out)->error) {
		mem_lose_packet(ep, &ep->out);
	} else {
		if (mem_next_fault(ep, MEM_EP_EMPTY)) {
			take_packet(ep, NULL, 0);
			err = wait_for_read(ep);
			if (err)
				return err;
		}
		if (n && mem_next_fault(ep, MEM_EP_SHORT))
			n--;
		take_packet(ep, p, n);
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
		struct mem_ep_request *q = mem_front(&ep->in);
		uint32_t n;

		if (ep->halted)
			return -EPIPE;
		if (!ep->in.count) {
			if (!host_waits(ep, until))
				return ep->enabled ? -ETIMEDOUT : -ESHUTDOWN;
			continue;
		}
		if (q->error) {
			mem_lose_packet(ep, &ep->in);
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
			mem_complete_front(ep, &ep->in, (int32_t)q->size);
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
	/*
	 * Clear-Halt resets the data toggle and empties the FIFO. On dummy_hcd it does not
	 * empty the FIFO, as test/e2e/u_bot found; there the host reads the rest after a reset
	 * and drops it, which has the same result.
	 */
	if (ep->in.count && mem_front(&ep->in)->early)
		mem_complete_front(ep, &ep->in, 0);
	if (ep->clear == MEM_EP_CLEAR_DWC2 && was && ep->in.count)
		mem_complete_front(ep, &ep->in, -EINPROGRESS);
	if (ep->clear == MEM_EP_CLEAR_DWC3)
		mem_complete_all(ep, &ep->in, -EPIPE);
	mem_ep_run(ep);
}

void mem_host_clear_halt_out(struct mem_ep *ep)
{
	if (ep->clear == MEM_EP_CLEAR_DWC3)
		mem_complete_all(ep, &ep->out, -EPIPE);
	mem_ep_run(ep);
}

int mem_host_class_reset(struct mem_ep *ep)
{
	uint64_t until = ep->now_ms + 5000; /* the host's time limit on the control pipe */
	uint32_t before = ep->resets_done;

	if (!ep->enabled)
		return -ESHUTDOWN;
	mem_ep_deliver_all(ep);
	bot_class_reset(ep->bot);
	mem_unblock(ep);
	while (ep->resets_done == before)
		if (!host_waits(ep, until))
			return -ETIMEDOUT;
	return 0;
}

/* Keeps the reads that were posted for the old session when the new one had begun already. */
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

	mem_clear_ring(&ep->in);
	mem_clear_ring(&ep->out);
	memcpy(ep->out.q, kept, n * sizeof(kept[0]));
	ep->out.head = 0;
	ep->out.count = n;
	ep->survivors = ep->late_cancels = 0;
	ep->refused = 0;
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
	mem_clear_ring(&ep->in);
	mem_clear_ring(&ep->out);
	ep->blocked = false;
	ep->tick_at = 0;
	ep->bot = bot;
	bot_taken_over(bot, ep->max_packet, in_flight);
	mem_ep_run(ep);
}

void mem_host_unplug(struct mem_ep *ep, bool disabled)
{
	mem_shut_down(ep);
	mem_ep_run(ep);
	if (disabled)
		bot_disabled(ep->bot);
}
