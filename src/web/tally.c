// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/tally.h"

unsigned tally_add(struct tally *t, uint64_t now)
{
	unsigned count = ++t->count;

	if (t->told && now - t->told < TALLY_MS)
		return 0;
	t->count = 0;
	t->told = now;
	return count;
}
