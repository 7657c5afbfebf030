/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb web of the client: sets who may use the page of mmcgadget-web, and says how to reach it.
 */
#ifndef CTL_WEB_H
#define CTL_WEB_H

#include <stdio.h>

#include "ctl/options.h"
#include "ctl/say.h"

struct web_env {
	const char *root; /* before every path: "", or a folder of a test */
	FILE *in;         /* where the password is read from: a terminal, or a program */
	/* run_program() */
	int (*run)(const char *const *argv, bool quiet);
};

/* Carries out the verb, and reports its end. */
enum exit_code web_run(const struct options *o, const struct web_env *env);

#endif
