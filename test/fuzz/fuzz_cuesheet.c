// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any cue sheet of a host, and then any order of blocks, closings and test writes. Whatever is
 * accepted gives a disc that holds together, and a state that is read again.
 *
 * Input: a flag byte, two bytes of length, the sheet; then a byte for each step.
 */
#include <string.h>

#include "cd/check.h"
#include "cd/cue_sheet.h"
#include "disc/cd_int.h"
#include "disc/compact.h"
#include "disc/disc_state.h"
#include "fuzz/input.h"
#include "util/array.h"

#define CAPACITY 20000u

static void check_sheet(const uint8_t *sheet, uint32_t len)
{
	static struct cd_cue cue;
	const struct cd_cue_place place = {1, -150, CAPACITY};
	int32_t at = -150;

	if (!cd_cue_parse(sheet, len, &place, &cue))
		return;
	MUST(cue.tracks >= 1 && cue.tracks <= CD_MAX_TRACKS);
	for (unsigned i = 0; i < cue.tracks; i++) {
		MUST(cue.track[i].start - (int32_t)cue.track[i].pregap == at);
		MUST(cue.track[i].length > 0);
		at = cue.track[i].start + (int32_t)cue.track[i].length;
	}
	MUST(at == cue.lead_out && at <= (int32_t)CAPACITY);
	at = -150;
	for (unsigned i = 0; i < cue.parts; i++) {
		MUST(cue.part[i].lba == at && cd_cue_part_at(&cue, at) == &cue.part[i]);
		MUST(cd_block_of_data_form(cue.part[i].data_form));
		at = cd_cue_part_end(&cue, &cue.part[i]);
	}
	MUST(at == cue.lead_out);
}

static void check_disc(const struct disc *d)
{
	static char text[STORE_TEXT_MAX], again[STORE_TEXT_MAX];
	static struct disc_state s, t;
	const struct cd_map *m = disc_cd_map(d);
	uint64_t size = d->media->blocks;
	size_t len;

	MUST(m->tracks == 0 || cd_map_check(m, d->testing ? NULL : &size, NULL) == NULL);
	MUST(d->layout.tracks >= 1 && disc_layout_end(&d->layout) <= CAPACITY);
	MUST(d->testing || size == d->cd->end);
	memset(&s, 0, sizeof(s));
	s.medium = d->medium;
	s.unit = 1;
	s.capacity = d->capacity;
	s.cd = d->cd->now;
	len = disc_state_encode(&s, text);
	MUST(len < STORE_TEXT_MAX);
	MUST(disc_state_decode(text, len, NULL, &t) == NULL);
	MUST(disc_state_encode(&t, again) == len && memcmp(text, again, len) == 0);
	MUST(t.layout.tracks == d->layout.tracks && t.layout.sessions == d->layout.sessions);
}

static void record(struct disc *d, uint32_t count)
{
	static const uint8_t blocks[64 * CD_SECTOR];
	int64_t lba;
	uint32_t unit;

	if (!disc_cd_nwa(d, &lba))
		return;
	unit = disc_cd_write_unit(d, lba);
	MUST(unit <= CD_SECTOR);
	/* Less than the host would like to write, if that goes over the end of a kind of block. */
	while (count > 1 && disc_may_write(d, lba, count) != DISC_OK)
		count /= 2;
	(void)disc_write(d, lba, count, blocks);
	(void)disc_write(d, lba + 1000, 1, blocks);
}

static void step(struct disc *d, uint8_t byte, const uint8_t *sheet, uint32_t len)
{
	static const struct disc_cd_write writes[] = {
		{.form = CD_AUDIO, .unit = 2352},
		{.form = CD_MODE1, .unit = 2048, .control = 4, .next_session = true},
		{.form = CD_XA,
			.unit = 2332,
			.control = 4,
			.next_session = true,
			.session_format = 0x20},
		{.at_once = true, .next_session = true},
	};

	switch (byte & 7) {
	case 0:
		disc_cd_set_write(d, &writes[byte >> 3 & 3]);
		break;
	case 1:
		(void)disc_cd_cue_sheet(d, sheet, len);
		break;
	case 2:
		MUST(disc_cd_flush(d) >= 0);
		break;
	case 3:
		(void)disc_close_session(d);
		break;
	case 4:
		if (byte >> 3 == 0)
			(void)disc_finalise(d);
		else if (byte >> 3 == 1)
			MUST(disc_blank(d) == DISC_OK);
		else
			(void)disc_test_write(d, byte & 0x20);
		break;
	default:
		record(d, 1u << (byte >> 3 & 7) % 7);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct disc_options o = {.medium = disc_medium_of(DISC_CD_RW), .capacity = CAPACITY};
	uint8_t flags = take8(&in);
	uint32_t len = take16(&in);
	const uint8_t *sheet = in.p;
	struct disc *d;

	len = MIN(len, (uint32_t)in.n);
	in.p += len;
	in.n -= len;
	check_sheet(sheet, len);
	o.media = media_mem_new_units(1, 0, true);
	MUST(o.media);
	d = disc_open(&o);
	MUST(d && d->cd);
	disc_cd_set_write(d, &(struct disc_cd_write){.at_once = true, .next_session = flags & 1});
	(void)disc_cd_cue_sheet(d, sheet, len);
	check_disc(d);
	for (unsigned n = 0; in.n > 0 && n < 200; n++) {
		step(d, take8(&in), sheet, len);
		check_disc(d);
	}
	disc_put(d);
	return 0;
}
