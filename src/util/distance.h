/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a word is from another one, in errors of typing. */
#ifndef UTIL_DISTANCE_H
#define UTIL_DISTANCE_H

#include <stdbool.h>

#define DISTANCE_MAX 64u /* bytes of a word that is compared */

/*
 * Returns the number of bytes to insert, drop, replace or exchange with their neighbour to make a
 * of b; A to Z are the same as a to z. Returns limit + 1 if it is more than limit, or if a word is
 * longer than DISTANCE_MAX.
 */
unsigned distance(const char *a, const char *b, unsigned limit);

/* A search for the word that a user may have meant by the one that was typed. */
struct nearest {
	const char *typed;
	unsigned too_far; /* a word is near if its distance is less */
	const char *word; /* the nearest one, as it was given; NULL: none is near */
};
/*
 * What was typed may have one error if it has 3 to 5 bytes, and two if it has more. If it has less
 * than 3 bytes, the words may differ in case only.
 */
void nearest_begin(struct nearest *n, const char *typed);
/* True if word is nearer than all words that were tried before, and near enough. */
bool nearest_try(struct nearest *n, const char *word);

#endif
