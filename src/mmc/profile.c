// SPDX-License-Identifier: GPL-2.0-or-later
#include "mmc/profile.h"

#include "mmc/spec.h"
#include "util/array.h"

#define BIT(n) (1u << (n))

#define CD_READ_SPEED 8467                                    /* 48x */
#define CD_SPEEDS     8467, 7056, 5645, 4234, 2822            /* 48x 40x 32x 24x 16x */
#define BD_READ_SPEED 53952                                   /* 12x */
#define BD_SPEEDS     53952, 44960, 35968, 26976, 17984, 8992 /* 12x 10x 8x 6x 4x 2x */

// clang-format off
/*
 * A DVD-RW that was formatted; while its size grows, it has a next writable address. growisofs takes a
 * track without fixed packets (10h) for one of another disc.
 */
#define RESTRICTED_OVERWRITE                                                                       \
	.code = PROFILE_DVD_RW_RESTRICTED, .name = "DVD-RW restricted overwrite",                  \
	.type = DISC_DVD_RW,                                                                       \
	.permissions = P_READ | P_WRITE | P_VERIFY | P_RESERVE | P_CLOSE | P_TOC | P_FORMAT,                  \
	.close_functions = BIT(0) | BIT(1) | BIT(2) | BIT(3),                                      \
	.feature = { FEATURE_RANDOM_READABLE, FEATURE_DVD_READ, FEATURE_FORMATTABLE,               \
		FEATURE_RESTRICTED_OVERWRITE, FEATURE_RIGID_OVERWRITE, FEATURE_DVD_R_RW,           \
		FEATURE_REAL_TIME_STREAMING },                                                     \
	.write_speed = { 8310, 5540, 2770 }, /* 6x 4x 2x */                                        \
	.book_type = 0x33, .max_rate = 0x0f, .layer_type = 0x04, .no_test_write = true,            \
	.track_mode = 0x04, .closed_track = 0x31, .open_track = 0x30, .track_info_length = 36

/*
 * Recorded track-at-once or session-at-once, and not in packets. A session is closed by CLOSE
 * function 2, and the disc finalised if mode page 05h says that no other session follows.
 */
#define RECORDABLE_CD                                                                              \
	.permissions = P_READ | P_WRITE | P_CLOSE | P_TOC | P_CD | P_CUE,                          \
	.close_functions = BIT(1) | BIT(2),                                                        \
	.read_speed = CD_READ_SPEED, .slowest = CD_SPEED_1X, .page_05 = PAGE_05_CD,                \
	.write_types = WRITE_TRACK_AT_ONCE | WRITE_SESSION_AT_ONCE, .link_blocks = 7,              \
	.no_addresses = true, .track_info_length = 36

/*
 * Writing power and type as a common disc has them (Orange Book parts II and III). wodim refuses to
 * blank a subtype that feature 0037h does not name; of subtype 2, ultra speed, A1 is valid.
 */
static const struct cd_atip atip_r = { .power = 0x50, .type = 0x28 };
static const struct cd_atip atip_rw = { .power = 0x50, .type = 0x54, .a = { { 0x02, 0x4a, 0xb0 } } };

/*
 * In the order of the Profile List (MMC-6 5.3.1): newest first. The last entry of that list,
 * the row before "no disc", must be a profile that is never current: libcdio does not look at
 * the last entry.
 */
