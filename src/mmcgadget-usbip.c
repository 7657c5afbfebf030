// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Started by systemd for each connection to mmcgadget-usbip.socket, which is its standard input:
 * tells a PC which drives there are, or gives the connection to the kernel's usbip-vudc
 * (decision 027). With --set-up GROUP, as root: lets the members of the group do the latter.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "usbip/usbip_serve.h"
#include "usbip/usbip_vudc.h"
#include "util/log.h"
#include "version.h"

#define REQUEST_S 10 /* for a whole request */

static int set_up(const char *name)
{
	const struct group *group = getgrnam(name);
	int r = group ? vudc_allow("", group->gr_gid) : -ESRCH;

	if (r < 0)
		log_error("the group %s cannot get the controllers: %s", name, strerror(-r));
	return r < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("mmcgadget-usbip " MMCGADGET_VERSION);
		return 0;
	}
	log_set_name("mmcgadget-usbip");
	if (argc == 3 && strcmp(argv[1], "--set-up") == 0)
		return set_up(argv[2]);
	if (argc > 1) {
		fputs("usage: mmcgadget-usbip, with a connection as its standard input\n"
		      "       mmcgadget-usbip --set-up GROUP\n",
			stderr);
		return 2;
	}
	/* The signal ends a process whose peer is silent. */
	alarm(REQUEST_S);
	return usbip_serve(STDIN_FILENO, "") ? 0 : 1;
}
