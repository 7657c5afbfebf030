// SPDX-License-Identifier: GPL-2.0-or-later
/* Queue of burned discs and the thread that renames and verifies them. */
#include "burned/postburn.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compact/compact_label.h"
#include "burned/extract.h"
#include "image/image.h"
#include "library/label.h"
#include "library/library.h"
#include "library/checksum.h"
#include "library/worker.h"
#include "util/thread.h"
#include "util/log.h"

#define JOB_NAME 512 /* bytes; an image with a longer name is left alone */

struct job {
	char name[JOB_NAME]; /* in the media folder, before it is renamed */
	struct image_place *place;
	time_t burned; /* when the disc was removed from the drive; for its name */
	struct job *next;
};

struct postburn {
	struct postburn_config config;
	char *drive;
	struct job *queue; /* while the thread runs, it works on the first */
	struct worker worker;
	atomic_bool stop; /* the thread is to stop working on its disc */

	/* The thread's, until it has ended. */
	char sha256[CHECKSUM_HEX];
	bool verified;

	pthread_mutex_t lock; /* guards all below; no other lock is taken while it is held */
	bool renaming, verifying, extracting;
	bool second_pass; /* of the verification: the data is read from storage */
	bool claimed;     /* the image is to be inserted: it must not be renamed any more */
	bool done;        /* last tells of the disc that is worked on */
	uint64_t size, bytes_done; /* of what is verified or copied */
	char name[JOB_NAME];       /* the image's present name */
	char last[POSTBURN_TEXT], problem[POSTBURN_TEXT];
};

/*
 * Logs what became of the disc, and puts it into the status. A problem that stands there already
 * stays; if all is set, so does a good result.
 */
__attribute__((format(printf, 4, 0))) static void set(
	struct postburn *p, bool problem, bool all, const char *fmt, va_list ap)
{
	char text[POSTBURN_TEXT];
	size_t n;

	vsnprintf(text, sizeof(text), fmt, ap);
	if (problem)
		log_warn("%s: %s", p->drive, text);
	else
		log_info("%s: %s", p->drive, text);
	pthread_mutex_lock(&p->lock);
	if (!p->done || (!all && !p->problem[0]))
		p->last[0] = '\0';
	n = strlen(p->last);
	snprintf(p->last + n, sizeof(p->last) - n, "%s%s", n ? "; " : "", text);
	if (problem || p->problem[0])
		strcpy(p->problem, p->last);
	p->done = true;
	pthread_mutex_unlock(&p->lock);
}

__attribute__((format(printf, 2, 3))) static void set_result(
	struct postburn *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(p, false, false, fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 2, 3))) static void set_problem(
	struct postburn *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(p, true, false, fmt, ap);
	va_end(ap);
}

/* The result of the songs stands beside that of the disc. */
__attribute__((format(printf, 3, 4))) static void add_result(
	struct postburn *p, bool problem, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(p, problem, true, fmt, ap);
	va_end(ap);
}

/* ---- the thread --------------------------------------------------------------------------- */

static void progress(void *postburn, uint64_t bytes)
{
	struct postburn *p = postburn;

	pthread_mutex_lock(&p->lock);
	p->bytes_done = bytes;
	pthread_mutex_unlock(&p->lock);
}

static bool read_label(const struct library_file *f, struct label *out)
{
	struct image_peek peek;
	int fd = library_open(f);

	if (fd < 0)
		return false;
	image_peek(f->dir_fd, f->base, f->size, &peek);
	label_read(fd, peek.session, out);
	if (out->text[0] == '\0')
		compact_label_of_burned(f->dir_fd, f->base, fd, out->text);
	close(fd);
	return out->text[0] != '\0';
}

/* False: the image keeps its name. */
static bool choose_stem(const struct postburn *p, const struct job *j, const struct library_file *f,
	struct folder *dir, char out[POSTBURN_STEM])
{
	struct label label;

	if (p->config.rename == POSTBURN_RENAME_SUFFIX)
		return postburn_has_wrong_suffix(dir, f->base, out);
	if (p->config.rename == POSTBURN_RENAME_LABEL && read_label(f, &label) &&
		postburn_name_of_label(label.text, out))
		return true;
	postburn_name_of_time(j->burned, out);
	return true;
}

/*
 * Marks the rename as in progress, so that claims are refused. False: an insert has already
 * claimed the image.
 */
