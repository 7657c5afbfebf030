/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration of the USB side. */
#ifndef USB_USB_CONFIG_H
#define USB_USB_CONFIG_H

#include "gadget/gadget.h"
#include "usb/functions.h"

/* A drive's name is part of names in configfs and in systemd's store: 16 bytes at most. */
#define USB_DRIVE_NAME 17u

struct usb_config {
	char udc[65]; /* name of the controller, "" = the first free one */

	/* The gadget, as the host sees it. */
	char name[24]; /* of its directory in configfs, and of its lock */
	int id_vendor, id_product, bcd_device;
	char manufacturer[127], product[127];
	char serial[31]; /* as configured; "" = the caller asks usb_serial() */
	int max_power;   /* mA */

	/* The gadget's drives. */
	unsigned drives;
	char drive[GADGET_MAX_FUNCTIONS][USB_DRIVE_NAME];
	int subclass; /* of the drives' interfaces */
	int stall;    /* enum bot_stall */

	/* The gadget's functions beside the drives. */
	unsigned functions;
	struct usb_function function[GADGET_MAX_CDC];
};

#endif
