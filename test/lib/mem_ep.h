/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pair of bulk endpoints in memory: BOT's side is a struct bot_ep_ops that
 * behaves like FunctionFS over a real controller, the host's side moves
 * transfers packet by packet. Time is simulated; nothing blocks.
 *
 * What is modelled, because BOT has to live with it:
 * - a read ends when it is full or a short packet arrives, never else; data may
 *   merge behind a partly filled one;
 * - bulk-in halts only while its queue is empty; sends queued while halted wait;
 * - the device is not told that the host cleared a halt; dwc2 and dwc3 give
 *   requests back at that moment, dummy_hcd and musb do not;
 * - dummy_hcd completes sends of up to 64 bytes before the host reads them;
 * - completions are delivered in the order in which they happened, later: those of most
 *   sends with the next one of a read, a tick, or another event.
 */
#ifndef TEST_LIB_MEM_EP_H
#define TEST_LIB_MEM_EP_H

#include <stdbool.h>
#include <stdint.h>

#include "bot/bot.h"

#define MEM_EP_QUEUE 64 /* more than BOT may use, to see it break the bound */

enum mem_ep_clear {
	MEM_EP_CLEAR_PLAIN, /* dummy_hcd, musb: nothing is given back */
	MEM_EP_CLEAR_DWC2,  /* a halted endpoint: the current request comes back, -EINPROGRESS */
	MEM_EP_CLEAR_DWC3   /* all started requests come back, -EPIPE, halted or not */
};

enum mem_ep_cancel {
	MEM_EP_CANCEL_PROMPT,
	MEM_EP_CANCEL_NEVER, /* cancelled sends never come back */
	MEM_EP_CANCEL_LATE   /* after MEM_EP_LATE_MS, which is longer than BOT waits */
};
#define MEM_EP_LATE_MS 2500u
#define MEM_EP_LOOK_MS 20u /* so long a completed send stays unreported at the most */

/* What tells controllers apart for BOT. */
struct mem_ep_controller {
	const char *name;
	enum mem_ep_clear clear;
	bool fifo64, lazy;
	unsigned halt_refusals;
};
#define MEM_EP_CONTROLLERS 4
extern const struct mem_ep_controller mem_ep_controllers[MEM_EP_CONTROLLERS];

/* Where a fault strikes. The number counts from 0 since mem_ep_new() or mem_ep_fault(). */
enum mem_ep_op {
	MEM_EP_SEND,     /* the call send() is refused */
	MEM_EP_RECV,     /* the call recv() is refused */
	MEM_EP_SENT,     /* an accepted send completes with the error, its data is lost */
	MEM_EP_RECEIVED, /* a posted read completes with the error, a packet is lost */
	MEM_EP_HALT,     /* the call halt_in() is refused */
	/* Of these, each packet from the host is an operation; any error will do. */
	MEM_EP_SHORT, /* it arrives without its last byte */
	MEM_EP_SPLIT, /* the read ends behind it, full or not */
	MEM_EP_MERGE, /* it is short, and does not end its read */
	MEM_EP_EMPTY, /* an empty packet arrives before it */
	MEM_EP_OPS
};

struct mem_ep_fault {
	enum mem_ep_op op;
	uint64_t at;    /* the first operation that fails */
	uint64_t times; /* how many */
	int error;      /* negative errno */
};

struct mem_ep_request {
	uint8_t *buf;
	uint32_t size, at; /* at: sent or filled so far */
	int error;         /* strikes when a packet would move */
	bool early;        /* its completion was already given */
	bool tells;        /* a send whose completion is reported at once */
};

struct mem_ep_done {
	uint64_t order;
	uint8_t *buf;
	int32_t result;
	bool tells;
};

struct mem_ep_ring {
	struct mem_ep_request q[MEM_EP_QUEUE];
	uint32_t head, count, max; /* max: high-water mark of count + undelivered */
	struct mem_ep_done done[MEM_EP_QUEUE];
	uint32_t done_head, done_count;
};

