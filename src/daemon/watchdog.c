// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/watchdog.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "util/log.h"

#define FEEDS 4u /* in the time that systemd waits */

struct watchdog {
	const struct drives *drives;
	sd_event_source *timer;
	uint64_t period;              /* us */
	atomic_bool asked[DRIVE_MAX]; /* and not answered yet */
	bool told;
};

static void answer(void *asked)
{
	atomic_store((atomic_bool *)asked, false);
}

/* The first drive that has not answered, NULL = all have. */
static const struct drive *silent(const struct watchdog *w)
{
	for (unsigned i = 0; i < w->drives->count; i++) {
		if (atomic_load(&w->asked[i]))
			return w->drives->drive[i];
	}
	return NULL;
}

static void ask(struct watchdog *w)
{
	for (unsigned i = 0; i < w->drives->count; i++) {
		atomic_store(&w->asked[i], true);
		/* Without memory for it there is nothing to wait for. */
		if (drive_call(w->drives->drive[i], answer, &w->asked[i]) < 0)
			atomic_store(&w->asked[i], false);
	}
}

static int on_time(sd_event_source *s, uint64_t usec, void *watchdog)
{
	struct watchdog *w = watchdog;
	const struct drive *d = silent(w);

	(void)usec;
	if (!d) {
		sd_notify(0, "WATCHDOG=1");
		ask(w);
	} else if (!w->told) {
		log_warn("%s: its thread has not answered for %u s; the watchdog is not fed",
			drive_name(d), (unsigned)(w->period / 1000000));
	}
	w->told = d != NULL;
	sd_event_source_set_time_relative(s, w->period);
	return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

int watchdog_new(const struct drives *drives, sd_event *event, struct watchdog **out)
{
	struct watchdog *w;
	uint64_t usec;
	int r = sd_watchdog_enabled(0, &usec);

	*out = NULL;
	if (r <= 0)
		return r;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->drives = drives;
	w->period = usec / FEEDS;
	r = sd_event_add_time_relative(event, &w->timer, CLOCK_MONOTONIC, 0, 0, on_time, w);
	if (r < 0) {
		free(w);
		return r;
	}
	*out = w;
	return 0;
}

void watchdog_free(struct watchdog *w)
{
	if (!w)
		return;
	sd_event_source_disable_unref(w->timer);
	free(w);
}
