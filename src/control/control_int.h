/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the control: control.c (FIFO, status file), control_client.c (socket). */
#ifndef CONTROL_CONTROL_INT_H
#define CONTROL_CONTROL_INT_H

#include <stdbool.h>

#include "control/control.h"
#include "protocol/lines.h"

struct client;

struct control {
	char *directory, *fifo, *socket, *status;
	int dir_fd;
	struct command_env env;
	sd_event *event;

	int fifo_fd;
	struct lines fifo_lines;
	sd_event_source *fifo_io, *fifo_timer;

	int socket_fd;
	sd_event_source *socket_io;
	struct client *clients;
	unsigned n_clients;
};

/* One command under way, from either side. */
struct asked {
	struct reply base; /* first: a struct reply * is a struct asked * */
	struct control *control;
	struct client *client; /* NULL: came by the FIFO, or the client has gone */
	bool by_fifo;
	char *command; /* for the status file */
};

/* line NULL: it was too long. Answers by itself when there is no memory. */
void control_ask(struct control *c, struct client *client, char *line, size_t len);

/* control_client.c */
int client_listen(struct control *c, int gid);
void client_close_all(struct control *c);
/* The answer to the client's command, or NULL when there was no memory for one. */
void client_answer(struct client *cl, const json_t *answer);
void client_set_asked(struct client *cl, struct asked *asked);

#endif
