/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts what strangers can cause as often as they like, so that the log has one line a minute for
 * it. Pure.
 */
#ifndef WEB_TALLY_H
#define WEB_TALLY_H

#include <stdint.h>

#define TALLY_MS 60000u /* between two lines */

/* All members 0 at the beginning. */
struct tally {
	unsigned count; /* since the last line */
	uint64_t told;  /* ms: when that was; 0: never */
};

/*
 * Counts one more. Returns how many there were since the last line, this one included, if it is
 * time for another line; 0: it is not. now: ms of a monotonic clock, not 0.
 */
unsigned tally_add(struct tally *t, uint64_t now);

#endif
