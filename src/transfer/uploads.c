// SPDX-License-Identifier: GPL-2.0-or-later
#include "transfer/uploads.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "drive/disc_rules.h"
#include "drive/drive.h"
#include "transfer/upload_answer.h"
#include "transfer/uploads_int.h"
#include "util/clock.h"
#include "util/log.h"

#define DAY_US UINT64_C(86400000000)

/* ---- the checksum of an upload that ends ---------------------------------------------------- */

static void start_next(struct uploads *u);
static void add(struct uploads *u, struct upload_job *j);

/* The answer if the checksum of the image could not be computed. */
static json_t *answer_no_sum(const struct upload_job *j, int result)
{
	if (result == -ECANCELED)
		return answer_error("stopping", "the daemon is stopping");
	if (result == -EBUSY)
		return answer_error("too-many", "too many sums are queued; ask again");
	return answer_error("io-error", "the checksum of \"%s\": %s", j->work.part.text.image,
		strerror(-result));
}

static void on_sum(struct sum_request *q, int result, const char *hex)
{
	struct upload_job *j = (struct upload_job *)((char *)q - offsetof(struct upload_job, sum));
	struct uploads *u = j->uploads;
	struct upload_entry *e = upload_table_find(&u->table, j->id);

	if (e)
		e->ending = false;
	close(j->sum_fd);
	j->sum_fd = -1;
	if (result < 0) {
		upload_job_answer(j, answer_no_sum(j, result), -1);
	} else if (strcasecmp(hex, j->work.part.text.sha256) != 0) {
		upload_job_answer(j, upload_answer_differs(&j->work, hex), -1);
	} else {
		strcpy(j->work.sha256, hex);
		j->work.synced = true;
		add(u, j);
	}
}

/* The first job leaves the queue until its sum is there. */
static void park(struct uploads *u, struct upload_entry *e)
{
	struct upload_job *j = u->queue;
	int r;

	j->sum_fd = j->work.result;
	j->sum = (struct sum_request){.fd = j->sum_fd, .done = on_sum};
	(void)uploads_take_first(u);
	e->ending = true;
	r = u->sums ? sums_request(u->sums, &j->sum) : -ECANCELED;
	if (r < 0) {
		e->ending = false;
		upload_job_answer(j, answer_no_sum(j, r), -1);
	}
}

/* ---- the end of a step ---------------------------------------------------------------------- */

static void end_scan(struct uploads *u)
{
	int r = u->scan.result;

	if (upload_scan_is_shortage(r)) {
		/* The next job tries it again. */
		u->scanning->scanned = false;
		u->scanning = NULL;
		upload_scan_fini(&u->scan.scan);
		uploads_finish(u, answer_error("io-error", "%s", strerror(-r)), -1);
		return;
	}
	upload_table_apply_scan(&u->table, u->scanning->path, &u->scan.scan);
	if (u->scan.scan.more)
		log_warn("%s has %u more unfinished uploads than the %u that are known",
			u->scanning->path, u->scan.scan.more, UPLOADS_MAX);
	u->scanning->scanned = true;
	u->scanning = NULL;
	upload_scan_fini(&u->scan.scan);
}

static void end_descriptor(struct uploads *u, struct upload_entry *e)
{
	struct upload_job *j = u->queue;
	struct upload_work *w = &j->work;
	json_t *a;

	if (w->step == UPLOAD_STEP_MAKE)
		e = w->result >= 0 ? upload_table_add(&u->table, w->media, w->dir, &w->part) : NULL;
	else if (e)
		upload_table_set(&u->table, e, &w->part);
	if (w->result < 0) {
		uploads_finish(u, upload_answer_failed(w), -1);
		return;
	}
	if (!e) {
		close(w->result);
		uploads_finish(u, answer_error("io-error", "out of memory"), -1);
		return;
	}
	e->used = clock_ms();
	a = upload_answer_at(e, j->resumed ? "going on with" : "ready for");
	json_object_set_new(a, "resumed", json_boolean(j->resumed));
	uploads_tell_pace(u, j, a);
	uploads_finish(u, a, w->result);
}

static void end_at(struct uploads *u, struct upload_entry *e)
{
	struct upload_work *w = &u->queue->work;
	json_t *a = w->result < 0 ? upload_answer_failed(w) : NULL;

	if (e)
		upload_table_set(&u->table, e, &w->part);
	if (!a && !e)
		a = upload_answer_unknown(u->queue->id);
	if (e)
		e->used = clock_ms();
	if (!a) {
		a = upload_answer_at(e, "saved");
		uploads_tell_pace(u, u->queue, a);
	}
	uploads_finish(u, a, -1);
}

