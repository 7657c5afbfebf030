/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket and its clients. A client has one control command under way at a time:
 * its next line is read when the answer has been sent. Everything runs on the main thread.
 */
#ifndef CONTROL_CONTROL_SOCKET_H
#define CONTROL_CONTROL_SOCKET_H

#include <jansson.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

struct control_socket;
struct control_client;

/* The texts that a client is sent after its answer, as long as it is connected. */
struct control_stream {
	/* Returns the next text, newline included, to be freed; NULL: there is none now. */
	char *(*next)(struct control_stream *s);
	/* The client is gone, and the stream is of no use any more. */
	void (*gone)(struct control_stream *s);
};

struct control_socket_config {
	const char *directory, *name; /* together the path; only for control_socket_new() */
	int dir_fd;                   /* of directory; stays the caller's */
	gid_t group;                  /* may connect; (gid_t)-1 = the daemon's own */
	/*
	 * Runs a line (line[len] is writable; NULL: the line was too long) and calls
	 * control_client_answer() or control_client_answer_text() exactly once, before or after it
	 * returns.
	 */
	void (*run_line)(void *ctx, struct control_client *client, char *line, size_t len);
	void *ctx;
};

/* Makes the socket and listens. 0 or -errno; nothing of that name may exist. */
int control_socket_new(
	const struct control_socket_config *config, sd_event *event, struct control_socket **out);
/*
 * Sends what the kernel takes at once, closes all connections and removes the socket. All
 * lines must have been answered. NULL is fine.
 */
void control_socket_free(struct control_socket *s);

/*
 * Answers the client's line; NULL: there was no memory for an answer. The answer stays the
 * caller's. May free the client.
 */
void control_client_answer(struct control_client *cl, const json_t *answer);
/*
 * Does the same, and passes the descriptor with the first byte of the answer. Takes it, and closes
 * it when it was sent or cannot be.
 */
void control_client_answer_fd(struct control_client *cl, const json_t *answer, int fd);
/* Returns the connection, which stays the client's. */
int control_client_fd(const struct control_client *cl);
/* Does the same with a text of answer_text(), which it takes. */
void control_client_answer_text(struct control_client *cl, char *text);
/*
 * Answers the client's line; after it the client gets what next() returns, one text at a time, and
 * what it sends is dropped. Such clients do not count for the limit of clients. May free the
 * client, and call gone().
 */
void control_client_stream(
	struct control_client *cl, const json_t *answer, struct control_stream *s);
/* next() may have a text now. May free the client, and call gone(). */
void control_client_more(struct control_client *cl);

#endif
