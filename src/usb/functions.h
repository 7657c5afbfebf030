/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the configuration may put beside the drives: serial ports, network interfaces. */
#ifndef USB_FUNCTIONS_H
#define USB_FUNCTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/config.h"
#include "gadget/gadget.h"

/* NULL: "" or a MAC address that an interface may have; else what is wrong with it. */
const char *function_check_mac(const char *text);

/*
 * Whether f[place] fits to itself and to those before it. If not: the key that is
 * wrong, and why ("is ...").
 */
bool functions_good(
	const struct config_function *f, unsigned place, const char **key, char *why, size_t size);

/*
 * For the gadget; returns their number. MAC addresses that are not configured are
 * made from serial: unicast, locally administered, no two alike, and the same as
 * long as the serial and the place in the list are.
 */
unsigned functions_describe(
	const struct config *c, const char *serial, struct gadget_cdc out[GADGET_MAX_CDC]);

/* As the kernel has them now (gadget may be NULL): a new array, NULL without memory. */
json_t *functions_status(const struct config *c, const struct gadget *gadget);

#endif
