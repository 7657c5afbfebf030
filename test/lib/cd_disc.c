// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/cd_disc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cd/sector.h"
#include "cd/subq.h"
#include "cd/text.h"
#include "lib/script.h"
#include "util/array.h"

/* ---- a medium of single bytes --------------------------------------------------------------- */

struct flat {
	struct media m;
	uint8_t bytes[];
};

/* Most bytes of one view: it ends within a sector, as the buffers of a file's medium do. */
#define VIEW_BYTES 100000u

static int flat_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	memcpy(buf, ((struct flat *)m)->bytes + block, count);
	return 0;
}

static int flat_view(struct media *m, uint64_t block, uint32_t *count, const uint8_t **data)
{
	*data = ((struct flat *)m)->bytes + block;
	*count = MIN(*count, VIEW_BYTES - (uint32_t)(block % VIEW_BYTES));
	return 0;
}

static int flat_sync(struct media *m)
{
	(void)m;
	return 0;
}

static int flat_truncate(struct media *m, uint64_t blocks)
{
	(void)m;
	(void)blocks;
	return -EROFS;
}

static void flat_close(struct media *m)
{
	free(m);
}

static const struct media_ops flat_ops = {
	.read = flat_read,
	.view = flat_view,
	.sync = flat_sync,
	.truncate = flat_truncate,
	.close = flat_close,
};

static struct flat *flat_new(uint64_t bytes)
{
	struct flat *f = calloc(1, sizeof(*f) + bytes);

	if (!f)
		return NULL;
	f->m.ops = &flat_ops;
	f->m.unit = 1;
	f->m.blocks = bytes;
	return f;
}

/* ---- sectors -------------------------------------------------------------------------------- */

static uint8_t form_of(const struct cd_track *t, int32_t lba)
{
	if (t->form != CD_XA)
		return t->form;
	return lba % 10 == 9 ? CD_XA_FORM2 : CD_XA_FORM1;
}

/* Builds all 2352 bytes of a data sector of mode 1 or 2 whose user data is stamped. */
static void build_sector(uint8_t form, int32_t lba, uint8_t out[CD_SECTOR])
{
	uint8_t user[CD_SECTOR] = {0};
	struct cd_sector s = {.lba = lba, .form = form, .stored = user, .unit = 2048};
	struct cd_cut all = {0, CD_SECTOR};

	if (form == CD_XA_FORM2) {
		/* All zeros but the user data: form 2 has no parity, and its EDC may be 0. */
		s.stored = NULL;
		cd_sector_cut(&s, all, out);
		script_stamp_bytes((uint32_t)lba, out + 24, 2324);
		memset(out + 2348, 0, 4);
		return;
	}
	script_stamp_bytes((uint32_t)lba, user, 2048);
	cd_sector_cut(&s, all, out);
}

void cd_disc_sector(uint8_t form, int32_t lba, uint8_t out[CD_SECTOR])
{
	const struct cd_track t = {.form = form};

	if (form == CD_AUDIO)
		script_stamp_bytes((uint32_t)lba, out, CD_SECTOR);
	else
		build_sector(form_of(&t, lba), lba, out);
}

static void put_audio(const struct cd_extent *e, int32_t lba, uint8_t *to)
{
	script_stamp_bytes((uint32_t)lba, to, CD_SECTOR);
	for (uint32_t i = 0; e->swapped && i < CD_SECTOR; i += 2) {
		uint8_t first = to[i];

		to[i] = to[i + 1];
		to[i + 1] = first;
	}
	/* R to W of the subchannel, bits 5 to 0. */
	for (uint32_t i = CD_SECTOR; i < e->unit; i++)
		to[i] = (uint8_t)((uint32_t)lba + i) & 0x3f;
}

/*
 * The 96 bytes of a sector in a .sub: P; Q of the disc, of which bit 0 of the CRC is inverted, as
 * on discs with a protection; R to W. Every 50th sector has no Q.
 */
static void put_sub(const struct cd_map *m, int32_t lba, uint8_t *to)
{
	memset(to, lba % 3 == 0 ? 0xff : 0, CD_Q);
	cd_q(m, lba, to + CD_Q);
	to[2 * CD_Q - 1] ^= 1;
	if (lba % 50 == 49)
		memset(to + CD_Q, 0, CD_Q);
	for (uint32_t i = 2 * CD_Q; i < CD_RAW_PW; i++)
		to[i] = (uint8_t)((uint32_t)lba * 7 + i);
}

