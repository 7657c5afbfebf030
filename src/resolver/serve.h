/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resolver's side of cdimage/wire.h. Its only system calls are read(), write() and exit. */
#ifndef RESOLVER_SERVE_H
#define RESOLVER_SERVE_H

#include <stdbool.h>

/*
 * Parses the one text that comes from the socket fd, and sends the disc that it describes, or why
 * it is refused. False: what came is not a WIRE_PARSE of this version, or the daemon is gone. If
 * the daemon is gone, or answers with something else, when it is asked for a file or bytes of one,
 * the process ends.
 */
bool serve(int fd);

#endif
