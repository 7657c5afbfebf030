/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd's watchdog, fed by the threads that do the work: a USB thread that does not
 * come to its mailbox any more is a drive that does not answer, however well the
 * main thread is.
 */
#ifndef DAEMON_WATCHDOG_H
#define DAEMON_WATCHDOG_H

#include <systemd/sd-event.h>

#include "drive/drive.h"

struct watchdog;

/*
 * For drives that are attached. Without a watchdog of the service (WatchdogSec=) *out
 * is NULL. 0 or -errno.
 */
int watchdog_new(const struct drives *drives, sd_event *event, struct watchdog **out);
/* The drives' threads have been joined. NULL is fine. */
void watchdog_free(struct watchdog *w);

#endif
