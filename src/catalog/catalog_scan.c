// SPDX-License-Identifier: GPL-2.0-or-later
/* One scan of the folder, and the cache of labels for the next scan. */
#include "catalog/catalog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cd/map.h"
#include "catalog/catalog_text.h"
#include "library/cd_set.h"
#include "compact/compact_label.h"
#include "library/free_room.h"
#include "image/image.h"
#include "library/image_name.h"
#include "library/known_sum.h"
#include "library/library.h"
#include "library/permission_hint.h"
#include "compact/resolver.h"
#include "media/burn_mark.h"
#include "media/store.h"
#include "util/array.h"
#include "util/clock.h"
#include "protocol/words.h"

/* A file that changed less than this ago can change again without another ctime. */
#define FRESH_SECONDS 2
/* A file that changed less than this ago may still be copied. */
#define COPY_SECONDS  5

struct catalog_label {
	dev_t dev;
	ino_t ino;
	uint64_t size, session;
	struct timespec changed;
	char *text;
	uint64_t volume;
	bool has_volume, udf, sectors;
	enum burn_mark mark;
	bool titled; /* see is_titled() */
	bool fresh;  /* the file had just changed: only its size is of use */
};

/* A scan that runs. */
struct scan {
	const struct catalog_scan *scan;
	struct catalog_labels *old, cache; /* of the last scan, and the next one */
	struct catalog_list *list;
	struct catalog_texts texts;
	size_t room, label_room; /* allocated entries of list and cache */
	uint64_t until;          /* ms; no label is read after this time */
	uint64_t look_until;     /* the same for files that may be no discs */
	size_t state_room;       /* allocated entries of list->state */
	struct permission_names names;
};

/* ---- labels ------------------------------------------------------------------------------- */

static int by_file(const void *a, const void *b)
{
	const struct catalog_label *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino == y->ino ? 0 : x->ino < y->ino ? -1 : 1;
}

/* Returns what the last scan knew of the file, also if the file was another one then. */
static const struct catalog_label *find_file(
	const struct catalog_labels *cache, const struct catalog_label *key)
{
	return cache->count ? bsearch(key, cache->at, cache->count, sizeof(*key), by_file) : NULL;
}

static bool is_same(const struct catalog_label *l, const struct catalog_label *key)
{
	return l && !l->fresh && l->size == key->size && l->session == key->session &&
	       l->titled == key->titled && l->changed.tv_sec == key->changed.tv_sec &&
	       l->changed.tv_nsec == key->changed.tv_nsec;
}

/* True if the file changed less than this ago, also by a clock that was set back since. */
static bool changed_within(const struct timespec *changed, long long seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return llabs((long long)now.tv_sec - (long long)changed->tv_sec) < seconds;
}

/* text belongs to the cache from here on; NULL: there was no memory for it. */
static void cache_label(struct scan *l, const struct catalog_label *key, char *text)
{
	struct catalog_labels *cache = &l->cache;
	size_t room = l->label_room ? l->label_room * 2 : 64;
	struct catalog_label *at;

	if (text && cache->count == l->label_room) {
		at = realloc(cache->at, room * sizeof(*at));
		if (at) {
			cache->at = at;
			l->label_room = room;
		}
	}
	if (!text || cache->count == l->label_room) {
		free(text);
		return;
	}
	cache->at[cache->count] = *key;
	cache->at[cache->count++].text = text;
}

/* The facts that a scan finds out about one file. */
struct look {
	bool known;   /* text and volume are */
	bool growing; /* the file is being copied */
	bool unreadable;
	bool has_volume, udf, sectors;
	enum burn_mark mark;
	uint64_t volume;
	char *text; /* to be freed; NULL: unknown, or no memory */
};

/* Reads the label, if there is time for it. */
static void read_now(
	struct scan *l, const struct library_entry *e, struct catalog_label *key, struct look *out)
{
	struct label label = {.text = ""};
	int fd = library_open_entry(e);

