/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes control commands through a FIFO (for echo) and unix sockets (for programs). Answers
 * go to the socket's client as one line of JSON, and to the status file as text; no command
 * can make the daemon write to another file. Main thread.
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
	/*
	 * A second socket, for the program of the web page, whose user is not in that group, and
	 * the group that may connect to it; "" or a group that does not exist: there is no such
	 * socket.
	 */
	char web[33], web_group[33];
};

/* Makes the FIFO and the socket. Copies config and env. 0, or -errno with the reason logged. */
int control_new(const struct control_config *config, const struct command_env *env, sd_event *event,
	struct control **out);
/*
 * Removes FIFO, socket and status file. All commands must have been answered, as drive_free()
 * does; sends what the kernel takes at once. NULL is fine.
 */
void control_free(struct control *c);

/*
 * Writes a result to the status file that does not answer a control command (a start of the
 * daemon, say), and frees it.
 */
void control_note(struct control *c, json_t *answer);

#endif
