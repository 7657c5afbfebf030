// SPDX-License-Identifier: GPL-2.0-or-later
#include "cd/subq.h"

#include <string.h>

#include "cd/address.h"
#include "cd/find.h"
#include "util/be.h"

#define ADR_POSITION 1u
#define ADR_MCN      2u
#define ADR_ISRC     3u

/* Of each 100 sectors, the one whose Q has the catalogue number, and the one for the ISRC. */
#define FRAME_MCN  60
#define FRAME_ISRC 85

uint16_t cd_crc16(const uint8_t *bytes, unsigned n)
{
	/* nibble[i]: the register after the four bits i. */
	static const uint16_t nibble[16] = {0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6,
		0x70e7, 0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef};
	uint16_t crc = 0;

	for (unsigned i = 0; i < n; i++) {
		crc = (uint16_t)(crc << 4 ^ nibble[(crc >> 12) ^ (bytes[i] >> 4)]);
		crc = (uint16_t)(crc << 4 ^ nibble[(crc >> 12) ^ (bytes[i] & 15)]);
	}
	return (uint16_t)~crc;
}

static void put_bcd_msf(uint8_t *to, uint32_t frames)
{
	struct cd_msf t = cd_msf((int32_t)frames - (int32_t)CD_PREGAP);

	to[0] = cd_bcd(t.minute);
	to[1] = cd_bcd(t.second);
	to[2] = cd_bcd(t.frame);
}

/* Sectors to index 1, or since then: in a pregap the last one is 0 (ECMA-130 22.3.3). */
static uint32_t relative_frames(const struct cd_position *at)
{
	return (uint32_t)(at->relative < 0 ? -1 - at->relative : at->relative);
}

static void q_position(const struct cd_position *at, uint8_t *q)
{
	q[1] = at->track == CD_LEAD_OUT ? CD_LEAD_OUT : cd_bcd(at->track);
	q[2] = cd_bcd(at->index);
	put_bcd_msf(q + 3, relative_frames(at));
	put_bcd_msf(q + 7, (uint32_t)(at->lba + (int32_t)CD_PREGAP));
}

static void q_mcn(const char *mcn, uint8_t *q)
{
	for (unsigned i = 0; i < 13; i++)
		q[1 + i / 2] |= (uint8_t)((mcn[i] - '0') << (i % 2 ? 0 : 4));
}

/* 5 characters of 6 bits, 2 bits of 0, 7 digits of 4 bits, 4 bits of 0. */
static void q_isrc(const char *isrc, uint8_t *q)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < 5; i++)
		bits = bits << 6 | (uint32_t)(isrc[i] <= '9' ? isrc[i] - '0' : isrc[i] - 'A' + 17);
	put_be32(q + 1, bits << 2);
	for (unsigned i = 0; i < 7; i++)
		q[5 + i / 2] |= (uint8_t)((isrc[5 + i] - '0') << (i % 2 ? 0 : 4));
}

bool cd_q(const struct cd_map *m, int32_t lba, uint8_t q[CD_Q])
{
	struct cd_position at;
	const struct cd_track *t;
	int32_t frame;
	uint8_t adr = ADR_POSITION;

	memset(q, 0, CD_Q);
	if (!cd_find_position(m, lba, &at))
		return false;
	frame = (lba + (int32_t)CD_PREGAP) % 100;
	t = at.track == CD_LEAD_OUT ? NULL : &m->track[at.track - m->first_track];
	if (frame == FRAME_MCN && m->mcn[0]) {
		adr = ADR_MCN;
		q_mcn(m->mcn, q);
	} else if (frame == FRAME_ISRC && t && t->isrc[0]) {
		adr = ADR_ISRC;
		q_isrc(t->isrc, q);
	}
	if (adr == ADR_POSITION)
		q_position(&at, q);
	else
		q[9] = cd_bcd(cd_msf(lba).frame);
	q[0] = (uint8_t)(at.control << 4 | adr);
	put_be16(q + 10, cd_crc16(q, 10));
	return true;
}

/* P is set in pregaps (ECMA-130 22.2). */
static bool p_bit(const struct cd_map *m, int32_t lba)
{
	struct cd_position at;

	return cd_find_position(m, lba, &at) && at.index == 0;
}

int cd_sub_length(uint8_t selection)
{
	switch (selection) {
	case CD_SUB_NONE:
		return 0;
	case CD_SUB_PW:
	case CD_SUB_RW:
		return CD_RAW_PW;
	case CD_SUB_Q:
		return CD_Q_PADDED;
	default:
		return -1;
	}
}

static void put_raw(const uint8_t *q, bool p, const uint8_t *stored, uint8_t *out)
{
	for (unsigned i = 0; i < CD_RAW_PW; i++) {
		uint8_t bit = q[i / 8] >> (7 - i % 8) & 1;

		out[i] = (uint8_t)(p << 7 | bit << 6 | (stored ? stored[i] & 0x3f : 0));
	}
}

