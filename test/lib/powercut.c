// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/powercut.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

#define GARBAGE 0xdb
#define TORN    32u /* bytes of a text that arrive together; less than a sector: it is short */

uint32_t cut_random(struct cut *c, uint32_t below)
{
	uint64_t z = c->seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ z >> 31) >> 16) % below;
}

static bool coin(struct cut *c)
{
	return cut_random(c, 2);
}

enum how { DO_IT, PARTLY, NOT_AT_ALL };

/* Every operation begins here. */
static enum how meet(struct cut *c, enum cut_op op)
{
	uint64_t n = c->ops++;

	if (n < CUT_OPS)
		c->kind[n] = (uint8_t)op;
	if (c->dead)
		return NOT_AT_ALL;
	if (c->what == CUT_NOTHING || n != c->at)
		return DO_IT;
	c->met = true;
	c->dead = c->what != CUT_ERRNO;
	c->answer = c->dead ? -EIO : -c->error;
	if (!c->dead && c->then) {
		c->what = CUT_POWER;
		c->at = n + c->then;
	}
	return PARTLY;
}

/* What an operation that was not done answers. */
static int failed(const struct cut *c)
{
	return c->answer;
}

/* ---- the image ---------------------------------------------------------------------------- */

struct powercut_media {
	struct media m;
	struct cut *c;
};

static struct cut *cut_of(struct media *m)
{
	return ((struct powercut_media *)m)->c;
}

static void resize(struct cut *c, uint64_t size)
{
	if (size == c->size)
		return;
	if (c->grows < CUT_PENDING) {
		c->grown[c->grows][0] = size < c->size ? size : c->size;
		c->grown[c->grows++][1] = size;
	}
	if (size < c->size) {
		memset(c->seen + size, 0, c->size - size);
		for (uint64_t s = size / CUT_SECTOR; s * CUT_SECTOR < c->size; s++)
			c->dirty[s] = MAX(c->dirty[s], CUT_SECTOR_DROPPED);
	}
	c->size = size;
}

static int image_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	struct cut *c = cut_of(m);
	uint64_t at = block * MEDIA_BLOCK, len = (uint64_t)count * MEDIA_BLOCK;

	if (meet(c, CUT_READ) != DO_IT)
		return failed(c);
	if (at >= c->size || at + len >= c->size + MEDIA_BLOCK)
		return -EIO;
	memcpy(buf, c->seen + at, len);
	return 0;
}

static int image_write(struct media *m, uint64_t block, uint32_t count, const void *buf)
{
	struct cut *c = cut_of(m);
	uint64_t at = block * MEDIA_BLOCK, len = (uint64_t)count * MEDIA_BLOCK;
	enum how how = meet(c, CUT_WRITE);

	if (how == NOT_AT_ALL)
		return failed(c);
	if (at + len > c->room)
		return -EFBIG;
	if (how == PARTLY)
		len = cut_random(c, (uint32_t)(len / CUT_SECTOR) + 1) * CUT_SECTOR;
	if (len && at + len > c->size)
		resize(c, at + len);
	memcpy(c->seen + at, buf, len);
	memset(c->dirty + at / CUT_SECTOR, CUT_SECTOR_WRITTEN, len / CUT_SECTOR);
	return how == PARTLY ? failed(c) : 0;
}

/* The sectors on their way arrive, or each with that chance in 16. */
static void bring(struct cut *c, uint32_t chance)
{
	for (size_t s = 0; s < c->sectors; s++) {
		uint8_t *kept = c->kept + s * CUT_SECTOR;

		bool written = c->dirty[s] == CUT_SECTOR_WRITTEN;

		if (!c->dirty[s])
			continue;
		c->dirty[s] = CUT_SECTOR_CLEAN;
		if (cut_random(c, 16) < chance)
			memcpy(kept, c->seen + s * CUT_SECTOR, CUT_SECTOR);
		else if (written && s * CUT_SECTOR >= c->kept_size)
			memset(kept, coin(c) ? 0 : GARBAGE, CUT_SECTOR);
	}
}

static void keep_size(struct cut *c)
{
	c->kept_size = c->size;
	c->grows = 0;
}

