/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resolver that was built, for tests of discs that a text describes. */
#ifndef TEST_DAEMON_RESOLVER_FIXTURE_H
#define TEST_DAEMON_RESOLVER_FIXTURE_H

#include <limits.h>

#include "compact/decoder.h"
#include "compact/resolver.h"
#include "daemon/scratch.h"

/* The resolver does not work in the emulators, which have no seccomp. */
static inline void use_resolver(void)
{
	static char path[PATH_MAX], decoder[PATH_MAX];
	const char *dir = getenv("O");
	char at[PATH_MAX];

	if (emulated())
		skip();
	assert_true(
		snprintf(at, sizeof(at), "%s/mmcgadget-resolver", dir ? dir : "build") < PATH_MAX);
	if (!realpath(at, path))
		fail_msg("%s is not built", at);
	resolver_use(path, 0);
	/* Built where libFLAC is. */
	snprintf(at, sizeof(at), "%s/mmcgadget-decoder", dir ? dir : "build");
	decoder_use(realpath(at, decoder) ? decoder : NULL, 0);
}

#endif
