/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of doctor: the facts, and the report that its checks write. */
#ifndef CTL_DOCTOR_EXAM_H
#define CTL_DOCTOR_EXAM_H

#include <stdbool.h>

#include "ctl/doctor_facts.h"
#include "ctl/doctor_report.h"

struct exam {
	const struct doctor_env *env;
	struct facts facts;
	struct doctor_report *report;
};

/* Add a check to the report: all is well, something to know, or something to do. */
void exam_good(struct exam *x, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void exam_note(struct exam *x, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Returns true for the first bad check: the caller then adds its advice. */
bool exam_bad(struct exam *x, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends sentences to the advice. */
void exam_advise(struct exam *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
