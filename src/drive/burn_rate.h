/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a drive's disc is being written, by when the host wrote last; and how fast, from the
 * counters of blocks at the moments of the calls. No timer runs for it. Pure.
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
};

/* The stage of a burn, as far as a drive can know: the host does not say that it gives up. */
enum burn_stage {
	BURN_NONE,  /* no session is open, and nothing is being written */
	BURN_RUNS,  /* blocks were written within the last ten seconds; of a disc that is
		       overwritten, two: nothing tells their end */
	BURN_WAITS, /* a session is open, and the host is there, but writes nothing */
	BURN_CUT    /* a session is open, and the host is unplugged or asleep */
};

struct burn_speed {
	bool writing;    /* blocks were written within the last two seconds */
	uint64_t kb_s;   /* 1000 bytes a second, over the last five seconds; 0 = not known */
	int64_t seconds; /* until the burn ends; -1 = not known */
	enum burn_stage stage;
	int64_t silent; /* seconds since the host wrote last; -1: not since the disc came in */
};

struct burn_sample {
	uint64_t us;      /* now, by a clock that never goes back */
	uint64_t wrote;   /* when the host wrote last, by the same clock; 0: not since the disc
			     came in */
	uint64_t written; /* the counter of blocks */
	unsigned block;   /* bytes of a block */
	uint32_t left;    /* blocks up to the end of the burn, 0 = not known */
	bool open;        /* a session is open, and has blocks */
	bool overwrites;  /* the disc is written at any place, and no session is ever open */
	bool host;        /* the host is connected and awake */
};

/* Takes the state of that moment, and tells speed and stage. */
void burn_rate_take(struct burn_rate *r, const struct burn_sample *now, struct burn_speed *out);

#endif
