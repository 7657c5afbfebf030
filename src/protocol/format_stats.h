/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to stats as tables. */
#ifndef PROTOCOL_FORMAT_STATS_H
#define PROTOCOL_FORMAT_STATS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Prints the statistics in an answer. Returns false if it has none. */
bool format_stats(const json_t *answer, FILE *out);

#endif
