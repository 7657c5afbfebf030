// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any map of a compact disc. Of one that cd_map_check() accepts, every look-up must agree with the
 * words of its header, every byte that it names must be in a file, and every answer made of it must
 * have the length it says.
 *
 * Input: a disc of the unit tests (0 to 2), or 3 and a description of tracks and pieces; then
 * changes until the end: position in the map (two bytes), width 1, 2 or 4 (one byte), value.
 */
#include <stdbool.h>

#include "cd/find.h"
#include "cd/sector.h"
#include "cd/subq.h"
#include "cd/toc.h"
#include "fuzz/input.h"
#include "unit/cd/discs.h"
#include "util/array.h"

static struct cd_map m;
static uint64_t file_sizes[CD_MAX_FILES];

/* ---- the input ---- */

static void take_track(struct input *in, int32_t *at)
{
	struct cd_track *t = &m.track[m.tracks];
	uint8_t flags = take8(in);
	bool new_session = flags & 8 && m.tracks;

	t->form = flags & 7;
	t->control = t->form == CD_AUDIO ? 0 : 4;
	t->pregap = flags & 16 ? take8(in) : 0;
	t->length = take16(in);
	if (new_session) {
		*at += m.sessions == 1 ? 11250 : 6750;
		m.sessions++;
	}
	if (flags & 32 && m.tracks == 0)
		*at = -(int32_t)t->pregap;
	t->start = *at + (int32_t)t->pregap;
	t->session = m.sessions;
	for (t->indexes = flags >> 6; t->indexes && t->length > 8; t->indexes--)
		t->index[t->indexes - 1] = t->start + t->indexes;
	t->indexes = t->length > 8 ? flags >> 6 : 0;
	*at = t->start + (int32_t)t->length;
	m.session[m.sessions - 1].lead_out = *at;
	m.tracks++;
}

/* One track in pieces, some of them not stored. */
static void take_pieces(struct input *in, const struct cd_track *t)
{
	static const uint16_t units[] = {2352, 2448, 2336, 2048};
	uint32_t done = 0;

	while (done < t->length && m.extents < CD_MAX_EXTENTS) {
		struct cd_extent *e = &m.extent[m.extents++];
		uint8_t flags = take8(in);
		uint32_t n = flags & 128 ? take16(in) : t->length;

		n = MAX(1, MIN(n, t->length - done));
		*e = (struct cd_extent){.lba = t->start + (int32_t)done,
			.count = n,
			.offset = (uint64_t)take8(in) << (flags & 64 ? 36 : 2),
			.file = flags & 32 ? CD_NO_FILE : flags >> 3 & 3,
			.unit = units[flags & 3],
			.swapped = flags >> 2 & 1};
		if (flags & 16) {
			e->subs = CD_SUBS_PLANES;
			e->sub_file = take8(in) & 7;
			e->sub_offset = (uint64_t)take8(in) << (flags & 64 ? 36 : 2);
		}
		done += n;
	}
}

static void take_map(struct input *in)
{
	uint8_t tracks = take8(in);
	int32_t at = 0;

	m = (struct cd_map){.first_track = 1, .sessions = 1, .files = take8(in) % 8};
	while (m.tracks < MIN(tracks, CD_MAX_TRACKS) && in->n)
		take_track(in, &at);
	for (unsigned i = 0; i < m.tracks; i++)
		take_pieces(in, &m.track[i]);
}

static void take_change(struct input *in)
{
	uint16_t at = take16(in) % sizeof(m);
	unsigned width = 1u << take8(in) % 3;
	uint8_t value[4];

	take(in, value, width);
	memcpy((uint8_t *)&m + at, value, MIN(width, sizeof(m) - at));
}

static void take_input(struct input *in)
{
	uint8_t kind = take8(in);

	memcpy(file_sizes, sizes, sizeof(file_sizes));
	switch (kind % 4) {
	case 0:
		mixed_disc(&m);
		break;
	case 1:
		audio_disc(&m);
		break;
	case 2:
		extra_disc(&m);
		break;
	default:
		for (unsigned i = 0; i < 8; i++)
			file_sizes[i] = (uint64_t)take16(in) << take8(in) % 32;
		take_map(in);
	}
	while (in->n)
		take_change(in);
}

