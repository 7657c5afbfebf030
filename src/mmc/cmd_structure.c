// SPDX-License-Identifier: GPL-2.0-or-later
/* READ DISC STRUCTURE and SEND DISC STRUCTURE. */
#include <string.h>

#include "mmc/mmc_int.h"
#include "util/array.h"
#include "util/be.h"

#define PSN_START 0x030000u /* physical sector number of LBA 0 (ECMA-267, ECMA-349) */
#define PSN_MAX   0xffffffu /* sector numbers have 24 bits */

/* Blocks of the data area: what can be read, or all of a blank. */
static uint32_t data_area(const struct disc *disc)
{
	uint32_t blocks = disc_readable_blocks(disc);

	return blocks ? blocks : disc->capacity;
}

static uint8_t layers(const struct mmc_drive *d)
{
	const struct disc_medium *m = mmc_shown_medium(d);
	bool one_more = m->single_layer && data_area(d->cmd.disc) > m->single_layer;

	return (uint8_t)(m->layers + one_more);
}

/* Blocks of layer 0 of a disc with two layers. */
static uint32_t layer_break(const struct mmc_drive *d)
{
	const struct disc *disc = d->cmd.disc;
	uint32_t blocks = data_area(disc), ecc = disc->medium->ecc_blocks;

	if (disc->layer_break)
		return disc->layer_break;
	if (disc->medium->layer_break)
		return disc->medium->layer_break;
	/* An image does not tell where its disc had the break: in the middle, and within a layer.
	 */
	return MIN((blocks / 2 + ecc - 1) / ecc * ecc, mmc_shown_medium(d)->single_layer);
}

static void put_psn(uint8_t *p, uint64_t psn)
{
	/* An image beyond any disc's size ends at the highest number. */
	put_be24(p, psn > PSN_MAX ? PSN_MAX : (uint32_t)psn);
}

/*
 * Writes where the data area of two layers ends. On an opposite track path, layer 1 begins at the
 * complement of the last sector number of layer 0, and its numbers rise from there (ECMA-267 18).
 */
static void put_two_layers(const struct mmc_drive *d, uint8_t *p)
{
	uint32_t first = layer_break(d), blocks = data_area(d->cmd.disc);
	uint32_t last_psn = PSN_START + first - 1;
	/* The second layer of a recordable disc is recorded to its end, whatever the host has sent.
	 */
	uint32_t second =
		blocks > first && !d->cmd.disc->medium->layer_break ? blocks - first : first;

	p[2] |= 1 << 5 | 0x10; /* two layers, opposite track path */
	put_psn(p + 9, (uint64_t)(~last_psn & PSN_MAX) + second - 1);
	put_psn(p + 13, last_psn);
}

/*
 * Writes the 20 bytes on a data area of that many blocks that physical format information and
 * ADIP share.
 */
static void put_data_area(const struct mmc_drive *d, uint32_t blocks, uint8_t *p)
{
	p[0] = d->profile->book_type;
	p[1] = d->profile->max_rate; /* 120 mm */
	p[2] = d->profile->layer_type;
	p[3] = 0; /* 0.267 um a bit, 0.74 um a track */
	put_be24(p + 5, PSN_START);
	if (blocks)
		put_psn(p + 9, (uint64_t)PSN_START + blocks - 1);
	if (layers(d) > 1)
		put_two_layers(d, p);
}

static uint32_t structure_physical(const struct mmc_drive *d, uint8_t *p)
{
	const struct disc *disc = d->cmd.disc;
	uint32_t blocks = data_area(disc);

	if (d->profile->lead_in_recorded && disc_readable_blocks(disc) == 0)
		blocks = 0;
	put_data_area(d, blocks, p);
	return 2048;
}

/* Returns the recordable area of a blank, as in its pre-recorded lead-in. */
static uint32_t structure_recordable_area(const struct mmc_drive *d, uint8_t *p)
{
	put_data_area(d, d->cmd.disc->capacity, p);
	return 2048;
}

/*
 * Land pre-pits (ECMA-359 24): fields of 8 bytes that begin with a number. Burning programs show
 * fields 3 and 4 as the media id.
 */
static uint32_t structure_pre_recorded(const struct mmc_drive *d, uint8_t *p)
{
	(void)d;
	p[0] = 1;
	p[8] = 2;
	p[16] = 3;
	memcpy(p + 17, "MMCGAD", 6);
	p[24] = 4;
	memcpy(p + 25, "GT-R01", 6);
	p[32] = 5;
	return 36;
}

static uint32_t structure_copyright(const struct mmc_drive *d, uint8_t *p)
{
	(void)d;
	(void)p;
	return 4; /* no protection system, no region */
}

static uint32_t structure_manufacturing(const struct mmc_drive *d, uint8_t *p)
{
	(void)d;
	(void)p;
	return 2048;
}

static bool has_adip(const struct mmc_drive *d)
{
	return d->profile->adip_type != NULL;
}

