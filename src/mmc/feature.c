// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of features, and GET CONFIGURATION, which is made from it and the profiles. */
#include <string.h>

#include "mmc/mmc_int.h"
#include "util/array.h"
#include "util/be.h"

/* When a feature is current. */
enum feature_current {
	BY_PROFILE,       /* with each profile that lists it */
	ALWAYS,           /* with every disc, and without one: persistent */
	WHILE_WRITABLE,   /* by profile, unless the disc is write protected */
	WHILE_APPENDABLE, /* the same, until the disc is finalised */
	WHILE_RECORDABLE, /* the same, and the disc can be appended to or overwritten */
	WHILE_FORMATTABLE /* the same, while FORMAT UNIT has something to do */
};

struct feature {
	uint16_t code;
	uint8_t version;
	uint8_t current;  /* enum feature_current */
	uint8_t body_len; /* bytes, a multiple of 4: Windows stops parsing at any other length */
	const char *body;
	/* Builds a body that depends on the drive, in place of body. Returns its length. */
	uint32_t (*build)(const struct mmc_drive *d, uint8_t *out);
};

static uint32_t build_profile_list(const struct mmc_drive *d, uint8_t *out)
{
	uint32_t n = 0;

	for (size_t i = 0; i < mmc_profile_count; i++) {
		/* Rows of one profile stand together: an entry for all of them. */
		if (mmc_profiles[i].code == PROFILE_NONE ||
			(i && mmc_profiles[i].code == mmc_profiles[i - 1].code))
			continue;
		put_be16(out + n, mmc_profiles[i].code);
		out[n + 2] = mmc_profiles[i].code == d->profile->code;
		out[n + 3] = 0;
		n += 4;
	}
	return n;
}

/* 2048 bytes a block, the blocks of an ECC block, page 01h present. */
static uint32_t build_random_readable(const struct mmc_drive *d, uint8_t *out)
{
	put_be32(out, MEDIA_BLOCK);
	put_be16(out + 4, mmc_shown_medium(d)->ecc_blocks);
	out[6] = 0x01;
	out[7] = 0;
	return 8;
}

static uint32_t build_serial(const struct mmc_drive *d, uint8_t *out)
{
	uint32_t len = (uint32_t)strlen(d->config.serial);
	uint32_t padded = (len + 3) / 4 * 4;

	memset(out, ' ', padded);
	memcpy(out, d->config.serial, len);
	return padded;
}

/* The last block that could be written, of the whole medium (MMC-6 5.3.13); 0: no such disc. */
static uint32_t build_random_writable(const struct mmc_drive *d, uint8_t *out)
{
	const struct disc *disc = mmc_loaded(d);
	bool writable = disc && profile_has_feature(d->profile, FEATURE_RANDOM_WRITABLE);
	uint32_t blocks = writable ? disc_readable_blocks(disc) : 0;

	if (writable && blocks == 0)
		blocks = disc->capacity; /* as it will be formatted */
	put_be32(out, blocks ? blocks - 1 : 0);
	put_be32(out + 4, MEDIA_BLOCK);
	put_be16(out + 8, writable ? disc->medium->ecc_blocks : 16);
	put_be16(out + 10, 0x0100); /* PP: page 01h is present */
	return 12;
}

/* RENoSA: a BD-RE can do without spare areas; QCert, Cert: no block is ever found bad. */
static uint32_t build_formattable(const struct mmc_drive *d, uint8_t *out)
{
	enum { RENOSA = 0x08, QCERT = 0x02, CERT = 0x01 };

	memset(out, 0, 8);
	if (profile_has_feature(d->profile, FEATURE_BD_WRITE))
		out[0] = RENOSA | QCERT | CERT;
	return 8;
}

