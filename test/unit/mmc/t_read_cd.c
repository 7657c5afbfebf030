// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * READ CD against a simple reader: random selections, ranges and pieces of made-up discs whose
 * files have units of every size. The simple reader makes one sector after the other from the map.
 * Whatever the medium and the transport cut, the host gets these bytes, and only the last piece
 * ends inside a packet.
 */
#include "cd/find.h"
#include "cd/sector.h"
#include "cd/subq.h"
#include "lib/cd_disc.h"
#include "mmc/sense.h"
#include "unit/mmc/drive_cmd.h"

#define ROUNDS 4000u

static uint64_t random_state = 1;

static uint32_t below(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)((random_state >> 32) * n >> 32);
}

struct wish {
	int32_t lba;
	uint32_t count;
	uint8_t type, main, error, sub;
};

/* What the simple reader gives. */
static uint8_t want[SCRIPT_MAX_DATA];
static uint32_t want_len;

/* Writes the subchannel of the sector, bit by bit if it is in a file of its own. */
static void add_sub(const struct cd_disc *d, const struct wish *w, int32_t lba,
	const struct cd_run *run, const uint8_t *stored, uint8_t *to)
{
	uint8_t planes[CD_RAW_PW], raw[CD_RAW_PW] = {0}, q = 0;

	if (run->subs == CD_SUBS_NONE) {
		cd_sub(&d->map, lba, w->sub, run->unit == 2448 ? stored + CD_SECTOR : NULL, to);
		return;
	}
	assert_int_equal(
		media_read(d->media, d->file[run->sub_file] + run->sub_offset, CD_RAW_PW, planes),
		0);
	for (unsigned bit = 0; bit < 8 * CD_RAW_PW; bit++)
		raw[bit % 96] |=
			(uint8_t)((planes[bit / 8] >> (7 - bit % 8) & 1) << (7 - bit / 96));
	for (unsigned i = 12; i < 24; i++)
		q |= planes[i];
	if (!q) {
		cd_sub(&d->map, lba, w->sub, raw, to);
	} else if (w->sub == CD_SUB_Q) {
		memcpy(to, planes + 12, 12);
		memset(to + 12, 0, 4);
		to[15] = planes[0] & 0x80;
	} else {
		for (unsigned i = 0; i < CD_RAW_PW; i++)
			to[i] = w->sub == CD_SUB_RW ? raw[i] & 0x3f : raw[i];
	}
}

/*
 * Appends a sector to want[]. 0 or sense. *unit: bytes of the main channel that each sector of the
 * command must have; 0 before the first sector of a track that is not XA, which sets it. no_layout:
 * the sense if the selection cannot be taken from the sector; 5/64/00 for all but the first sector.
 */
static mmc_sense_t add_sector(const struct cd_disc *d, const struct wish *w, int32_t lba,
	uint32_t *unit, mmc_sense_t no_layout)
{
	static const uint16_t errors[] = {0, 294, 296};
	const uint8_t *bytes, *stored = NULL;
	uint32_t one = UINT32_MAX;
	struct cd_run run;
	struct cd_cut cut;

	assert_true(cd_find_run(&d->map, lba, &run));
	if (run.file != CD_NO_FILE) {
		one = run.unit;
		assert_int_equal(media_view(d->media, d->file[run.file] + run.offset, &one,
					 want + want_len, &bytes),
			0);
		stored = bytes;
		if (one < run.unit) {
			one = run.unit;
			static uint8_t joined[2448];
			assert_int_equal(
				media_read(d->media, d->file[run.file] + run.offset, one, joined),
				0);
			stored = joined;
		}
	}
	struct cd_sector s = {.lba = lba,
		.form = cd_sector_form(run.form, stored, run.unit),
		.stored = stored,
		.unit = run.unit,
		.swapped = run.swapped};
	if (!cd_type_matches(w->type, s.form))
		return SENSE_ILLEGAL_MODE;
	if (!cd_layout(s.form, w->main, &cut))
		return no_layout;
	if ((*unit || no_layout == SENSE_ILLEGAL_MODE) && *unit != cut.length)
		return SENSE_ILLEGAL_MODE;
	*unit = cut.length;
	uint32_t all = cut.length + errors[w->error] + (uint32_t)cd_sub_length(w->sub);
	assert_true(want_len + all <= sizeof(want));
	cd_sector_cut(&s, cut, want + want_len);
	memset(want + want_len + cut.length, 0, errors[w->error]);
	if (w->sub)
		add_sub(d, w, lba, &run, stored, want + want_len + cut.length + errors[w->error]);
	want_len += all;
	return 0;
}

static bool is_xa(const struct cd_disc *d, int32_t lba)
{
	return d->map.track[cd_find_track(&d->map, lba)].form == CD_XA;
}

/*
 * Before it reads the first sector of an XA track, a drive cannot know the form of that sector. It
 * takes the form that the host expects, or form 1. Returns the bytes of the main channel that such
 * a sector gives; 0 for another track, or with the sense in *s.
 */
static uint32_t unit_of_xa(const struct cd_disc *d, const struct wish *w, mmc_sense_t *s)
{
	uint8_t form = w->type == 5 ? CD_XA_FORM2 : CD_XA_FORM1;
	struct cd_cut cut;

	if (!is_xa(d, w->lba))
		return 0;
	if (!cd_type_matches(w->type, form))
		*s = SENSE_ILLEGAL_MODE;
	else if (!cd_layout(form, w->main, &cut))
		*s = SENSE_INVALID_FIELD_IN_CDB;
	return *s ? 0 : cut.length;
}