/*
 * ADIP of a DVD+R or DVD+RW (ECMA-349 14.4.2): burning programs show manufacturer and media type
 * from it.
 */
static uint32_t structure_adip(const struct mmc_drive *d, uint8_t *p)
{
	put_data_area(d, data_area(d->cmd.disc), p);
	memcpy(p + 19, "MMCGADGT", 8);
	memcpy(p + 27, d->profile->adip_type, 3);
	p[31] = 56; /* bytes of physical format information in use */
	return 256;
}

/* Spare area of a DVD-RAM (MMC-6 6.22.3.5): what a format without it gives to the user is in it. */
static uint32_t structure_spare_area(const struct mmc_drive *d, uint8_t *p)
{
	enum { PRIMARY = 12800 };
	const struct disc *disc = d->cmd.disc;
	uint32_t supplementary = disc->capacity - disc_readable_blocks(disc);

	put_be32(p, PRIMARY); /* no block is defective: all of it is unused */
	put_be32(p + 4, supplementary);
	put_be32(p + 8, supplementary);
	return 12;
}

/*
 * Disc information of a BD (MMC-6 6.22.3.3.1): a unit for each layer, 112 bytes apart. Burning
 * programs show manufacturer and media type from the first one. Zero are: time stamp, hybrid
 * layers, burst cutting area, and maximum transfer rate (not specified).
 */
static uint32_t structure_bd_information(const struct mmc_drive *d, uint8_t *p)
{
	enum { EMBOSSED = 0x01, UNIT = 112 };
	const struct mmc_profile *profile = d->profile;
	bool embossed = profile->layer_type == EMBOSSED;
	uint8_t n = layers(d);

	for (uint8_t i = 0; i < n; i++, p += UNIT) {
		memcpy(p, "DI\1", 3);
		p[3] = (uint8_t)(n << 3 | i);
		p[5] = i;
		p[6] = embossed ? 32 : 98; /* bytes in use, without manufacturer and media type */
		memcpy(p + 8, profile->bd_type, 3);
		p[11] = profile->bd_class;
		p[12] = (uint8_t)(n << 4 | profile->layer_type);
		p[13] = 0x01; /* channel bits of 74.5 nm: 25 GB a layer */
		if (embossed)
			continue;
		memcpy(p + 100, "MMCGAD", 6);
		p[106] = (uint8_t)profile->bd_type[2];
		memcpy(p + 107, "01", 2);
		p[111] = 1; /* revision */
	}
	return 4096;
}

/* Spare area of a BD (MMC-6 6.22.3.3): free and allocated blocks. No block is ever bad. */
static uint32_t structure_bd_spare_area(const struct mmc_drive *d, uint8_t *p)
{
	uint32_t blocks = disc_spare_blocks(d->cmd.disc);

	put_be32(p + 4, blocks);
	put_be32(p + 8, blocks);
	return 12;
}

static bool has_bd_spare_area(const struct mmc_drive *d)
{
	return disc_spare_blocks(d->cmd.disc) > 0;
}

/*
 * Write protection status (MMC-6 6.22.3.9): persistent, as long as the image cannot be written; or
 * MSWI, the medium itself inhibits writing.
 */
static uint32_t structure_write_protection(const struct mmc_drive *d, uint8_t *p)
{
	enum { PERSISTENT = 0x02, MSWI = 0x08 };
	const struct disc *disc = d->cmd.disc;

	p[0] = disc_is_protected(disc) ? PERSISTENT : disc->read_only ? MSWI : 0;
	return 4;
}

/* Layer boundary information (MMC-6 6.22.3.2): whether it is set, and the blocks of layer 0. */
static uint32_t structure_layer_boundary(const struct mmc_drive *d, uint8_t *p)
{
	p[0] = d->cmd.disc->layer_break ? 0x80 : 0;
	put_be32(p + 4, layer_break(d));
	return 8;
}

static int set_layer_boundary(struct disc *disc, const uint8_t *p)
{
	return disc_set_layer_break(disc, get_be32(p + 4));
}

enum { MEDIA_TYPE_DVD = 0, MEDIA_TYPE_BD = 1 };

