// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What holds for every medium in every state: the features that are current, what FORMAT UNIT and
 * BLANK take, and that what they refuse changes nothing.
 */
#include "mmc/sense.h"
#include "unit/mmc/drive_features.h"
#include "unit/mmc/media_states.h"

/* The state under test, for the message of a test that fails. */
static char where[160];

#define EXPECT(what)                                                                               \
	do {                                                                                       \
		if (!(what))                                                                       \
			fail_msg("%s: %s", where, #what);                                          \
	} while (0)

static void name_state(const struct media_state *s)
{
	snprintf(where, sizeof(where), "%s, %s", s->type ? s->type : "", s->name);
}

/* ---- features ------------------------------------------------------------------------------- */

static bool is_always_current(uint16_t code)
{
	static const uint16_t codes[] = {0x0000, 0x0001, 0x0002, 0x0003, 0x0100, 0x0105, 0x0108};

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i] == code)
			return true;
	return false;
}

static bool is_in_state(const struct media_state *s, uint16_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(s->current) && s->current[i]; i++)
		if (s->current[i] == code)
			return true;
	return false;
}

/* RT 1 lists what is current and nothing else, as RT 0 marks it (MMC-6 6.5.2). */
static void just_the_features_of_the_state_are_current(void **state)
{
	static struct features all, current;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(media_states); i++) {
		const struct media_state *s = &media_states[i];
		struct mmc_drive *d = drive_in_state(s);
		unsigned wanted = 0, listed = 0;

		name_state(s);
		while (wanted < ARRAY_LEN(s->current) && s->current[wanted])
			wanted++;
		get_features(d, 0, 0, &all);
		get_features(d, 1, 0, &current);
		EXPECT(all.profile == s->profile);
		EXPECT(current.profile == s->profile);
		for (unsigned k = 0; k < current.count; k++)
			if (is_in_state(s, current.code[k]))
				listed++;
			else if (!is_always_current(current.code[k]))
				fail_msg("%s: %04x is current", where, current.code[k]);
		EXPECT(listed == wanted);
		for (unsigned k = 0; k < all.count; k++)
			EXPECT((all.flags[k] & 1) ==
				(is_always_current(all.code[k]) || is_in_state(s, all.code[k])));
		mmc_drive_free(d);
	}
}

/* Linux asks for features and page 2Ah once, when it finds the drive, whatever disc is in it. */
static void what_the_drive_can_do_does_not_depend_on_the_disc(void **state)
{
	static struct features first, now;
	uint8_t can[2] = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(media_states); i++) {
		struct mmc_drive *d = drive_in_state(&media_states[i]);

		name_state(&media_states[i]);
		get_features(d, 0, 0, &now);
		if (i == 0)
			first = now;
		EXPECT(now.count == first.count);
		EXPECT(memcmp(now.code, first.code, sizeof(now.code)) == 0);
		/* Mode page 2Ah, bytes 2 and 3: what it reads and writes */
		EXPECT(command(d, 0x5a, 0x08, 0x2a, 0, 0, 0, 0, 1, 0, 0) == 0);
		if (i == 0)
			memcpy(can, answer.data + 10, 2);
		EXPECT(memcmp(answer.data + 10, can, 2) == 0);
		mmc_drive_free(d);
	}
	assert_int_equal(can[1] & 0x20, 0x20); /* writes DVD-RAM: rewritable discs are writable */
}

/* ---- what a host sees of a disc ------------------------------------------------------------- */

#define SEEN_MAX 8192

struct seen {
	size_t len;
	uint8_t bytes[SEEN_MAX];
};

/* Appends sense and answer of a command. */
static void look(struct mmc_drive *d, struct seen *seen, const uint8_t cdb[10])
{
	mmc_sense_t sense = command_with(d, cdb, 10, 65536, NULL);

	assert_true(seen->len + 4 + answer.len <= SEEN_MAX);
	put_be32(seen->bytes + seen->len, sense);
	memcpy(seen->bytes + seen->len + 4, answer.data, answer.len);
	seen->len += 4 + answer.len;
}

/*
 * Collects what these commands answer. READ DISC INFORMATION must succeed with every disc: k3b ends
 * if it fails.
 */
