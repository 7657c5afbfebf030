/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every medium in every state that commands can bring it to, and what a drive must say of it: rows
 * for tests that ask the same of all of them. The columns come from the standard (MMC-6 5.3, 5.4,
 * 6.4), not from the tables of the engine.
 */
#ifndef TEST_UNIT_MEDIA_STATES_H
#define TEST_UNIT_MEDIA_STATES_H

#include "unit/mmc/drive_cmd.h"

/* A format that FORMAT UNIT takes in a state: sizes from `least` to `most`. */
struct taken_format {
	uint8_t type, sub_types; /* bit n: sub-type n; 0 ends the list */
	uint32_t least, most;
};
#define ANY_SUB_TYPE 0x0f

/* What FORMAT UNIT is for such a medium. */
enum formatting {
	NEVER_FORMATTED, /* 5/30/06 to each FORMAT UNIT */
	NOT_FORMATTED_NOW,
	CAN_BE_FORMATTED,
	WRITE_PROTECTED /* 7/27/00 */
};

struct media_state {
	const char *name;
	const char *type; /* NULL: no disc */
	uint32_t image;   /* blocks of a read-only image; 0: a blank */
	bool kept;        /* the drive shows a finalised disc as the recordable one */
	/* What is done to it, in this order. */
	uint8_t format[8]; /* FORMAT UNIT: format descriptor; [4..7] = type and parameter */
	bool is_formatted;
	uint8_t page_05[2]; /* MODE SELECT: bytes 2 and 3 of mode page 05h; 0: none */
	bool cue; /* SEND CUE SHEET of a session of 40 blocks, and its pregap is written */
	uint32_t reserve, write;
	uint8_t close[3]; /* CLOSE TRACK/SESSION functions; CLOSE_0 = function 0, 0 ends */
	bool protected;   /* inserted again, with an image that cannot be written */
	/* What the drive says then. */
	uint16_t profile;
	uint16_t current[10]; /* features current beside those that always are; 0 ends */
	enum formatting formatting;
	struct taken_format taken[12];
	uint16_t blank; /* BLANK makes it a blank of this profile; 0: there is no BLANK */
};
#define CLOSE_0 0x80

// clang-format off
#define TYPE(type, sub, blocks)                                                                    \
	.is_formatted = true, .format = { (uint8_t)((blocks) >> 24), (uint8_t)((blocks) >> 16),    \
		(uint8_t)((blocks) >> 8), (uint8_t)(blocks), (type) << 2 | (sub) }
#define INCREMENTAL .page_05 = { 0x60, 0xe5 }, .write = 16 /* and another session follows */
#define AT_ONCE     .page_05 = { 0x62, 0x25 }, .reserve = 40
#define CLOSED      .close = { 1, 2 }

#define ROM     .profile = 0x0010, .current = { 0x0010, 0x001f, 0x0107 }
#define PLUS_R  .profile = 0x001b, .current = { 0x0010, 0x001f, 0x002b, 0x0107 }
#define PLUS_DL .profile = 0x002b, .current = { 0x0010, 0x001f, 0x003b, 0x0107 }
#define DASH_R(code)  .profile = code, .current = { 0x0010, 0x001f, 0x0021, 0x002f, 0x0107 }
#define DASH_END(code) .profile = code, .current = { 0x0010, 0x001f, 0x002f, 0x0107 }
#define RW_FORMATS { 0x00, ANY_SUB_TYPE, 1, 2297888 }, { 0x10, ANY_SUB_TYPE, 1, 2297888 },         \
	{ 0x15, ANY_SUB_TYPE, 0, 2297888 }
#define DASH_RW .profile = 0x0014, .formatting = CAN_BE_FORMATTED, .taken = { RW_FORMATS },        \
	.blank = 0x0014, .current = { 0x0010, 0x001f, 0x0021, 0x0023, 0x002f, 0x0107 }
#define DASH_RW_END .profile = 0x0014, .formatting = CAN_BE_FORMATTED, .taken = { RW_FORMATS },    \
	.blank = 0x0014, .current = { 0x0010, 0x001f, 0x0023, 0x002f, 0x0107 }
#define RESTRICTED .profile = 0x0013, .formatting = CAN_BE_FORMATTED, .blank = 0x0014,           \
	.current = { 0x0010, 0x001f, 0x0023, 0x0026, 0x002c, 0x002f, 0x0107 }
