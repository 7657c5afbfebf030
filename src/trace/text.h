/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace for people, and as a conversation that can be held again. */
#ifndef TRACE_TEXT_H
#define TRACE_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "trace/trace.h"

/*
 * Both read a trace that is in memory to its end. NULL, or why not; what came before
 * is written then.
 */
const char *trace_show(const uint8_t *data, size_t size, FILE *out);

struct trace_script {
	uint32_t commands; /* that became part of it */
	uint32_t left_out; /* that cannot be played again; a comment says each */
};
/*
 * A conversation in the language of test/lib/script.h: the disc as it was at the
 * first place where the trace knows it, then the commands with status, sense and
 * the answers that follow from them.
 */
const char *trace_write_script(
	const uint8_t *data, size_t size, FILE *out, struct trace_script *result);

#endif
