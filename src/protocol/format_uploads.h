/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to uploads as lines. */
#ifndef PROTOCOL_FORMAT_UPLOADS_H
#define PROTOCOL_FORMAT_UPLOADS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Prints the unfinished uploads in an answer. Returns false if it has none. */
bool format_uploads(const json_t *answer, FILE *out);

#endif