struct mem_ep {
	/* Set by the test at will. */
	enum mem_ep_clear clear;
	bool fifo64;    /* small sends complete early (dummy_hcd) */
	bool hold_sent; /* completions of sends are kept back */
	bool lazy;      /* completions are delivered only when the host would wait */
	bool prompt;    /* those of sends are reported at once; else as gadget/ffs_aio.c does */
	bool suspended; /* send and recv are refused with -EAGAIN (dwc2) */
	enum mem_ep_cancel cancel;
	unsigned halt_refusals; /* so often the FIFO is not yet empty when a halt is asked for */
	bool no_resume;         /* the medium never says that it may go on */
	uint32_t survivors;     /* so many reads, the last ones, outlive the next bus reset */
	unsigned patience_ms;   /* how long the host waits, default 30000 */
	void (*idle)(struct mem_ep *ep, void *ctx); /* called when the host waits; NULL is fine */
	void *ctx;

	/* To look at. */
	struct bot *bot;
	uint16_t max_packet;
	bool enabled, halted, blocked;
	struct mem_ep_ring in, out;
	uint64_t now_ms, tick_at; /* tick_at 0 = not armed */
	uint64_t limbo_until;
	uint32_t limbo; /* sends that are to come back late */
	unsigned refused, untold;
	bool look; /* somebody is going to look for completions anyway */
	uint64_t count[MEM_EP_OPS];
	struct mem_ep_fault fault;
	uint64_t order, activity;
	uint32_t halts, cancels, resets_done;
	uint32_t violations; /* BOT broke a rule of bot_ep_ops */
	uint32_t largest_send, largest_recv;
};

struct mem_ep *mem_ep_new(void);
void mem_ep_free(struct mem_ep *ep);

/* For bot_new(); the ep argument is the struct mem_ep. Set ep->bot afterwards. */
extern const struct bot_ep_ops mem_ep_ops;

void mem_ep_be(struct mem_ep *ep, const struct mem_ep_controller *controller);

/* One fault at a time; restarts the numbering of operations. NULL clears, what is queued too. */
void mem_ep_fault(struct mem_ep *ep, const struct mem_ep_fault *fault);

/* Delivers the completions that are due. */
void mem_ep_run(struct mem_ep *ep);
/* All of them: another event woke the one who looks. */
void mem_ep_look(struct mem_ep *ep);
/* Something has to happen or the host cannot go on: completions, the medium, time. False: nothing
 * did. */
bool mem_ep_wait(struct mem_ep *ep);
/* The medium can go on: bot_resume(), and a held read is offered again. */
void mem_ep_resume(struct mem_ep *ep);
/* Time passes, ticks are delivered. */
void mem_ep_pass(struct mem_ep *ep, unsigned ms);

/* The program dies with all that it had queued; bot is the next one's. The host sees nothing of it.
 */
void mem_ep_take_over(struct mem_ep *ep, struct bot *bot, bool in_flight);

/* ---- the host's side ---- */

/* A transfer to the device; zlp: closed by a zero-length packet. 0, -ETIMEDOUT, -ESHUTDOWN. */
int mem_host_out(struct mem_ep *ep, const void *data, uint32_t len, bool zlp);
/*
 * A transfer of at most len bytes from the device, *got of them arrived (also
 * on error). 0; -EPIPE: halted; -EOVERFLOW: babble; -ETIMEDOUT; -ESHUTDOWN.
 */
int mem_host_in(struct mem_ep *ep, void *data, uint32_t len, uint32_t *got);
void mem_host_clear_halt_in(struct mem_ep *ep);
void mem_host_clear_halt_out(struct mem_ep *ep);
/* Bulk-Only Reset: 0 when the device acknowledged, -ETIMEDOUT. */
int mem_host_class_reset(struct mem_ep *ep);
/* Bus reset and SET_CONFIGURATION at a speed. */
void mem_host_bus_reset(struct mem_ep *ep, uint16_t max_packet);
/* Everything comes back with -ESHUTDOWN; told: bot_disabled() is called too. */
void mem_host_unplug(struct mem_ep *ep, bool told);

#endif
