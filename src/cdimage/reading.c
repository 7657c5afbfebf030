// SPDX-License-Identifier: GPL-2.0-or-later
#include "cdimage/reading.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "util/utf8.h"

bool reading_fail(struct reading *r, const char *fmt, ...)
{
	struct cdimage *out = r->out;
	va_list ap;
	int n;

	if (out->error[0])
		return false;
	n = r->line ? snprintf(out->error, sizeof(out->error), "%.255s line %u: ", r->name, r->line)
		    : snprintf(out->error, sizeof(out->error), "%.255s: ", r->name);
	va_start(ap, fmt);
	vsnprintf(out->error + n, sizeof(out->error) - (size_t)n, fmt, ap);
	va_end(ap);
	return false;
}

static bool is_utf8(struct slice s)
{
	uint32_t c;

	for (size_t at = 0, n; at < s.len; at += n) {
		n = utf8_decode(s.at + at, s.len - at, &c);
		if (n == 0)
			return false;
	}
	return true;
}

bool reading_begin(struct reading *r)
{
	struct slice *t = &r->text;

	if (t->len > CDIMAGE_TEXT_MAX)
		return reading_fail(r, "it is longer than %u KiB", CDIMAGE_TEXT_MAX / 1024);
	if (t->len >= 2 && (memcmp(t->at, "\xff\xfe", 2) == 0 || memcmp(t->at, "\xfe\xff", 2) == 0))
		return reading_fail(r, "it is UTF-16; save it as UTF-8");
	if (t->len > 0 && memchr(t->at, '\0', t->len))
		return reading_fail(r, "it is not a text");
	if (t->len >= 3 && memcmp(t->at, "\xef\xbb\xbf", 3) == 0) {
		t->at += 3;
		t->len -= 3;
	}
	r->latin = !is_utf8(*t);
	/* Before Mac OS X, a carriage return alone ended a line. */
	r->line_end = t->len > 0 && !memchr(t->at, '\n', t->len) ? '\r' : '\n';
	return true;
}

/* ---- words -------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

struct slice slice_trim(struct slice s)
{
	while (s.len > 0 && is_blank(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

bool reading_line(struct reading *r, struct slice *rest, struct slice *line)
{
	size_t n = 0;

	if (rest->len == 0)
		return false;
	while (n < rest->len && rest->at[n] != r->line_end)
		n++;
	*line = slice_trim((struct slice){rest->at, n});
	n += n < rest->len;
	rest->at += n;
	rest->len -= n;
	r->line++;
	return true;
}

struct slice slice_word(struct slice *rest)
{
	struct slice word;

	*rest = slice_trim(*rest);
	word = (struct slice){rest->at, 0};
	while (word.len < rest->len && !is_blank(word.at[word.len]))
		word.len++;
	rest->at += word.len;
	rest->len -= word.len;
	return word;
}

struct slice slice_string(struct slice *rest)
{
	struct slice s = slice_trim(*rest);
	size_t last = s.len;

	while (last > 1 && s.at[last - 1] != '"')
		last--;
	if (s.len < 2 || s.at[0] != '"' || last < 2) {
		*rest = (struct slice){s.at + s.len, 0};
		return s;
	}
	*rest = (struct slice){s.at + last, s.len - last};
	return (struct slice){s.at + 1, last - 2};
}

bool slice_is(struct slice s, const char *word)
{
	return strlen(word) == s.len && (s.len == 0 || strncasecmp(s.at, word, s.len) == 0);
}

bool slice_number(struct slice s, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (s.len == 0 || s.len > 18)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(s.at[i] - '0');
	}
	*out = n;
	return n <= max;
}

bool slice_msf(struct slice s, uint32_t *out)
{
	uint64_t part[3] = {0};
	static const uint64_t max[3] = {999, 59, 74};

	for (size_t i = 0; i < 3; i++) {
		size_t n = 0;

		while (n < s.len && s.at[n] != ':')
			n++;
		if (!slice_number((struct slice){s.at, n}, max[i], &part[i]) ||
			(i < 2) != (n < s.len))
			return false;
		n += n < s.len;
		s.at += n;
		s.len -= n;
	}
	*out = (uint32_t)(part[0] * 60 + part[1]) * 75 + (uint32_t)part[2];
	return true;
}

void reading_mcn(struct reading *r, struct slice s)
{
	char *out = r->out->map.mcn;
	uint64_t number;

	if ((s.len != 12 && s.len != 13) || !slice_number(s, UINT64_MAX, &number))
		return;
	out[0] = '0';
	memcpy(out + 13 - s.len, s.at, s.len);
	out[13] = '\0';
}

void slice_isrc(struct slice s, char out[13])
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		bool digit = c >= '0' && c <= '9';

		if (c == '-')
			continue;
		/* Country, owner; year, number (IEC 60908, 15.5). */
		if (n >= 12 || !(digit || (letter && n < 5))) {
			out[0] = '\0';
			return;
		}
		out[n++] = letter && c >= 'a' ? (char)(c - 'a' + 'A') : c;
	}
	out[n == 12 ? n : 0] = '\0';
}

