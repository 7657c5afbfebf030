// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/plain_label.h"

#include <stdbool.h>
#include <string.h>

#include "library/volume.h"
#include "protocol/words.h"
#include "util/array.h"

#define BLOCK 2048u
#define NAME  32u /* bytes of a volume identifier, ECMA-119 8.4.7 and 8.5.6 */

enum { BOOT = 0, PRIMARY = 1, SUPPLEMENTARY = 2, PARTITION = 3, END = 255 };

static bool has_id(const uint8_t *block, const char *id)
{
	return memcmp(block + 1, id, 5) == 0;
}

/* True for a block with a descriptor of what is not, or not only, ISO 9660: ECMA-167 2/9.1. */
static bool is_foreign(const uint8_t *block)
{
	static const char *const id[] = {"BEA01", "BOOT2", "CDW02", "NSR02", "NSR03", "TEA01"};

	for (size_t i = 0; i < ARRAY_LEN(id); i++) {
		if (has_id(block, id[i]))
			return true;
	}
	return false;
}

/*
 * Returns the block of the sequence's end; 0: it is none that all agree on. libblkid looks for
 * UDF after it, in steps of one block and of two, so the next two blocks must be none of
 * the sequence; those after the end of the file are none.
 */
static size_t find_end(const uint8_t *p, size_t blocks)
{
	size_t end = 0;

	while (end < blocks && has_id(p + end * BLOCK, "CD001") && p[end * BLOCK] <= PARTITION)
		end++;
	if (end == blocks || !has_id(p + end * BLOCK, "CD001") || p[end * BLOCK] != END)
		return 0;
	if (end + 2 >= PLAIN_LABEL_BYTES / BLOCK)
		return 0;
	for (size_t i = end + 1; i < blocks; i++) {
		if (has_id(p + i * BLOCK, "CD001") || is_foreign(p + i * BLOCK))
			return 0;
	}
	return end;
}

/* True for a descriptor of Joliet, by its escape sequences. */
static bool is_joliet(const uint8_t *block)
{
	return block[0] == SUPPLEMENTARY && block[88] == '%' && block[89] == '/' &&
	       (block[90] == '@' || block[90] == 'C' || block[90] == 'E');
}

/*
 * The name of Joliet has 16 characters of UTF-16, that of the primary descriptor 32 bytes. Versions
 * of libblkid differ in how they make one of both; not if the first is how the second begins.
 */
static bool agrees(const uint8_t *joliet, const uint8_t *name)
{
	for (size_t i = 0; i < NAME; i++) {
		if (name[i] < ' ' || name[i] > '~')
			return false;
	}
	for (size_t i = 0; i < NAME / 2; i++) {
		if (joliet[2 * i] != 0 || joliet[2 * i + 1] != name[i])
			return false;
	}
	return true;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The name ends at a zero, and spaces at its end are no part of it. */
static void copy_name(const uint8_t *name, char out[LABEL_MAX])
{
	size_t n = strnlen((const char *)name, NAME);

	while (n > 0 && is_space(name[n - 1]))
		n--;
	memcpy(out, name, n);
	out[n] = '\0';
	words_make_valid(out);
}

enum plain_label plain_label(const uint8_t *p, size_t n, struct label *out)
{
	const size_t blocks = n / BLOCK;
	uint64_t volume;
	size_t end;

	if (blocks == 0)
		return PLAIN_LABEL_UNSURE;
	/* High Sierra has its identifier 8 bytes later. */
	if (!has_id(p, "CD001") && !is_foreign(p) && !has_id(p + 8, "CDROM"))
		return PLAIN_LABEL_NO_VOLUME;
	end = find_end(p, blocks);
	volume = volume_iso_size(p);
	if (end == 0 || volume == 0)
		return PLAIN_LABEL_UNSURE;
	if (p[0] != PRIMARY)
		return PLAIN_LABEL_UNSURE;
	for (size_t i = 1; i < end; i++) {
		const uint8_t *block = p + i * BLOCK;

		if (block[0] == PRIMARY)
			return PLAIN_LABEL_UNSURE;
		if (is_joliet(block) && !agrees(block + 40, p + 40))
			return PLAIN_LABEL_UNSURE;
	}
	*out = (struct label){.has_volume = true, .volume = volume};
	copy_name(p + 40, out->text);
	return PLAIN_LABEL_KNOWN;
}
