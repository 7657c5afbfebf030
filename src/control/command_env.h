/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the daemon that its control commands work on. */
#ifndef CONTROL_COMMAND_ENV_H
#define CONTROL_COMMAND_ENV_H

#include <jansson.h>

struct drives;
struct sums;
struct uploads;

struct command_env {
	struct drives *drives;
	/* Made by control_new(); NULL until then. */
	struct sums *sums;
	struct uploads *uploads;
	/* Callbacks for what only the daemon knows; each may be NULL. */
	const char *(*udc)(void *ctx);     /* name of the controller, "" = none */
	const char *(*problem)(void *ctx); /* why there is none, "" = there is one */
	/* Path of the configuration, if it is another one than the daemon has read; else NULL. */
	const char *(*changed_config)(void *ctx);
	json_t *(*functions)(void *ctx); /* new array of the functions beside the drives */
	void *ctx;
};

#endif
