/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of src/bot. bot.c runs the state machine and calls bot_in.c
 * (bulk-in) and bot_out.c (bulk-out); all three call bot_command.c, which begins and
 * ends commands. None of these three calls bot.c, which advances the machine after each
 * call has returned.
 */
#ifndef BOT_BOT_PRIV_H
#define BOT_BOT_PRIV_H

#include "bot/bot.h"
#include "bot/cases.h"
#include "bot/wire.h"

/* Bytes. After -ENOMEM requests are halved, but not below one page: that would not help. */
#define BOT_CHUNK_MIN 4096u

/*
 * After the kernel refused a size of sends for want of memory, BOT tries that size again after
 * this many commands, as each refusal costs a search of memory and a backtrace in the kernel's
 * log. Each refusal doubles the number, up to the largest. A bus reset changes nothing of that.
 */
#define BOT_REFUSED_FOR     1000u
#define BOT_REFUSED_FOR_MAX (1000u * 1024u)

/* Intervals of bot_tick(), in milliseconds. */
#define BOT_PARK_MS      50u  /* until a refused request is tried again */
#define BOT_DEAD_MS      100u /* between two halts in BOT_DEAD */
#define BOT_POLL_MS      1u   /* while cancelled sends or a refused halt are pending */
/* Time limits, in milliseconds. */
#define BOT_HALT_GIVE_UP 5000u /* of a controller that refuses to halt */
#define BOT_CANCEL_MS    2000u /* for the completion of cancelled sends */

enum bot_state {
	BOT_OFF,        /* not configured, or the endpoints reported ESHUTDOWN */
	BOT_IDLE,       /* a CBW is expected */
	BOT_DATA_IN,    /* engine -> host */
	BOT_DATA_OUT,   /* host -> engine */
	BOT_STATUS_DUE, /* the data phase is over, the engine's status is due */
	BOT_MARK_SHORT, /* the end of short data-in must be made visible to the host */
	BOT_CANCEL,     /* data-in failed; waiting for the cancelled sends */
	BOT_HALT,       /* bulk-in must be halted before the CSW */
	BOT_CSW,        /* the CSW must be queued */
	BOT_CSW_QUEUED, /* the CSW is queued */
	BOT_DEAD,       /* BOT 6.6.1: only a reset ends this state */
	BOT_RESET       /* class reset; waiting for the cancelled sends */
};

/*
 * After a class reset or a data-out phase cut short: what may precede the next CBW in the read
 * that receives it.
 */
enum bot_resync {
	BOT_RESYNC_NONE, /* nothing: the read holds the CBW alone */
	BOT_RESYNC_TAIL, /* the rest of a data phase: the CBW may be the tail of the read */
	BOT_RESYNC_DIRTY /* whole reads of a data phase, which are skipped; then as TAIL */
};

/* A CBW, or bytes that are no valid CBW, that came before the CSW was known to be sent. */
enum bot_pending { BOT_PENDING_NONE, BOT_PENDING_CBW, BOT_PENDING_INVALID };

struct bot_send {
	bool csw;
	uint32_t len;
	uint32_t serial; /* bot.serial when it was queued; differs once it is cancelled */
};

struct bot {
	struct bot_config config;
	const struct bot_ep_ops *ops;
	void *ep;
	struct mmc_drive *drive;
	struct bot_stats stats;
	const struct bot_observer *observer;
	void *observer_ctx;

	enum bot_state state;
	uint32_t max_packet;

	/* The command. */
	struct cbw cbw;
	enum mmc_dir dir; /* as the host announced it; MMC_DIR_NONE without a data phase */
	const struct bot_action *action;
	uint32_t serial;
	uint32_t plan;     /* bytes to move between engine and host */
	uint32_t moved;    /* of them: accepted for sending, or pushed into the engine */
	uint32_t sent;     /* of them: known to have been sent */
	uint32_t received; /* data-out, used or not */
	enum csw_status status;
	bool again;          /* the engine returned MMC_AGAIN; not called until bot_resume() */
	bool halt_refused;   /* the controller refused to halt; tried again after a tick */
	bool no_halt;        /* the halt failed, or BOT_HALT_GIVE_UP is over: not tried again */
	bool counted;        /* its CSW is in the statistics */
	bool end_unreported; /* the observer's ended() is still due */
	bool csw_was_sent;   /* the host got a CSW that BOT had cancelled */

