/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state machine of a drive: carries out one control command after the other, and knows
 * which image is in the drive. It calls services (open, find, post to the engine's thread,
 * timer), whose results come back as events, and notifies observers of what happens to the
 * disc. Main thread only; nothing here waits.
 *
 * Insert, blank, eject and close as states. The image is opened first, so that a wrong
 * name leaves the disc in the drive alone. "answer" ends the command.
 *
 *                        begin
 *    +---------+-----------+--------------------+
 *    |         | search    | name is known      | close, disc is in the drive
 *    |         v           |                    v
 *    |      FINDING        |                 CLOSING --> answer
 *    |         |           |
 *    |         v           v
 *    |       open the image
 *    |         |
 *    |         v      refused: host has locked
 *    |     EJECTING -------------------> WAIT_UNLOCK --- time is up, newer command --> answer
 *    |         |   ^                         |
 *    |         |   +-------------------------+ host unlocks
 *    |         |
 *    |         +-- eject: answer
 *    |         v
 *    |        GAP (time for the host to notice the empty drive)
 *    |         |
 *    |         |   it must have noticed, and has not
 *    |         +------------------> UNSEEN (until it has, or time is up)
 *    |         |                         |
 *    |         +<------------------------+
 *    |         |   file is held by the old disc
 *    |         +------------------> WAIT_RELEASE
 *    |         v                         |
 *    |     INSERTING <-------------------+
 *    |         |
 *    |         v
 *    |       answer
 *    |
 *    +--> HOST_GAP (the host ejected: it may load the disc again)
 *            |
 *            +-- host loads, newer command: answer
 *            +-- next disc: FINDING
 *            +-- burned disc: open a blank, EJECTING
 */
#ifndef DRIVE_DRIVE_MACHINE_H
#define DRIVE_DRIVE_MACHINE_H

#include "drive/drive_command.h"
#include "drive/drive_observer.h"
#include "drive/machine_services.h"

struct drive_machine;
struct unfinished;

/* Nothing is in the drive. 0 or -ENOMEM. */
int drive_machine_new(const struct drive_machine_config *config, struct drive_machine **out);
/* Commands must have been cancelled. NULL is fine. */
void drive_machine_free(struct drive_machine *m);

/*
 * Adds an observer, before any event. At most DRIVE_OBSERVERS; o and ctx must outlive the
 * machine.
 */
void drive_machine_observe(struct drive_machine *m, const struct drive_observer *o, void *ctx);
/* The observer with that ctx is not notified any more. */
void drive_machine_unobserve(struct drive_machine *m, const void *ctx);
/* Notifies them of what became of a burned disc, see drive_observer.postburn_done. */
void drive_machine_postburn_done(struct drive_machine *m, const struct postburn_result *result);

/* Begins to carry out a command, and takes it over. No other command may be under way. */
void drive_machine_begin(struct drive_machine *m, struct drive_command *c);
/*
 * A newer command waits. Returns true if the command under way was ended for it, because it
 * only waited for the host: to unlock the drive, or to load the ejected disc again.
 */
bool drive_machine_newer_command(struct drive_machine *m);
/* Ends the command under way, if there is one, with this error. */
void drive_machine_cancel(struct drive_machine *m, const char *code, const char *text);
/* Returns true if a command is under way. */
bool drive_machine_has_command(const struct drive_machine *m);
/* Returns mmc_state.vanished, as of the last event. */
bool drive_machine_disc_has_vanished(const struct drive_machine *m);
/*
 * Returns the command under way and what it waits for, for status; "" = none. Valid until
 * the next call.
 */
const char *drive_machine_pending(const struct drive_machine *m);

/*
 * Return the image in the drive, and the image that is prepared for it; name NULL = none. The
 * machine keeps both up to date as long as it lives. Only image_mover.c changes the image in
 * the drive: its name and path.
 */
struct image *drive_machine_in(struct drive_machine *m);
const struct image *drive_machine_prepared(const struct drive_machine *m);
/*
 * True while the disc in the drive is recordable, but finalised and of a type that cannot be
 * erased, so that nothing will record it. Kept up to date likewise.
 */
const bool *drive_machine_unchangeable(const struct drive_machine *m);
/* Returns the disc that left the drive unfinished. */
struct unfinished *drive_machine_unfinished(struct drive_machine *m);
/*
 * The engine was restored, with the disc from an earlier daemon. Takes the image over; its
 * name is NULL if there is no disc. Before any command.
 */
void drive_machine_restore(
	struct drive_machine *m, const struct image *in, const struct mmc_state *state);

/* ---- events --------------------------------------------------------------------------------- */

/*
 * The engine's state was copied again, or discs were closed. last: as it was when a disc was in the
 * drive last; the event before may be older, since a burn as it goes on causes none. done: the
 * result of the task that has ended; NULL = none has.
 */
void drive_machine_engine_event(struct drive_machine *m, const struct mmc_state *now,
	const struct mmc_state *last, const struct usb_result *done);
void drive_machine_timeout(struct drive_machine *m);
/* As drive_find_config.found. */
void drive_machine_found(struct drive_machine *m, const char *name, json_t *answer);

#endif
