/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb web of the client: sets who may use the page of mmcgadget-web, and says how to reach it. */
#ifndef CTL_WEB_H
#define CTL_WEB_H

#include <stdio.h>

#include "ctl/options.h"
#include "ctl/say.h"

#define WEB_VERB              "web"
#define WEB_SYNOPSIS          "web"
#define WEB_HELP              "say how the web page is reached, and what is missing for that"
#define WEB_PASSWORD_SYNOPSIS "web password"
#define WEB_PASSWORD_HELP     "set the password of the web page (with sudo); ends all its sessions"
#define WEB_TOKEN_SYNOPSIS    "web token add|remove|list [NAME] [read-only]"
#define WEB_TOKEN_HELP        "a token lets a script use the web page without the password"
#define WEB_LOGOUT_SYNOPSIS   "web logout-all"
#define WEB_LOGOUT_HELP       "end all sessions of the web page (with sudo); tokens stay valid"

struct web_env {
	const char *root; /* before every path: "", or a folder of a test */
	FILE *in;         /* where the password is read from: a terminal, or a program */
	/* run_program() */
	int (*run)(const char *const *argv, bool quiet);
};

/* Carries out the verb, and reports its end. */
enum exit_code web_run(const struct options *o, const struct web_env *env);

#endif
