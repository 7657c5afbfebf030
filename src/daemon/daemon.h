/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creates the parts of the daemon in order, runs it, and frees them in reverse. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "daemon/config.h"

/*
 * Runs the daemon until SIGTERM or SIGINT. The caller has called daemon_block_signals(), and has
 * set usb.serial, see usb_serial().
 * 0, or -errno with the reason logged.
 */
int daemon_run(const struct config *config);

/* Blocks the signals that the event loop handles. To be called before any thread starts. */
void daemon_block_signals(void);

#endif