/* DVD-R/-RW Write (MMC-6 5.3). A formatted DVD-RW has no test write. */
static uint32_t build_dvd_r_rw(const struct mmc_drive *d, uint8_t *out)
{
	enum { DVD_RW = 0x02, TEST_WRITE = 0x04, RDL = 0x08, BUF = 0x40 };

	put_be32(out, 0);
	out[0] = BUF | RDL | DVD_RW | (d->profile->no_test_write ? 0 : TEST_WRITE);
	return 4;
}

// clang-format off
/* In ascending order of codes (MMC-6 5.2.2). */
static const struct feature features[] = {
	{ FEATURE_PROFILE_LIST, 0, ALWAYS, 0, NULL, build_profile_list },
	/* Physical interface 8 = USB; DBE: device busy events are reported */
	{ FEATURE_CORE, 2, ALWAYS, 8, "\0\0\0\x08\x01\0\0\0", NULL },
	/* OCEvent: operational change events; no asynchronous GESN */
	{ FEATURE_MORPHING, 1, ALWAYS, 4, "\x02\0\0\0", NULL },
	/* Tray, load, eject, lock */
	{ FEATURE_REMOVABLE_MEDIUM, 1, ALWAYS, 4, "\x39\0\0\0", NULL },
	{ FEATURE_RANDOM_READABLE, 0, BY_PROFILE, 0, NULL, build_random_readable },
	/* Reads what is recorded on any kind of CD */
	{ FEATURE_MULTI_READ, 0, BY_PROFILE, 0, "", NULL },
	/* C2 error pointers, CD-Text */
	{ FEATURE_CD_READ, 2, BY_PROFILE, 4, "\x03\0\0\0", NULL },
	{ FEATURE_DVD_READ, 1, BY_PROFILE, 4, "\0\0\0\0", NULL },
	/* Linux opens a drive for writing that has this feature, whatever disc is in it. */
	{ FEATURE_RANDOM_WRITABLE, 1, WHILE_WRITABLE, 0, NULL, build_random_writable },
	/* data block type 8; buffer underrun free; one link size, 16 blocks */
	{ FEATURE_INCREMENTAL_STREAMING, 1, WHILE_APPENDABLE, 8, "\x01\0\x01\x01\x10\0\0\0", NULL },
	{ FEATURE_FORMATTABLE, 1, WHILE_FORMATTABLE, 0, NULL, build_formattable },
	/* SSA: the spare area can be read, structure 0Ah */
	{ FEATURE_DEFECT_MANAGEMENT, 1, WHILE_WRITABLE, 4, "\x80\0\0\0", NULL },
	/* DVD-RW, formatted */
	{ FEATURE_RESTRICTED_OVERWRITE, 0, WHILE_WRITABLE, 0, "", NULL },
	/* Write bit; no quick start, and CLOSE stops a background format alone */
	{ FEATURE_DVD_PLUS_RW, 1, WHILE_WRITABLE, 4, "\x01\0\0\0", NULL },
	/* Write bit: Windows and macOS look for it before they offer to burn */
	{ FEATURE_DVD_PLUS_R, 1, BY_PROFILE, 4, "\x01\0\0\0", NULL },
	/* DVD-RW, formatted: the intermediate state, and BLANK */
	{ FEATURE_RIGID_OVERWRITE, 0, WHILE_WRITABLE, 4, "\x03\0\0\0", NULL },
	/* Buffer underrun free, test write, CD-RW; data block types 0 and 8 to 13 */
	{ FEATURE_CD_TAO, 2, WHILE_APPENDABLE, 4, "\x46\0\x3f\x01", NULL },
	/* The same, and session-at-once; bytes of the longest cue sheet: DISC_CD_CUE_MAX */
	{ FEATURE_CD_MASTERING, 1, WHILE_APPENDABLE, 4, "\x66\0\x10\0", NULL },
	{ FEATURE_DVD_R_RW, 2, WHILE_WRITABLE, 0, NULL, build_dvd_r_rw },
	/* Subtypes 0 to 3 of the ATIP */
	{ FEATURE_CD_RW_WRITE, 0, WHILE_WRITABLE, 4, "\0\x0f\0\0", NULL },
	{ FEATURE_DVD_PLUS_R_DL, 0, BY_PROFILE, 4, "\x01\0\0\0", NULL },
	/*
	 * Bitmaps of four classes each for BD-RE, BD-R and BD-ROM; bit n: version n. BD-RE and BD-R
	 * are of class 1 and version 1, a BD-ROM of class 0 and version 1, as their disc information
	 * says (mmc_profile.bd_class).
	 */
	{ FEATURE_BD_READ, 0, BY_PROFILE, 28, "\0\0\0\0" "\0\0\0\x02\0\0\0\0" "\0\0\0\x02\0\0\0\0"
		"\0\x02\0\0\0\0\0\0", NULL },
	/* The same bitmaps for BD-RE and BD-R; blocks are not verified after writing. */
	{ FEATURE_BD_WRITE, 0, WHILE_RECORDABLE, 20, "\0\0\0\0" "\0\0\0\x02\0\0\0\0" "\0\0\0\x02\0\0\0\0", NULL },
	{ FEATURE_POWER_MANAGEMENT, 0, ALWAYS, 0, "", NULL },
	{ FEATURE_TIMEOUT, 0, ALWAYS, 4, "\0\0\0\0", NULL },
	/* SW, WSPD, MP2A, SCS, RBCB: all are supported */
	{ FEATURE_REAL_TIME_STREAMING, 3, BY_PROFILE, 4, "\x1f\0\0\0", NULL },
	{ FEATURE_SERIAL_NUMBER, 0, ALWAYS, 0, NULL, build_serial },
};
// clang-format on

