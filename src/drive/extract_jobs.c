// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/extract_jobs.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "burned/extract.h"
#include "catalog/match.h"
#include "drive/disc_rules.h"
#include "library/library.h"
#include "library/worker.h"
#include "protocol/format_size.h"
#include "protocol/words.h"
#include "util/log.h"
#include "util/thread.h"

#define LOOK_US 500000u /* us between two looks whether hosts write */

struct job {
	char *name, *to; /* to: NULL = by the CD-Text */
	char *asked;     /* the name as the command had it */
	unsigned track;
	bool beside; /* the disc is in a drive, which records nothing more on it */
	struct reply *reply;
	struct reply *stop; /* of the command that stops it; NULL: none does */
	struct job *next;
};

struct extract_jobs {
	struct extract_jobs_config config;
	struct catalog_request request; /* of the search for a name that is not exact */
	struct job *queue; /* the first is under way, if `searching` or worker.running is set */
	unsigned waiting;
	bool searching, starting;
	uint64_t written; /* at the last look */
	sd_event_source *timer;
	struct worker worker;
	char hidden[SONG_HIDDEN_NAME];
	char pending[400];

	atomic_bool stop, hold;
	/* The result of the first job; only the thread uses these members while it runs. */
	struct extracted done;
	struct refusal why;
	int result;

	pthread_mutex_t lock; /* guards `now`; a leaf lock */
	struct extract_progress now;
};

static void start_next(struct extract_jobs *j);

/* ---- the thread --------------------------------------------------------------------------- */

static void on_progress(void *jobs, const struct extract_progress *now)
{
	struct extract_jobs *j = jobs;

	pthread_mutex_lock(&j->lock);
	j->now = *now;
	pthread_mutex_unlock(&j->lock);
}

static bool is_held(void *jobs)
{
	return atomic_load(&((struct extract_jobs *)jobs)->hold);
}

static int extract_from(struct extract_jobs *j, int folder, const struct image *image)
{
	const struct job *job = j->queue;
	const struct extract e = {.name = image->name,
		.disc = image->disc,
		.home = folder,
		.beside = image->place->dir_fd,
		.base = image->place->base,
		.hidden = j->hidden,
		.track = job->track,
		.to = job->to,
		.reserve = EXTRACT_RESERVE,
		.stop = &j->stop,
		.busy = is_held,
		.progress = on_progress,
		.ctx = j};

	return extract(&e, &j->done, &j->why);
}

static int run(struct extract_jobs *j)
{
	int folder = library_open_folder(j->config.media), r;
	struct image_policy policy = j->config.policy;
	struct image image;

	if (folder < 0)
		return image_refuse(&j->why, folder, library_folder_code(folder),
			"the media folder %s cannot be opened: %s", j->config.media,
			strerror(-folder));
	policy.beside = j->queue->beside;
	r = image_open(folder, j->config.media, j->queue->name, &policy, &image, &j->why);
	if (r == 0)
		r = extract_from(j, folder, &image);
	image_fini(&image);
	close(folder);
	return r;
}

static void work(void *jobs)
{
	struct extract_jobs *j = jobs;

	thread_lower_priority();
	j->result = run(j);
}

/* ---- answers ------------------------------------------------------------------------------ */

static void free_job(struct job *job)
{
	free(job->name);
	free(job->to);
	free(job->asked);
	free(job);
}

/* Takes a job out of the queue, and ends it with this answer, which it takes over. */
static void finish_at(struct extract_jobs *j, struct job **at, json_t *answer)
{
	struct job *job = *at;

	*at = job->next;
	j->waiting--;
	log_info("extract \"%s\": %s", job->name,
		json_string_value(json_object_get(answer, "message")));
	job->reply->final(job->reply, answer);
	free_job(job);
}

/* Ends the first job. */
static void finish(struct extract_jobs *j, json_t *answer)
{
	finish_at(j, &j->queue, answer);
}

/* The folder is beside the disc, which may be in a sub-folder. */
static json_t *folder_of(const struct extract_jobs *j)
{
	const char *name = j->queue->name, *slash = strrchr(name, '/');

	return json_sprintf("%.*s%s", slash ? (int)(slash + 1 - name) : 0, name, j->done.folder);
}

