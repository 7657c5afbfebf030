// SPDX-License-Identifier: GPL-2.0-or-later
/* Subchannels: published values, and what a reader of the disc decodes from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cd/find.h"
#include "cd/subq.h"
#include "unit/cd/discs.h"

static struct cd_map m;

static void assert_q(int32_t lba, const char *expected)
{
	uint8_t q[CD_Q], wanted[CD_Q];

	assert_int_equal(unhex(expected, wanted, CD_Q), CD_Q);
	assert_true(cd_q(&m, lba, q));
	assert_memory_equal(q, wanted, CD_Q);
}

static void published_values(void **state)
{
	(void)state;
	audio_disc(&m);
	assert_q(0, "01 01 01 00 00 00 00 00 02 00 5a 28");
	assert_q(-1, "01 01 00 00 00 00 00 00 01 74 76 bb");
	mixed_disc(&m);
	assert_q(16, "41 01 01 00 00 16 00 00 02 16 93 1a");
}

/* CRC-16 by its definition. */
static uint16_t crc_by_definition(const uint8_t *p, unsigned n)
{
	unsigned crc = 0;

	for (unsigned i = 0; i < n; i++) {
		crc ^= (unsigned)p[i] << 8;
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? crc << 1 ^ 0x11021 : crc << 1;
	}
	return (uint16_t)~crc;
}

static unsigned from_bcd(uint8_t v)
{
	assert_true(v >> 4 < 10 && (v & 15) < 10);
	return (v >> 4) * 10u + (v & 15u);
}

static int32_t frames(const uint8_t *p)
{
	return (int32_t)((from_bcd(p[0]) * 60 + from_bcd(p[1])) * 75 + from_bcd(p[2]));
}

/* What a reader decodes of a sector of the track. */
static void assert_position(const uint8_t *q, int32_t lba, unsigned track)
{
	const struct cd_track *t = &m.track[track];
	unsigned index = lba < t->start ? 0 : 1;

	for (unsigned i = 0; index && i < t->indexes; i++)
		index += lba >= t->index[i];
	assert_int_equal(from_bcd(q[1]), track + 1);
	assert_int_equal(from_bcd(q[2]), index);
	assert_int_equal(frames(q + 3), index ? lba - t->start : t->start - 1 - lba);
	assert_int_equal(q[6], 0);
	assert_int_equal(frames(q + 7), lba + 150);
}

static char isrc_character(const uint8_t *q, unsigned i)
{
	unsigned bit = 8 + 6 * i;
	unsigned two = (unsigned)q[bit / 8] << 8 | q[bit / 8 + 1];
	unsigned code = two >> (10 - bit % 8) & 63;

	return (char)(code < 10 ? code + '0' : code - 17 + 'A');
}

static void assert_isrc(const uint8_t *q, const char *isrc)
{
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(isrc_character(q, i), isrc[i]);
	assert_int_equal(q[4] & 3, 0);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(q[5 + i / 2] >> (i % 2 ? 0 : 4) & 15, isrc[5 + i] - '0');
	assert_int_equal(q[8] & 15, 0);
}

static void assert_mcn(const uint8_t *q, const char *mcn)
{
	for (unsigned i = 0; i < 13; i++)
		assert_int_equal(q[1 + i / 2] >> (i % 2 ? 0 : 4) & 15, mcn[i] - '0');
	assert_int_equal(q[7] & 15, 0);
	assert_int_equal(q[8], 0);
}

/* Reads the whole disc. The texts come at least once in any 100 sectors of a track. */
static void read_disc(void)
{
	int32_t mcn_at = -150, isrc_at = -150;
	uint8_t q[CD_Q];

	for (int32_t lba = -150; lba < cd_end(&m); lba++) {
		int track = cd_find_track(&m, lba);
		const struct cd_track *t = track < 0 ? NULL : &m.track[track];

		if (!t || lba == t->start - (int32_t)t->pregap) {
			mcn_at = isrc_at = lba;
			if (!t)
				continue;
		}
		assert_true(cd_q(&m, lba, q));
		assert_int_equal(q[0] >> 4, t->control);
		assert_int_equal(q[10] << 8 | q[11], crc_by_definition(q, 10));
		if ((q[0] & 15) == 1)
			assert_position(q, lba, (unsigned)track);
		else
			assert_int_equal(from_bcd(q[9]), (lba + 150) % 75);
		if ((q[0] & 15) == 2) {
			assert_mcn(q, m.mcn);
			mcn_at = lba;
		} else if ((q[0] & 15) == 3) {
			assert_isrc(q, t->isrc);
			isrc_at = lba;
		}
		assert_true(!m.mcn[0] || lba - mcn_at < 100);
		assert_true(!t->isrc[0] || lba - isrc_at < 100);
	}
}

