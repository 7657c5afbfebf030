// SPDX-License-Identifier: GPL-2.0-or-later
#include "transfer/upload_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/crc32.h"
#include "util/line.h"
#include "util/number.h"

#define HEAD "mmcgadget upload 1\n"

size_t upload_text_encode(const struct upload_text *t, char text[UPLOAD_TEXT])
{
	size_t n;

	if (strchr(t->image, '\n'))
		return 0;
	n = (size_t)snprintf(text, UPLOAD_TEXT,
		HEAD "image %s\nsize %" PRIu64 "\n%s%s%soffset %" PRIu64 "\ntouched %" PRId64 "\n",
		t->image, t->size, t->sha256[0] ? "sha256 " : "", t->sha256,
		t->sha256[0] ? "\n" : "", t->offset, t->touched);
	return n + (size_t)snprintf(text + n, UPLOAD_TEXT - n, "crc32 %08" PRIx32 "\n",
			   crc32_add(0, text, n));
}

bool upload_text_is_sha256(const char *text)
{
	return strlen(text) == CHECKSUM_HEX - 1 &&
	       strspn(text, "0123456789abcdefABCDEF") == CHECKSUM_HEX - 1;
}

static bool take_number(const char **p, const char *word, uint64_t *out)
{
	char text[24];

	return line_take(p, word, text, sizeof(text)) && number_parse(text, out);
}

static const char *take_members(const char **p, struct upload_text *out)
{
	uint64_t touched;

	if (!line_take(p, "image ", out->image, sizeof(out->image)) || out->image[0] == '\0' ||
		strchr(out->image, '/'))
		return "it names no image";
	if (!take_number(p, "size ", &out->size) || out->size > INT64_MAX)
		return "its size is missing";
	if (line_take(p, "sha256 ", out->sha256, sizeof(out->sha256)) &&
		!upload_text_is_sha256(out->sha256))
		return "its SHA-256 is none";
	if (!take_number(p, "offset ", &out->offset) || out->offset > out->size)
		return "its offset is missing";
	if (!take_number(p, "touched ", &touched) || touched > INT64_MAX)
		return "its time is missing";
	out->touched = (int64_t)touched;
	return NULL;
}

const char *upload_text_decode(const char *text, size_t len, struct upload_text *out)
{
	char copy[UPLOAD_TEXT + 2], want[24];
	const char *p = copy + strlen(HEAD), *fault;
	uint32_t crc;

	memset(out, 0, sizeof(*out));
	while (len > 0 && text[len - 1] == '\n')
		len--;
	if (len >= UPLOAD_TEXT || memchr(text, '\0', len))
		return "it is not a text of an upload";
	memcpy(copy, text, len);
	copy[len] = '\n';
	copy[len + 1] = '\0';
	if (strncmp(copy, HEAD, strlen(HEAD)) != 0)
		return "it is of an unknown version";
	fault = take_members(&p, out);
	if (fault)
		return fault;
	crc = crc32_add(0, copy, (size_t)(p - copy));
	snprintf(want, sizeof(want), "crc32 %08" PRIx32 "\n", crc);
	return strcmp(p, want) == 0 ? NULL : "its checksum is wrong";
}