#define PLUS_RW .profile = 0x001a, .formatting = CAN_BE_FORMATTED,                                 \
	.current = { 0x0010, 0x001f, 0x0020, 0x0023, 0x002a, 0x0107 },                             \
	.taken = { { 0x26, ANY_SUB_TYPE, 2295104, 2295104 }, { 0x26, ANY_SUB_TYPE, 0, 0 },         \
		{ 0x26, ANY_SUB_TYPE, UINT32_MAX, UINT32_MAX } }
#define ONE_SIZE(type, subs, size) { type, subs, size, size }
#define RAM .profile = 0x0012, .formatting = CAN_BE_FORMATTED,                                     \
	.current = { 0x0010, 0x001f, 0x0020, 0x0023, 0x0024, 0x0107 },                             \
	.taken = { ONE_SIZE(0x00, ANY_SUB_TYPE, 2236704), ONE_SIZE(0x00, ANY_SUB_TYPE, 2295072),   \
		ONE_SIZE(0x01, ANY_SUB_TYPE, 2236704), ONE_SIZE(0x01, ANY_SUB_TYPE, 2295072) }
#define BD_R_BLANK .profile = 0x0041, .formatting = CAN_BE_FORMATTED,                              \
	.current = { 0x0010, 0x0021, 0x0023, 0x0040, 0x0041, 0x0107 }
#define BD_R_USED .profile = 0x0041, .formatting = NOT_FORMATTED_NOW,                              \
	.current = { 0x0010, 0x0021, 0x0040, 0x0041, 0x0107 }
#define BD_ROM .profile = 0x0040, .current = { 0x0010, 0x0040, 0x0107 }
/* Sub-type 2 would be random recording, which the drive does not have. */
#define SEQUENTIAL 0x03
#define BD_R_25 .taken = { ONE_SIZE(0x00, SEQUENTIAL, 11826176), ONE_SIZE(0x32, SEQUENTIAL, 11826176), \
	ONE_SIZE(0x32, SEQUENTIAL, 5796864), ONE_SIZE(0x32, SEQUENTIAL, 12088320) }
#define BD_R_50 .taken = { ONE_SIZE(0x00, SEQUENTIAL, 23652352), ONE_SIZE(0x32, SEQUENTIAL, 23652352), \
	ONE_SIZE(0x32, SEQUENTIAL, 24307712) }
#define BD_RE .profile = 0x0043, .formatting = CAN_BE_FORMATTED,                                   \
	.current = { 0x0010, 0x0020, 0x0023, 0x0024, 0x0040, 0x0041, 0x0107 }
#define BD_RE_25 .taken = { ONE_SIZE(0x00, ANY_SUB_TYPE, 11826176),                                \
	ONE_SIZE(0x30, ANY_SUB_TYPE, 11826176), ONE_SIZE(0x30, ANY_SUB_TYPE, 11564032),            \
	ONE_SIZE(0x30, ANY_SUB_TYPE, 12088320), ONE_SIZE(0x31, ANY_SUB_TYPE, 12219392) }
#define BD_RE_50 .taken = { ONE_SIZE(0x00, ANY_SUB_TYPE, 23652352),                                \
	ONE_SIZE(0x30, ANY_SUB_TYPE, 23652352), ONE_SIZE(0x30, ANY_SUB_TYPE, 24307712),            \
	ONE_SIZE(0x31, ANY_SUB_TYPE, 24438784) }
#define CD(code)     .profile = code, .current = { 0x0010, 0x001d, 0x001e, 0x002d, 0x002e, 0x0107 }
#define CD_END(code) .profile = code, .current = { 0x0010, 0x001d, 0x001e, 0x0107 }
#define CD_RW .profile = 0x000a, .blank = 0x000a,                                                  \
	.current = { 0x0010, 0x001d, 0x001e, 0x002d, 0x002e, 0x0037, 0x0107 }
#define CD_RW_END .profile = 0x000a, .blank = 0x000a,                                              \
	.current = { 0x0010, 0x001d, 0x001e, 0x0037, 0x0107 }
#define TRACK_AT_ONCE   .page_05 = { 0x41, 0xc4 }, .write = 16 /* and another session follows */
#define SESSION_AT_ONCE .page_05 = { 0x42, 0x04 }, .cue = true
/* Nothing that would let a host write. */
#define PROTECTED(code, read) .profile = code, .protected = true, .formatting = WRITE_PROTECTED,   \
	.current = { 0x0010, read, 0x0107 }

