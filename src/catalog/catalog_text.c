// SPDX-License-Identifier: GPL-2.0-or-later
#include "catalog/catalog_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "compact/compact_label.h"
#include "compact/resolver.h"
#include "disc/medium.h"
#include "image/image_compact.h"
#include "library/image_name.h"

#define FRESH_SECONDS 2 /* as in catalog_scan.c */

struct part {
	char *name; /* in the folder of the text */
	uint64_t size;
	dev_t dev;
	ino_t ino;
};

struct catalog_text {
	dev_t dev;
	ino_t ino;
	uint64_t size;
	struct timespec changed;
	bool fresh;             /* it had just changed, so it is resolved again */
	char *label;            /* NULL: there is none */
	char *fault;            /* why it is not a disc; NULL: it is one */
	struct timespec folder; /* when the names in its folder changed, if there is a fault */
	struct cd_tally tracks;
	uint64_t all; /* bytes of all parts */
	unsigned sessions;
	struct part *part;
	unsigned parts;
};

static int by_file(const void *a, const void *b)
{
	const struct catalog_text *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino == y->ino ? 0 : x->ino < y->ino ? -1 : 1;
}

static int part_by_file(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino == y->ino ? 0 : x->ino < y->ino ? -1 : 1;
}

static void fini(struct catalog_text *t)
{
	free(t->fault);
	free(t->label);
	for (unsigned i = 0; i < t->parts; i++)
		free(t->part[i].name);
	free(t->part);
}

void catalog_texts_fini(struct catalog_text *at, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fini(&at[i]);
	free(at);
}

/* A text that is added to this scan's; NULL: no memory. */
static struct catalog_text *add(struct catalog_texts *t, const struct library_entry *e)
{
	size_t room = t->room ? t->room * 2 : 16;
	struct catalog_text *at = t->at, key = {.dev = e->dev, .ino = e->ino, .size = e->size};

	if (t->count == t->room) {
		at = realloc(t->at, room * sizeof(*at));
		if (!at)
			return NULL;
		t->at = at;
		t->room = room;
	}
	key.changed = e->changed;
	at[t->count] = key;
	return &at[t->count++];
}

static bool add_part(struct catalog_text *at, const char *name, uint64_t size, dev_t dev, ino_t ino)
{
	struct part *p = &at->part[at->parts];

	*p = (struct part){.name = strdup(name), .size = size, .dev = dev, .ino = ino};
	at->parts += p->name != NULL;
	return p->name;
}

static bool is_fresh(const struct timespec *changed)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return llabs((long long)now.tv_sec - (long long)changed->tv_sec) < FRESH_SECONDS;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool alloc_parts(struct catalog_text *at, unsigned count)
{
	at->part = calloc(count ? count : 1, sizeof(*at->part));
	return at->part;
}

/* ---- the cache ---------------------------------------------------------------------------- */

/* True if all parts are as they were, and no name that was missing can have come. */
static bool parts_are_same(const struct catalog_text *old, int folder, const char *name)
{
	struct library_file f;
	bool same = true;
	struct stat st;

	if (library_find(folder, name, &f) < 0)
		return false;
	if (old->fault)
		same = fstat(f.dir_fd, &st) == 0 && is_same_time(&st.st_mtim, &old->folder);
	for (unsigned i = 0; same && i < old->parts; i++) {
		const struct part *p = &old->part[i];

		same = fstatat(f.dir_fd, p->name, &st, 0) == 0 && st.st_dev == p->dev &&
		       st.st_ino == p->ino && (uint64_t)st.st_size == p->size;
	}
	library_forget(&f);
	return same;
}

static const struct catalog_text *find_old(
	const struct catalog_texts *t, int folder, const struct library_entry *e)
{
	const struct catalog_text key = {.dev = e->dev, .ino = e->ino};
	const struct catalog_text *old =
		t->olds ? bsearch(&key, t->old, t->olds, sizeof(key), by_file) : NULL;

	if (!old || old->fresh || old->size != e->size ||
		!is_same_time(&old->changed, &e->changed) || !parts_are_same(old, folder, e->name))
		return NULL;
	return old;
}

static bool copy(
	struct catalog_texts *t, const struct library_entry *e, const struct catalog_text *old)
{
	struct catalog_text *at = add(t, e);

	if (!at || !alloc_parts(at, old->parts))
		return false;
	at->tracks = old->tracks;
	at->all = old->all;
	at->sessions = old->sessions;
	at->folder = old->folder;
	at->fault = old->fault ? strdup(old->fault) : NULL;
	at->label = old->label ? strdup(old->label) : NULL;
	if (old->fault && !at->fault)
		return false;
	for (unsigned i = 0; i < old->parts; i++) {
		const struct part *p = &old->part[i];

		if (!add_part(at, p->name, p->size, p->dev, p->ino))
			return false;
	}
	return true;
}

/* ---- resolving ---------------------------------------------------------------------------- */

/* d: the disc, or the files that were found before why. folder: as in struct catalog_text. */
static bool keep(struct catalog_texts *t, const struct library_entry *e,
	const struct library_file *f, const struct resolver_disc *d, const struct refusal *why,
	const struct timespec *folder)
{
	char label[LABEL_MAX];
	struct catalog_text *at = add(t, e);

	if (!at || !alloc_parts(at, d->map.files))
		return false;
	at->fresh = is_fresh(&e->changed);
	if (why) {
		at->fresh |= is_fresh(folder);
		at->folder = *folder;
		at->fault = strdup(why->text);
	} else {
		/* The next scan tries again to read a label that could not be read. */
		at->fresh |= !compact_label(f, d, label);
		at->label = strdup(label);
		at->tracks = cd_tally_of(&d->map);
		at->all = image_compact_size(d);
		at->sessions = d->map.sessions;
	}
	for (unsigned i = 0; i < d->map.files; i++) {
		const struct resolver_file *p = &d->file[i];

		if (!add_part(at, p->name, p->size, p->dev, p->ino))
			return false;
	}
	return !why || at->fault;
}