/* ---- the look-ups ---- */

static int track_slowly(int64_t lba)
{
	for (int i = 0; i < m.tracks; i++) {
		const struct cd_track *t = &m.track[i];

		if (lba >= (i ? (int64_t)t->start - t->pregap : -150) &&
			lba < (int64_t)t->start + t->length)
			return i;
	}
	return -1;
}

static const struct cd_extent *extent_slowly(int64_t lba)
{
	for (unsigned i = 0; i < m.extents; i++) {
		const struct cd_extent *e = &m.extent[i];

		if (e->file != CD_NO_FILE && lba >= e->lba && lba < (int64_t)e->lba + e->count)
			return e;
	}
	return NULL;
}

static void check_subchannels(int32_t lba)
{
	uint8_t q[CD_Q], out[CD_SUB_MAX];
	bool found = cd_q(&m, lba, q);

	MUST(found == (cd_sub_channel(&m, CD_SUB_POSITION, 0, lba, true, out) == 12));
	MUST(found == (cd_sub_channel(&m, CD_SUB_POSITION, 0, lba, false, out) == 12));
	if (!found)
		return;
	MUST((q[10] << 8 | q[11]) == cd_crc16(q, 10));
	for (unsigned i = 1; i < 10 && q[1] != CD_LEAD_OUT && (q[0] & 15) == 1; i++)
		MUST(q[i] >> 4 < 10 && (q[i] & 15) < 10);
	for (uint8_t selection = 0; selection < 8; selection++) {
		int n = cd_sub_length(selection);
		uint8_t *exact = n > 0 ? malloc((size_t)n) : NULL;

		if (exact)
			cd_sub(&m, lba, selection, NULL, exact);
		free(exact);
	}
}

static void check_address(int32_t lba)
{
	int track = track_slowly(lba);
	const struct cd_extent *e = extent_slowly(lba);
	struct cd_position at;
	struct cd_run run;

	MUST(cd_find_track(&m, lba) == track);
	MUST(cd_find_extent(&m, lba) == e);
	MUST(!e || track >= 0);
	MUST(cd_find_run(&m, lba, &run) == (track >= 0));
	if (cd_find_position(&m, lba, &at)) {
		MUST(at.lba == lba && at.index <= 1 + CD_MAX_INDEXES && at.control < 16);
		MUST((track >= 0) == (at.track != CD_LEAD_OUT));
		MUST(track < 0 || at.track == m.first_track + track);
		MUST(track < 0 || (at.index == 0) == (lba < m.track[track].start));
	} else {
		MUST(track < 0);
	}
	check_subchannels(lba);
}

/* ---- sectors ---- */

/* The first sector of a run, every selection, with as many bytes as the contract names. */
static void check_sector(const struct cd_run *run, int32_t lba)
{
	uint8_t *stored = run->unit ? malloc(run->unit) : NULL;
	uint8_t full[CD_SECTOR];
	struct cd_sector s = {
		.lba = lba, .stored = stored, .unit = run->unit, .swapped = run->swapped};

	for (unsigned i = 0; i < run->unit; i++)
		stored[i] = (uint8_t)(i * 89 + (unsigned)lba);
	s.form = cd_sector_form(run->form, stored, run->unit);
	MUST(s.form < CD_XA);
	cd_sector_cut(&s, (struct cd_cut){0, CD_SECTOR}, full);
	for (unsigned selection = 0; selection < 256; selection += 8) {
		struct cd_cut cut;
		uint8_t *out;

		if (!cd_layout(s.form, (uint8_t)selection, &cut) || !cut.length)
			continue;
		MUST(cut.offset + cut.length <= CD_SECTOR);
		out = malloc(cut.length);
		cd_sector_cut(&s, cut, out);
		MUST(memcmp(out, full + cut.offset, cut.length) == 0);
		free(out);
	}
	free(stored);
}

/* The first sector of the first track that begins after the address. */
static int32_t next_track(int32_t lba)
{
	unsigned i = 0;

	while (i < m.tracks && m.track[i].start - (int32_t)m.track[i].pregap <= lba)
		i++;
	MUST(i < m.tracks && m.track[i].session == m.track[i - 1].session + 1);
	return m.track[i].start - (int32_t)m.track[i].pregap;
}

