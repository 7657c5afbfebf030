/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A burner without a board: with the kernel's dummy_hcd, the service mmcgadgetd gives this PC
 * itself a drive, whose discs are files of a user.
 */
#ifndef CTL_LOOPBACK_H
#define CTL_LOOPBACK_H

#include <sys/types.h>

#include "ctl/options.h"
#include "ctl/say.h"

#define LOOPBACK_VERB        "loopback"
#define LOOPBACK_SYNOPSIS    "loopback [status]"
#define LOOPBACK_HELP        "say whether this PC is its own host, and whose discs its drive takes"
#define LOOPBACK_ON_SYNOPSIS "loopback on [FOLDER] [user=NAME]"
#define LOOPBACK_ON_HELP                                                                           \
	"give this PC itself a drive, without a board (with sudo, once); its discs are in FOLDER"
#define LOOPBACK_OFF_SYNOPSIS "loopback off [force]"
#define LOOPBACK_OFF_HELP     "take that drive away again (with sudo); the discs stay"

struct loopback_env {
	const char *root;   /* before every path except the socket's: "", or a folder of a test */
	const char *socket; /* of the daemon */
	uid_t uid;          /* who runs the client */
	const char *caller; /* number of the user who called sudo or pkexec, NULL = nobody */
	unsigned wait_ms;   /* for the drive to appear */
	/* run_program() */
	int (*run)(const char *const *argv, bool quiet);
};

/* Carries out the verb, and reports its end. */
enum exit_code loopback_run(const struct options *o, const struct loopback_env *env);

#endif
