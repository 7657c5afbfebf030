/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Endpoints that a controller has given to two drives. dummy_hcd does so with the fifth and
 * sixth drive: both drives are configured, but hosts ignore the second endpoint of an address
 * and with it that drive.
 */
#ifndef USB_ENDPOINTS_H
#define USB_ENDPOINTS_H

#include <stdbool.h>
#include <stddef.h>

#include "gadget/ffs.h"

/*
 * Checks the endpoints of all drives, in the order of their interfaces. True if a drive has an
 * endpoint of a drive before it: then text names these drives, otherwise it is "".
 */
bool endpoints_clash(const struct ffs_state *states, const char *const *names, unsigned count,
	char *text, size_t size);

#endif
