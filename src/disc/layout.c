// SPDX-License-Identifier: GPL-2.0-or-later
#include "disc/layout.h"

#include <stddef.h>

void disc_layout_one_track(struct disc_layout *l, uint32_t written, enum disc_track_state state)
{
	*l = (struct disc_layout){
		.finalised = state == DISC_TRACK_CLOSED,
		.sessions = 1,
		.tracks = 1,
		.track[0] = {.session = 1, .written = written, .state = state},
	};
}

uint32_t disc_layout_end(const struct disc_layout *l)
{
	for (uint32_t i = l->tracks; i-- > 0;)
		if (l->track[i].written)
			return l->track[i].start + l->track[i].written;
	return 0;
}

struct disc_track *disc_layout_open(struct disc_layout *l)
{
	if (l->finalised || l->tracks == 0)
		return NULL;
	struct disc_track *t = &l->track[l->tracks - 1];
	return t->state == DISC_TRACK_CLOSED ? NULL : t;
}

bool disc_layout_needs_state(const struct disc_layout *l)
{
	if (!l->finalised)
		return l->tracks != 1 || l->track[0].state != DISC_TRACK_INVISIBLE;
	return l->tracks != 1 || l->track[0].start != 0;
}

bool disc_layout_is_full_at_once(const struct disc_layout *l)
{
	return l->at_once && !l->finalised && l->track[0].written == l->track[0].reserved;
}

/* Checks track i, which must not begin before *end; moves *end to the end of track i. */
static bool track_is_possible(
	const struct disc_layout *l, uint32_t i, uint64_t *end, uint32_t capacity, uint32_t ecc)
{
	const struct disc_track *t = &l->track[i];
	const struct disc_track *before = i ? t - 1 : NULL;
	bool last = i + 1u == l->tracks;
	bool closed = t->state == DISC_TRACK_CLOSED;
	uint64_t size = t->reserved > t->written ? t->reserved : t->written;

	/* A track begins on the first ECC block after the track before it. */
	if (t->start < *end || t->start - *end >= ecc || t->start % ecc ||
		(uint64_t)t->start + size > capacity)
		return false;
	if (before ? t->session != before->session && t->session != before->session + 1
		   : t->session != 1)
		return false;
	/* Only the last track may be anything but closed; a closed track holds something. */
	if (!closed && (!last || l->finalised))
		return false;
	if (t->reserved && t->written > t->reserved)
		return false;
	*end = (uint64_t)t->start + t->written;
	switch (t->state) {
	case DISC_TRACK_INVISIBLE:
		return !t->written && !t->reserved;
	case DISC_TRACK_RESERVED:
		return !t->written && t->reserved;
	default:
		return t->written > 0;
	}
}

bool disc_layout_is_possible(const struct disc_layout *l, uint32_t capacity, uint32_t ecc_blocks)
{
	uint64_t end = 0;

	if (capacity == 0 || l->tracks == 0 || l->track[0].start != 0)
		return false;
	if (l->at_once && (l->tracks != 1 || l->track[0].reserved == 0))
		return false;
	for (uint32_t i = 0; i < l->tracks; i++)
		if (!track_is_possible(l, i, &end, capacity, ecc_blocks))
			return false;
	return l->sessions == l->track[l->tracks - 1].session;
}
