/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program with a burner of its own. */
#ifndef SHIM_RUN_H
#define SHIM_RUN_H

#include <stdbool.h>
#include <stdint.h>

/* Exit codes of the shim itself, as those of env(1) and timeout(1). */
#define SHIM_EXIT_FAILED     125
#define SHIM_EXIT_CANNOT_RUN 126
#define SHIM_EXIT_NOT_FOUND  127

struct shim_options {
	const char *blank, *type, *insert; /* files and a name; NULL: not given */
	uint32_t blocks;                   /* of the blank; 0 = as the type says */
	bool finalised_dvd_plus_r;
	const char *device;                        /* the node that the program sees */
	const char *log, *script, *trace, *status; /* files to write; NULL: none */
	const char *refuse, *fault;                /* arguments of these control lines; NULL */
	const char *faults;                        /* a file of faults; NULL: none */
};

/*
 * Makes a drive, runs the program argv[0] with it and its arguments, and takes the drive down.
 * The program's exit status (128 + N after signal N), or one of the codes above after an error
 * was printed.
 */
int shim_run(const struct shim_options *o, char **argv);

#endif
