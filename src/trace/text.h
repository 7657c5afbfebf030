/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text made from a trace: lines for people, or a conversation that can be repeated. */
#ifndef TRACE_TEXT_H
#define TRACE_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "trace/trace.h"

/*
 * Prints the trace in data: a line for each record, and a line below it for the data that was kept
 * of a command. NULL, or a static text that says what is wrong with the trace; the records before
 * that are printed.
 */
const char *trace_show(const uint8_t *data, size_t size, FILE *out);

struct trace_script {
	uint32_t commands; /* in the conversation */
	uint32_t left_out; /* commands that cannot be repeated; a comment names each */
};
/*
 * Writes the trace as a conversation in the language of test/lib/script.h. It begins with
 * the disc as the first disc record describes it; then come the commands, each with its
 * status, its sense, and the bytes of its answer that every drive would return, and between
 * them resets, ejects and new discs. NULL, or why it is impossible (static text); *result
 * counts the commands.
 */
const char *trace_write_script(
	const uint8_t *data, size_t size, FILE *out, struct trace_script *result);

#endif