static void end_gone(struct uploads *u, struct upload_entry *e)
{
	const struct upload_work *w = &u->queue->work;
	bool done = w->step == UPLOAD_STEP_FINISH;
	json_t *a;

	if (w->result < 0) {
		uploads_finish(u, upload_answer_failed(w), -1);
		return;
	}
	a = done ? upload_answer_done(w) : upload_answer_dropped(w);
	if (e)
		upload_table_end(&u->table, e, done ? "done" : "dropped");
	if (u->queue->verb == UPLOAD_AGE) {
		log_info("%s: it was not continued for %d days",
			json_string_value(json_object_get(a, "message")), UPLOAD_OLD_DAYS);
		/* Looks for the next one. */
		json_decref(a);
		free(u->queue->work.dir);
		u->queue->work.dir = NULL;
		return;
	}
	uploads_finish(u, a, -1);
}

static void end_step(struct uploads *u)
{
	const struct upload_job *j = u->queue;
	struct upload_entry *e;

	if (u->scanning) {
		end_scan(u);
		return;
	}
	e = upload_table_find(&u->table, j->work.part.id);
	switch (j->work.step) {
	case UPLOAD_STEP_SCAN:
		break;
	case UPLOAD_STEP_MAKE:
	case UPLOAD_STEP_OPEN:
		end_descriptor(u, e);
		break;
	case UPLOAD_STEP_AT:
		end_at(u, e);
		break;
	case UPLOAD_STEP_SYNC:
		if (j->work.result < 0 || !e)
			uploads_finish(u, upload_answer_failed(&j->work), -1);
		else
			park(u, e);
		break;
	case UPLOAD_STEP_FINISH:
	case UPLOAD_STEP_DROP:
		end_gone(u, e);
		break;
	}
}

static void on_done(void *uploads)
{
	end_step(uploads);
	start_next(uploads);
}

static void work(void *uploads)
{
	struct uploads *u = uploads;

	upload_work_run(u->scanning ? &u->scan : &u->queue->work);
}

/* ---- the queue ------------------------------------------------------------------------------ */

static json_t *begin_scan(struct uploads *u)
{
	int r;

	u->scan.step = UPLOAD_STEP_SCAN;
	u->scan.media = u->scanning->path;
	u->scan.dir = u->no_dir;
	r = worker_start(&u->worker);
	if (r == 0)
		return NULL;
	/* The next job tries it again. */
	u->scanning->scanned = false;
	u->scanning = NULL;
	return answer_error("io-error", "%s", strerror(-r));
}

static void start_next(struct uploads *u)
{
	json_t *a;

	if (u->starting)
		return;
	u->starting = true;
	while (u->queue && !u->worker.running) {
		u->scanning = uploads_find_unseen(u);
		a = u->scanning ? begin_scan(u) : uploads_begin_first(u);
		if (a)
			uploads_finish(u, a, -1);
	}
	u->starting = false;
}

static void add(struct uploads *u, struct upload_job *j)
{
	struct upload_job **at = &u->queue;

	while (*at)
		at = &(*at)->next;
	*at = j;
	u->waiting++;
	start_next(u);
}

/* ---- the verbs ------------------------------------------------------------------------------ */

void uploads_begin(
	struct uploads *u, struct drive *d, const struct upload_ask *ask, struct reply *r)
{
	const char *slash = strrchr(ask->image, '/');
	json_t *fault = upload_answer_bad(ask->image, ask->size, ask->sha256);
	struct upload_job *j;

	if (!fault && !r->final_fd)
		fault = upload_answer_socket_only("upload");
	if (fault) {
		r->final(r, fault);
		return;
	}
	j = upload_job_new(u, UPLOAD_BEGIN, r);
	if (!j)
		return;
	j->work.media = uploads_folder(u, drive_media(d))->path;
	j->work.dir = slash ? strndup(ask->image, (size_t)(slash - ask->image)) : strdup("");
	snprintf(j->work.part.text.image, sizeof(j->work.part.text.image), "%s",
		slash ? slash + 1 : ask->image);
	j->work.part.text.size = ask->size;
	if (ask->sha256)
		snprintf(j->work.part.text.sha256, sizeof(j->work.part.text.sha256), "%s",
			ask->sha256);
	if (j->work.dir)
		add(u, j);
	else
		upload_job_answer(j, answer_error("io-error", "out of memory"), -1);
}

static struct upload_job *new_named(
	struct uploads *u, enum upload_verb verb, const char *id, struct reply *r)
{
	struct upload_job *j;

