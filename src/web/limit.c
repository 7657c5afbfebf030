// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/limit.h"

#include <string.h>

#define SECOND  UINT64_C(1000000)
#define LONGEST 60u /* seconds */

/* Returns the place of the address, LIMIT_ADDRESSES = it has none. */
static unsigned find(const struct limit *l, const struct in6_addr *address)
{
	unsigned i = 0;

	while (i < LIMIT_ADDRESSES && !(l->entry[i].failed && memcmp(&l->entry[i].address, address,
								      sizeof(*address)) == 0))
		i++;
	return i;
}

static unsigned pause_after(unsigned failed)
{
	if (failed < LIMIT_FREE)
		return 0;
	failed -= LIMIT_FREE;
	return failed >= 6 ? LONGEST : 1u << failed;
}

static unsigned rest(uint64_t last, unsigned pause, uint64_t now)
{
	uint64_t end = last + pause * SECOND;

	return now >= end ? 0 : (unsigned)((end - now + SECOND - 1) / SECOND);
}

unsigned limit_wait(const struct limit *l, const struct in6_addr *address, uint64_t now)
{
	unsigned at = find(l, address);
	const struct limit_entry *e = &l->entry[at % LIMIT_ADDRESSES];
	unsigned own = at < LIMIT_ADDRESSES ? rest(e->last, pause_after(e->failed), now) : 0;
	unsigned all = rest(l->last, l->failed >= LIMIT_FREE ? 1 : 0, now);

	return own > all ? own : all;
}

/* Returns a place for a new address: a free one, or that of who failed longest ago. */
static unsigned make_place(struct limit *l)
{
	unsigned oldest = 0;

	for (unsigned i = 0; i < LIMIT_ADDRESSES; i++) {
		if (!l->entry[i].failed)
			return i;
		if (l->entry[i].last < l->entry[oldest].last)
			oldest = i;
	}
	l->entry[oldest].failed = 0;
	return oldest;
}

void limit_failed(struct limit *l, const struct in6_addr *address, uint64_t now)
{
	unsigned at = find(l, address);
	struct limit_entry *e;

	if (at == LIMIT_ADDRESSES)
		at = make_place(l);
	e = &l->entry[at];
	e->address = *address;
	e->failed++;
	e->last = now;
	l->failed++;
	l->last = now;
}

void limit_passed(struct limit *l, const struct in6_addr *address)
{
	unsigned at = find(l, address);

	if (at < LIMIT_ADDRESSES)
		l->entry[at].failed = 0;
	l->failed = 0;
}
