/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gadget's functions beside the drives: serial ports and network interfaces. */
#ifndef USB_FUNCTIONS_H
#define USB_FUNCTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "gadget/gadget.h"

/* One function, as it is configured. */
struct usb_function {
	int type;                         /* enum gadget_cdc_type */
	char host_mac[18], board_mac[18]; /* "" = derived from the serial number */
};

/*
 * Checks the text of a MAC address. Returns NULL for "" and for an address that an
 * interface can have, otherwise the text of the fault.
 */
const char *function_check_mac(const char *text);

/*
 * Checks f[place] by itself and against f[0] to f[place - 1]. True if it can be used.
 * False: *key is the key that is wrong, and why says what is wrong ("is ...").
 */
bool functions_good(
	const struct usb_function *f, unsigned place, const char **key, char *why, size_t size);

/*
 * Writes f[0] to f[count - 1] to out, as the gadget wants them. MAC addresses that are not
 * configured are derived from serial: unicast, locally administered, all different, and
 * the same as long as the serial number and the place in the list are.
 */
void functions_describe(const struct usb_function *f, unsigned count, const char *serial,
	struct gadget_cdc out[GADGET_MAX_CDC]);

/*
 * Returns a new array for the answer to status: each function with its device node and its
 * addresses in the kernel; these are "" while gadget is NULL. NULL: no memory.
 */
json_t *functions_status(const struct usb_function *f, unsigned count, const struct gadget *gadget);

#endif