/* ---- files -------------------------------------------------------------------------------- */

/* The last component of a path of any system. */
static struct slice base_name(struct slice s)
{
	for (size_t i = s.len; i-- > 0;) {
		if (s.at[i] == '/' || s.at[i] == '\\')
			return (struct slice){s.at + i + 1, s.len - i - 1};
	}
	return s;
}

/* Writes s as UTF-8. False: it is too long. */
static bool to_name(const struct reading *r, struct slice s, char out[CDIMAGE_NAME_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (n + 1 + (r->latin && c >= 0x80) >= CDIMAGE_NAME_MAX)
			return false;
		if (r->latin && c >= 0x80) {
			out[n++] = (char)(0xc0 | c >> 6);
			out[n++] = (char)(0x80 | (c & 0x3f));
		} else {
			out[n++] = (char)c;
		}
	}
	out[n] = '\0';
	return true;
}

static bool find(struct reading *r, const char *name, uint64_t *size)
{
	int e = r->source->find(r->source->ctx, name, size);

	if (e == -ENOENT)
		return reading_fail(r, "the file \"%s\" is missing", name);
	if (e == -EACCES || e == -EPERM)
		return reading_fail(r, "mmcgadgetd may not read the file \"%s\"", name);
	if (e == -EINVAL)
		return reading_fail(
			r, "\"%s\" is the text itself, and not a file of sectors", name);
	if (e == -ENOTBLK)
		return reading_fail(r, "\"%s\" is a folder, a device or a pipe, and no file", name);
	if (e == -EXDEV || e == -ELOOP)
		return reading_fail(r,
			"\"%s\" is a link that leads out of the media folder, or in a circle",
			name);
	return e == 0 || reading_fail(r, "the file \"%s\" cannot be read (error %d)", name, -e);
}

/* Notes where the name stands in the text; a name without its escapes, or of a .ccd, does not. */
static int mentioned(struct reading *r, struct slice base, int file)
{
	struct cdimage_mentions *m = &r->out->mentions;
	uintptr_t at = (uintptr_t)base.at, begin = (uintptr_t)r->all.at;

	if (at < begin || at >= begin + r->all.len)
		return file;
	if (m->count < CDIMAGE_MENTIONS_MAX)
		m->at[m->count] = (struct cdimage_mention){
			.at = (uint32_t)(at - begin),
			.length = (uint16_t)base.len,
			.file = (uint16_t)file,
		};
	if (m->count <= CDIMAGE_MENTIONS_MAX)
		m->count++;
	return file;
}

static int find_file(struct reading *r, struct slice path)
{
	struct cdimage *out = r->out;
	struct slice base = base_name(slice_trim(path));
	char name[CDIMAGE_NAME_MAX];
	uint64_t size = 0;

	if (!to_name(r, base, name)) {
		reading_fail(r, "the name of a file is too long");
		return -1;
	}
	if (name[0] == '\0' || name[0] == '.') {
		reading_fail(r, "\"%s\" is not the name of a file", name);
		return -1;
	}
	for (int i = 0; i < out->map.files; i++) {
		if (strcmp(out->name[i], name) == 0)
			return mentioned(r, base, i);
	}
	if (out->map.files == CD_MAX_FILES) {
		reading_fail(r, "it names more than %u files", CD_MAX_FILES);
		return -1;
	}
	if (!find(r, name, &size))
		return -1;
	memcpy(out->name[out->map.files], name, sizeof(name));
	out->size[out->map.files] = size;
	return mentioned(r, base, out->map.files++);
}

