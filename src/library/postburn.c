// SPDX-License-Identifier: GPL-2.0-or-later
/* Queue of burned discs and the thread that renames and verifies them. */
#include "library/postburn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "library/image.h"
#include "library/label.h"
#include "library/library.h"
#include "library/checksum.h"
#include "util/thread.h"
#include "util/log.h"

#define LOWEST   19  /* nice value */
#define JOB_NAME 512 /* bytes; an image with a longer name is left alone */

struct job {
	char name[JOB_NAME]; /* in the media folder, before it is renamed */
	dev_t dev;
	ino_t ino;
	time_t burned;
	struct job *next;
};

struct postburn {
	struct postburn_config config;
	char *drive;
	int folder, wake_fd;
	sd_event_source *wake;
	struct job *queue; /* while the thread runs, it works on the first */
	bool running;
	pthread_t thread;
	atomic_bool stop; /* the thread is to give up its disc */

	pthread_mutex_t lock; /* guards all below; no other lock is taken while it is held */
	bool renaming, verifying;
	bool second_pass; /* of the verification: the data is read from storage */
	bool claimed;     /* the image is to be inserted: it must not be renamed any more */
	uint64_t size, bytes_done;
	char name[JOB_NAME]; /* the image's present name */
	char last[POSTBURN_TEXT], problem[POSTBURN_TEXT];
};

__attribute__((format(printf, 2, 3))) static void set_result(
	struct postburn *c, const char *fmt, ...)
{
	char text[POSTBURN_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_info("%s: %s", c->drive, text);
	pthread_mutex_lock(&c->lock);
	strcpy(c->last, text);
	c->problem[0] = '\0';
	pthread_mutex_unlock(&c->lock);
}

__attribute__((format(printf, 2, 3))) static void set_problem(
	struct postburn *c, const char *fmt, ...)
{
	char text[POSTBURN_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_warn("%s: %s", c->drive, text);
	pthread_mutex_lock(&c->lock);
	strcpy(c->last, text);
	strcpy(c->problem, text);
	pthread_mutex_unlock(&c->lock);
}

/* ---- the thread --------------------------------------------------------------------------- */

/* Errors are ignored: without the right to lower its priority, the thread competes with others. */
static void lower_priority(void)
{
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), LOWEST);
	(void)syscall(
		SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
}

static void progress(void *postburn, uint64_t bytes)
{
	struct postburn *c = postburn;

	pthread_mutex_lock(&c->lock);
	c->bytes_done = bytes;
	pthread_mutex_unlock(&c->lock);
}

static bool read_label(const struct library_file *f, char out[LABEL_MAX])
{
	struct image_peek peek;
	int fd = library_open(f);

	if (fd < 0)
		return false;
	image_peek(f->dir_fd, f->base, f->size, &peek);
	label_read(fd, peek.session, out);
	close(fd);
	return out[0] != '\0';
}

static void choose_stem(
	const struct postburn *c, const struct job *j, const struct library_file *f, char *out)
{
	char label[LABEL_MAX];

	if (c->config.rename == POSTBURN_RENAME_LABEL && read_label(f, label) &&
		postburn_name_of_label(label, out))
		return;
	postburn_name_of_time(j->burned, out);
}

/*
 * Marks the rename as in progress, so that claims are refused. False: an insert has already
 * claimed the image.
 */
static bool begin_rename(struct postburn *c)
{
	bool allowed;

	pthread_mutex_lock(&c->lock);
	allowed = !c->claimed;
	c->renaming = allowed;
	pthread_mutex_unlock(&c->lock);
	return allowed;
}

static void end_rename(struct postburn *c, const char *name)
{
	pthread_mutex_lock(&c->lock);
	c->renaming = false;
	snprintf(c->name, sizeof(c->name), "%s", name);
	pthread_mutex_unlock(&c->lock);
}

/* Renames the image within its folder dir. If it cannot be renamed, the problem is set. */
static void rename_image(
	struct postburn *c, const struct job *j, struct library_file *f, struct folder *dir)
{
	const char *slash = strrchr(j->name, '/'), *base = slash ? slash + 1 : j->name;
	char stem[POSTBURN_STEM], to[STORE_NAME_MAX + 1], name[JOB_NAME];
	int r;