/* True if the cache has it now; otherwise n->fault says why it is not a disc. */
static bool resolve_now(
	struct catalog_texts *t, int folder, const struct library_entry *e, struct catalog_entry *n)
{
	struct resolver_disc *d = calloc(1, sizeof(*d));
	struct refusal why = {.text = "there is no memory"};
	struct library_file f;
	struct stat st;
	bool kept = false;

	if (d && library_find(folder, e->name, &f) == 0) {
		/* Before the files are looked for. */
		bool known = fstat(f.dir_fd, &st) == 0;
		int r = resolver_resolve(&f, d, &why);

		if (r == 0 || (known && d->lasts))
			kept = keep(t, e, &f, d, r < 0 ? &why : NULL, &st.st_mtim);
		library_forget(&f);
	}
	free(d);
	if (!kept)
		n->fault = strdup(why.text);
	return kept;
}

void catalog_text_look(struct catalog_texts *t, int folder, const struct library_entry *e,
	bool resolve, struct catalog_entry *n)
{
	const struct catalog_text *old = find_old(t, folder, e);
	bool known;

	n->kind = "cd";
	n->medium = disc_medium_of(DISC_CD_ROM)->name;
	n->format = NULL;
	n->is_disc = true;
	n->usable = (e->mode & 0444) != 0;
	known = n->usable && (old ? copy(t, e, old) : resolve && resolve_now(t, folder, e, n));
	if (known) {
		const struct catalog_text *at = &t->at[t->count - 1];

		n->tracks = at->tracks;
		n->sessions = at->sessions;
		n->size = at->fault ? e->size : at->all;
		n->label = at->label ? strdup(at->label) : NULL;
		n->fault = at->fault ? strdup(at->fault) : NULL;
		n->problem = at->fault ? "it cannot be read" : NULL;
	} else if (n->usable && !old && resolve) {
		n->problem = "it cannot be read";
	}
	if (n->fault)
		n->problem = n->fault;
	if (n->problem)
		n->usable = false;
	if (!n->label && (known || n->problem || !n->usable))
		n->label = strdup("");
}

void catalog_text_empty(struct catalog_entry *n)
{
	n->kind = "cd";
	n->medium = disc_medium_of(DISC_CD_ROM)->name;
	n->format = NULL;
	n->plain_blank = n->usable = false;
	n->problem = "it is empty";
}

/* ---- parts -------------------------------------------------------------------------------- */

/* Gathers the files that texts name, sorted; of_discs: only those of texts that are discs. */
static struct part *gather(const struct catalog_texts *t, bool of_discs, size_t *count)
{
	struct part *all;
	size_t room = 0;

	*count = 0;
	for (size_t i = 0; i < t->count; i++)
		room += t->at[i].parts;
	all = room ? calloc(room, sizeof(*all)) : NULL;
	if (!all)
		return NULL;
	for (size_t i = 0; i < t->count; i++) {
		for (unsigned k = 0; !(of_discs && t->at[i].fault) && k < t->at[i].parts; k++) {
			if (image_compact_is_part(t->at[i].part[k].name))
				all[(*count)++] = t->at[i].part[k];
		}
	}
	qsort(all, *count, sizeof(*all), part_by_file);
	return all;
}

static bool is_among(const struct catalog_entry *e, const struct part *all, size_t count)
{
	const struct part key = {.dev = e->dev, .ino = e->ino};

	return count && bsearch(&key, all, count, sizeof(key), part_by_file);
}

void catalog_entry_fini(struct catalog_entry *e)
{
	free(e->name);
	free(e->label);
	free(e->fault);
	free(e->sha256);
}

void catalog_text_hide_parts(const struct catalog_texts *t, struct catalog_list *list)
{
	size_t parts, named, kept = 0;
	struct part *of_discs = gather(t, true, &parts), *of_any = gather(t, false, &named);

	for (size_t i = 0; i < list->count; i++) {
		struct catalog_entry *e = &list->entry[i];

		/* Burned discs and texts stay in the list, as discs of their own. */
		if (e->plain_image && image_compact_is_part(e->name) &&
			is_among(e, of_discs, parts)) {
			list->unread -= e->label ? 0 : 1;
			catalog_entry_fini(e);
			continue;
		}
		/* The text may be whole in a minute, or is to be repaired. */
		if (e->plain_image && image_compact_is_part(e->name) &&
			is_among(e, of_any, named)) {
			e->is_disc = false;
			e->kind = "unknown";
			if (!e->unreadable)
				e->remark = "it is a file of a compact disc whose text cannot be "
					    "read";
		}
		if (e->plain_blank && is_among(e, of_any, named)) {
			e->plain_blank = e->usable = e->is_disc = false;
			e->kind = "unknown";
			e->remark = "it is empty, and a file of a compact disc";
		}
		list->entry[kept++] = *e;
	}
	list->count = kept;
	free(of_discs);
	free(of_any);
}

void catalog_texts_sort(struct catalog_texts *t)
{
	if (t->count > 0)
		qsort(t->at, t->count, sizeof(t->at[0]), by_file);
}
