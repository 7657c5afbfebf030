// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Started by mmcgadgetd for a compact disc that has FLAC files or is a CHD, with a socket as its
 * standard input, these files as the descriptors from 1 on, and nothing else. It gives up its
 * rights before it reads them (decisions 020 and 029).
 */
#include <unistd.h>

#include "decoder/serve_samples.h"
#include "resolver/sandbox.h"

#define EXIT_NO_SANDBOX 3
#define NICE            5

int main(void)
{
	struct samples *s = samples_prepare();

	/* A burn, or another drive, goes first. */
	(void)!nice(NICE);
	if (!s || sandbox_enter_to_decode() < 0)
		_exit(EXIT_NO_SANDBOX);
	_exit(samples_serve(s, STDIN_FILENO) ? 0 : 1);
}
