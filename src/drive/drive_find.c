// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drive_find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/match.h"
#include "library/library.h"

struct drive_find {
	struct catalog_request request; /* first member: on_list() gets its address */
	struct drive_find_config config;
	const struct drive_command *command;
};

/* Returns the result of library_find() for the name. */
static int find_result(const struct drive_find *f, const char *name)
{
	struct library_file file;
	int folder = library_open_folder(f->config.media), r = folder;

	if (r >= 0) {
		r = library_find(folder, name, &file);
		close(folder);
	}
	if (r == 0)
		library_forget(&file);
	return r;
}

bool drive_find_is_exact(const struct drive_find *f, const char *name)
{
	int r = find_result(f, name);

	/* A folder needs the catalog, too: the answer names the discs in it. */
	return r != -ENOENT && r != -ENOTDIR && r != -ENOTBLK;
}

static const char *choose_by_text(
	const struct drive_find *f, const struct catalog_list *list, json_t **answer)
{
	const char *text = f->command->image;
	struct match m;

	if (find_result(f, text) == -ENOTBLK) { /* no regular file */
		*answer = match_folder_refusal(list, text);
		/* Without discs in it, the opening is refused, and the refusal says what it is. */
		return *answer ? NULL : text;
	}
	match_find(list, text, &m);
	if (m.result == MATCH_ONE)
		return m.at[0]->name;
	*answer = match_refusal(list, &m, text, f->config.media);
	return NULL;
}

/* True if no other drive holds the image exclusively, and this drive can show it. */
static bool is_free(const struct catalog_entry *e, void *find)
{
	const struct drive_find *f = find;

	if (catalog_entry_is_too_large(e, f->config.iso))
		return false;
	for (unsigned i = 0; i < f->config.holders->count; i++) {
		const struct holder *h = f->config.holders->at[i];

		if (h != f->config.self && holder_has_alone(h, e->dev, e->ino))
			return false;
	}
	return true;
}

static bool is_free_and_other(const struct catalog_entry *e, void *find)
{
	const struct drive_find *f = find;

	return is_free(e, find) && !holder_has(f->config.self, e->dev, e->ino);
}

static const char *choose_neighbour(
	struct drive_find *f, const struct catalog_list *list, json_t **answer)
{
	const struct drive_command *c = f->command;
	const struct image *in = f->config.self->in;
	struct match_from from = {.name = in->name, .dev = in->dev, .ino = in->ino};
	/* If there is only one disc, `next` inserts it again, but an eject by the host does not. */
	const struct catalog_entry *e = match_neighbour(
		list, &from, c->verb == DRIVE_PREV, c->by_host ? is_free_and_other : is_free, f);

	if (e)
		return e->name;
	*answer = c->by_host ? answer_ok("%s: there is no other disc", f->config.drive)
			     : answer_error("no-such-image",
				       "%s: no image in %s can be inserted; copy one there, or: "
				       "mmcgadgetctl blank NAME.iso",
				       f->config.drive, f->config.media);
	return NULL;
}

static const char *choose(struct drive_find *f, const struct catalog_list *list, json_t **answer)
{
	if (!list)
		*answer = answer_error("stopping", "%s: the daemon stops", f->config.drive);
	else if (list->error < 0)
		*answer = answer_error(library_folder_code(list->error),
			"the media folder %s cannot be read: %s", f->config.media,
			strerror(-list->error));
	else
		return f->command->verb == DRIVE_FIND ? choose_by_text(f, list, answer)
						      : choose_neighbour(f, list, answer);
	return NULL;
}

static void on_list(struct catalog_request *request, const struct catalog_list *list)
{
	struct drive_find *f = (struct drive_find *)request;
	json_t *answer = NULL;
	const char *name = choose(f, list, &answer);

	f->config.found(f->config.ctx, name, answer);
}

int drive_find_new(const struct drive_find_config *config, struct drive_find **out)
{
	struct drive_find *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->config = *config;
	f->request.done = on_list;
	*out = f;
	return 0;
}

void drive_find_free(struct drive_find *f)
{
	if (f)
		drive_find_cancel(f);
	free(f);
}

void drive_find_begin(struct drive_find *f, const struct drive_command *command)
{
	f->command = command;
	f->request.labels = command->verb == DRIVE_FIND;
	catalog_request(f->config.catalog, &f->request);
}

void drive_find_cancel(struct drive_find *f)
{
	catalog_forget(f->config.catalog, &f->request);
}