static bool begin_rename(struct postburn *p)
{
	bool allowed;

	pthread_mutex_lock(&p->lock);
	allowed = !p->claimed;
	p->renaming = allowed;
	pthread_mutex_unlock(&p->lock);
	return allowed;
}

static void end_rename(struct postburn *p, const char *name)
{
	pthread_mutex_lock(&p->lock);
	p->renaming = false;
	snprintf(p->name, sizeof(p->name), "%s", name);
	pthread_mutex_unlock(&p->lock);
}

/* Renames the image within its folder dir. If it cannot be renamed, the problem is set. */
static void rename_image(
	struct postburn *p, const struct job *j, struct library_file *f, struct folder *dir)
{
	const char *slash = strrchr(j->name, '/'), *base = slash ? slash + 1 : j->name;
	char stem[POSTBURN_STEM], to[STORE_NAME_MAX + 1], name[JOB_NAME];
	const char *suffix = postburn_suffix(dir, f->base);
	int r;

	if (!choose_stem(p, j, f, dir, stem))
		return;
	/* A link to the image would dangle after a rename. */
	if (strcmp(base, f->base) != 0) {
		set_problem(p, "%s is a link, so it is not renamed", j->name);
		return;
	}
	if (!begin_rename(p))
		return;
	r = postburn_rename(dir, f->base, stem, to);
	if (snprintf(name, sizeof(name), "%.*s%s", (int)(base - j->name), j->name, to) >=
		(int)sizeof(name))
		strcpy(name, to);
	end_rename(p, name);
	if (r < 0) {
		set_problem(p, "%s could not be renamed to %s%s: %s", j->name, stem, suffix,
			strerror(-r));
		return;
	}
	strcpy(f->base, to);
	set_result(p, "%s is %s now", j->name, name);
}

/* Computes the checksum of the data as burned and as stored. 0, -ECANCELED or -errno. */
static int compute_checksums(
	struct postburn *p, int fd, char burned[CHECKSUM_HEX], char stored[CHECKSUM_HEX])
{
	struct checksum_request ask = {.stop = &p->stop, .progress = progress, .ctx = p};
	int r = checksum_file(fd, &ask, burned);

	if (r < 0)
		return r;
	pthread_mutex_lock(&p->lock);
	p->second_pass = true;
	p->bytes_done = 0;
	pthread_mutex_unlock(&p->lock);
	ask.from_storage = true;
	return checksum_file(fd, &ask, stored);
}

/* For the list. A file system that cannot hold the mark loses that, and nothing else. */
static void mark_verified(struct postburn *p, const struct library_file *f, struct folder *dir)
{
	int r = dir->ops->mark_burned(dir, f->base, true);

	if (r < 0)
		log_debug("%s: %s is not marked as verified: %s", p->drive, p->name, strerror(-r));
}

static void verify(struct postburn *p, const struct library_file *f, struct folder *dir)
{
	char burned[CHECKSUM_HEX], stored[CHECKSUM_HEX];
	int fd = library_open(f), r = fd < 0 ? fd : 0;
	bool same;

	if (r == 0)
		r = compute_checksums(p, fd, burned, stored);
	if (fd >= 0)
		close(fd);
	if (r == -ECANCELED) {
		set_result(p, "%s: verification was given up", p->name);
		return;
	}
	if (r < 0) {
		set_problem(p, "%s could not be verified: %s", p->name, strerror(-r));
		return;
	}
	same = strcmp(burned, stored) == 0;
	r = checksum_write(dir, f->base, burned, same ? NULL : stored);
	strcpy(p->sha256, burned);
	p->verified = same && r == 0;
	if (p->verified)
		mark_verified(p, f, dir);
	if (!same)
		set_problem(p, "%s: THE CARD RETURNED OTHER DATA than was burned", p->name);
	else if (r == 0)
		set_result(p, "%s is verified, SHA-256 %s", p->name, burned);
	if (r < 0)
		set_problem(p, "the checksum of %s could not be saved: %s", p->name, strerror(-r));
}

static void songs_progress(void *postburn, const struct extract_progress *now)
{
	struct postburn *p = postburn;

	pthread_mutex_lock(&p->lock);
	p->size = now->all_bytes;
	p->bytes_done = now->bytes;
	pthread_mutex_unlock(&p->lock);
}

