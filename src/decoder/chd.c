// SPDX-License-Identifier: GPL-2.0-or-later
#include "decoder/codec.h"

#include <libchdr/chd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cdimage/chd_frames.h"
#include "util/array.h"

#define KEPT  8u            /* hunks that are kept */
#define AHEAD (128u * 1024) /* bytes that are decoded beyond the last answer, at most */
#define NONE  UINT32_MAX

struct hunks {
	struct codec_file file;
	core_file core;   /* what libchdr reads by */
	bool cut;         /* libchdr got fewer bytes than it wanted; it does not always fail then */
	int64_t position; /* of libchdr in the file */
	chd_file *chd;    /* NULL: it is not open */
	bool bad;         /* the file cannot be opened as a CHD */
	uint32_t hunk;    /* bytes of one */
	uint32_t count;   /* of hunks */
	uint64_t frames;
	uint32_t next; /* the hunk after the last answer */
	/* Hunk n is in slot n % KEPT, if it is anywhere. */
	uint32_t number[KEPT];
	uint8_t data[KEPT][CHD_HUNK_MAX];
};

/* ---- what libchdr calls ------------------------------------------------------------------- */

static uint64_t on_size(core_file *core)
{
	return ((struct hunks *)core->argp)->file.size;
}

static size_t on_read(void *buf, size_t size, size_t count, core_file *core)
{
	struct hunks *h = core->argp;
	size_t done = 0;
	long n = 1;

	if (size == 0 || count > SIZE_MAX / size)
		return 0;
	while (done < size * count && n > 0) {
		n = h->file.read(h->file.ctx, (uint8_t *)buf + done, size * count - done,
			(uint64_t)h->position);
		done += n > 0 ? (size_t)n : 0;
		h->position += n > 0 ? n : 0;
	}
	h->cut |= done < size * count;
	return done / size;
}

static int on_close(core_file *core)
{
	(void)core;
	return 0;
}

static int on_seek(core_file *core, int64_t offset, int whence)
{
	struct hunks *h = core->argp;
	int64_t from = whence == SEEK_SET   ? 0
		       : whence == SEEK_CUR ? h->position
					    : (int64_t)h->file.size;

	if (offset < -from || offset > INT64_MAX - from)
		return -1;
	h->position = from + offset;
	return 0;
}

/* ---- decoding ----------------------------------------------------------------------------- */

static void stop(struct hunks *h)
{
	if (h->chd)
		chd_close(h->chd);
	h->chd = NULL;
}

/* Opens the file. What its header says may be anything. */
static bool begin(struct hunks *h)
{
	const chd_header *header;

	if (h->chd || h->bad)
		return h->chd;
	h->bad = true;
	h->position = 0;
	if (chd_open_core_file(&h->core, CHD_OPEN_READ, NULL, &h->chd) != CHDERR_NONE) {
		h->chd = NULL;
		return false;
	}
	header = chd_get_header(h->chd);
	h->hunk = header->hunkbytes;
	h->count = header->totalhunks;
	h->frames = header->logicalbytes / CHD_FRAME;
	if (h->hunk == 0 || h->hunk > CHD_HUNK_MAX || h->hunk % CHD_FRAME != 0 ||
		header->unitbytes != CHD_FRAME || h->frames > CHD_FRAMES_MAX ||
		h->count < (h->frames + h->hunk / CHD_FRAME - 1) / (h->hunk / CHD_FRAME)) {
		stop(h);
		return false;
	}
	h->bad = false;
	return true;
}

/* The hunk, decoded; NULL: it cannot be. */
static const uint8_t *decode(struct hunks *h, uint32_t n)
{
	unsigned slot = n % KEPT;

	if (h->number[slot] == n)
		return h->data[slot];
	h->number[slot] = NONE;
	h->cut = false;
	if (n >= h->count || chd_read(h->chd, n, h->data[slot]) != CHDERR_NONE || h->cut)
		return NULL;
	h->number[slot] = n;
	return h->data[slot];
}

/*
 * Finds a byte of the rows (chd_frames.h): its frame, its offset there, and how many bytes the row
 * has of that frame from this byte on.
 */
static bool find(
	const struct hunks *h, uint64_t at, uint64_t *frame, uint32_t *offset, uint32_t *left)
{
	for (unsigned i = 0; i < CHD_FRAMES_ROWS; i++) {
		uint32_t unit = chd_frames_units[i];
		uint64_t in_row = at - chd_frames_offset(h->frames, unit);

		if (in_row >= h->frames * unit)
			continue;
		*frame = in_row / unit;
		*offset = (uint32_t)(in_row % unit);
		*left = unit - *offset;
		return true;
	}
	return false;
}

static int32_t read(void *codec, uint64_t at, uint8_t *buf, uint32_t len)
{
	struct hunks *h = codec;
	uint32_t done = 0, offset, left;
	uint64_t frame;

	if (len == 0 || len > INT32_MAX || !begin(h))
		return -1;
	while (done < len && find(h, at + done, &frame, &offset, &left)) {
		uint32_t in_hunk = h->hunk / CHD_FRAME, n = (uint32_t)(frame / in_hunk);
		const uint8_t *data = decode(h, n);

		if (!data)
			break;
		left = MIN(left, len - done);
		memcpy(buf + done, data + (size_t)(frame % in_hunk) * CHD_FRAME + offset, left);
		done += left;
		h->next = n + 1;
	}
	return done ? (int32_t)done : -1;
}

static void read_ahead(void *codec)
{
	struct hunks *h = codec;

	if (!h->chd)
		return;
	/* The last hunk of the answer stays: the next question may begin in it. */
	for (uint32_t i = 0; i < MIN(KEPT - 1, AHEAD / h->hunk) && h->next + i < h->count; i++) {
		if (!decode(h, h->next + i))
			return;
	}
}

/* ---- files -------------------------------------------------------------------------------- */

static void *make(void)
{
	struct hunks *h = calloc(1, sizeof(*h));

	if (h)
		h->core = (core_file){h, on_size, on_read, on_close, on_seek};
	return h;
}

static void turn(void *codec, const struct codec_file *file)
{
	struct hunks *h = codec;

	stop(h);
	h->file = *file;
	h->bad = false;
	for (unsigned i = 0; i < KEPT; i++)
		h->number[i] = NONE;
}

static bool knows(const uint8_t head[CODEC_HEAD])
{
	return memcmp(head, CHD_MAGIC, CODEC_HEAD) == 0;
}

const struct codec codec_chd = {knows, make, turn, read, read_ahead};