static void put_sector(
	const struct cd_track *t, const struct cd_extent *e, int32_t lba, uint8_t *to)
{
	uint8_t sector[CD_SECTOR];

	if (t->form == CD_AUDIO) {
		put_audio(e, lba, to);
	} else if (e->unit == 2048) {
		script_stamp_bytes((uint32_t)lba, to, 2048);
	} else {
		build_sector(form_of(t, lba), lba, sector);
		memcpy(to, e->unit == 2336 ? sector + 16 : sector, e->unit);
	}
}

/* ---- discs ---------------------------------------------------------------------------------- */

/* Packs of one text, "" between tracks: album, track 1, track 2, ... */
static void put_text_packs(struct cd_map *m, uint8_t type, const char *text, uint32_t len)
{
	for (uint32_t at = 0, track = 0; at < len; at += 12) {
		uint8_t *p = m->text[m->text_packs];
		uint32_t begins = at;

		while (begins > 0 && text[begins - 1] != '\0')
			begins--;
		p[0] = type;
		p[1] = (uint8_t)track;
		p[2] = (uint8_t)m->text_packs++;
		p[3] = (uint8_t)MIN(at - begins, 15u);
		memcpy(p + 4, text + at, MIN(12u, len - at));
		for (uint32_t i = at; i < MIN(at + 12, len); i++)
			track += text[i] == '\0';
		cd_text_seal(p);
	}
}

/* Size information, type 8Fh: tracks, packs of each type, and the language English (9). */
static void put_size_packs(struct cd_map *m, uint8_t titles, uint8_t performers)
{
	uint8_t info[36] = {[1] = 1,
		[2] = m->tracks,
		[4] = titles,
		[5] = performers,
		[19] = 3,
		[20] = (uint8_t)(m->text_packs + 2),
		[28] = 9};

	for (uint8_t i = 0; i < 3; i++) {
		uint8_t *p = m->text[m->text_packs];

		p[0] = 0x8f;
		p[1] = i;
		p[2] = (uint8_t)m->text_packs++;
		memcpy(p + 4, info + 12 * i, 12);
		cd_text_seal(p);
	}
}

static void make_mixed(struct cd_map *m)
{
	*m = (struct cd_map){
		.first_track = 1,
		.tracks = 3,
		.sessions = 1,
		.files = 3,
		.extents = 3,
		.mcn = "4006381333931",
		.track =
			{
				{.length = 1000,
					.pregap = 150,
					.session = 1,
					.control = 4,
					.form = CD_MODE1},
				{.start = 1150,
					.pregap = 150,
					.length = 600,
					.session = 1,
					.isrc = "DEAAA0000001"},
				{.start = 1750,
					.length = 500,
					.session = 1,
					.isrc = "DEAAA0000002"},
			},
		.session = {{.lead_out = 2250}},
		.extent =
			{
				{.lba = 0, .count = 1000, .file = 0, .unit = 2048},
				{.lba = 1150, .count = 600, .file = 1, .unit = 2448},
				{.lba = 1750,
					.count = 500,
					.file = 2,
					.unit = 2352,
					.swapped = true},
			},
	};
}

static void make_audio(struct cd_map *m)
{
	static const char titles[] = "Album Title\0First\0Second\0Third";
	static const char performers[] = "Artist\0Artist\0Artist\0Artist";

	*m = (struct cd_map){
		.first_track = 1,
		.tracks = 3,
		.sessions = 1,
		.files = 1,
		.extents = 1,
		.mcn = "4006381333931",
		.track =
			{
				{.length = 700,
					.pregap = 150,
					.session = 1,
					.isrc = "DEAAA0000001"},
				{.start = 850,
					.pregap = 150,
					.length = 600,
					.session = 1,
					.isrc = "DEAAA0000002"},
				{.start = 1450,
					.length = 500,
					.session = 1,
					.indexes = 1,
					.index = {1675},
					.isrc = "DEAAA0000003"},
			},
		.session = {{.lead_out = 1950}},
		.extent = {{.lba = 0, .count = 1950, .file = 0, .unit = 2352}},
	};
	put_text_packs(m, 0x80, titles, sizeof(titles));
	put_text_packs(m, 0x81, performers, sizeof(performers));
	put_size_packs(m, 3, 3);
}

