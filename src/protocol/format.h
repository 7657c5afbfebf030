/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An answer of the daemon (a JSON object) as text for people. */
#ifndef PROTOCOL_FORMAT_H
#define PROTOCOL_FORMAT_H

#include <stdio.h>
#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

/* The answer's message, "?" when there is none. */
const char *format_message(const json_t *answer);
/* What an answer says beyond its message (drives, images, verbs); false when that is nothing. */
bool format_details(const json_t *answer, FILE *out);
/* The part of it that stats adds; false when there is none. */
bool format_stats(const json_t *answer, FILE *out);
/* "4.70 GB" and the like, decimal units as on a disc's sleeve. */
void format_size(uint64_t bytes, char out[16]);

#endif
