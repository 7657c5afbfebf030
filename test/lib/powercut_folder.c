// SPDX-License-Identifier: GPL-2.0-or-later
/* The folder of the simulated storage: names, and files that are torn by a power cut. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/powercut_int.h"
#include "util/array.h"

#define PIECE 32u /* bytes of a state file that survive together; files are short */

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
	c->inode[i].ever_used = true;
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

	if (powercut_begin(c, POWERCUT_FILE_READ) != DO_IT)
		return powercut_error(c);
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
	enum powercut_how how = powercut_begin(c, POWERCUT_FILE_WRITE);
	struct powercut_inode *file;

	if (how == NOT_AT_ALL)
		return powercut_error(c);
	if (how == PARTLY)
		len = powercut_random(c, (uint32_t)len + 1);
	file = inode_of(c, name);
	if (!file)
		file = make_file(c, name);
	memcpy(file->text, text, len);
	file->len = MAX(file->len, len);
	file->dirty = true;
	return how == PARTLY ? powercut_error(c) : 0;
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
	size_t len = powercut_coin(c) ? file->len : file->stored_len;

	if (file->fresh)
		memset(file->stored, powercut_coin(c) ? 0 : GARBAGE, sizeof(file->stored));
	for (size_t at = 0; at < file->len; at += PIECE)
		if (powercut_coin(c))
			memcpy(file->stored + at, file->text + at, MIN(PIECE, file->len - at));
	if (file->fresh && powercut_coin(c))
		len = powercut_random(c, (uint32_t)file->len + 1);
	file->stored_len = len;
	file->dirty = false;
	file->fresh = false;
}

static int text_sync(struct folder *f, const char *name)
{
	struct powercut *c = folder_storage(f);
	enum powercut_how how = powercut_begin(c, POWERCUT_FILE_SYNC);
	struct powercut_inode *file = inode_of(c, name);

	if (!file)
		return -ENOENT;
	if (how == PARTLY && !c->dead && file->dirty)
		tear_text(c, file);
	if (how != DO_IT)
		return powercut_error(c);
	if (file->dirty)
		text_reaches_storage(file);
	return 0;
}

/* Returns true if a change of names is made. */
static bool changes_names(struct powercut *c, enum powercut_how how)
{
	return how == DO_IT || (how == PARTLY && c->dead && powercut_coin(c));
}

static int exchange(struct folder *f, const char *a, const char *b)
{
	struct powercut *c = folder_storage(f);
	enum powercut_how how = powercut_begin(c, POWERCUT_EXCHANGE);
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
	return how == DO_IT ? 0 : powercut_error(c);
}

/* keep: the file has both names then. */
static int give_name(struct folder *f, const char *from, const char *to, bool keep)
{
	struct powercut *c = folder_storage(f);
	enum powercut_how how = powercut_begin(c, POWERCUT_RENAME);
	unsigned i = slot_of(c, from), j = slot_of(c, to);

	if (!inode_of(c, from))
		return -ENOENT;
	if (changes_names(c, how)) {
		struct powercut_directory *now = add_directory_version(c);

		now->inode[j] = now->inode[i];
		now->inode[i] = keep ? now->inode[i] : -1;
	}
	return how == DO_IT ? 0 : powercut_error(c);
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
	enum powercut_how how = powercut_begin(c, POWERCUT_UNLINK);

	if (how == DO_IT && !inode_of(c, name))
		return -ENOENT;
	if (inode_of(c, name) && changes_names(c, how))
		add_directory_version(c)->inode[slot_of(c, name)] = -1;
	return how == DO_IT ? 0 : powercut_error(c);
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
	enum powercut_how how = powercut_begin(c, POWERCUT_SYNC_NAMES);

	/* Some changes were stored in spite of the error; the others may be by the next sync. */
	if (how == PARTLY && !c->dead) {
		unsigned n = powercut_random(c, c->dir_versions);

		c->dir_versions -= n;
		memmove(c->dir_history, c->dir_history + n,
			c->dir_versions * sizeof(c->dir_history[0]));
	}
	if (how != DO_IT)
		return powercut_error(c);
	names_reach_storage(c, *current_names(c));
	return 0;
}

static bool is_same(struct folder *f, struct folder *other)
{
	return folder_storage(f) == folder_storage(other);
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
	.is_same = is_same,
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

void powercut_restore_names(struct powercut *c, enum powercut_names names)
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
