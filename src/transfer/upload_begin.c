// SPDX-License-Identifier: GPL-2.0-or-later
/* The begin of each verb of uploads: a step for the thread, or an answer at once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "transfer/upload_answer.h"
#include "transfer/uploads_int.h"
#include "util/clock.h"

/* Starts a step of the first job. NULL, or the answer if there is no thread. */
static json_t *step(struct uploads *u, enum upload_step what, const char *media, const char *dir)
{
	struct upload_work *w = &u->queue->work;
	int r;

	w->step = what;
	w->media = media;
	if (dir) {
		free(w->dir);
		w->dir = strdup(dir);
	}
	r = w->dir ? worker_start(&u->worker) : -ENOMEM;
	return r == 0 ? NULL : answer_error("io-error", "%s", strerror(-r));
}

static json_t *step_on(struct uploads *u, enum upload_step what, const struct upload_entry *e)
{
	u->queue->work.part = e->found.part;
	u->queue->work.kept = uploads_kept_by_others(u, e->media, e->found.part.id);
	return step(u, what, e->media, e->found.dir);
}

static json_t *busy(const struct upload_entry *e)
{
	return answer_error("busy", "the checksum of \"%s\" is being computed; wait for it",
		e->found.part.text.image);
}

/* The job has dir and part.text of its own. */
static json_t *begin_upload(struct uploads *u)
{
	struct upload_job *j = u->queue;
	struct upload_work *w = &j->work;
	const struct upload_text *want = &w->part.text;
	struct upload_entry *e = upload_table_named(&u->table, w->media, w->dir, want->image);
	struct upload_text *has = e ? &e->found.part.text : NULL;

	if (e && e->ending)
		return busy(e);
	if (e && (has->size != want->size || (*has->sha256 && *want->sha256 &&
						     strcasecmp(has->sha256, want->sha256) != 0)))
		return upload_answer_other(e);
	if (e) {
		if (*want->sha256)
			strcpy(has->sha256, want->sha256);
		j->resumed = true;
		return step_on(u, UPLOAD_STEP_OPEN, e);
	}
	if (u->table.count == UPLOADS_MAX)
		return answer_error("too-many",
			"%u uploads are not finished, which is the most; go on with one of them or "
			"drop it: mmcgadgetctl uploads",
			UPLOADS_MAX);
	w->kept = uploads_kept_by_others(u, w->media, "");
	return step(u, UPLOAD_STEP_MAKE, w->media, NULL);
}

static bool is_old(const struct upload_entry *e)
{
	int64_t seconds = (int64_t)UPLOAD_OLD_DAYS * 86400;

	/* The clock of a board can be set years ahead while it runs. */
	if (e->used && clock_ms() - e->used < (uint64_t)seconds * 1000)
		return false;
	return !e->ending && time(NULL) - e->found.part.text.touched > seconds;
}

/* Drops old uploads, one step for each. */
static json_t *begin_age(struct uploads *u)
{
	for (unsigned i = 0; i < u->table.count; i++) {
		if (is_old(&u->table.entries[i]))
			return step_on(u, UPLOAD_STEP_DROP, &u->table.entries[i]);
	}
	return answer_ok("there is no old upload");
}

/* The verbs that name an upload by its id. */
static json_t *begin_named(struct uploads *u)
{
	struct upload_job *j = u->queue;
	struct upload_entry *e = upload_table_find(&u->table, j->id);
	json_t *a;

	if (!e)
		return upload_answer_unknown(j->id);
	if (e->ending)
		return busy(e);
	switch (j->verb) {
	case UPLOAD_OPEN:
		j->resumed = true;
		return step_on(u, UPLOAD_STEP_OPEN, e);
	case UPLOAD_AT:
		if (j->has_offset)
			return step_on(u, UPLOAD_STEP_AT, e);
		e->used = clock_ms();
		j->work.media = e->media;
		a = upload_answer_at(e, "at");
		uploads_tell_pace(u, j, a);
		return a;
	case UPLOAD_END:
		a = j->as ? upload_answer_other_folder(e, j->as) : NULL;
		if (a)
			return a;
		if (j->as)
			snprintf(j->work.base, sizeof(j->work.base), "%s",
				strrchr(j->as, '/') ? strrchr(j->as, '/') + 1 : j->as);
		return step_on(u,
			*e->found.part.text.sha256 && !j->work.synced ? UPLOAD_STEP_SYNC
								      : UPLOAD_STEP_FINISH,
			e);
	default:
		return step_on(u, UPLOAD_STEP_DROP, e);
	}
}

json_t *uploads_begin_first(struct uploads *u)
{
	const struct upload_job *j = u->queue;
	json_t *a, *list;

	switch (j->verb) {
	case UPLOAD_BEGIN:
		return begin_upload(u);
	case UPLOAD_LIST:
		list = upload_table_json(&u->table, j->work.media);
		a = answer_ok("%zu unfinished upload%s", json_array_size(list),
			json_array_size(list) == 1 ? "" : "s");
		json_object_set_new(a, "uploads", list);
		json_object_set_new(a, "reserved_bytes",
			json_integer((json_int_t)upload_table_missing_bytes(
				&u->table, j->work.media, "")));
		return a;
	case UPLOAD_AGE:
		return begin_age(u);
	default:
		return begin_named(u);
	}
}
