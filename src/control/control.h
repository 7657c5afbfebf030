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
	const char *directory; /* exists, and is the daemon's own */
	const char *fifo, *socket, *status;
	const char *group; /* may write to FIFO and socket; "" = only the daemon's user */
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
