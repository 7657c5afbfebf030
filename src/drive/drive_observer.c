// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drive_observer.h"

#include <assert.h>
#include <string.h>

/* EACH(all, event)(e->ctx, ...); calls event of every observer that has it. */
#define EACH(all, event)                                                                           \
	for (const struct drive_observer_entry *e = (all)->at; e < (all)->at + (all)->count; e++)  \
		if (e->observer->event)                                                            \
	e->observer->event

void drive_observers_add(struct drive_observers *all, const struct drive_observer *o, void *ctx)
{
	assert(all->count < DRIVE_OBSERVERS);
	all->at[all->count].observer = o;
	all->at[all->count++].ctx = ctx;
}

void drive_observers_remove(struct drive_observers *all, const void *ctx)
{
	unsigned i = 0;

	while (i < all->count && all->at[i].ctx != ctx)
		i++;
	if (i == all->count)
		return;
	all->count--;
	memmove(&all->at[i], &all->at[i + 1], (all->count - i) * sizeof(all->at[0]));
}

void notify_engine_state(const struct drive_observers *all, const struct mmc_state *before,
	const struct mmc_state *now, const struct image *in)
{
	EACH(all, engine_state)(e->ctx, before, now, in);
}

void notify_finalised(const struct drive_observers *all, const struct image *in)
{
	EACH(all, finalised)(e->ctx, in);
}

void notify_closed(const struct drive_observers *all, const char *image)
{
	EACH(all, closed)(e->ctx, image);
}

void notify_erased(const struct drive_observers *all, const struct image *in)
{
	EACH(all, erased)(e->ctx, in);
}

void notify_removed(const struct drive_observers *all, const struct image *was, const char *next)
{
	EACH(all, removed)(e->ctx, was, next);
}

void notify_left_empty(const struct drive_observers *all)
{
	EACH(all, left_empty)(e->ctx);
}

void notify_inserted(const struct drive_observers *all, const struct image *in)
{
	EACH(all, inserted)(e->ctx, in);
}

void notify_restored(const struct drive_observers *all, const struct image *in)
{
	EACH(all, restored)(e->ctx, in);
}

void notify_event_handled(const struct drive_observers *all)
{
	EACH(all, event_handled)(e->ctx);
}

void notify_postburn_done(const struct drive_observers *all, const struct postburn_result *result)
{
	EACH(all, postburn_done)(e->ctx, result);
}

void notify_host_ejected(const struct drive_observers *all)
{
	EACH(all, host_ejected)(e->ctx);
}