	/* A link to the image would dangle after a rename. */
	if (strcmp(base, f->base) != 0) {
		set_problem(c, "%s is a link, so it is not renamed", j->name);
		return;
	}
	choose_stem(c, j, f, stem);
	if (!begin_rename(c))
		return;
	r = postburn_rename(dir, f->base, stem, to);
	if (snprintf(name, sizeof(name), "%.*s%s", (int)(base - j->name), j->name, to) >=
		(int)sizeof(name))
		strcpy(name, to);
	end_rename(c, name);
	if (r < 0) {
		set_problem(
			c, "%s could not be renamed to %s.iso: %s", j->name, stem, strerror(-r));
		return;
	}
	strcpy(f->base, to);
	set_result(c, "%s is %s now", j->name, name);
}

/* Computes the checksum of the data as burned and as stored. 0, -ECANCELED or -errno. */
static int compute_checksums(
	struct postburn *c, int fd, char burned[CHECKSUM_HEX], char stored[CHECKSUM_HEX])
{
	struct checksum_request ask = {.stop = &c->stop, .progress = progress, .ctx = c};
	int r = checksum_file(fd, &ask, burned);

	if (r < 0)
		return r;
	pthread_mutex_lock(&c->lock);
	c->second_pass = true;
	c->bytes_done = 0;
	pthread_mutex_unlock(&c->lock);
	ask.from_storage = true;
	return checksum_file(fd, &ask, stored);
}

static void verify(struct postburn *c, const struct library_file *f, struct folder *dir)
{
	char burned[CHECKSUM_HEX], stored[CHECKSUM_HEX];
	int fd = library_open(f), r = fd < 0 ? fd : 0;
	bool same;

	if (r == 0)
		r = compute_checksums(c, fd, burned, stored);
	if (fd >= 0)
		close(fd);
	if (r == -ECANCELED) {
		set_result(c, "%s: verification was given up", c->name);
		return;
	}
	if (r < 0) {
		set_problem(c, "%s could not be verified: %s", c->name, strerror(-r));
		return;
	}
	same = strcmp(burned, stored) == 0;
	r = checksum_write(dir, f->base, burned, same ? NULL : stored);
	if (!same)
		set_problem(c, "%s: STORAGE GAVE BACK OTHER DATA than was burned", c->name);
	else if (r == 0)
		set_result(c, "%s is verified, SHA-256 %s", c->name, burned);
	if (r < 0)
		set_problem(c, "%s%s: its checksum could not be saved: %s", c->name,
			same ? "" : " is NOT what was burned, and", strerror(-r));
}

/* Finds the image, which must be the same file as at its burn. 0 or -errno. */
static int find_image(struct postburn *c, const struct job *j, struct library_file *f)
{
	int r = library_find(c->folder, j->name, f);

	if (r < 0)
		return r;
	if (f->dev == j->dev && f->ino == j->ino)
		return 0;
	library_forget(f);
	return -ESTALE;
}

static void process(struct postburn *c, const struct job *j)
{
	struct folder *dir = NULL;
	struct library_file f;
	int r = find_image(c, j, &f), fd;

	if (r < 0) {
		set_problem(c, "%s, just burned, no longer exists: %s", j->name, strerror(-r));
		return;
	}
	fd = fcntl(f.dir_fd, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0)
		dir = folder_file_new(fd);
	if (!dir) {
		set_problem(c, "%s was neither renamed nor verified: out of memory", j->name);
	} else {
		if (c->config.rename != POSTBURN_RENAME_NO)
			rename_image(c, j, &f, dir);
		if (c->config.checksum) {
			pthread_mutex_lock(&c->lock);
			c->verifying = true;
			c->size = f.size;
			pthread_mutex_unlock(&c->lock);
			verify(c, &f, dir);
		}
		dir->ops->close(dir);
	}
	library_forget(&f);
}

static void *postburn_thread(void *postburn)
{
	struct postburn *c = postburn;
	uint64_t one = 1;

	lower_priority();
	process(c, c->queue);
	(void)!write(c->wake_fd, &one, sizeof(one));
	return NULL;
}

/* ---- the main thread ---------------------------------------------------------------------- */

static void drop_first(struct postburn *c)
{
	struct job *j = c->queue;

	c->queue = j->next;
	free(j);
}

void postburn_kick(struct postburn *c)
{
	int r;

	if (!c || c->running || !c->queue || !c->config.ready(c->config.ctx))
		return;
	c->running = true;
	atomic_store(&c->stop, false);
	c->renaming = c->verifying = c->second_pass = c->claimed = false;
	c->size = c->bytes_done = 0;
	strcpy(c->name, c->queue->name);
	r = thread_start(&c->thread, "burned", postburn_thread, c);
	if (r == 0)
		return;
	c->running = false;
	set_problem(c, "%s was neither renamed nor verified, no thread: %s", c->queue->name,
		strerror(r));
	drop_first(c);
}

static int on_wake(sd_event_source *s, int fd, uint32_t events, void *postburn)
{
	struct postburn *c = postburn;
	uint64_t count;

	(void)s;
	(void)events;
	(void)!read(fd, &count, sizeof(count));
	if (!c->running)
		return 0;
	pthread_join(c->thread, NULL);
	c->running = false;
	drop_first(c);
	postburn_kick(c);
	return 0;
}

int postburn_new(const struct postburn_config *config, sd_event *event, struct postburn **out)
{
	struct postburn *c = calloc(1, sizeof(*c));
	int r = 0;

	if (!c)
		return -ENOMEM;
	pthread_mutex_init(&c->lock, NULL);
	c->config = *config;
	c->drive = strdup(config->drive);
	c->folder = fcntl(config->folder, F_DUPFD_CLOEXEC, 0);
	c->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (!c->drive)
		r = -ENOMEM;
	else if (c->folder < 0 || c->wake_fd < 0)
		r = -errno;
	if (r == 0)
		r = sd_event_add_io(event, &c->wake, c->wake_fd, EPOLLIN, on_wake, c);
	if (r < 0) {
		postburn_free(c);
		return r;
	}
	*out = c;
	return 0;
}

void postburn_free(struct postburn *c)
{
	if (!c)
		return;
	atomic_store(&c->stop, true);
	if (c->running)
		pthread_join(c->thread, NULL);
	while (c->queue)
		drop_first(c);
	sd_event_source_disable_unref(c->wake);
	if (c->wake_fd >= 0)
		close(c->wake_fd);
	if (c->folder >= 0)
		close(c->folder);
	pthread_mutex_destroy(&c->lock);
	free(c->drive);
	free(c);
}

void postburn_add(struct postburn *c, const char *name, dev_t dev, ino_t ino)
{
	struct job **at = &c->queue, *j = calloc(1, sizeof(*j));

	if (!j || strlen(name) >= sizeof(j->name)) {
		set_problem(c, "%.200s was neither renamed nor verified: %s", name,
			j ? "its name is too long" : "out of memory");
		free(j);
		return;
	}
	strcpy(j->name, name);
	j->dev = dev;
	j->ino = ino;
	j->burned = time(NULL);
	while (*at)
		at = &(*at)->next;
	*at = j;
	postburn_kick(c);
}

/* Claims the image that the thread works on. */
static enum postburn_claim claim_running(struct postburn *c)
{
	bool renaming;