const struct mmc_profile mmc_profiles[] = {
	{
		.code = PROFILE_BD_RE, .name = "BD-RE",
		.type = DISC_BD_RE, .type_dl = DISC_BD_RE_DL,
		.formats = BIT(DISC_UNFORMATTED) | BIT(DISC_FORMATTED),
		.permissions = P_READ | P_WRITE | P_VERIFY | P_RESERVE | P_CLOSE | P_TOC | P_FORMAT,
		.close_functions = BIT(0) | BIT(2) | BIT(6),
		.feature = { FEATURE_RANDOM_READABLE, FEATURE_RANDOM_WRITABLE, FEATURE_FORMATTABLE,
			FEATURE_DEFECT_MANAGEMENT, FEATURE_BD_READ, FEATURE_BD_WRITE,
			FEATURE_REAL_TIME_STREAMING },
		.write_speed = { BD_SPEEDS }, .read_speed = BD_READ_SPEED,
		.layer_type = 0x04, .bd_type = "BDW", .bd_class = 0x11,
		.track_mode = 0x04, .closed_track = 0x01, .incremental_track = 0x20,
		.no_addresses = true, .track_info_length = 36,
	}, {
		.code = PROFILE_BD_R, .name = "BD-R",
		.type = DISC_BD_R, .type_dl = DISC_BD_R_DL,
		.formats = BIT(DISC_UNFORMATTED) | BIT(DISC_FORMATTED) | BIT(DISC_FORMATTED_POW),
		.when_finalised = PROFILE_BD_ROM,
		.permissions = P_READ | P_WRITE | P_VERIFY | P_RESERVE | P_CLOSE | P_TOC | P_FORMAT,
		.close_functions = BIT(0) | BIT(1) | BIT(2) | BIT(6),
		.finalise_functions = BIT(6),
		.feature = { FEATURE_RANDOM_READABLE, FEATURE_INCREMENTAL_STREAMING,
			FEATURE_FORMATTABLE, FEATURE_BD_READ, FEATURE_BD_WRITE,
			FEATURE_REAL_TIME_STREAMING },
		.write_speed = { BD_SPEEDS }, .read_speed = BD_READ_SPEED,
		.layer_type = 0x02, .bd_type = "BDR", .bd_class = 0x11,
		.track_mode = 0x04, .closed_track = 0x01, .incremental_track = 0x20,
		.track_info_length = 36,
	}, {
		.code = PROFILE_BD_ROM, .name = "BD-ROM",
		.type = DISC_BD_ROM, .formats = BIT(DISC_UNFORMATTED),
		.as_dvd = PROFILE_DVD_ROM,
		.permissions = P_READ | P_TOC,
		.feature = { FEATURE_RANDOM_READABLE, FEATURE_BD_READ, FEATURE_REAL_TIME_STREAMING },
		.write_speed = { BD_SPEEDS }, .read_speed = BD_READ_SPEED,
		.layer_type = 0x01, .bd_type = "BDO", .bd_class = 0x01,
		.track_mode = 0x04, .closed_track = 0x01, .track_info_length = 36,
	}, {
		.code = PROFILE_DVD_PLUS_R_DL, .name = "DVD+R DL",
		.type = DISC_DVD_PLUS_R_DL, .formats = BIT(DISC_UNFORMATTED),
		.when_finalised = PROFILE_DVD_ROM,
		.permissions = P_READ | P_WRITE | P_VERIFY | P_RESERVE | P_CLOSE | P_TOC,
		.close_functions = BIT(1) | BIT(2) | BIT(5) | BIT(6),
		.finalise_functions = BIT(5) | BIT(6),
		.feature = { FEATURE_RANDOM_READABLE, FEATURE_DVD_READ, FEATURE_DVD_PLUS_R_DL,
			FEATURE_REAL_TIME_STREAMING },
		.write_speed = { 11080, 5540, 3324 }, /* 8x 4x 2.4x */
		.page_2a_read = 0x10, .page_2a_write = 0x14,
		.book_type = 0xe1, .max_rate = 0x0f, .layer_type = 0x02,
		.track_mode = 0x07, .closed_track = 0x81, .track_info_length = 40, .adip_type = "R01",
	}, {
		.code = PROFILE_DVD_PLUS_R, .name = "DVD+R",
		.type = DISC_DVD_PLUS_R, .formats = BIT(DISC_UNFORMATTED),
		.when_finalised = PROFILE_DVD_ROM, /* as other drives would show it */
		.permissions = P_READ | P_WRITE | P_VERIFY | P_RESERVE | P_CLOSE | P_TOC,
		.close_functions = BIT(1) | BIT(2) | BIT(5) | BIT(6),
		.finalise_functions = BIT(5) | BIT(6),
		.feature = { FEATURE_RANDOM_READABLE, FEATURE_DVD_READ, FEATURE_DVD_PLUS_R,
			FEATURE_REAL_TIME_STREAMING },
		.write_speed = { 22160, 11080, 5540, 3324 }, /* 16x 8x 4x 2.4x */
		/*
		 * Page 2Ah, which has the bits of all rows, is older than DVD+R and has none for
		 * it. wodim does not accept a drive without CD-R write (in the row of CD-R) and
		 * DVD-R write as a burner.
		 */
		.page_2a_read = 0x10, .page_2a_write = 0x14, /* with test write */
		.book_type = 0xa1, .max_rate = 0x0f, .layer_type = 0x02,
		.track_mode = 0x07, .closed_track = 0x81, .track_info_length = 40, .adip_type = "R01",
	}, {
		.code = PROFILE_DVD_PLUS_RW, .name = "DVD+RW",
		.type = DISC_DVD_PLUS_RW, .formats = BIT(DISC_UNFORMATTED) | BIT(DISC_FORMATTED),
		.permissions = P_READ | P_WRITE | P_VERIFY | P_RESERVE | P_CLOSE | P_TOC | P_FORMAT,
		.close_functions = BIT(0) | BIT(2),
		.feature = { FEATURE_RANDOM_READABLE, FEATURE_DVD_READ, FEATURE_RANDOM_WRITABLE,
			FEATURE_FORMATTABLE, FEATURE_DVD_PLUS_RW, FEATURE_REAL_TIME_STREAMING },
		.write_speed = { 11080, 5540, 3324 }, /* 8x 4x 2.4x */
		.page_2a_read = 0x10, .page_2a_write = 0x14,
		.book_type = 0x92, .max_rate = 0x0f, .layer_type = 0x04,
		.track_mode = 0x07, .closed_track = 0x21, .open_track = 0x20, .no_addresses = true,
		.track_info_length = 36, .adip_type = "W01",
	}, {
		/* Recorded in the order of the addresses; layer jump recording would be profile 0016h. */
		.code = PROFILE_DVD_R_DL, .name = "DVD-R DL",
		.type = DISC_DVD_R_DL, .formats = BIT(DISC_UNFORMATTED),
		.when_finalised = PROFILE_DVD_ROM,
		.permissions = P_READ | P_WRITE | P_VERIFY | P_RESERVE | P_CLOSE | P_TOC,
		.close_functions = BIT(1) | BIT(2) | BIT(3) | BIT(5) | BIT(6),
		.finalise_functions = BIT(3) | BIT(5) | BIT(6),
		.feature = { FEATURE_RANDOM_READABLE, FEATURE_DVD_READ, FEATURE_INCREMENTAL_STREAMING,
			FEATURE_DVD_R_RW, FEATURE_REAL_TIME_STREAMING },
		.write_speed = { 11080, 5540, 3324 }, /* 8x 4x 2.4x */
		.page_2a_read = 0x10, .page_2a_write = 0x14,
		.page_05 = PAGE_05_LINKED, .write_types = WRITE_PACKET | WRITE_SESSION_AT_ONCE, .link_blocks = 16,
		.book_type = 0x26, .max_rate = 0x0f, .layer_type = 0x02, .lead_in_recorded = true,
		.track_mode = 0x04, .closed_track = 0x01, .incremental_track = 0x20,
		.track_info_length = 36,
	}, {
		.code = PROFILE_DVD_RW, .name = "DVD-RW",
		.type = DISC_DVD_RW, .formats = BIT(DISC_UNFORMATTED),
		.permissions = P_READ | P_WRITE | P_VERIFY | P_RESERVE | P_CLOSE | P_TOC | P_FORMAT,
		.close_functions = BIT(1) | BIT(2) | BIT(3) | BIT(5) | BIT(6),
		.finalise_functions = BIT(3) | BIT(5) | BIT(6),
		.feature = { FEATURE_RANDOM_READABLE, FEATURE_DVD_READ, FEATURE_INCREMENTAL_STREAMING,
			FEATURE_FORMATTABLE, FEATURE_DVD_R_RW, FEATURE_REAL_TIME_STREAMING },
		.write_speed = { 8310, 5540, 2770 }, /* 6x 4x 2x */
		/*
		 * Page 2Ah has no bit for DVD-RW. For BLANK, wodim looks at that of CD-RW, which
		 * the row of CD-RW sets.
		 */
		.page_2a_read = 0x10, .page_2a_write = 0x14,
		.page_05 = PAGE_05_LINKED, .write_types = WRITE_PACKET | WRITE_SESSION_AT_ONCE, .link_blocks = 16,
		.book_type = 0x32, .max_rate = 0x0f, .layer_type = 0x04, .lead_in_recorded = true,
		.track_mode = 0x04, .closed_track = 0x01, .incremental_track = 0x20,
		.track_info_length = 36,
	}, {
		RESTRICTED_OVERWRITE, .formats = BIT(DISC_FORMATTED), .no_addresses = true,
	}, {
		RESTRICTED_OVERWRITE, .formats = BIT(DISC_INTERMEDIATE),
	}, {
		.code = PROFILE_DVD_RAM, .name = "DVD-RAM",
		.type = DISC_DVD_RAM, .formats = BIT(DISC_UNFORMATTED) | BIT(DISC_FORMATTED),
		.permissions = P_READ | P_WRITE | P_VERIFY | P_RESERVE | P_CLOSE | P_TOC | P_FORMAT,
		.close_functions = BIT(0) | BIT(2) | BIT(6),
		.feature = { FEATURE_RANDOM_READABLE, FEATURE_DVD_READ, FEATURE_RANDOM_WRITABLE,
			FEATURE_FORMATTABLE, FEATURE_DEFECT_MANAGEMENT, FEATURE_REAL_TIME_STREAMING },
		.write_speed = { 6925, 4155, 2770 }, /* 5x 3x 2x */
		/* DVD-RAM write: Linux then asks READ DISC INFORMATION whether a disc is erasable. */
		.page_2a_read = 0x20, .page_2a_write = 0x20,
		.book_type = 0x16, .max_rate = 0x0f, .layer_type = 0x04,
		.track_mode = 0x04, .closed_track = 0x01, .no_addresses = true, .other_status = true,
		.track_info_length = 36,
	}, {
		.code = PROFILE_DVD_R, .name = "DVD-R",
		.type = DISC_DVD_R, .formats = BIT(DISC_UNFORMATTED),
		.when_finalised = PROFILE_DVD_ROM,
		.permissions = P_READ | P_WRITE | P_VERIFY | P_RESERVE | P_CLOSE | P_TOC,
		.close_functions = BIT(1) | BIT(2) | BIT(3) | BIT(5) | BIT(6),
		.finalise_functions = BIT(3) | BIT(5) | BIT(6),
		.feature = { FEATURE_RANDOM_READABLE, FEATURE_DVD_READ, FEATURE_INCREMENTAL_STREAMING,
			FEATURE_DVD_R_RW, FEATURE_REAL_TIME_STREAMING },
		.write_speed = { 22160, 16620, 11080, 5540 }, /* 16x 12x 8x 4x */
		.page_2a_read = 0x10, .page_2a_write = 0x14,
		.page_05 = PAGE_05_LINKED, .write_types = WRITE_PACKET | WRITE_SESSION_AT_ONCE, .link_blocks = 16,
		.book_type = 0x25, .max_rate = 0x0f, .layer_type = 0x02, .lead_in_recorded = true,
		.track_mode = 0x04, .closed_track = 0x01, .incremental_track = 0x20,
		.track_info_length = 36,
	}, {
		.code = PROFILE_DVD_ROM, .name = "DVD-ROM",
		.type = DISC_DVD_ROM, .formats = BIT(DISC_UNFORMATTED),
		.permissions = P_READ | P_TOC,
		.feature = { FEATURE_RANDOM_READABLE, FEATURE_DVD_READ, FEATURE_REAL_TIME_STREAMING },
		.write_speed = { 22160, 11080, 5540, 3324 },
		.page_2a_read = 0x08,
		.book_type = 0x01, .max_rate = 0x0f, .layer_type = 0x01,
		.track_mode = 0x04, .closed_track = 0x01, .track_info_length = 36,
	}, {
		.code = PROFILE_CD_RW, .name = "CD-RW",
		.type = DISC_CD_RW, .formats = BIT(DISC_UNFORMATTED),
		.feature = { FEATURE_RANDOM_READABLE, FEATURE_MULTI_READ, FEATURE_CD_READ, FEATURE_CD_TAO,
			FEATURE_CD_MASTERING, FEATURE_CD_RW_WRITE, FEATURE_REAL_TIME_STREAMING },
		.write_speed = { 4234, 2822, 1764, 706 }, /* 24x 16x 10x 4x */
		.page_2a_read = 0x02, .page_2a_write = 0x06, /* with test write */
		.atip = &atip_rw,
		RECORDABLE_CD,
	}, {
		.code = PROFILE_CD_R, .name = "CD-R",
		.type = DISC_CD_R, .formats = BIT(DISC_UNFORMATTED),
		.feature = { FEATURE_RANDOM_READABLE, FEATURE_MULTI_READ, FEATURE_CD_READ, FEATURE_CD_TAO,
			FEATURE_CD_MASTERING, FEATURE_REAL_TIME_STREAMING },
		.write_speed = { CD_SPEEDS, 1411, 706 }, /* and 8x 4x */
		.page_2a_read = 0x01, .page_2a_write = 0x05, /* with test write */
		.atip = &atip_r,
		RECORDABLE_CD,
	}, {
		.code = PROFILE_CD_ROM, .name = "CD-ROM",
		.type = DISC_CD_ROM, .formats = BIT(DISC_UNFORMATTED),
		.permissions = P_READ | P_TOC | P_CD,
		.feature = { FEATURE_RANDOM_READABLE, FEATURE_MULTI_READ, FEATURE_CD_READ,
			FEATURE_REAL_TIME_STREAMING },
		.write_speed = { CD_SPEEDS }, .read_speed = CD_READ_SPEED, .slowest = CD_SPEED_1X,
		/*
		 * Mode 2 forms 1 and 2; READ CD of audio, exact to the sample, R to W, C2 pointers,
		 * ISRC, MCN; CD-Text of the lead-in
		 */
		.page_2a_forms = 0x30, .page_2a_audio = 0x77, .page_2a_channels = 0x20,
		.track_mode = 0x04, .closed_track = 0x01, .no_addresses = true, .track_info_length = 36,
	}, {
		.code = PROFILE_REMOVABLE_DISK, .name = "removable disk",
		.track_info_length = 36,
	}, {
		.code = PROFILE_NONE, .name = "no disc",
		.write_speed = { 22160, 11080, 5540, 3324 },
		.track_info_length = 36,
	},
};
// clang-format on
const size_t mmc_profile_count = ARRAY_LEN(mmc_profiles);

