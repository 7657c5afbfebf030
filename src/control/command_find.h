/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the image for a control command that may give a part of its name or label, as insert may:
 * close, sum, open. Main thread; the catalog's thread reads the folder.
 */
#ifndef CONTROL_COMMAND_FIND_H
#define CONTROL_COMMAND_FIND_H

#include "control/command_env.h"
#include "drive/drive.h"

/* A command that waits for the name of its image. */
struct command_find {
	const struct command_env *env;
	struct drive *drive; /* whose folder it is */
	struct reply *reply;
	bool flag; /* for run() */
	/* Carries the command out on the image of that name, valid until it returns. */
	void (*run)(const struct command_find *f, const char *name);
};

/*
 * Calls f->run() at once, with `name`, if a file or anything else has exactly that name, if no
 * image can have it, or if the folder cannot be read: run() then says what is wrong. Otherwise
 * calls it later, with the whole name of the image; f->reply gets a refusal if no image or several
 * match.
 */
void command_find(const struct command_find *f, const char *name);

#endif
