/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds out why no host sees a drive. Checks kernel, board, port, daemon and cable in the
 * order in which they depend on each other, and advises on the first that is wrong. Needs
 * neither root nor the daemon.
 */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include "ctl/doctor_report.h"

/* Runs all checks and writes *report. */
void doctor_examine(const struct doctor_env *env, struct doctor_report *report);

#endif
