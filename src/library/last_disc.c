// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/last_disc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/store.h"
#include "util/thread.h"
#include "util/crc32.h"
#include "util/log.h"

#define HEAD "mmcgadget drive 1\n"

struct last_disc_store {
	char *drive;
	struct store *store; /* used only by the thread while it runs */
	struct last_disc record;
	bool has_record;
	pthread_t thread;
	bool threaded;

	pthread_mutex_t lock; /* guards all below; no other lock is taken while it is held */
	bool running, queued; /* the thread runs; text is to be written */
	char text[LAST_DISC_TEXT];
	size_t len;
};

/* ---- the text ----------------------------------------------------------------------------- */

size_t last_disc_encode(const struct last_disc *l, char text[LAST_DISC_TEXT])
{
	int n;

	if (strchr(l->image, '\n') || strchr(l->configured, '\n'))
		return 0;
	n = snprintf(text, LAST_DISC_TEXT, HEAD "%s%s\n%sconfigured %s\n",
		*l->image ? "image " : "empty", l->image, l->burned ? "burned\n" : "",
		l->configured);
	return (size_t)n + (size_t)snprintf(text + n, LAST_DISC_TEXT - (size_t)n,
				   "crc32 %08" PRIx32 "\n", crc32_add(0, text, (size_t)n));
}

/* Copies the rest of the line at *p if it begins with word, and moves *p past the line. */
static bool take_line(const char **p, const char *word, char *out, size_t size)
{
	size_t n = strlen(word), len = strcspn(*p, "\n");

	if (strncmp(*p, word, n) != 0 || len < n || len - n >= size || (*p)[len] != '\n')
		return false;
	memcpy(out, *p + n, len - n);
	out[len - n] = '\0';
	*p += len + 1;
	return true;
}

const char *last_disc_decode(const char *text, size_t len, struct last_disc *out)
{
	char copy[LAST_DISC_TEXT + 1], rest[16], want[24];
	const char *p = copy;

	memset(out, 0, sizeof(*out));
	if (len > LAST_DISC_TEXT)
		return "it is too long";
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strncmp(p, HEAD, strlen(HEAD)) != 0)
		return "it is of an unknown version";
	p += strlen(HEAD);
	if (!take_line(&p, "image ", out->image, sizeof(out->image)) &&
		!(take_line(&p, "empty", rest, sizeof(rest)) && rest[0] == '\0'))
		return "it names no image";
	out->burned = take_line(&p, "burned", rest, sizeof(rest));
	if (!take_line(&p, "configured ", out->configured, sizeof(out->configured)))
		return "a line is missing";
	snprintf(want, sizeof(want), "crc32 %08" PRIx32 "\n",
		crc32_add(0, copy, (size_t)(p - copy)));
	if (strncmp(p, want, strlen(want)) != 0)
		return "its checksum is wrong";
	return NULL;
}

/* ---- the file ----------------------------------------------------------------------------- */

static void load(struct last_disc_store *l)
{
	char text[STORE_TEXT_MAX];
	const char *fault;
	int n = store_load(l->store, text, sizeof(text));

	if (n == -ENOENT)
		return;
	fault = n < 0 ? strerror(-n) : last_disc_decode(text, (size_t)n, &l->record);
	l->has_record = !fault;
	if (fault)
		log_warn("%s: the last disc is unknown, because the drive record %s cannot be "
			 "used: %s",
			l->drive, l->store->name, fault);
}

static void *save_thread(void *last)
{
	struct last_disc_store *l = last;
	char text[LAST_DISC_TEXT];
	size_t len;
	int r;

	pthread_mutex_lock(&l->lock);
	while (l->queued) {
		l->queued = false;
		len = l->len;
		memcpy(text, l->text, len);
		pthread_mutex_unlock(&l->lock);
		r = store_save(l->store, text, len);
		if (r < 0)
			log_warn("%s: drive record %s: %s; after a power cut another disc will be "
				 "inserted",
				l->drive, l->store->name, strerror(-r));
		pthread_mutex_lock(&l->lock);
	}
	l->running = false;
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

int last_disc_new(int folder, const char *drive, struct last_disc_store **out)
{
	char name[64];
	struct last_disc_store *l = calloc(1, sizeof(*l));
	int fd = fcntl(folder, F_DUPFD_CLOEXEC, 0), r = fd < 0 ? -errno : 0;
	struct folder *f = fd < 0 ? NULL : folder_file_new(fd);

	if (r == 0 && (!l || !f))
		r = -ENOMEM;
	if (r == 0) {
		snprintf(name, sizeof(name), ".mmcgadget-%.32s", drive);
		r = store_new(f, name, "", &l->store);
		f = NULL;
	}
	if (r == 0 && !(l->drive = strdup(drive)))
		r = -ENOMEM;
	if (r < 0) {
		if (f)
			f->ops->close(f);
		if (l)
			store_close(l->store);
		free(l);
		return r;
	}
	pthread_mutex_init(&l->lock, NULL);
	load(l);
	*out = l;
	return 0;
}

static void join_thread(struct last_disc_store *l)
{
	if (l->threaded)
		pthread_join(l->thread, NULL);
	l->threaded = false;
}

void last_disc_free(struct last_disc_store *l)
{
	if (!l)
		return;
	join_thread(l);
	store_close(l->store);
	pthread_mutex_destroy(&l->lock);
	free(l->drive);
	free(l);
}

const struct last_disc *last_disc_get(const struct last_disc_store *l)
{
	return l->has_record ? &l->record : NULL;
}

void last_disc_set(struct last_disc_store *l, const struct last_disc *disc)
{
	char text[LAST_DISC_TEXT];
	size_t len = last_disc_encode(disc, text);
	bool running;

	l->record = *disc;
	l->has_record = true;
	if (len == 0)
		return;
	pthread_mutex_lock(&l->lock);
	memcpy(l->text, text, len);
	l->len = len;
	l->queued = true;
	running = l->running;
	l->running = true;
	pthread_mutex_unlock(&l->lock);
	if (running)
		return;
	join_thread(l);
	l->threaded = thread_start(&l->thread, "last-disc", save_thread, l) == 0;
	if (!l->threaded)
		save_thread(l);
}
