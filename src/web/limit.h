/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often passwords may be tried: each address has LIMIT_FREE tries, then it waits 1, 2, 4 ... 60
 * seconds between two; all addresses together may try once a second, after LIMIT_FREE. Nobody is
 * ever locked out. Pure; main thread.
 */
#ifndef WEB_LIMIT_H
#define WEB_LIMIT_H

#include <netinet/in.h>
#include <stdint.h>

#define LIMIT_FREE      5u
#define LIMIT_ADDRESSES 64u /* that are remembered; the one that failed longest ago goes first */

/* All members 0 at the beginning. */
struct limit {
	struct limit_entry {
		struct in6_addr address;
		unsigned failed; /* tries, 0 = not in use */
		uint64_t last;   /* us: when it failed last */
	} entry[LIMIT_ADDRESSES];
	unsigned failed; /* tries of all addresses since one passed */
	uint64_t last;
};

/* Returns the seconds until the address may try, 0 = now. now: us of a monotonic clock. */
unsigned limit_wait(const struct limit *l, const struct in6_addr *address, uint64_t now);
void limit_failed(struct limit *l, const struct in6_addr *address, uint64_t now);
void limit_passed(struct limit *l, const struct in6_addr *address);

#endif