static void look_at_disc(struct mmc_drive *d, struct seen *seen)
{
	static const uint8_t looks[][10] = {
		{0x51, [8] = 34},                /* READ DISC INFORMATION */
		{0x52, 1, [5] = 1, [8] = 40},    /* READ TRACK INFORMATION of the first track ... */
		{0x52, 1, [5] = 0xff, [8] = 40}, /* ... and of the open one */
		{0x25},                          /* READ CAPACITY */
		{0x23, [8] = 252},               /* READ FORMAT CAPACITIES */
		{0x43, [8] = 255},               /* READ TOC */
		{0x43, [2] = 1, [8] = 12},       /* the last session */
		{0x46, [7] = 4},                 /* GET CONFIGURATION */
		{0x28, [8] = 1}, {0x28, [5] = 0xff, [8] = 1}, /* READ */
	};

	memset(seen, 0, sizeof(*seen));
	for (size_t i = 0; i < ARRAY_LEN(looks); i++)
		look(d, seen, looks[i]);
	EXPECT(get_be32(seen->bytes) == 0);
	EXPECT(get_be16(seen->bytes + 4) == 32);
}

/* The disc looks as before, and the host is told of no change. */
static void expect_no_change(struct mmc_drive *d, const struct seen *before)
{
	static struct seen after;

	EXPECT(test_unit_ready(d) >> 16 != 6);
	EXPECT(media_event(d) == 0);
	look_at_disc(d, &after);
	EXPECT(after.len == before->len);
	EXPECT(memcmp(after.bytes, before->bytes, before->len) == 0);
}

/* ---- FORMAT UNIT ---------------------------------------------------------------------------- */

enum { FOV = 0x80, TRY_OUT = 0x04, IMMED = 0x02 };

/* The sense of FORMAT UNIT with a well-formed list (MMC-6 6.4). */
static mmc_sense_t expected_sense(
	const struct media_state *s, uint8_t type, uint8_t sub_type, uint32_t blocks)
{
	if (s->formatting == WRITE_PROTECTED)
		return SENSE(7, 0x27, 0x00);
	if (s->formatting != CAN_BE_FORMATTED)
		return SENSE(5, 0x30, 0x06);
	for (const struct taken_format *t = s->taken; t->sub_types; t++)
		if (t->type == type && (t->sub_types & 1u << sub_type) && blocks >= t->least &&
			blocks <= t->most)
			return 0;
	return SENSE(5, 0x26, 0x00);
}

/* Every type with every sub-type and the sizes around those that some medium has. */
static void try_each_format(struct mmc_drive *d, const struct media_state *s)
{
	static const uint32_t sizes[] = {0, 1, 2236704, 2295072, 2295104, 2297888, 2297889, 5796864,
		11564032, 11826176, 12088320, 12219392, 23652352, 24307712, 24438784, 24438816,
		UINT32_MAX};

	for (unsigned type = 0; type < 64; type++)
		for (uint8_t sub_type = 0; sub_type < 4; sub_type++)
			for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
				uint32_t blocks = sizes[i];
				mmc_sense_t wanted =
					expected_sense(s, (uint8_t)type, sub_type, blocks);
				mmc_sense_t sense = format_unit(
					d, FOV | TRY_OUT, (uint8_t)type, sub_type, blocks);

				if (sense == wanted && wanted)
					sense = format_unit(d, 0, (uint8_t)type, sub_type, blocks);
				if (sense != wanted)
					fail_msg("%s: type %02x.%u, %u blocks: %06x, not %06x",
						where, type, sub_type, blocks, sense, wanted);
			}
}

