// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every number may be anything: sums are made in 64 bits, and nothing is used as a position before
 * it was compared with the size of what it points into.
 */
#include "cd/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "cd/subq.h"

struct check {
	const struct cd_map *m;
	const uint64_t *sizes;
	unsigned number;
};

/* Return the first sector of a track with its pregap, and the sector after its last one. */
static int64_t first_sector(const struct cd_track *t)
{
	return (int64_t)t->start - t->pregap;
}

static int64_t end_sector(const struct cd_track *t)
{
	return (int64_t)t->start + t->length;
}

/* True if the text is empty, or has exactly n characters A to Z or 0 to 9, the last `digits` of
 * them 0 to 9. */
static bool is_code(const char *text, unsigned n, unsigned digits)
{
	if (text[0] == '\0')
		return true;
	for (unsigned i = 0; i < n; i++) {
		bool digit = text[i] >= '0' && text[i] <= '9';
		bool letter = text[i] >= 'A' && text[i] <= 'Z';

		if (!digit && (!letter || i >= n - digits))
			return false;
	}
	return text[n] == '\0';
}

bool cd_is_mcn(const char *text)
{
	return is_code(text, 13, 13);
}

bool cd_is_isrc(const char *text)
{
	return is_code(text, 12, 7);
}

static const char *counts(const struct cd_map *m)
{
	if (m->tracks < 1 || m->tracks > CD_MAX_TRACKS)
		return "a disc has 1 to 99 tracks";
	if (m->first_track < 1 || m->first_track + m->tracks - 1u > CD_MAX_TRACKS)
		return "tracks have numbers from 1 to 99";
	if (m->sessions < 1 || m->sessions > m->tracks)
		return "a disc has at least one session, and each has a track";
	if (m->files > CD_MAX_FILES || m->extents > CD_MAX_EXTENTS)
		return "there are too many files, or too many parts of them";
	if (m->text_packs > CD_MAX_TEXT_PACKS)
		return "there is too much CD-Text";
	if (!cd_is_mcn(m->mcn))
		return "the media catalogue number is not 13 digits";
	return NULL;
}

/* What is wrong with a track alone. */
static const char *track_alone(const struct cd_track *t)
{
	int64_t before = t->start;

	if (t->form > CD_XA || t->control > 15)
		return "the form or the control field of the track is unknown";
	if ((t->form == CD_AUDIO) != !(t->control & 4))
		return "the control field of the track says data for audio, or audio for data";
	if (t->length < 1)
		return "the track has no sectors";
	if (t->pregap > CD_LBA_END + CD_PREGAP || end_sector(t) > CD_LBA_END)
		return "the track ends after 99 minutes, which is more than a compact disc can "
		       "have";
	if (t->indexes > CD_MAX_INDEXES)
		return "the track has too many indexes";
	for (unsigned i = 0; i < t->indexes; i++) {
		if (t->index[i] <= before || t->index[i] >= end_sector(t))
			return "the indexes of the track do not follow each other inside it";
		before = t->index[i];
	}
	if (!cd_is_isrc(t->isrc))
		return "the ISRC of the track is not 5 capitals or digits and 7 digits";
	return NULL;
}

/* What is wrong with a track as the successor of another one, NULL for the first one. */
static const char *track_in_line(const struct cd_map *m, const struct cd_track *t, unsigned i)
{
	const struct cd_track *before = i ? t - 1 : NULL;

	if (!before) {
		if (t->session != 1 || t->start < 0 || first_sector(t) < -(int64_t)CD_PREGAP ||
			first_sector(t) > 0)
			return "the first track does not begin where a disc does";
		return NULL;
	}
	if (t->session == before->session) {
		if (first_sector(t) != end_sector(before))
			return "the track does not begin where the one before it ends";
		return NULL;
	}
	if (t->session != before->session + 1 || t->session > m->sessions)
		return "the sessions of the tracks do not follow each other";
	if (first_sector(t) < end_sector(before))
		return "the session begins before the one before it ends";
	return NULL;
}

static const char *tracks(struct check *c)
{
	const struct cd_map *m = c->m;

	for (unsigned i = 0; i < m->tracks; i++) {
		const char *what = track_alone(&m->track[i]);

		c->number = m->first_track + i;
		if (!what)
			what = track_in_line(m, &m->track[i], i);
		if (what)
			return what;
	}
	if (m->track[m->tracks - 1].session != m->sessions)
		return "a session has no track";
	return NULL;
}

static const char *sessions(struct check *c)
{
	const struct cd_map *m = c->m;

	for (unsigned i = 0; i < m->tracks; i++) {
		const struct cd_track *t = &m->track[i];
		const struct cd_session *s = &m->session[t->session - 1];

		if (i + 1u < m->tracks && m->track[i + 1].session == t->session)
			continue;
		c->number = t->session;
		if (s->lead_out != end_sector(t))
			return "the lead-out of the session is not where its last track ends";
		if (s->format != 0x00 && s->format != 0x10 && s->format != 0x20)
			return "the format of the session is unknown";
	}
	return NULL;
}

static bool unit_holds(uint16_t unit, uint8_t form)
{
	switch (unit) {
	case 2048:
		return form == CD_MODE1 || form == CD_XA_FORM1;
	case 2336:
		return form != CD_AUDIO && form != CD_MODE1;
	default:
		return unit == 2352 || unit == 2448;
	}
}

