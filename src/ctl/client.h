/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection to the daemon's socket. */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#define CLIENT_SOCKET "/run/mmcgadget/socket"

/*
 * Connects; tries again for wait seconds while no daemon runs. Returns a descriptor, or
 * -errno: -ENOENT and -ECONNREFUSED mean that no daemon runs.
 */
int client_connect(const char *path, double wait);

/*
 * Writes the words of argv as a control line, newline included. literal: for each word whether it
 * is a name even if it looks like an option; NULL: none is. 0; -EINVAL: control characters or not
 * UTF-8; -E2BIG.
 */
int client_line(int argc, char *const *argv, const bool *literal, char *out, size_t size);

/*
 * Waits up to ms milliseconds; -1: without a limit. True if the answer has begun to arrive, or the
 * daemon hung up.
 */
bool client_soon(int fd, int ms);

/*
 * Sends line, newline included. 0, also if the daemon hung up, because it may have answered before;
 * or -errno.
 */
int client_send(int fd, const char *line);

/*
 * Waits for the answer: one line without its newline, which the caller frees. 0 or -errno;
 * -EPIPE: the daemon hung up.
 */
int client_receive(int fd, char **answer);

/* Writes the name of the group that may use the socket, "" if unknown. */
void client_group(const char *path, char *out, size_t size);

#endif