	if (fd >= 0) {
		l->scan->read_label(fd, key->session, &label);
		if (key->titled && label.text[0] == '\0')
			compact_label_of_burned(e->dir_fd, e->base, fd, label.text);
		key->mark = e->link ? BURN_MARK_NONE : burn_mark_of(fd, &e->written);
		close(fd);
	}
	out->known = true;
	out->unreadable = fd == -EACCES || fd == -EPERM;
	out->text = strdup(label.text);
	out->has_volume = key->has_volume = label.has_volume;
	out->udf = key->udf = label.udf;
	out->sectors = key->sectors = label.sectors;
	out->volume = key->volume = label.volume;
	out->mark = key->mark;
	key->fresh = changed_within(&e->changed, FRESH_SECONDS);
	/* An error may pass: it is not cached. */
	if (fd >= 0)
		cache_label(l, key, strdup(label.text));
}

/* The state file may have its name: that of a finalised CD, beside its image. */
static bool is_titled(const struct library_entry *e, const struct image_peek *peek)
{
	return peek->has_state && !e->link && disc_medium_is_cd_recordable(peek->medium) &&
	       strcmp(peek->kind, "iso") == 0;
}

/*
 * must_look: only the contents tell whether the file is a disc, or a copy that is complete.
 * Such a file is read in a scan that waits for no labels, too.
 */
static void look_at(struct scan *l, const struct library_entry *e, const struct image_peek *peek,
	bool must_look, struct look *out)
{
	struct catalog_label key = {.dev = e->dev,
		.ino = e->ino,
		.size = e->size,
		.session = peek->session,
		.titled = is_titled(e, peek),
		.changed = e->changed};
	const struct catalog_label *last = find_file(l->old, &key);
	uint64_t until = must_look && l->look_until > l->until ? l->look_until : l->until;

	*out = (struct look){.growing = last && last->size < e->size};
	if (is_same(last, &key)) {
		*out = (struct look){.known = true,
			.text = strdup(last->text),
			.has_volume = last->has_volume,
			.udf = last->udf,
			.sectors = last->sectors,
			.mark = last->mark,
			.volume = last->volume};
		cache_label(l, last, strdup(last->text));
	} else if (e->size == 0 || !library_may_read(e)) {
		out->known = true;
		out->unreadable = e->size > 0;
		out->text = strdup("");
	} else if (clock_ms() < until) {
		read_now(l, e, &key, out);
	}
	out->growing = changed_within(&e->changed, COPY_SECONDS) &&
		       (out->growing || out->volume > e->size);
}

/* ---- entries ------------------------------------------------------------------------------ */

/*
 * Peeks at an image as the drive would open it: for a link, the state file is beside the
 * file that the link leads to. True for a blank that lacks nothing but permissions.
 */