static json_t *extracted(const struct extract_jobs *j)
{
	const struct extracted *d = &j->done;
	json_t *a, *files = json_array(), *folder = folder_of(j);
	char size[16], note[256] = "";

	format_size(d->bytes, size);
	if (j->queue->to)
		disc_rules_note(d->folder, note, sizeof(note));
	if (d->tracks == 1)
		a = answer_ok("extracted \"%s\" from %s to \"%s\" (%s)%s", d->file[0],
			j->queue->name, json_string_value(folder), size, note);
	else
		a = answer_ok("extracted %u songs from %s to \"%s\" (%s)%s", d->tracks,
			j->queue->name, json_string_value(folder), size, note);
	for (unsigned i = 0; i < d->tracks; i++)
		json_array_append_new(files, json_string(d->file[i]));
	json_object_set_new(a, "image", json_string(j->queue->name));
	json_object_set_new(a, "folder", folder);
	json_object_set_new(a, "files", files);
	json_object_set_new(a, "bytes", json_integer((json_int_t)d->bytes));
	return a;
}

/* The answer to the command that stops the first job, which has ended. */
static json_t *stopped(const struct extract_jobs *j)
{
	const char *name = j->queue->name;

	if (j->result == -ECANCELED)
		return answer_ok("the songs of %s are not copied any more, and what was copied is "
				 "removed",
			name);
	return answer_error(
		"nothing-to-stop", "the copy of the songs of \"%s\" has just ended", name);
}

static void end_job(struct extract_jobs *j)
{
	struct reply *stop = j->queue->stop;
	const char *code = j->why.code;

	(void)sd_event_source_set_enabled(j->timer, SD_EVENT_OFF);
	if (stop) {
		stop->final(stop, stopped(j));
		code = j->result == -ECANCELED ? "cancelled" : code;
	}
	finish(j, j->result < 0 ? answer_error(code, "%s", j->why.text) : extracted(j));
}

