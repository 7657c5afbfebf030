// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * EDC and ECC are computed in words of 32 bits, not byte by byte, since a Pi Zero has to do this
 * for each sector of an ISO that a host reads raw. No step looks at the order of the bytes in a
 * word.
 */
#include "cd/parity.h"

#include <string.h>

/*
 * ---- EDC ----
 *
 * The polynomial of ECMA-130 14.3 is (x + 1) (x^31 + x^15 + x^3 + 1). x + 1 is in the second factor
 * as well (it has an even number of terms), so the whole divides
 *
 *	(x^31 + x^15 + x^3 + 1)^32 = x^992 + x^480 + x^96 + 1
 *
 * whose exponents are multiples of 32: that division works on whole words, without tables. Only
 * its remainder of 31 words goes through the table.
 */
#define EDC_MAX   516u /* most words of a sector that an EDC covers: bytes 0 to 2063 */
#define REMAINDER 31u

/* The register after a byte, LSB first: the polynomial is D8018001h. */
static const uint32_t edc_byte[256] = {0x00000000, 0x90910101, 0x91210201, 0x01b00300, 0x92410401,
	0x02d00500, 0x03600600, 0x93f10701, 0x94810801, 0x04100900, 0x05a00a00, 0x95310b01,
	0x06c00c00, 0x96510d01, 0x97e10e01, 0x07700f00, 0x99011001, 0x09901100, 0x08201200,
	0x98b11301, 0x0b401400, 0x9bd11501, 0x9a611601, 0x0af01700, 0x0d801800, 0x9d111901,
	0x9ca11a01, 0x0c301b00, 0x9fc11c01, 0x0f501d00, 0x0ee01e00, 0x9e711f01, 0x82012001,
	0x12902100, 0x13202200, 0x83b12301, 0x10402400, 0x80d12501, 0x81612601, 0x11f02700,
	0x16802800, 0x86112901, 0x87a12a01, 0x17302b00, 0x84c12c01, 0x14502d00, 0x15e02e00,
	0x85712f01, 0x1b003000, 0x8b913101, 0x8a213201, 0x1ab03300, 0x89413401, 0x19d03500,
	0x18603600, 0x88f13701, 0x8f813801, 0x1f103900, 0x1ea03a00, 0x8e313b01, 0x1dc03c00,
	0x8d513d01, 0x8ce13e01, 0x1c703f00, 0xb4014001, 0x24904100, 0x25204200, 0xb5b14301,
	0x26404400, 0xb6d14501, 0xb7614601, 0x27f04700, 0x20804800, 0xb0114901, 0xb1a14a01,
	0x21304b00, 0xb2c14c01, 0x22504d00, 0x23e04e00, 0xb3714f01, 0x2d005000, 0xbd915101,
	0xbc215201, 0x2cb05300, 0xbf415401, 0x2fd05500, 0x2e605600, 0xbef15701, 0xb9815801,
	0x29105900, 0x28a05a00, 0xb8315b01, 0x2bc05c00, 0xbb515d01, 0xbae15e01, 0x2a705f00,
	0x36006000, 0xa6916101, 0xa7216201, 0x37b06300, 0xa4416401, 0x34d06500, 0x35606600,
	0xa5f16701, 0xa2816801, 0x32106900, 0x33a06a00, 0xa3316b01, 0x30c06c00, 0xa0516d01,
	0xa1e16e01, 0x31706f00, 0xaf017001, 0x3f907100, 0x3e207200, 0xaeb17301, 0x3d407400,
	0xadd17501, 0xac617601, 0x3cf07700, 0x3b807800, 0xab117901, 0xaaa17a01, 0x3a307b00,
	0xa9c17c01, 0x39507d00, 0x38e07e00, 0xa8717f01, 0xd8018001, 0x48908100, 0x49208200,
	0xd9b18301, 0x4a408400, 0xdad18501, 0xdb618601, 0x4bf08700, 0x4c808800, 0xdc118901,
	0xdda18a01, 0x4d308b00, 0xdec18c01, 0x4e508d00, 0x4fe08e00, 0xdf718f01, 0x41009000,
	0xd1919101, 0xd0219201, 0x40b09300, 0xd3419401, 0x43d09500, 0x42609600, 0xd2f19701,
	0xd5819801, 0x45109900, 0x44a09a00, 0xd4319b01, 0x47c09c00, 0xd7519d01, 0xd6e19e01,
	0x46709f00, 0x5a00a000, 0xca91a101, 0xcb21a201, 0x5bb0a300, 0xc841a401, 0x58d0a500,
	0x5960a600, 0xc9f1a701, 0xce81a801, 0x5e10a900, 0x5fa0aa00, 0xcf31ab01, 0x5cc0ac00,
	0xcc51ad01, 0xcde1ae01, 0x5d70af00, 0xc301b001, 0x5390b100, 0x5220b200, 0xc2b1b301,
	0x5140b400, 0xc1d1b501, 0xc061b601, 0x50f0b700, 0x5780b800, 0xc711b901, 0xc6a1ba01,
	0x5630bb00, 0xc5c1bc01, 0x5550bd00, 0x54e0be00, 0xc471bf01, 0x6c00c000, 0xfc91c101,
	0xfd21c201, 0x6db0c300, 0xfe41c401, 0x6ed0c500, 0x6f60c600, 0xfff1c701, 0xf881c801,
	0x6810c900, 0x69a0ca00, 0xf931cb01, 0x6ac0cc00, 0xfa51cd01, 0xfbe1ce01, 0x6b70cf00,
	0xf501d001, 0x6590d100, 0x6420d200, 0xf4b1d301, 0x6740d400, 0xf7d1d501, 0xf661d601,
	0x66f0d700, 0x6180d800, 0xf111d901, 0xf0a1da01, 0x6030db00, 0xf3c1dc01, 0x6350dd00,
	0x62e0de00, 0xf271df01, 0xee01e001, 0x7e90e100, 0x7f20e200, 0xefb1e301, 0x7c40e400,
	0xecd1e501, 0xed61e601, 0x7df0e700, 0x7a80e800, 0xea11e901, 0xeba1ea01, 0x7b30eb00,
	0xe8c1ec01, 0x7850ed00, 0x79e0ee00, 0xe971ef01, 0x7700f000, 0xe791f101, 0xe621f201,
	0x76b0f300, 0xe541f401, 0x75d0f500, 0x7460f600, 0xe4f1f701, 0xe381f801, 0x7310f900,
	0x72a0fa00, 0xe231fb01, 0x71c0fc00, 0xe151fd01, 0xe0e1fe01, 0x7070ff00};

