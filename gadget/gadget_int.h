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

/* -errno for what libusbgx says. */
int gadget_error(int usbg);
/* The first line of a file without its end; false when there is none. */
bool gadget_read_line(const char *path, char *buf, size_t size);

/* The CDC functions, behind what the configuration has already. 0, or -errno and logged. */
int gadget_cdc_add(struct gadget *g, const struct gadget_config *c, usbg_config *config);
/*
 * To be called before g, which is not bound, is removed: the kernel waits, and
 * cannot be killed meanwhile, until nobody has a serial port of it open. Hangs up
 * on those who have. 0, or -EBUSY and logged when they do not let go.
 */
int gadget_cdc_let_go(usbg_gadget *g);
/* Whether g has those that c describes; of others it may have as well nothing is said. */
bool gadget_cdc_same(usbg_gadget *g, const struct gadget_config *c);

#endif
