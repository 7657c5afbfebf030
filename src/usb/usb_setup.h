/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the USB side that needs root: making the gadget in configfs, and mounting
 * FunctionFS for the daemon's user. Root does it before the daemon starts and undoes it after
 * the daemon has stopped. Mounts and locks are below USB_DIR, where only root can write, so
 * that no other user can redirect what root does.
 */
#ifndef USB_USB_SETUP_H
#define USB_USB_SETUP_H

#include <sys/types.h>

#include "control/rundir.h"
#include "gadget/gadget.h"
#include "usb/usb_config.h"

#define USB_DIR "/run/mmcgadget-usb"

/*
 * Names and paths derived from the configuration. Has pointers into itself and into the
 * configuration, so it must not be copied.
 */
struct usb_plan {
	struct gadget_config gadget;
	char instance[GADGET_MAX_FUNCTIONS][48]; /* of FunctionFS */
	char directory[GADGET_MAX_FUNCTIONS][96];
	unsigned count;
};
void usb_plan(const struct usb_config *config, struct usb_plan *plan);

/* Takes the lock of the gadget's name. 0, or -errno with the reason logged. */
int usb_lock(const char *name, struct lockfile *lock);

/*
 * Makes the gadget and mounts FunctionFS, for a daemon that runs as uid and gid; removes
 * first what a crash has left. The caller holds the lock. 0, or -errno with the reason logged.
 */
int usb_make_gadget(const struct usb_plan *plan, uid_t uid, gid_t gid);
/* Unmounts FunctionFS and removes the gadget. The caller holds the lock. */
void usb_remove_gadget(const char *name);

/*
 * usb_make_gadget() for a daemon that is another process of another user: takes the lock and
 * leaves it to that user. Leaves a bound gadget alone: systemd holds its files for the next
 * daemon. 0, or -errno with the reason logged.
 */
int usb_set_up(const struct usb_config *config, uid_t uid, gid_t gid);
/* Removes each gadget that has a lock below USB_DIR, unless a daemon runs it or it is bound. */
void usb_take_down(void);

#endif
