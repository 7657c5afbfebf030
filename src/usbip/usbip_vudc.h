/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The controllers that the kernel's module usbip-vudc has made, and the gadgets on them. */
#ifndef USBIP_VUDC_H
#define USBIP_VUDC_H

#include <stdbool.h>
#include <sys/types.h>

#include "usbip/usbip_wire.h"

#define USBIP_VUDC_PREFIX "usbip-vudc."

/* True if this is the name of such a controller; then it is also safe in a path. */
bool vudc_name_ok(const char *name);
/*
 * Writes up to max devices, those whose controllers have a gadget, in the order of their numbers,
 * and returns how many. `root` stands before every path: "", or a folder of a test.
 */
unsigned vudc_list(const char *root, struct usbip_device *out, unsigned max);
/* Reads one. False: there is no such controller, or it has no gadget. */
bool vudc_read(const char *root, const char *name, struct usbip_device *out);
/*
 * Gives the connected socket fd to the kernel, which from then on speaks to the PC. 0 or -errno:
 * -EBUSY if another PC has the device, -ENODEV if it has no gadget.
 */
int vudc_take(const char *root, const char *name, int fd);
/*
 * As root: lets the members of a group do so with every controller. 0, or -errno of the first that
 * could not be changed.
 */
int vudc_allow(const char *root, gid_t group);

#endif
