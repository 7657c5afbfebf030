/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pair of bulk endpoints in memory. BOT's side is a struct bot_ep_ops that behaves like
 * FunctionFS over a real controller; the host's side moves transfers packet by packet.
 * Time is simulated; nothing blocks.
 *
 * The model contains what BOT must cope with:
 * - a read completes only when it is full or a short packet arrives; the data of two
 *   transfers may share a read;
 * - bulk-in halts only while its queue is empty; sends queued while it is halted wait;
 * - the device does not learn that the host cleared a halt; dwc2 and dwc3 complete
 *   requests with an error at that moment, dummy_hcd and musb do not;
 * - dummy_hcd completes sends of up to 64 bytes before the host reads them;
 * - completions are delivered in order, but late: those of most sends only together with
 *   the next completion of a read, a tick, or another event.
 */
#ifndef TEST_LIB_MEM_EP_H
#define TEST_LIB_MEM_EP_H

#include <stdbool.h>
#include <stdint.h>

#include "bot/bot.h"

#define MEM_EP_QUEUE 64 /* more than BOT may use, so that a violation shows */

/* Effect of the host's Clear-Halt on queued requests. */
enum mem_ep_clear {
	MEM_EP_CLEAR_PLAIN, /* dummy_hcd, musb: completes no request */
	MEM_EP_CLEAR_DWC2,  /* halted: the current request completes with -EINPROGRESS */
	MEM_EP_CLEAR_DWC3   /* halted or not: all started requests complete with -EPIPE */
};

/* When cancelled sends complete. */
enum mem_ep_cancel {
	MEM_EP_CANCEL_PROMPT,
	MEM_EP_CANCEL_NEVER, /* cancelled sends never come back */
	MEM_EP_CANCEL_LATE   /* after MEM_EP_LATE_MS, which is longer than BOT waits */
};
#define MEM_EP_LATE_MS 2500u
#define MEM_EP_LOOK_MS 20u /* a completed send is reported within this time */

/* The differences between controllers that BOT can notice. */
struct mem_ep_controller {
	const char *name;
	enum mem_ep_clear clear;
	bool fifo64, lazy;
	unsigned halt_refusals;
};
#define MEM_EP_CONTROLLERS 4
extern const struct mem_ep_controller mem_ep_controllers[MEM_EP_CONTROLLERS];

/* The operation that fails. Operations are counted from 0 since mem_ep_new() or mem_ep_fault(). */
enum mem_ep_op {
	MEM_EP_SEND,     /* the call send() is refused */
	MEM_EP_RECV,     /* the call recv() is refused */
	MEM_EP_SENT,     /* an accepted send completes with the error, its data is lost */
	MEM_EP_RECEIVED, /* a posted read completes with the error, a packet is lost */
	MEM_EP_HALT,     /* the call halt_in() is refused */
	/* For these, each packet from the host is an operation; the error is ignored. */
	MEM_EP_SHORT, /* it arrives without its last byte */
	MEM_EP_SPLIT, /* the read ends after it, full or not */
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
	int error;         /* takes effect when a packet would move */
	bool early;        /* its completion has been delivered already */
	bool wakes;        /* its completion wakes the device: it is delivered at once */
};

struct mem_ep_done {
	uint64_t order;
	uint8_t *buf;
	int32_t result;
	bool wakes;
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
	bool hold_sent; /* completions of sends are not delivered */
	bool lazy;      /* completions are delivered only when the host would wait */
	bool prompt;    /* every send wakes the device; else one in eight, as in gadget/ffs_aio.c */
	bool suspended; /* send and recv are refused with -EAGAIN (dwc2) */
	enum mem_ep_cancel cancel;
	unsigned halt_refusals; /* how often halt_in() is refused, as if the FIFO were not empty */
	bool no_resume;         /* the medium never becomes ready: no bot_resume() */
	uint32_t survivors;     /* this many reads, the last ones, survive the next bus reset */
	unsigned patience_ms;   /* the host's time limit, default 30000 */
	void (*idle)(struct mem_ep *ep, void *ctx); /* called when the host waits; may be NULL */
	void *ctx;

	/* To look at. */
	struct bot *bot;
	uint16_t max_packet;
	bool enabled, halted, blocked;
	struct mem_ep_ring in, out;
	uint64_t now_ms, tick_at; /* tick_at 0 = not armed */
	uint64_t late_until;
	uint32_t late_cancels; /* cancelled sends that complete late */
	unsigned refused, unreported_sends;
	bool deliver_all; /* something else wakes the device: deliver all completions */
	uint64_t count[MEM_EP_OPS];
	struct mem_ep_fault fault;
	uint64_t order, activity;
	uint32_t halts, cancels, resets_done;
	uint32_t violations; /* BOT broke a rule of bot_ep_ops */
	uint32_t largest_send, largest_recv;
	uint32_t reads_at_send; /* posted reads when the last send was queued */
};

struct mem_ep *mem_ep_new(void);
void mem_ep_free(struct mem_ep *ep);

/* For bot_new(); the ep argument is the struct mem_ep. Set ep->bot afterwards. */
extern const struct bot_ep_ops mem_ep_ops;

/* Sets the members that depend on the controller. */
void mem_ep_imitate(struct mem_ep *ep, const struct mem_ep_controller *controller);

/*
 * Sets the one fault and restarts the count of operations. NULL: no fault, also for requests that
 * are queued.
 */
void mem_ep_fault(struct mem_ep *ep, const struct mem_ep_fault *fault);

/* Delivers completions, if one of them wakes the device. */
void mem_ep_run(struct mem_ep *ep);
/* Delivers all completions, as after another event that wakes the device. */
void mem_ep_deliver_all(struct mem_ep *ep);
/*
 * Called when the host cannot continue: delivers completions, makes the medium ready or lets time
 * pass, until something has happened. False: nothing can happen.
 */
bool mem_ep_wait(struct mem_ep *ep);
/* The medium is ready: calls bot_resume(), and delivers a read again that BOT refused. */
void mem_ep_resume(struct mem_ep *ep);
/* Lets ms milliseconds pass and delivers the ticks that are due. */
void mem_ep_pass(struct mem_ep *ep, unsigned ms);

/*
 * The daemon dies with all requests it had queued, and bot takes over from it. The host notices
 * nothing.
 */
void mem_ep_take_over(struct mem_ep *ep, struct bot *bot, bool in_flight);

/* ---- the host's side ---- */

/* Sends a transfer; zlp: ends it by a zero-length packet. 0, -ETIMEDOUT or -ESHUTDOWN. */
int mem_host_out(struct mem_ep *ep, const void *data, uint32_t len, bool zlp);
/*
 * Receives a transfer of at most len bytes; *got: bytes that arrived, also on error. 0,
 * -EPIPE (halted), -EOVERFLOW (babble), -ETIMEDOUT or -ESHUTDOWN.
 */
int mem_host_in(struct mem_ep *ep, void *data, uint32_t len, uint32_t *got);
void mem_host_clear_halt_in(struct mem_ep *ep);
void mem_host_clear_halt_out(struct mem_ep *ep);
/* Sends a Bulk-Only Reset. 0 when the device has acknowledged it, -ETIMEDOUT or -ESHUTDOWN. */
int mem_host_class_reset(struct mem_ep *ep);
/* A bus reset and SET_CONFIGURATION, at the speed of max_packet. */
void mem_host_bus_reset(struct mem_ep *ep, uint16_t max_packet);
/* All requests complete with -ESHUTDOWN; disabled: bot_disabled() is called too. */
void mem_host_unplug(struct mem_ep *ep, bool disabled);

#endif
