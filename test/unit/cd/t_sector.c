// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sectors: published values, agreement of EDC and ECC with their definition, and every selection of
 * READ CD for every way to store a sector.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cd/address.h"
#include "cd/sector.h"
#include "util/be.h"

/* ---- the definition, slowly: ECMA-130 annex A ---- */

static uint8_t times(uint8_t a, uint8_t b)
{
	unsigned product = 0;

	for (unsigned bit = 0; bit < 8; bit++)
		product ^= b >> bit & 1 ? (unsigned)a << bit : 0;
	for (unsigned bit = 14; bit >= 8; bit--)
		product ^= product >> bit & 1 ? 0x11du << (bit - 8) : 0;
	return (uint8_t)product;
}

/* Both parity checks of a codeword of n bytes, the last two of which are parity. */
static void assert_codeword(const uint8_t *v, unsigned n)
{
	uint8_t sum = 0, weighted = 0, power = 1;

	for (unsigned i = n; i-- > 0;) {
		sum ^= v[i];
		weighted ^= times(v[i], power);
		power = times(power, 2);
	}
	assert_int_equal(sum, 0);
	assert_int_equal(weighted, 0);
}

static void assert_ecc(const uint8_t *sector)
{
	const uint8_t *d = sector + 12;
	uint8_t v[45];

	for (unsigned column = 0; column < 86; column++) {
		for (unsigned row = 0; row < 26; row++)
			v[row] = d[86 * row + column];
		assert_codeword(v, 26);
	}
	for (unsigned n = 0; n < 52; n++) {
		for (unsigned i = 0; i < 43; i++)
			v[i] = d[(86 * (n / 2) + 88 * i) % 2236 + n % 2];
		v[43] = d[2236 + n];
		v[44] = d[2236 + 52 + n];
		assert_codeword(v, 45);
	}
}

static uint32_t edc_by_definition(const uint8_t *p, unsigned n)
{
	uint32_t edc = 0;

	for (unsigned i = 0; i < n; i++) {
		edc ^= p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			edc = edc & 1 ? edc >> 1 ^ 0xd8018001u : edc >> 1;
	}
	return edc;
}

/* ---- helpers ---- */

static const struct cd_cut whole = {0, CD_SECTOR};

static uint32_t seed;

static uint8_t random_byte(void)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint8_t)(seed >> 24);
}

static void make(uint8_t form, int32_t lba, const uint8_t *user, uint8_t *out)
{
	struct cd_sector s = {.lba = lba, .form = form, .stored = user, .unit = 2048};

	cd_sector_cut(&s, whole, out);
}

static uint64_t fnv(const uint8_t *p, unsigned n)
{
	uint64_t hash = 0xcbf29ce484222325u;

	while (n--)
		hash = (hash ^ *p++) * 0x100000001b3u;
	return hash;
}

static void assert_bytes(const uint8_t *p, uint64_t expected, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(p[i], expected >> (8 * (n - 1 - i)) & 255);
}

/* ---- tests ---- */

static void zeros_at_the_start_of_the_disc(void **state)
{
	static const uint8_t sync[] = {0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0};
	static const uint8_t zeros[2048];
	uint8_t sector[CD_SECTOR];

	(void)state;
	make(CD_MODE1, 0, zeros, sector);
	assert_memory_equal(sector, sync, 12);
	assert_bytes(sector + 12, 0x00020001, 4);
	assert_bytes(sector + 2064, 0xc513682b, 4);
	assert_bytes(sector + 2076, 0x00f700f500000000, 8);
	assert_bytes(sector + 2248, 0x0041000000000000, 8);
	assert_true(fnv(sector, CD_SECTOR) == 0xc9ab16d717b7a353);
	memset(sector, 1, CD_SECTOR);
	make(CD_MODE1, 0, NULL, sector);
	assert_true(fnv(sector, CD_SECTOR) == 0xc9ab16d717b7a353);
}