static void on_done(void *jobs)
{
	end_job(jobs);
	start_next(jobs);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *jobs)
{
	struct extract_jobs *j = jobs;
	uint64_t written = j->config.written(j->config.ctx);

	(void)usec;
	atomic_store(&j->hold, written != j->written);
	j->written = written;
	sd_event_source_set_time_relative(s, LOOK_US);
	return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

/* ---- before the copy ---------------------------------------------------------------------- */

/* Returns why the disc cannot be read by another than its drive; NULL: it can. */
static json_t *refuse_if_used(struct extract_jobs *j, const struct library_file *f)
{
	const struct holders *all = j->config.holders;
	const char *name = j->queue->name;

	j->queue->beside = false;
	for (unsigned i = 0; i < all->count; i++) {
		if (!holder_has_alone(all->at[i], f->dev, f->ino))
			continue;
		j->queue->beside = *all->at[i]->unchangeable;
		if (!j->queue->beside)
			return answer_error("in-use",
				"\"%s\" is in %s, which can record it; take it out first: "
				"mmcgadgetctl eject drive=%s",
				name, all->at[i]->drive, all->at[i]->drive);
	}
	if (holders_is_changing(all, f->dev, f->ino))
		return answer_error("in-use",
			"another command works on \"%s\" at this moment; ask again", name);
	/* An empty image is refused without opening it, which could replace the file. */
	if (f->size == 0)
		return answer_error("blank", "\"%s\" is blank: there are no songs on it", name);
	return NULL;
}

static json_t *start_thread(struct extract_jobs *j)
{
	struct job *job = j->queue;
	int r;

	atomic_store(&j->stop, false);
	atomic_store(&j->hold, false);
	j->now = (struct extract_progress){0};
	j->written = j->config.written(j->config.ctx);
	r = worker_start(&j->worker);
	if (r < 0)
		return answer_error("io-error", "\"%s\": %s", job->name, strerror(-r));
	(void)sd_event_source_set_time_relative(j->timer, LOOK_US);
	(void)sd_event_source_set_enabled(j->timer, SD_EVENT_ONESHOT);
	job->reply->progress(job->reply,
		answer_ok("the songs of %s are being copied; status shows how far", job->name));
	return NULL;
}

/* Finds the image of a name, which may be that of its cue sheet. 0 or -errno. */
static int find(int folder, const char *name, struct library_file *f)
{
	char *image = strdup(name), *to = NULL;
	int r = image ? disc_rules_find(folder, &image, &to, f) : -ENOMEM;

	free(image);
	return r;
}

/* Returns NULL if the job runs or searches now, otherwise its answer. */
static json_t *begin_in(struct extract_jobs *j, int folder, bool search)
{
	struct library_file f;
	json_t *answer;
	int r = find(folder, j->queue->name, &f);

	if ((r == -ENOENT || r == -ENOTDIR) && search) {
		j->searching = true;
		catalog_request(j->config.catalog, &j->request);
		return NULL;
	}
	if (r == -ENOENT)
		return disc_rules_no_image(j->queue->name, j->config.media);
	if (r < 0)
		return disc_rules_refusal(j->queue->name, j->config.media, r);
	answer = refuse_if_used(j, &f);
	library_forget(&f);
	return answer ? answer : start_thread(j);
}

static json_t *begin(struct extract_jobs *j, bool search)
{
	int folder = library_open_folder(j->config.media);
	json_t *answer;

	if (folder < 0)
		return disc_rules_refusal(j->queue->name, j->config.media, folder);
	answer = begin_in(j, folder, search);
	close(folder);
	return answer;
}

/* Goes on with the name that is meant. Returns NULL if the job runs now, otherwise its answer. */
static json_t *begin_found(struct extract_jobs *j, const struct catalog_list *list)
{
	struct job *job = j->queue;
	struct match m;
	char *name;

	if (!list || list->error < 0)
		return disc_rules_no_image(job->name, j->config.media);
	match_find(list, job->name, &m);
	if (m.result != MATCH_ONE)
		return match_refusal(list, &m, job->name, j->config.media);
	name = strdup(m.at[0]->name);
	if (!name)
		return answer_error("io-error", "there is no memory");
	free(job->name);
	job->name = name;
	return begin(j, false);
}

static void on_list(struct catalog_request *request, const struct catalog_list *list)
{
	struct extract_jobs *j =
		(struct extract_jobs *)((char *)request - offsetof(struct extract_jobs, request));
	json_t *answer;

	j->searching = false;
	answer = begin_found(j, list);
	if (answer)
		finish(j, answer);
	start_next(j);
}

static void start_next(struct extract_jobs *j)
{
	json_t *answer;

	if (j->starting)
		return;
	j->starting = true;
	while (j->queue && !j->worker.running && !j->searching) {
		answer = begin(j, true);
		if (answer)
			finish(j, answer);
	}
	j->starting = false;
}

/* ---- commands ----------------------------------------------------------------------------- */

static json_t *refuse_folder(const char *to)
{
	const char *fault = NULL;

	if (strchr(to, '/'))
		fault = "leads to another folder; the songs' folder is beside the disc, so give "
			"its "
			"name alone";
	else if (*to == '.')
		fault = "begins with a dot, so it would be hidden";
	else if (*to == '-')
		fault = "begins as an option does";
	else if (strlen(to) >= SONG_NAME)
		fault = "is too long";
	return fault ? answer_error("bad-name", "\"%.300s\" %s", to, fault) : NULL;
}

static struct job *new_job(const char *name, const char *to)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->name = strdup(name);
	job->asked = strdup(name);
	job->to = to ? strdup(to) : NULL;
	if (job->name && job->asked && (!to || job->to))
		return job;
	free_job(job);
	return NULL;
}

void extract_jobs_add(
	struct extract_jobs *j, const char *name, unsigned track, const char *to, struct reply *r)
{
	struct job **at = &j->queue, *job;
	json_t *fault = disc_rules_name(name);

	if (!fault && to)
		fault = refuse_folder(to);
	if (fault) {
		r->final(r, fault);
		return;
	}
	job = j->waiting < EXTRACT_JOBS_MAX ? new_job(name, to) : NULL;
	if (!job) {
		r->final(r, answer_error("busy", "too many commands are waiting"));
		return;
	}
	job->track = track;
	job->reply = r;
	while (*at)
		at = &(*at)->next;
	*at = job;
	j->waiting++;
	start_next(j);
}

/* Stops a job that has not begun. */
static void drop(struct extract_jobs *j, struct job **at, struct reply *r)
{
	const char *name = (*at)->name;

	if (at == &j->queue && j->searching) {
		catalog_forget(j->config.catalog, &j->request);
		j->searching = false;
	}
	r->final(r, answer_ok("the songs of %s will not be copied", name));
	finish_at(j, at, answer_error("cancelled", "the songs of \"%s\" were given up", name));
	start_next(j);
}