static bool peek_at(
	int folder, const struct library_entry *e, struct image_peek *peek, bool *usable)
{
	const char *base = strrchr(e->name, '/') ? strrchr(e->name, '/') + 1 : e->name;
	bool may_read = (e->mode & 0444) != 0;
	bool locked;
	struct library_file f;
	int r = e->link || e->size == 0 ? library_find(folder, e->name, &f) : -ENOENT;

	if (r < 0) {
		/* Most are: this saves two searches of the folder for each. */
		if (e->alone)
			image_peek_alone(e->size, peek);
		else
			image_peek(folder, e->name, e->size, peek);
		*usable = e->size > 0 && image_is_usable(base, e->size, may_read, false, peek);
		return e->size == 0 && (r == -EACCES || r == -EPERM);
	}
	image_peek(f.dir_fd, f.base, e->size, peek);
	*usable = image_is_usable(f.base, e->size, may_read, f.may_write, peek);
	locked = e->size == 0 && !*usable && image_is_usable(f.base, 0, true, true, peek);
	library_forget(&f);
	return locked;
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

/*
 * True if the state file says that a disc was burned; one that is not finished does not count. A
 * burned disc that needs no state file any more has a mark instead.
 */
static bool has_burned_state(const struct library_entry *e, const struct image_peek *peek)
{
	return !e->link && e->size > 0 && peek->has_state && !peek->problem &&
	       strcmp(peek->kind, "blank") != 0 && strcmp(peek->kind, "open") != 0;
}

/* Nothing of this is kept for the next scan: the permissions may have changed by then. */
static void set_unreadable(struct scan *l, const struct library_entry *e, struct catalog_entry *n)
{
	char hint[PERMISSION_HINT];

	permission_hint_of_many(&l->names, l->scan->folder, l->scan->path, e->name, "r", hint);
	n->unreadable = true;
	n->usable = false;
	n->fault = hint[0] ? strdup(hint + strlen("; ")) : NULL;
	n->remark = n->fault ? n->fault : "permission denied";
	if (!n->label)
		n->label = strdup("");
}

/* The same remark as the refusal of such a blank has. */
static void set_locked_blank(struct scan *l, const struct library_entry *e, struct catalog_entry *n)
{
	static const char why[] = "a blank disc must be writable";
	char hint[PERMISSION_HINT];

	permission_hint_of_many(&l->names, l->scan->folder, l->scan->path, e->name, "rw", hint);
	if (asprintf(&n->fault, "%s%s", why, hint) < 0)
		n->fault = NULL;
	n->remark = n->fault ? n->fault : why;
}

/* Decides from its name, its state and its contents what the file is. */
static void judge(struct scan *l, const struct library_entry *e, const struct image_peek *peek,
	struct catalog_entry *n)
{
	bool is_plain = e->size > 0 && !peek->has_state;
	bool has_suffix = image_suffix_of(e->name) == IMAGE_SUFFIX_DISC;
	struct look look;

	look_at(l, e, peek, is_plain && (!has_suffix || changed_within(&e->changed, COPY_SECONDS)),
		&look);
	n->label = look.text;
	n->volume = look.volume;
	n->udf = look.udf;
	n->burned = look.mark != BURN_MARK_NONE || has_burned_state(e, peek);
	n->verified = look.mark == BURN_MARK_VERIFIED && !peek->damaged;
	n->plain_image = is_plain;
	n->is_disc = !is_plain || has_suffix || look.has_volume ||
		     (!look.known && image_suffix_of(e->name) != IMAGE_SUFFIX_FOREIGN);
	if (is_plain && look.growing) {
		n->kind = "copying";
		n->is_disc = false;
	} else if (is_plain && look.sectors) {
		n->kind = "cd";
		n->medium = disc_medium_of(DISC_CD_ROM)->name;
		n->is_disc = true;
		n->tracks.data = 1;
		n->tracks.seconds = (unsigned)(e->size / CD_SECTOR + CD_PREGAP) / 75;
	} else if (!n->is_disc) {
		n->kind = "unknown";
		n->remark = image_name_remark(e->name);
	}
	if (look.unreadable)
		set_unreadable(l, e, n);
}

/* Returns a new string; NULL: no sum is known. */
static char *read_sum(const struct library_entry *e)
{
	char hex[CHECKSUM_HEX];

	return known_sum(e->dir_fd, e->base, e->written.tv_sec, hex) == KNOWN_SUM_IS ? strdup(hex)
										     : NULL;
}

/* Fills in what the resolver says of a text or a CHD. */
static void look_at_text(struct scan *l, const struct library_entry *e, struct catalog_entry *n)
{
	bool readable = library_may_read(e);

	catalog_text_look(&l->texts, l->scan->folder, e,
		readable && clock_ms() < MAX(l->until, l->look_until), n);
	if (!readable && !n->fault)
		set_unreadable(l, e, n);
	l->list->unread += n->label ? 0 : 1;
}

static bool add_entry(const struct library_entry *e, void *ctx)
{
	struct scan *l = ctx;
	struct image_peek peek;
	struct catalog_entry *n;
	bool locked;

	if (l->scan->stop && atomic_load(l->scan->stop))
		return false;
	if (image_suffix_of(e->name) == IMAGE_SUFFIX_UNFINISHED) {
		l->list->unfinished++;
		return true;
	}
	if (!e->link && cd_set_is_part(e->dir_fd, e->base))
		return true;
	/* A disc was burned under such a name if it has a state file. */
	if (image_suffix_of(e->name) == IMAGE_SUFFIX_SONG && e->size > 0 && e->alone)
		return true;
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
	n->file_size = e->size;
	n->written = e->written;
	if (!e->alone && !e->link)
		n->sha256 = read_sum(e);
	if (resolver_is_text(e->name, e->size)) {
		look_at_text(l, e, n);
		return true;
	}
	locked = peek_at(l->scan->folder, e, &peek, &n->usable);
	n->damaged = peek.damaged;
	if (resolver_is_chd(e->name, e->size) && !peek.has_state) {
		look_at_text(l, e, n);
		return true;
	}
	n->kind = peek.kind;
	n->medium = peek.medium->name;
	n->format = disc_medium_format_name(peek.medium, peek.format);
	n->plain_blank = e->size == 0 && !peek.has_state;
	n->problem = peek.problem;
	n->sessions = peek.sessions;
	n->tracks = peek.tracks;
	judge(l, e, &peek, n);
	if (n->plain_blank && resolver_reads(e->name))
		catalog_text_empty(n);
	else if (locked)
		set_locked_blank(l, e, n);
	l->list->unread += n->label ? 0 : 1;
	return true;
}

/* ---- states without an image -------------------------------------------------------------- */

static void add_state(const char *name, void *ctx)
{
	struct scan *l = ctx;
	size_t room = l->state_room ? l->state_room * 2 : 64, n = strlen(name),
	       m = strlen(STORE_SUFFIX);
	char **at;

	/* A spare state file alone is the rest of a crash, and is removed with the next burn. */
	if (n <= m || strcmp(name + n - m, STORE_SUFFIX) != 0 || !words_text_ok(name, n))
		return;
	if (l->list->states == l->state_room) {
		at = realloc(l->list->state, room * sizeof(*at));
		if (!at)
			return;
		l->list->state = at;
		l->state_room = room;
	}
	l->list->state[l->list->states] = strdup(name);
	if (l->list->state[l->list->states])
		l->list->states++;
}

static int by_name_of(const void *name, const void *entry)
{
	return strcmp(name, ((const struct catalog_entry *)entry)->name);
}

/* Leaves only the names of the states whose image is not in the list, which is sorted. */
static void keep_orphans(struct catalog_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->states; i++) {
		char *name = list->state[i], *suffix = name + strlen(name) - strlen(STORE_SUFFIX);
		bool left_out;

		*suffix = '\0';
		left_out = image_suffix_of(name) == IMAGE_SUFFIX_UNFINISHED;
		if (list->more || left_out ||
			(list->count > 0 && bsearch(name, list->entry, list->count,
						    sizeof(list->entry[0]), by_name_of))) {
			free(name);
			continue;
		}
		*suffix = STORE_SUFFIX[0];
		list->state[kept++] = name;
	}
	list->states = kept;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(
		((const struct catalog_entry *)a)->name, ((const struct catalog_entry *)b)->name);
}

