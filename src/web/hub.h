/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live states for browsers (Server-Sent Events): one connection to the daemon's verb events, as
 * long as there is a listener, and the newest line of each subject for all. A listener that does
 * not read loses steps, never the last one. Main thread.
 */
#ifndef WEB_HUB_H
#define WEB_HUB_H

#include <microhttpd.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

#include "web/auth.h"

#define HUB_LISTENERS 208u

struct hub;

/*
 * path: of the daemon's socket; hello: JSON that every listener is told first; resumed: is set when
 * the library must run; auth: knows whose log-in has ended. All must stay. 0 or -errno.
 */
int hub_new(sd_event *event, const char *path, const char *hello, bool *resumed, struct auth *auth,
	struct hub **out);
/* Ends all streams, as soon as the library runs. */
void hub_stop(struct hub *h);
/* There must be no listener any more. NULL is fine. */
void hub_free(struct hub *h);

/*
 * Returns a response that ends only with the log-in, for that connection; NULL: there is no memory,
 * or there are HUB_LISTENERS.
 */
struct MHD_Response *hub_listen(
	struct hub *h, struct MHD_Connection *connection, const struct auth_pass *pass);
/* Ends the streams whose log-in has ended. The hub also does it by itself, every 15 s. */
void hub_end_old(struct hub *h);
/* Number of listeners. */
unsigned hub_count(const struct hub *h);

#endif