static const struct media_state media_states[] = {
	{ .name = "no disc" },
	{ "image", "dvd-rom", .image = 1000, ROM },
	{ "image of two layers", "dvd-rom", .image = 3000000, ROM },
	{ "image that no DVD holds", "bd-rom", .image = 5000000, BD_ROM },

	{ "blank", "dvd+r", PLUS_R },
	{ "being burned", "dvd+r", .write = 16, PLUS_R },
	{ "reserved", "dvd+r", .reserve = 32, PLUS_R },
	{ "appendable", "dvd+r", .write = 16, CLOSED, PLUS_R },
	{ "finalised", "dvd+r", .write = 16, .close = { 1, 6 }, ROM },
	{ "finalised, shown as it is", "dvd+r", .kept = true, .write = 16, .close = { 6 }, PLUS_R },
	{ "blank", "dvd+r-dl", PLUS_DL },
	{ "appendable", "dvd+r-dl", .write = 16, CLOSED, PLUS_DL },
	{ "finalised", "dvd+r-dl", .write = 16, .close = { 1, 5 }, ROM },
	{ "finalised, shown as it is", "dvd+r-dl", .kept = true, .write = 16, .close = { 6 }, PLUS_DL },

	{ "blank", "dvd-r", DASH_R(0x0011) },
	{ "being burned", "dvd-r", INCREMENTAL, DASH_R(0x0011) },
	{ "appendable", "dvd-r", INCREMENTAL, CLOSED, DASH_R(0x0011) },
	{ "at once, reserved", "dvd-r", AT_ONCE, DASH_R(0x0011) },
	{ "at once, half of it", "dvd-r", AT_ONCE, .write = 16, DASH_R(0x0011) },
	{ "finalised", "dvd-r", INCREMENTAL, .close = { 1, 3 }, ROM },
	{ "finalised, shown as it is", "dvd-r", .kept = true, INCREMENTAL, .close = { 3 }, DASH_END(0x0011) },
	{ "blank", "dvd-r-dl", DASH_R(0x0015) },
	{ "appendable", "dvd-r-dl", INCREMENTAL, CLOSED, DASH_R(0x0015) },
	{ "finalised", "dvd-r-dl", INCREMENTAL, .close = { 3 }, ROM },
	{ "finalised, shown as it is", "dvd-r-dl", .kept = true, INCREMENTAL, .close = { 3 }, DASH_END(0x0015) },

	{ "blank", "dvd-rw", DASH_RW },
	{ "being burned", "dvd-rw", INCREMENTAL, DASH_RW },
	{ "appendable", "dvd-rw", INCREMENTAL, CLOSED, DASH_RW },
	{ "at once, reserved", "dvd-rw", AT_ONCE, DASH_RW },
	{ "finalised", "dvd-rw", INCREMENTAL, .close = { 3 }, DASH_RW_END },
	{ "intermediate", "dvd-rw", TYPE(0x15, 0, 0), RESTRICTED, .taken = { RW_FORMATS } },
	{ "intermediate, being burned", "dvd-rw", TYPE(0x15, 0, 0), .write = 16, RESTRICTED,
		.taken = { RW_FORMATS } },
	{ "grown, closed", "dvd-rw", TYPE(0x15, 0, 0), .write = 16, .close = { 2 }, RESTRICTED,
		.taken = { RW_FORMATS, { 0x13, ANY_SUB_TYPE, 0, UINT32_MAX } } },
	{ "formatted to a part", "dvd-rw", TYPE(0x15, 0, 65536), RESTRICTED,
		.taken = { RW_FORMATS, { 0x13, ANY_SUB_TYPE, 0, UINT32_MAX } } },
	{ "formatted, written", "dvd-rw", TYPE(0x00, 0, 2297888), .write = 16, RESTRICTED,
		.taken = { RW_FORMATS, { 0x13, ANY_SUB_TYPE, 0, UINT32_MAX } } },

	{ "unformatted", "dvd+rw", PLUS_RW },
	{ "formatted", "dvd+rw", TYPE(0x26, 0, 2295104), PLUS_RW },
	{ "formatted, written, stopped", "dvd+rw", TYPE(0x26, 0, 2295104), .write = 16,
		.close = { CLOSE_0, 2 }, PLUS_RW },
	{ "new", "dvd-ram", RAM },
	{ "written", "dvd-ram", .write = 16, RAM },
	{ "without supplementary spare area", "dvd-ram", TYPE(0x00, 0, 2295072), RAM },

	{ "blank", "bd-r", BD_R_BLANK, BD_R_25 },
	{ "formatted, sequential", "bd-r", TYPE(0x00, 1, 11826176), BD_R_USED },
	{ "formatted, pseudo-overwrite", "bd-r", TYPE(0x32, 0, 12088320), BD_R_USED },
	{ "being burned", "bd-r", .write = 16, BD_R_USED },
	{ "appendable", "bd-r", .write = 16, CLOSED, BD_R_USED },
	{ "pseudo-overwrite, appendable", "bd-r", TYPE(0x32, 0, 12088320), .write = 16, .close = { 1 }, BD_R_USED },
	{ "finalised", "bd-r", .write = 16, .close = { 1, 6 }, BD_ROM },
	{ "finalised, shown as it is", "bd-r", .kept = true, .write = 16, .close = { 6 }, .profile = 0x0041,
		.formatting = NOT_FORMATTED_NOW, .current = { 0x0010, 0x0040, 0x0107 } },
	{ "blank", "bd-r-dl", BD_R_BLANK, BD_R_50 },
	{ "formatted, sequential", "bd-r-dl", TYPE(0x00, 1, 23652352), BD_R_USED },
	{ "appendable", "bd-r-dl", .write = 16, CLOSED, BD_R_USED },
	{ "finalised", "bd-r-dl", .write = 16, .close = { 1, 6 }, BD_ROM },

	{ "unformatted", "bd-re", BD_RE, BD_RE_25 },
	{ "formatted", "bd-re", TYPE(0x30, 0, 11826176), BD_RE, BD_RE_25 },
	{ "formatted, written", "bd-re", TYPE(0x00, 0, 11826176), .write = 16, BD_RE, BD_RE_25 },
	{ "without spare area", "bd-re", TYPE(0x31, 0, 12219392), BD_RE, BD_RE_25 },
	{ "unformatted", "bd-re-dl", BD_RE, BD_RE_50 },
	{ "formatted", "bd-re-dl", TYPE(0x30, 0, 24307712), BD_RE, BD_RE_50 },

	{ "blank", "cd-r", CD(0x0009) },
	{ "being burned", "cd-r", TRACK_AT_ONCE, CD(0x0009) },
	{ "appendable", "cd-r", TRACK_AT_ONCE, CLOSED, CD(0x0009) },
	{ "at once, the pregap", "cd-r", SESSION_AT_ONCE, CD(0x0009) },
	{ "at once, half of it", "cd-r", SESSION_AT_ONCE, .write = 16, CD(0x0009) },
	{ "finalised", "cd-r", .write = 16, CLOSED, CD_END(0x0009) },
	{ "blank", "cd-rw", CD_RW },
	{ "being burned", "cd-rw", TRACK_AT_ONCE, CD_RW },
	{ "appendable", "cd-rw", TRACK_AT_ONCE, CLOSED, CD_RW },
	{ "at once, half of it", "cd-rw", SESSION_AT_ONCE, .write = 16, CD_RW },
	{ "finalised", "cd-rw", .write = 16, CLOSED, CD_RW_END },

	{ "protected", "dvd-rw", INCREMENTAL, .close = { 3 }, PROTECTED(0x0014, 0x001f) },
	{ "protected, restricted overwrite", "dvd-rw", TYPE(0x00, 0, 2297888), PROTECTED(0x0013, 0x001f) },
	{ "protected", "dvd+rw", TYPE(0x26, 0, 2295104), .close = { 2 }, PROTECTED(0x001a, 0x001f) },
	{ "protected", "dvd-ram", PROTECTED(0x0012, 0x001f) },
	{ "protected, appendable", "cd-rw", TRACK_AT_ONCE, CLOSED, .protected = true, CD_END(0x000a) },
	{ "protected", "cd-rw", .write = 16, CLOSED, .protected = true, CD_END(0x000a) },
	{ "protected", "bd-re", TYPE(0x30, 0, 11826176), PROTECTED(0x0043, 0x0040) },
};
// clang-format on