static uint32_t edc_of_bytes(const uint8_t *p, unsigned n)
{
	uint32_t edc = 0;

	while (n--)
		edc = edc >> 8 ^ edc_byte[(edc ^ *p++) & 255];
	return edc;
}

/*
 * Computes a word of the quotient, from the data and the 31 words of the quotient before it.
 * before31 is the first of these, which the caller has in a register. Returns the one that is
 * before31 of the word three words later.
 */
static inline uint32_t divide(uint32_t *q, uint32_t data, uint32_t before31)
{
	uint32_t before28 = q[-28];

	*q = data ^ q[-16] ^ before28 ^ before31;
	return before28;
}

uint32_t cd_edc(const uint32_t *sector, unsigned from, unsigned end)
{
	uint32_t quotient[REMAINDER + EDC_MAX], remainder[REMAINDER];
	const uint32_t *data = sector + from / 4, *last = sector + end / 4 - REMAINDER;
	uint32_t *q = quotient + REMAINDER, a = 0, b = 0, c = 0;

	memset(quotient, 0, REMAINDER * 4);
	for (; data + 3 <= last; data += 3, q += 3) {
		a = divide(q, data[0], a);
		b = divide(q + 1, data[1], b);
		c = divide(q + 2, data[2], c);
	}
	for (; data < last; data++, q++)
		divide(q, *data, q[-31]);
	memset(q, 0, REMAINDER * 4);
	for (unsigned i = 0; i < REMAINDER; i++, q++)
		remainder[i] = data[i] ^ q[-16] ^ q[-28] ^ q[-31];
	return edc_of_bytes((const uint8_t *)remainder, sizeof(remainder));
}

