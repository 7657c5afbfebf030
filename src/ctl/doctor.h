/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why does no PC see a drive? Looks at kernel, board, port, daemon and cable in
 * the order in which they need each other, and says what to do about the first
 * that is wrong. Needs neither root nor the daemon.
 */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#define DOCTOR_VERB   "doctor"
#define DOCTOR_HELP   "find out why no host sees a drive, and what to do about it"
#define DOCTOR_CHECKS 12u

struct doctor_env {
	const char *root;     /* before every path but the socket's: "", or a folder of a test */
	const char *socket;   /* where the daemon was asked */
	int error;            /* 0, or -errno: it could not be asked */
	const json_t *status; /* what it said, NULL when it could not be asked */
};

enum doctor_verdict { DOCTOR_GOOD, DOCTOR_NOTE, DOCTOR_BAD };

struct doctor_report {
	struct doctor_check {
		const char *name;
		enum doctor_verdict verdict;
		char text[512];
	} check[DOCTOR_CHECKS];
	unsigned count;
	bool bad;
	char board[128];   /* the model as the device tree has it, "" = not known */
	const char *page;  /* what to read about it */
	char advice[2048]; /* for the first check that is bad; "" = all is well */
};

void doctor_examine(const struct doctor_env *env, struct doctor_report *report);
void doctor_print(const struct doctor_report *report, FILE *out);
/* The same as an object; NULL: no memory. */
json_t *doctor_json(const struct doctor_report *report);

#endif
