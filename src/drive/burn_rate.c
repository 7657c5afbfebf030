// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/burn_rate.h"

#include <string.h>

#define APART_US   UINT64_C(400000)  /* between two samples, at least */
#define SPAN_US    UINT64_C(5500000) /* of the samples that count */
#define SHORT_US   UINT64_C(900000)  /* too short for a rate */
#define SURE_US    UINT64_C(2000000) /* enough to tell when the burn ends */
#define SILENCE_US UINT64_C(2000000) /* after that, nothing is being written */
/* Burners pause: while they read what comes next, between tracks, and before they close. */
#define PAUSE_US   UINT64_C(10000000)

static void drop_first(struct burn_rate *r)
{
	memmove(&r->at[0], &r->at[1], --r->count * sizeof(r->at[0]));
}

static void add(struct burn_rate *r, uint64_t us, uint64_t written)
{
	while (r->count > 0 && us - r->at[0].us > SPAN_US)
		drop_first(r);
	if (r->count > 0 && us - r->at[r->count - 1].us < APART_US)
		return;
	if (r->count == BURN_RATE_SAMPLES)
		drop_first(r);
	r->at[r->count].us = us;
	r->at[r->count++].written = written;
}

static enum burn_stage stage_of(const struct burn_sample *now, uint64_t silent)
{
	if (now->open && !now->host)
		return BURN_CUT;
	if (now->open)
		return now->wrote && silent < PAUSE_US ? BURN_RUNS : BURN_WAITS;
	return now->overwrites && now->wrote && silent < SILENCE_US ? BURN_RUNS : BURN_NONE;
}

void burn_rate_take(struct burn_rate *r, const struct burn_sample *now, struct burn_speed *out)
{
	/* The host may have written since the caller took the time. */
	uint64_t silent = now->us > now->wrote ? now->us - now->wrote : 0;
	uint64_t took, moved;

	*out = (struct burn_speed){.seconds = -1,
		.silent = now->wrote ? (int64_t)(silent / 1000000) : -1,
		.stage = stage_of(now, silent),
		.writing = now->wrote && silent < SILENCE_US};
	/* The counter goes back when a new daemon begins at 0. */
	if (r->count > 0 &&
		(now->written < r->at[r->count - 1].written || now->us < r->at[r->count - 1].us))
		r->count = 0;
	/* Otherwise the pause would lower the rate of what comes after it. */
	if (!out->writing)
		r->count = 0;
	add(r, now->us, now->written);
	took = now->us - r->at[0].us;
	moved = now->written - r->at[0].written;
	if (!out->writing || took < SHORT_US)
		return;
	out->kb_s = moved * now->block * 1000 / took;
	if (now->left > 0 && out->kb_s > 0 && took >= SURE_US)
		out->seconds = (int64_t)((uint64_t)now->left * now->block / 1000 / out->kb_s);
}
