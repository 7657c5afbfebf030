// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules for every row of the tables of the engine, and between the tables. */
#include <ctype.h>

#include "mmc/mmc_int.h"
#include "unit/mmc/drive_features.h"

static struct disc *rom(void)
{
	return disc_new(media_mem_new(1000, false), 0, NULL, NULL);
}

static struct disc *blank(void)
{
	return disc_new(media_mem_new(0, true), 0, NULL, NULL);
}

/* A BD-ROM of one layer. */
static struct disc *bd_rom(void)
{
	return disc_new(media_mem_new(5000000, false), 0, NULL, NULL);
}

static struct disc *bd_r(void)
{
	struct disc_options o = {
		.media = media_mem_new(0, true), .medium = disc_medium_of(DISC_BD_R_DL)};

	return disc_open(&o);
}

static struct disc *cd_rom(void)
{
	struct disc_options o = {
		.media = media_mem_new(1000, false), .rom = disc_medium_of(DISC_CD_ROM)};

	return disc_open(&o);
}

/* No disc, a DVD-ROM, a blank, a disc that is being burned, a BD-ROM, a blank BD-R DL, a CD-ROM. */
enum { KIND_CD = 6, KINDS = 7 };

static struct mmc_drive *drive_with(unsigned kind)
{
	static uint8_t data[16 * MEDIA_BLOCK];
	struct mmc_drive *d = new_drive();

	if (kind == 1)
		mmc_insert(d, rom());
	if (kind == 4)
		mmc_insert(d, bd_rom());
	else if (kind == 5)
		mmc_insert(d, bd_r());
	else if (kind == KIND_CD)
		mmc_insert(d, cd_rom());
	else if (kind >= 2)
		mmc_insert(d, blank());
	drain_events(d);
	if (kind == 3) {
		begin_blocks(d, 0x2a, 0, 16);
		assert_int_equal(mmc_push(d, data, sizeof(data)), 0);
		assert_int_equal(mmc_end(d), MMC_GOOD);
	}
	return d;
}

/* ---- command rows ---------------------------------------------------------------------------- */

static uint8_t group_length(unsigned op)
{
	/* SPC-4 4.2.5.1: the three highest bits give the length */
	switch (op >> 5) {
	case 0:
		return 6;
	case 1:
	case 2:
		return 10;
	case 5:
		return 12;
	}
	return 0;
}

static void command_rows_are_consistent(void **state)
{
	unsigned rows = 0;

	(void)state;
	for (unsigned op = 0; op < 256; op++) {
		const struct mmc_row *r = &mmc_rows[op];

		assert_true((r->name != NULL) == (r->start != NULL));
		if (!r->name)
			continue;
		rows++;
		assert_int_equal(r->cdb_len, group_length(op));
		assert_non_null(r->used);
		assert_true(r->clause && strlen(r->clause) > 4);
		assert_false((r->flags & ROW_IN) && (r->flags & ROW_OUT));
		/* Only commands that need a disc have a permission. A command without finish()
		 * takes no data-out. */
		assert_true(!r->permission || (r->flags & ROW_MEDIUM));
		assert_true(!(r->flags & ROW_OUT) || r->finish);
		assert_true(!(r->flags & ROW_LIMIT_IN) || ((r->flags & ROW_IN) && !r->length.size));
		assert_true(r->length.size <= 4);
		if (r->length.size) {
			assert_true(r->flags & (ROW_IN | ROW_OUT));
			assert_in_range(r->length.at, 1, r->cdb_len - 1u);
			assert_true(r->length.at + r->length.size < r->cdb_len);
		}
		for (unsigned other = 0; other < op; other++)
			if (mmc_rows[other].name)
				assert_string_not_equal(mmc_rows[other].name, r->name);
		assert_string_equal(mmc_opcode_name((uint8_t)op), r->name);
	}
	assert_true(rows >= 40);
}

/* Number of bytes of the string literal at p; sets *end to the end of the literal. */
static size_t literal_length(const char *p, const char **end)
{
	size_t n = 0;

	for (p++; *p != '"'; n++) {
		if (*p++ != '\\')
			continue;
		if (*p == 'x') {
			for (p++; isxdigit((unsigned char)*p); p++)
				continue;
		} else {
			while (*p >= '0' && *p <= '7')
				p++;
		}
	}
	*end = p + 1;
	return n;
}

