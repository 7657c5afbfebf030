/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults that control commands request of a drive, for tests of burning software (mmc/fault.h). The
 * engine's thread has the list that it acts on and counts in; the main thread has a copy. The
 * faults belong to the drive, whatever disc is in it, until they are cleared or the daemon ends.
 */
#ifndef DRIVE_DRIVE_FAULTS_H
#define DRIVE_DRIVE_FAULTS_H

#include <systemd/sd-event.h>

#include "drive/engine_thread.h"
#include "mmc/fault.h"
#include "protocol/answer.h"

struct drive_faults;

/*
 * The name and the engine must outlive the result. 0 or -errno. Main thread, as everything here.
 */
int drive_faults_new(const char *drive, struct engine_thread *engine, sd_event *event,
	struct drive_faults **out);
/* No port may be attached to the engine, and the changes must be cancelled. NULL is fine. */
void drive_faults_free(struct drive_faults *f);

/*
 * Adds the faults of the text, or sets them in place of those that there are. "" clears them. r
 * gets its answer when the engine has them, so that they apply to the host's next command.
 */
void drive_faults_change(struct drive_faults *f, const char *text, bool add, struct reply *r);
/* Answers with this error the changes that the engine has not got yet. */
void drive_faults_cancel(struct drive_faults *f, const char *code, const char *text);
/* Events of the engine's thread may have come: answers changes, logs, starts timers. */
void drive_faults_look(struct drive_faults *f);

/* Copies the faults with their counters. Returns their number. */
unsigned drive_faults_get(struct drive_faults *f, struct mmc_fault out[MMC_FAULTS_MAX]);

#endif
