/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration file, checked: what config_load() returns can be built. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stddef.h>

#include "bot/bot.h"
#include "gadget/gadget.h"
#include "mmc/mmc.h"
#include "util/log.h"

#define CONFIG_MAX_DRIVES    GADGET_MAX_FUNCTIONS
#define CONFIG_MAX_FUNCTIONS GADGET_MAX_CDC

struct config_drive {
	char name[17];
	char vendor[9], product[17], revision[5];
	char media[256]; /* absolute */
	char image[256]; /* name inside media, "" = start empty */
};

/* Beside the drives. */
struct config_function {
	int type;                         /* enum gadget_cdc_type */
	char host_mac[18], board_mac[18]; /* "" = made from the serial number */
};

struct config {
	char udc[65];
	struct {
		char name[24];
		int id_vendor, id_product, bcd_device;
		char manufacturer[127], product[127];
		char serial[31]; /* "" = gadget_default_serial() */
		int max_power;
	} gadget;
	struct {
		char directory[65]; /* absolute; a socket's path is limited to 107 bytes */
		char fifo[33], socket[33], status[33]; /* names inside directory */
		char group[33];                        /* "" = root only */
	} control;
	unsigned drives;
	struct config_drive drive[CONFIG_MAX_DRIVES];
	unsigned functions;
	struct config_function function[CONFIG_MAX_FUNCTIONS];
	struct {
		int finalised; /* enum mmc_finalised */
		int subclass;
		int stall;    /* enum bot_stall */
		int swap_gap; /* ms */
		int eject_brings_next;
		int sync_mb;      /* MiB of a burn that a power cut may take */
		int sync_seconds; /* 0 = not by time */
		int blank_size;   /* 1 = no larger than what is free */
		int log_level;    /* enum log_level */
		int last_disc;    /* after a start the disc is in the drive that was in it last */
	} behaviour;
	struct {
		int move; /* enum postburn_rename, of a disc that was burned, see catch.h */
		int checksum;
		int blank;
		int idle; /* s; 0 = only when it is ejected */
	} burned;
};

/* The built-in defaults. */
void config_defaults(struct config *c);

/*
 * Reads path over the defaults. 0, or -EINVAL or what open() said, with
 * "FILE:LINE: message" (or "FILE: message") in why; *c is then not to be used.
 */
int config_load(const char *path, struct config *c, char *why, size_t size);

/* Calls fn for every key, e.g. "gadget.name" or "drives[].media". For the check of documents. */
void config_each_key(void (*fn)(const char *key, void *ctx), void *ctx);

#endif