void extract_jobs_stop(struct extract_jobs *j, const char *name, struct reply *r)
{
	struct job **at = &j->queue;

	while (*at && strcmp((*at)->name, name) != 0 && strcmp((*at)->asked, name) != 0)
		at = &(*at)->next;
	if (!*at) {
		r->final(r, answer_error("nothing-to-stop",
				    "the songs of \"%s\" are not being "
				    "copied; status shows what is",
				    name));
	} else if (at != &j->queue || !j->worker.running) {
		drop(j, at, r);
	} else if ((*at)->stop) {
		r->final(r, answer_error("busy",
				    "the copy of the songs of \"%s\" is being "
				    "stopped already",
				    name));
	} else {
		(*at)->stop = r;
		atomic_store(&j->stop, true);
	}
}

void extract_jobs_cancel(struct extract_jobs *j, const char *code, const char *text)
{
	if (!j)
		return;
	j->starting = true;
	if (j->searching)
		catalog_forget(j->config.catalog, &j->request);
	j->searching = false;
	atomic_store(&j->stop, true);
	if (j->worker.running) {
		worker_join(&j->worker);
		end_job(j);
	}
	while (j->queue)
		finish(j, answer_error(code, "%s", text));
	j->starting = false;
}

void extract_jobs_status(struct extract_jobs *j, struct extract_status *out)
{
	*out = (struct extract_status){.image = ""};
	if (!j || !j->worker.running)
		return;
	pthread_mutex_lock(&j->lock);
	out->track = j->now.track;
	out->nth = j->now.nth;
	out->tracks = j->now.tracks;
	if (j->now.all_bytes > 0)
		out->percent = (unsigned)(j->now.bytes * 100 / j->now.all_bytes);
	pthread_mutex_unlock(&j->lock);
	out->image = j->queue->name;
	out->waits = atomic_load(&j->hold);
}

const char *extract_jobs_pending(struct extract_jobs *j)
{
	struct extract_status s;

	extract_jobs_status(j, &s);
	if (*s.image == '\0')
		return "";
	if (s.tracks == 0)
		snprintf(j->pending, sizeof(j->pending), "extract %.200s: opening it", s.image);
	else
		snprintf(j->pending, sizeof(j->pending),
			"extract %.200s: track %u (%u of %u), %u %%%s", s.image, s.track, s.nth,
			s.tracks, s.percent, s.waits ? ", waiting for the end of a burn" : "");
	words_clean(j->pending);
	return j->pending;
}

/* ---- creation ----------------------------------------------------------------------------- */

/* Removes the hidden folders of an earlier daemon: those of `extract`, and of burned discs. */
static void sweep(const struct extract_jobs *j)
{
	int folder = library_open_folder(j->config.media);
	char hidden[SONG_HIDDEN_NAME];

	if (folder < 0)
		return;
	song_folder_sweep(folder, j->hidden);
	song_hidden_name(j->config.drive, true, hidden);
	song_folder_sweep(folder, hidden);
	close(folder);
}

static int setup(struct extract_jobs *j, sd_event *event)
{
	int r;

	j->worker = (struct worker){.name = "extract", .work = work, .done = on_done, .ctx = j};
	r = worker_open(&j->worker, event);
	if (r >= 0)
		r = sd_event_add_time_relative(
			event, &j->timer, CLOCK_MONOTONIC, LOOK_US, 10000, on_timer, j);
	if (r >= 0)
		r = sd_event_source_set_enabled(j->timer, SD_EVENT_OFF);
	return r < 0 ? r : 0;
}

int extract_jobs_new(
	const struct extract_jobs_config *config, sd_event *event, struct extract_jobs **out)
{
	struct extract_jobs *j = calloc(1, sizeof(*j));
	int r;

	if (!j)
		return -ENOMEM;
	pthread_mutex_init(&j->lock, NULL);
	j->config = *config;
	/* The disc is the thread's alone: it may wait, and closes it itself. */
	j->config.policy.ready = NULL;
	j->config.policy.release = NULL;
	j->request.done = on_list;
	j->request.labels = true;
	song_hidden_name(config->drive, false, j->hidden);
	r = setup(j, event);
	if (r < 0) {
		extract_jobs_free(j);
		return r;
	}
	sweep(j);
	*out = j;
	return 0;
}

void extract_jobs_free(struct extract_jobs *j)
{
	if (!j)
		return;
	worker_close(&j->worker);
	sd_event_source_disable_unref(j->timer);
	pthread_mutex_destroy(&j->lock);
	free(j);
}
