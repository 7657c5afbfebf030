/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects what a report of a problem needs, without personal names. */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "ctl/doctor.h"

/*
 * Writes to out: version, doctor's findings, system, configuration, status, statistics, the state
 * of the service, the end of the daemon's and the kernel's log, and each drive's trace if there is
 * one. If env->status is not NULL, asks the daemon at env->socket for what it lacks. The caller has
 * called doctor_examine().
 */
void report_write(const struct doctor_env *env, const struct doctor_report *doctor, FILE *out);

#endif