/*
 * ---- ECC ----
 *
 * A Reed-Solomon code over GF(256), polynomial 11Dh. A codeword d0 d1 ... dk with its two parity
 * bytes p, q fulfils, with a = 2,
 *
 *	d0 + d1 + ... + p + q = 0
 *	d0 a^(k+2) + d1 a^(k+1) + ... + p a + q = 0
 *
 * With the sums S = d0 + d1 + ... and H = d0 a^k + d1 a^(k-1) + ... (by Horner's rule: H = H a + d
 * for each byte), p = (H a^2 + S) / (a + 1) and q = p + S. A word is four codewords, side by side.
 *
 * Bytes 12 to 2075 are 24 rows of 43 pairs of bytes. P codewords are the 86 columns; their parity
 * is rows 24 and 25. Q codewords are 52 diagonals through all 26 rows: from one byte to the next it
 * is 88 bytes on, and after the end on at the start.
 */
#define ROW_PAIR 43u  /* words of two rows */
#define FIRST    3u   /* word of the sector where the rows begin, byte 12 */
#define P_WORDS  516u /* of 24 rows: P is after them */
#define Q_WORDS  559u /* of 26 rows: Q is after them */
#define Q_STEP   22u  /* words from one byte of a Q codeword to the next */
#define Q_BYTES  52u  /* of the first parity bytes; the second ones follow */

/* Each byte times a. */
static inline uint32_t times_a(uint32_t v)
{
	uint32_t high = v >> 7 & 0x01010101u;

	return (v << 1 & 0xfefefefeu) ^ high * 0x1du;
}

/* Each byte times a^2. */
static inline uint32_t times_a2(uint32_t v)
{
	uint32_t high = v >> 6 & 0x03030303u;

	return (v << 2 & 0xfcfcfcfcu) ^ high ^ high << 2 ^ high << 3 ^ high << 4;
}

/*
 * Each byte divided by a + 1. Of v = c + c a each bit is the sum of a bit of c, the one below it,
 * and what the polynomial adds if bit 7 of c is set.
 */
static inline uint32_t over_a_plus_1(uint32_t v)
{
	uint32_t high;

	v ^= v << 1 & 0xfefefefeu;
	v ^= v << 2 & 0xfcfcfcfcu;
	v ^= v << 4 & 0xf0f0f0f0u;
	high = v >> 7 & 0x01010101u;
	return v ^ high ^ high << 1 ^ high << 3;
}

static inline uint32_t load(const void *p)
{
	uint32_t word;

	memcpy(&word, p, 4);
	return word;
}

static inline void store(void *p, uint32_t word)
{
	memcpy(p, &word, 4);
}

/* Adds up two neighbouring words over the 12 pairs of rows: by Horner's rule, and plainly. */
static inline void add_columns(const uint32_t *d, uint32_t *horner, uint32_t *sum)
{
	uint32_t a0 = d[0], a1 = d[1], b0 = a0, b1 = a1;

	for (unsigned pair = 1; pair < 12; pair++) {
		uint32_t d0, d1;

		d += ROW_PAIR;
		d0 = d[0];
		d1 = d[1];
		a0 = times_a2(a0) ^ d0;
		b0 ^= d0;
		a1 = times_a2(a1) ^ d1;
		b1 ^= d1;
	}
	horner[0] = a0;
	horner[1] = a1;
	sum[0] = b0;
	sum[1] = b1;
}

