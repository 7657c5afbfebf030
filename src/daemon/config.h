/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration file, read and checked. Keys that only src/usb or only src/control uses
 * are in a structure of that directory. The other keys are for drives: the daemon makes a
 * struct drive_config of them for each drive.
 */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stddef.h>
#include <time.h>

#include "control/control.h"
#include "drive/drive.h"
#include "library/last_disc.h"
#include "usb/usb_config.h"

/* Settings of one drive. */
struct config_drive {
	char name[USB_DRIVE_NAME];
	char vendor[9], product[17], revision[5];
	char media[256];            /* absolute */
	char image[LAST_DISC_NAME]; /* name inside media, "" = start empty */
	int iso;                    /* enum image_as: what a plain image is */
	char blank_type[24];        /* a plain blank, a name of disc/medium.h */
	int faults;                 /* 1 = control commands may request faults, for tests */
};

struct config {
	struct usb_config usb;
	struct control_config control;
	unsigned drives;
	struct config_drive drive[DRIVE_MAX];
	/* The same for all drives. */
	struct {
		int finalised;       /* enum mmc_finalised */
		int large_image_dvd; /* 1 = an image that no DVD can hold is a DVD-ROM, too */
		int swap_gap;        /* ms */
		int swap_seen;       /* 1 = a swap waits until the host has seen the empty drive */
		int eject_brings_next; /* 1 = a disc that the host ejects is followed by the next */
		int sync_mb;           /* MiB of a burn that a power cut can take */
		int sync_seconds;      /* s between two syncs of a burn; 0 = no limit in time */
		int blank_size;        /* 1 = no larger than the free space */
		int last_disc;         /* 1 = after a start, insert the disc that was in last */
	} behaviour;
	/* Actions on a disc that was burned and finalised in a drive. */
	struct {
		int rename; /* enum postburn_rename */
		int checksum;
		int songs; /* 1 = the songs of a compact disc are copied to WAV files */
		int blank;
		int idle; /* s without access, then the disc is removed; 0 = only by eject */
	} burned;
	int log_level; /* enum log_level */
	/* Set by the caller of config_load(): what was read, and st_mtim of it then, 0 = none. */
	const char *file;
	struct timespec changed;
};

/* Sets *c to the built-in defaults. */
void config_defaults(struct config *c);

/*
 * Reads path over the defaults. Returns 0, or -EINVAL or the -errno of open(), with
 * "FILE:LINE: message" (or "FILE: message") in why; *c is then not to be used,
 * except after -ENOENT: it has the defaults.
 */
int config_load(const char *path, struct config *c, char *why, size_t size);

/*
 * Sets a key whose values are texts, as an option of the command line does: "udc", or a key of all
 * drives, "drives[].media". 0, or -EINVAL with the reason in why.
 */
int config_override(struct config *c, const char *key, const char *value, char *why, size_t size);

/*
 * Calls fn for every key, e.g. "gadget.name" or "drives[].media", but not for older names of
 * keys. For the test that every key is documented.
 */
void config_each_key(void (*fn)(const char *key, void *ctx), void *ctx);

#endif
