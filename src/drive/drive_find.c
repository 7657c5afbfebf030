// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A command that does not name its image, or not in full: the catalog is looked at, and
 * the command waits in its place, so that commands behind it come after it.
 */
#include "drive/drive_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "library/library.h"
#include "library/match.h"

bool drive_find_is_exact(const struct drive *d, const char *name)
{
	struct library_file f;
	int r = library_find(d->folder, name, &f);

	if (r == 0)
		library_forget(&f);
	return r != -ENOENT && r != -ENOTDIR;
}

/* NULL with *answer: no. What nothing is found for is refused by the opening of it. */
static const char *meant(struct drive *d, const struct catalog_list *list, json_t **answer)
{
	const char *text = d->op.cmd->image;
	struct match p;

	match_find(list, text, &p);
	if (p.result == MATCH_ONE)
		return p.at[0]->name;
	if (p.result == MATCH_NONE)
		return text;
	*answer = match_refusal(list, &p, text, d->media);
	return NULL;
}

/* Not what another drive has for itself. */
static bool is_free(const struct catalog_entry *e, void *drive)
{
	const struct drive *d = drive;

	for (unsigned i = 0; i < d->set->count; i++) {
		const struct drive *each = d->set->drive[i];

		if (each != d && drive_holds_alone(each, e->dev, e->ino))
			return false;
	}
	return true;
}

static bool is_other(const struct catalog_entry *e, void *drive)
{
	return is_free(e, drive) && !drive_holds(drive, e->dev, e->ino);
}

static const char *neighbour(struct drive *d, const struct catalog_list *list, json_t **answer)
{
	const struct drive_cmd *c = d->op.cmd;
	struct match_from from = {.name = d->in.name, .dev = d->in.dev, .ino = d->in.ino};
	/* One that is alone comes back when people ask for the next, not at every eject. */
	const struct catalog_entry *e = match_neighbour(
		list, &from, c->verb == DRIVE_PREV, c->by_host ? is_other : is_free, d);

	if (e)
		return e->name;
	*answer = c->by_host ? answer_ok("%s: there is no other disc", d->name)
			     : answer_error("no-such-image", "%s: no image in %s can be inserted",
				       d->name, d->media);
	return NULL;
}

static const char *choose(struct drive *d, const struct catalog_list *list, json_t **answer)
{
	if (!list)
		*answer = answer_error("stopping", "%s: the daemon stops", d->name);
	else if (list->error < 0)
		*answer = answer_error("io-error", "%s: %s", d->media, strerror(-list->error));
	else
		return d->op.cmd->verb == DRIVE_FIND ? meant(d, list, answer)
						     : neighbour(d, list, answer);
	return NULL;
}

static void found(struct catalog_request *request, const struct catalog_list *list)
{
	struct drive *d = ((struct drive_finding *)request)->drive;
	json_t *answer = NULL;
	const char *name = choose(d, list, &answer);
	char *copy = name ? strdup(name) : NULL;

	if (name && !copy)
		answer = answer_error("io-error", "%s: out of memory", d->name);
	if (!copy) {
		drive_op_finish(d, answer);
		return;
	}
	free(d->op.cmd->image);
	d->op.cmd->image = copy;
	drive_op_insert(d);
}

void drive_find_init(struct drive *d)
{
	d->finding.base.done = found;
	d->finding.drive = d;
}

void drive_find_begin(struct drive *d)
{
	d->op.state = OP_FINDING;
	drive_op_describe(d, " (looking for it)");
	d->finding.base.labels = d->op.cmd->verb == DRIVE_FIND;
	catalog_request(d->catalog, &d->finding.base);
}