static bool songs_busy(void *postburn)
{
	const struct postburn *p = postburn;

	return p->config.busy && p->config.busy(p->config.ctx);
}

/* Copies the songs of the opened disc. */
static void extract_from(struct postburn *p, const struct library_file *f, struct disc *disc)
{
	struct extracted *done = malloc(sizeof(*done));
	char hidden[SONG_HIDDEN_NAME];
	struct extract e = {.name = p->name,
		.disc = disc,
		.home = library_open_folder(p->config.media),
		.beside = f->dir_fd,
		.base = f->base,
		.hidden = hidden,
		.reserve = EXTRACT_RESERVE,
		.stop = &p->stop,
		.busy = songs_busy,
		.progress = songs_progress,
		.ctx = p};
	struct refusal why;
	int r = done ? 0 : -ENOMEM;

	song_hidden_name(p->drive, true, hidden);
	if (r == 0)
		r = extract(&e, done, &why);
	if (r == 0)
		add_result(p, false, "the %u songs of %s are in \"%s\"", done->tracks, p->name,
			done->folder);
	else if (r == -ECANCELED)
		add_result(p, false, "%s", why.text);
	else if (r != -ENODATA)
		add_result(p, true, "%s", done ? why.text : "out of memory");
	if (e.home >= 0)
		close(e.home);
	free(done);
}

static void extract_songs(struct postburn *p, const struct library_file *f)
{
	const struct image_policy policy = {0};
	struct refusal why;
	struct image image;
	int r;

	pthread_mutex_lock(&p->lock);
	p->verifying = false;
	p->extracting = true;
	p->size = p->bytes_done = 0;
	pthread_mutex_unlock(&p->lock);
	r = image_open(f->dir_fd, p->config.media, f->base, &policy, &image, &why);
	if (r == 0)
		extract_from(p, f, image.disc);
	else
		add_result(p, true, "the songs of %s were not copied: %s", p->name, why.text);
	image_fini(&image);
}

/* Finds the image, which must be the same file as at its burn. 0 or -errno. */
static int find_image(const struct job *j, struct library_file *f)
{
	int r = library_find(j->place->dir_fd, j->place->base, f);

	if (r < 0)
		return r;
	if (f->dev == j->place->dev && f->ino == j->place->ino)
		return 0;
	library_forget(f);
	return -ESTALE;
}

static void process(struct postburn *p, const struct job *j)
{
	struct folder *dir = NULL;
	struct library_file f;
	int r = find_image(j, &f);

	if (r < 0) {
		set_problem(p, "%s, just burned, no longer exists: %s", j->name, strerror(-r));
		return;
	}
	dir = folder_file_of(f.dir_fd);
	if (!dir) {
		set_problem(p, "%s was neither renamed nor verified: out of memory", j->name);
	} else {
		if (p->config.rename != POSTBURN_RENAME_NO)
			rename_image(p, j, &f, dir);
		if (p->config.checksum) {
			pthread_mutex_lock(&p->lock);
			p->verifying = true;
			p->size = f.size;
			pthread_mutex_unlock(&p->lock);
			verify(p, &f, dir);
		}
		dir->ops->close(dir);
		if (p->config.songs && !atomic_load(&p->stop))
			extract_songs(p, &f);
	}
	library_forget(&f);
}

static void work(void *postburn)
{
	struct postburn *p = postburn;

	thread_lower_priority();
	process(p, p->queue);
}

/* ---- the main thread ---------------------------------------------------------------------- */

static void free_job(struct job *j)
{
	if (j)
		image_place_unref(j->place);
	free(j);
}

static void drop_first(struct postburn *p)
{
	struct job *j = p->queue;

	p->queue = j->next;
	free_job(j);
}

void postburn_kick(struct postburn *p)
{
	int r;

	if (!p || p->worker.running || !p->queue || !p->config.ready(p->config.ctx))
		return;
	atomic_store(&p->stop, false);
	p->renaming = p->verifying = p->extracting = p->second_pass = p->claimed = false;
	p->done = false;
	p->size = p->bytes_done = 0;
	p->sha256[0] = p->problem[0] = '\0';
	p->verified = false;
	strcpy(p->name, p->queue->name);
	r = worker_start(&p->worker);
	if (r == 0)
		return;
	set_problem(p, "%s was neither renamed nor verified, no thread: %s", p->queue->name,
		strerror(-r));
	drop_first(p);
}

