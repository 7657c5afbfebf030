// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any state file beside an image of any size. A state that is accepted must survive encoding
 * and decoding, and must give a valid disc, also after burning on it.
 *
 * Input: blocks of the image (two bytes), flags, state file. Flag 1: the right checksum is
 * appended to the state file. Flags 32, 64: it may also name made_up_r, made_up_rw.
 * Flag 128: FORMAT UNIT. The image of a CD-R has as many bytes as these blocks.
 */
#include <errno.h>

#include "cd/check.h"
#include "disc/cd_record.h"
#include "disc/compact.h"
#include "fuzz/shadow.h"
#include "disc/disc_state.h"
#include "unit/disc/made_up.h"
#include "util/crc32.h"

#define BOOT "8b6e2d5f-boot"

/* ---- an image that reads as zeros, whatever is written ---- */

static int zero_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	MUST(block + count <= m->blocks);
	memset(buf, 0, (size_t)count * m->unit);
	return 0;
}

/* Types that a state file may name besides those of the table. */
static const struct disc_medium *unlisted;

/* A gap before a track is smaller than an ECC block; the overwrite model writes anywhere. */
static int zero_write(struct media *m, uint64_t block, uint32_t count, const void *buf)
{
	(void)buf;
	MUST(block < m->blocks + 32 || unlisted == &made_up_rw || m->unit == 1);
	MUST(count);
	return 0;
}

static int zero_sync(struct media *m)
{
	MUST(m->writable);
	return 0;
}

static int zero_truncate(struct media *m, uint64_t blocks)
{
	MUST(blocks <= m->blocks);
	return 0;
}

static void zero_close(struct media *m)
{
	(void)m;
}

static const struct media_ops zero_ops = {
	.read = zero_read,
	.write = zero_write,
	.sync = zero_sync,
	.truncate = zero_truncate,
	.close = zero_close,
};

/* ---- a directory with one state file ---- */

static char kept[STORE_TEXT_MAX];
static size_t kept_len;

static int mem_read(struct folder *f, const char *name, char *buf, size_t size)
{
	(void)f;
	if (strcmp(name, "i" STORE_SUFFIX) != 0)
		return -ENOENT;
	MUST(size >= kept_len);
	memcpy(buf, kept, kept_len);
	return (int)kept_len;
}

/* A state that a disc saves must load again. */
static int mem_write(struct folder *f, const char *name, const char *text, size_t len)
{
	struct disc_state s;

	(void)f;
	(void)name;
	MUST(len <= STORE_TEXT_MAX);
	MUST(disc_state_decode(text, len, unlisted, &s) == NULL);
	return 0;
}

static int mem_name(struct folder *f, const char *name)
{
	(void)f;
	(void)name;
	return 0;
}

static int mem_two_names(struct folder *f, const char *a, const char *b)
{
	(void)a;
	return mem_name(f, b);
}

static int mem_sync_names(struct folder *f)
{
	(void)f;
	return 0;
}

static void mem_close(struct folder *f)
{
	(void)f;
}

static const struct folder_ops mem_ops = {
	.read = mem_read,
	.write = mem_write,
	.sync = mem_name,
	.exchange = mem_two_names,
	.rename = mem_two_names,
	.unlink = mem_name,
	.sync_names = mem_sync_names,
	.close = mem_close,
};

/* Returns the size of a block of the image that the state is for. */
static uint32_t check_text(void)
{
	static char again[STORE_TEXT_MAX], third[STORE_TEXT_MAX];
	static struct disc_state s, t;
	size_t n;

	if (disc_state_decode(kept, kept_len, unlisted, &s) != NULL)
		return MEDIA_BLOCK;
	n = disc_state_encode(&s, again);
	MUST(n <= STORE_TEXT_MAX);
	MUST(disc_state_decode(again, n, unlisted, &t) == NULL);
	MUST(disc_state_encode(&t, third) == n && memcmp(again, third, n) == 0);
	return s.medium->unit == 1 ? 1 : MEDIA_BLOCK;
}

/* An image that the state does not announce to be cut, which has no time, keeps its blocks. */
static void check_cut(const struct disc *d, uint64_t blocks)
{
	static struct disc_state s;
	const struct media_stamp *t = &s.truncate_stamp, *is = &d->media->stamp;
	bool announced = disc_state_decode(kept, kept_len, unlisted, &s) == NULL && s.truncate &&
			 s.truncate_stamped && t->bytes >= is->bytes && t->seconds == 0 &&
			 t->nanoseconds == 0;

	if (s.truncate && !announced && is->bytes > (uint64_t)s.truncate_to * d->media->unit)
		MUST(d->media->blocks == blocks);
}

