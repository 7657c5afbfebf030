/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The doctor's advice where the host is at the other end of a network (USB/IP). */
#ifndef CTL_DOCTOR_NETWORK_H
#define CTL_DOCTOR_NETWORK_H

#include "ctl/doctor_exam.h"

/* No PC has the drive: says what is missing on this machine, or what to do on the PC. */
void advise_network(struct exam *x);

#endif
