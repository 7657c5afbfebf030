// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/cue_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "library/disc_file.h"
#include "util/log.h"

/*
 * How often a finalised disc is looked at whose state file does not say that it is finalised. The
 * state file is saved before the host learns it, so that happens only if a card fails.
 */
#define LOOKS_MAX 3u

bool cue_keeper_busy(const struct cue_keeper *k)
{
	return atomic_load(&k->busy);
}

void cue_keeper_finish(struct cue_keeper *k)
{
	if (k->started)
		pthread_join(k->thread, NULL);
	k->started = false;
}

static void report(const char *drive, const char *base, const struct cd_set *set)
{
	if (set->why)
		log_warn("%s: %s has no cue sheet for other programs, because %s; here it is a "
			 "disc all the same",
			drive, base, set->why);
	else if (set->changed && set->cue[0])
		log_info(
			"%s: %s is the cue sheet of %s, for other programs", drive, set->cue, base);
	else if (set->changed)
		log_info("%s: the cue sheet of %s is removed, the disc is another one now", drive,
			base);
}

bool cue_keeper_look(int dir, const char *base, const char *drive)
{
	struct folder *folder = folder_file_of(dir);
	struct cd_set set = {0};
	int r = folder ? disc_file_update_set(folder, base, &set) : -ENOMEM;

	if (r < 0)
		log_warn("%s: the cue sheet of %s cannot be written: %s; that is tried again when "
			 "the disc is inserted",
			drive, base, strerror(-r));
	else
		report(drive, base, &set);
	if (folder)
		folder->ops->close(folder);
	return r < 0 || set.finalised;
}

static void *look(void *cue_keeper)
{
	struct cue_keeper *k = cue_keeper;
	bool finalised = cue_keeper_look(k->folder, k->base, k->drive);

	atomic_store(&k->too_early, k->must_be_finalised && !finalised);
	close(k->folder);
	atomic_store(&k->busy, false);
	k->done(k->ctx);
	return NULL;
}

static void start(struct cue_keeper *k, const struct image *in)
{
	cue_keeper_finish(k);
	k->wanted = false;
	k->must_be_finalised = k->finalised;
	k->folder = in->place ? fcntl(in->place->dir_fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (k->folder < 0)
		return;
	snprintf(k->base, sizeof(k->base), "%s", in->place->base);
	atomic_store(&k->busy, true);
	k->started = thread_start(&k->thread, "cue-sheet", look, k) == 0;
	if (!k->started)
		look(k);
}

static void want(struct cue_keeper *k, bool finalised)
{
	k->wanted = true;
	k->finalised = finalised;
	k->looked = 0;
}

static void on_engine_state(void *ctx, const struct mmc_state *before, const struct mmc_state *now,
	const struct image *in)
{
	struct cue_keeper *k = ctx;

	(void)before;
	if (atomic_exchange(&k->too_early, false) && ++k->looked < LOOKS_MAX)
		k->wanted = true;
	if (!k->wanted || atomic_load(&k->busy) || !(now->loaded || now->ejected_by_host))
		return;
	if (disc_medium_is_cd_recordable(disc_medium_of(now->type)) && !now->testing)
		start(k, in);
	else
		k->wanted = false;
}

static void on_finalised(void *ctx, const struct image *in)
{
	(void)in;
	want(ctx, true);
	((struct cue_keeper *)ctx)->done(((struct cue_keeper *)ctx)->ctx);
}

static void on_changed(void *ctx, const struct image *in)
{
	(void)in;
	want(ctx, false);
	((struct cue_keeper *)ctx)->done(((struct cue_keeper *)ctx)->ctx);
}

static void on_removed(void *ctx, const struct image *was, const char *next)
{
	struct cue_keeper *k = ctx;

	(void)next;
	/* A look was due, so the cue sheet may not have the disc's last state. */
	if (k->wanted && k->finalised)
		start(k, was);
	k->wanted = false;
	atomic_store(&k->too_early, false);
}

const struct drive_observer cue_keeper_observer = {
	.engine_state = on_engine_state,
	.finalised = on_finalised,
	.erased = on_changed,
	.inserted = on_changed,
	.restored = on_changed,
	.removed = on_removed,
};
