/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A strict Bulk-Only host over a struct mem_ep. It does what Linux usb-storage does
 * (transport.c): CBW, data, CSW; it clears a halt and reads the CSW once more; it resets
 * after a phase error or an invalid CSW.
 *
 *	struct mem_ep *ep = mem_ep_new();
 *	struct bot *bot = bot_new(&config, &mem_ep_ops, ep, drive);
 *	struct bot_host host;
 *
 *	bot_host_init(&host, ep, bot, 512);
 *	status = bot_host_command(&host, cdb, 6, MMC_DIR_IN, data, sizeof(data), &residue);
 */
#ifndef TEST_LIB_BOT_HOST_H
#define TEST_LIB_BOT_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/mem_ep.h"

enum bot_host_recovery {
	BOT_HOST_BUS_RESET,   /* what Linux does: a port reset */
	BOT_HOST_CLASS_RESET, /* BOT 5.3.4 Reset Recovery: class reset, clear both halts */
	BOT_HOST_NO_RESET     /* none: the caller resets */
};

struct bot_host {
	struct mem_ep *ep;
	enum bot_host_recovery recovery;
	uint32_t tag;
	uint8_t lun;
	uint32_t got;      /* bytes of data-in received in the last command */
	uint32_t stalls;   /* halts met and cleared */
	uint32_t empty;    /* zero-length packets received in place of a CSW */
	uint32_t resets;   /* recoveries made */
	const char *error; /* why the last command returned -EPROTO */
};

/* Connects h to ep and bot: a bus reset at that wMaxPacketSize. */
void bot_host_init(struct bot_host *h, struct mem_ep *ep, struct bot *bot, uint16_t max_packet);

/*
 * Sends one command. dir and len are what the host announces; with len 0 there is no data
 * phase and dir is ignored. residue may be NULL.
 *
 * Returns the CSW status, 0 good, 1 failed, 2 phase error (recovery was made), or
 *   -EPROTO     the CSW is wrong: size, signature, tag, residue, status; h->error says what
 *   -EPIPE      halted a second time where the CSW is due
 *   -EOVERFLOW  the device sent more than asked for
 *   -ETIMEDOUT  the device NAKs for 30 (simulated) seconds
 *   -ESHUTDOWN  no device
 * after the recovery, for the first four.
 */
int bot_host_command(struct bot_host *h, const uint8_t *cdb, size_t cdb_len, enum mmc_dir dir,
	void *data, uint32_t len, uint32_t *residue);

/* The steps of bot_host_command(), for hosts that misbehave. */
void bot_host_cbw(struct bot_host *h, uint8_t cbw[31], const uint8_t *cdb, size_t cdb_len,
	enum mmc_dir dir, uint32_t len);
int bot_host_csw(struct bot_host *h, uint32_t len, uint32_t *residue);
/* Reset Recovery (BOT 5.3.4). 0, -ETIMEDOUT or -ESHUTDOWN. */
int bot_host_reset_recovery(struct bot_host *h);
/* Recovers as h->recovery says. 0 or -errno. */
int bot_host_recover(struct bot_host *h);

#endif