/* The thread has ended. */
static void report(struct postburn *p)
{
	const struct postburn_result result = {
		.was = p->queue->name,
		.name = p->name,
		.sha256 = p->sha256,
		.verified = p->verified,
		.problem = p->problem,
	};

	if (p->config.done)
		p->config.done(p->config.ctx, &result);
}

static void on_done(void *postburn)
{
	struct postburn *p = postburn;

	report(p);
	drop_first(p);
	postburn_kick(p);
}

int postburn_new(const struct postburn_config *config, sd_event *event, struct postburn **out)
{
	struct postburn *p = calloc(1, sizeof(*p));
	int r = 0;

	if (!p)
		return -ENOMEM;
	pthread_mutex_init(&p->lock, NULL);
	p->config = *config;
	p->drive = strdup(config->drive);
	p->worker = (struct worker){.name = "burned", .work = work, .done = on_done, .ctx = p};
	if (!p->drive)
		r = -ENOMEM;
	if (r == 0)
		r = worker_open(&p->worker, event);
	if (r < 0) {
		postburn_free(p);
		return r;
	}
	*out = p;
	return 0;
}

void postburn_free(struct postburn *p)
{
	if (!p)
		return;
	atomic_store(&p->stop, true);
	if (p->worker.running)
		worker_join(&p->worker);
	while (p->queue)
		drop_first(p);
	worker_close(&p->worker);
	pthread_mutex_destroy(&p->lock);
	free(p->drive);
	free(p);
}

void postburn_add(struct postburn *p, const char *name, struct image_place *place)
{
	struct job **at = &p->queue, *j = calloc(1, sizeof(*j));

	if (!j || strlen(name) >= sizeof(j->name)) {
		set_problem(p, "%.200s was neither renamed nor verified: %s", name,
			j ? "its name is too long" : "out of memory");
		free_job(j);
		return;
	}
	strcpy(j->name, name);
	j->place = image_place_ref(place);
	j->burned = time(NULL);
	while (*at)
		at = &(*at)->next;
	*at = j;
	postburn_kick(p);
}

/* Claims the image that the thread works on. */
static enum postburn_claim claim_running(struct postburn *p)
{
	bool renaming;

	pthread_mutex_lock(&p->lock);
	renaming = p->renaming;
	p->claimed = true;
	pthread_mutex_unlock(&p->lock);
	if (renaming)
		return POSTBURN_RENAMING;
	atomic_store(&p->stop, true);
	return POSTBURN_IDLE;
}

enum postburn_claim postburn_claim(struct postburn *p, dev_t dev, ino_t ino)
{
	struct job *j, **at = p ? &p->queue : NULL;

	while (at && (j = *at) != NULL) {
		if (j->place->dev != dev || j->place->ino != ino) {
			at = &j->next;
			continue;
		}
		if (p->worker.running && j == p->queue)
			return claim_running(p);
		*at = j->next;
		free_job(j);
	}
	return POSTBURN_IDLE;
}

bool postburn_has(const struct postburn *p, dev_t dev, ino_t ino)
{
	for (const struct job *j = p ? p->queue : NULL; j; j = j->next) {
		if (j->place->dev == dev && j->place->ino == ino)
			return true;
	}
	return false;
}

void postburn_status(struct postburn *p, struct postburn_status *out)
{
	memset(out, 0, sizeof(*out));
	out->state = !p->queue ? "" : "waiting";
	for (const struct job *j = p->queue ? p->queue->next : NULL; j; j = j->next)
		out->waiting++;
	pthread_mutex_lock(&p->lock);
	strcpy(out->last, p->last);
	strcpy(out->problem, p->problem);
	if (p->queue)
		strcpy(out->image, p->worker.running ? p->name : p->queue->name);
	if (p->worker.running && p->queue)
		out->state = p->extracting ? "extracting" : p->verifying ? "verifying" : "moving";
	if (p->extracting && p->size > 0)
		out->percent = (unsigned)(p->bytes_done * 100 / p->size);
	else if (p->verifying && p->size > 0)
		out->percent =
			(unsigned)(((p->second_pass ? p->size : 0) + p->bytes_done) * 50 / p->size);
	pthread_mutex_unlock(&p->lock);
}