static void counting_bytes(void **state)
{
	uint8_t user[2048], sector[CD_SECTOR];

	(void)state;
	for (unsigned i = 0; i < sizeof(user); i++)
		user[i] = (uint8_t)i;
	make(CD_MODE1, 16, user, sector);
	assert_bytes(sector + 12, 0x00021601, 4);
	assert_bytes(sector + 2064, 0x5e935192, 4);
	assert_bytes(sector + 2076, 0x421328942172d586, 8);
	assert_bytes(sector + 2248, 0x46e94486f12ae20b, 8);
	make(CD_XA_FORM1, 16, user, sector);
	assert_bytes(sector + 12, 0x00021602, 4);
	assert_bytes(sector + 16, 0x0000080000000800, 8);
	assert_bytes(sector + 2072, 0xe90cd059, 4);
	assert_bytes(sector + 2076, 0x59ff7fd9a80e3f62, 8);
	assert_bytes(sector + 2248, 0x13fd68aa3fe400e9, 8);
}

/* Not only the same as another fast program: every codeword fulfils its two equations. */
static void a_thousand_sectors_fulfil_the_equations(void **state)
{
	uint8_t user[2048], sector[CD_SECTOR];

	(void)state;
	seed = 1;
	for (int32_t n = 0; n < 1000; n++) {
		int32_t lba = n * 450 - 150;

		for (unsigned i = 0; i < sizeof(user); i++)
			user[i] = random_byte();
		make(CD_MODE1, lba, user, sector);
		assert_int_equal(get_le32(sector + 2064), edc_by_definition(sector, 2064));
		assert_bytes(sector + 2068, 0, 8);
		assert_memory_equal(sector + 16, user, sizeof(user));
		assert_ecc(sector);
		make(CD_XA_FORM1, lba, user, sector);
		assert_int_equal(get_le32(sector + 2072), edc_by_definition(sector + 16, 2056));
		assert_memory_equal(sector + 24, user, sizeof(user));
		memset(sector + 12, 0, 4);
		assert_ecc(sector);
	}
}

/* The parts of each form, in the order of the sector, and its bit in the selection. */
static const uint8_t part_bit[5] = {CD_SYNC, CD_HEADER, CD_SUBHEADER, CD_USER_DATA, CD_EDC_ECC};
static const uint16_t part_length[CD_XA][5] = {
	[CD_MODE1] = {12, 4, 0, 2048, 288},
	[CD_MODE2] = {12, 4, 0, 2336, 0},
	[CD_XA_FORM1] = {12, 4, 8, 2048, 280},
	[CD_XA_FORM2] = {12, 4, 8, 2328, 0},
};

/*
 * What a selection takes, by the rule instead of by the table: the parts that are chosen stand side
 * by side in the list; only a subheader that the form lacks may be left out between two others. -1:
 * 5/24/00.
 */
static int by_the_rule(uint8_t form, uint8_t selection, unsigned *offset)
{
	unsigned length = 0;
	bool begun = false, left_out = false;

	*offset = 0;
	/* On CD-DA each part is the whole sector, except EDC and ECC, which it has not. */
	if (form == CD_AUDIO)
		return selection >> 4 ? CD_SECTOR : 0;
	for (unsigned part = 0; part < 5; part++) {
		unsigned n = part_length[form][part];

		if (!(selection & part_bit[part])) {
			if (!begun)
				*offset += n;
			if (part_bit[part] != CD_SUBHEADER || n)
				left_out = begun;
			continue;
		}
		if (left_out)
			return -1;
		begun = true;
		length += n;
	}
	return (int)length;
}

static void each_selection_has_the_layout_of_the_rule(void **state)
{
	unsigned refused = 0;

	(void)state;
	for (uint8_t form = CD_AUDIO; form < CD_XA; form++) {
		for (unsigned selection = 0; selection < 256; selection++) {
			struct cd_cut cut;
			unsigned offset;
			int length = by_the_rule(form, (uint8_t)selection, &offset);

			assert_int_equal(cd_layout(form, (uint8_t)selection, &cut), length >= 0);
			refused += length < 0;
			if (length < 0)
				continue;
			assert_int_equal(cut.length, length);
			if (length)
				assert_int_equal(cut.offset, offset);
		}
	}
	/* So many of 32 selections by 4 forms of data, each with 8 values of the lowest bits. */
	assert_int_equal(refused, 56 * 8);
}

