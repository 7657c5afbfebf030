// SPDX-License-Identifier: GPL-2.0-or-later
/* The header of a WAV file: RIFF chunks (Microsoft, "Multimedia Programming Interface", 1991). */
#include <string.h>

#include "cdimage/cdimage.h"

#define CHUNKS_MAX 64u /* before the samples; programs write a handful */

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/* What is wrong with the format. Extensible headers of plain samples are those of PCM. */
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
	if (len >= 4 && memcmp(head, "fLaC", 4) == 0)
		return "is FLAC, which is not read: make a WAV file of it (\"flac -d\") and name "
		       "that";
	if (len >= 3 && (memcmp(head, "ID3", 3) == 0 || (head[0] == 0xff && head[1] >= 0xe0)))
		return "is MP3, which is not read: make a WAV file of it and name that";
	if (len >= 4 && memcmp(head, "FORM", 4) == 0)
		return "is AIFF, which is not read: make a WAV file of it and name that";
	return "is not a WAV file";
}

const char *cdimage_wav(
	const struct cdimage_source *source, unsigned file, uint64_t size, struct cdimage_wav *out)
{
	uint8_t b[8 + 26]; /* a chunk's head, and an extensible format up to its tag */
	bool format = false;
	uint64_t at = 12;
	int n = source->read(source->ctx, file, 0, b, 12);

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
			/* A program that could not seek back has left one of these. */
			if (length == 0 || length == UINT32_MAX)
				length = size - at;
			*out = (struct cdimage_wav){at, length};
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
