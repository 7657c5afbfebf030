/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A burner without a board, whose discs are files of a user: with the kernel's dummy_hcd, the
 * service mmcgadgetd gives this PC itself a drive ("loopback"); with its usbip-vudc, a PC at the
 * other end of a network ("network").
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

#define NETWORK_VERB        "network"
#define NETWORK_SYNOPSIS    "network [status]"
#define NETWORK_HELP        "say whether a PC can have, or has, this machine's drive by network"
#define NETWORK_ON_SYNOPSIS "network on [FOLDER] [user=NAME] [listen=ADDRESS]"
#define NETWORK_ON_HELP                                                                            \
	"let a PC have a drive of this machine by network, by USB/IP (with sudo, once); its "      \
	"discs "                                                                                   \
	"are in FOLDER"
#define NETWORK_OFF_SYNOPSIS "network off [force]"
#define NETWORK_OFF_HELP     "take that drive away again (with sudo); the discs stay"

struct loopback_env {
	const char *root;   /* before every path except the socket's: "", or a folder of a test */
	const char *socket; /* of the daemon */
	uid_t uid;          /* who runs the client */
	const char *caller; /* number of the user who called sudo or pkexec, NULL = nobody */
	unsigned wait_ms;   /* for the drive to appear */
	/* run_program() */
	int (*run)(const char *const *argv, bool quiet);
};

/* Carries out one of the two verbs, and reports its end. */
enum exit_code loopback_run(const struct options *o, const struct loopback_env *env);

#endif
