/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What doctor is given, and the report that its checks write. */
#ifndef CTL_DOCTOR_REPORT_H
#define CTL_DOCTOR_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * Three parts of the kernel; container, board, config.txt, controller, owner, daemon, version and
 * host; folder and faults of each drive.
 */
#define DOCTOR_DRIVES 8u
#define DOCTOR_CHECKS (3 + 8 + 2 * DOCTOR_DRIVES)

struct doctor_env {
	const char *root;     /* before every path except the socket's: "", or a folder of a test */
	const char *socket;   /* of the daemon */
	int error;            /* 0, or -errno of asking the daemon for its status */
	const json_t *status; /* its answer, NULL after an error */
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
	char board[128];   /* model from the device tree, "" = unknown */
	char page[128];    /* the document about this board: where it is installed, or its name */
	const char *end;   /* who has the drive if all is well, for people */
	char advice[2048]; /* on the first bad check; "" = all is well */
};

void doctor_print(const struct doctor_report *report, FILE *out);
/* Returns the report as an object; NULL: no memory. */
json_t *doctor_json(const struct doctor_report *report);

#endif
