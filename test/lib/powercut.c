// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/powercut_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

uint32_t powercut_random(struct powercut *c, uint32_t below)
{
	uint64_t z = c->seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ z >> 31) >> 16) % below;
}

bool powercut_coin(struct powercut *c)
{
	return powercut_random(c, 2);
}

/* Counts the operation, and returns how much of it is done. */
enum powercut_how powercut_begin(struct powercut *c, enum powercut_op op)
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

/* Returns the result of an operation that was not done. */
int powercut_error(const struct powercut *c)
{
	return c->result;
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

/* Clears bytes of seen or stored. Holes are left alone: a disc may have large ones. */
static void clear(const struct powercut *c, uint8_t *bytes, uint64_t from, uint64_t end)
{
	for (uint64_t at = from; at < end; at++)
		if (at % POWERCUT_SECTOR == 0 && !c->used[at / POWERCUT_SECTOR])
			at += POWERCUT_SECTOR - 1;
		else
			bytes[at] = 0;
}

static void resize(struct powercut *c, uint64_t size)
{
	const int64_t before = c->changed;

	c->changed = ++c->clock;
	if (size == c->size)
		return;
	if (c->size_changes < POWERCUT_PENDING) {
		c->time_change[c->size_changes][0] = before;
		c->time_change[c->size_changes][1] = c->changed;
		c->size_change[c->size_changes][0] = size < c->size ? size : c->size;
		c->size_change[c->size_changes++][1] = size;
	}
	if (size < c->size) {
		clear(c, c->seen, size, c->size);
		for (uint64_t s = size / POWERCUT_SECTOR; s * POWERCUT_SECTOR < c->size; s++)
			c->dirty[s] = MAX(c->dirty[s], POWERCUT_SECTOR_DROPPED);
	}
	c->size = size;
}

static int image_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	struct powercut *c = media_storage(m);
	uint64_t at = block * m->unit, len = (uint64_t)count * m->unit;

	if (powercut_begin(c, POWERCUT_READ) != DO_IT)
		return powercut_error(c);
	if (at >= c->size || at + len >= c->size + m->unit)
		return -EIO;
	memcpy(buf, c->seen + at, len);
	return 0;
}

static int image_write(struct media *m, uint64_t block, uint32_t count, const void *buf)
{
	struct powercut *c = media_storage(m);
	uint64_t at = block * m->unit, len = (uint64_t)count * m->unit;
	enum powercut_how how = powercut_begin(c, POWERCUT_WRITE);

	if (how == NOT_AT_ALL)
		return powercut_error(c);
	if (at + len > c->capacity)
		return -EFBIG;
	if (how == PARTLY)
		len = powercut_random(c, (uint32_t)(len / POWERCUT_SECTOR) + 1) * POWERCUT_SECTOR;
	if (len && at + len > c->size)
		resize(c, at + len);
	c->changed = ++c->clock;
	memcpy(c->seen + at, buf, len);
	for (uint64_t s = at / POWERCUT_SECTOR; s * POWERCUT_SECTOR < at + len; s++) {
		c->dirty[s] = POWERCUT_SECTOR_WRITTEN;
		c->used[s] = true;
	}
	return how == PARTLY ? powercut_error(c) : 0;
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
			memset(stored, powercut_coin(c) ? 0 : GARBAGE, POWERCUT_SECTOR);
	}
}

/* The size is stored now; the time of the last change may be, too, or may not. */
static void size_reaches_storage(struct powercut *c)
{
	c->stored_size = c->size;
	c->size_changes = 0;
	if (powercut_coin(c))
		c->stored_changed = c->changed;
}

/*
 * As on Linux: pages that could not be written are marked clean. They still read as the
 * new data for a while, but no later sync writes them or reports them.
 */
static void fail_sync(struct powercut *c)
{
	static const uint32_t chances[] = {0, 8, 15, 16};

	store_sectors(c, chances[powercut_random(c, ARRAY_LEN(chances))]);
	if (powercut_coin(c))
		size_reaches_storage(c);
}

static int image_sync(struct media *m)
{
	struct powercut *c = media_storage(m);
	enum powercut_how how = powercut_begin(c, POWERCUT_SYNC);

	if (how == PARTLY && !c->dead)
		fail_sync(c);
	if (how != DO_IT)
		return powercut_error(c);
	store_sectors(c, 16);
	size_reaches_storage(c);
	return 0;
}

static int image_stamp(struct media *m, struct media_stamp *stamp)
{
	struct powercut *c = media_storage(m);
	int r = image_sync(m);

	if (r < 0)
		return r;
	c->stored_changed = c->changed;
	*stamp = (struct media_stamp){.bytes = c->size, .seconds = c->changed};
	return r;
}

static int image_truncate(struct media *m, uint64_t blocks)
{
	struct powercut *c = media_storage(m);
	enum powercut_how how = powercut_begin(c, POWERCUT_TRUNCATE);

	if (how == DO_IT || (how == PARTLY && c->dead && powercut_coin(c)))
		resize(c, blocks * m->unit);
	return how == DO_IT ? 0 : powercut_error(c);
}

static void image_close(struct media *m)
{
	free(m);
}

