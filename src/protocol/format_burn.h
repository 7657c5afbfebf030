/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The burn and the sessions of a drive, from its object in the answer to status, for people. */
#ifndef PROTOCOL_FORMAT_BURN_H
#define PROTOCOL_FORMAT_BURN_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#define FORMAT_SESSIONS 32

/* Returns the number of sessions that are closed, as `list` counts them. */
uint64_t format_closed_sessions(const json_t *drive);
/* Writes ", 2 sessions", as `list` has it; "" if there are fewer than `least`. Returns out. */
const char *format_sessions(const json_t *drive, uint64_t least, char out[FORMAT_SESSIONS]);
/* Returns where the burn of an open disc stands. */
const char *format_burn_stage(const json_t *drive);
/* Prints that a burn does not go on, and what can be done; nothing if it does. */
void format_burn(const json_t *drive, FILE *out);

#endif
