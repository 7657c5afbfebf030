/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the USB side that needs root, and is done before and after the
 * daemon's life: the gadget in configfs, and FunctionFS mounted for its user. All
 * of it lies below USB_DIR, which is root's, so that nobody can lead root astray.
 */
#ifndef USB_USB_SETUP_H
#define USB_USB_SETUP_H

#include <sys/types.h>

#include "control/rundir.h"
#include "gadget/gadget.h"
#include "usb/usb_config.h"

#define USB_DIR "/run/mmcgadget-usb"

/* What the configuration makes of names and places; points into itself and the configuration. */
struct usb_plan {
	struct gadget_config gadget;
	char serial[17];
	char instance[GADGET_MAX_FUNCTIONS][48]; /* of FunctionFS */
	char directory[GADGET_MAX_FUNCTIONS][96];
	unsigned count;
};
void usb_plan(const struct usb_config *config, struct usb_plan *plan);

/* The lock of the gadget's name. 0, or -errno with the reason logged. */
int usb_lock(const char *name, struct lockfile *lock);

/*
 * With the lock held. Makes the gadget and mounts FunctionFS, for uid and gid; what a
 * crash left is cleared away first. 0, or -errno with the reason logged.
 */
int usb_make_gadget(const struct usb_plan *plan, uid_t uid, gid_t gid);
/* Likewise: takes all of it away. */
void usb_remove_gadget(const char *name);

/*
 * The same for a daemon that is another process and another user. A gadget that is
 * bound stays as it is: systemd holds its files for the daemon that comes next.
 */
int usb_set_up(const struct usb_config *config, uid_t uid, gid_t gid);
/* Takes away what no daemon has, and nobody holds. */
void usb_take_down(void);

#endif
