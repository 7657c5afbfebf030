/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB Mass Storage Bulk-Only Transport 1.0, device side: CBW in, data, CSW out.
 * Knows no operating system and never looks into a CDB; drives one MMC engine.
 *
 * The layer is a state machine between two sets of calls: the bot_*() events
 * that the transport reports, and the bot_ep_ops it asks of the transport. No
 * call blocks. All calls for one struct bot come from one thread, and an op
 * never calls back into BOT before it returns.
 *
 * Bulk-out is a sequence of buffers whose meaning is decided when they complete,
 * not when they are posted (a host may stop its data phase early). Bulk-out is
 * never halted and its reads are never cancelled: dwc2 cannot do it.
 */
#ifndef BOT_BOT_H
#define BOT_BOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmc/mmc.h"

#define BOT_CHUNK    (32u * 1024u) /* bytes; largest single send or recv */
#define BOT_WINDOW   32u           /* requests queued per direction at the most */
#define BOT_CBW_READ 1024u /* bytes asked for where a CBW is expected (>= any wMaxPacketSize) */

struct bot_ep_ops {
	/*
	 * Queue len bytes on bulk-in (0 = a zero-length packet). The bytes are
	 * copied before it returns. 0: bot_sent() follows, in order of queueing and
	 * before any later bot_received() or bot_tick(), but not always at once: when
	 * eight have completed, and within 20 ms.
	 * -errno: known at once that it cannot be sent, no completion follows.
	 */
	int (*send)(void *ep, const void *data, uint32_t len);
	/*
	 * Post a bulk-out read of at most len bytes (a multiple of
	 * wMaxPacketSize). 0: bot_received() follows, in order of posting.
	 * -ENOMEM: try smaller. Other -errno: no completion follows.
	 */
	int (*recv)(void *ep, uint32_t len);
	/* Halt bulk-in. 0; -EAGAIN: not now, try again after a tick. Only asked when no send is
	 * outstanding. */
	int (*halt_in)(void *ep);
	/* Cancel every queued send; each completes with -ECONNRESET. */
	void (*cancel_in)(void *ep);
	/* One-shot timer: bot_tick() after ms milliseconds. Re-arming replaces; 0 disarms. */
	void (*arm_tick)(void *ep, unsigned ms);
	/* Bulk-Only Reset is done: acknowledge it on the control pipe. */
	void (*reset_done)(void *ep);
};

/* When to halt bulk-in. */
enum bot_stall {
	BOT_STALL_NEVER, /* short data ends in a short or zero-length packet (default) */
	BOT_STALL_SHORT  /* BOT 6.7.2 strict: also halt after short data-in */
};

struct bot_config {
	enum bot_stall stall;
	uint8_t max_lun; /* Get Max LUN answer, 0..15; only LUN 0 has a drive */
};

/* Counters; never reset. */
struct bot_stats {
	uint64_t commands, failed, phase_errors, invalid_cbws, resets, bus_resets;
	uint64_t bytes_in, bytes_out;
	uint64_t errors; /* completions with an error that was not ESHUTDOWN or ECONNRESET */
};

/* A command, when its status goes to the host, or when it is known that none will. */
struct bot_command {
	enum mmc_dir dir;   /* as the host announced it; MMC_DIR_NONE with a length of 0 */
	uint32_t announced; /* dCBWDataTransferLength */
	uint32_t moved;     /* bytes between engine and host */
	uint8_t csw;        /* bCSWStatus, or BOT_NO_CSW */
};
#define BOT_NO_CSW 0xffu

/*
 * Who wants to know; called by the thread that drives BOT, keep it short. What the
 * command was, the engine says: mmc_get_last() in ended().
 */
struct bot_observer {
	void (*began)(void *ctx); /* before the engine sees it */
	void (*ended)(void *ctx, const struct bot_command *c);
	void (*reset)(void *ctx, bool bus); /* bus reset, or Bulk-Only Mass Storage Reset */
};

struct bot;

/* NULL: no memory. ops, ep and drive must outlive it. */
struct bot *bot_new(const struct bot_config *config, const struct bot_ep_ops *ops, void *ep,
	struct mmc_drive *drive);
void bot_free(struct bot *b);
/* observer must outlive it; NULL = nobody. */
void bot_observe(struct bot *b, const struct bot_observer *observer, void *ctx);

/*
 * The function was enabled at a speed with this bulk wMaxPacketSize (64, 512,
 * 1024): bus reset, SET_CONFIGURATION or first connect. Everything queued
 * before is dead (the transport drops its completions). No bot_disabled() need
 * have come before. Posts the first CBW read.
 */
void bot_enabled(struct bot *b, uint16_t max_packet);
/*
 * Instead, for a new struct bot behind another one that is dead: the function is
 * enabled, and the host knows of no change. in_flight: there may have been a
 * command. Its host waits for an answer that nobody knows; as after an invalid
 * CBW (BOT 6.6.1) bulk-in stays halted until a reset, which comes at once. This
 * one reset is none to the drive, locks and mode pages stay, and no unit
 * attention comes of it: Linux takes one that meets a read-ahead for a change of
 * the disc, and from there on fails every read. max_packet 0: the function is not
 * enabled any more, or anew; that reset, or the one under way, is it already.
 */
void bot_taken_over(struct bot *b, uint16_t max_packet, bool in_flight);
/*
 * A read of this size that was posted before bot_enabled() was not dead with the
 * rest: it is in front of all that were posted since. bot_received() follows for it.
 */
void bot_posted(struct bot *b, uint32_t len);
/* The endpoints are gone. */
void bot_disabled(struct bot *b);
/*
 * Bulk-Only Mass Storage Reset (class request FFh). ops->reset_done() follows,
 * at once or after the cancelled sends came back.
 */
void bot_class_reset(struct bot *b);
/* Get Max LUN (class request FEh). */
uint8_t bot_max_lun(const struct bot *b);

/* The oldest queued send completed: bytes sent, or -errno. */
void bot_sent(struct bot *b, int32_t result);
/*
 * The oldest posted read completed: bytes received, or -errno; data is valid
 * during the call. false: BOT cannot take it now. The transport then keeps it
 * and all later ones, and delivers again from this one after bot_resume().
 */
bool bot_received(struct bot *b, const uint8_t *data, int32_t result);
/* The medium can go on after the engine said MMC_AGAIN. */
void bot_resume(struct bot *b);
void bot_tick(struct bot *b);

/* True between the arrival of a CBW and the completion of its CSW. */
bool bot_busy(const struct bot *b);
/* True when the host waits for nothing: neither a command nor a reset is under way or due. */
bool bot_at_rest(const struct bot *b);
const struct bot_stats *bot_get_stats(const struct bot *b);

#endif
