/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the image that a command means which does not give its whole name, as insert does. Main
 * thread; the catalog's thread reads the folder.
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
 * Calls f->run(): at once if there is a file, or anything else, of exactly that name, or if it can
 * be no name in the folder; otherwise later, with the name of the one image that is meant.
 * f->reply gets the answer if there is none, or several.
 */
void command_find(const struct command_find *f, const char *name);

#endif