/* A mask one byte short looks like "control byte must be 0", so the source is read. */
static void masks_are_as_long_as_their_cdbs(void **state)
{
	static char text[64 * 1024];
	FILE *f = fopen("src/mmc/cmd_table.c", "re");
	unsigned rows = 0;

	(void)state;
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	for (const char *p = strstr(text, "[OP_"); p; p = strstr(p, "[OP_")) {
		const char *name = strchr(p, '"'), *len, *mask;

		literal_length(name, &len);
		unsigned long cdb_len = strtoul(len + 1, NULL, 10);
		mask = strchr(len, '"');
		if (literal_length(mask, &p) != cdb_len - 1)
			fail_msg("the mask of %.30s has %zu bytes", name, literal_length(mask, &p));
		rows++;
	}
	assert_true(rows >= 40);
}

/* In strict mode each unused bit alone is refused. */
static void each_reserved_bit_is_refused_in_strict_mode(void **state)
{
	struct mmc_config config = script_default_config();

	(void)state;
	config.strict_cdb = true;
	struct mmc_drive *d = mmc_drive_new(&config);
	drain_events(d);
	for (unsigned op = 0; op < 256; op++) {
		const struct mmc_row *r = &mmc_rows[op];

		for (unsigned bit = 8; r->name && bit < 8u * r->cdb_len; bit++) {
			uint8_t cdb[16] = {(uint8_t)op};

			if ((uint8_t)r->used[bit / 8 - 1] & 1u << (bit & 7))
				continue;
			cdb[bit / 8] = (uint8_t)(1u << (bit & 7));
			mmc_begin(d, cdb, r->cdb_len, 4096, &answer.xfer);
			assert_int_equal(answer.xfer.len, 0);
			assert_int_equal(mmc_end(d), MMC_CHECK_CONDITION);
			assert_int_equal(mmc_last_sense(d), SENSE_INVALID_FIELD_IN_CDB);
		}
	}
	mmc_drive_free(d);
}

/* A command with allocation length N returns the first N bytes of the same answer. */
static void each_allocation_length_cuts_the_same_answer(void **state)
{
	static const uint8_t extra[256][12] = {
		/* fields that an answer needs besides the length: page, address, format */
		[0x1a] = {[2] = 0x3f},
		[0x42] = {[2] = 0x40, [3] = 1},
		[0x4a] = {[1] = 1, [4] = 0x10},
		[0x52] = {[1] = 1, [5] = 1},
		[0x5a] = {[2] = 0x3f},
		[0xa4] = {[10] = 8},
	};
	static uint8_t whole[SCRIPT_MAX_DATA];
	struct mmc_drive *dvd = drive_with(1), *cd = drive_with(KIND_CD);
	unsigned seen = 0;

	(void)state;
	for (unsigned op = 0; op < 256; op++) {
		const struct mmc_row *r = &mmc_rows[op];
		/* Disc structures are those of a DVD. */
		struct mmc_drive *d = op == 0xad ? dvd : cd;
		uint8_t cdb[16] = {0};

		if (!r->name || !(r->flags & ROW_IN) || !r->length.size)
			continue;
		memcpy(cdb, extra[op], 12);
		cdb[0] = (uint8_t)op;
		memset(cdb + r->length.at, 0xff, r->length.size > 2 ? 0 : r->length.size);
		if (r->length.size == 4)
			put_be32(cdb + r->length.at, 60000);
		if (command_with(d, cdb, r->cdb_len, 65536, NULL) != 0)
			fail_msg("%s: %06x", r->name, answer.sense);
		uint32_t len = answer.len;
		memcpy(whole, answer.data, len);
		assert_in_range(len, 1, MMC_REPLY_SIZE);
		for (uint32_t alloc = 0;
			alloc <= MIN(len + 3, r->length.size == 1 ? 255u : len + 3);
			alloc += alloc > 300 ? 97 : 1) {
			uint8_t *at = cdb + r->length.at;

			if (r->length.size == 1)
				*at = (uint8_t)alloc;
			else if (r->length.size == 2)
				put_be16(at, (uint16_t)alloc);
			else
				put_be32(at, alloc);
			assert_int_equal(command_with(d, cdb, r->cdb_len, 65536, NULL), 0);
			assert_int_equal(answer.xfer.len, MIN(alloc, len));
			assert_int_equal(answer.len, MIN(alloc, len));
			assert_memory_equal(answer.data, whole, answer.len);
		}
		seen++;
	}
	assert_true(seen >= 16);
	mmc_drive_free(dvd);
	mmc_drive_free(cd);
}

