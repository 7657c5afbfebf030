/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a word is from another one, in errors of typing. */
#ifndef UTIL_DISTANCE_H
#define UTIL_DISTANCE_H

#define DISTANCE_MAX 64u /* bytes of a word that is compared */

/*
 * Returns the number of bytes to insert, drop, replace or exchange with their neighbour to make a
 * of b; A to Z are the same as a to z. Returns limit + 1 if it is more than limit, or if a word is
 * longer than DISTANCE_MAX.
 */
unsigned distance(const char *a, const char *b, unsigned limit);

#endif