/* The rows that programs use, as MMC-6 6.20 prints them. */
static void selections_that_programs_use(void **state)
{
	static const struct {
		uint8_t selection;
		uint16_t length[CD_XA]; /* 1: refused */
	} rows[] = {
		{0x00, {0, 0, 0, 0, 0}},
		{0x10, {2352, 2048, 2336, 2048, 2328}},
		{0x18, {2352, 2336, 2336, 2328, 2328}},
		{0x20, {2352, 4, 4, 4, 4}},
		{0x28, {2352, 1, 1, 1, 1}},
		{0x30, {2352, 2052, 2340, 1, 1}},
		{0x40, {2352, 0, 0, 8, 8}},
		{0x50, {2352, 2048, 2336, 2056, 2336}},
		{0x58, {2352, 2336, 2336, 2336, 2336}},
		{0x60, {2352, 4, 4, 12, 12}},
		{0x70, {2352, 2052, 2340, 2060, 2340}},
		{0x78, {2352, 2340, 2340, 2340, 2340}},
		{0x80, {2352, 12, 12, 12, 12}},
		{0x90, {2352, 1, 1, 1, 1}},
		{0xa0, {2352, 16, 16, 16, 16}},
		{0xb0, {2352, 2064, 2352, 1, 1}},
		{0xe0, {2352, 16, 16, 24, 24}},
		{0xf0, {2352, 2064, 2352, 2072, 2352}},
		{0xf8, {2352, 2352, 2352, 2352, 2352}},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint8_t form = CD_AUDIO; form < CD_XA; form++) {
			struct cd_cut cut;
			bool taken = cd_layout(form, rows[i].selection, &cut);

			assert_int_equal(taken ? cut.length : 1, rows[i].length[form]);
		}
	}
}

static void expected_types(void **state)
{
	(void)state;
	for (uint8_t form = CD_AUDIO; form < CD_XA; form++) {
		assert_true(cd_type_matches(0, form));
		for (uint8_t type = 1; type < 8; type++)
			assert_int_equal(cd_type_matches(type, form), type == form + 1);
	}
}

/*
 * Every selection of every form, stored in every unit that can hold it, is a cut of the whole
 * sector; and what is written is as long as the layout says. Whole sectors that are stored are
 * wrong on purpose: they are returned with their errors.
 */
static void every_cut_is_a_piece_of_the_whole_sector(void **state)
{
	static const uint16_t units[] = {0, 2048, 2336, 2352, 2448};
	uint8_t stored[2448], full[CD_SECTOR], out[CD_SECTOR + 8];
	unsigned tried = 0;

	(void)state;
	for (unsigned i = 0; i < sizeof(stored); i++)
		stored[i] = random_byte();
	for (uint8_t form = CD_AUDIO; form < CD_XA; form++) {
		for (unsigned u = 0; u < 5; u++) {
			struct cd_sector s = {.lba = 7654,
				.form = form,
				.stored = u ? stored : NULL,
				.unit = units[u],
				.swapped = form == CD_AUDIO && u == 3};

			if ((units[u] == 2048 && form != CD_MODE1 && form != CD_XA_FORM1) ||
				(units[u] == 2336 && form < CD_MODE2))
				continue;
			cd_sector_cut(&s, whole, full);
			for (unsigned selection = 0; selection < 256; selection++) {
				struct cd_cut cut;

				if (!cd_layout(form, (uint8_t)selection, &cut))
					continue;
				memset(out, 0xa5, sizeof(out));
				cd_sector_cut(&s, cut, out + 1);
				assert_memory_equal(out + 1, full + cut.offset, cut.length);
				assert_int_equal(out[0], 0xa5);
				assert_int_equal(out[cut.length + 1], 0xa5);
				tried++;
			}
		}
	}
	assert_true(tried > 2000);
}

static void what_is_stored_is_returned_as_it_is(void **state)
{
	uint8_t stored[2448], full[CD_SECTOR];
	struct cd_sector s = {.lba = 1, .form = CD_XA_FORM1, .stored = stored, .unit = 2448};

	(void)state;
	for (unsigned i = 0; i < sizeof(stored); i++)
		stored[i] = random_byte();
	cd_sector_cut(&s, whole, full);
	assert_memory_equal(full, stored, CD_SECTOR);
	s.unit = 2336;
	cd_sector_cut(&s, whole, full);
	assert_memory_equal(full + 16, stored, 2336);
	assert_bytes(full + 12, 0x00020102, 4);
	s = (struct cd_sector){.form = CD_AUDIO, .stored = stored, .unit = 2352, .swapped = true};
	cd_sector_cut(&s, whole, full);
	for (unsigned i = 0; i < CD_SECTOR; i++)
		assert_int_equal(full[i], stored[i ^ 1]);
}

