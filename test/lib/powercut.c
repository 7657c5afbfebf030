// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/powercut.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

#define GARBAGE 0xdb
#define PIECE   32u /* bytes of a state file that survive together; files are short */

uint32_t powercut_random(struct powercut *c, uint32_t below)
{
	uint64_t z = c->seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ z >> 31) >> 16) % below;
}

static bool coin(struct powercut *c)
{
	return powercut_random(c, 2);
}

enum how { DO_IT, PARTLY, NOT_AT_ALL };

/* Counts the operation, and returns how much of it is done. */
static enum how begin_operation(struct powercut *c, enum powercut_op op)
{
	uint64_t n = c->ops++;

	if (n < POWERCUT_OPS)
		c->kind[n] = (uint8_t)op;
	if (c->dead)
		return NOT_AT_ALL;
	if (c->fault == POWERCUT_NOTHING || n != c->fault_at)
		return DO_IT;
	c->reached = true;
	c->dead = c->fault != POWERCUT_ERRNO;
	c->result = c->dead ? -EIO : -c->error;
	if (!c->dead && c->cut_after) {
		c->fault = POWERCUT_POWER;
		c->fault_at = n + c->cut_after;
	}
	return PARTLY;
}

/* ---- the image ---------------------------------------------------------------------------- */

struct powercut_media {
	struct media m;
	struct powercut *c;
};

static struct powercut *media_storage(struct media *m)
{
	return ((struct powercut_media *)m)->c;
}

static void resize(struct powercut *c, uint64_t size)
{
	if (size == c->size)
		return;
	if (c->size_changes < POWERCUT_PENDING) {
		c->size_change[c->size_changes][0] = size < c->size ? size : c->size;
		c->size_change[c->size_changes++][1] = size;
	}
	if (size < c->size) {
		memset(c->seen + size, 0, c->size - size);
		for (uint64_t s = size / POWERCUT_SECTOR; s * POWERCUT_SECTOR < c->size; s++)
			c->dirty[s] = MAX(c->dirty[s], POWERCUT_SECTOR_DROPPED);
	}
	c->size = size;
}

static int image_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	struct powercut *c = media_storage(m);
	uint64_t at = block * m->unit, len = (uint64_t)count * m->unit;

	if (begin_operation(c, POWERCUT_READ) != DO_IT)
		return c->result;
	if (at >= c->size || at + len >= c->size + m->unit)
		return -EIO;
	memcpy(buf, c->seen + at, len);
	return 0;
}

static int image_write(struct media *m, uint64_t block, uint32_t count, const void *buf)
{
	struct powercut *c = media_storage(m);
	uint64_t at = block * m->unit, len = (uint64_t)count * m->unit;
	enum how how = begin_operation(c, POWERCUT_WRITE);

	if (how == NOT_AT_ALL)
		return c->result;
	if (at + len > c->capacity)
		return -EFBIG;
	if (how == PARTLY)
		len = powercut_random(c, (uint32_t)(len / POWERCUT_SECTOR) + 1) * POWERCUT_SECTOR;
	if (len && at + len > c->size)
		resize(c, at + len);
	memcpy(c->seen + at, buf, len);
	for (uint64_t s = at / POWERCUT_SECTOR; s * POWERCUT_SECTOR < at + len; s++)
		c->dirty[s] = POWERCUT_SECTOR_WRITTEN;
	return how == PARTLY ? c->result : 0;
}

/* Each sector that is not synced is stored with a chance of `chance` in 16. */
static void store_sectors(struct powercut *c, uint32_t chance)
{
	for (size_t s = 0; s < c->sectors; s++) {
		uint8_t *stored = c->stored + s * POWERCUT_SECTOR;
		bool written = c->dirty[s] == POWERCUT_SECTOR_WRITTEN;

		if (!c->dirty[s])
			continue;
		c->dirty[s] = POWERCUT_SECTOR_CLEAN;
		if (powercut_random(c, 16) < chance)
			memcpy(stored, c->seen + s * POWERCUT_SECTOR, POWERCUT_SECTOR);
		else if (written && s * POWERCUT_SECTOR >= c->stored_size)
			memset(stored, coin(c) ? 0 : GARBAGE, POWERCUT_SECTOR);
	}
}

static void size_reaches_storage(struct powercut *c)
{
	c->stored_size = c->size;
	c->size_changes = 0;
}

/*
 * As on Linux: pages that could not be written are marked clean. They still read as the
 * new data for a while, but no later sync writes them or reports them.
 */
static void fail_sync(struct powercut *c)
{
	static const uint32_t chances[] = {0, 8, 15, 16};

	store_sectors(c, chances[powercut_random(c, ARRAY_LEN(chances))]);
	if (coin(c))
		size_reaches_storage(c);
}

