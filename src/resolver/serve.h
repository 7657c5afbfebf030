/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resolver's side of cdimage/wire.h. It calls nothing but read() and write(). */
#ifndef RESOLVER_SERVE_H
#define RESOLVER_SERVE_H

#include <stdbool.h>

/* Parses the one text that comes from the socket fd, and sends what it is. False: the daemon is
 * gone. */
bool serve(int fd);

#endif
