/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between mem_ep.c, the controller, and mem_host.c, the host. */
#ifndef TEST_LIB_MEM_EP_INT_H
#define TEST_LIB_MEM_EP_INT_H

#include "lib/mem_ep.h"

static inline struct mem_ep_request *mem_front(struct mem_ep_ring *r)
{
	return &r->q[r->head];
}

void mem_complete_front(struct mem_ep *ep, struct mem_ep_ring *r, int32_t result);
void mem_complete_all(struct mem_ep *ep, struct mem_ep_ring *r, int32_t result);
void mem_clear_ring(struct mem_ep_ring *r);
/* A packet was to move and met the fault of its request. */
void mem_lose_packet(struct mem_ep *ep, struct mem_ep_ring *r);
/* Everything comes back with -ESHUTDOWN. */
void mem_die(struct mem_ep *ep);
/* The error for this operation, 0 = none. */
int mem_strike(struct mem_ep *ep, enum mem_ep_op op);
/* A held read is offered again: on resume, and after a reset, when BOT wants none of it. */
void mem_unblock(struct mem_ep *ep);

#endif
