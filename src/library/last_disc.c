// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/last_disc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library/library.h"
#include "media/store.h"
#include "util/thread.h"
#include "util/crc32.h"
#include "util/line.h"
#include "util/log.h"

#define HEAD "mmcgadget drive 1\n"

struct last_disc_store {
	char *drive, *path;
	/* Used only by the thread while it runs. */
	struct store *store; /* in the folder that had the path at the last save; NULL: none */
	dev_t dev;           /* of that folder */
	ino_t ino;

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
	struct last_disc empty;
	int n;

	if (strchr(l->configured, '\n'))
		return 0;
	if (strchr(l->image, '\n')) {
		empty = (struct last_disc){0};
		strcpy(empty.configured, l->configured);
		l = &empty;
	}
	n = snprintf(text, LAST_DISC_TEXT, HEAD "%s%s\n%s%s%s%sconfigured %s\n",
		*l->image ? "image " : "empty", l->image, l->as ? "as " : "", image_as_name(l->as),
		l->as ? "\n" : "", l->burned ? "burned\n" : "", l->configured);
	return (size_t)n + (size_t)snprintf(text + n, LAST_DISC_TEXT - (size_t)n,
				   "crc32 %08" PRIx32 "\n", crc32_add(0, text, (size_t)n));
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
	if (!line_take(&p, "image ", out->image, sizeof(out->image)) &&
		!(line_take(&p, "empty", rest, sizeof(rest)) && rest[0] == '\0'))
		return "it names no image";
	if (line_take(&p, "as ", rest, sizeof(rest)) && !image_as_named(rest, &out->as))
		return "it shows the image as an unknown disc";
	out->burned = line_take(&p, "burned", rest, sizeof(rest));
	if (!line_take(&p, "configured ", out->configured, sizeof(out->configured)))
		return "a line is missing";
	snprintf(want, sizeof(want), "crc32 %08" PRIx32 "\n",
		crc32_add(0, copy, (size_t)(p - copy)));
	if (strncmp(p, want, strlen(want)) != 0)
		return "its checksum is wrong";
	return NULL;
}

/* ---- the file ----------------------------------------------------------------------------- */

/* Makes the store of the folder fd, and takes fd over. 0 or -errno. */
static int make_store(struct last_disc_store *l, int fd)
{
	struct folder *f = folder_file_new(fd);
	char name[64];

	snprintf(name, sizeof(name), ".mmcgadget-%.32s", l->drive);
	return f ? store_new(f, name, "", &l->store) : -ENOMEM;
}

/*
 * Opens the folder that has the path now. The store and its spare file stay as long as it is
 * the same folder; another one gets a store of its own. 0 or -errno.
 */
static int open_folder(struct last_disc_store *l)
{
	char text[STORE_TEXT_MAX];
	int fd = library_open_folder(l->path), r;
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	if (l->store && st.st_dev == l->dev && st.st_ino == l->ino) {
		folder_file_set_fd(l->store->folder, fd);
		return 0;
	}
	store_close(l->store);
	l->store = NULL;
	r = make_store(l, fd);
	if (r < 0)
		return r;
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	/* Finds out whether there is a record, which is to be replaced. */
	(void)store_load(l->store, text, sizeof(text));
	return 0;
}

/* Between two records nothing keeps the folder's file system mounted. */
static void leave_folder(struct last_disc_store *l)
{
	if (l->store)
		folder_file_set_fd(l->store->folder, -1);
}

static int save(struct last_disc_store *l, const char *text, size_t len)
{
	int r = open_folder(l);

	if (r == 0)
		r = store_save(l->store, text, len);
	leave_folder(l);
	return r;
}

static void load(struct last_disc_store *l)
{
	char text[STORE_TEXT_MAX];
	const char *fault;
	int n = l->store ? store_load(l->store, text, sizeof(text)) : -ENOENT;

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
		r = save(l, text, len);
		if (r < 0)
			log_warn("%s: drive record in %s: %s; after a power cut another disc will "
				 "be inserted",
				l->drive, l->path, strerror(-r));
		pthread_mutex_lock(&l->lock);
	}
	l->running = false;
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

int last_disc_new(const char *path, const char *drive, struct last_disc_store **out)
{
	struct last_disc_store *l = calloc(1, sizeof(*l));
	int r = l ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	pthread_mutex_init(&l->lock, NULL);
	l->drive = strdup(drive);
	l->path = strdup(path);
	r = l->drive && l->path ? open_folder(l) : -ENOMEM;
	if (r < 0) {
		last_disc_free(l);
		return r;
	}
	load(l);
	leave_folder(l);
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
	/*
	 * Closing removes the spare file, for which the folder must be open. If another folder has
	 * the path now, or none, the spare file stays where it is.
	 */
	if (l->path && l->drive && l->store)
		(void)open_folder(l);
	store_close(l->store);
	pthread_mutex_destroy(&l->lock);
	free(l->path);
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
	if (strchr(disc->image, '\n'))
		log_warn(
			"%s: the drive will be empty after a restart, because the name of its disc "
			"has a line break",
			l->drive);
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
