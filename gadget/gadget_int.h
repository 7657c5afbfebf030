/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to gadget/gadget*.c. */
#ifndef GADGET_GADGET_INT_H
#define GADGET_GADGET_INT_H

#include <stdbool.h>
#include <stddef.h>

#include <usbg/usbg.h>

#include "gadget/gadget.h"

#define CONFIGFS   "/sys/kernel/config"
#define GADGETS    CONFIGFS "/usb_gadget"
#define NAME_BYTES 128

#define GADGET_CONFIG_ID    1
#define GADGET_CONFIG_LABEL "c"
#define GADGET_ATTRIBUTES   0x80 /* bmAttributes: bus powered */

struct gadget {
	char *name;
	char udc[NAME_BYTES];
	usbg_state *state;
	usbg_gadget *usbg;
};

/* Translates an error of libusbgx to -errno; 0 for USBG_SUCCESS. */
int gadget_error(int usbg);
/*
 * Reads the first line of a file, without its newline. False if the file cannot be read, or the
 * line is empty.
 */
bool gadget_read_line(const char *path, char *buf, size_t size);

/* Adds the CDC functions to the end of config. 0, or -errno with the reason logged. */
int gadget_cdc_add(struct gadget *g, const struct gadget_config *c, usbg_config *config);
/*
 * Call it before removing g, which must not be bound. Hangs up the serial ports of g and
 * waits up to 10 s until no process has one open: the removal would wait for that in the
 * kernel, where it cannot be killed. 0, or -EBUSY with the process logged.
 */
int gadget_cdc_close_ports(usbg_gadget *g);
/* True if g has all CDC functions that c describes; it may have more. */
bool gadget_cdc_matches(usbg_gadget *g, const struct gadget_config *c);

#endif
