// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/watchdog.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "util/log.h"

#define PINGS 4u /* in the time that systemd waits for a notification */

struct watchdog {
	const struct drives *drives;
	sd_event_source *timer;
	uint64_t period;                /* us */
	atomic_bool pending[DRIVE_MAX]; /* the thread has been asked, and has not answered */
	bool reported;                  /* that a thread does not answer */
};

static void on_answer(void *pending)
{
	atomic_store((atomic_bool *)pending, false);
}

/* Returns the first drive whose thread has not answered, NULL if all have. */
static const struct drive *find_silent(const struct watchdog *w)
{
	for (unsigned i = 0; i < w->drives->count; i++) {
		if (atomic_load(&w->pending[i]))
			return w->drives->drive[i];
	}
	return NULL;
}

static void ask_all(struct watchdog *w)
{
	for (unsigned i = 0; i < w->drives->count; i++) {
		atomic_store(&w->pending[i], true);
		/* Without memory the thread is not asked, so no answer is due. */
		if (drive_call(w->drives->drive[i], on_answer, &w->pending[i]) < 0)
			atomic_store(&w->pending[i], false);
	}
}

static int on_time(sd_event_source *s, uint64_t usec, void *watchdog)
{
	struct watchdog *w = watchdog;
	const struct drive *d = find_silent(w);

	(void)usec;
	if (!d) {
		sd_notify(0, "WATCHDOG=1");
		ask_all(w);
	} else if (!w->reported) {
		log_warn("%s: its USB thread has not answered for %u s; if that goes on, systemd "
			 "restarts the service",
			drive_name(d), (unsigned)(w->period / 1000000));
	}
	w->reported = d != NULL;
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
	w->period = usec / PINGS;
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