void catalog_scan(
	const struct catalog_scan *s, struct catalog_labels *cache, struct catalog_list *out)
{
	struct scan l = {.scan = s,
		.old = cache,
		.list = out,
		.texts = {.old = cache->text, .olds = cache->texts}};
	int r;

	memset(out, 0, sizeof(*out));
	l.until = clock_ms() + s->label_wait;
	l.look_until = clock_ms() + s->look_wait;
	out->free_known = free_room(s->folder, &out->free_bytes) == 0;
	r = library_list_states(s->folder, add_entry, add_state, &l);
	if (r > 0)
		out->unnamed = (unsigned)r;
	if (r < 0 && out->error == 0)
		out->error = r;
	catalog_text_hide_parts(&l.texts, out);
	if (out->count > 0)
		qsort(out->entry, out->count, sizeof(out->entry[0]), by_name);
	keep_orphans(out);
	/* The new cache holds only labels of files that this scan has found. */
	catalog_labels_fini(cache);
	*cache = l.cache;
	catalog_texts_sort(&l.texts);
	cache->text = l.texts.at;
	cache->texts = l.texts.count;
	if (cache->count > 0)
		qsort(cache->at, cache->count, sizeof(cache->at[0]), by_file);
}

void catalog_list_fini(struct catalog_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		catalog_entry_fini(&l->entry[i]);
	for (size_t i = 0; i < l->states; i++)
		free(l->state[i]);
	free(l->state);
	free(l->entry);
	memset(l, 0, sizeof(*l));
}

void catalog_labels_fini(struct catalog_labels *cache)
{
	for (size_t i = 0; i < cache->count; i++)
		free(cache->at[i].text);
	free(cache->at);
	catalog_texts_fini(cache->text, cache->texts);
	memset(cache, 0, sizeof(*cache));
}
