/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of media in the control language, amounts of blocks, and tracks, as text for people. */
#ifndef PROTOCOL_FORMAT_MEDIUM_H
#define PROTOCOL_FORMAT_MEDIUM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define FORMAT_MEDIUM     32u
#define FORMAT_WITH_STATE 64u

/* Writes "DVD+R DL" for "dvd+r-dl"; "none" stays. Returns out. */
const char *format_medium(const char *medium, char out[FORMAT_MEDIUM]);
/*
 * The same for a drive of status or an image of list, with its format state: "DVD+RW, formatted".
 * "unformatted" is left out unless the disc is blank.
 */
const char *format_medium_state(const json_t *disc, char out[FORMAT_WITH_STATE]);
/* True for a CD-R and CD-RW, whose blocks are sectors of 1/75 s. */
bool format_is_recordable_cd(const char *medium);

#define FORMAT_AMOUNT 24u
/*
 * Writes an amount of blocks for people: "4.70 GB", or "12:34 min" of a CD-R or CD-RW. Returns out.
 */
const char *format_amount(const char *medium, uint64_t blocks, char out[FORMAT_AMOUNT]);

#define FORMAT_TRACKS 64u
/*
 * Writes "1 data and 12 audio tracks, 53:21"; cd has the members audio, data and seconds. Returns
 * out.
 */
const char *format_tracks(const json_t *cd, char out[FORMAT_TRACKS]);

/* True for a medium that can be burned: not for "none", "cd-rom", "dvd-rom" and "bd-rom". */
bool format_is_recordable(const char *medium);

#endif