static void readers_decode_what_the_map_says(void **state)
{
	(void)state;
	mixed_disc(&m);
	read_disc();
	audio_disc(&m);
	memcpy(m.track[0].isrc, "Z9AZ09999990", 13);
	read_disc();
	extra_disc(&m);
	read_disc();
}

static void the_lead_out_is_track_aa(void **state)
{
	uint8_t q[CD_Q], zeros[CD_Q] = {0};

	(void)state;
	audio_disc(&m);
	assert_true(cd_q(&m, 1950, q));
	assert_int_equal(q[1], 0xaa);
	assert_int_equal(q[2], 1);
	assert_int_equal(frames(q + 3), 0);
	assert_true(cd_q(&m, 1950 + 6749, q));
	assert_false(cd_q(&m, 1950 + 6750, q));
	assert_memory_equal(q, zeros, CD_Q);
	assert_false(cd_q(&m, -151, q));
}

static void lengths_of_subchannels(void **state)
{
	static const int lengths[8] = {0, 96, 16, -1, 96, -1, -1, -1};

	(void)state;
	for (uint8_t selection = 0; selection < 8; selection++)
		assert_int_equal(cd_sub_length(selection), lengths[selection]);
}

/* The subchannels of one sector from READ CD. */
static void subchannels_of_a_sector(void **state)
{
	static const int32_t at[] = {-150, -1, 0, 60, 10, 35, 700, 849, 850, 1949};
	uint8_t out[CD_RAW_PW + 1], q[CD_Q], stored[CD_RAW_PW];

	(void)state;
	audio_disc(&m);
	for (unsigned i = 0; i < CD_RAW_PW; i++)
		stored[i] = (uint8_t)(i * 37 + 200);
	for (unsigned n = 0; n < sizeof(at) / sizeof(at[0]); n++) {
		bool pregap = at[n] < 0 || (at[n] >= 700 && at[n] < 850);

		memset(out, 0xa5, sizeof(out));
		cd_q(&m, at[n], q);
		cd_sub(&m, at[n], CD_SUB_Q, NULL, out);
		assert_memory_equal(out, q, CD_Q);
		assert_int_equal(out[12] | out[13] | out[14], 0);
		assert_int_equal(out[15], pregap ? 0x80 : 0);
		assert_int_equal(out[16], 0xa5);
		for (unsigned with = 0; with < 2; with++) {
			cd_sub(&m, at[n], CD_SUB_PW, with ? stored : NULL, out);
			for (unsigned i = 0; i < CD_RAW_PW; i++) {
				assert_int_equal(out[i] >> 7, pregap);
				assert_int_equal(out[i] >> 6 & 1, q[i / 8] >> (7 - i % 8) & 1);
				assert_int_equal(out[i] & 0x3f, with ? stored[i] & 0x3f : 0);
			}
			cd_sub(&m, at[n], CD_SUB_RW, with ? stored : NULL, out);
			for (unsigned i = 0; i < CD_RAW_PW; i++)
				assert_int_equal(out[i], with ? stored[i] & 0x3f : 0);
		}
		assert_int_equal(out[CD_RAW_PW], 0xa5);
		memset(out, 0xa5, sizeof(out));
		cd_sub(&m, at[n], CD_SUB_NONE, stored, out);
		assert_int_equal(out[0], 0xa5);
	}
}

/* 12 bytes of P, 12 of Q, ... 12 of W become symbols: a bit of each of the eight. */
static void subchannels_of_a_file(void **state)
{
	uint8_t planes[CD_RAW_PW], raw[CD_RAW_PW + 1], out[CD_RAW_PW + 1];

	(void)state;
	for (unsigned i = 0; i < CD_RAW_PW; i++)
		planes[i] = (uint8_t)(i * 89 + 3);
	memcpy(raw, planes, CD_RAW_PW);
	raw[CD_RAW_PW] = 0xa5;
	cd_sub_weave(raw);
	for (unsigned i = 0; i < CD_RAW_PW; i++)
		for (unsigned channel = 0; channel < 8; channel++)
			assert_int_equal(raw[i] >> (7 - channel) & 1,
				planes[12 * channel + i / 8] >> (7 - i % 8) & 1);
	assert_int_equal(raw[CD_RAW_PW], 0xa5);
	memset(out, 0xa5, sizeof(out));
	assert_true(cd_sub_stored(raw, CD_SUB_PW, out));
	assert_memory_equal(out, raw, CD_RAW_PW);
	assert_true(cd_sub_stored(raw, CD_SUB_RW, out));
	for (unsigned i = 0; i < CD_RAW_PW; i++)
		assert_int_equal(out[i], raw[i] & 0x3f);
	assert_int_equal(out[CD_RAW_PW], 0xa5);
	memset(out, 0xa5, sizeof(out));
	assert_true(cd_sub_stored(raw, CD_SUB_Q, out));
	assert_memory_equal(out, planes + 12, CD_Q);
	assert_int_equal(out[12] | out[13] | out[14], 0);
	assert_int_equal(out[15], planes[0] & 0x80);
	assert_int_equal(out[16], 0xa5);
	/* Without Q. */
	for (unsigned i = 0; i < CD_RAW_PW; i++)
		raw[i] &= 0xbf;
	memset(out, 0xa5, sizeof(out));
	assert_false(cd_sub_stored(raw, CD_SUB_PW, out));
	assert_int_equal(out[0], 0xa5);
}