static const struct media_ops image_ops = {
	.read = image_read,
	.write = image_write,
	.sync = image_sync,
	.stamp = image_stamp,
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
	cm->m.stamp = (struct media_stamp){.bytes = c->size, .seconds = c->changed};
	cm->c = c;
	return &cm->m;
}

/* ---- the machine ---------------------------------------------------------------------------- */

static void new_boot(struct powercut *c)
{
	snprintf(c->boot, sizeof(c->boot), "boot-%u", ++c->boots);
}

/*
 * The storage that was freed last. A test makes one of some megabytes for each of thousands of
 * cuts; most of its bytes are still zero, and with ASan memory from the kernel costs more than the
 * test.
 */
static struct powercut *kept;

static void release(struct powercut *c)
{
	free(c->seen);
	free(c->stored);
	free(c->dirty);
	free(c->used);
	free(c->inode);
	free(c);
}

static struct powercut *allocate(size_t capacity)
{
	struct powercut *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->capacity = capacity;
	c->sectors = capacity / POWERCUT_SECTOR;
	c->seen = calloc(1, c->capacity);
	c->stored = calloc(1, c->capacity);
	c->dirty = calloc(c->sectors, sizeof(*c->dirty));
	c->used = calloc(c->sectors, sizeof(*c->used));
	c->inode = calloc(POWERCUT_INODES, sizeof(*c->inode));
	if (c->seen && c->stored && c->dirty && c->used && c->inode)
		return c;
	release(c);
	return NULL;
}

/* Returns the kept storage as allocate() would: every byte that was ever written is zero again. */
static struct powercut *clean_kept(void)
{
	const struct powercut was = *kept;
	struct powercut *c = kept;

	kept = NULL;
	for (size_t s = 0; s < c->sectors; s++) {
		if (c->used[s]) {
			memset(c->seen + s * POWERCUT_SECTOR, 0, POWERCUT_SECTOR);
			memset(c->stored + s * POWERCUT_SECTOR, 0, POWERCUT_SECTOR);
		}
	}
	memset(c->dirty, 0, c->sectors * sizeof(*c->dirty));
	memset(c->used, 0, c->sectors * sizeof(*c->used));
	for (unsigned i = 0; i < POWERCUT_INODES; i++)
		if (c->inode[i].ever_used)
			memset(&c->inode[i], 0, sizeof(c->inode[i]));
	memset(c, 0, sizeof(*c));
	c->capacity = was.capacity;
	c->sectors = was.sectors;
	c->seen = was.seen;
	c->stored = was.stored;
	c->dirty = was.dirty;
	c->used = was.used;
	c->inode = was.inode;
	return c;
}

struct powercut *powercut_new(uint32_t blocks, uint64_t seed, bool has_exchange)
{
	size_t capacity = (size_t)blocks * MEDIA_BLOCK;
	struct powercut *c = kept && kept->capacity == capacity ? clean_kept() : allocate(capacity);

	if (!c)
		return NULL;
	c->seed = seed;
	c->has_exchange = has_exchange;
	c->unit = MEDIA_BLOCK;
	c->result = -EIO;
	c->dir_versions = 1;
	for (unsigned i = 0; i < POWERCUT_NAMES; i++)
		c->dir_history[0].inode[i] = -1;
	new_boot(c);
	return c;
}

void powercut_free(struct powercut *c)
{
	if (!c)
		return;
	if (kept)
		release(kept);
	kept = c;
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

/*
 * Returns one of the image's sizes since the last sync, or, of an image that has grown, a size in
 * between, as a file system may store a large write in several steps. *changed: the time that is
 * stored with that size.
 */
static uint64_t size_after_cut(struct powercut *c, int64_t *changed)
{
	unsigned n = powercut_random(c, c->size_changes + 2);

	*changed = n > c->size_changes ? c->changed : c->stored_changed;
	if (n > c->size_changes)
		return c->size;
	if (n == c->size_changes)
		return c->stored_size;
	uint64_t from = c->size_change[n][0], to = c->size_change[n][1];

	if (powercut_coin(c)) {
		*changed = c->time_change[n][powercut_coin(c)];
		return to;
	}
	*changed = c->time_change[n][0];
	return from + (uint64_t)powercut_random(c, (uint32_t)((to - from) / POWERCUT_SECTOR) + 1) *
			      POWERCUT_SECTOR;
}

static void restore_image(struct powercut *c)
{
	static const uint32_t chances[] = {0, 4, 8, 15, 16};
	int64_t changed;
	uint64_t size = size_after_cut(c, &changed), most = MAX(c->size, c->stored_size);

	for (unsigned i = 0; i < c->size_changes; i++)
		most = MAX(most, c->size_change[i][1]);
	store_sectors(c, chances[powercut_random(c, ARRAY_LEN(chances))]);
	clear(c, c->stored, size, most);
	c->size = size;
	c->changed = c->stored_changed = changed;
	size_reaches_storage(c);
	for (uint64_t s = 0; s * POWERCUT_SECTOR < most; s++)
		if (c->used[s])
			memcpy(c->seen + s * POWERCUT_SECTOR, c->stored + s * POWERCUT_SECTOR,
				POWERCUT_SECTOR);
}

void powercut_power_on(struct powercut *c, enum powercut_names names)
{
	restore_image(c);
	powercut_restore_names(c, names);
	powercut_restart_daemon(c);
	new_boot(c);
}