static void check_run(const struct cd_run *run, int32_t lba)
{
	MUST(run->count >= 1 && run->count <= CD_LBA_END + CD_PREGAP);
	MUST(track_slowly((int64_t)lba + run->count - 1) == run->track);
	if (run->file == CD_NO_FILE)
		return;
	MUST(run->file < m.files && run->offset <= file_sizes[run->file]);
	MUST((file_sizes[run->file] - run->offset) / run->unit >= run->count);
	if (run->subs == CD_SUBS_NONE)
		return;
	MUST(run->sub_file < m.files && run->sub_offset <= file_sizes[run->sub_file]);
	MUST((file_sizes[run->sub_file] - run->sub_offset) / CD_RAW_PW >= run->count);
}

/* The runs from the first address to the last one: what is between them is between sessions. */
static void check_runs(void)
{
	int32_t lba = -(int32_t)CD_PREGAP;
	unsigned runs = 0;

	while (lba < cd_end(&m)) {
		struct cd_run run;

		if (!cd_find_run(&m, lba, &run)) {
			lba = next_track(lba);
			continue;
		}
		MUST(++runs <= 2u * m.extents + m.tracks + 1u);
		check_run(&run, lba);
		if (runs <= 4)
			check_sector(&run, lba);
		lba += (int32_t)run.count;
	}
	MUST(lba == cd_end(&m));
}

/* ---- answers ---- */

static void check_toc(const struct cd_toc_request *r)
{
	static uint8_t out[CD_TOC_MAX + 1];
	unsigned n;

	out[CD_TOC_MAX] = 0xa5;
	n = cd_toc(&m, r, out);
	MUST(n <= CD_TOC_MAX && out[CD_TOC_MAX] == 0xa5);
	if (n)
		MUST(n >= 4 && (unsigned)(out[0] << 8 | out[1]) == n - 2);
	for (unsigned i = 5; r->format == CD_TOC_FULL && i + 10 < n; i += 11)
		MUST((out[i] & 15) < 16 && out[i - 1] >= 1 && out[i - 1] <= m.sessions);
}

static void check_tocs(void)
{
	static const struct cd_atip atip = {.lead_in = -11634, .last_lead_out = 359849};
	struct cd_toc_request r = {0};

	for (r.format = 0; r.format < 8; r.format++) {
		for (unsigned number = 0; number < 256; number += number < 3 ? 1 : 23) {
			r.number = (uint8_t)number;
			for (unsigned flags = 0; flags < 8; flags++) {
				r.msf = flags & 1;
				r.appendable = flags & 2;
				r.atip = flags & 4 ? &atip : NULL;
				check_toc(&r);
			}
		}
	}
}

static void check_codes(void)
{
	uint8_t out[CD_SUB_MAX];

	MUST(cd_sub_channel(&m, CD_SUB_MCN, 0, 0, false, out) == CD_SUB_MAX);
	for (unsigned track = 0; track < 256; track++) {
		bool there = track >= m.first_track && track < m.first_track + m.tracks;

		MUST(cd_sub_channel(&m, CD_SUB_ISRC, (uint8_t)track, 0, false, out) ==
			(there ? CD_SUB_MAX : 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};

	take_input(&in);
	if (cd_map_check(&m, file_sizes, NULL))
		return 0;
	MUST(cd_map_check(&m, NULL, NULL) == NULL);
	MUST(cd_end(&m) > 0 && cd_end(&m) <= CD_LBA_END);
	check_address(INT32_MIN);
	check_address(INT32_MAX);
	for (int32_t near = -2; near <= 2; near++) {
		check_address(-(int32_t)CD_PREGAP + near);
		check_address(cd_end(&m) + near);
		check_address(cd_end(&m) + 6750 + near);
		for (unsigned i = 0; i < m.tracks; i++) {
			check_address(m.track[i].start + near);
			check_address(m.track[i].start - (int32_t)m.track[i].pregap + near);
		}
		for (unsigned i = 0; i < m.extents; i++)
			check_address(m.extent[i].lba + near);
	}
	check_runs();
	check_tocs();
	check_codes();
	return 0;
}
