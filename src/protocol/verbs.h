/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verbs of the control language: one table for the daemon, the client and the help of both. */
#ifndef PROTOCOL_VERBS_H
#define PROTOCOL_VERBS_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/words.h"

enum verb_id {
	VERB_INSERT,
	VERB_NEXT,
	VERB_PREV,
	VERB_EJECT,
	VERB_BLANK,
	VERB_CLOSE,
	VERB_RENAME,
	VERB_DELETE,
	VERB_STATUS,
	VERB_LIST,
	VERB_STATS,
	VERB_TRACE,
	VERB_HELP,
	VERB_COUNT
};

enum verb_option {
	VERB_OPT_DRIVE = 1,
	VERB_OPT_TYPE = 2,
	VERB_OPT_UNTIL = 4,
	VERB_OPT_RECORDS = 8,
	VERB_OPT_FROM = 16
};

struct verb {
	const char *name;
	unsigned min_args, max_args;
	unsigned options;    /* enum verb_option, or-ed */
	const char *keyword; /* the valid arguments, separated by spaces; NULL = any */
	const char *synopsis;
	const char *help;
};

/* A parsed line. Strings point into the line; NULL = not given. */
struct verb_call {
	const struct verb *verb;
	enum verb_id id;
	char *arg; /* the first argument; the others follow in args */
	char *args[WORDS_MAX];
	unsigned count; /* of args */
	char *drive;
	char *type;
	char *until, *records, *from; /* of trace */
};

extern const struct verb verb_table[VERB_COUNT];

/* Parses the words of a line by the table. 0, or -1 with *code for scripts and a text in why. */
int verb_parse(struct words *w, struct verb_call *call, const char **code, char *why, size_t size);

#endif
