// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Started by systemd for each connection to mmcgadget-usbip.socket, which is its standard input:
 * tells a PC which drives there are, or gives the connection to the kernel's usbip-vudc
 * (decision 027).
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "usbip/usbip_serve.h"
#include "util/log.h"
#include "version.h"

#define REQUEST_S 10 /* for a whole request */

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("mmcgadget-usbip " MMCGADGET_VERSION);
		return 0;
	}
	if (argc > 1) {
		fputs("usage: mmcgadget-usbip, with a connection as its standard input\n", stderr);
		return 2;
	}
	log_set_name("mmcgadget-usbip");
	/* The signal ends a process whose peer is silent. */
	alarm(REQUEST_S);
	return usbip_serve(STDIN_FILENO, "") ? 0 : 1;
}