	pthread_mutex_lock(&c->lock);
	renaming = c->renaming;
	c->claimed = true;
	pthread_mutex_unlock(&c->lock);
	if (renaming)
		return POSTBURN_RENAMING;
	atomic_store(&c->stop, true);
	return POSTBURN_IDLE;
}

enum postburn_claim postburn_claim(struct postburn *c, dev_t dev, ino_t ino)
{
	struct job *j, **at = c ? &c->queue : NULL;

	while (at && (j = *at) != NULL) {
		if (j->dev != dev || j->ino != ino) {
			at = &j->next;
			continue;
		}
		if (c->running && j == c->queue)
			return claim_running(c);
		*at = j->next;
		free(j);
	}
	return POSTBURN_IDLE;
}

void postburn_status(struct postburn *c, struct postburn_status *out)
{
	memset(out, 0, sizeof(*out));
	out->state = !c->queue ? "" : "waiting";
	for (const struct job *j = c->queue ? c->queue->next : NULL; j; j = j->next)
		out->waiting++;
	pthread_mutex_lock(&c->lock);
	strcpy(out->last, c->last);
	strcpy(out->problem, c->problem);
	if (c->queue)
		strcpy(out->image, c->running ? c->name : c->queue->name);
	if (c->running && c->queue)
		out->state = c->verifying ? "verifying" : "moving";
	if (c->verifying && c->size > 0)
		out->percent =
			(unsigned)(((c->second_pass ? c->size : 0) + c->bytes_done) * 50 / c->size);
	pthread_mutex_unlock(&c->lock);
}