/*
 * As Linux does it: pages that could not be written are clean from then on. They read
 * as they were written for a while, and no later sync will miss them.
 */
static void lose_some(struct cut *c)
{
	static const uint32_t chances[] = {0, 8, 15, 16};

	bring(c, chances[cut_random(c, ARRAY_LEN(chances))]);
	if (coin(c))
		keep_size(c);
}

static int image_sync(struct media *m)
{
	struct cut *c = cut_of(m);
	enum how how = meet(c, CUT_SYNC);

	if (how == PARTLY && !c->dead)
		lose_some(c);
	if (how != DO_IT)
		return failed(c);
	bring(c, 16);
	keep_size(c);
	return 0;
}

static int image_truncate(struct media *m, uint64_t blocks)
{
	struct cut *c = cut_of(m);
	enum how how = meet(c, CUT_TRUNCATE);

	if (how == DO_IT || (how == PARTLY && c->dead && coin(c)))
		resize(c, blocks * MEDIA_BLOCK);
	return how == DO_IT ? 0 : failed(c);
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

struct media *powercut_media(struct cut *c, bool writable)
{
	struct powercut_media *cm = calloc(1, sizeof(*cm));

	if (!cm)
		return NULL;
	cm->m.ops = &image_ops;
	cm->m.unit = MEDIA_BLOCK;
	cm->m.writable = writable;
	cm->m.blocks = (c->size + MEDIA_BLOCK - 1) / MEDIA_BLOCK;
	cm->m.tail = (uint32_t)(c->size % MEDIA_BLOCK);
	cm->c = c;
	return &cm->m;
}

/* ---- the folder ----------------------------------------------------------------------------- */

struct cut_folder {
	struct folder f;
	struct cut *c;
};

static struct cut *cut_under(struct folder *f)
{
	return ((struct cut_folder *)f)->c;
}

static struct cut_directory *seen_names(struct cut *c)
{
	return &c->dir_history[c->dir_moments - 1];
}

static unsigned slot_of(struct cut *c, const char *name)
{
	unsigned i = 0;

	while (i < c->names && strcmp(c->name[i], name) != 0)
		i++;
	if (i == c->names) {
		if (c->names == CUT_NAMES)
			abort(); /* a name nobody expects */
		strcpy(c->name[c->names++], name);
	}
	return i;
}

bool cut_has(const struct cut *c, const char *name)
{
	for (unsigned i = 0; i < c->names; i++)
		if (strcmp(c->name[i], name) == 0)
			return c->dir_history[c->dir_moments - 1].inode[i] >= 0;
	return false;
}

/* What is seen from now on; the moment before is kept. */
static struct cut_directory *next_names(struct cut *c)
{
	if (c->dir_moments == CUT_PENDING)
		abort();
	c->dir_history[c->dir_moments] = c->dir_history[c->dir_moments - 1];
	return &c->dir_history[c->dir_moments++];
}

static struct cut_inode *inode_of(struct cut *c, const char *name)
{
	int i = seen_names(c)->inode[slot_of(c, name)];

	return i < 0 ? NULL : &c->inode[i];
}

static struct cut_inode *make_file(struct cut *c, const char *name)
{
	int i = 0;

	while (i < (int)CUT_INODES && c->inode[i].used)
		i++;
	if (i == (int)CUT_INODES)
		abort();
	c->inode[i].used = true;
	c->inode[i].fresh = true;
	c->inode[i].dirty = true;
	c->inode[i].len = c->inode[i].kept_len = 0;
	next_names(c)->inode[slot_of(c, name)] = i;
	return &c->inode[i];
}

static int text_read(struct folder *f, const char *name, char *buf, size_t size)
{
	struct cut *c = cut_under(f);
	const struct cut_inode *file;

	if (meet(c, CUT_TEXT_READ) != DO_IT)
		return failed(c);
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
	struct cut *c = cut_under(f);
	enum how how = meet(c, CUT_TEXT_WRITE);
	struct cut_inode *file;

	if (how == NOT_AT_ALL)
		return failed(c);
	if (how == PARTLY)
		len = cut_random(c, (uint32_t)len + 1);
	file = inode_of(c, name);
	if (!file)
		file = make_file(c, name);
	memcpy(file->text, text, len);
	file->len = MAX(file->len, len);
	file->dirty = true;
	return how == PARTLY ? failed(c) : 0;
}

static void keep_text(struct cut_inode *file)
{
	memcpy(file->kept, file->text, file->len);
	file->kept_len = file->len;
	file->dirty = false;
	file->fresh = false;
}

/* Some pieces of the new text arrive, some not; what never was there is anything. */
static void tear_text(struct cut *c, struct cut_inode *file)
{
	size_t len = coin(c) ? file->len : file->kept_len;

	if (file->fresh)
		memset(file->kept, coin(c) ? 0 : GARBAGE, sizeof(file->kept));
	for (size_t at = 0; at < file->len; at += TORN)
		if (coin(c))
			memcpy(file->kept + at, file->text + at, MIN(TORN, file->len - at));
	if (file->fresh && coin(c))
		len = cut_random(c, (uint32_t)file->len + 1);
	file->kept_len = len;
	file->dirty = false;
	file->fresh = false;
}

static int text_sync(struct folder *f, const char *name)
{
	struct cut *c = cut_under(f);
	enum how how = meet(c, CUT_TEXT_SYNC);
	struct cut_inode *file = inode_of(c, name);

	if (!file)
		return -ENOENT;
	if (how == PARTLY && !c->dead && file->dirty)
		tear_text(c, file);
	if (how != DO_IT)
		return failed(c);
	if (file->dirty)
		keep_text(file);
	return 0;
}

/* Is a change of names made, then? */
static bool change(struct cut *c, enum how how)
{
	return how == DO_IT || (how == PARTLY && c->dead && coin(c));
}

static int exchange(struct folder *f, const char *a, const char *b)
{
	struct cut *c = cut_under(f);
	enum how how = meet(c, CUT_EXCHANGE);
	unsigned i = slot_of(c, a), j = slot_of(c, b);

	if (!c->has_exchange)
		return -EINVAL;
	if (!inode_of(c, a) || !inode_of(c, b))
		return -ENOENT;
	if (change(c, how)) {
		struct cut_directory *now = next_names(c);
		int inode = now->inode[i];

		now->inode[i] = now->inode[j];
		now->inode[j] = inode;
	}
	return how == DO_IT ? 0 : failed(c);
}

static int rename_file(struct folder *f, const char *from, const char *to)
{
	struct cut *c = cut_under(f);
	enum how how = meet(c, CUT_RENAME);
	unsigned i = slot_of(c, from), j = slot_of(c, to);

	if (!inode_of(c, from))
		return -ENOENT;
	if (change(c, how)) {
		struct cut_directory *now = next_names(c);

		now->inode[j] = now->inode[i];
		now->inode[i] = -1;
	}
	return how == DO_IT ? 0 : failed(c);
}

static int rename_new(struct folder *f, const char *from, const char *to)
{
	return inode_of(cut_under(f), to) ? -EEXIST : rename_file(f, from, to);
}

static int unlink_file(struct folder *f, const char *name)
{
	struct cut *c = cut_under(f);
	enum how how = meet(c, CUT_UNLINK);

	if (how == DO_IT && !inode_of(c, name))
		return -ENOENT;
	if (inode_of(c, name) && change(c, how))
		next_names(c)->inode[slot_of(c, name)] = -1;
	return how == DO_IT ? 0 : failed(c);
}

/* These names are on storage, and the files without one are gone. */
static void keep_names(struct cut *c, struct cut_directory names)
{
	c->dir_history[0] = names;
	c->dir_moments = 1;
	for (int i = 0; i < (int)CUT_INODES; i++) {
		bool named = false;

		for (unsigned n = 0; n < CUT_NAMES; n++)
			named |= names.inode[n] == i;
		c->inode[i].used = named;
	}
}

static int sync_names(struct folder *f)
{
	struct cut *c = cut_under(f);
	enum how how = meet(c, CUT_SYNC_NAMES);

	/* Some reached storage all the same; the others may do so with the next. */
	if (how == PARTLY && !c->dead) {
		unsigned n = cut_random(c, c->dir_moments);

		c->dir_moments -= n;
		memmove(c->dir_history, c->dir_history + n,
			c->dir_moments * sizeof(c->dir_history[0]));
	}
	if (how != DO_IT)
		return failed(c);
	keep_names(c, *seen_names(c));
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
	.unlink = unlink_file,
	.sync_names = sync_names,
	.close = close_folder,
};

struct folder *cut_folder(struct cut *c)
{
	struct cut_folder *cf = calloc(1, sizeof(*cf));

	if (!cf)
		return NULL;
	cf->f.ops = &folder_ops;
	cf->c = c;
	return &cf->f;
}

/* ---- the machine ---------------------------------------------------------------------------- */

static void new_boot(struct cut *c)
{
	snprintf(c->boot, sizeof(c->boot), "boot-%u", ++c->boots);
}

struct cut *cut_new(uint32_t blocks, uint64_t seed, bool has_exchange)
{
	struct cut *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->seed = seed;
	c->has_exchange = has_exchange;
	c->answer = -EIO;
	c->room = (size_t)blocks * MEDIA_BLOCK;
	c->sectors = c->room / CUT_SECTOR;
	c->seen = calloc(1, c->room);
	c->kept = calloc(1, c->room);
	c->dirty = calloc(c->sectors, sizeof(*c->dirty));
	c->inode = calloc(CUT_INODES, sizeof(*c->inode));
	c->dir_moments = 1;
	for (unsigned i = 0; i < CUT_NAMES; i++)
		c->dir_history[0].inode[i] = -1;
	new_boot(c);
	if (c->seen && c->kept && c->dirty && c->inode)
		return c;
	cut_free(c);
	return NULL;
}

void cut_free(struct cut *c)
{
	if (!c)
		return;
	free(c->seen);
	free(c->kept);
	free(c->dirty);
	free(c->inode);
	free(c);
}

void cut_plan(struct cut *c, enum cut_what what, uint64_t at, int error)
{
	c->what = what;
	c->at = at;
	c->error = error;
	c->then = 0;
	c->answer = -EIO;
	c->met = false;
}

void cut_plan_both(struct cut *c, uint64_t at, int error, uint64_t then)
{
	cut_plan(c, CUT_ERRNO, at, error);
	c->then = then;
}

void cut_restart(struct cut *c)
{
	c->what = CUT_NOTHING;
	c->dead = false;
}

/* Any size that the file went through since the last sync, or on its way between two. */
static uint64_t any_size(struct cut *c)
{
	unsigned n = cut_random(c, c->grows + 2);

	if (n > c->grows)
		return c->size;
	if (n == c->grows)
		return c->kept_size;
	uint64_t from = c->grown[n][0], to = c->grown[n][1];

	if (coin(c))
		return to;
	return from +
	       (uint64_t)cut_random(c, (uint32_t)((to - from) / CUT_SECTOR) + 1) * CUT_SECTOR;
}

static void restore_image(struct cut *c)
{
	static const uint32_t chances[] = {0, 4, 8, 15, 16};
	uint64_t size = any_size(c), most = MAX(c->size, c->kept_size);

	for (unsigned i = 0; i < c->grows; i++)
		most = MAX(most, c->grown[i][1]);
	bring(c, chances[cut_random(c, ARRAY_LEN(chances))]);
	memset(c->kept + size, 0, most > size ? most - size : 0);
	c->size = size;
	keep_size(c);
	memcpy(c->seen, c->kept, most);
}

static void restore_names(struct cut *c, enum cut_names names)
{
	struct cut_directory then = c->dir_history[cut_random(c, c->dir_moments)];

	for (unsigned i = 0; i < CUT_NAMES && names == CUT_SLOTS; i++)
		then.inode[i] = c->dir_history[cut_random(c, c->dir_moments)].inode[i];
	keep_names(c, then);
	for (unsigned i = 0; i < CUT_INODES; i++) {
		struct cut_inode *file = &c->inode[i];

		if (!file->used)
			continue;
		if (file->dirty)
			tear_text(c, file);
		memcpy(file->text, file->kept, file->kept_len);
		file->len = file->kept_len;
	}
}

void cut_power_on(struct cut *c, enum cut_names names)
{
	restore_image(c);
	restore_names(c, names);
	cut_restart(c);
	new_boot(c);
}
