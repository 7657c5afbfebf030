/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All parts of the daemon put together, in order, and taken apart in reverse. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "daemon/config.h"

/*
 * Runs until SIGTERM or SIGINT. 0, or -errno with the reason logged. The
 * caller has blocked the signals that daemon_block_signals() blocks.
 */
int daemon_run(const struct config *config);

/* Blocks what the event loop takes, before there is any other thread. */
void daemon_block_signals(void);

#endif
