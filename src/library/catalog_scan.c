// SPDX-License-Identifier: GPL-2.0-or-later
/* One scan of the folder, and the cache of labels for the next scan. */
#include "library/catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "library/image.h"
#include "library/library.h"

/* A file that changed less than this ago can change again without another ctime. */
#define FRESH_SECONDS 2

struct catalog_label {
	dev_t dev;
	ino_t ino;
	uint64_t size, session;
	struct timespec changed;
	char *text;
};

/* A scan that runs. */
struct scan {
	const struct catalog_scan *scan;
	struct catalog_labels *old, cache; /* of the last scan, and the next one */
	struct catalog_list *list;
	size_t room, label_room; /* allocated entries of list and cache */
	uint64_t until;          /* ms; no label is read after this time */
};

static uint64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- labels ------------------------------------------------------------------------------- */

static int by_file(const void *a, const void *b)
{
	const struct catalog_label *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino == y->ino ? 0 : x->ino < y->ino ? -1 : 1;
}

static const char *find_label(const struct catalog_labels *cache, const struct catalog_label *key)
{
	const struct catalog_label *l =
		cache->count ? bsearch(key, cache->at, cache->count, sizeof(*key), by_file) : NULL;

	return l && l->size == key->size && l->session == key->session &&
			       l->changed.tv_sec == key->changed.tv_sec &&
			       l->changed.tv_nsec == key->changed.tv_nsec
		       ? l->text
		       : NULL;
}

/* True if the file has just changed, also by a clock that was set back since. */
static bool is_fresh(const struct timespec *changed)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return llabs((long long)now.tv_sec - (long long)changed->tv_sec) < FRESH_SECONDS;
}

static void cache_label(struct scan *l, const struct catalog_label *key, const char *text)
{
	struct catalog_labels *cache = &l->cache;
	size_t room = l->label_room ? l->label_room * 2 : 64;
	struct catalog_label *at;

	if (cache->count == l->label_room) {
		at = realloc(cache->at, room * sizeof(*at));
		if (!at)
			return;
		cache->at = at;
		l->label_room = room;
	}
	cache->at[cache->count] = *key;
	cache->at[cache->count].text = strdup(text);
	if (cache->at[cache->count].text)
		cache->count++;
}

/* Returns the label, to be freed; NULL: it has not been read, for lack of time or memory. */
static char *label_of(struct scan *l, const struct library_entry *e, uint64_t session)
{
	struct catalog_label key = {.dev = e->dev,
		.ino = e->ino,
		.size = e->size,
		.session = session,
		.changed = e->changed};
	const char *known = find_label(l->old, &key);
	char text[LABEL_MAX] = "";
	int fd;

	if (known) {
		cache_label(l, &key, known);
		return strdup(known);
	}
	if (e->size == 0 || (e->mode & 0444) == 0)
		return strdup("");
	if (l->scan->label_wait == 0 || clock_ms() >= l->until)
		return NULL;
	fd = library_open_entry(e);
	if (fd < 0)
		return strdup("");
	l->scan->read_label(fd, session, text);
	close(fd);
	if (!is_fresh(&e->changed))
		cache_label(l, &key, text);
	return strdup(text);
}

/* ---- entries ------------------------------------------------------------------------------ */

/*
 * Peeks at an image as the drive would open it: for a link, the state file is beside the
 * file that the link leads to.
 */
static void peek_at(
	int folder, const struct library_entry *e, struct image_peek *peek, bool *usable)
{
	const char *base = strrchr(e->name, '/') ? strrchr(e->name, '/') + 1 : e->name;
	bool may_read = (e->mode & 0444) != 0;
	struct library_file f;

	if ((!e->link && e->size > 0) || library_find(folder, e->name, &f) < 0) {
		image_peek(folder, e->name, e->size, peek);
		*usable = e->size > 0 && image_is_usable(base, e->size, may_read, false, peek);
		return;
	}
	image_peek(f.dir_fd, f.base, e->size, peek);
	*usable = image_is_usable(f.base, e->size, may_read, f.may_write, peek);
	library_forget(&f);
}

static struct catalog_entry *new_entry(struct scan *l, const char *name)
{
	size_t room = l->room ? l->room * 2 : 64;
	struct catalog_entry *at;

	if (l->list->count == l->room) {
		at = realloc(l->list->entry, room * sizeof(*at));
		if (!at)
			return NULL;
		l->list->entry = at;
		l->room = room;
	}
	at = &l->list->entry[l->list->count];
	*at = (struct catalog_entry){.name = strdup(name)};
	if (!at->name)
		return NULL;
	l->list->count++;
	return at;
}

static bool add_entry(const struct library_entry *e, void *ctx)
{
	struct scan *l = ctx;
	struct image_peek peek;
	struct catalog_entry *n;

	if (l->scan->stop && atomic_load(l->scan->stop))
		return false;
	l->list->more = l->list->count == l->scan->max;
	if (l->list->more)
		return false;
	n = new_entry(l, e->name);
	if (!n) {
		l->list->error = -ENOMEM;
		return false;
	}
	n->size = e->size;
	n->dev = e->dev;
	n->ino = e->ino;
	peek_at(l->scan->folder, e, &peek, &n->usable);
	n->kind = peek.kind;
	n->problem = peek.problem;
	n->sessions = peek.sessions;
	n->damaged = peek.damaged;
	n->label = label_of(l, e, peek.session);
	l->list->unread += n->label ? 0 : 1;
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(
		((const struct catalog_entry *)a)->name, ((const struct catalog_entry *)b)->name);
}

void catalog_scan(
	const struct catalog_scan *s, struct catalog_labels *cache, struct catalog_list *out)
{
	struct scan l = {.scan = s, .old = cache, .list = out};
	int r;

	memset(out, 0, sizeof(*out));
	l.until = clock_ms() + s->label_wait;
	r = library_list(s->folder, add_entry, &l);
	if (r > 0)
		out->unnamed = (unsigned)r;
	if (r < 0 && out->error == 0)
		out->error = r;
	if (out->count > 0)
		qsort(out->entry, out->count, sizeof(out->entry[0]), by_name);
	/* The new cache holds only labels of files that this scan has found. */
	catalog_labels_fini(cache);
	*cache = l.cache;
	if (cache->count > 0)
		qsort(cache->at, cache->count, sizeof(cache->at[0]), by_file);
}

void catalog_list_fini(struct catalog_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->entry[i].name);
		free(l->entry[i].label);
	}
	free(l->entry);
	memset(l, 0, sizeof(*l));
}

void catalog_labels_fini(struct catalog_labels *cache)
{
	for (size_t i = 0; i < cache->count; i++)
		free(cache->at[i].text);
	free(cache->at);
	memset(cache, 0, sizeof(*cache));
}
