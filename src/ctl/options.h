/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's command line: options before and after the verb, and the words of the command. */
#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define OPTIONS_WORDS 64u

/* The part of --help that describes the options. */
extern const char options_help[];

struct options {
	const char *socket;
	double wait; /* seconds */
	bool json, verbose, force, help, version;
	char *drive; /* of -d, NULL = not given */
	/* The verb and its arguments, in their order. */
	unsigned count;
	bool dropped; /* there were more words than there is room for */
	char *word[OPTIONS_WORDS];
	bool literal[OPTIONS_WORDS]; /* the word stood after "--": it is no option */
};

/*
 * Sorts the arguments. 0; -1: wrong usage, *o has everything that was understood, and why says
 * what was not. Strings in *o are those of argv.
 */
int options_parse(int argc, char **argv, struct options *o, char *why, size_t size);

#endif
