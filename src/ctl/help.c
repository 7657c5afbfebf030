// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/help.h"

#include <string.h>

#include "ctl/options.h"
#include "ctl/own_verbs.h"
#include "protocol/answer.h"
#include "protocol/verbs.h"
#include "util/array.h"
#include "version.h"

#define LINE 80u /* columns of the help; a terminal has at least so many */

const char *const help_own_verbs[] = {UPLOAD_VERB, GET_VERB, WATCH_VERB, WAIT_VERB, LOOPBACK_VERB,
	NETWORK_VERB, WEB_VERB, DOCTOR_VERB, REPORT_VERB, VERSION_VERB, NULL};

/* The verbs that the client carries out itself, shown after those of the daemon. */
static const struct {
	const char *verb, *synopsis, *help;
} own[] = {
	{"trace", TRACE_SAVE_SYNOPSIS, TRACE_SAVE_HELP},
	{"trace", TRACE_SHOW_SYNOPSIS, TRACE_SHOW_HELP},
	{"trace", TRACE_SCRIPT_SYNOPSIS, TRACE_SCRIPT_HELP},
	{"fault", FAULT_LOAD_SYNOPSIS, FAULT_LOAD_HELP},
	{UPLOAD_VERB, UPLOAD_SYNOPSIS, UPLOAD_HELP},
	{GET_VERB, GET_SYNOPSIS, GET_HELP},
	{WATCH_VERB, WATCH_SYNOPSIS, WATCH_HELP},
	{WAIT_VERB, WAIT_SYNOPSIS, WAIT_HELP},
	{LOOPBACK_VERB, LOOPBACK_ON_SYNOPSIS, LOOPBACK_ON_HELP},
	{LOOPBACK_VERB, LOOPBACK_OFF_SYNOPSIS, LOOPBACK_OFF_HELP},
	{LOOPBACK_VERB, LOOPBACK_SYNOPSIS, LOOPBACK_HELP},
	{NETWORK_VERB, NETWORK_ON_SYNOPSIS, NETWORK_ON_HELP},
	{NETWORK_VERB, NETWORK_OFF_SYNOPSIS, NETWORK_OFF_HELP},
	{NETWORK_VERB, NETWORK_SYNOPSIS, NETWORK_HELP},
	{WEB_VERB, WEB_SYNOPSIS, WEB_HELP},
	{WEB_VERB, WEB_PASSWORD_SYNOPSIS, WEB_PASSWORD_HELP},
	{WEB_VERB, WEB_TOKEN_SYNOPSIS, WEB_TOKEN_HELP},
	{WEB_VERB, WEB_LOGOUT_SYNOPSIS, WEB_LOGOUT_HELP},
	{DOCTOR_VERB, DOCTOR_VERB, DOCTOR_HELP},
	{REPORT_VERB, REPORT_SYNOPSIS, REPORT_HELP},
	{VERSION_VERB, VERSION_SYNOPSIS, VERSION_HELP},
};

/* Calls fn for each form of that verb; NULL: for all forms except those for programs. Returns their
 * number. */
static unsigned each_form(const char *verb,
	void (*fn)(const char *name, const char *synopsis, const char *help, void *ctx), void *ctx)
{
	unsigned n = 0;

	/* Forms for programs come last, if they are asked for at all. */
	for (int programs = 0; programs <= (verb != NULL); programs++) {
		for (size_t i = 0; i < VERB_COUNT; i++) {
			const struct verb *v = &verb_table[i];

			if (programs != !!(v->options & VERB_FOR_PROGRAMS) ||
				(verb && strcmp(verb, v->name) != 0))
				continue;
			fn(v->name, v->synopsis, v->help, ctx);
			n++;
		}
		for (size_t i = 0; !programs && i < ARRAY_LEN(own); i++) {
			if (verb && strcmp(verb, own[i].verb) != 0)
				continue;
			fn(own[i].verb, own[i].synopsis, own[i].help, ctx);
			n++;
		}
	}
	return n;
}

/* Prints words in lines of at most LINE columns, each after `indent` blanks. */
static void print_wrapped(FILE *out, int indent, const char *text)
{
	size_t column = 0;

	for (const char *word = text; *word;) {
		size_t len = strcspn(word, " ");

		if (column > 0 && column + 1 + len > LINE) {
			fputc('\n', out);
			column = 0;
		}
		column += (size_t)fprintf(out, "%*s%.*s", column ? 1 : indent, "", (int)len, word);
		word += len;
		word += strspn(word, " ");
	}
	fputc('\n', out);
}

static void print_form(const char *name, const char *synopsis, const char *help, void *out)
{
	(void)name;
	fprintf(out, "  %s\n", synopsis);
	print_wrapped(out, 6, help);
}

static void add_form(const char *name, const char *synopsis, const char *help, void *verbs)
{
	json_array_append_new(verbs,
		json_pack("{s:s, s:s, s:s}", "verb", name, "synopsis", synopsis, "help", help));
}

void help_usage(FILE *out)
{
	fputs("usage: mmcgadgetctl [OPTION]... COMMAND [ARGUMENT]...\n"
	      "Change and show the discs of mmcgadgetd.\n"
	      "\n",
		out);
	each_form(NULL, print_form, out);
	fprintf(out,
		"\n%s\n"
		"Exit code: 0 done, 1 refused or failed, 2 wrong usage, 3 no daemon,\n"
		"4 no permission; of doctor: 0 all is well, 1 there is something to do.\n",
		options_help);
}

bool help_verb(const char *verb, FILE *out)
{
	return each_form(verb, print_form, out) > 0;
}

json_t *help_json(const char *verb)
{
	json_t *verbs = json_array(), *answer;

	if (each_form(verb, add_form, verbs) == 0) {
		json_decref(verbs);
		return NULL;
	}
	answer = answer_ok("commands of mmcgadgetctl %s", MMCGADGET_VERSION);
	json_object_set_new(answer, "verbs", verbs);
	return answer;
}
