// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/burn_rate.h"

#include <string.h>

#define APART_US   UINT64_C(400000)  /* between two samples, at least */
#define SPAN_US    UINT64_C(5500000) /* of the samples that count */
#define SHORT_US   UINT64_C(900000)  /* too short for a rate */
#define SURE_US    UINT64_C(2000000) /* enough to tell when the burn ends */
#define SILENCE_US UINT64_C(2000000) /* after that, nothing is being written */

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

void burn_rate_take(struct burn_rate *r, uint64_t us, uint64_t written, unsigned block,
	uint32_t left, struct burn_speed *out)
{
	uint64_t took, moved;

	*out = (struct burn_speed){.seconds = -1};
	/* The counter goes back when a new daemon begins at 0. */
	if (r->count > 0 && (written < r->at[r->count - 1].written || us < r->at[r->count - 1].us))
		*r = (struct burn_rate){0};
	if (r->count > 0 && written > r->at[r->count - 1].written)
		r->moved = us;
	out->writing = r->moved > 0 && us - r->moved < SILENCE_US;
	/* Otherwise the pause would lower the rate of what comes after it. */
	if (!out->writing)
		r->count = 0;
	add(r, us, written);
	took = us - r->at[0].us;
	moved = written - r->at[0].written;
	if (!out->writing || took < SHORT_US)
		return;
	out->kb_s = moved * block * 1000 / took;
	if (left > 0 && out->kb_s > 0 && took >= SURE_US)
		out->seconds = (int64_t)((uint64_t)left * block / 1000 / out->kb_s);
}
