/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One drive of the daemon: which image is in it, and the control commands (insert, eject,
 * blank, close) on their way through it. drive.c only puts the parts together; see
 * drive_machine.h for what a command does.
 *
 * Unless stated otherwise, functions are for the main thread and never wait: not for the host,
 * and not for the USB thread, which may hang in a slow medium. The engine is reached by
 * posting to the USB thread; its state is read from a copy that the USB thread keeps up to
 * date.
 */
#ifndef DRIVE_DRIVE_H
#define DRIVE_DRIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "drive/burned.h"
#include "drive/burn_rate.h"
#include "drive/drive_command.h"
#include "drive/drive_observer.h"
#include "drive/engine_thread.h"
#include "drive/handover.h"
#include "drive/host_log.h"
#include "drive/drives.h"
#include "drive/recorder.h"
#include "gadget/ffs.h"
#include "catalog/catalog.h"
#include "burned/postburn.h"
#include "mmc/mmc.h"
#include "protocol/answer.h"

#define DRIVE_UNLOCK_WAIT 10000u /* ms a host is given to answer an eject request */
#define DRIVE_SEEN_WAIT                                                                            \
	5000u /* ms a host is given to see the empty drive: they poll every 1 or 2 s */

struct disc_jobs;
struct drive_faults;
struct extract_jobs;
struct drive;

struct drive_config {
	const char *name;
	const char *media; /* media folder; must exist when the drive is made */
	struct mmc_config mmc;
	unsigned swap_gap;    /* ms between the old disc and the new one, at least */
	unsigned seen_wait;   /* ms; DRIVE_SEEN_WAIT: a swap waits for a host that has not seen the
				 empty drive; 0 = it does not wait */
	bool brings_next;     /* an eject by the host brings the next disc */
	unsigned unlock_wait; /* ms; DRIVE_UNLOCK_WAIT, less in tests */
	unsigned label_wait;  /* ms; CATALOG_LABEL_WAIT, less in tests */
	uint32_t max_unsaved; /* blocks burned and not yet saved, see disc_options; 0 = the default
				 there */
	unsigned sync_ms;     /* time between two syncs of a burn, at most; 0 = no limit in time */
	enum image_as iso;    /* what a plain image is */
	bool limit_to_free_space; /* blanks are no larger than the free space */
	/* A plain blank: an empty image without a state; NULL = disc_medium_of_blank(). */
	const struct disc_medium *blank;
	bool remember;     /* keep a drive record: the disc is back after a power cut */
	const char *image; /* at start, if there is no record; NULL or "" = none */
	struct drive_burned burned;
	bool faults; /* control commands may request faults of the drive, for tests */
};

/*
 * Makes an empty drive without a port and adds it to set. The strings of config are
 * copied. 0, or -errno with the reason logged.
 */
int drive_new(
	const struct drive_config *config, sd_event *event, struct drives *set, struct drive **out);
/* The port must be detached. Answers the commands under way. NULL is fine. */
void drive_free(struct drive *d);

const char *drive_name(const struct drive *d);
const char *drive_media(const struct drive *d);
/* Looks at the image in the drive. Returns what others did to it, see disc_watch_problem(). */
const char *drive_image_problem(const struct drive *d);
/*
 * Looks at once. Returns the image that left the drive before its burn was finished, and the bytes
 * recorded on it; NULL = none, or it is finished, gone or in the drive again. Valid until the next
 * call.
 */
const char *drive_unfinished(struct drive *d, uint64_t *bytes);
/* Looks at the media folder. Returns NULL, or why there is none, see media_folder_look(). */
const char *drive_folder_problem(const struct drive *d);
/*
 * Writes a warning if the file system of the disc in the drive has no room for that many more
 * bytes, see image_warn_room(); otherwise "".
 */
void drive_warn_room(const struct drive *d, uint64_t bytes, char *out, size_t size);
/* Returns what a plain blank is in this drive. */
const struct disc_medium *drive_blank(const struct drive *d);
/*
 * Returns as what a plain image of that many bytes is shown in this drive; udf: it has a UDF
 * volume.
 */
const struct disc_medium *drive_image_medium(const struct drive *d, uint64_t size, bool udf);
/* True if this drive is to show the image as a CD, and no CD can hold it. */
bool drive_image_is_too_large(const struct drive *d, const struct catalog_entry *e);
/* Returns the folder's catalog, which the drives of one folder share. */
struct catalog *drive_catalog(const struct drive *d);
struct mmc_drive *drive_engine(struct drive *d);
struct recorder *drive_recorder(struct drive *d);