static int image_sync(struct media *m)
{
	struct powercut *c = media_storage(m);
	enum how how = begin_operation(c, POWERCUT_SYNC);

	if (how == PARTLY && !c->dead)
		fail_sync(c);
	if (how != DO_IT)
		return c->result;
	store_sectors(c, 16);
	size_reaches_storage(c);
	return 0;
}

static int image_truncate(struct media *m, uint64_t blocks)
{
	struct powercut *c = media_storage(m);
	enum how how = begin_operation(c, POWERCUT_TRUNCATE);

	if (how == DO_IT || (how == PARTLY && c->dead && coin(c)))
		resize(c, blocks * m->unit);
	return how == DO_IT ? 0 : c->result;
}

static void image_close(struct media *m)
{
	free(m);
}

static const struct media_ops image_ops = {
	.read = image_read,
	.write = image_write,
	.sync = image_sync,
	.truncate = image_truncate,
	.close = image_close,
};

struct media *powercut_media(struct powercut *c, bool writable)
{
	struct powercut_media *cm = calloc(1, sizeof(*cm));

	if (!cm)
		return NULL;
	cm->m.ops = &image_ops;
	cm->m.unit = c->unit;
	cm->m.writable = writable;
	cm->m.blocks = (c->size + c->unit - 1) / c->unit;
	cm->m.tail = (uint32_t)(c->size % c->unit);
	cm->c = c;
	return &cm->m;
}

/* ---- the folder ----------------------------------------------------------------------------- */

struct powercut_folder {
	struct folder f;
	struct powercut *c;
};

static struct powercut *folder_storage(struct folder *f)
{
	return ((struct powercut_folder *)f)->c;
}

static struct powercut_directory *current_names(struct powercut *c)
{
	return &c->dir_history[c->dir_versions - 1];
}

static unsigned slot_of(struct powercut *c, const char *name)
{
	unsigned i = 0;

	while (i < c->names && strcmp(c->name[i], name) != 0)
		i++;
	if (i == c->names) {
		if (c->names == POWERCUT_NAMES)
			abort(); /* more names than any test uses */
		strcpy(c->name[c->names++], name);
	}
	return i;
}

bool powercut_has(const struct powercut *c, const char *name)
{
	for (unsigned i = 0; i < c->names; i++)
		if (strcmp(c->name[i], name) == 0)
			return c->dir_history[c->dir_versions - 1].inode[i] >= 0;
	return false;
}

/* Adds a copy of the directory for the next change of names; the older version is kept. */
static struct powercut_directory *add_directory_version(struct powercut *c)
{
	if (c->dir_versions == POWERCUT_PENDING)
		abort();
	c->dir_history[c->dir_versions] = c->dir_history[c->dir_versions - 1];
	return &c->dir_history[c->dir_versions++];
}

static struct powercut_inode *inode_of(struct powercut *c, const char *name)
{
	int i = current_names(c)->inode[slot_of(c, name)];

	return i < 0 ? NULL : &c->inode[i];
}

static struct powercut_inode *make_file(struct powercut *c, const char *name)
{
	int i = 0;

	while (i < (int)POWERCUT_INODES && c->inode[i].used)
		i++;
	if (i == (int)POWERCUT_INODES)
		abort();
	c->inode[i].used = true;
	c->inode[i].fresh = true;
	c->inode[i].dirty = true;
	c->inode[i].len = c->inode[i].stored_len = 0;
	add_directory_version(c)->inode[slot_of(c, name)] = i;
	return &c->inode[i];
}

static int text_read(struct folder *f, const char *name, char *buf, size_t size)
{
	struct powercut *c = folder_storage(f);
	const struct powercut_inode *file;

	if (begin_operation(c, POWERCUT_FILE_READ) != DO_IT)
		return c->result;
	file = inode_of(c, name);
	if (!file)
		return -ENOENT;
	if (file->len > size)
		return -EFBIG;
	memcpy(buf, file->text, file->len);
	return (int)file->len;
}

static int text_write(struct folder *f, const char *name, const char *text, size_t len)
{
	struct powercut *c = folder_storage(f);
	enum how how = begin_operation(c, POWERCUT_FILE_WRITE);
	struct powercut_inode *file;

	if (how == NOT_AT_ALL)
		return c->result;
	if (how == PARTLY)
		len = powercut_random(c, (uint32_t)len + 1);
	file = inode_of(c, name);
	if (!file)
		file = make_file(c, name);
	memcpy(file->text, text, len);
	file->len = MAX(file->len, len);
	file->dirty = true;
	return how == PARTLY ? c->result : 0;
}

static void text_reaches_storage(struct powercut_inode *file)
{
	memcpy(file->stored, file->text, file->len);
	file->stored_len = file->len;
	file->dirty = false;
	file->fresh = false;
}