/* Takes all that is pending, and the attention that follows the event of FORMAT UNIT or BLANK. */
static inline void drain_all(struct mmc_drive *d)
{
	drain_events(d);
	while (test_unit_ready(d) >> 16 == 6)
		continue;
}

/* FORMAT UNIT with these flags in its header and this format descriptor; the sense. */
static inline mmc_sense_t format_unit(
	struct mmc_drive *d, uint8_t flags, uint8_t type, uint8_t sub_type, uint32_t blocks)
{
	static const uint8_t cdb[6] = {0x04, 0x11};
	uint8_t list[12] = {0, flags, 0, 8};

	put_be32(list + 4, blocks);
	list[8] = (uint8_t)(type << 2 | sub_type);
	return command_with(d, cdb, 6, 0, list);
}

/* MODE SELECT of mode page 05h with other bytes 2 and 3. */
static inline void select_page_05(struct mmc_drive *d, const uint8_t bytes[2])
{
	static const uint8_t select[10] = {0x55, 0x10, [8] = 60};
	uint8_t list[60];

	assert_int_equal(command(d, 0x5a, 0x08, 0x05, 0, 0, 0, 0, 0, 60, 0), 0);
	memcpy(list, answer.data, sizeof(list));
	memset(list, 0, 8);
	list[10] = bytes[0];
	list[11] = bytes[1];
	assert_int_equal(command_with(d, select, 10, 0, list), 0);
}