	if (!upload_part_is_id(id)) {
		r->final(r, upload_answer_unknown(id));
		return NULL;
	}
	j = upload_job_new(u, verb, r);
	if (j)
		strcpy(j->id, id);
	return j;
}

void uploads_open(struct uploads *u, const char *id, struct reply *r)
{
	struct upload_job *j;

	if (!r->final_fd) {
		r->final(r, upload_answer_socket_only("upload-open"));
		return;
	}
	j = new_named(u, UPLOAD_OPEN, id, r);
	if (j)
		add(u, j);
}

void uploads_at(struct uploads *u, const char *id, const uint64_t *offset, struct reply *r)
{
	struct upload_job *j = new_named(u, UPLOAD_AT, id, r);

	if (!j)
		return;
	j->has_offset = offset != NULL;
	j->work.offset = offset ? *offset : 0;
	add(u, j);
}

void uploads_end(struct uploads *u, const char *id, const char *as, struct reply *r)
{
	json_t *fault = as ? disc_rules_upload_name(as) : NULL;
	struct upload_job *j;

	if (fault) {
		r->final(r, fault);
		return;
	}
	j = new_named(u, UPLOAD_END, id, r);
	if (!j)
		return;
	j->as = as ? strdup(as) : NULL;
	if (as && !j->as)
		upload_job_answer(j, answer_error("io-error", "out of memory"), -1);
	else
		add(u, j);
}

void uploads_drop(struct uploads *u, const char *id, struct reply *r)
{
	struct upload_job *j = new_named(u, UPLOAD_DROP, id, r);

	if (j)
		add(u, j);
}

void uploads_list(struct uploads *u, struct drive *d, struct reply *r)
{
	struct upload_job *j = upload_job_new(u, UPLOAD_LIST, r);

	if (!j)
		return;
	j->work.media = d ? uploads_folder(u, drive_media(d))->path : NULL;
	add(u, j);
}

json_t *uploads_json(const struct uploads *u, const char *media)
{
	return upload_table_json(&u->table, media);
}

json_t *uploads_ended(const struct uploads *u, const char *media)
{
	return upload_table_ended(&u->table, media);
}

uint64_t uploads_changes(const struct uploads *u)
{
	return u->table.changes;
}

/* ---- creation ------------------------------------------------------------------------------- */

static void age(struct uploads *u)
{
	struct upload_job *j = upload_job_new(u, UPLOAD_AGE, NULL);

	if (j)
		add(u, j);
}

static int on_daily(sd_event_source *s, uint64_t usec, void *uploads)
{
	(void)usec;
	age(uploads);
	sd_event_source_set_time_relative(s, DAY_US);
	return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static int find_folders(struct uploads *u)
{
	for (unsigned i = 0; i < u->drives->count; i++) {
		const char *path = drive_media(u->drives->drive[i]);
		unsigned f = 0;

		while (f < u->folders && strcmp(u->folder[f].path, path) != 0)
			f++;
		if (f < u->folders)
			continue;
		u->folder[f].path = strdup(path);
		if (!u->folder[f].path)
			return -ENOMEM;
		u->folders++;
	}
	return 0;
}

int uploads_new(
	const struct drives *drives, struct sums *sums, sd_event *event, struct uploads **out)
{
	struct uploads *u = calloc(1, sizeof(*u));
	int r;

	if (!u)
		return -ENOMEM;
	u->drives = drives;
	u->sums = sums;
	u->worker = (struct worker){.name = "upload", .work = work, .done = on_done, .ctx = u};
	/* The kernel sends SIGIO to ask for a lease back. By default the signal ends the process.
	 */
	(void)signal(SIGIO, SIG_IGN);
	r = find_folders(u);
	if (r == 0)
		r = worker_open(&u->worker, event);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &u->daily, CLOCK_MONOTONIC, DAY_US,
			60 * UINT64_C(1000000), on_daily, u);
	if (r < 0) {
		uploads_free(u);
		return r;
	}
	age(u);
	*out = u;
	return 0;
}

void uploads_free(struct uploads *u)
{
	if (!u)
		return;
	u->starting = true;
	u->sums = NULL;
	if (u->worker.running) {
		worker_join(&u->worker);
		end_step(u);
	}
	while (u->queue)
		uploads_finish(u, answer_error("stopping", "the daemon is stopping"), -1);
	worker_close(&u->worker);
	sd_event_source_disable_unref(u->daily);
	upload_scan_fini(&u->scan.scan);
	upload_table_fini(&u->table);
	for (unsigned i = 0; i < u->folders; i++)
		free(u->folder[i].path);
	free(u);
}
