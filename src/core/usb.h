/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gadget with one function per drive, and its controller, which may come and go. */
#ifndef CORE_USB_H
#define CORE_USB_H

#include <systemd/sd-event.h>

#include "core/config.h"
#include "core/drive.h"

struct usb;

/*
 * Builds the gadget, starts the USB threads and attaches the drives. Binding is
 * tried at once and then every second until a controller is there and free;
 * said to be ready in both cases (sd_notify). 0, or -errno with the reason logged.
 */
int usb_start(const struct config *config, const struct drives *drives, sd_event *event,
	struct usb **out);
/* Unbinds, detaches the drives, removes everything. NULL is fine. */
void usb_stop(struct usb *u);
/* Name of the controller, "" when not bound. */
const char *usb_udc(void *usb);

#endif
