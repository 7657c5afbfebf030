// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs the server of mmcgadget-shim on its own, so that the scripts here can use one drive with
 * several programs.
 *
 *   mmcshimd SOCKET [LOG [dvd-rom|dvd+r]]   serves until it gets the control line "stop";
 *                                           a finalised DVD+R becomes a dvd-rom (default) or
 *                                           stays a dvd+r
 *   mmcshimd --ask SOCKET WORD...           sends a control line and prints the answer
 */
#include <string.h>
#include <unistd.h>

#include "shim/shim_server.h"

int main(int argc, char **argv)
{
	struct shim_drive drive;
	int listener, r;

	if (argc >= 4 && strcmp(argv[1], "--ask") == 0)
		return shim_ask(argv[2], argc - 3, argv + 3);
	if (argc < 2 || argc > 4 || argv[1][0] == '-') {
		fputs("usage: mmcshimd SOCKET [LOG [dvd-rom|dvd+r]] | mmcshimd --ask SOCKET "
		      "WORD...\n",
			stderr);
		return 2;
	}
	if (shim_drive_make(&drive, argc > 3 && strcmp(argv[3], "dvd+r") == 0) < 0)
		return 1;
	if (argc > 2 && shim_drive_log(&drive, argv[2]) < 0)
		return 1;
	listener = shim_listen(argv[1]);
	if (listener < 0) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(-listener));
		return 1;
	}
	r = shim_serve(&drive, listener, -1);
	unlink(argv[1]);
	shim_drive_unmake(&drive);
	return r < 0;
}
