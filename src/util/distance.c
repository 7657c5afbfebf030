// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/distance.h"

#include <string.h>

#include "util/array.h"

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

unsigned distance(const char *a, const char *b, unsigned limit)
{
	size_t m = strlen(a), n = strlen(b);
	unsigned row[3][DISTANCE_MAX + 1], least;

	if (m > DISTANCE_MAX || n > DISTANCE_MAX || (m > n ? m - n : n - m) > limit)
		return limit + 1;
	for (size_t j = 0; j <= n; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= m; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		now[0] = least = (unsigned)i;
		for (size_t j = 1; j <= n; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);

			now[j] = MIN(MIN(now[j - 1], last[j]) + 1, last[j - 1] + !same);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
				fold(a[i - 2]) == fold(b[j - 1]))
				now[j] = MIN(now[j], before[j - 2] + 1);
			least = MIN(least, now[j]);
		}
		/* An exchange reaches back two rows, and costs one. */
		if (least > limit + 1)
			return limit + 1;
	}
	return MIN(row[m % 3][n], limit + 1);
}

void nearest_begin(struct nearest *n, const char *typed)
{
	size_t len = strlen(typed);

	n->typed = typed;
	n->word = NULL;
	n->too_far = len < 3 ? 1 : len < 6 ? 2 : 3;
}

bool nearest_try(struct nearest *n, const char *word)
{
	unsigned d = n->too_far > 0 ? distance(n->typed, word, n->too_far - 1) : 0;

	if (d >= n->too_far)
		return false;
	n->too_far = d;
	n->word = word;
	return true;
}
