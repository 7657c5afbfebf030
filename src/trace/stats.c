// SPDX-License-Identifier: GPL-2.0-or-later
#include "trace/stats.h"

#include "mmc/mmc.h"
#include "util/array.h"

_Static_assert(sizeof(struct stats) <= 12288 + 512, "stats.h and mmcgadgetctl(1) name the size");

void stats_index_make(struct stats_index *index)
{
	*index = (struct stats_index){.count = 1};
	for (unsigned op = 0; op < 256 && index->count < STATS_COMMANDS; op++) {
		if (!mmc_opcode_name((uint8_t)op))
			continue;
		index->opcode[index->count] = (uint8_t)op;
		index->of[op] = (uint8_t)index->count++;
	}
}

unsigned stats_bucket(uint64_t microseconds)
{
	unsigned n = 0;

	while (microseconds && n < STATS_BUCKETS - 1) {
		microseconds >>= 1;
		n++;
	}
	return n;
}

uint64_t stats_percentile(const struct stats_command *c, unsigned share)
{
	/* Rounded up. Computed in two parts, so that no product can overflow. */
	uint64_t rank = c->count / 100 * share + (c->count % 100 * share + 99) / 100, seen = 0;

	for (unsigned n = 0; n < STATS_BUCKETS - 1; n++) {
		seen += c->bucket[n];
		if (seen >= rank)
			return MIN((uint64_t)1 << n, (uint64_t)c->max);
	}
	return c->max;
}