/* True if the file has count units of that many bytes from the offset on. No sum passes 64 bits. */
static bool file_has(
	const struct check *c, uint16_t file, uint64_t offset, uint32_t count, uint16_t unit)
{
	/* The offset of every byte must fit in an off_t, even if the sizes are not known. */
	if (offset > INT64_MAX - (uint64_t)count * unit)
		return false;
	return !c->sizes || (offset <= c->sizes[file] && (c->sizes[file] - offset) / unit >= count);
}

static const char *subchannels(const struct check *c, const struct cd_extent *e)
{
	if (e->subs == CD_SUBS_NONE)
		return NULL;
	if (e->subs != CD_SUBS_PLANES || e->sub_file >= c->m->files)
		return "the subchannels of a part of the disc are nowhere";
	if (!file_has(c, e->sub_file, e->sub_offset, e->count, CD_RAW_PW))
		return "the subchannels of a part of the disc are after the end of their file";
	return NULL;
}

/* What is wrong with an extent alone. It has a file. */
static const char *extent_alone(const struct check *c, const struct cd_extent *e)
{
	uint8_t swapped;

	if (e->file >= c->m->files)
		return "a part of the disc is in a file that is not there";
	/* The map may hold any bytes, and a bool must not be read if it is neither 0 nor 1. */
	memcpy(&swapped, &e->swapped, 1);
	if (swapped > 1)
		return "the byte order of a part of the disc is unknown";
	if (e->unit != 2048 && e->unit != 2336 && e->unit != 2352 && e->unit != 2448)
		return "a part of the disc is stored in sectors of an unknown size";
	if (!file_has(c, e->file, e->offset, e->count, e->unit))
		return "a part of the disc is after the end of its file";
	return subchannels(c, e);
}

/* What is wrong with an extent that has sectors of that track. */
static const char *extent_in_track(const struct cd_extent *e, const struct cd_track *t)
{
	if (e->file == CD_NO_FILE)
		return NULL;
	if (!unit_holds(e->unit, t->form))
		return "sectors of that size cannot hold what the track has";
	if (e->swapped && t->form != CD_AUDIO)
		return "only audio can be in another byte order";
	return NULL;
}

/* Goes along tracks and extents together; both ascend. *at: the first track that may have the
 * extent. */
static const char *extent_in_tracks(const struct check *c, const struct cd_extent *e, unsigned *at)
{
	const struct cd_map *m = c->m;
	int64_t lba = e->lba, end = lba + e->count;

	while (*at < m->tracks && end_sector(&m->track[*at]) <= lba)
		++*at;
	for (unsigned i = *at; lba < end; i++) {
		const struct cd_track *t = &m->track[i];
		const char *what;

		if (i >= m->tracks || lba < (i ? first_sector(t) : -(int64_t)CD_PREGAP))
			return "a part of the disc is in no track";
		what = extent_in_track(e, t);
		if (what)
			return what;
		lba = end_sector(t);
	}
	return NULL;
}

static const char *extents(struct check *c)
{
	const struct cd_map *m = c->m;
	int64_t end = -(int64_t)CD_PREGAP;
	unsigned at = 0;

	for (unsigned i = 0; i < m->extents; i++) {
		const struct cd_extent *e = &m->extent[i];
		const char *what;

		c->number = i;
		if (e->lba < end || e->count < 1)
			return "the parts of the disc do not follow each other";
		end = (int64_t)e->lba + e->count;
		what = e->file == CD_NO_FILE ? NULL : extent_alone(c, e);
		if (!what)
			what = extent_in_tracks(c, e, &at);
		if (what)
			return what;
	}
	return NULL;
}

/* All sectors of all tracks from index 1 on are in extents, which ascend. */
static const char *gaps(struct check *c)
{
	const struct cd_map *m = c->m;
	unsigned e = 0;

	for (unsigned i = 0; i < m->tracks; i++) {
		const struct cd_track *t = &m->track[i];
		int64_t lba = t->start;

		c->number = m->first_track + i;
		while (lba < end_sector(t)) {
			if (e >= m->extents || m->extent[e].lba > lba)
				return "a part of the track is nowhere";
			if ((int64_t)m->extent[e].lba + m->extent[e].count > lba)
				lba = (int64_t)m->extent[e].lba + m->extent[e].count;
			if (lba < end_sector(t))
				e++;
		}
	}
	return NULL;
}

static const char *texts(struct check *c)
{
	for (unsigned i = 0; i < c->m->text_packs; i++) {
		c->number = i;
		if (c->m->text[i][0] < 0x80 || c->m->text[i][0] > 0x8f)
			return "the CD-Text has a pack of an unknown type";
	}
	return NULL;
}

const char *cd_map_check(const struct cd_map *m, const uint64_t *sizes, unsigned *number)
{
	static const char *(*const steps[])(struct check *) = {
		tracks, sessions, extents, gaps, texts};
	struct check c = {m, sizes, 0};
	const char *what = counts(m);

	for (unsigned i = 0; !what && i < sizeof(steps) / sizeof(steps[0]); i++)
		what = steps[i](&c);
	if (number)
		*number = c.number;
	return what;
}
