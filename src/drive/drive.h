/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's side of one drive: which image is in it, and the commands of
 * people (insert, eject, blank) on their way through it.
 *
 * Everything here runs in the main thread and never waits: not for the host,
 * and not for the USB thread, which may hang in a slow medium. The engine is
 * reached by posting to the USB thread; its state is read from a copy that the
 * USB thread keeps up to date.
 */
#ifndef DRIVE_DRIVE_H
#define DRIVE_DRIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "protocol/answer.h"
#include "library/postburn.h"
#include "drive/handover.h"
#include "drive/recorder.h"
#include "library/catalog.h"
#include "gadget/ffs.h"
#include "gadget/gadget.h"
#include "mmc/mmc.h"

#define DRIVE_MAX         GADGET_MAX_FUNCTIONS
#define DRIVE_UNLOCK_WAIT 10000u /* ms a host is given to answer an eject request */

struct drive;

/* All drives of the daemon; they ask each other who holds an image. */
struct drives {
	struct drive *drive[DRIVE_MAX];
	unsigned count;
};

/* The way to the thread that owns the engine. */
struct drive_port {
	void *usb;
	int (*post)(void *usb, void (*fn)(void *arg), void *arg); /* ffs_post() */
	void (*get_state)(void *usb, struct ffs_state *state);    /* ffs_get_state() */
	void (*resume)(void *usb);                                /* ffs_resume() */
};

/* What becomes of a disc that was burned and finalised in the drive. */
struct drive_burned {
	enum postburn_rename move;
	bool checksum;
	bool blank;      /* the next blank goes in */
	unsigned idle;   /* ms without a read or a lock, then it is taken out; 0 = never */
	unsigned reload; /* ms in which a host that ejected it may load it again */
	unsigned retry;  /* ms until the next try, when there is no room for a blank */
};
#define DRIVE_RELOAD_WAIT 3000u
#define DRIVE_RETRY_WAIT  10000u

struct drive_config {
	const char *name;
	const char *media; /* media folder; must exist */
	struct mmc_config mmc;
	unsigned swap_gap;    /* ms between the old disc and the new one */
	bool brings_next;     /* the host's eject brings the next disc */
	unsigned unlock_wait; /* ms; DRIVE_UNLOCK_WAIT, less in tests */
	unsigned label_wait;  /* ms; CATALOG_LABEL_WAIT, likewise */
	uint32_t max_unsaved; /* blocks of a burn that may be ahead of storage; 0 = the disc's
				 default */
	unsigned sync_ms;     /* a burn is synced this often, at the latest; 0 = not by time */
	bool fits;            /* blanks are no larger than what is free */
	bool remember;        /* the disc that was in it last, see last.h */
	const char *image;    /* at start, if no other is remembered; NULL or "" = none */
	struct drive_burned burned;
};

enum drive_verb {
	DRIVE_INSERT, /* the image of that very name */
	DRIVE_FIND,   /* the same, or the one that is meant: match_find() */
	DRIVE_NEXT,   /* the image behind the one in the drive: match_neighbour() */
	DRIVE_PREV,
	DRIVE_BLANK,
	DRIVE_EJECT,
	DRIVE_CLOSE,
	DRIVE_REPLACE_BURNED /* of nobody but the drive: a burned disc makes room for a blank */
};

/* Adds itself to set. 0 or -errno, with the reason logged. Strings of config are copied. */
int drive_new(
	const struct drive_config *config, sd_event *event, struct drives *set, struct drive **out);
/* The port must be gone, its thread joined. Commands under way are answered. NULL is fine. */
void drive_free(struct drive *d);

const char *drive_name(const struct drive *d);
const char *drive_media(const struct drive *d);
int drive_folder(const struct drive *d);
/* Shared by the drives of one folder. */
struct catalog *drive_catalog(const struct drive *d);
struct mmc_drive *drive_engine(struct drive *d);
struct recorder *drive_recorder(struct drive *d);

/* Where what outlives the daemon goes; it is the drive's then. Before anything is inserted. */
void drive_set_handover(struct drive *d, struct handover *k);
struct handover *drive_handover(struct drive *d);
/* The image that was in the drive of a daemon before us, "" = none. NULL: nothing is known. */
const char *drive_inherited_image(const struct drive *d);
/*
 * The drive is as it was kept, disc and all, for a host that knows of no change.
 * Instead of the first insert, before drive_attach().
 */
void drive_restore(struct drive *d);

/*
 * What goes in at start, when the drive is not as it was kept: by DRIVE_INSERT or
 * DRIVE_BLANK. NULL: nothing. Valid until the next command.
 */
const char *drive_initial_disc(struct drive *d, enum drive_verb *verb);

/* From here on the engine belongs to the port's thread. */
void drive_attach(struct drive *d, const struct drive_port *port);
/* The port's thread has been joined. */
void drive_detach(struct drive *d);
/* Runs fn on that thread, between two events; at once where there is none. 0 or -errno. */
int drive_call(struct drive *d, void (*fn)(void *arg), void *arg);
/* For ffs_config.changed; drive is a struct drive. On the port's thread. */
void drive_changed(void *drive);
/* For ffs_config.flush, likewise: what was burned goes to storage. */
void drive_flush(void *drive);
/* For ffs_config.resumed; likewise. */
void drive_resumed(void *drive);

/*
 * Starts or queues a command; r gets its answer. A command that waits for the
 * host to release its lock gives way to any newer one.
 */
void drive_submit(
	struct drive *d, enum drive_verb verb, const char *image, bool force, struct reply *r);

struct drive_info {
	const char *image;   /* name in the media folder, NULL = none in the drive */
	const char *path;    /* NULL with image */
	uint64_t size;       /* bytes of the image now */
	const char *pending; /* the command under way, "" = none */
	struct mmc_state mmc;
	struct ffs_state usb;
	bool has_postburn; /* catch is filled in */
	struct postburn_status postburn;
};
void drive_get_info(struct drive *d, struct drive_info *info);
/*
 * The block behind the last one that the burn will come to, as far as it is known: the
 * track was reserved, or the image's ISO 9660 descriptor has been recorded. 0 = unknown.
 */
uint32_t drive_burn_end(struct drive *d, const struct mmc_state *m);
/* The image is in this drive. */
bool drive_holds(const struct drive *d, dev_t dev, ino_t ino);
/* Likewise, and no other drive may have it: it can be recorded. */
bool drive_holds_alone(const struct drive *d, dev_t dev, ino_t ino);

#endif
