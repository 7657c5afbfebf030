/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verb events: what the daemon is doing, told as it changes. A listener is told the newest
 * state of each subject (the daemon, each drive, each media folder) that changed since it last
 * read: there is no queue, so one that never reads costs a fixed amount. Burned discs alone are
 * kept, the last EVENTS_BURNED of them.
 *
 * Drives are looked at on the main thread, when it has woken for whatever reason: twice a second
 * while something changes, at most four times. Nothing is looked at without a
 * listener, no timer runs while nothing changes, and no USB thread is ever woken. Main thread.
 */
#ifndef CONTROL_EVENTS_H
#define CONTROL_EVENTS_H

#include <systemd/sd-event.h>

#include "control/command.h"
#include "control/control_socket.h"

#define EVENTS_BURNED 16u /* burned discs that a slow listener can still learn of */

struct events;

/* Copies env, whose drives must all have been made. 0 or -errno. */
int events_new(const struct command_env *env, sd_event *event, struct events **out);
/* The drives and all listeners must have been freed. NULL is fine. */
void events_free(struct events *ev);

/*
 * Makes the client a listener, which ends with its connection, and answers its line; it is told
 * the whole state first. drive: only of this one and its folder; -1: of all.
 */
void events_listen(struct events *ev, struct control_client *client, int drive);

#endif
