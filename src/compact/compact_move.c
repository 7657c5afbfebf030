// SPDX-License-Identifier: GPL-2.0-or-later
#include "compact/compact_move.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_there(struct folder *f, const char *name)
{
	char byte;

	return f->ops->read(f, name, &byte, 1) != -ENOENT;
}

static bool is_taken(struct folder *f, const char *name)
{
	return is_there(f, name) || disc_file_has_leftovers(f, name) != 0;
}

const char *compact_move_taken(struct folder *f, const struct compact_move *m)
{
	if (is_taken(f, m->to))
		return m->to;
	for (unsigned i = 0; i < m->parts; i++) {
		if (is_taken(f, m->part_to[i]))
			return m->part_to[i];
	}
	return NULL;
}

/* ---- the new text ------------------------------------------------------------------------- */

/* Creates the new text, whole or not at all. Its name is on storage after the next sync_names(). */
static int make_text(struct folder *f, const struct compact_move *m)
{
	char spare[STORE_NAME_MAX + sizeof(STORE_SPARE_SUFFIX)];
	int r;

	snprintf(spare, sizeof(spare), "%s" STORE_SPARE_SUFFIX, m->to);
	r = f->ops->unlink(f, spare); /* left over from a power cut */
	if (r == 0 || r == -ENOENT)
		r = f->ops->write(f, spare, m->text, m->length);
	if (r == 0)
		r = f->ops->sync(f, spare);
	if (r == 0)
		r = f->ops->rename_new(f, spare, m->to);
	if (r < 0)
		(void)f->ops->unlink(f, spare);
	return r;
}

/* ---- with hard links ---------------------------------------------------------------------- */

static void unlink_new(struct folder *f, const struct compact_move *m, unsigned parts)
{
	while (parts > 0)
		(void)f->ops->unlink(f, m->part_to[--parts]);
	(void)f->ops->sync_names(f);
}

static bool links_unsupported(int error)
{
	return error == -EPERM || error == -EOPNOTSUPP || error == -ENOSYS || error == -EMLINK;
}

/* *no_links: the file system has no hard links; then nothing has changed. */
static int move_by_links(
	struct folder *f, const struct compact_move *m, struct disc_files *done, bool *no_links)
{
	unsigned n = 0;
	int r = 0;

	while (r == 0 && n < m->parts) {
		r = f->ops->link(f, m->part_from[n], m->part_to[n]);
		n += r == 0;
	}
	*no_links = links_unsupported(r);
	if (r == 0)
		r = make_text(f, m);
	if (r < 0) {
		unlink_new(f, m, n);
		return r;
	}
	r = f->ops->sync_names(f);
	if (r < 0) {
		(void)f->ops->unlink(f, m->to);
		unlink_new(f, m, n);
		return r;
	}
	r = disc_file_delete(f, m->from, done);
	for (unsigned i = 0; r == 0 && i < m->parts; i++)
		r = f->ops->unlink(f, m->part_from[i]);
	return r == 0 ? f->ops->sync_names(f) : r;
}

/* ---- step by step ------------------------------------------------------------------------- */

static void rename_back(struct folder *f, const struct compact_move *m, unsigned parts)
{
	while (parts > 0) {
		parts--;
		(void)f->ops->rename_new(f, m->part_to[parts], m->part_from[parts]);
	}
	(void)f->ops->unlink(f, m->to);
	(void)f->ops->sync_names(f);
}

static int move_in_steps(struct folder *f, const struct compact_move *m, struct disc_files *done)
{
	unsigned n = 0;
	int r = make_text(f, m);

	if (r < 0)
		return r;
	r = f->ops->sync_names(f);
	while (r == 0 && n < m->parts) {
		r = f->ops->rename_new(f, m->part_from[n], m->part_to[n]);
		n += r == 0;
	}
	if (r == 0)
		r = f->ops->sync_names(f);
	if (r < 0) {
		rename_back(f, m, n);
		return r;
	}
	return disc_file_delete(f, m->from, done);
}

int compact_move(struct folder *f, const struct compact_move *m, struct disc_files *done)
{
	bool no_links;
	int r;

	*done = (struct disc_files){0};
	r = move_by_links(f, m, done, &no_links);
	return no_links ? move_in_steps(f, m, done) : r;
}
