/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of doctor: the facts, and the report that its checks write. */
#ifndef CTL_DOCTOR_EXAM_H
#define CTL_DOCTOR_EXAM_H

#include <stdbool.h>

#include "ctl/doctor.h"
#include "ctl/doctor_facts.h"

struct exam {
	const struct doctor_env *env;
	struct facts facts;
	struct doctor_report *report;
};

void exam_good(struct exam *x, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void exam_note(struct exam *x, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* True: it is the first that is bad, and wants its advice. */
bool exam_bad(struct exam *x, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends. */
void exam_advise(struct exam *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
