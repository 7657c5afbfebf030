// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/verbs.h"

#include <stdio.h>
#include <string.h>

#include "util/array.h"

// clang-format off
const struct verb verb_table[VERB_COUNT] = {
	[VERB_INSERT] = { "insert", 1, 1, VERB_OPT_DRIVE, NULL, "insert NAME [drive=DRIVE]",
		"insert an image of the media folder: its name, the beginning of it, or its label" },
	[VERB_NEXT] = { "next", 0, 0, VERB_OPT_DRIVE, NULL, "next [drive=DRIVE]",
		"insert the next image of the list, after the last one the first" },
	[VERB_PREV] = { "prev", 0, 0, VERB_OPT_DRIVE, NULL, "prev [drive=DRIVE]",
		"insert the previous image of the list" },
	[VERB_EJECT] = { "eject", 0, 1, VERB_OPT_DRIVE, "force", "eject [force] [drive=DRIVE]",
		"remove the disc; force: even if the host has locked the drive" },
	[VERB_BLANK] = { "blank", 1, 1, VERB_OPT_DRIVE | VERB_OPT_TYPE, NULL,
		"blank NAME [type=TYPE] [drive=DRIVE]",
		"make a blank disc and insert it; never overwrites data" },
	[VERB_CLOSE] = { "close", 1, 1, VERB_OPT_DRIVE, NULL, "close NAME [drive=DRIVE]",
		"finalise a burned disc, in a drive or not: it becomes a DVD-ROM" },
	[VERB_RENAME] = { "rename", 2, 2, VERB_OPT_DRIVE, NULL, "rename OLD NEW [drive=DRIVE]",
		"rename a disc in its folder, with its state and checksum; overwrites nothing" },
	[VERB_DELETE] = { "delete", 1, 1, VERB_OPT_DRIVE, NULL, "delete NAME [drive=DRIVE]",
		"delete a disc that is in no drive, with its state and checksum" },
	[VERB_STATUS] = { "status", 0, 0, VERB_OPT_DRIVE, NULL, "status [drive=DRIVE]",
		"show the drives and their discs" },
	[VERB_LIST] = { "list", 0, 0, VERB_OPT_DRIVE, NULL, "list [drive=DRIVE]",
		"list the images of the media folder" },
	[VERB_STATS] = { "stats", 0, 1, VERB_OPT_DRIVE, "reset", "stats [reset] [drive=DRIVE]",
		"show counts and durations of the host's commands; reset: and start from zero" },
	[VERB_TRACE] = { "trace", 1, 1, VERB_OPT_DRIVE | VERB_OPT_UNTIL | VERB_OPT_RECORDS | VERB_OPT_FROM,
		"start stop status read", "trace start|stop|status [until=error] [records=N] [drive=DRIVE]",
		"record the host's commands in memory; until=error: stop at the first unusual failure" },
	[VERB_HELP] = { "help", 0, 0, 0, NULL, "help", "list the verbs" },
};

static const struct { const char *name; enum verb_option bit; } options[] = {
	{ "drive", VERB_OPT_DRIVE }, { "type", VERB_OPT_TYPE },
	{ "until", VERB_OPT_UNTIL }, { "records", VERB_OPT_RECORDS }, { "from", VERB_OPT_FROM },
};
// clang-format on

/* Returns where the option's value goes. */
static char **slot_of(struct verb_call *call, enum verb_option bit)
{
	switch (bit) {
	case VERB_OPT_DRIVE:
		return &call->drive;
	case VERB_OPT_TYPE:
		return &call->type;
	case VERB_OPT_UNTIL:
		return &call->until;
	case VERB_OPT_RECORDS:
		return &call->records;
	case VERB_OPT_FROM:
		break;
	}
	return &call->from;
}

/* True if word is one of the words of list, which are separated by spaces. */
static bool is_listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; p; p = strchr(p, ' ')) {
		p += *p == ' ';
		if (strncmp(p, word, len) == 0 && (p[len] == ' ' || p[len] == '\0'))
			return true;
	}
	return false;
}

static int take_option(struct verb_call *call, const char *key, char *value, const char **code,
	char *why, size_t size)
{
	char **slot;

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (strcmp(options[i].name, key) != 0 || !(call->verb->options & options[i].bit))
			continue;
		slot = slot_of(call, options[i].bit);
		if (*slot || *value == '\0') {
			*code = "bad-arguments";
			snprintf(why, size, "%s: option \"%s\" %s", call->verb->name, key,
				*slot ? "is given twice" : "has no value");
			return -1;
		}
		*slot = value;
		return 0;
	}
	*code = "unknown-option";
	snprintf(why, size, "%s: unknown option \"%s\" (usage: %s)", call->verb->name, key,
		call->verb->synopsis);
	return -1;
}

static int bad_arguments(
	const struct verb *v, const char *what, const char **code, char *why, size_t size)
{
	*code = "bad-arguments";
	snprintf(why, size, "%s: %s (usage: %s)", v->name, what, v->synopsis);
	return -1;
}

static int find_verb(
	const char *name, struct verb_call *call, const char **code, char *why, size_t size)
{
	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (strcmp(verb_table[i].name, name) == 0) {
			call->verb = &verb_table[i];
			call->id = (enum verb_id)i;
			return 0;
		}
	}
	*code = "unknown-verb";
	snprintf(why, size, "unknown command \"%.64s\"; try help", name);
	return -1;
}

int verb_parse(struct words *w, struct verb_call *call, const char **code, char *why, size_t size)
{
	char *value;

	memset(call, 0, sizeof(*call));
	if (w->count == 0 || find_verb(w->word[0].text, call, code, why, size) < 0) {
		if (w->count == 0) {
			*code = "unknown-verb";
			snprintf(why, size, "no command; try help");
		}
		return -1;
	}
	for (unsigned i = 1; i < w->count; i++) {
		value = words_option(&w->word[i]);
		if (value) {
			if (take_option(call, w->word[i].text, value, code, why, size) < 0)
				return -1;
			continue;
		}
		if (call->count == call->verb->max_args)
			return bad_arguments(call->verb, "too many arguments", code, why, size);
		call->args[call->count++] = w->word[i].text;
	}
	if (call->count < call->verb->min_args)
		return bad_arguments(call->verb, "too few arguments", code, why, size);
	for (unsigned i = 0; i < call->count; i++) {
		if (*call->args[i] == '\0')
			return bad_arguments(call->verb, "the name is empty", code, why, size);
	}
	call->arg = call->count ? call->args[0] : NULL;
	if (call->arg && call->verb->keyword && !is_listed(call->verb->keyword, call->arg))
		return bad_arguments(call->verb, "unknown argument", code, why, size);
	return 0;
}