/* The whole command by the simple reader. */
static mmc_sense_t simple(const struct cd_disc *d, const struct wish *w)
{
	uint32_t unit;
	mmc_sense_t s = 0;

	want_len = 0;
	for (uint32_t i = 0; i < w->count; i++)
		if (cd_find_track(&d->map, w->lba + (int32_t)i) < 0)
			return SENSE_LBA_OUT_OF_RANGE;
	unit = unit_of_xa(d, w, &s);
	/* Without any part selected, nothing is read. */
	if (s == 0 && unit == 0 && is_xa(d, w->lba) && w->error == 0 && w->sub == 0)
		return 0;
	for (uint32_t i = 0; i < w->count && s == 0; i++) {
		s = add_sector(d, w, w->lba + (int32_t)i, &unit,
			i == 0 ? SENSE_INVALID_FIELD_IN_CDB : SENSE_ILLEGAL_MODE);
		if (want_len == 0)
			return s;
	}
	return s;
}

/* Runs it on the drive, in pieces of random sizes, some of which the transport gives back. */
static mmc_sense_t on_drive(struct mmc_drive *d, const struct wish *w)
{
	uint8_t cdb[12] = {0xbe, (uint8_t)(w->type << 2)};
	const uint8_t *p;
	int32_t n;

	put_be32(cdb + 2, (uint32_t)w->lba);
	cdb[7] = (uint8_t)(w->count >> 8);
	cdb[8] = (uint8_t)w->count;
	cdb[9] = (uint8_t)(w->main | w->error << 1);
	cdb[10] = w->sub;
	answer.len = 0;
	mmc_begin(d, cdb, sizeof(cdb), sizeof(answer.data), &answer.xfer);
	while ((n = mmc_pull(d, &p, MMC_GRAIN * (1 + below(64)))) > 0) {
		if (below(5) == 0) {
			mmc_unpull(d, (uint32_t)n);
			continue;
		}
		assert_true(answer.len + (uint32_t)n <= sizeof(answer.data));
		memcpy(answer.data + answer.len, p, (size_t)n);
		/* A piece that ends inside a packet is the last one. */
		assert_int_equal(answer.len % MMC_GRAIN, 0);
		answer.len += (uint32_t)n;
	}
	return mmc_end(d) == MMC_GOOD ? 0 : mmc_last_sense(d);
}

static void random_wish(const struct cd_map *m, struct wish *w)
{
	static const uint8_t subs[] = {CD_SUB_NONE, CD_SUB_NONE, CD_SUB_PW, CD_SUB_Q, CD_SUB_RW};
	static const uint8_t mains[] = {0xf8, 0x10, 0x58, 0x78, 0x18, 0x20, 0xe0};
	const struct cd_track *t = &m->track[below(m->tracks)];

	/* Near the ends of tracks, where something changes, or anywhere. */
	w->lba = t->start + (int32_t)below(40) - 20;
	if (below(2))
		w->lba = t->start + (int32_t)below(t->length);
	w->count = 1 + (below(3) ? below(20) : below(200));
	w->type = below(3) ? 0 : (uint8_t)below(6);
	w->main = below(3) ? mains[below(ARRAY_LEN(mains))] : (uint8_t)(below(32) << 3);
	w->error = (uint8_t)(below(4) ? 0 : below(3));
	w->sub = subs[below(ARRAY_LEN(subs))];
}

static void bytes_are_those_of_the_simple_reader(const char *name)
{
	struct mmc_drive *drive = new_drive();
	unsigned good = 0, cut = 0;
	struct cd_disc d;
	struct wish w;

	assert_true(cd_disc_make(name, &d));
	struct disc_options o = {.media = d.media, .map = &d.map, .map_file = d.file};
	mmc_insert(drive, disc_open(&o));
	drain_events(drive);
	for (unsigned i = 0; i < ROUNDS; i++) {
		random_wish(&d.map, &w);
		mmc_sense_t expected = simple(&d, &w), got = on_drive(drive, &w);

		if (got != expected || answer.len != want_len ||
			memcmp(answer.data, want, want_len) != 0)
			fail_msg("%s lba %d count %u type %u main %02x error %u sub %u: %06x and "
				 "%u bytes, not %06x and %u",
				name, w.lba, w.count, w.type, w.main, w.error, w.sub, got,
				answer.len, expected, want_len);
		good += got == 0 && want_len > 0;
		cut += got != 0 && want_len > 0;
	}
	/* The rounds try what they are for. On a disc of audio alone all sectors have one form. */
	assert_true(good > ROUNDS / 5);
	assert_true(cut > 0 || strcmp(name, "audio") == 0);
	print_message("# %s: %u whole, %u ended early\n", name, good, cut);
	mmc_drive_free(drive);
}

static void mixed(void **state)
{
	(void)state;
	bytes_are_those_of_the_simple_reader("mixed");
}

static void audio(void **state)
{
	(void)state;
	bytes_are_those_of_the_simple_reader("audio");
}

static void extra(void **state)
{
	(void)state;
	bytes_are_those_of_the_simple_reader("extra");
}

static void ccd(void **state)
{
	(void)state;
	bytes_are_those_of_the_simple_reader("ccd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(mixed), cmocka_unit_test(audio),
		cmocka_unit_test(extra), cmocka_unit_test(ccd)};

	return cmocka_run_group_tests_name("read cd", tests, NULL, NULL);
}