static const struct structure {
	uint8_t media_type; /* CDB byte 1 */
	uint8_t format;
	uint16_t length;  /* of the whole structure with its header, for the format list */
	uint16_t feature; /* the profile must have it */
	uint32_t (*build)(const struct mmc_drive *d, uint8_t *p);
	/* Takes what SEND DISC STRUCTURE brings, without the header; NULL = cannot be sent. */
	int (*set)(struct disc *disc, const uint8_t *p);
	bool (*has)(const struct mmc_drive *d); /* does this disc have it? NULL = yes */
} structures[] = {
	{MEDIA_TYPE_DVD, 0x00, 2052, FEATURE_DVD_READ, structure_physical, NULL, NULL},
	{MEDIA_TYPE_DVD, 0x01, 8, FEATURE_DVD_READ, structure_copyright, NULL, NULL},
	{MEDIA_TYPE_DVD, 0x04, 2052, FEATURE_DVD_READ, structure_manufacturing, NULL, NULL},
	{MEDIA_TYPE_DVD, 0x0a, 16, FEATURE_DEFECT_MANAGEMENT, structure_spare_area, NULL, NULL},
	{MEDIA_TYPE_DVD, 0x0e, 40, FEATURE_DVD_R_RW, structure_pre_recorded, NULL, NULL},
	{MEDIA_TYPE_DVD, 0x10, 2052, FEATURE_DVD_R_RW, structure_recordable_area, NULL, NULL},
	{MEDIA_TYPE_DVD, 0x11, 260, FEATURE_DVD_READ, structure_adip, NULL, has_adip},
	{MEDIA_TYPE_DVD, 0x20, 12, FEATURE_DVD_PLUS_R_DL, structure_layer_boundary,
		set_layer_boundary, NULL},
	{MEDIA_TYPE_DVD, 0xc0, 8, FEATURE_RANDOM_WRITABLE, structure_write_protection, NULL, NULL},
	{MEDIA_TYPE_BD, 0x00, 4100, FEATURE_BD_READ, structure_bd_information, NULL, NULL},
	{MEDIA_TYPE_BD, 0x0a, 16, FEATURE_BD_WRITE, structure_bd_spare_area, NULL,
		has_bd_spare_area},
	{MEDIA_TYPE_BD, 0xc0, 8, FEATURE_BD_WRITE, structure_write_protection, NULL, NULL},
};

/* True if a disc of the current profile has this structure. */
static bool disc_has(const struct mmc_drive *d, const struct structure *s)
{
	bool bd = profile_has_feature(d->profile, FEATURE_BD_READ);

	return (s->media_type == MEDIA_TYPE_BD) == bd &&
	       profile_has_feature(d->profile, s->feature) && (!s->has || s->has(d));
}

/* The row of the media type and format in the CDB, if the disc has that structure; NULL: none. */
static const struct structure *find_structure(const struct mmc_drive *d, const uint8_t *cdb)
{
	for (size_t i = 0; i < ARRAY_LEN(structures); i++) {
		const struct structure *s = &structures[i];

		if (s->media_type == (cdb[1] & 0x0f) && s->format == cdb[7] && disc_has(d, s))
			return s;
	}
	return NULL;
}

/* Format FFh: the list of the formats that can be read (MMC-6 table 404). */
static uint32_t structure_list(const struct mmc_drive *d, uint8_t media_type, uint8_t *p)
{
	enum { READABLE = 0x40, SENDABLE = 0x80 };
	uint32_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(structures); i++) {
		const struct structure *s = &structures[i];

		if (s->media_type != media_type || !disc_has(d, s))
			continue;
		p[n] = s->format;
		p[n + 1] = (uint8_t)(READABLE | (s->set ? SENDABLE : 0));
		put_be16(p + n + 2, s->length - 2u);
		n += 4;
	}
	return n;
}

mmc_sense_t cmd_read_disc_structure(struct mmc_drive *d, const uint8_t *cdb)
{
	enum { FORMAT_LIST = 0xff };
	uint8_t format = cdb[7], layer = cdb[6];
	const struct structure *s = find_structure(d, cdb);
	uint8_t *p = mmc_reply(d, MMC_REPLY_SIZE);
	uint32_t len = 0;

	if (layer >= layers(d))
		return mmc_bad_cdb();
	if (format == FORMAT_LIST)
		len = structure_list(d, cdb[1] & 0x0f, p + 4);
	else if (s)
		len = s->build(d, p + 4);
	if (len == 0)
		return mmc_bad_cdb();
	put_be16(p, len + 2);
	d->cmd.reply_len = len + 4;
	return SENSE_NONE;
}

mmc_sense_t cmd_send_disc_structure(struct mmc_drive *d, const uint8_t *cdb)
{
	const struct structure *s = find_structure(d, cdb);

	return s && s->set ? cmd_param(d, cdb) : mmc_bad_cdb();
}

mmc_sense_t cmd_send_disc_structure_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	const struct structure *s = find_structure(d, cdb);
	const uint8_t *p = d->param;
	mmc_sense_t test;
	int r;

	if (!s || mmc_param_len(d) < s->length)
		return SENSE_LIST_LENGTH;
	if (get_be16(p) != s->length - 2u)
		return SENSE_INVALID_PARAMETER;
	test = mmc_apply_test_write(d);
	if (test)
		return test;
	r = s->set(d->cmd.disc, p + 4);
	switch (r) {
	case DISC_OUT_OF_RANGE:
		return SENSE_INVALID_PARAMETER;
	case DISC_TRACK_FULL: /* it was sent before, or the disc is not blank */
		return SENSE_SEQUENCE_ERROR;
	}
	return sense_from_disc(r, true);
}