static void make_extra(struct cd_map *m)
{
	*m = (struct cd_map){
		.first_track = 1,
		.tracks = 3,
		.sessions = 2,
		.files = 2,
		.extents = 2,
		.track =
			{
				{.length = 700, .pregap = 150, .session = 1},
				{.start = 850, .pregap = 150, .length = 600, .session = 1},
				{.start = 12850,
					.pregap = 150,
					.length = 900,
					.session = 2,
					.control = 4,
					.form = CD_XA},
			},
		.session = {{.format = 0x20, .lead_out = 1450},
			{.format = 0x20, .lead_out = 13750}},
		.extent =
			{
				{.lba = 0, .count = 1450, .file = 0, .unit = 2352},
				{.lba = 12850, .count = 900, .file = 1, .unit = 2336},
			},
	};
}

/* As of CloneCD: an image and its subchannels. Nothing of the first pregap is stored. */
static void make_ccd(struct cd_map *m)
{
	*m = (struct cd_map){
		.first_track = 1,
		.tracks = 2,
		.sessions = 1,
		.files = 2,
		.extents = 2,
		.mcn = "4006381333931",
		.track =
			{
				{.length = 1000,
					.pregap = 150,
					.session = 1,
					.control = 4,
					.form = CD_MODE1},
				{.start = 1150,
					.pregap = 150,
					.length = 600,
					.session = 1,
					.isrc = "DEAAA0000001"},
			},
		.session = {{.lead_out = 1750}},
		.extent =
			{
				{.lba = 0,
					.count = 1000,
					.unit = 2352,
					.subs = CD_SUBS_PLANES,
					.sub_file = 1},
				{.lba = 1000,
					.count = 750,
					.offset = 1000 * 2352,
					.unit = 2352,
					.subs = CD_SUBS_PLANES,
					.sub_file = 1,
					.sub_offset = 1000 * 96},
			},
	};
}

static const struct cd_track *track_of(const struct cd_map *m, int32_t lba)
{
	const struct cd_track *t = m->track;

	while (lba >= t->start + (int32_t)t->length)
		t++;
	return t;
}

static void fill(struct cd_disc *d, uint8_t *bytes)
{
	for (unsigned i = 0; i < d->map.extents; i++) {
		const struct cd_extent *e = &d->map.extent[i];
		uint8_t *to = bytes + d->file[e->file] + e->offset;

		for (uint32_t n = 0; n < e->count; n++, to += e->unit) {
			int32_t lba = e->lba + (int32_t)n;

			put_sector(track_of(&d->map, lba), e, lba, to);
			if (e->subs)
				put_sub(&d->map, lba,
					bytes + d->file[e->sub_file] + e->sub_offset + n * 96u);
		}
	}
}

/* The sizes of the files: they end with their last sector. */
static void measure(struct cd_disc *d)
{
	for (unsigned i = 0; i < d->map.extents; i++) {
		const struct cd_extent *e = &d->map.extent[i];

		d->size[e->file] = MAX(d->size[e->file], e->offset + (uint64_t)e->count * e->unit);
		if (e->subs)
			d->size[e->sub_file] = MAX(d->size[e->sub_file],
				e->sub_offset + (uint64_t)e->count * CD_RAW_PW);
	}
}

bool cd_disc_make(const char *name, struct cd_disc *out)
{
	static const struct {
		const char *name;
		void (*make)(struct cd_map *m);
	} discs[] = {{"mixed", make_mixed}, {"audio", make_audio}, {"extra", make_extra},
		{"ccd", make_ccd}};
	uint64_t bytes = 0;
	struct flat *f;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < ARRAY_LEN(discs); i++)
		if (strcmp(discs[i].name, name) == 0)
			discs[i].make(&out->map);
	if (out->map.tracks == 0)
		return false;
	measure(out);
	/* A byte between two files belongs to none. */
	for (unsigned i = 0; i < out->map.files; i++) {
		out->file[i] = bytes;
		bytes += out->size[i] + 1;
	}
	f = flat_new(bytes);
	if (!f)
		return false;
	fill(out, f->bytes);
	out->media = &f->m;
	return true;
}
