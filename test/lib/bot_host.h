/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A strict Bulk-Only host over a struct mem_ep, in the order of Linux
 * usb-storage (transport.c): CBW, data, CSW; a halt is cleared and the CSW is
 * asked for once more; after a phase error or nonsense comes a reset.
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
	BOT_HOST_NO_RESET     /* the caller does it */
};

struct bot_host {
	struct mem_ep *ep;
	enum bot_host_recovery recovery;
	uint32_t tag;
	uint8_t lun;
	uint32_t got;      /* bytes that data-in brought in the last command */
	uint32_t stalls;   /* halts met and cleared */
	uint32_t empty;    /* zero-length packets where a CSW was due */
	uint32_t resets;   /* recoveries made */
	const char *error; /* why the last command returned -EPROTO */
};

/* Connects: bus reset at that wMaxPacketSize. */
void bot_host_init(struct bot_host *h, struct mem_ep *ep, struct bot *bot, uint16_t max_packet);

/*
 * One command. dir and len are what the host announces; len 0: no data phase,
 * dir is ignored. residue may be NULL.
 *
 * Returns the CSW status, 0 good, 1 failed, 2 phase error (recovery was made), or
 *   -EPROTO     the CSW is wrong: size, signature, tag, residue, status; h->error says what
 *   -EPIPE      halted where it may not be: a second time for the CSW
 *   -EOVERFLOW  the device sent more than asked for
 *   -ETIMEDOUT  the device NAKs for 30 (simulated) seconds
 *   -ESHUTDOWN  no device
 * with the recovery made after each of the first four.
 */
int bot_host_command(struct bot_host *h, const uint8_t *cdb, size_t cdb_len, enum mmc_dir dir,
	void *data, uint32_t len, uint32_t *residue);

/* The steps of it, for hosts that misbehave. */
void bot_host_cbw(struct bot_host *h, uint8_t cbw[31], const uint8_t *cdb, size_t cdb_len,
	enum mmc_dir dir, uint32_t len);
int bot_host_csw(struct bot_host *h, uint32_t len, uint32_t *residue);
/* BOT 5.3.4. 0 or -ETIMEDOUT. */
int bot_host_reset_recovery(struct bot_host *h);
/* By h->recovery. */
int bot_host_recover(struct bot_host *h);

#endif
