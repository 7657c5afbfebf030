/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verbs of the control language: one table for the daemon, the client and the help of both. */
#ifndef PROTOCOL_VERBS_H
#define PROTOCOL_VERBS_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/words.h"

/* Grows by one when programs can ask for more: 1 = events, 2 = files. Older daemons have no number.
 */
#define VERB_API 2

enum verb_id {
	VERB_INSERT,
	VERB_NEXT,
	VERB_PREV,
	VERB_EJECT,
	VERB_BLANK,
	VERB_CLOSE,
	VERB_RENAME,
	VERB_DELETE,
	VERB_ERASE,
	VERB_EXTRACT,
	VERB_STATUS,
	VERB_LIST,
	VERB_STATS,
	VERB_TRACE,
	VERB_FAULT,
	VERB_EVENTS,
	VERB_SUM,
	VERB_OPEN,
	VERB_UPLOAD,
	VERB_UPLOADS,
	VERB_UPLOAD_OPEN,
	VERB_UPLOAD_AT,
	VERB_UPLOAD_END,
	VERB_UPLOAD_DROP,
	VERB_HELP,
	VERB_COUNT
};

enum verb_option {
	VERB_OPT_DRIVE = 1,
	VERB_OPT_TYPE = 2,
	VERB_OPT_UNTIL = 4,
	VERB_OPT_RECORDS = 8,
	VERB_OPT_FROM = 16,
	VERB_OPT_FORCE = 32,
	VERB_OPT_AS = 64,
	VERB_OPT_MINUTES = 128,
	VERB_OPT_TRACK = 256,
	VERB_OPT_TO = 512,
	VERB_OPT_SIZE = 1024,
	VERB_OPT_SHA256 = 2048,
	VERB_OPT_OFFSET = 4096,
	VERB_OPT_UNFINISHED = 8192,
	VERB_OPT_ETAG = 16384,
	/* Not options, but who the verb is for. */
	VERB_FOR_PROGRAMS = 32768, /* it is of no use to who types it */
	VERB_NOT_FOR_WEB = 65536   /* it is refused at the web's socket */
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
	char *arg; /* the first argument, which is not empty; the others follow in args */
	char *args[WORDS_MAX];
	unsigned count;               /* of args */
	char *drive;                  /* as it was given */
	int drive_at;                 /* its number; -1: not given, or drives are not known */
	bool no_such_drive;           /* the line is refused because there is no such drive */
	char *type, *minutes;         /* of blank */
	char *until, *records, *from; /* of trace */
	char *force;                  /* "yes" */
	char *as;                     /* "cd", "dvd" or "auto" */
	char *track, *to;             /* of extract */
	char *size, *sha256, *offset; /* of uploads */
	char *unfinished;             /* "yes", of open */
	char *etag;                   /* of rename and delete */
};

extern const struct verb verb_table[VERB_COUNT];

/* The drives there are, in their order. */
struct verb_drives {
	const char *const *name;
	unsigned count;
};

/*
 * Parses the words of a line by the table. 0, or -1 with *code for scripts and a text in why.
 *
 * With drives NULL (the client does not know them) an argument too many may be the bare name of a
 * drive, and no fault is found in it. With drives it is, or the argument is refused; drive= takes
 * a name, in any case of the letters, or a number.
 */
int verb_parse(struct words *w, const struct verb_drives *drives, struct verb_call *call,
	const char **code, char *why, size_t size);

/* True if the word is an option of some verb, like drive=x, with its key in any case. */
bool verb_is_option(const char *word);

/*
 * Returns the verb that a user may mean by word, NULL if no verb is near: another case of
 * the letters, a word that other programs use, or an error in typing. more: further verbs that
 * the caller has, ended by NULL; may be NULL.
 */
const char *verb_near(const char *word, const char *const *more);
/* Writes the text for a word that is not a verb: what is near it, or where the verbs are listed. */
void verb_unknown(const char *word, const char *const *more, char *why, size_t size);

#endif
