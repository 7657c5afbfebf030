/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB Mass Storage Bulk-Only Transport 1.0, device side: CBW in, data, CSW out.
 * Uses no operating system and never looks into a CDB; drives one MMC engine.
 *
 * The layer is a state machine between two sets of calls: the transport reports
 * events by calling bot_*(), and BOT acts on the endpoints through bot_ep_ops. No
 * call blocks. All calls for one struct bot come from one thread, and an op never
 * calls back into BOT before it returns.
 *
 * BOT decides what a bulk-out buffer holds (data or a CBW) when its read completes,
 * not when it posts the read, because a host may end its data phase early. BOT never
 * halts bulk-out and never cancels its reads: dwc2 can do neither.
 */
#ifndef BOT_BOT_H
#define BOT_BOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmc/mmc.h"

#define BOT_CHUNK (32u * 1024u) /* bytes; largest single recv */
#define BOT_SEND_MAX                                                                               \
	(64u * 1024u)      /* bytes; largest single send, and the most that cppi41 takes           \
			    */
#define BOT_WINDOW   32u   /* requests queued per direction, at most */
#define BOT_CBW_READ 1024u /* bytes of a read for a CBW (>= any wMaxPacketSize) */

struct bot_ep_ops {
	/*
	 * Queues len bytes on bulk-in (0 = a zero-length packet) and copies them before
	 * it returns.
	 * 0: bot_sent() follows, in order of queueing, and before BOT hears of anything that
	 * happened after the send was complete. It may wait until eight sends have completed, but
	 * at most 20 ms.
	 * -errno: the bytes cannot be sent, no completion follows; after -ENOMEM a smaller
	 * send may succeed.
	 */
	int (*send)(void *ep, const void *data, uint32_t len);
	/*
	 * Posts a bulk-out read of at most len bytes (a multiple of wMaxPacketSize). When BOT
	 * sends a CSW, the read for the next CBW has been posted, unless recv() refused it.
	 * 0: bot_received() follows, in order of posting. -errno: no completion
	 * follows; after -ENOMEM a smaller read may succeed.
	 */
	int (*recv)(void *ep, uint32_t len);
	/*
	 * Halts bulk-in. Only called while no send is outstanding. 0, -EAGAIN (the
	 * controller refuses now, BOT tries again after a tick) or another -errno.
	 */
	int (*halt_in)(void *ep);
	/*
	 * Cancels every queued send. Each completes: with -ECONNRESET, or with its result if it was
	 * sent already. BOT does not wait for that longer than 2 s.
	 */
	void (*cancel_in)(void *ep);
	/*
	 * One-shot timer: bot_tick() follows after ms milliseconds. Arming it again
	 * replaces the earlier time; 0 disarms it.
	 */
	void (*arm_tick)(void *ep, unsigned ms);
	/* The Bulk-Only Reset is done; the transport acknowledges it on the control pipe. */
	void (*reset_done)(void *ep);
};

/* Whether BOT halts bulk-in after short data. It does so in any case after an invalid CBW and when
 * data-in fails. */
enum bot_stall {
	BOT_STALL_NEVER, /* short data ends in a short or zero-length packet (default) */
	BOT_STALL_SHORT  /* BOT 6.7.2 strict: also halt after short data-in */
};

struct bot_config {
	enum bot_stall stall;
	uint8_t max_lun; /* Get Max LUN answer, 0..15; only LUN 0 has a drive */
};

/* Counters since bot_new(). */
struct bot_stats {
	uint64_t commands, failed, phase_errors, invalid_cbws, resets;
	uint64_t bus_resets; /* calls of bot_enabled(), the first one included */
	uint64_t bytes_in, bytes_out;
	/* Refused by send() or recv(), or completed with an error; without ESHUTDOWN, ECONNRESET.
	 */
	uint64_t errors;
};

/* A command that has ended: its CSW is queued for the host, or it ends without a CSW. */
struct bot_command {
	enum mmc_dir dir;   /* as the host announced it; MMC_DIR_NONE with a length of 0 */
	uint32_t announced; /* dCBWDataTransferLength */
	uint32_t moved;     /* bytes between engine and host */
	uint8_t csw;        /* bCSWStatus, or BOT_NO_CSW */
};
#define BOT_NO_CSW 0xffu