static void check_disc(const struct disc *d)
{
	MUST(d->layout.tracks >= 1 && d->layout.sessions >= 1);
	MUST(!d->layout.finalised || disc_open_track(d) == 0);
	MUST(disc_readable_blocks(d) <= d->capacity);
	MUST(disc_unsynced(d) <= d->capacity);
	shadow_check_layout(d, &d->layout);
	shadow_check_layout(d, shadow_real(d));
}

/* A CD: its map is one that a disc can have, and it can be recorded on. */
static void continue_cd(struct disc *d, uint8_t flags)
{
	static const uint8_t blocks[16 * CD_SECTOR];
	const struct cd_map *m = disc_cd_map(d);
	uint64_t size = d->media->blocks;
	int64_t lba;

	MUST(m->tracks == 0 || cd_map_check(m, &size, NULL) == NULL);
	disc_cd_set_write(d, &(struct disc_cd_write){.form = CD_AUDIO, .unit = CD_SECTOR});
	for (unsigned i = 0; i < 4 && disc_cd_nwa(d, &lba); i++) {
		MUST(disc_cd_write_unit(d, lba) <= CD_SECTOR);
		(void)disc_write(d, lba, i == 0 ? 16 : 1, blocks);
		check_disc(d);
	}
	if (flags & 4)
		MUST(disc_cd_flush(d) == DISC_OK);
	if (flags & 8)
		(void)disc_close_session(d);
	check_disc(d);
	if (flags & 16)
		(void)disc_finalise(d);
	check_disc(d);
	size = d->media->blocks;
	MUST(m->tracks == 0 || cd_map_check(m, &size, NULL) == NULL);
}

static void continue_burn(struct disc *d, uint8_t flags)
{
	static const uint8_t blocks[16 * MEDIA_BLOCK];
	const struct disc_track *t = disc_track(d, disc_open_track(d));
	uint32_t end = disc_readable_blocks(d);
	uint8_t last[MEDIA_BLOCK];

	if (d->medium == &made_up_rw && end) {
		MUST(disc_read(d, end - 1, 1, last) == DISC_OK);
		(void)disc_write(d, end / 2, MIN(16, end - end / 2), blocks);
		MUST(disc_write(d, end, 1, blocks) == DISC_OUT_OF_RANGE || !d->media->writable);
	}
	if (d->medium == &made_up_rw && flags & 128)
		MUST(made_up_format(d, d->capacity) == DISC_OK || !d->media->writable);
	check_disc(d);
	if (t)
		(void)disc_write(d, disc_track_nwa(d, t), 16, blocks);
	check_disc(d);
	if (flags & 4)
		MUST(disc_close_track(d, 0) == DISC_OK);
	check_disc(d);
	if (flags & 8)
		MUST(disc_close_session(d) == DISC_OK);
	check_disc(d);
	if (flags & 16)
		(void)disc_finalise(d);
	check_disc(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint16_t blocks = take16(&in);
	uint8_t flags = take8(&in);
	struct folder folder = {&mem_ops};
	struct media media = {
		.ops = &zero_ops, .unit = MEDIA_BLOCK, .blocks = blocks, .writable = !(flags & 2)};
	struct disc_options o = {.media = &media};
	struct disc *d;
	uint64_t opened;

	unlisted = flags & 64 ? &made_up_rw : flags & 32 ? &made_up_r : NULL;
	o.medium = unlisted;
	if (in.n > STORE_TEXT_MAX - 32)
		return 0;
	memcpy(kept, in.p, in.n);
	kept_len = in.n;
	if (flags & 1)
		kept_len += (size_t)snprintf(
			kept + kept_len, 32, "crc32 %08x\n", crc32_add(0, kept, kept_len));
	media.unit = check_text();
	if (media.unit == 1)
		media.blocks *= MEDIA_BLOCK;
	media.stamp.bytes = media.blocks * media.unit;
	MUST(store_new(&folder, "i", BOOT, &o.store) == 0);
	opened = media.blocks;
	d = disc_open(&o);
	MUST(d);
	check_cut(d, opened);
	check_disc(d);
	if (d->cd)
		continue_cd(d, flags);
	else
		continue_burn(d, flags);
	disc_put(d);
	return 0;
}
