/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why no controller takes the gadget, for people. */
#ifndef USB_REFUSALS_H
#define USB_REFUSALS_H

#include <stdbool.h>
#include <stddef.h>

#include "gadget/gadget.h"

/*
 * Writes to text why gadget_bind() has failed: the reason of each controller that there is.
 * udc: the name that is configured, "" = any. The gadget has that many drives, and functions
 * beside them. True if a reason will not pass soon: try again less often.
 */
bool refusals_describe(const struct gadget_refusals *r, const char *udc, unsigned drives,
	unsigned functions, char *text, size_t size);

#endif