/* A parameter list that no medium takes, whatever its descriptor is. */
static void send_bad_lists(struct mmc_drive *d, const struct media_state *s)
{
	static const struct {
		uint8_t cdb_1, flags;
		uint16_t length;
		mmc_sense_t sense;
	} bad[] = {
		{0x01, 0, 8, SENSE(5, 0x24, 0)},    /* no FmtData */
		{0x10, 0, 8, SENSE(5, 0x24, 0)},    /* format code 0 */
		{0x17, 0, 8, SENSE(5, 0x24, 0)},    /* format code 7: CD-RW */
		{0x11, 0, 0, SENSE(5, 0x26, 0)},    /* no descriptor */
		{0x11, 0, 16, SENSE(5, 0x26, 0)},   /* two */
		{0x11, 0, 264, SENSE(5, 0x26, 0)},  /* a length whose low byte is right */
		{0x11, 0x08, 8, SENSE(5, 0x26, 0)}, /* an initialization pattern */
	};
	uint8_t list[12] = {0};

	put_be32(list + 4, s->taken[0].most);
	list[8] = (uint8_t)(s->taken[0].type << 2);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const uint8_t cdb[6] = {0x04, bad[i].cdb_1};

		list[1] = bad[i].flags;
		put_be16(list + 2, bad[i].length);
		mmc_sense_t sense = command_with(d, cdb, 6, 0, list);
		/* One that is never formatted, or protected, may be refused before its list. */
		bool list_first =
			s->formatting == CAN_BE_FORMATTED || s->formatting == NOT_FORMATTED_NOW;
		if (sense != bad[i].sense && (list_first || sense != expected_sense(s, 0, 0, 0)))
			fail_msg("%s: bad list %zu: %06x", where, i, sense);
	}
}

static void a_format_that_is_refused_or_tried_changes_nothing(void **state)
{
	static struct seen before;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(media_states); i++) {
		const struct media_state *s = &media_states[i];

		if (!s->type)
			continue;
		struct mmc_drive *d = drive_in_state(s);
		name_state(s);
		look_at_disc(d, &before);
		try_each_format(d, s);
		expect_no_change(d, &before);
		send_bad_lists(d, s);
		expect_no_change(d, &before);
		mmc_drive_free(d);
	}
}

/*
 * After a change by FORMAT UNIT or BLANK: libburn gives up if its next TEST UNIT READY meets an
 * attention, and the kernel wants to be told (MMC-6 6.2, 6.4, 6.6).
 */
static void expect_change_told_by_event(struct mmc_drive *d)
{
	EXPECT(test_unit_ready(d) == 0);
	EXPECT(media_event(d) == 2);
	EXPECT(test_unit_ready(d) == SENSE(6, 0x28, 0x00));
	EXPECT(test_unit_ready(d) == 0);
	drain_all(d);
}

/* IMMED makes no difference: the status comes when all is done. */
static void immed_formats_the_same(const struct media_state *s, const struct taken_format *t)
{
	static struct seen seen[2];
	uint8_t sub_type = t->sub_types & 1 ? 0 : 1;

	for (int immed = 0; immed <= 1; immed++) {
		struct mmc_drive *d = drive_in_state(s);

		EXPECT(format_unit(d, immed ? IMMED : 0, t->type, sub_type, t->most) == 0);
		expect_change_told_by_event(d);
		look_at_disc(d, &seen[immed]);
		mmc_drive_free(d);
	}
	EXPECT(seen[0].len == seen[1].len);
	EXPECT(memcmp(seen[0].bytes, seen[1].bytes, seen[0].len) == 0);
}

static void each_format_is_done_before_its_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(media_states); i++) {
		const struct media_state *s = &media_states[i];

		name_state(s);
		for (const struct taken_format *t = s->taken; t->sub_types; t++)
			immed_formats_the_same(s, t);
	}
}

/* ---- BLANK ---------------------------------------------------------------------------------- */

/* Each BLANK of one kind of medium leaves the same. */
static void expect_the_blank_of_the_medium(struct mmc_drive *d, const struct media_state *s)
{
	static const uint8_t track_at_once[2] = {0x41, 0x04};
	static struct seen blanked, first;
	static uint16_t profile;

	/* On a CD, mode page 05h decides where the track begins. */
	if (s->blank == 0x000a)
		select_page_05(d, track_at_once);
	look_at_disc(d, &blanked);
	if (profile != s->blank)
		first = blanked;
	profile = s->blank;
	EXPECT(blanked.len == first.len);
	EXPECT(memcmp(blanked.bytes, first.bytes, first.len) == 0);
	EXPECT(current_profile(d) == s->blank);
}

