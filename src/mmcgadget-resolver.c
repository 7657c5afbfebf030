// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Started by mmcgadgetd for each text of a compact disc, with a socket as its standard input and
 * nothing else. It gives up its rights before it reads the text (decision 019).
 */
#include <unistd.h>

#include "resolver/sandbox.h"
#include "resolver/serve.h"

#define EXIT_NO_SANDBOX 3

int main(void)
{
	if (sandbox_enter() < 0)
		_exit(EXIT_NO_SANDBOX);
	_exit(serve(STDIN_FILENO) ? 0 : 1);
}