/* track: of the ISRC; expected: "" for a refusal. */
static void assert_sub(uint8_t format, uint8_t track, int32_t lba, bool msf, const char *expected)
{
	uint8_t out[CD_SUB_MAX], wanted[CD_SUB_MAX];
	unsigned n = unhex(expected, wanted, CD_SUB_MAX);

	assert_int_equal(cd_sub_channel(&m, format, track, lba, msf, out), n);
	assert_memory_equal(out, wanted, n);
}

static void read_sub_channel(void **state)
{
	(void)state;
	audio_disc(&m);
	assert_sub(1, 0, 0, true, "01 10 01 01 00 00 02 00 00 00 00 00");
	assert_sub(1, 0, 0, false, "01 10 01 01 00 00 00 00 00 00 00 00");
	assert_sub(1, 0, 1700, false, "01 10 03 02 00 00 06 a4 00 00 00 fa");
	assert_sub(1, 0, 1700, true, "01 10 03 02 00 00 18 32 00 00 03 19");
	assert_sub(1, 0, 800, false, "01 10 02 00 00 00 03 20 ff ff ff ce");
	assert_sub(1, 0, 800, true, "01 10 02 00 00 00 0c 32 00 00 00 31");
	assert_sub(1, 0, 1950, false, "01 10 aa 01 00 00 07 9e 00 00 00 00");
	assert_sub(1, 0, 9999, false, "");
	assert_sub(2, 0, 0, true, "02 00 00 00 80 34 30 30 36 33 38 31 33 33 33 39 33 31 00 00");
	assert_sub(3, 1, 0, true, "03 10 01 00 80 44 45 41 41 41 30 30 30 30 30 30 31 00 00 00");
	assert_sub(3, 0, 0, true, "");
	assert_sub(3, 4, 0, true, "");
	assert_sub(0, 1, 0, true, "");
	assert_sub(4, 1, 0, true, "");
	mixed_disc(&m);
	m.mcn[0] = '\0';
	assert_sub(2, 0, 0, true, "02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
	assert_sub(3, 1, 0, true, "03 14 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
}

/* The packs that a reader got from a disc, with the CRCs of a program that burns CD-Text. */
static void packs_of_cd_text(void **state)
{
	uint8_t packs[CD_TEXT_OF_SECTOR], back[CD_TEXT_OF_SECTOR], symbols[96];

	(void)state;
	audio_disc(&m);
	assert_int_equal(m.text[0][16] << 8 | m.text[0][17], 0x9db9);
	assert_int_equal(m.text[1][16] << 8 | m.text[1][17], 0xad5c);
	for (unsigned bit = 0; bit < 8 * CD_TEXT_PACK; bit++) {
		m.text[0][bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(cd_text_is_intact(m.text[0]));
		m.text[0][bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_true(cd_text_is_intact(m.text[0]));
	}
	for (unsigned i = 0; i < sizeof(packs); i++)
		packs[i] = (uint8_t)(i * i + 7 * i);
	memcpy(packs, "\xff\x00\xa5", 3);
	cd_text_to_lead_in(packs, symbols);
	assert_int_equal(symbols[0], 0x3f);
	assert_int_equal(symbols[1], 0x30);
	assert_int_equal(symbols[2], 0x02);
	assert_int_equal(symbols[3], 0x25);
	for (unsigned i = 0; i < 96; i++) {
		assert_int_equal(symbols[i] & 0xc0, 0);
		symbols[i] |= (uint8_t)(i << 6);
	}
	cd_text_from_lead_in(symbols, back);
	assert_memory_equal(back, packs, sizeof(packs));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_values),
		cmocka_unit_test(readers_decode_what_the_map_says),
		cmocka_unit_test(the_lead_out_is_track_aa),
		cmocka_unit_test(lengths_of_subchannels),
		cmocka_unit_test(subchannels_of_a_sector),
		cmocka_unit_test(subchannels_of_a_file),
		cmocka_unit_test(read_sub_channel),
		cmocka_unit_test(packs_of_cd_text),
	};

	return cmocka_run_group_tests_name("subq", tests, NULL, NULL);
}