static void only_a_dvd_rw_or_cd_rw_is_blanked(void **state)
{
	static struct seen before;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(media_states); i++) {
		const struct media_state *s = &media_states[i];

		if (!s->type)
			continue;
		name_state(s);
		for (uint8_t how = 0; how < 0x20; how++) {
			const uint8_t blank[12] = {0xa1, how};
			bool whole = (how & ~0x11) == 0; /* type 0 or 1, with IMMED or without */
			struct mmc_drive *d = drive_in_state(s);

			look_at_disc(d, &before);
			mmc_sense_t sense = command_with(d, blank, sizeof(blank), 0, NULL);
			if (whole && s->blank) {
				EXPECT(sense == 0);
				expect_change_told_by_event(d);
				expect_the_blank_of_the_medium(d, s);
			} else {
				if (sense != SENSE(5, 0x30, 0x06) &&
					(!s->protected || sense != SENSE(7, 0x27, 0x00)) &&
					(whole || sense != SENSE(5, 0x24, 0x00)))
					fail_msg("%s: BLANK %02x: %06x", where, how, sense);
				expect_no_change(d, &before);
			}
			mmc_drive_free(d);
		}
	}
}

/* ---- a copy of the image without its state file ---------------------------------------------- */

/* Blocks of 2048 bytes of an image, whatever the blocks of its medium are. */
static uint32_t image_blocks(const struct media *m)
{
	return (uint32_t)(m->blocks * m->unit / MEDIA_BLOCK);
}

static void read_image(struct media *m, uint32_t block, uint8_t *out)
{
	uint32_t units = MEDIA_BLOCK / m->unit;

	assert_int_equal(media_read(m, (uint64_t)block * units, units, out), 0);
}

static struct media *copy_of(struct media *m)
{
	struct media *copy = media_mem_new(0, true);
	uint8_t block[MEDIA_BLOCK];

	assert_non_null(copy);
	for (uint32_t i = 0; i < image_blocks(m); i++) {
		read_image(m, i, block);
		assert_int_equal(media_write(copy, i, 1, block), 0);
	}
	return copy;
}

/* All of the copy can be read, and nothing of it be written. */
static void expect_read_only_copy(struct disc *was, struct disc *copy)
{
	uint32_t blocks = image_blocks(was->media);
	const uint8_t write[10] = {0x2a, [5] = (uint8_t)blocks, [8] = 1};
	struct mmc_drive *d = new_drive();
	uint8_t block[MEDIA_BLOCK];

	mmc_insert(d, copy);
	drain_all(d);
	EXPECT(current_profile(d) == 0x0010);
	EXPECT(command(d, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0) == 0);
	EXPECT(get_be32(answer.data) == blocks - 1);
	for (uint32_t i = 0; i < blocks; i++) {
		read_image(was->media, i, block);
		EXPECT(read_blocks(d, i, 1) == 0);
		EXPECT(memcmp(answer.data, block, sizeof(block)) == 0);
	}
	EXPECT(command_with(d, write, 10, 0, block) == SENSE(5, 0x30, 0x05));
	EXPECT(format_unit(d, 0, 0x26, 0, UINT32_MAX) == SENSE(5, 0x30, 0x06));
	EXPECT(copy->media->blocks == blocks);
	mmc_drive_free(d);
}

static void a_copy_without_its_state_is_a_rom(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(media_states); i++) {
		const struct media_state *s = &media_states[i];
		struct disc *disc, *copy;

		if (!s->type || s->image)
			continue;
		struct mmc_drive *d = drive_and_disc_in_state(s, &disc);
		name_state(s);
		copy = disc_new(copy_of(disc->media), 0, NULL, NULL);
		assert_non_null(copy);
		if (disc->media->blocks) {
			expect_read_only_copy(disc, copy);
		} else {
			EXPECT(disc_is_blank(copy) && copy->medium == disc_medium_of_blank());
			disc_put(copy);
		}
		mmc_drive_free(d);
		disc_put(disc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(just_the_features_of_the_state_are_current),
		cmocka_unit_test(what_the_drive_can_do_does_not_depend_on_the_disc),
		cmocka_unit_test(a_format_that_is_refused_or_tried_changes_nothing),
		cmocka_unit_test(each_format_is_done_before_its_status),
		cmocka_unit_test(only_a_dvd_rw_or_cd_rw_is_blanked),
		cmocka_unit_test(a_copy_without_its_state_is_a_rom),
	};

	return cmocka_run_group_tests_name("media states", tests, NULL, NULL);
}
