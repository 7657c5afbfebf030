/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks what must stay true of a write-once disc whatever a host does: tracks follow each other
 * and lie inside the disc, the next writable address of a track never decreases, a closed track
 * never changes, and a finalised disc stays finalised.
 */
#ifndef TEST_FUZZ_SHADOW_H
#define TEST_FUZZ_SHADOW_H

#include <string.h>

#include "fuzz/input.h"
#include "disc/disc.h"
#include "util/array.h"

struct shadow {
	struct disc *disc; /* a reference of its own; NULL: no disc */
	struct disc_track track[DISC_MAX_TRACKS];
	uint64_t sum[DISC_MAX_TRACKS]; /* of the track's content, once it is closed */
	uint32_t tracks;
	bool finalised;
};

/* The layout of the disc, without the changes of a test write. */
static inline const struct disc_layout *shadow_real(const struct disc *d)
{
	return d->testing ? &d->real : &d->layout;
}

static inline uint64_t shadow_sum(struct disc *d, const struct disc_track *t)
{
	static uint64_t buf[16 * MEDIA_BLOCK / 8];
	uint64_t sum = 14695981039346656037u;
	uint32_t done, n, i;

	for (done = 0; done < t->written; done += n) {
		n = MIN(16u, t->written - done);
		MUST(media_read(d->media, t->start + done, n, buf) == 0);
		for (i = 0; i < n * MEDIA_BLOCK / 8; i++)
			sum = (sum ^ buf[i]) * 1099511628211u;
	}
	return sum;
}

static inline void shadow_check_layout(const struct disc *d, const struct disc_layout *l)
{
	uint64_t end = 0;
	uint32_t i;

	for (i = 0; i < l->tracks; i++) {
		const struct disc_track *t = &l->track[i];

		MUST(t->start >= end);
		MUST(!t->reserved || t->written <= t->reserved);
		MUST(t->state == DISC_TRACK_CLOSED || i == l->tracks - 1u);
		MUST(t->state != DISC_TRACK_INVISIBLE || !t->written);
		MUST(t->session >= 1 && t->session <= l->sessions);
		end = (uint64_t)t->start +
		      (t->state == DISC_TRACK_CLOSED ? t->written : MAX(t->written, t->reserved));
		MUST(end <= d->capacity);
	}
}

static inline void shadow_check_track(struct shadow *s, uint32_t i)
{
	const struct disc_track *was = &s->track[i], *is = &shadow_real(s->disc)->track[i];

	MUST(is->start == was->start);
	MUST(is->written >= was->written);
	if (was->state == DISC_TRACK_CLOSED) {
		MUST(is->state == DISC_TRACK_CLOSED && is->written == was->written);
		MUST(is->session == was->session);
	} else if (is->state == DISC_TRACK_CLOSED) {
		s->sum[i] = shadow_sum(s->disc, is);
	}
}

static inline void shadow_check(struct shadow *s)
{
	struct disc *d = s->disc;
	const struct disc_layout *l = d ? shadow_real(d) : NULL;
	uint32_t i;

	if (!d)
		return;
	shadow_check_layout(d, l);
	shadow_check_layout(d, &d->layout);
	MUST(!s->finalised || (l->finalised && l->tracks == s->tracks));
	/* Only the empty track may disappear, when the disc is finalised. */
	MUST(l->tracks >= s->tracks ||
		(l->finalised && l->tracks == s->tracks - 1 && !s->track[l->tracks].written));
	for (i = 0; i < l->tracks; i++) {
		if (i < s->tracks)
			shadow_check_track(s, i);
		else
			MUST(l->track[i].written == 0 || s->tracks == 0);
		s->track[i] = l->track[i];
	}
	s->tracks = l->tracks;
	s->finalised = l->finalised;
}

static inline void shadow_end(struct shadow *s)
{
	uint32_t i;

	shadow_check(s);
	for (i = 0; s->disc && i < s->tracks; i++)
		if (s->track[i].state == DISC_TRACK_CLOSED)
			MUST(shadow_sum(s->disc, &s->track[i]) == s->sum[i]);
	disc_put(s->disc);
	memset(s, 0, sizeof(*s));
}

/* Checks this disc from now on. */
static inline void shadow_begin(struct shadow *s, struct disc *d)
{
	uint32_t i;

	shadow_end(s);
	s->disc = disc_get(d);
	shadow_check(s);
	for (i = 0; i < s->tracks; i++)
		if (s->track[i].state == DISC_TRACK_CLOSED)
			s->sum[i] = shadow_sum(d, &s->track[i]);
}

#endif
