/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP: connections, limits and timers around libmicrohttpd, which runs inside the event loop. Main
 * thread.
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "web/request.h"

#define SERVER_CONNECTIONS 256u
#define SERVER_PER_ADDRESS                                                                         \
	16u            /* of any address but loopback, which an SSH tunnel or a proxy may be */
#define SERVER_KEPT 4u /* of all connections, for loopback */

struct server;

/*
 * Begins to accept on the listening sockets, which stay the caller's. The event loop is ended
 * when nobody was connected for web->config.idle seconds. 0 or -errno.
 */
int server_new(struct web *web, const int *listening, unsigned count, struct server **out);
/* Ends all connections. All that a request may wait for must have ended. NULL is fine. */
void server_free(struct server *s);
/* Takes a connected socket, which becomes the server's. */
void server_add(struct server *s, int fd);

#endif
