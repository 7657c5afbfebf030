/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the image for a control command that does not name it in full, in the catalog of
 * the media folder. Main thread only; the catalog's thread reads the folder.
 */
#ifndef DRIVE_DRIVE_FIND_H
#define DRIVE_DRIVE_FIND_H

#include "catalog/catalog.h"
#include "drive/drive_command.h"
#include "drive/holders.h"

struct drive_find;

struct drive_find_config {
	const char *drive; /* its name, for messages */
	const char *media; /* path of the folder */
	struct catalog *catalog;
	const struct holders *holders;
	const struct holder *self;
	enum image_as iso; /* as what the drive shows plain images */
	/*
	 * Ends the search that was begun. name: the image to insert, valid until the callback
	 * returns; NULL: answer says why there is none, and the callback takes it over.
	 */
	void (*found)(void *ctx, const char *name, json_t *answer);
	void *ctx;
};

/* Everything that config points to outlives it. 0 or -ENOMEM. */
int drive_find_new(const struct drive_find_config *config, struct drive_find **out);
/* NULL is fine. */
void drive_find_free(struct drive_find *f);

/*
 * Returns false if nothing has exactly that name, or if what has it is no regular file (a folder,
 * say): only a search can give the answer. True: the name can be opened, or the opening says why
 * not.
 */
bool drive_find_is_exact(const struct drive_find *f, const char *name);
/*
 * Searches for the command's image: DRIVE_FIND, DRIVE_NEXT, DRIVE_PREV. Calls found() later.
 * The command must stay until then, or until drive_find_cancel(). One search at a time.
 */
void drive_find_begin(struct drive_find *f, const struct drive_command *command);
/* found() is not called for a search under way, if there is one. */
void drive_find_cancel(struct drive_find *f);

#endif
