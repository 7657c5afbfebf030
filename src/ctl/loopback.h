/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A drive that needs no USB device port, whose discs are files of a user. The service mmcgadgetd
 * gives it to this PC itself, by the kernel's dummy_hcd ("loopback"), or to a PC at the other end
 * of a network, by usbip-vudc ("network").
 */
#ifndef CTL_LOOPBACK_H
#define CTL_LOOPBACK_H

#include <sys/types.h>

#include "ctl/options.h"
#include "ctl/say.h"

struct loopback_env {
	const char *root;   /* before every path except the socket's: "", or a folder of a test */
	const char *socket; /* of the daemon */
	uid_t uid;          /* who runs the client */
	const char *caller; /* number of the user who called sudo or pkexec, NULL = nobody */
	unsigned wait_ms;   /* at most: for the drive to appear, or to be unlocked */
	/* run_program() */
	int (*run)(const char *const *argv, bool quiet);
};

/* Carries out one of the two verbs, and reports its end. */
enum exit_code loopback_run(const struct options *o, const struct loopback_env *env);

#endif
