// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/doctor_exam.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/words.h"
#include "util/array.h"

#define WIDTH 78 /* characters of a printed line */

static const char *const verdicts[] = {
	[DOCTOR_GOOD] = "good", [DOCTOR_NOTE] = "note", [DOCTOR_BAD] = "bad"};

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

static void print_paragraph(const char *text, FILE *out)
{
	size_t column = 0, n;

	for (; *text != '\0'; text += n + (text[n] == ' ')) {
		n = strcspn(text, " ");
		if (column > 0 && column + 1 + n > WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		column += (size_t)fprintf(out, "%s%.*s", column > 0 ? " " : "  ", (int)n, text);
	}
	fputc('\n', out);
}

void doctor_print(const struct doctor_report *r, FILE *out)
{
	for (unsigned i = 0; i < r->count; i++)
		fprintf(out, "%-4s  %-10s  %s\n", verdicts[r->check[i].verdict], r->check[i].name,
			r->check[i].text);
	if (!r->bad) {
		fprintf(out, "\nAll is well: %s has the drive.\n", r->end);
		return;
	}
	fputs("\nDo this:\n", out);
	print_paragraph(r->advice, out);
}

json_t *doctor_json(const struct doctor_report *r)
{
	json_t *checks = json_array();

	for (unsigned i = 0; i < r->count; i++)
		json_array_append_new(
			checks, json_pack("{s:s, s:s, s:s}", "name", r->check[i].name, "verdict",
					verdicts[r->check[i].verdict], "text", r->check[i].text));
	return json_pack("{s:b, s:s, s:s, s:s, s:o}", "ok", !r->bad, "message",
		r->bad ? r->advice : "all is well", "board", r->board, "page", r->page, "checks",
		checks);
}
