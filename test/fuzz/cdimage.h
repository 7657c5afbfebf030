/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text that describes a compact disc, and files beside it. Input of the fuzzers of texts: a byte
 * for the sizes of the files, a byte for what they hold, then the text. Every name is a file; but
 * with bit 7 of the first byte, files whose names begin with m are missing.
 */
#ifndef FUZZ_CDIMAGE_H
#define FUZZ_CDIMAGE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cd/check.h"
#include "cdimage/cdimage.h"
#include "fuzz/input.h"
#include "util/array.h"

struct fuzz_files {
	uint64_t size[CD_MAX_FILES];
	unsigned files;
	uint8_t sizes, what;
};

static inline int fuzz_find(void *ctx, const char *name, uint64_t *size)
{
	static const uint64_t sizes[] = {0, 1, 44 + 2352, 600 * 2352, 600 * 2352 + 2048 * 500,
		UINT64_C(449849) * 2352, UINT64_C(1) << 40, INT64_MAX};
	struct fuzz_files *f = ctx;

	MUST(name[0] && name[0] != '.' && !strchr(name, '/') && strlen(name) < CDIMAGE_NAME_MAX);
	MUST(f->files < CD_MAX_FILES);
	if (f->sizes & 0x80 && name[0] == 'm')
		return -ENOENT;
	*size = sizes[(f->sizes + f->files) % ARRAY_LEN(sizes)];
	/* Subchannels of the file before. */
	if (f->what & 4 && f->files > 0 && strstr(name, ".sub"))
		*size = f->size[f->files - 1] / 2352 * 96;
	f->size[f->files++] = *size;
	return 0;
}

static inline int fuzz_read(void *ctx, unsigned file, uint64_t offset, void *buf, size_t len)
{
	static const uint8_t wav[44] = "RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x02\0"
				       "\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data\xff\xff\xff\xff";
	static const uint8_t sync[16] = {
		0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 2, 0, 2};
	const struct fuzz_files *f = ctx;
	size_t have;

	MUST(file < f->files && len <= CDIMAGE_READ_MAX);
	if (f->what & 0x80)
		return -EIO;
	have = offset < f->size[file] ? MIN(len, f->size[file] - offset) : 0;
	memset(buf, f->what, have);
	if (f->what & 1 && offset == 0)
		memcpy(buf, wav, MIN(have, sizeof(wav)));
	else if (f->what & 2)
		memcpy(buf, sync, MIN(have, sizeof(sync)));
	else if (f->what & 1 && offset < sizeof(wav))
		memcpy(buf, wav + offset, MIN(have, sizeof(wav) - offset));
	return (int)have;
}

/* Every sector belongs to one extent at most, and each extent is inside its file. */
static inline void check_extents(const struct cdimage *d)
{
	const struct cd_map *m = &d->map;
	int64_t end = -(int64_t)CD_PREGAP;

	MUST(m->extents <= CD_MAX_EXTENTS && m->files <= CD_MAX_FILES);
	for (unsigned i = 0; i < m->extents; i++) {
		const struct cd_extent *e = &m->extent[i];

		MUST(e->lba >= end && e->count > 0);
		end = (int64_t)e->lba + e->count;
		MUST(end <= CD_LBA_END);
		if (e->file == CD_NO_FILE)
			continue;
		MUST(e->file < m->files && e->offset <= d->size[e->file]);
		MUST(e->unit == 2048 || e->unit == 2336 || e->unit == 2352 || e->unit == 2448);
		MUST((d->size[e->file] - e->offset) / e->unit >= e->count);
		if (e->subs == CD_SUBS_NONE)
			continue;
		MUST(e->sub_file < m->files && e->sub_offset <= d->size[e->sub_file]);
		MUST((d->size[e->sub_file] - e->sub_offset) / 96 >= e->count);
	}
}

static inline void check_tracks(const struct cdimage *d)
{
	const struct cd_map *m = &d->map;
	int64_t end = -(int64_t)CD_PREGAP;
	unsigned session = 1;

	MUST(m->first_track >= 1 && m->tracks >= 1 && m->sessions >= 1);
	MUST(m->first_track + m->tracks - 1u <= CD_MAX_TRACKS && m->sessions <= CD_MAX_SESSIONS);
	for (unsigned i = 0; i < m->tracks; i++) {
		const struct cd_track *t = &m->track[i];

		if (t->session != session) {
			MUST(t->session == ++session);
			MUST(m->session[session - 2].lead_out == end);
		} else {
			MUST(i == 0 || t->start - (int64_t)t->pregap == end);
		}
		MUST(t->start - (int64_t)t->pregap >= end && t->length > 0);
		MUST(t->form <= CD_XA && t->indexes <= CD_MAX_INDEXES);
		MUST((t->form != CD_AUDIO) == !!(t->control & 4));
		end = (int64_t)t->start + t->length;
		for (unsigned k = 0; k < t->indexes; k++)
			MUST(t->index[k] > (k ? t->index[k - 1] : t->start) && t->index[k] < end);
	}
	MUST(session == m->sessions && m->session[session - 1].lead_out == end);
	MUST(end <= CD_LBA_END);
}

/* A mention is a piece of the text, after the one before. */
static inline void check_mentions(const struct cdimage *d, size_t size)
{
	const struct cdimage_mentions *m = &d->mentions;
	uint32_t end = 0;

	for (uint32_t i = 0; i < m->count && i < CDIMAGE_MENTIONS_MAX; i++) {
		MUST(m->at[i].at >= end && m->at[i].length > 0 && m->at[i].file < d->map.files);
		end = m->at[i].at + m->at[i].length;
		MUST(end <= size);
	}
}

static inline int fuzz_text(enum cdimage_kind kind, const uint8_t *data, size_t size)
{
	static struct cdimage out;
	struct fuzz_files f = {0};
	struct cdimage_source source = {fuzz_find, fuzz_read, &f};

	if (size < 2)
		return 0;
	f.sizes = data[0];
	f.what = data[1];
	if (cdimage_parse(kind, "disc.xxx", (const char *)data + 2, size - 2, &source, &out)) {
		MUST(!out.error[0] && out.map.files == f.files);
		MUST(!cd_map_check(&out.map, out.size, NULL));
		check_extents(&out);
		check_tracks(&out);
		check_mentions(&out, size - 2);
	} else {
		MUST(out.error[0] && memchr(out.error, '\0', sizeof(out.error)));
	}
	return 0;
}

#endif
