// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The header of a file of samples: of WAV, RIFF chunks (Microsoft, "Multimedia Programming
 * Interface", 1991); of FLAC, the block STREAMINFO (RFC 9639, 8.2).
 */
#include <string.h>

#include "cdimage/cdimage.h"

#define CHUNKS_MAX 64u /* up to that of the samples; programs write a handful */

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/*
 * Returns what is wrong with the format, or NULL. An extensible format (tag FFFEh) has the tag of
 * its samples at byte 24.
 */
static const char *check_format(const uint8_t *p, size_t len)
{
	unsigned tag = le16(p);

	if (tag == 0xfffe && len >= 26)
		tag = le16(p + 24);
	if (tag != 1)
		return "is compressed; a CD needs plain samples (PCM)";
	if (le16(p + 2) != 2)
		return "is not stereo; a CD needs two channels";
	if (le32(p + 4) != 44100)
		return "has another sample rate than a CD's 44.1 kHz";
	if (le16(p + 14) != 16 || le16(p + 12) != 4)
		return "does not have 16 bits in a sample, as a CD has";
	return NULL;
}

static const char *foreign(const uint8_t *head, size_t len)
{
	if (len >= 3 && (memcmp(head, "ID3", 3) == 0 || (head[0] == 0xff && head[1] >= 0xe0)))
		return "is MP3, which is not read: make a WAV file of it and name that";
	if (len >= 4 && memcmp(head, "FORM", 4) == 0)
		return "is AIFF, which is not read: make a WAV file of it and name that";
	return "is not a WAV file";
}

/* ---- FLAC ----------------------------------------------------------------------------------- */

#define STREAMINFO 34u /* bytes */
#define ID3_HEAD   10u

/* Finds "fLaC": at the beginning, or after the ID3 tag that some programs write before it. */
static bool find_flac(const struct cdimage_source *source, unsigned file, uint64_t *at)
{
	uint8_t b[ID3_HEAD];

	*at = 0;
	if (source->read(source->ctx, file, 0, b, sizeof(b)) < (int)sizeof(b))
		return false;
	if (memcmp(b, "ID3", 3) == 0) {
		/* The tag's length has 7 bits in each byte (ID3 2.3, 3.1). */
		*at = ID3_HEAD + ((uint32_t)(b[6] & 0x7f) << 21 | (uint32_t)(b[7] & 0x7f) << 14 |
					 (uint32_t)(b[8] & 0x7f) << 7 | (b[9] & 0x7f));
		if (source->read(source->ctx, file, *at, b, 4) < 4)
			return false;
	}
	return memcmp(b, "fLaC", 4) == 0;
}

static const char *read_flac(
	const struct cdimage_source *source, unsigned file, uint64_t at, struct cdimage_wav *out)
{
	uint8_t b[8 + STREAMINFO];
	const uint8_t *p = b + 8;
	uint64_t samples;

	if (source->read(source->ctx, file, at, b, sizeof(b)) < (int)sizeof(b) ||
		(b[4] & 0x7f) != 0 || b[5] != 0 || b[6] != 0 || b[7] != STREAMINFO)
		return "is a damaged FLAC file";
	if (((uint32_t)p[10] << 12 | (uint32_t)p[11] << 4 | p[12] >> 4) != 44100)
		return "has another sample rate than a CD's 44.1 kHz";
	if ((p[12] >> 1 & 7) != 1)
		return "is not stereo; a CD needs two channels";
	if (((p[12] & 1) << 4 | p[13] >> 4) != 15)
		return "does not have 16 bits in a sample, as a CD has";
	samples = (uint64_t)(p[13] & 15) << 32 | (uint64_t)p[14] << 24 | (uint64_t)p[15] << 16 |
		  (uint64_t)p[16] << 8 | p[17];
	if (samples == 0)
		return "does not say how long it is, like FLAC from a pipe; encode it to a file";
	*out = (struct cdimage_wav){.length = samples * 4, .flac = true};
	return NULL;
}

/* ---- both ----------------------------------------------------------------------------------- */

const char *cdimage_wav(
	const struct cdimage_source *source, unsigned file, uint64_t size, struct cdimage_wav *out)
{
	uint8_t b[8 + 26]; /* a chunk's head, and an extensible format up to its tag */
	bool format = false;
	uint64_t at = 12, flac;
	int n = source->read(source->ctx, file, 0, b, 12);

	if (n == 12 && find_flac(source, file, &flac))
		return read_flac(source, file, flac, out);
	if (n < 12 || memcmp(b, "RIFF", 4) != 0 || memcmp(b + 8, "WAVE", 4) != 0)
		return n < 0 ? "cannot be read" : foreign(b, (size_t)n);
	for (unsigned i = 0; i < CHUNKS_MAX && at < size && size - at >= 8; i++) {
		uint64_t length;

		n = source->read(source->ctx, file, at, b, sizeof(b));
		if (n < 8)
			return "cannot be read";
		length = le32(b + 4);
		at += 8;
		if (memcmp(b, "data", 4) == 0) {
			if (!format)
				return "is a damaged WAV file: its samples have no format";
			/* A program that could not seek back has left one of these lengths. */
			if (length == 0 || length == UINT32_MAX)
				length = size - at;
			*out = (struct cdimage_wav){.offset = at, .length = length};
			return length > size - at ? "is cut: its header tells of more samples"
						  : NULL;
		}
		if (memcmp(b, "fmt ", 4) == 0) {
			const char *fault = length < 16 || n < 24
						    ? "is a damaged WAV file: its format is cut"
						    : check_format(b + 8, (size_t)n - 8);
			if (fault)
				return fault;
			format = true;
		}
		at += length + (length & 1);
	}
	return "is a damaged WAV file: it has no samples";
}