/* SEND CUE SHEET of a data track of 40 blocks, and WRITE of its pregap. */
static inline void begin_session_at_once(struct mmc_drive *d)
{
	static const uint8_t send[10] = {0x5d, [8] = 32},
			     write[10] = {0x2a, 0, 0xff, 0xff, 0xff, 0x6a, [8] = 150};
	static const uint8_t sheet[32] = {
		0x41,
		0,
		0,
		0x14,
		0,
		0,
		0,
		0,
		0x41,
		1,
		0,
		0x10,
		0,
		0,
		0,
		0,
		0x41,
		1,
		1,
		0x10,
		0,
		0,
		2,
		0,
		0x41,
		0xaa,
		1,
		0x14,
		0,
		0,
		2,
		40,
	};
	static const uint8_t pregap[150 * MEDIA_BLOCK];

	assert_int_equal(command_with(d, send, 10, 0, sheet), 0);
	assert_int_equal(command_with(d, write, 10, 0, pregap), 0);
}

static inline void do_what_the_state_says(struct mmc_drive *d, const struct media_state *s)
{
	static uint8_t data[64 * MEDIA_BLOCK];

	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(1 + i % 255);
	if (s->is_formatted)
		assert_int_equal(format_unit(d, 0x02, s->format[4] >> 2, s->format[4] & 3,
					 get_be32(s->format)),
			0);
	if (s->page_05[0])
		select_page_05(d, s->page_05);
	if (s->cue)
		begin_session_at_once(d);
	if (s->reserve)
		assert_int_equal(command(d, 0x53, 0, 0, 0, 0, 0, 0, 0, (uint8_t)s->reserve, 0), 0);
	if (s->write) {
		const uint8_t write[10] = {0x2a, [8] = (uint8_t)s->write};

		assert_int_equal(command_with(d, write, 10, 0, data), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(s->close) && s->close[i]; i++) {
		uint8_t function = s->close[i] & 7, track = function == 1;

		assert_int_equal(command(d, 0x5b, 0, function, 0, 0, track, 0, 0, 0, 0), 0);
		drain_all(d);
	}
}

/* A drive with that medium in that state, and nothing pending. The caller drops *out, the disc in
 * the drive; NULL: there is none. */
static inline struct mmc_drive *drive_and_disc_in_state(
	const struct media_state *s, struct disc **out)
{
	struct mmc_config config = script_default_config();
	struct disc_options o = {0};
	struct disc *disc = NULL;
	struct mmc_drive *d;

	if (s->kept)
		config.finalised = MMC_FINALISED_DVD_PLUS_R;
	d = mmc_drive_new(&config);
	assert_non_null(d);
	if (s->type) {
		o.medium = s->image ? NULL : disc_medium_named(s->type);
		assert_true(s->image || o.medium);
		o.media = media_mem_new_units(
			o.medium ? o.medium->unit : MEDIA_BLOCK, s->image, s->image == 0);
		disc = disc_open(&o);
		assert_non_null(disc);
		mmc_insert(d, disc_get(disc));
	}
	drain_all(d);
	do_what_the_state_says(d, s);
	if (s->protected) {
		assert_int_equal(mmc_eject(d, true), MMC_EJECT_DONE);
		disc->media->writable = false;
		mmc_insert(d, disc_get(disc));
	}
	drain_all(d);
	*out = disc;
	return d;
}

/* The same without the disc. */
static inline struct mmc_drive *drive_in_state(const struct media_state *s)
{
	struct disc *disc;
	struct mmc_drive *d = drive_and_disc_in_state(s, &disc);

	if (disc)
		disc_put(disc);
	return d;
}

#endif
