// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/mem_folder.h"

#include <errno.h>
#include <string.h>

static struct mem_folder *mem_folder_of(struct folder *f)
{
	return (struct mem_folder *)f;
}

struct mem_file *mem_folder_find(struct mem_folder *m, const char *name)
{
	for (int i = 0; i < MEM_FOLDER_FILES; i++)
		if (strcmp(m->file[i].name, name) == 0)
			return &m->file[i];
	return NULL;
}

static int mem_read(struct folder *f, const char *name, char *buf, size_t size)
{
	const struct mem_file *file = mem_folder_find(mem_folder_of(f), name);

	if (!file)
		return -ENOENT;
	if (file->len > size)
		return -EFBIG;
	memcpy(buf, file->text, file->len);
	return (int)file->len;
}

static int mem_write(struct folder *f, const char *name, const char *text, size_t len)
{
	struct mem_file *file = mem_folder_find(mem_folder_of(f), name);

	if (!file)
		file = mem_folder_find(mem_folder_of(f), "");
	if (!file || len > sizeof(file->text) || strlen(name) >= sizeof(file->name))
		return -ENOSPC;
	strcpy(file->name, name);
	memcpy(file->text, text, len);
	if (len > file->len)
		file->len = len;
	return 0;
}

static int mem_sync(struct folder *f, const char *name)
{
	return mem_folder_find(mem_folder_of(f), name) ? 0 : -ENOENT;
}

static int mem_exchange(struct folder *f, const char *a, const char *b)
{
	struct mem_file *x = mem_folder_find(mem_folder_of(f), a),
			*y = mem_folder_find(mem_folder_of(f), b);

	if (!x || !y)
		return -ENOENT;
	strcpy(x->name, b);
	strcpy(y->name, a);
	return 0;
}

static int mem_unlink(struct folder *f, const char *name)
{
	struct mem_file *file = mem_folder_find(mem_folder_of(f), name);

	if (!file)
		return -ENOENT;
	memset(file, 0, sizeof(*file));
	return 0;
}

static int mem_rename(struct folder *f, const char *from_name, const char *to)
{
	struct mem_file *file = mem_folder_find(mem_folder_of(f), from_name);

	if (!file)
		return -ENOENT;
	(void)mem_unlink(f, to);
	strcpy(file->name, to);
	return 0;
}

static int mem_sync_names(struct folder *f)
{
	(void)f;
	return 0;
}

static void mem_close(struct folder *f)
{
	(void)f;
}

static const struct folder_ops mem_ops = {
	.read = mem_read,
	.write = mem_write,
	.sync = mem_sync,
	.exchange = mem_exchange,
	.rename = mem_rename,
	.unlink = mem_unlink,
	.sync_names = mem_sync_names,
	.close = mem_close,
};

struct folder *mem_folder_borrow(struct mem_folder *m)
{
	m->f.ops = &mem_ops;
	return &m->f;
}

void mem_folder_clear(struct mem_folder *m)
{
	memset(m->file, 0, sizeof(m->file));
}