/* ---- profiles and features ------------------------------------------------------------------- */

static int find(const struct features *f, uint16_t code)
{
	for (unsigned i = 0; i < f->count; i++)
		if (f->code[i] == code)
			return (int)i;
	return -1;
}

static void features_ascend_and_agree_with_the_profile(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < KINDS; kind++) {
		struct mmc_drive *d = drive_with(kind);
		struct features all, current, one, from;
		unsigned n = 0;

		get_features(d, 0, 0, &all);
		get_features(d, 1, 0, &current);
		assert_int_equal(all.code[0], FEATURE_PROFILE_LIST);
		for (unsigned i = 0; i < all.count; i++) {
			if (!(all.flags[i] & 1))
				continue;
			assert_int_equal(current.code[n], all.code[i]);
			assert_memory_equal(current.body[n], all.body[i], all.len[i]);
			n++;
		}
		assert_int_equal(n, current.count);
		for (unsigned code = 0; code < 0x200; code++) {
			int i = find(&all, (uint16_t)code);

			get_features(d, 2, (uint16_t)code, &one);
			assert_int_equal(one.count, i >= 0 ? 1 : 0);
			assert_int_equal(one.profile, all.profile);
			if (i >= 0) {
				assert_int_equal(one.flags[0], all.flags[i]);
				assert_memory_equal(one.body[0], all.body[i], all.len[i]);
			}
			get_features(d, 0, (uint16_t)code, &from);
			for (unsigned k = 0; k < from.count; k++)
				assert_true(from.code[k] >= code);
		}
		mmc_drive_free(d);
	}
}

static void each_profiles_features_exist_and_are_current(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < KINDS; kind++) {
		struct mmc_drive *d = drive_with(kind);
		struct features all;

		get_features(d, 0, 0, &all);
		/* The list has every profile except "none" once, and only the current one is
		 * marked. */
		unsigned listed = all.len[0] / 4, marked = 0;
		unsigned repeated = 0;
		for (size_t i = 1; i < mmc_profile_count; i++)
			repeated += mmc_profiles[i].code == mmc_profiles[i - 1].code;
		assert_int_equal(listed, mmc_profile_count - 1 - repeated);
		for (unsigned i = 0; i < listed; i++) {
			const uint8_t *p = all.body[0] + 4 * i;

			marked += p[2] & 1u;
			assert_int_equal(p[2] & 1, get_be16(p) == all.profile);
			assert_true(i == 0 || get_be16(p) < get_be16(p - 4));
		}
		assert_int_equal(marked, all.profile ? 1 : 0);
		assert_int_equal(all.body[0][4 * (listed - 1) + 2] & 1, 0);
		/* The features that a profile names exist, and are current with it. */
		for (size_t p = 0; p < mmc_profile_count; p++)
			for (unsigned k = 0; k < PROFILE_MAX_FEATURES; k++)
				if (mmc_profiles[p].feature[k])
					assert_true(find(&all, mmc_profiles[p].feature[k]) >= 0);
		for (unsigned i = 0; i < all.count; i++) {
			bool current =
				(all.flags[i] & 2) || profile_has_feature(d->profile, all.code[i]);

			assert_int_equal(all.flags[i] & 1, current);
		}
		mmc_drive_free(d);
	}
}

/* ---- mode pages ------------------------------------------------------------------------------ */

static uint32_t sense_page(struct mmc_drive *d, uint8_t code, uint8_t control, uint8_t *out)
{
	uint8_t cdb[10] = {0x5a, 0, (uint8_t)(control << 6 | code), [7] = 0x04};

	assert_int_equal(command_with(d, cdb, 10, 1024, NULL), 0);
	assert_int_equal(get_be16(answer.data), answer.len - 2);
	for (unsigned i = 2; i < 8; i++)
		assert_int_equal(answer.data[i], 0);
	memcpy(out, answer.data + 8, answer.len - 8);
	return answer.len - 8;
}

