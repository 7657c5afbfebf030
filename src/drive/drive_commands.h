/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control commands that wait for a drive, and those that the drive itself starts. The
 * state machine carries out one at a time, in order. Main thread only.
 */
#ifndef DRIVE_DRIVE_COMMANDS_H
#define DRIVE_DRIVE_COMMANDS_H

#include "drive/drive_machine.h"

#define DRIVE_QUEUE 16u /* commands that may wait for the one under way */

struct drive_commands;

struct drive_commands_config {
	const char *drive; /* its name, for messages; outlives the queue */
	struct drive_machine *machine;
	bool brings_next;                /* an eject by the host brings the next disc */
	const struct disc_medium *blank; /* of commands that name no medium */
};

/* 0 or -ENOMEM. */
int drive_commands_new(const struct drive_commands_config *config, struct drive_commands **out);
/* Commands must have been cancelled. NULL is fine. */
void drive_commands_free(struct drive_commands *c);

/* Its ctx is a struct drive_commands. Starts DRIVE_NEXT when the host has ejected. */
extern const struct drive_observer drive_commands_observer;

/*
 * Starts or queues a command; r gets its answer, in the end exactly one. blank: of DRIVE_BLANK;
 * NULL = drive_commands_config.blank. as: see image_policy. A command that
 * only waits for the host is cancelled, see drive_machine_newer_command().
 */
void drive_commands_submit(struct drive_commands *c, enum drive_verb verb, const char *image,
	const struct image_blank *blank, enum image_as as, bool force, struct reply *r);
/*
 * Starts DRIVE_REPLACE_BURNED. by_host: the host has ejected the disc. Otherwise: the
 * drive has been idle since blocks_moved were counted, see engine_is_idle().
 */
void drive_commands_replace_burned(struct drive_commands *c, bool by_host, uint64_t blocks_moved);
/*
 * Starts a DRIVE_EJECT by force, of a disc that has vanished: see mmc_state.vanished. If commands
 * are under way or wait, only when they have ended, and the disc is still in the drive.
 */
void drive_commands_take_out(struct drive_commands *c);
/* Ends the command under way and those that wait with this error. */
void drive_commands_cancel(struct drive_commands *c, const char *code, const char *text);

/* Returns true if a command waits for the end of the one under way. */
bool drive_commands_any_waits(const struct drive_commands *c);
/* Returns true if no command is under way and none waits. */
bool drive_commands_is_idle(const struct drive_commands *c);
/* The machine has ended a command: begins the next one. */
void drive_commands_next(struct drive_commands *c);

#endif
