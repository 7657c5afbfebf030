/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults that were requested of a drive, as lines. */
#ifndef PROTOCOL_FORMAT_FAULTS_H
#define PROTOCOL_FORMAT_FAULTS_H

#include <jansson.h>
#include <stdio.h>

/* Prints the member "faults" of a drive or an answer, if there is one. */
void format_faults(const json_t *object, FILE *out);

#endif
