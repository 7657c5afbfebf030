/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks of doctor from the controller to the host. */
#ifndef CTL_DOCTOR_USB_H
#define CTL_DOCTOR_USB_H

#include "ctl/doctor_exam.h"

void check_owner(struct exam *x);
void check_daemon(struct exam *x);
void check_host(struct exam *x);

#endif
