/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gadget with one function per drive, and its controller, which may come and go. */
#ifndef USB_USB_H
#define USB_USB_H

#include <jansson.h>
#include <systemd/sd-event.h>

#include "drive/drive.h"
#include "usb/fdstore.h"
#include "usb/usb_config.h"

struct usb;

/*
 * The gadget: that of a daemon before us when store has all that belongs to it,
 * else a new one. Afterwards the discs go in, see usb_taken_over(). Each drive
 * gets its hand-over state. 0, or -errno with the reason logged; -ESTALE: only root can make the
 * gadget anew, see usb_set_up().
 */
int usb_open(const struct usb_config *config, const struct drives *drives, struct fdstore *store,
	struct usb **out);
/* The gadget was there: the host knows of no change, and the drives are to be restored. */
bool usb_taken_over(const struct usb *u);
/*
 * Starts the USB threads and attaches the drives. Binding is tried at once and
 * then every second until a controller is there and free; then systemd is told that
 * the service is ready. 0, or -errno with the reason logged.
 */
int usb_start(struct usb *u, sd_event *event);
/* Unbinds, detaches the drives, removes everything. NULL is fine. */
void usb_stop(struct usb *u);
/* Name of the controller, "" when not bound. */
const char *usb_udc(void *usb);
/* Why there is no controller, a sentence; "" when bound. */
const char *usb_problem(const struct usb *u);
/* The functions beside the drives, as status shows them: a new array. */
json_t *usb_functions(const struct usb *u);

#endif
