/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's socket, from the outside. */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#define CLIENT_SOCKET "/run/mmcgadget/socket"

/*
 * Connects; tries again for `wait` seconds while nobody is there. A descriptor,
 * or -errno: -ENOENT and -ECONNREFUSED mean that no daemon runs.
 */
int client_connect(const char *path, double wait);

/* The command line for the daemon, newline included, of the words of argv. -EINVAL, -E2BIG. */
int client_line(int argc, char *const *argv, char *out, size_t size);

/* True when the answer has begun to come within ms. */
bool client_soon(int fd, int ms);

/* Sends line, newline included. 0 or -errno. */
int client_send(int fd, const char *line);

/*
 * Waits for the answer, one line without its newline, to be freed by the
 * caller. 0 or -errno; -EPIPE: the daemon went away.
 */
int client_receive(int fd, char **answer);

/* The name of the group that may use the socket, "" when unknown. */
void client_group(const char *path, char *out, size_t size);

#endif
