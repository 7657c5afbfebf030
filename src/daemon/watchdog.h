/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd's watchdog (WatchdogSec= in the unit). systemd is notified as long as each drive's
 * USB thread answers: a USB thread that hangs is a drive that does not answer the host, even
 * if the main thread runs. Without the notifications systemd restarts the service.
 */
#ifndef DAEMON_WATCHDOG_H
#define DAEMON_WATCHDOG_H

#include <systemd/sd-event.h>

#include "drive/drive.h"

struct watchdog;

/*
 * Starts the watchdog of drives, whose USB threads run. *out is NULL if the service has no
 * watchdog. 0 or -errno.
 */
int watchdog_new(const struct drives *drives, sd_event *event, struct watchdog **out);
/* To be called when the drives' threads have been joined. NULL is fine. */
void watchdog_free(struct watchdog *w);

#endif
