/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of media, as the control language has them, for people. */
#ifndef PROTOCOL_FORMAT_MEDIUM_H
#define PROTOCOL_FORMAT_MEDIUM_H

#include <jansson.h>
#include <stdbool.h>

#define FORMAT_MEDIUM     32u
#define FORMAT_WITH_STATE 64u

/* Writes "DVD+R DL" for "dvd+r-dl"; "none" stays. Returns out. */
const char *format_medium(const char *medium, char out[FORMAT_MEDIUM]);
/*
 * The same for a drive of status or an image of list, with its format state: "DVD+RW, formatted".
 * That a disc is unformatted matters only while it is blank.
 */
const char *format_medium_state(const json_t *disc, char out[FORMAT_WITH_STATE]);
/* True for a medium that can be burned: not for "dvd-rom" and "none". */
bool format_is_recordable(const char *medium);

#endif