	/* Bulk-in. */
	struct bot_send in[BOT_WINDOW];
	uint32_t in_head, in_count;
	uint32_t in_abandoned; /* cancelled sends that the cancel timeout no longer waits for */
	uint32_t send_max;     /* bytes, <= BOT_SEND_MAX; shrinks on -ENOMEM */
	uint32_t refused_for;  /* commands after which a refused size is tried again */
	uint64_t send_retry;   /* the count of commands at which that is */
	bool in_parked;        /* the next send waits for a tick */
	bool cancelling;       /* not all cancelled sends have completed */
	bool halted;           /* BOT halted it, and does not know that the host cleared it */

	/* Bulk-out: sizes of the posted reads, oldest first. */
	uint32_t out[BOT_WINDOW];
	uint32_t out_head, out_count;
	uint32_t recv_max;     /* bytes, <= BOT_CHUNK; shrinks on -ENOMEM */
	unsigned out_failures; /* in a row */
	bool out_parked;       /* the next read waits for a tick */
	bool reset_expected;   /* after a take-over: the drive must not see the host's next reset */
	bool more_expected;    /* BOT_DEAD: the last read was full, the host may still be sending */
	enum bot_resync resync;
	enum bot_pending pending;
	uint8_t pending_cbw[CBW_LEN];

	unsigned armed_ms;           /* until the next tick; 0: none */
	unsigned halt_ms, cancel_ms; /* waited so far, of BOT_HALT_GIVE_UP and BOT_CANCEL_MS */
};

/* ---- bot_command.c: begin and end of a command, end of a session ---- */

/* Begins the command in the CBW at p (31 bytes, signature checked), or enters BOT_DEAD. */
void bot_begin(struct bot *b, const uint8_t *p);
/* Ends the command, with or without a CSW; begins the one whose CBW is pending. */
void bot_finish(struct bot *b);
/* Calls the observer's ended() with that status, or BOT_NO_CSW; once for a command. */
void bot_report_end(struct bot *b, uint8_t csw);
/* Enters BOT_OFF: aborts the command, forgets all queued requests. */
void bot_turn_off(struct bot *b);
/* Enters BOT_DEAD: aborts the command, cancels the queued sends. */
void bot_die(struct bot *b);
/* Cancels the queued sends; their completions no longer belong to the command. */
void bot_cancel_in(struct bot *b);

/* ---- bot_in.c ---- */

/* Queues data of the engine. True: all of it is queued. */
bool bot_pump_in(struct bot *b);
/*
 * Queue a zero-length packet, or the CSW. False: it was not queued and is tried again later,
 * or b->state changed.
 */
bool bot_send_zlp(struct bot *b);
bool bot_send_csw(struct bot *b);
/* Handles the completion of the oldest send. False: BOT no longer waits for that send. */
bool bot_take_sent(struct bot *b, int32_t result);

/* ---- bot_out.c ---- */

/* Returns the bytes that the host is about to send, as data of the command or of the held CBW. */
uint32_t bot_out_expected(const struct bot *b);
/* Posts the reads that are due. True: it gave up a data-out phase, and b->state is BOT_CSW. */
bool bot_fill_out(struct bot *b);
/*
 * Handles the n bytes that a read of size bytes received. False: BOT cannot take them yet, and
 * the same bytes must come again.
 */
bool bot_take_out(struct bot *b, const uint8_t *data, uint32_t n, uint32_t size);
/* Handles a read that completed with error, a negative errno. */
void bot_read_failed(struct bot *b, int32_t error);

#endif
