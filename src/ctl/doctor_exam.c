// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/doctor_exam.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/words.h"
#include "util/array.h"

__attribute__((format(printf, 4, 0))) static void add(
	struct exam *x, const char *name, enum doctor_verdict verdict, const char *fmt, va_list ap)
{
	struct doctor_report *r = x->report;
	struct doctor_check *c = &r->check[r->count];

	if (r->count == ARRAY_LEN(r->check))
		return;
	r->count++;
	c->name = name;
	c->verdict = verdict;
	vsnprintf(c->text, sizeof(c->text), fmt, ap);
	words_clean(c->text);
}

void exam_good(struct exam *x, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(x, name, DOCTOR_GOOD, fmt, ap);
	va_end(ap);
}

void exam_note(struct exam *x, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(x, name, DOCTOR_NOTE, fmt, ap);
	va_end(ap);
}

bool exam_bad(struct exam *x, const char *name, const char *fmt, ...)
{
	bool first = !x->report->bad;
	va_list ap;

	va_start(ap, fmt);
	add(x, name, DOCTOR_BAD, fmt, ap);
	va_end(ap);
	x->report->bad = true;
	return first;
}

void exam_advise(struct exam *x, const char *fmt, ...)
{
	char *text = x->report->advice;
	size_t n = strlen(text), size = sizeof(x->report->advice);
	va_list ap;

	if (n > 0 && n + 1 < size) {
		text[n++] = ' ';
		text[n] = '\0';
	}
	va_start(ap, fmt);
	vsnprintf(text + n, size - n, fmt, ap);
	va_end(ap);
	words_clean(text);
}
