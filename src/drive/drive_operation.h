/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command that a drive's state machine carries out, and the steps that many commands have:
 * to open an image, to wait, to answer. Only for drive_machine.c. Main thread.
 */
#ifndef DRIVE_DRIVE_OPERATION_H
#define DRIVE_DRIVE_OPERATION_H

#include "drive/drive_observer.h"
#include "drive/machine_services.h"
#include "drive/unfinished.h"

enum op_state {
	OP_IDLE,
	OP_HOST_GAP,
	OP_FINDING,
	OP_EJECTING, /* on the engine's thread */
	OP_WAIT_UNLOCK,
	OP_GAP,
	OP_UNSEEN,
	OP_WAIT_RELEASE,
	OP_INSERTING, /* on the engine's thread */
	OP_CLOSING,   /* on the engine's thread */
	OP_STATES
};

/* The command under way. If command is NULL there is none, and all members are 0. */
struct operation {
	enum op_state state;
	struct drive_command *command;
	struct image prepared; /* opened, not in the drive; its disc is NULL while inserted */
	char kind[64];         /* of that disc, for the answer */
	bool open_later;      /* the file is held by a disc that is taken out: open it in the gap */
	bool eject_requested; /* the host was asked to unlock */
	bool timed_out;       /* the host was asked and has not unlocked in time */
	bool host_absent;     /* the host has locked the drive and is absent: the lock is ignored */
	char text[320];       /* for status */
};

struct drive_machine {
	struct drive_machine_config config;
	struct drive_observers observers;
	struct image in;        /* in the drive; name NULL = nothing */
	bool finalised;         /* the disc is finalised, as the observers know */
	bool unchangeable;      /* and cannot be erased: nothing records it any more */
	struct mmc_state state; /* of the engine, as it was seen last */
	struct operation op;
	struct unfinished unfinished; /* a disc that has left the drive */
};

const struct drive_services *operation_services(const struct drive_machine *m);
/* Returns the name of the disc in the drive, for messages. */
const char *operation_disc_name(const struct drive_machine *m);
/* Enters the state. stage: what the command waits for, for status. */
void operation_enter(struct drive_machine *m, enum op_state state, const char *stage);
/* Ends the command with this answer, which it takes over. The next command may begin in here. */
void operation_finish(struct drive_machine *m, json_t *answer);
/* Ends the command if r says that its task was not posted. One that was may have ended already. */
void operation_check_posted(struct drive_machine *m, int r);
/* Returns 0, with the image prepared or op.open_later set; -1: *answer says why not. */
int operation_open(struct drive_machine *m, json_t **answer);

#endif