static void sectors_of_form_2_that_are_not_stored(void **state)
{
	uint8_t full[CD_SECTOR];
	struct cd_sector s = {.lba = 150, .form = CD_XA_FORM2};

	(void)state;
	cd_sector_cut(&s, whole, full);
	assert_bytes(full + 12, 0x00040002, 4);
	assert_bytes(full + 16, 0x0000200000002000, 8);
	for (unsigned i = 24; i < CD_SECTOR; i++)
		assert_int_equal(full[i], 0);
	s.form = CD_MODE2;
	cd_sector_cut(&s, whole, full);
	for (unsigned i = 16; i < CD_SECTOR; i++)
		assert_int_equal(full[i], 0);
}

static void the_subheader_says_the_form(void **state)
{
	uint8_t stored[2448] = {0};

	(void)state;
	stored[2] = 0x20;
	assert_int_equal(cd_sector_form(CD_XA, stored, 2336), CD_XA_FORM2);
	assert_int_equal(cd_sector_form(CD_XA, stored, 2352), CD_XA_FORM1);
	stored[2] = 0x08;
	stored[18] = 0x64;
	assert_int_equal(cd_sector_form(CD_XA, stored, 2336), CD_XA_FORM1);
	assert_int_equal(cd_sector_form(CD_XA, stored, 2352), CD_XA_FORM2);
	assert_int_equal(cd_sector_form(CD_XA, stored, 2448), CD_XA_FORM2);
	assert_int_equal(cd_sector_form(CD_XA, NULL, 0), CD_XA_FORM1);
	assert_int_equal(cd_sector_form(CD_MODE1, stored, 2352), CD_MODE1);
}

static void scrambling(void **state)
{
	static const uint8_t begin[16] = {0x01, 0x80, 0x00, 0x60, 0x00, 0x28, 0x00, 0x1e, 0x80,
		0x08, 0x60, 0x06, 0xa8, 0x02, 0xfe, 0x81};
	static const uint8_t zeros[CD_SECTOR];
	uint8_t sector[CD_SECTOR] = {0};

	(void)state;
	cd_scramble(sector);
	assert_memory_equal(sector, zeros, 12);
	assert_memory_equal(sector + 12, begin, 16);
	cd_scramble(sector);
	assert_memory_equal(sector, zeros, CD_SECTOR);
}

static void addresses(void **state)
{
	int32_t lba;

	(void)state;
	for (int32_t i = -150; i <= CD_LBA_END; i++) {
		struct cd_msf t = cd_msf(i);

		assert_true(cd_lba(t, &lba));
		assert_int_equal(lba, i);
	}
	assert_int_equal(cd_msf(-11634).minute, 97);
	assert_int_equal(cd_msf(-11634).second, 26);
	assert_int_equal(cd_msf(-11634).frame, 66);
	assert_int_equal(cd_msf(-11691).frame, 9);
	assert_int_equal(cd_msf(-151).minute, 99);
	assert_int_equal(cd_msf(-151).frame, 74);
	assert_false(cd_lba((struct cd_msf){100, 0, 0}, &lba));
	assert_false(cd_lba((struct cd_msf){0, 60, 0}, &lba));
	assert_false(cd_lba((struct cd_msf){0, 0, 75}, &lba));
	assert_int_equal(cd_bcd(0), 0);
	assert_int_equal(cd_bcd(99), 0x99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeros_at_the_start_of_the_disc),
		cmocka_unit_test(counting_bytes),
		cmocka_unit_test(a_thousand_sectors_fulfil_the_equations),
		cmocka_unit_test(each_selection_has_the_layout_of_the_rule),
		cmocka_unit_test(selections_that_programs_use),
		cmocka_unit_test(expected_types),
		cmocka_unit_test(every_cut_is_a_piece_of_the_whole_sector),
		cmocka_unit_test(what_is_stored_is_returned_as_it_is),
		cmocka_unit_test(sectors_of_form_2_that_are_not_stored),
		cmocka_unit_test(the_subheader_says_the_form),
		cmocka_unit_test(scrambling),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests_name("sector", tests, NULL, NULL);
}