int reading_self(struct reading *r)
{
	struct cdimage *out = r->out;
	uint64_t size = 0;

	if (!find(r, r->name, &size))
		return -1;
	snprintf(out->name[out->map.files], CDIMAGE_NAME_MAX, "%s", r->name);
	out->size[out->map.files] = size;
	return out->map.files++;
}

/* A file is one thing: sectors as they are, or samples that are compressed. */
static int use_as(struct reading *r, int file, enum cdimage_use use)
{
	uint8_t *now = &r->out->use[file];

	if (*now == CDIMAGE_UNUSED || *now == use) {
		*now = (uint8_t)use;
		return file;
	}
	reading_fail(
		r, "\"%s\" is FLAC, and is named as a file of sectors as well", r->out->name[file]);
	return -1;
}

int reading_file(struct reading *r, struct slice path)
{
	int file = find_file(r, path);

	return file < 0 ? -1 : use_as(r, file, CDIMAGE_STORED);
}

int reading_wav(struct reading *r, struct slice path, struct cdimage_wav *wav)
{
	int file = find_file(r, path);
	const char *fault;

	if (file < 0)
		return -1;
	if (r->out->use[file] == CDIMAGE_FLAC) {
		*wav = (struct cdimage_wav){.length = r->out->size[file], .flac = true};
		return file;
	}
	fault = cdimage_wav(r->source, (unsigned)file, r->out->size[file], wav);
	if (fault) {
		reading_fail(r, "\"%s\" %s", r->out->name[file], fault);
		return -1;
	}
	if (use_as(r, file, wav->flac ? CDIMAGE_FLAC : CDIMAGE_STORED) < 0)
		return -1;
	if (wav->flac)
		r->out->size[file] = wav->length;
	return file;
}

void reading_rest(struct reading *r, int file, uint64_t bytes, bool samples)
{
	if (bytes == 0 || r->rest.files++ > 0)
		return;
	r->rest.file = file;
	r->rest.bytes = (unsigned)bytes;
	r->rest.samples = samples && bytes % 4 == 0;
}

void reading_tell_rest(struct reading *r)
{
	struct cdimage *out = r->out;
	char more[64] = "";

	if (r->rest.files == 0 || out->note[0])
		return;
	if (r->rest.files > 1)
		snprintf(more, sizeof(more), "; so it is with %u other file%s", r->rest.files - 1,
			r->rest.files > 2 ? "s" : "");
	snprintf(out->note, sizeof(out->note),
		"%.150s: the last %u %s of \"%.150s\" are left out, because they are no whole "
		"sector%s%s",
		r->name, r->rest.samples ? r->rest.bytes / 4 : r->rest.bytes,
		r->rest.samples ? "samples" : "bytes", out->name[r->rest.file],
		r->rest.samples ? " of 588" : "", more);
}

int reading_optional_file(struct reading *r, const char *name)
{
	struct cdimage *out = r->out;
	uint64_t size = 0;
	size_t n = strlen(name);
	int e;

	if (out->map.files == CD_MAX_FILES || n >= CDIMAGE_NAME_MAX || name[0] == '.')
		return -1;
	e = r->source->find(r->source->ctx, name, &size);
	if (e < 0) {
		if (e != -ENOENT)
			snprintf(out->note, sizeof(out->note),
				"%.255s: the file \"%s\" is left out, because it cannot be read "
				"(error %d)",
				r->name, name, -e);
		return -1;
	}
	memcpy(out->name[out->map.files], name, n + 1);
	out->size[out->map.files] = size;
	return out->map.files++;
}

bool reading_has_suffix(const struct reading *r, int file, const char *suffix)
{
	const char *name = r->out->name[file];
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && strcasecmp(name + n - m, suffix) == 0;
}
