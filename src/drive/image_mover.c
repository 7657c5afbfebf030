// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/image_mover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disc/model.h"
#include "media/store.h"
#include "util/log.h"

/* The new place of the image, for the engine's thread. */
struct news {
	struct engine_thread *engine;
	struct drive_handover *handover;
	struct handover_image image;
	struct folder *folder; /* NULL: the state file stays where it is */
	char base[256];
};

static void tell_engine(void *arg)
{
	struct news *n = arg;

	drive_handover_renamed(n->handover, &n->image);
	if (n->folder) {
		mmc_image_moved(engine_thread_engine(n->engine), n->folder, n->base);
		engine_thread_flush(n->engine);
	}
	drive_handover_store(n->handover);
	free(n);
}

static void send(const struct image_mover *m)
{
	const struct image_place *p = m->in->place;
	struct news *n = calloc(1, sizeof(*n));

	if (!n)
		return;
	n->engine = m->engine;
	n->handover = m->handover;
	drive_handover_describe(&n->image, m->in);
	if (m->in->recordable) {
		n->folder = folder_file_of(p->dir_fd);
		strcpy(n->base, p->base);
	}
	if (engine_thread_call(m->engine, tell_engine, n) == 0)
		return;
	log_warn("%s: its state file could not be moved: out of memory", m->in->name);
	if (n->folder)
		n->folder->ops->close(n->folder);
	free(n);
}

static void moved(void *mover, const char *name, const char *path)
{
	const struct image_mover *m = mover;
	char *new_name = strdup(name ? name : m->in->name), *new_path = strdup(path);

	if (!m->in->place || !new_name || !new_path) {
		free(new_name);
		free(new_path);
		return;
	}
	free(m->in->name);
	free(m->in->path);
	m->in->name = new_name;
	m->in->path = new_path;
	drive_record_renamed(m->record, m->in);
	send(m);
}

static void save_state(void *arg)
{
	struct image_mover *m = arg;

	/*
	 * The CLOSE that finalises removes the state file. If that takes long, a flush would save
	 * the layout of before, which the command has to remove again, and so on.
	 */
	if (mmc_state_missing(engine_thread_engine(m->engine)))
		engine_thread_flush(m->engine);
	atomic_store(&m->asked, false);
}

static void state_missing(void *mover)
{
	struct image_mover *m = mover;
	struct mmc_state s;

	/* A blank of the usual medium, and most finalised discs of one track, need no state file.
	 */
	engine_thread_get_state(m->engine, &s);
	if ((s.recorded == 0 && disc_medium_of(s.type) == disc_medium_of_blank()) ||
		(s.finalised && s.tracks == 1 &&
			disc_medium_shows_in_image(disc_medium_of(s.type), s.end)) ||
		atomic_exchange(&m->asked, true))
		return;
	if (engine_thread_call(m->engine, save_state, m) < 0)
		atomic_store(&m->asked, false);
}

static uint64_t safe_bytes(void *mover)
{
	const struct image_mover *m = mover;
	struct mmc_state s;

	engine_thread_get_state(m->engine, &s);
	if (!(s.loaded || s.ejected_by_host) || s.testing || s.unsynced > s.end ||
		disc_model_of(disc_medium_of(s.type), s.format)->zero_fill)
		return 0;
	if (disc_medium_is_cd_recordable(disc_medium_of(s.type))) {
		uint64_t bytes = mmc_state_cd_bytes(&s), ahead = (uint64_t)s.unsynced * CD_SECTOR;

		return bytes > ahead ? bytes - ahead : 0;
	}
	return (uint64_t)(s.end - s.unsynced) * MEDIA_BLOCK;
}

void image_mover_watch(struct image_mover *m, struct disc_watch_config *config)
{
	config->moved = moved;
	config->state_missing = state_missing;
	config->safe_bytes = safe_bytes;
	config->ctx = m;
}
