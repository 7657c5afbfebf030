/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a state file that only a CD-R or CD-RW has (docs/disc-state.md, version 3). */
#ifndef DISC_STATE_CD_H
#define DISC_STATE_CD_H

#include <stdbool.h>

#include "disc/cd_recording.h"
#include "media/store.h"

/* A text that is being made; len may pass its size, and then it is not whole. */
struct state_out {
	char *text;
	size_t len;
};

__attribute__((format(printf, 2, 3))) void state_put(struct state_out *o, const char *fmt, ...);

/* Adds the lines. */
void state_put_cd(struct state_out *o, const struct disc_cd_record *r);
/*
 * Reads one line into a record that is all zeros at first. False: the line is unknown, or a number
 * is too large for its place. Whether the record is possible is another question.
 */
bool state_read_cd(const char *line, struct disc_cd_record *r);

#endif
