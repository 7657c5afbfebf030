// SPDX-License-Identifier: GPL-2.0-or-later
#include "usb/endpoints.h"

#include <stdio.h>
#include <string.h>

/* Returns an endpoint of states[i] that a drive before it has as well, 0 if there is none. */
static uint8_t shared_endpoint(const struct ffs_state *states, unsigned i)
{
	for (unsigned k = 0; k < i; k++) {
		if (states[i].in && states[i].in == states[k].in)
			return states[i].in;
	}
	for (unsigned k = 0; k < i; k++) {
		if (states[i].out && states[i].out == states[k].out)
			return states[i].out;
	}
	return 0;
}

bool endpoints_clash(const struct ffs_state *states, const char *const *names, unsigned count,
	char *text, size_t size)
{
	unsigned found = 0;
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 1; i < count && n < size; i++) {
		uint8_t address = shared_endpoint(states, i);

		if (address)
			n += (size_t)snprintf(text + n, size - n, "%s%s (endpoint %02Xh)",
				found++ ? ", "
					: "the controller has no endpoints of their own for ",
				names[i], address);
	}
	if (n > 0 && n < size)
		snprintf(text + n, size - n,
			": PCs do not see %s; leave %s out of drives in mmcgadget.conf, or use "
			"another controller",
			found > 1 ? "these drives" : "this drive", found > 1 ? "them" : "it");
	return found > 0;
}