void cd_sub(
	const struct cd_map *m, int32_t lba, uint8_t selection, const uint8_t *stored, uint8_t *out)
{
	uint8_t q[CD_Q];

	if (selection == CD_SUB_RW) {
		for (unsigned i = 0; i < CD_RAW_PW; i++)
			out[i] = stored ? stored[i] & 0x3f : 0;
		return;
	}
	cd_q(m, lba, q);
	if (selection == CD_SUB_PW) {
		put_raw(q, p_bit(m, lba), stored, out);
	} else if (selection == CD_SUB_Q) {
		memcpy(out, q, CD_Q);
		memset(out + CD_Q, 0, CD_Q_PADDED - CD_Q);
		out[CD_Q_PADDED - 1] = (uint8_t)(p_bit(m, lba) << 7);
	}
}

/* Q of 96 symbols. False: it is all zeros. */
static bool q_of_symbols(const uint8_t stored[CD_RAW_PW], uint8_t q[CD_Q])
{
	uint8_t any = 0;

	memset(q, 0, CD_Q);
	for (unsigned i = 0; i < CD_RAW_PW; i++)
		q[i / 8] |= (uint8_t)((stored[i] >> 6 & 1) << (7 - i % 8));
	for (unsigned i = 0; i < CD_Q; i++)
		any |= q[i];
	return any != 0;
}

bool cd_sub_stored(const uint8_t stored[CD_RAW_PW], uint8_t selection, uint8_t *out)
{
	uint8_t q[CD_Q_PADDED] = {0};

	if (!q_of_symbols(stored, q))
		return false;
	q[CD_Q_PADDED - 1] = stored[0] & 0x80;
	if (selection == CD_SUB_Q)
		memcpy(out, q, CD_Q_PADDED);
	for (unsigned i = 0; (selection == CD_SUB_PW || selection == CD_SUB_RW) && i < CD_RAW_PW;
		i++)
		out[i] = stored[i] & (selection == CD_SUB_RW ? 0x3f : 0xff);
	return true;
}

/*
 * Turns 8 rows of 8 bits, the first row in the highest byte, into columns: swaps bits in blocks of
 * 1, 2 and 4 ("Hacker's Delight", 7-3).
 */
static uint64_t transpose(uint64_t x)
{
	uint64_t t = (x ^ x >> 7) & UINT64_C(0x00aa00aa00aa00aa);

	x ^= t ^ t << 7;
	t = (x ^ x >> 14) & UINT64_C(0x0000cccc0000cccc);
	x ^= t ^ t << 14;
	t = (x ^ x >> 28) & UINT64_C(0x00000000f0f0f0f0);
	return x ^ t ^ t << 28;
}

void cd_sub_weave(uint8_t sub[CD_RAW_PW])
{
	uint8_t planes[CD_RAW_PW];

	memcpy(planes, sub, CD_RAW_PW);
	for (unsigned i = 0; i < CD_Q; i++) {
		uint64_t x = 0;

		for (unsigned channel = 0; channel < 8; channel++)
			x = x << 8 | planes[channel * CD_Q + i];
		x = transpose(x);
		for (unsigned symbol = 8; symbol-- > 0; x >>= 8)
			sub[8 * i + symbol] = (uint8_t)x;
	}
}

static void put_address(uint8_t *to, int32_t lba, bool msf)
{
	struct cd_msf t = cd_msf(lba);

	put_be32(to, (uint32_t)lba);
	if (msf) {
		to[0] = 0;
		to[1] = t.minute;
		to[2] = t.second;
		to[3] = t.frame;
	}
}

static unsigned current_position(const struct cd_map *m, int32_t lba, bool msf, uint8_t *out)
{
	struct cd_position at;

	if (!cd_find_position(m, lba, &at))
		return 0;
	out[0] = CD_SUB_POSITION;
	out[1] = (uint8_t)(ADR_POSITION << 4 | at.control);
	out[2] = at.track;
	out[3] = at.index;
	put_address(out + 4, lba, msf);
	put_address(out + 8, msf ? (int32_t)relative_frames(&at) - (int32_t)CD_PREGAP : at.relative,
		msf);
	return 12;
}

/* Byte 4: bit 7 says that there is a code. Its characters follow, a 0, and the frame in which the
 * code was found (AFRAME), which stays 0. */
static unsigned put_code(const char *code, unsigned n, uint8_t *out)
{
	if (code[0]) {
		out[4] = 0x80;
		memcpy(out + 5, code, n);
	}
	return CD_SUB_MAX;
}

unsigned cd_sub_channel(const struct cd_map *m, uint8_t format, uint8_t track, int32_t lba,
	bool msf, uint8_t out[CD_SUB_MAX])
{
	const struct cd_track *t;

	memset(out, 0, CD_SUB_MAX);
	switch (format) {
	case CD_SUB_POSITION:
		return current_position(m, lba, msf, out);
	case CD_SUB_MCN:
		out[0] = CD_SUB_MCN;
		return put_code(m->mcn, 13, out);
	case CD_SUB_ISRC:
		if (track < m->first_track || track >= m->first_track + m->tracks)
			return 0;
		t = &m->track[track - m->first_track];
		out[0] = CD_SUB_ISRC;
		out[1] = (uint8_t)(ADR_POSITION << 4 | t->control);
		out[2] = track;
		return put_code(t->isrc, 12, out);
	default:
		return 0;
	}
}