/* Stores random pieces of a file that is not synced; one never synced can have garbage. */
static void tear_text(struct powercut *c, struct powercut_inode *file)
{
	size_t len = coin(c) ? file->len : file->stored_len;

	if (file->fresh)
		memset(file->stored, coin(c) ? 0 : GARBAGE, sizeof(file->stored));
	for (size_t at = 0; at < file->len; at += PIECE)
		if (coin(c))
			memcpy(file->stored + at, file->text + at, MIN(PIECE, file->len - at));
	if (file->fresh && coin(c))
		len = powercut_random(c, (uint32_t)file->len + 1);
	file->stored_len = len;
	file->dirty = false;
	file->fresh = false;
}

static int text_sync(struct folder *f, const char *name)
{
	struct powercut *c = folder_storage(f);
	enum how how = begin_operation(c, POWERCUT_FILE_SYNC);
	struct powercut_inode *file = inode_of(c, name);

	if (!file)
		return -ENOENT;
	if (how == PARTLY && !c->dead && file->dirty)
		tear_text(c, file);
	if (how != DO_IT)
		return c->result;
	if (file->dirty)
		text_reaches_storage(file);
	return 0;
}

/* Returns true if a change of names is made. */
static bool changes_names(struct powercut *c, enum how how)
{
	return how == DO_IT || (how == PARTLY && c->dead && coin(c));
}

static int exchange(struct folder *f, const char *a, const char *b)
{
	struct powercut *c = folder_storage(f);
	enum how how = begin_operation(c, POWERCUT_EXCHANGE);
	unsigned i = slot_of(c, a), j = slot_of(c, b);

	if (!c->has_exchange)
		return -EINVAL;
	if (!inode_of(c, a) || !inode_of(c, b))
		return -ENOENT;
	if (changes_names(c, how)) {
		struct powercut_directory *now = add_directory_version(c);
		int inode = now->inode[i];

		now->inode[i] = now->inode[j];
		now->inode[j] = inode;
	}
	return how == DO_IT ? 0 : c->result;
}

/* keep: the file has both names then. */
static int give_name(struct folder *f, const char *from, const char *to, bool keep)
{
	struct powercut *c = folder_storage(f);
	enum how how = begin_operation(c, POWERCUT_RENAME);
	unsigned i = slot_of(c, from), j = slot_of(c, to);

	if (!inode_of(c, from))
		return -ENOENT;
	if (changes_names(c, how)) {
		struct powercut_directory *now = add_directory_version(c);

		now->inode[j] = now->inode[i];
		now->inode[i] = keep ? now->inode[i] : -1;
	}
	return how == DO_IT ? 0 : c->result;
}

static int rename_file(struct folder *f, const char *from, const char *to)
{
	return give_name(f, from, to, false);
}

static int rename_new(struct folder *f, const char *from, const char *to)
{
	return inode_of(folder_storage(f), to) ? -EEXIST : rename_file(f, from, to);
}

static int link_file(struct folder *f, const char *from, const char *to)
{
	struct powercut *c = folder_storage(f);

	return c->no_links ? -EPERM : inode_of(c, to) ? -EEXIST : give_name(f, from, to, true);
}

static int unlink_file(struct folder *f, const char *name)
{
	struct powercut *c = folder_storage(f);
	enum how how = begin_operation(c, POWERCUT_UNLINK);

	if (how == DO_IT && !inode_of(c, name))
		return -ENOENT;
	if (inode_of(c, name) && changes_names(c, how))
		add_directory_version(c)->inode[slot_of(c, name)] = -1;
	return how == DO_IT ? 0 : c->result;
}

/* Stores these names; files without a name are deleted. */
static void names_reach_storage(struct powercut *c, struct powercut_directory names)
{
	c->dir_history[0] = names;
	c->dir_versions = 1;
	for (int i = 0; i < (int)POWERCUT_INODES; i++) {
		bool named = false;

		for (unsigned n = 0; n < POWERCUT_NAMES; n++)
			named |= names.inode[n] == i;
		c->inode[i].used = named;
	}
}

static int sync_names(struct folder *f)
{
	struct powercut *c = folder_storage(f);
	enum how how = begin_operation(c, POWERCUT_SYNC_NAMES);

	/* Some changes were stored in spite of the error, the others perhaps by the next sync. */
	if (how == PARTLY && !c->dead) {
		unsigned n = powercut_random(c, c->dir_versions);

		c->dir_versions -= n;
		memmove(c->dir_history, c->dir_history + n,
			c->dir_versions * sizeof(c->dir_history[0]));
	}
	if (how != DO_IT)
		return c->result;
	names_reach_storage(c, *current_names(c));
	return 0;
}

