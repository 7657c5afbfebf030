/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks of doctor about the user who asks: may he use the daemon and its media folders? */
#ifndef CTL_DOCTOR_USER_H
#define CTL_DOCTOR_USER_H

#include "ctl/doctor_exam.h"

/* The daemon runs, and this user may not use its socket. */
void report_no_access(struct exam *x);
/* Checks that the drives' media folders are there, and that this user may put discs into them. */
void check_folders(struct exam *x);

#endif
