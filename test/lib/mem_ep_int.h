/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by mem_ep.c, the controller, and mem_host.c, the host. */
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
/* A packet of the front request would move now: it is lost, and the request gets its error. */
void mem_lose_packet(struct mem_ep *ep, struct mem_ep_ring *r);
/* Completes all requests with -ESHUTDOWN; the endpoints are disabled. */
void mem_shut_down(struct mem_ep *ep);
/* Counts an operation; returns the error it fails with, or 0. */
int mem_next_fault(struct mem_ep *ep, enum mem_ep_op op);
/* Delivers a read again that BOT refused: when the medium is ready, and after a reset. */
void mem_unblock(struct mem_ep *ep);

#endif