/* Writes the descriptor to p. Its length; 0: the drive does not have the feature. */
static uint32_t put_feature(
	const struct mmc_drive *d, const struct feature *f, bool current, uint8_t *p)
{
	uint32_t len = f->body_len;

	if (f->build)
		len = f->build(d, p + 4);
	else
		memcpy(p + 4, f->body, len);
	if (f->code == FEATURE_SERIAL_NUMBER && len == 0)
		return 0;
	put_be16(p, f->code);
	p[2] = (uint8_t)(f->version << 2 | (f->current == ALWAYS ? 0x02 : 0) |
			 (current ? 0x01 : 0));
	p[3] = (uint8_t)len;
	return 4 + len;
}

static bool is_current(const struct mmc_drive *d, const struct feature *f)
{
	const struct disc *disc = mmc_loaded(d);

	if (f->current == ALWAYS)
		return true;
	if (f->current == WHILE_APPENDABLE && disc && !disc_is_appendable(disc))
		return false;
	if (f->current == WHILE_RECORDABLE && disc && !disc_is_appendable(disc) &&
		!disc_medium_is_overwritable(disc->medium, disc->format))
		return false;
	if (f->current == WHILE_FORMATTABLE && disc && !disc_is_formattable(disc))
		return false;
	if (f->current >= WHILE_WRITABLE && disc && disc_is_protected(disc))
		return false;
	return profile_has_feature(d->profile, f->code);
}

mmc_sense_t cmd_get_configuration(struct mmc_drive *d, const uint8_t *cdb)
{
	enum { RT_ALL, RT_CURRENT, RT_ONE, RT_RESERVED } rt = cdb[1] & 0x03;
	uint16_t start = get_be16(cdb + 2);
	uint8_t *p = mmc_reply(d, MMC_REPLY_SIZE);
	uint32_t len = 8;

	if (rt == RT_RESERVED)
		return mmc_bad_cdb();
	for (size_t i = 0; i < ARRAY_LEN(features); i++) {
		const struct feature *f = &features[i];
		bool current = is_current(d, f);

		if (f->code < start || (rt == RT_ONE && f->code != start) ||
			(rt == RT_CURRENT && !current))
			continue;
		len += put_feature(d, f, current, p + len);
	}
	put_be32(p, len - 4);
	put_be16(p + 6, d->profile->code);
	d->cmd.reply_len = len;
	return SENSE_NONE;
}
