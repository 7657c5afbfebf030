/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of src/bot share. */
#ifndef BOT_BOT_PRIV_H
#define BOT_BOT_PRIV_H

#include "bot/bot.h"
#include "bot/cases.h"
#include "bot/wire.h"

/* Below this a smaller request no longer helps against -ENOMEM: one page. */
#define BOT_CHUNK_MIN 4096u

#define BOT_PARK_MS      50u
#define BOT_DEAD_MS      100u
#define BOT_LOOK_MS      1u /* how often, while sends have to come back, or a halt to be taken */
#define BOT_HALT_GIVE_UP 5000u
#define BOT_CANCEL_MS    2000u

enum bot_state {
	BOT_OFF,        /* not configured, or the endpoints died under us */
	BOT_IDLE,       /* a CBW is expected */
	BOT_DATA_IN,    /* engine -> host */
	BOT_DATA_OUT,   /* host -> engine */
	BOT_STATUS_DUE, /* the engine's status is due */
	BOT_MARK_SHORT, /* short data-in is to be marked as such */
	BOT_CANCEL,     /* data-in failed; waiting for the cancelled sends */
	BOT_HALT,       /* bulk-in is to be halted before the CSW */
	BOT_CSW,        /* the CSW is to be queued */
	BOT_SENT,       /* the CSW is queued */
	BOT_DEAD,       /* BOT 6.6.1: nothing but a reset helps */
	BOT_RESET       /* class reset; waiting for the cancelled sends */
};

/* How a CBW may be framed by what lies before it in the same read. */
enum bot_resync {
	BOT_RESYNC_NONE,
	BOT_RESYNC_TAIL, /* it may be the tail of a partly filled read; else it is invalid */
	BOT_RESYNC_DIRTY /* as above, and remains of a data phase come first: skip them */
};

enum bot_pending { BOT_PENDING_NONE, BOT_PENDING_CBW, BOT_PENDING_INVALID };

struct bot_send {
	bool csw;
	uint32_t len;
	uint32_t serial; /* of the command; a cancelled send no longer matches */
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
	enum mmc_dir dir; /* the host's; MMC_DIR_NONE without a data phase */
	const struct bot_action *action;
	uint32_t serial;
	uint32_t plan;     /* bytes to move between engine and host */
	uint32_t moved;    /* of them: accepted for sending, or pushed into the engine */
	uint32_t sent;     /* of them: known to have been sent */
	uint32_t received; /* data-out, useful or not */
	enum csw_status status;
	bool again;          /* the engine said MMC_AGAIN; untouched until bot_resume() */
	bool halt_refused;   /* not now, says the controller */
	bool no_halt;        /* it said so for too long */
	bool counted;        /* its CSW is in the statistics */
	bool end_unreported; /* the observer has heard of its beginning only */
	bool csw_gone;       /* a CSW that was to be cancelled went out */

	/* Bulk-in. */
	struct bot_send in[BOT_WINDOW];
	uint32_t in_head, in_count;
	uint32_t in_abandoned; /* cancelled sends that the watchdog no longer waits for */
	uint32_t send_max;     /* <= BOT_CHUNK; shrinks on -ENOMEM */
	bool in_parked;        /* the next send waits for a tick */
	bool cancelling;       /* cancelled sends have not all come back */
	bool halted;           /* by us, and as far as we know not cleared */

	/* Bulk-out: sizes of the posted reads, oldest first. */
	uint32_t out[BOT_WINDOW];
	uint32_t out_head, out_count;
	uint32_t recv_max;
	unsigned out_failures; /* in a row */
	bool out_parked;
	bool reset_asked; /* taken over: the next reset is ours, and nothing of the drive is lost */
	bool dead_dirty;  /* BOT_DEAD: the last read was filled, more of the same may follow */
	enum bot_resync resync;
	enum bot_pending pending;
	uint8_t pending_cbw[CBW_LEN];

	unsigned armed_ms, halt_ms, cancel_ms;
};

/* bot.c: drives the state machine as far as it goes; every event ends with it. */
void bot_advance(struct bot *b);
void bot_turn_off(struct bot *b);
void bot_die(struct bot *b);
void bot_halt_dead(struct bot *b);
/* To the observer: the command ends with that status, or BOT_NO_CSW. Once for a command. */
void bot_tell(struct bot *b, uint8_t csw);
/* The command is over, with or without a CSW; a CBW that was held is begun. */
void bot_finish(struct bot *b);

/* bot_in.c */
/* True: all data is with the transport. */
bool bot_pump_in(struct bot *b);
/* A zero-length packet or the CSW. False: not now, or b->state changed. */
bool bot_send_zlp(struct bot *b);
bool bot_send_csw(struct bot *b);
void bot_cancel_in(struct bot *b);
/* Data-in can no longer be completed: cancel, halt, CSW 02 (a CSW must never pass for data). */
void bot_fail_in(struct bot *b);

/* bot_out.c */
/* Posts what is due. True: b->state changed. */
bool bot_fill_out(struct bot *b);
bool bot_take_out(struct bot *b, const uint8_t *data, uint32_t n, uint32_t size);
void bot_read_failed(struct bot *b, int32_t error);

#endif
