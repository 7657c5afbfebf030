/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of a state file that say what is recorded on a CD-R or CD-RW (docs/disc-state.md,
 * version 3).
 */
#ifndef DISC_STATE_CD_H
#define DISC_STATE_CD_H

#include <stdbool.h>

#include "disc/cd_recording.h"
#include "media/store.h"

/* A text that is being made. If len has come to STORE_TEXT_MAX or more, the text was cut. */
struct state_out {
	char *text; /* has room for STORE_TEXT_MAX bytes */
	size_t len;
};

__attribute__((format(printf, 2, 3))) void state_put(struct state_out *o, const char *fmt, ...);

/* Adds the lines. */
void state_put_cd(struct state_out *o, const struct disc_cd_record *r);
/*
 * Reads one line into a record that is all zeros at first. False: the line is unknown or not where
 * it may be, or a number is too large for a member of 8 or 16 bits. A number of more than 32 bits
 * is not noticed. Whether the whole record is possible is not checked here: see
 * disc_cd_is_possible().
 */
bool state_read_cd(const char *line, struct disc_cd_record *r);

#endif
