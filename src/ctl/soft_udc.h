/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's USB device controllers that are software: dummy_hcd, whose host is the same machine,
 * and usbip-vudc, whose host is at the other end of a network.
 */
#ifndef CTL_SOFT_UDC_H
#define CTL_SOFT_UDC_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/doctor_facts.h"

struct soft_udc {
	enum part part;
	/* The prefix of the controllers' names in /sys/class/udc; a number follows. */
	const char *prefix;
	const char *module, *config; /* the module, and the kernel's setting that makes it */
	const char *use;             /* "The kernel has no module X, with which <use>" */
};

extern const struct soft_udc soft_dummy, soft_vudc;

/*
 * Writes, in whole sentences, why the module is missing and what helps: another package or kernel,
 * a reboot after an upgrade, or another machine than a container.
 */
void soft_udc_missing(const struct soft_udc *s, const struct facts *f, char *out, size_t size);
/*
 * Writes the name of the first controller that no gadget has. False: there is none, and then owner
 * says which gadget has the first, "" = there is no such controller at all.
 */
bool soft_udc_free(const struct soft_udc *s, const char *root, char *udc, size_t udc_size,
	char *owner, size_t owner_size);
/*
 * Writes the name in /dev of the first optical drive at the host's end of udc, a controller of
 * dummy_hcd. False: none yet.
 */
bool soft_udc_drive(const char *root, const char *udc, char *out, size_t size);

#endif
