// SPDX-License-Identifier: GPL-2.0-or-later
#include "cdimage/build.h"

#include <inttypes.h>
#include <string.h>

struct cd_track *build_now(const struct build *b)
{
	struct cd_map *m = &b->r->out->map;

	return &m->track[m->tracks - 1];
}

void build_format(struct build *b, unsigned format)
{
	struct cd_map *m = &b->r->out->map;
	struct cd_session *s = &m->session[m->sessions - 1];

	if (format > s->format)
		s->format = (uint8_t)format;
}

static unsigned number(const struct build *b)
{
	const struct cd_map *m = &b->r->out->map;

	return m->first_track + m->tracks - 1u;
}

static bool end_track(struct build *b)
{
	const struct cd_map *m = &b->r->out->map;
	struct cd_track *t;

	if (m->tracks == 0 || m->track[m->tracks - 1].session != m->sessions)
		return m->sessions == 0 ||
		       reading_fail(b->r, "session %u has no track", m->sessions);
	t = build_now(b);
	if (!b->has_index_1)
		return reading_fail(b->r, "track %u has no INDEX 01", number(b));
	if (b->lba <= t->start)
		return reading_fail(b->r, "track %u has no sectors", number(b));
	t->length = (uint32_t)(b->lba - t->start);
	/* REM LEAD-OUT may have cut the track. */
	while (t->indexes > 0 && t->index[t->indexes - 1] >= b->lba)
		t->indexes--;
	return true;
}

bool build_session(struct build *b, int64_t start)
{
	struct cd_map *m = &b->r->out->map;
	int64_t at = -(int64_t)CD_PREGAP;

	if (!end_track(b))
		return false;
	if (m->sessions == CD_MAX_SESSIONS)
		return reading_fail(b->r, "there are more than %u sessions", CD_MAX_SESSIONS);
	if (m->sessions > 0) {
		m->session[m->sessions - 1].lead_out = (int32_t)b->lba;
		at = b->lba + (m->sessions == 1 ? GAP_AFTER_FIRST : GAP_AFTER_OTHER);
	}
	if (start != BUILD_AUTO && start < (m->sessions == 0 ? at : b->lba))
		return reading_fail(b->r, "session %u begins before the end of what precedes it",
			m->sessions + 1u);
	b->lba = start == BUILD_AUTO ? at : start;
	m->session[m->sessions++] = (struct cd_session){0};
	return b->lba < CD_LBA_END || reading_fail(b->r, "the disc is longer than a CD (99:59:74)");
}

bool build_track(struct build *b, enum cd_form form, unsigned control)
{
	struct cd_map *m = &b->r->out->map;
	bool first = m->tracks == 0 || m->track[m->tracks - 1].session != m->sessions;

	if (!first && !end_track(b))
		return false;
	if (m->tracks == CD_MAX_TRACKS || m->first_track + m->tracks > (int)CD_MAX_TRACKS)
		return reading_fail(b->r, "there are more than %u tracks", CD_MAX_TRACKS);
	m->track[m->tracks++] = (struct cd_track){
		.start = (int32_t)b->lba,
		.session = m->sessions,
		.control = (uint8_t)control,
		.form = (uint8_t)form,
	};
	b->has_index_1 = false;
	return true;
}

bool build_add(
	struct build *b, int file, uint64_t offset, unsigned unit, bool swapped, uint64_t count)
{
	struct cdimage *out = b->r->out;
	struct cd_map *m = &out->map;

	if (count == 0)
		return true;
	if (count > (uint64_t)(CD_LBA_END - b->lba))
		return reading_fail(b->r, "the disc is longer than a CD (99:59:74)");
	if (m->extents == CD_MAX_EXTENTS)
		return reading_fail(b->r, "the disc has more than %u parts", CD_MAX_EXTENTS);
	if (file >= 0 && (offset > out->size[file] || count > (out->size[file] - offset) / unit))
		return reading_fail(b->r,
			"the file \"%s\" is too short: track %u needs %" PRIu64
			" sectors of %u bytes from byte %" PRIu64 " on, and the file has %" PRIu64
			" bytes",
			out->name[file], number(b), count, unit, offset, out->size[file]);
	m->extent[m->extents++] = (struct cd_extent){
		.lba = (int32_t)b->lba,
		.count = (uint32_t)count,
		.offset = file < 0 ? 0 : offset,
		.file = file < 0 ? CD_NO_FILE : (uint16_t)file,
		.unit = file < 0 ? 0 : (uint16_t)unit,
		.swapped = file >= 0 && swapped,
	};
	b->lba += (int64_t)count;
	return true;
}

bool build_index(struct build *b, unsigned n, int64_t lba)
{
	struct cd_track *t = build_now(b);
	int32_t last = t->indexes > 0 ? t->index[t->indexes - 1] : t->start;

	if (n == 1) {
		t->pregap = (uint32_t)(lba - t->start);
		t->start = (int32_t)lba;
		b->has_index_1 = true;
		return true;
	}
	if (!b->has_index_1 || lba <= last)
		return reading_fail(b->r, "index %u of track %u is not behind the index before it",
			n, number(b));
	if (lba >= CD_LBA_END)
		return reading_fail(b->r, "the disc is longer than a CD (99:59:74)");
	/* A drive tells of the first ones only. */
	if (t->indexes < CD_MAX_INDEXES)
		t->index[t->indexes++] = (int32_t)lba;
	return true;
}

bool build_end(struct build *b)
{
	struct cd_map *m = &b->r->out->map;

	if (m->tracks == 0)
		return reading_fail(b->r, "it has no tracks");
	if (!end_track(b))
		return false;
	m->session[m->sessions - 1].lead_out = (int32_t)b->lba;
	return true;
}
