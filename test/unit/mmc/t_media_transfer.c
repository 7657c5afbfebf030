// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * WRITE whose data is longer or shorter than its CDB says, through BOT, on every medium that can be
 * written. growisofs ends a disc that is recorded at once with such a WRITE: longer data is taken
 * as far as the CDB goes, and the rest is residue (BOT 6.7.3, case 11). Also FORMAT UNIT whose
 * parameter list is too short.
 */
#include "lib/bot_host.h"
#include "unit/mmc/media_states.h"

#define STEP 8u /* blocks */

/* Where a WRITE of `blocks` goes in such a state. */
static const struct place {
	const char *type, *state;
	uint32_t lba, blocks;
	bool in_order;  /* the next WRITE follows this one */
	bool completes; /* these are the last blocks of a disc-at-once: a sync completes the disc */
} places[] = {
	{"dvd+r", "blank", 0, STEP, true, false},
	{"dvd+r", "being burned", 16, STEP, true, false},
	{"dvd+r", "reserved", 0, STEP, true, false},
	{"dvd+r", "appendable", 16, STEP, true, false},
	{"dvd+r-dl", "blank", 0, STEP, true, false},
	{"dvd-r", "blank", 0, STEP, true, false},
	{"dvd-r", "appendable", 16, STEP, true, false},
	{"dvd-r", "at once, reserved", 0, STEP, true, false},
	{"dvd-r", "at once, half of it", 16, 24, true, true},
	{"dvd-r-dl", "blank", 0, STEP, true, false},
	{"dvd-rw", "being burned", 16, STEP, true, false},
	{"dvd-rw", "intermediate", 0, STEP, true, false},
	{"dvd-rw", "intermediate, being burned", 16, STEP, true, false},
	{"dvd-rw", "formatted to a part", 65520, STEP, false, false},
	{"dvd-rw", "formatted, written", 21, STEP, false, false},
	{"dvd+rw", "formatted", 100, STEP, false, false},
	{"dvd-ram", "new", 100, STEP, false, false},
	{"bd-r", "blank", 0, STEP, true, false},
	{"bd-r", "formatted, pseudo-overwrite", 0, STEP, true, false},
	{"bd-r-dl", "formatted, sequential", 0, STEP, true, false},
	{"bd-re", "formatted", 100, STEP, false, false},
	{"bd-re-dl", "formatted", 100, STEP, false, false},
	{"cd-r", "blank", 0, STEP, true, false},
	{"cd-r", "being burned", 16, STEP, true, false},
	{"cd-r", "at once, the pregap", 0, STEP, true, false},
	{"cd-r", "at once, half of it", 16, 24, true, true},
	{"cd-rw", "blank", 0, STEP, true, false},
};

struct bench {
	struct mmc_drive *drive;
	struct mem_ep *ep;
	struct bot *bot;
	struct bot_host host;
};

static char where[160];

#define EXPECT(what)                                                                               \
	do {                                                                                       \
		if (!(what))                                                                       \
			fail_msg("%s: %s", where, #what);                                          \
	} while (0)

static const struct media_state *state_of_place(const struct place *p)
{
	for (size_t i = 0; i < ARRAY_LEN(media_states); i++)
		if (media_states[i].type && strcmp(media_states[i].type, p->type) == 0 &&
			strcmp(media_states[i].name, p->state) == 0)
			return &media_states[i];
	fail_msg("there is no state \"%s, %s\"", p->type, p->state);
	return NULL;
}

static void begin(struct bench *b, const struct place *p)
{
	static const struct bot_config config = {.stall = BOT_STALL_NEVER};

	b->drive = drive_in_state(state_of_place(p));
	b->ep = mem_ep_new();
	assert_non_null(b->ep);
	b->bot = bot_new(&config, &mem_ep_ops, b->ep, b->drive);
	assert_non_null(b->bot);
	bot_host_init(&b->host, b->ep, b->bot, 512);
	drain_all(b->drive);
}

static void end(struct bench *b)
{
	bot_free(b->bot);
	mmc_drive_free(b->drive);
	mem_ep_free(b->ep);
}

/* ---- commands ------------------------------------------------------------------------------- */

static uint8_t data[64 * MEDIA_BLOCK];

/* Data that no other block has. */
static void fill(uint32_t lba, uint8_t salt)
{
	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i / MEDIA_BLOCK + lba + i % 251 + salt);
}

/* WRITE by that operation code; the host announces and sends `len` bytes. The CSW's status. */
static int write_with(
	struct bench *b, uint8_t op, uint32_t lba, uint32_t blocks, uint32_t len, uint32_t *residue)
{
	uint8_t cdb[12] = {op};

	put_be32(cdb + 2, lba);
	if (op == 0xaa)
		put_be32(cdb + 6, blocks);
	else
		put_be16(cdb + 7, (uint16_t)blocks);
	return bot_host_command(
		&b->host, cdb, op == 0xaa ? 12 : 10, MMC_DIR_OUT, data, len, residue);
}

static bool reads(struct bench *b, uint32_t lba, const uint8_t *wanted)
{
	return read_blocks(b->drive, lba, 1) == 0 && answer.len == MEDIA_BLOCK &&
	       memcmp(answer.data, wanted, MEDIA_BLOCK) == 0;
}

/* The next writable address of the open track. */
static uint32_t next_address(struct bench *b)
{
	struct mmc_state s;

	mmc_get_state(b->drive, &s);
	return s.nwa;
}

/* ---- more data than the CDB says ------------------------------------------------------------- */

