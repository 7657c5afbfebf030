/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dummy_hcd: the kernel's USB device controllers whose host is the same machine. */
#ifndef CTL_DUMMY_H
#define CTL_DUMMY_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/doctor_facts.h"

/* The prefix of their names in /sys/class/udc; a number follows. */
#define DUMMY_UDC "dummy_udc."

/* Writes what a kernel without dummy_hcd lacks, and where it is to be had: whole sentences. */
void dummy_missing(const struct facts *f, char *out, size_t size);
/*
 * Writes the name of the first controller that no gadget has. False: there is none, and then owner
 * says which gadget has the first, "" = there is no such controller at all.
 */
bool dummy_free_udc(const char *root, char *udc, size_t udc_size, char *owner, size_t owner_size);
/* Writes the name in /dev of the first optical drive at the host's end of udc. False: none yet. */
bool dummy_drive(const char *root, const char *udc, char *out, size_t size);

#endif
