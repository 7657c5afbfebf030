/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gadget with one function per drive, and its controller, which can appear and disappear.
 * Main thread.
 */
#ifndef USB_USB_H
#define USB_USB_H

#include <jansson.h>
#include <systemd/sd-event.h>

#include "drive/drive.h"
#include "usb/fdstore.h"
#include "usb/usb_config.h"

struct usb;

/*
 * Takes over the gadget of the last daemon if store has all files of it; otherwise makes a
 * new one. Gives each drive its hand-over state. config must stay valid. The caller then
 * restores the drives or inserts their discs, see usb_taken_over(). 0, or -errno with the
 * reason logged; -ESTALE: the gadget must be made again, which only root can, see usb_set_up().
 */
int usb_open(const struct usb_config *config, const struct drives *drives, struct fdstore *store,
	struct usb **out);
/* True if the gadget was taken over: the host notices nothing, and the drives must be restored. */
bool usb_taken_over(const struct usb *u);
/*
 * Starts the USB threads and attaches the drives. A gadget that was taken over is bound already.
 * Otherwise tries to bind the gadget at once, or after a second if the last daemon's was bound
 * until now; then every second, or every 30 s if that fails for a reason that stays. Once the
 * gadget is bound, checks every 2 s whether the controller still exists, and begins again when it
 * does not. systemd's status line and usb_problem() say why the gadget is not bound. 0, or -errno
 * with the reason logged.
 */
int usb_start(struct usb *u, sd_event *event);
/* Unbinds the gadget, detaches the drives, and removes what this process has made. NULL is fine. */
void usb_stop(struct usb *u);
/* Returns the name of the controller, "" if the gadget is not bound. */
const char *usb_udc(void *usb);
/*
 * Returns for people why the gadget is not bound, or which of its drives hosts cannot see; "" if
 * all is well.
 */
const char *usb_problem(const struct usb *u);
/* Returns a new array of the functions beside the drives, see functions_status(). */
json_t *usb_functions(const struct usb *u);

#endif
