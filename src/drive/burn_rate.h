/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The speed at which a drive's disc is being written, from the counters of blocks at the moments of
 * the calls. No timer runs for it. Pure.
 */
#ifndef DRIVE_BURN_RATE_H
#define DRIVE_BURN_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define BURN_RATE_SAMPLES 12u

/* All members 0: nothing is known yet. */
struct burn_rate {
	unsigned count;
	struct {
		uint64_t us, written;
	} at[BURN_RATE_SAMPLES]; /* the newest last, half a second apart */
	uint64_t moved;          /* us: when the counter was last seen to grow */
};

struct burn_speed {
	bool writing;    /* blocks were written within the last two seconds */
	uint64_t kb_s;   /* 1000 bytes a second, over the last five seconds; 0 = not known */
	int64_t seconds; /* until the burn ends; -1 = not known */
};

/*
 * Takes the counter at that time (us of a clock that never goes back) and tells the speed. block:
 * bytes of a block; left: blocks up to the end of the burn, 0 = not known.
 */
void burn_rate_take(struct burn_rate *r, uint64_t us, uint64_t written, unsigned block,
	uint32_t left, struct burn_speed *out);

#endif
