// SPDX-License-Identifier: GPL-2.0-or-later
/* From a cue sheet to a map: which sectors of which file are where on the disc. */
#include "cdimage/cue.h"

#include <string.h>

#include "util/array.h"

/* More sectors than that before index 1 of a second session are the gap between the sessions. */
#define WHOLE_GAP (uint64_t)(GAP_AFTER_OTHER + (int)CD_PREGAP)

/* How far the files have been used. */
struct cursor {
	unsigned part;
	uint64_t sector, byte; /* from the beginning of the part */
};

static uint64_t sectors_left(const struct cue *c, const struct cursor *at, unsigned unit)
{
	return (c->part[at->part].length - at->byte) / unit;
}

/*
 * Counts the sectors from the cursor to an index; the rest of the files in between belongs to them.
 * False: the index lies before the cursor or after the end of its file.
 */
static bool measure(struct cue *c, const struct cursor *from, const struct cue_at *to,
	unsigned unit, uint64_t *count)
{
	struct cursor at = *from;

	c->r->line = to->line;
	for (*count = 0; at.part < to->part; at = (struct cursor){.part = at.part + 1})
		*count += sectors_left(c, &at, unit);
	if (at.part > to->part || at.sector > to->sector)
		return reading_fail(c->r, "the index is not behind the one before it");
	if (to->sector - at.sector > sectors_left(c, &at, unit))
		return reading_fail(c->r, "the index is behind the end of the file \"%s\"",
			c->r->out->name[c->part[at.part].file]);
	*count += to->sector - at.sector;
	return true;
}

/* Counts the sectors from the cursor to the end of the last file. */
static uint64_t measure_rest(const struct cue *c, const struct cursor *from, unsigned unit)
{
	uint64_t count = 0;

	for (struct cursor at = *from; at.part < c->parts;
		at = (struct cursor){.part = at.part + 1})
		count += sectors_left(c, &at, unit);
	return count;
}

/* The cursor leaves its part. What is left of it is less than a sector. */
static void leave(struct cue *c, const struct cursor *at)
{
	const struct cue_part *p = &c->part[at->part];

	reading_rest(c->r, p->file, p->length - at->byte, p->wave);
}

/* Moves the cursor by that many sectors; if b is not NULL, they become a part of the disc. */
static bool move(struct cue *c, struct build *b, struct cursor *at, const struct build_mode *mode,
	uint64_t count)
{
	for (;;) {
		const struct cue_part *p = &c->part[at->part];
		uint64_t left = sectors_left(c, at, mode->unit), n = MIN(left, count);

		if (p->wave && mode->form != CD_AUDIO && n > 0)
			return reading_fail(c->r,
				"a data track cannot be in a file of samples, \"%s\"",
				c->r->out->name[p->file]);
		if (b && !build_add(b, p->file, p->offset + at->byte, mode->unit,
				 p->swapped && mode->form == CD_AUDIO, n))
			return false;
		at->sector += n;
		at->byte += n * mode->unit;
		count -= n;
		if (count == 0)
			return true;
		leave(c, at);
		*at = (struct cursor){.part = at->part + 1};
	}
}

/*
 * Returns where the track begins. If its FILE begins with it, the sectors before its first index
 * are pregap.
 */
static struct cue_at begin_of(const struct cue *c, unsigned track)
{
	const struct cue_track *t = &c->track[track];
	struct cue_at at = t->has_0 ? t->at_0 : t->at_1;
	bool new_part = true;

	if (track > 0) {
		const struct cue_track *l = &c->track[track - 1];
		const struct cue_at *last = l->indexes > 0 ? &l->index[l->indexes - 1] : &l->at_1;

		new_part = last->part != at.part;
	}
	if (new_part)
		at.sector = 0;
	return at;
}

/* The sectors before index 1: those that are in no file, then those that are. */
static bool lay_pregap(
	struct cue *c, struct build *b, struct cursor *at, const struct cue_track *t, bool first)
{
	uint64_t stored, absent = t->pregap;

	if (!measure(c, at, &t->at_1, t->mode->unit, &stored))
		return false;
	if (first) {
		/* The standard pregap is there whether or not PREGAP says so. */
		absent = MAX(absent, CD_PREGAP);
		if (t->session > 1 && stored >= WHOLE_GAP) {
			if (!move(c, NULL, at, t->mode, stored - CD_PREGAP))
				return false;
			stored = CD_PREGAP;
		}
		/* Before LBA 0 nothing is stored; later sessions may have their pregap in the file.
		 */
		if (t->session > 1)
			absent -= MIN(absent, stored);
	}
	return build_add(b, BUILD_ZEROS, 0, 0, false, absent) && move(c, b, at, t->mode, stored) &&
	       build_index(b, 1, b->lba);
}

/*
 * The sectors from index 1 to the next track. If REM LEAD-OUT says that the session ends before
 * that, the rest is the gap between the sessions, which is no part of the disc.
 */
static bool lay_data(struct cue *c, struct build *b, struct cursor *at, unsigned track)
{
	const struct cue_track *t = &c->track[track];
	bool last = track + 1u == c->tracks,
	     ends = last || c->track[track + 1].session > t->session;
	struct cue_at end;
	uint64_t count, used;
	int64_t lead_out = ends ? c->lead_out[t->session] : 0;

	for (unsigned i = 0; i < t->indexes; i++) {
		if (!measure(c, at, &t->index[i], t->mode->unit, &count) ||
			!build_index(b, i + 2, b->lba + (int64_t)count))
			return false;
	}
	if (!last) {
		end = begin_of(c, track + 1);
		if (!measure(c, at, &end, t->mode->unit, &count))
			return false;
	} else {
		count = measure_rest(c, at, t->mode->unit);
	}
	c->r->line = t->line;
	used = lead_out > b->lba ? MIN(count, (uint64_t)(lead_out - b->lba)) : count;
	return move(c, b, at, t->mode, used) && move(c, NULL, at, t->mode, count - used) &&
	       build_add(b, BUILD_ZEROS, 0, 0, false, t->postgap);
}

static bool lay_track(struct cue *c, struct build *b, struct cursor *at, unsigned track)
{
	const struct cue_track *t = &c->track[track];
	bool first = track == 0 || c->track[track - 1].session != t->session;

	c->r->line = t->line;
	if (!t->has_1)
		return reading_fail(c->r, "track %u has no INDEX 01", c->first_track + track);
	if (first && !build_session(b, BUILD_AUTO))
		return false;
	if (!build_track(b, t->mode->form, t->control))
		return false;
	memcpy(build_now(b)->isrc, t->isrc, sizeof(t->isrc));
	build_format(b, t->mode->format);
	return lay_pregap(c, b, at, t, first) && lay_data(c, b, at, track);
}

bool cue_layout(struct cue *c)
{
	struct build b = {.r = c->r};
	struct cursor at = {0};

	for (unsigned i = 0; i < c->tracks; i++) {
		if (!lay_track(c, &b, &at, i))
			return false;
	}
	leave(c, &at);
	c->r->line = 0;
	return build_end(&b);
}
