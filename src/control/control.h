/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where commands come in: a FIFO for echo, a unix socket for programs. Answers
 * go to the socket's client as one line of JSON, and as text to the status
 * file. Nobody can make the daemon write anywhere else.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include <systemd/sd-event.h>

#include "control/command.h"

struct control;

struct control_config {
	char directory[65];                    /* absolute; exists, only the daemon may write to it.
						  A socket's path is limited to 107 bytes */
	char fifo[33], socket[33], status[33]; /* names inside directory */
	char group[33]; /* may write to FIFO and socket; "" = only the daemon's user */
};

/* Makes FIFO, socket and status file. 0, or -errno with the reason logged. */
int control_new(const struct control_config *config, const struct command_env *env, sd_event *event,
	struct control **out);
/*
 * Removes them. Commands under way must have been answered (drive_free());
 * what can be sent at once still is. NULL is fine.
 */
void control_free(struct control *c);

/* A result that no command asked for: start-up. Takes the answer over. */
void control_note(struct control *c, json_t *answer);

#endif