/*
 * Callbacks for statistics and traces. They run on the thread that calls BOT and must
 * return quickly. ended() may call mmc_get_last() to learn which command it was.
 */
struct bot_observer {
	void (*began)(void *ctx); /* before the engine gets the command */
	void (*ended)(void *ctx, const struct bot_command *c); /* once for each began() */
	/* bus: a bus reset; otherwise a Bulk-Only Mass Storage Reset */
	void (*reset)(void *ctx, bool bus);
};

struct bot;

/*
 * Returns a BOT layer that is not enabled yet, or NULL without memory. config is
 * copied; ops, ep (passed to each op) and drive must outlive it.
 */
struct bot *bot_new(const struct bot_config *config, const struct bot_ep_ops *ops, void *ep,
	struct mmc_drive *drive);
void bot_free(struct bot *b);
/* Sets the one observer; it must outlive b. NULL removes it. */
void bot_observe(struct bot *b, const struct bot_observer *observer, void *ctx);

/*
 * The host enabled the USB function at a speed with this bulk wMaxPacketSize (64, 512
 * or 1024): after a bus reset, SET_CONFIGURATION or the first connect. BOT forgets all
 * queued requests, and the transport must drop their completions. bot_disabled() need
 * not have come before. Posts the first CBW read.
 */
void bot_enabled(struct bot *b, uint16_t max_packet);
/*
 * Called in place of bot_enabled() when b takes over from the struct bot of a daemon
 * that died: the USB function is still enabled and the host has noticed nothing.
 *
 * in_flight: the host may be waiting for the answer to a command that died with that daemon.
 * BOT then halts bulk-in until a reset, as after an invalid CBW (BOT 6.6.1), and hosts reset
 * at once. BOT hides this one reset from the drive: locks and mode pages stay, and no unit
 * attention is raised. If a unit attention answers a read-ahead of Linux, Linux takes it for a
 * change of disc, and fails every later read.
 *
 * max_packet 0: the USB function is not enabled, or the host has enabled it again since the other
 * daemon died; bot_enabled() follows then. If in_flight, that reset, or else the host's next one,
 * is the hidden one.
 */
void bot_taken_over(struct bot *b, uint16_t max_packet, bool in_flight);
/*
 * A read of len bytes that was posted before bot_enabled() belongs to the new session
 * after all. It precedes every read posted since; bot_received() follows for it.
 */
void bot_posted(struct bot *b, uint32_t len);
/* The endpoints are gone; BOT forgets all queued requests. */
void bot_disabled(struct bot *b);
/*
 * The host sent a Bulk-Only Mass Storage Reset (class request FFh, BOT 3.1). ops->reset_done()
 * follows, at once or after the cancelled sends have completed.
 */
void bot_class_reset(struct bot *b);
/* The answer to Get Max LUN (class request FEh, BOT 3.2). */
uint8_t bot_max_lun(const struct bot *b);

/* The oldest queued send completed. result: bytes sent, or -errno. */
void bot_sent(struct bot *b, int32_t result);
/* True if data of a posted read is a CBW and nothing else. */
bool bot_is_cbw(const uint8_t *data, uint32_t len);
/*
 * The oldest posted read completed. result: bytes received, or -errno; data is valid
 * during the call. False: BOT cannot take it now; the transport keeps this read and
 * all later ones, and delivers them again, from this one on, after bot_resume().
 */
bool bot_received(struct bot *b, const uint8_t *data, int32_t result);
/* The medium is ready, after the engine had returned MMC_AGAIN: BOT calls the engine again. */
void bot_resume(struct bot *b);
/* The timer of ops->arm_tick() expired. */
void bot_tick(struct bot *b);

/* True between the arrival of a CBW and the completion of its CSW. */
bool bot_busy(const struct bot *b);
/* True if the host waits for nothing: no command and no reset is in progress or expected. */
bool bot_at_rest(const struct bot *b);
const struct bot_stats *bot_get_stats(const struct bot *b);

#endif