/* The last row is "no disc". */
static const struct mmc_profile *row_of_code(uint16_t code)
{
	size_t i = 0;

	while (i < mmc_profile_count - 1 && mmc_profiles[i].code != code)
		i++;
	return &mmc_profiles[i];
}

static const struct mmc_profile *row_of_disc(const struct disc *disc)
{
	for (size_t i = 0; i < mmc_profile_count; i++)
		if (mmc_profiles[i].formats & BIT(disc->format) &&
			profile_is_for(&mmc_profiles[i], disc->medium->type))
			return &mmc_profiles[i];
	return row_of_code(PROFILE_NONE);
}

const struct mmc_profile *profile_for(const struct disc *disc, const struct mmc_config *config)
{
	const struct mmc_profile *p;

	if (!disc)
		return row_of_code(PROFILE_NONE);
	p = row_of_disc(disc);
	if (disc->layout.finalised && config->finalised == MMC_FINALISED_DVD_ROM &&
		p->when_finalised)
		p = row_of_code(p->when_finalised);
	return config->dvd_only && p->as_dvd ? row_of_code(p->as_dvd) : p;
}

uint32_t profile_read_speed(const struct mmc_profile *p)
{
	return p->read_speed ? p->read_speed : PROFILE_READ_SPEED;
}

uint32_t profile_slowest(const struct mmc_profile *p)
{
	return p->slowest ? p->slowest : DVD_SPEED_1X;
}

bool profile_is_for(const struct mmc_profile *p, enum disc_type type)
{
	return p->type == type || (p->type_dl != DISC_DVD_ROM && p->type_dl == type);
}

bool profile_has_feature(const struct mmc_profile *p, uint16_t feature)
{
	for (size_t i = 0; i < PROFILE_MAX_FEATURES && p->feature[i]; i++)
		if (p->feature[i] == feature)
			return true;
	return false;
}

const char *mmc_profile_name(uint16_t profile)
{
	for (size_t i = 0; i < mmc_profile_count; i++)
		if (mmc_profiles[i].code == profile)
			return mmc_profiles[i].name;
	return "unknown";
}