/* ---- hand-over ------------------------------------------------------------------------------ */

/*
 * Stores the hand-over state in h from now on, and takes h over. Before the first disc
 * is inserted and before drive_attach().
 */
void drive_set_handover(struct drive *d, struct handover *h);
struct handover *drive_handover(struct drive *d);
/* Returns the image in the drive of an earlier daemon, "" = none. NULL: nothing was inherited. */
const char *drive_inherited_image(const struct drive *d);
/*
 * Brings the drive into the inherited state, disc included; the host notices nothing.
 * Instead of the first insert, before drive_attach().
 */
void drive_restore(struct drive *d);

/*
 * Returns the disc to insert at start, if the drive is not restored, and with which verb:
 * DRIVE_INSERT or DRIVE_BLANK. NULL: none. Valid until the next command.
 */
const char *drive_initial_disc(struct drive *d, enum drive_verb *verb);
/* As what that image was inserted: image_policy.as. */
enum image_as drive_initial_as(const struct drive *d, const char *image);

/* ---- the USB side --------------------------------------------------------------------------- */

/* From here on the engine belongs to the port's thread. */
void drive_attach(struct drive *d, const struct drive_port *port);
/* The port's thread has been joined. Answers the commands under way. */
void drive_detach(struct drive *d);
/* Runs fn on that thread, between two commands; at once if there is none. 0 or -errno. */
int drive_call(struct drive *d, void (*fn)(void *arg), void *arg);
/* For ffs_config.changed, on the port's thread; drive is a struct drive. */
void drive_changed(void *drive);
/* For ffs_config.flush, on the port's thread: syncs what was burned. */
void drive_flush(void *drive);
/* For ffs_config.resumed, on the port's thread. */
void drive_resumed(void *drive);

/* ---- commands and status -------------------------------------------------------------------- */

/* Starts or queues a command; r gets its answer. See drive_commands_submit(). */
void drive_submit(
	struct drive *d, enum drive_verb verb, const char *image, bool force, struct reply *r);

/* The same for an image that is to be shown as that disc, see image_policy.as. */
void drive_submit_as(struct drive *d, enum drive_verb verb, const char *image, enum image_as as,
	bool force, struct reply *r);
/* The same for DRIVE_BLANK with that blank. */
void drive_submit_blank(struct drive *d, const char *image, const struct image_blank *blank,
	bool force, struct reply *r);
/* Renames, deletes and erases the discs of the media folder. */
struct disc_jobs *drive_jobs(const struct drive *d);
/* Copies the songs of the discs of the media folder. */
struct extract_jobs *drive_extract(const struct drive *d);
/* Returns the faults of the drive; NULL: none may be requested. */
struct drive_faults *drive_requested_faults(const struct drive *d);

struct drive_info {
	const char *image;   /* name in the media folder, NULL = no disc in the drive */
	const char *path;    /* NULL with image */
	uint64_t size;       /* bytes of the image now */
	const char *pending; /* the command under way, or the songs that are copied; "" = none */
	struct mmc_state mmc;
	struct ffs_state usb;
	bool has_postburn; /* something is done with burned discs */
	struct postburn_status postburn;
	struct host_burns burns;
};
/* Pointers in *info are valid until the next command. */
void drive_get_info(struct drive *d, struct drive_info *info);
/* Returns the block where the burn under way will end, see burn_end_find(). 0 = unknown. */
uint32_t drive_burn_end(struct drive *d, const struct mmc_state *m);
/* Tells how fast that disc is being written, see burn_rate_take(). */
void drive_burn_speed(struct drive *d, const struct mmc_state *m, struct burn_speed *out);
/* Notifies o, too, from now on, until drive_unobserve() or the end of the drive. */
void drive_observe(struct drive *d, const struct drive_observer *o, void *ctx);
void drive_unobserve(struct drive *d, const void *ctx);
/*
 * Wakes the main thread once, when the host has moved a block or was connected, disconnected or
 * sent to sleep. The USB thread is not woken for that: it says so when it has something to do.
 */
void drive_watch_host(struct drive *d);
/* Returns true if the image is in this drive. */
bool drive_holds(const struct drive *d, dev_t dev, ino_t ino);

#endif