static mmc_sense_t select_page(struct mmc_drive *d, const uint8_t *page, uint32_t len)
{
	uint8_t cdb[10] = {0x55, 0x10, [8] = (uint8_t)(8 + len)}, list[256] = {0};

	memcpy(list + 8, page, len);
	return command_with(d, cdb, 10, 0, list);
}

static void mode_pages_take_their_defaults_and_masks(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < KINDS; kind++) {
		struct mmc_drive *d = drive_with(kind);
		uint8_t all[1024], now[256], mask[256], initial[256];
		uint32_t len = sense_page(d, 0x3f, 0, all), seen = 0;

		for (uint32_t at = 0; at < len; at += all[at + 1] + 2u) {
			uint32_t size = all[at + 1] + 2u;
			uint8_t code = all[at] & 0x3f;

			assert_true(at + size <= len);
			assert_true(at == 0 || code > seen);
			seen = code;
			assert_int_equal(sense_page(d, code, 0, now), size);
			assert_memory_equal(now, all + at, size);
			assert_int_equal(sense_page(d, code, 1, mask), size);
			assert_int_equal(sense_page(d, code, 2, initial), size);
			assert_int_equal(mask[0], now[0]);
			assert_int_equal(mask[1], now[1]);
			assert_int_equal(initial[0], now[0]);
			/* Defaults are taken; what cannot change is refused, and changes nothing.
			 */
			assert_int_equal(select_page(d, initial, size), 0);
			for (uint32_t bit = 16; code != 0x2a && bit < 8 * size; bit++) {
				if (mask[bit / 8] & 1u << (bit & 7))
					continue;
				memcpy(now, initial, size);
				now[bit / 8] ^= (uint8_t)(1u << (bit & 7));
				assert_int_equal(
					select_page(d, now, size), SENSE_INVALID_PARAMETER);
			}
			for (uint32_t bit = 16; code == 0x2a && bit < 8 * size; bit++)
				assert_int_equal(mask[bit / 8], 0);
			sense_page(d, code, 0, now);
			assert_memory_equal(now, initial, size);
		}
		mmc_drive_free(d);
	}
}

static void mode_sense_6_and_10_agree(void **state)
{
	static const uint8_t codes[] = {0x01, 0x05, 0x1a, 0x1d, 0x2a, 0x3f};

	(void)state;
	for (unsigned kind = 0; kind < KINDS; kind++) {
		struct mmc_drive *d = drive_with(kind);
		uint8_t ten[1024];

		for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
			uint32_t len = sense_page(d, codes[i], 0, ten);
			uint8_t cdb[6] = {0x1a, 0, codes[i], 0, 255};

			assert_int_equal(command_with(d, cdb, 6, 255, NULL), 0);
			assert_int_equal(answer.len, len + 4);
			assert_int_equal(answer.data[0], len + 3);
			assert_int_equal(answer.data[3], 0);
			assert_memory_equal(answer.data + 4, ten, len);
		}
		/* Linux takes a drive for read-only if its page 2Ah does not fit 128 bytes. */
		assert_true(8 + sense_page(d, 0x2a, 0, ten) <= 128);
		mmc_drive_free(d);
	}
}

/* ---- speeds: three commands and the state agree --------------------------------------------- */