static void send_more(const struct place *p, uint8_t op, uint32_t extra)
{
	static const uint8_t zeros[MEDIA_BLOCK];
	uint32_t end_of = p->lba + p->blocks, residue = 0;
	struct bench b;

	begin(&b, p);
	fill(p->lba, op);
	EXPECT(write_with(&b, op, p->lba, p->blocks, p->blocks * MEDIA_BLOCK + extra, &residue) ==
		0);
	EXPECT(residue == extra);
	for (uint32_t i = 0; i < p->blocks; i++)
		EXPECT(reads(&b, p->lba + i, data + (size_t)i * MEDIA_BLOCK));
	if (p->completes) {
		EXPECT(command(b.drive, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0) == 0);
		drain_all(b.drive);
		EXPECT(command(b.drive, 0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0) == 0);
		EXPECT((answer.data[2] & 0x0f) == 0x0e);
	} else if (p->in_order) {
		EXPECT(next_address(&b) == end_of);
		EXPECT(read_blocks(b.drive, end_of, 1) == 0x52100);
		EXPECT(write_with(&b, op, end_of, 1, MEDIA_BLOCK, NULL) == 0);
	} else if (end_of < 65536) {
		EXPECT(reads(&b, end_of, zeros));
	}
	end(&b);
}

/* No CD has WRITE AND VERIFY. */
static bool has_command(const struct place *p, uint8_t op)
{
	return op != 0x2e || strncmp(p->type, "cd-", 3) != 0;
}

static void longer_data_is_good_with_the_residue(void **state)
{
	static const uint32_t extra[] = {1, 512, STEP * MEDIA_BLOCK};
	static const uint8_t ops[] = {0x2a, 0xaa, 0x2e};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		for (size_t op = 0; op < ARRAY_LEN(ops); op++)
			for (size_t n = 0; n < ARRAY_LEN(extra) && has_command(&places[i], ops[op]);
				n++) {
				snprintf(where, sizeof(where), "%s, %s: %02x, %u bytes more",
					places[i].type, places[i].state, ops[op], extra[n]);
				send_more(&places[i], ops[op], extra[n]);
			}
}

/* ---- less data than the CDB says ------------------------------------------------------------- */

static void send_less(const struct place *p, uint8_t op, uint32_t len)
{
	uint32_t before, after;
	struct bench b;

	begin(&b, p);
	before = next_address(&b);
	fill(p->lba, op);
	/* Case 13, or case 3 without data: the host resets, and nothing or whole blocks were taken.
	 */
	EXPECT(write_with(&b, op, p->lba, p->blocks, len, NULL) == 2);
	drain_all(b.drive);
	after = next_address(&b);
	EXPECT(after >= before && after - before <= len / MEDIA_BLOCK);
	for (uint32_t i = before; i < after; i++)
		EXPECT(reads(&b, i, data + (size_t)(i - before) * MEDIA_BLOCK));
	/* The host can continue where the drive says, or write the same blocks once more. */
	fill(p->lba, (uint8_t)(op + 1));
	uint32_t lba = p->in_order ? after : p->lba, left = p->lba + p->blocks - lba;
	EXPECT(write_with(&b, op, lba, left, left * MEDIA_BLOCK, NULL) == 0);
	for (uint32_t i = 0; i < left; i++)
		EXPECT(reads(&b, lba + i, data + (size_t)i * MEDIA_BLOCK));
	end(&b);
}

static void shorter_data_harms_nothing(void **state)
{
	static const uint32_t lengths[] = {
		0, 1, 512, MEDIA_BLOCK, STEP / 2 * MEDIA_BLOCK, STEP * MEDIA_BLOCK - 1};
	static const uint8_t ops[] = {0x2a, 0xaa, 0x2e};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		for (size_t op = 0; op < ARRAY_LEN(ops); op++)
			for (size_t n = 0;
				n < ARRAY_LEN(lengths) && has_command(&places[i], ops[op]); n++) {
				snprintf(where, sizeof(where), "%s, %s: %02x, %u bytes",
					places[i].type, places[i].state, ops[op], lengths[n]);
				send_less(&places[i], ops[op], lengths[n]);
			}
}

/* ---- a parameter list of FORMAT UNIT that is cut ----------------------------------------------
 */

static void a_format_list_that_is_cut_changes_nothing(void **state)
{
	static const uint8_t cdb[6] = {0x04, 0x11};
	static const uint32_t lengths[] = {0, 4, 11};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const struct media_state *s = state_of_place(&places[i]);

		for (size_t n = 0; n < ARRAY_LEN(lengths) && s->formatting == CAN_BE_FORMATTED;
			n++) {
			uint8_t list[12] = {0, 0, 0, 8};
			uint16_t profile;
			struct bench b;

			snprintf(where, sizeof(where), "%s, %s: a list of %u bytes", s->type,
				s->name, lengths[n]);
			begin(&b, &places[i]);
			profile = current_profile(b.drive);
			put_be32(list + 4, s->taken[0].most);
			list[8] = (uint8_t)(s->taken[0].type << 2);
			EXPECT(bot_host_command(
				       &b.host, cdb, 6, MMC_DIR_OUT, list, lengths[n], NULL) == 2);
			drain_all(b.drive);
			EXPECT(current_profile(b.drive) == profile);
			fill(places[i].lba, 1);
			EXPECT(write_with(&b, 0x2a, places[i].lba, places[i].blocks,
				       places[i].blocks * MEDIA_BLOCK, NULL) == 0);
			end(&b);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longer_data_is_good_with_the_residue),
		cmocka_unit_test(a_format_list_that_is_cut_changes_nothing),
		cmocka_unit_test(shorter_data_harms_nothing),
	};

	return cmocka_run_group_tests_name("media transfer", tests, NULL, NULL);
}
