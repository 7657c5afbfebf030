/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions that other threads let the main thread run. */
#ifndef WEB_MAIL_H
#define WEB_MAIL_H

#include <systemd/sd-event.h>

struct mail;

/* 0 or -errno. */
int mail_new(sd_event *event, struct mail **out);
/* No thread may post any more; what was posted is dropped. NULL is fine. */
void mail_free(struct mail *m);

/* A letter, which the sender keeps until it was run. */
struct letter {
	void (*run)(void *ctx); /* on the main thread */
	void *ctx;
	struct letter *next;
};
/* Any thread. Letters are run in their order. */
void mail_post(struct mail *m, struct letter *l);

#endif