static void close_folder(struct folder *f)
{
	free(f);
}

static const struct folder_ops folder_ops = {
	.read = text_read,
	.write = text_write,
	.sync = text_sync,
	.exchange = exchange,
	.rename = rename_file,
	.rename_new = rename_new,
	.link = link_file,
	.unlink = unlink_file,
	.sync_names = sync_names,
	.close = close_folder,
};

struct folder *powercut_folder(struct powercut *c)
{
	struct powercut_folder *cf = calloc(1, sizeof(*cf));

	if (!cf)
		return NULL;
	cf->f.ops = &folder_ops;
	cf->c = c;
	return &cf->f;
}

/* ---- the machine ---------------------------------------------------------------------------- */

static void new_boot(struct powercut *c)
{
	snprintf(c->boot, sizeof(c->boot), "boot-%u", ++c->boots);
}

struct powercut *powercut_new(uint32_t blocks, uint64_t seed, bool has_exchange)
{
	struct powercut *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->seed = seed;
	c->has_exchange = has_exchange;
	c->unit = MEDIA_BLOCK;
	c->result = -EIO;
	c->capacity = (size_t)blocks * MEDIA_BLOCK;
	c->sectors = c->capacity / POWERCUT_SECTOR;
	c->seen = calloc(1, c->capacity);
	c->stored = calloc(1, c->capacity);
	c->dirty = calloc(c->sectors, sizeof(*c->dirty));
	c->inode = calloc(POWERCUT_INODES, sizeof(*c->inode));
	c->dir_versions = 1;
	for (unsigned i = 0; i < POWERCUT_NAMES; i++)
		c->dir_history[0].inode[i] = -1;
	new_boot(c);
	if (!c->seen || !c->stored || !c->dirty || !c->inode) {
		powercut_free(c);
		c = NULL;
	}
	return c;
}

void powercut_free(struct powercut *c)
{
	if (!c)
		return;
	free(c->seen);
	free(c->stored);
	free(c->dirty);
	free(c->inode);
	free(c);
}

void powercut_plan(struct powercut *c, enum powercut_fault fault, uint64_t at, int error)
{
	c->fault = fault;
	c->fault_at = at;
	c->error = error;
	c->cut_after = 0;
	c->result = -EIO;
	c->reached = false;
}

void powercut_plan_error_then_cut(struct powercut *c, uint64_t at, int error, uint64_t then)
{
	powercut_plan(c, POWERCUT_ERRNO, at, error);
	c->cut_after = then;
}

void powercut_restart_daemon(struct powercut *c)
{
	c->fault = POWERCUT_NOTHING;
	c->dead = false;
}

/* Returns one of the image's sizes since the last sync, or a size between two of them. */
static uint64_t size_after_cut(struct powercut *c)
{
	unsigned n = powercut_random(c, c->size_changes + 2);

	if (n >= c->size_changes)
		return n > c->size_changes ? c->size : c->stored_size;
	uint64_t from = c->size_change[n][0], to = c->size_change[n][1];
	uint32_t pieces = (uint32_t)((to - from) / POWERCUT_SECTOR) + 1;

	return coin(c) ? to : from + (uint64_t)powercut_random(c, pieces) * POWERCUT_SECTOR;
}

static void restore_image(struct powercut *c)
{
	static const uint32_t chances[] = {0, 4, 8, 15, 16};
	uint64_t size = size_after_cut(c), most = MAX(c->size, c->stored_size);

	for (unsigned i = 0; i < c->size_changes; i++)
		most = MAX(most, c->size_change[i][1]);
	store_sectors(c, chances[powercut_random(c, ARRAY_LEN(chances))]);
	memset(c->stored + size, 0, most > size ? most - size : 0);
	c->size = size;
	size_reaches_storage(c);
	memcpy(c->seen, c->stored, most);
}

static void restore_names(struct powercut *c, enum powercut_names names)
{
	struct powercut_directory then = c->dir_history[powercut_random(c, c->dir_versions)];

	for (unsigned i = 0; i < POWERCUT_NAMES && names == POWERCUT_EACH_NAME; i++)
		then.inode[i] = c->dir_history[powercut_random(c, c->dir_versions)].inode[i];
	names_reach_storage(c, then);
	for (unsigned i = 0; i < POWERCUT_INODES; i++) {
		struct powercut_inode *file = &c->inode[i];

		if (!file->used)
			continue;
		if (file->dirty)
			tear_text(c, file);
		memcpy(file->text, file->stored, file->stored_len);
		file->len = file->stored_len;
	}
}

void powercut_power_on(struct powercut *c, enum powercut_names names)
{
	restore_image(c);
	restore_names(c, names);
	powercut_restart_daemon(c);
	new_boot(c);
}
