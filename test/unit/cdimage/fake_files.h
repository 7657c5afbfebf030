/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that a text of a disc names: of some size, with some bytes. */
#ifndef CDIMAGE_FAKE_FILES_H
#define CDIMAGE_FAKE_FILES_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cdimage/cdimage.h"
#include "util/array.h"

struct fake_file {
	const char *name;
	uint64_t size;
	const void *head; /* its first bytes; the others are 0 */
	size_t head_len;
	uint64_t at; /* where these bytes are, if not at the beginning */
};

struct fake_files {
	const struct fake_file *file;
	size_t count;
	size_t found[CD_MAX_FILES]; /* in the order in which they were found */
	unsigned finds;
};

static inline int fake_find(void *ctx, const char *name, uint64_t *size)
{
	struct fake_files *f = ctx;

	for (size_t i = 0; i < f->count; i++) {
		if (strcmp(f->file[i].name, name) != 0)
			continue;
		f->found[f->finds++] = i;
		*size = f->file[i].size;
		return 0;
	}
	return -ENOENT;
}

static inline int fake_read(void *ctx, unsigned n, uint64_t offset, void *buf, size_t len)
{
	const struct fake_files *f = ctx;
	const struct fake_file *file;
	size_t have;

	assert_true(n < f->finds && len <= CDIMAGE_READ_MAX);
	file = &f->file[f->found[n]];
	have = offset < file->size ? MIN(len, file->size - offset) : 0;
	for (size_t i = 0; i < have; i++) {
		uint64_t at = offset + i - file->at;

		((uint8_t *)buf)[i] = offset + i >= file->at && at < file->head_len
					      ? ((const uint8_t *)file->head)[at]
					      : 0;
	}
	return (int)have;
}

/* The end of the line is ignored by the parsers, so tests write '\n' only. */
static struct cdimage parsed;

static inline bool parse(
	const char *name, const char *text, const struct fake_file *file, size_t count)
{
	struct fake_files f = {.file = file, .count = count};
	struct cdimage_source source = {fake_find, fake_read, &f};

	return cdimage_parse(cdimage_kind_of(name), name, text, strlen(text), &source, &parsed);
}

#define assert_parses(name, text, files)                                                           \
	do {                                                                                       \
		if (!parse(name, text, files, ARRAY_LEN(files)))                                   \
			fail_msg("%s", parsed.error);                                              \
	} while (0)

static inline void assert_refused(const char *name, const char *text, const struct fake_file *file,
	size_t count, const char *why)
{
	assert_false(parse(name, text, file, count));
	assert_string_equal(parsed.error, why);
}

static inline void assert_extent(
	unsigned n, int lba, unsigned count, int file, uint64_t offset, unsigned unit)
{
	const struct cd_extent *e = &parsed.map.extent[n];

	if (n >= parsed.map.extents || e->lba != lba || e->count != count ||
		e->file != (file < 0 ? CD_NO_FILE : (unsigned)file) || e->offset != offset ||
		e->unit != unit)
		fail_msg("extent %u of %u: %d +%u, file %d, at %llu, %u bytes", n,
			parsed.map.extents, e->lba, e->count, e->file,
			(unsigned long long)e->offset, e->unit);
}

static inline void assert_track(
	unsigned n, int start, unsigned pregap, unsigned length, unsigned form, unsigned control)
{
	const struct cd_track *t = &parsed.map.track[n - 1];

	if (n > parsed.map.tracks || t->start != start || t->pregap != pregap ||
		t->length != length || t->form != form || t->control != control)
		fail_msg("track %u of %u: %d, pregap %u, +%u, form %u, control %u", n,
			parsed.map.tracks, t->start, t->pregap, t->length, t->form, t->control);
}

#endif