/*
 * Two rows are 43 words, which are added up over the 12 pairs of rows; a 44th word is added up with
 * the last one, and not used. A column's sum is that of the even rows, times a, plus that of the
 * odd rows, which are 86 bytes on.
 *
 * A row of parity is 21 words and a half, so its last word reaches two bytes into what follows it.
 * The words are stored from the last to the first: those two bytes are written again later, after
 * row 24 by the first word of row 25, and after row 25 by the Q parity.
 */
static void p_parity(uint32_t *rows)
{
	uint32_t horner[ROW_PAIR + 1], sum[ROW_PAIR + 1];
	const uint8_t *h = (const uint8_t *)horner, *s = (const uint8_t *)sum;
	uint8_t *parity = (uint8_t *)(rows + P_WORDS);

	for (unsigned i = 0; i < ROW_PAIR; i += 2)
		add_columns(rows + i, horner + i, sum + i);
	for (unsigned i = 88; i > 0;) {
		uint32_t a, b, p;

		i -= 4;
		a = times_a(load(h + i)) ^ load(h + i + 86);
		b = load(s + i) ^ load(s + i + 86);
		p = over_a_plus_1(times_a2(a) ^ b);
		store(parity + i, p);
		store(parity + 86 + i, p ^ b);
	}
}

/* The first and the last two bytes of a word in memory. */
union halves {
	uint32_t word;
	uint16_t half[2];
};

/*
 * Two neighbouring codewords are a pair, and their bytes with the same number a half of a word;
 * there are 26 pairs. Pair `even` has the first halves of the 43 words that it meets. The second
 * halves of these words are those of the pair before it, odd, whose bytes are one further: word n
 * has byte n of even and byte n + 1 of odd. So the first bytes of odd are added up before the first
 * word, and the last word is of even only.
 */
static void q_parity_of(uint32_t *rows, unsigned even, unsigned odd)
{
	const uint32_t *d = rows + even / 2 * ROW_PAIR, *end = rows + Q_WORDS;
	uint8_t *parity = (uint8_t *)(rows + Q_WORDS);
	union halves a = {0}, b, last;
	uint32_t horner, sum;

	memcpy(&a.half[1], (const uint8_t *)rows + odd * ROW_PAIR * 2, 2);
	b = a;
	horner = sum = a.word;
	for (unsigned left = 42; left > 0;) {
		unsigned n = (unsigned)(end - d + (int)Q_STEP - 1) / Q_STEP;

		n = n < left ? n : left;
		left -= n;
		for (; n >= 2; n -= 2, d += 2 * Q_STEP) {
			horner = times_a(times_a(horner) ^ d[0]) ^ d[Q_STEP];
			sum ^= d[0] ^ d[Q_STEP];
		}
		if (n) {
			horner = times_a(horner) ^ *d;
			sum ^= *d;
			d += Q_STEP;
		}
		if (d >= end)
			d -= Q_WORDS;
	}
	last.word = *d;
	a.word = times_a(horner) ^ *d;
	b.word = sum;
	b.half[0] ^= last.half[0];
	last.word = horner;
	a.half[1] = last.half[1];
	a.word = over_a_plus_1(times_a2(a.word) ^ b.word);
	b.word ^= a.word;
	memcpy(parity + even * 2, &a.half[0], 2);
	memcpy(parity + odd * 2, &a.half[1], 2);
	memcpy(parity + Q_BYTES + even * 2, &b.half[0], 2);
	memcpy(parity + Q_BYTES + odd * 2, &b.half[1], 2);
}

void cd_ecc(uint32_t sector[CD_SECTOR_WORDS])
{
	p_parity(sector + FIRST);
	for (unsigned even = 0; even < 26; even += 2)
		q_parity_of(sector + FIRST, even, (even + 25) % 26);
}