static void check_speeds(struct mmc_drive *d, uint32_t write, uint32_t read)
{
	uint8_t page[256];
	struct mmc_state s;
	uint32_t n;

	mmc_get_state(d, &s);
	assert_int_equal(s.write_speed, write);
	assert_int_equal(s.read_speed, read);
	sense_page(d, 0x2a, 0, page);
	assert_int_equal(get_be16(page + 28), write);
	assert_int_equal(get_be16(page + 20), write);
	assert_int_equal(get_be16(page + 14), read);
	n = get_be16(page + 30);
	assert_int_equal(page[1], 30 + 4 * n);
	assert_int_equal(command(d, 0xac, 0x04, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), 0);
	assert_int_equal(get_be32(answer.data + 12), write);
	assert_int_equal(get_be32(answer.data + 20), write);
	assert_int_equal(command(d, 0xac, 0x00, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), 0);
	assert_int_equal(get_be32(answer.data + 12), read);
	assert_int_equal(command(d, 0xac, 0, 0, 0, 0, 0, 0, 0, 0, 30, 3, 0), 0);
	assert_int_equal(get_be32(answer.data), 4 + 16 * n);
	assert_int_equal(answer.len, 8 + 16 * n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(
			get_be32(answer.data + 8 + 16 * i + 12), get_be16(page + 34 + 4 * i));
	/* The fastest speed is the maximum in page 2Ah. */
	assert_int_equal(get_be16(page + 18), get_be16(page + 34));
}

static void all_answers_show_the_same_speeds(void **state)
{
	static const uint8_t set_streaming[12] = {0xb6, [10] = 28};

	(void)state;
	for (unsigned kind = 0; kind < KINDS; kind++) {
		struct mmc_drive *d = drive_with(kind);
		const uint16_t *speed = d->profile->write_speed;
		/* A speed at which the drive reads every disc, or the fastest one of a CD. */
		uint32_t read = MIN(11080u, profile_read_speed(d->profile));
		unsigned last = 0;

		while (last + 1 < PROFILE_MAX_SPEEDS && speed[last + 1])
			last++;
		check_speeds(d, speed[0], profile_read_speed(d->profile));
		for (unsigned i = 0; i < PROFILE_MAX_SPEEDS && speed[i]; i++) {
			uint8_t list[28] = {0};

			put_be32(list + 12, read);
			put_be32(list + 16, 1000);
			put_be32(list + 20, speed[i]);
			put_be32(list + 24, 1000);
			assert_int_equal(command_with(d, set_streaming, 12, 0, list), 0);
			check_speeds(d, speed[i], read);
		}
		for (uint32_t wish = 0; wish <= 0xffff; wish += 51) {
			uint8_t cdb[12] = {0xbb};
			struct mmc_state s;

			put_be16(cdb + 4, (uint16_t)wish);
			assert_int_equal(command_with(d, cdb, 12, 0, NULL), 0);
			mmc_get_state(d, &s);
			bool slowest = s.write_speed == speed[last];
			assert_true(wish == 0 || s.write_speed <= wish || slowest);
		}
		mmc_drive_free(d);
	}
}

/* ---- sense ----------------------------------------------------------------------------------- */

static void sense_is_encoded_in_fixed_format(void **state)
{
	uint8_t p[18];

	(void)state;
	mmc_sense_encode(0x52102, p);
	assert_int_equal(p[0], 0x70);
	assert_int_equal(p[2], 5);
	assert_int_equal(p[7], 10);
	assert_int_equal(p[12], 0x21);
	assert_int_equal(p[13], 0x02);
	/* Every result of the recorder except success has a sense. */
	assert_int_equal(sense_from_disc(DISC_OK, true), 0);
	for (int r = DISC_NOT_WRITABLE_ADDRESS; r <= DISC_NO_ROOM; r++)
		assert_int_equal(sense_from_disc(r, true) >> 16, 5);
	assert_int_equal(sense_from_disc(-5, true), SENSE_WRITE_ERROR);
	assert_int_equal(sense_from_disc(-28, true), SENSE_WRITE_ERROR);
	assert_int_equal(sense_from_disc(-5, false), SENSE_READ_ERROR);
	assert_int_equal(sense_from_disc(-11, false), SENSE_AGAIN);
	assert_int_equal(sense_from_disc(1000, false), SENSE_READ_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_rows_are_consistent),
		cmocka_unit_test(masks_are_as_long_as_their_cdbs),
		cmocka_unit_test(each_reserved_bit_is_refused_in_strict_mode),
		cmocka_unit_test(each_allocation_length_cuts_the_same_answer),
		cmocka_unit_test(features_ascend_and_agree_with_the_profile),
		cmocka_unit_test(each_profiles_features_exist_and_are_current),
		cmocka_unit_test(mode_pages_take_their_defaults_and_masks),
		cmocka_unit_test(mode_sense_6_and_10_agree),
		cmocka_unit_test(all_answers_show_the_same_speeds),
		cmocka_unit_test(sense_is_encoded_in_fixed_format),
	};

	return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
