// SPDX-License-Identifier: GPL-2.0-or-later
#include "control/command_fault.h"

#include <stdio.h>
#include <string.h>

#include "drive/drive_faults.h"
#include "protocol/answer.h"

json_t *command_faults_of(const struct drive *d)
{
	struct mmc_fault fault[MMC_FAULTS_MAX];
	unsigned count = drive_faults_get(drive_requested_faults(d), fault);
	json_t *all = json_array();
	char text[MMC_FAULT_LINE];

	for (unsigned i = 0; i < count; i++)
		json_array_append_new(
			all, json_pack("{s:s, s:I, s:b}", "fault", mmc_fault_print(&fault[i], text),
				     "struck", (json_int_t)fault[i].struck, "live",
				     mmc_fault_is_live(&fault[i])));
	return all;
}

/* Joins the words that follow the first argument. */
static void join(const struct verb_call *call, char out[WORDS_LINE_MAX])
{
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 1; i < call->count && n < WORDS_LINE_MAX; i++)
		n += (size_t)snprintf(
			out + n, WORDS_LINE_MAX - n, "%s%s", i > 1 ? " " : "", call->args[i]);
}

static json_t *list(const struct drive *d)
{
	json_t *faults = command_faults_of(d), *a;
	size_t count = json_array_size(faults);

	if (count == 0)
		a = answer_ok("%s: it has no faults", drive_name(d));
	else
		a = answer_ok("%s: it has %zu fault%s, until \"fault clear\"", drive_name(d), count,
			count == 1 ? "" : "s");
	json_object_set_new(a, "faults", faults);
	return a;
}

static json_t *usage(const struct verb_call *call, const char *what)
{
	json_t *a =
		answer_error("bad-arguments", "fault: %s (usage: %s)", what, call->verb->synopsis);

	json_object_set_new(a, "usage", json_string(call->verb->synopsis));
	return a;
}

void command_fault(struct drive *d, const struct verb_call *call, struct reply *r)
{
	struct drive_faults *faults = drive_requested_faults(d);
	bool adds = strcmp(call->arg, "add") == 0, sets = strcmp(call->arg, "set") == 0;
	bool clears = strcmp(call->arg, "clear") == 0, lists = strcmp(call->arg, "list") == 0;
	char text[WORDS_LINE_MAX];

	join(call, text);
	if (!(adds || sets || clears || lists))
		r->final(r, usage(call, "the first word is add, set, list or clear"));
	else if (call->count > 1 && !adds && !sets)
		r->final(r, usage(call, "too many arguments"));
	else if (call->count == 1 && adds)
		r->final(r, usage(call, "which fault? For example: fault add write-error 500"));
	else if (!faults)
		r->final(r, answer_error("faults-off",
				    "%s: faults are off; set faults = true for this drive in "
				    "mmcgadget.conf, and restart the service",
				    drive_name(d)));
	else if (lists)
		r->final(r, list(d));
	else
		drive_faults_change(faults, text, adds, r);
}
