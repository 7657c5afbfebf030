/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An answer of the daemon (a JSON object) as text for people. */
#ifndef PROTOCOL_FORMAT_H
#define PROTOCOL_FORMAT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Returns the answer's message, "?" if it has none. */
const char *format_message(const json_t *answer);
/*
 * Prints what an answer holds beside its message: drives, images, verbs, statistics, uploads, or
 * faults, these below the message. Returns false if it holds none of them, so that the caller has
 * to print the message; notes on what a list leaves out do not count.
 */
bool format_details(const json_t *answer, FILE *out);

/* How format_view() prints; format_details() prints as it does with all members 0. */
struct format_view {
	bool everyday;  /* of a drive only what is of use every day, without counters */
	unsigned width; /* columns of the terminal: long names are cut; 0 = as wide as needed */
};
bool format_view(const json_t *answer, const struct format_view *view, FILE *out);

#endif
