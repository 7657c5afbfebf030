// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/doctor_report.h"

#include <string.h>

#define WIDTH 78 /* most bytes of a line of the advice; the lines of checks are not broken */

static const char *const verdicts[] = {
	[DOCTOR_GOOD] = "good", [DOCTOR_NOTE] = "note", [DOCTOR_BAD] = "bad"};

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
