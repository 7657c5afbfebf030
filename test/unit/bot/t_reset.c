// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A burn over Bulk-Only that the host interrupts at every packet of every command, by each
 * kind of reset: acknowledged blocks stay, the burn continues at the next writable address,
 * and the lock is released as SPC-4 says.
 */
#include <errno.h>

#include "lib/bot_host.h"
#include "lib/mem_folder.h"
#include "unit/mmc/drive_cmd.h"

enum reset_kind { CLASS_RESET, BUS_RESET, UNPLUG, UNPLUG_UNTOLD, RESET_KINDS };

#define BLOCKS 40u /* of the burn: two full WRITEs and one of 8 */
#define PACKET 512u

struct bench {
	struct mmc_drive *drive;
	struct mem_folder folder;
	struct mem_ep *ep;
	struct bot *bot;
	struct bot_host host;
	struct disc *disc; /* the test's own reference */
	uint8_t data[16 * MEDIA_BLOCK];
	uint32_t acknowledged; /* blocks of WRITEs that ended GOOD */
};

/* The commands of the burn, in the order of growisofs. */
static const uint8_t burn[][10] = {
	{0x2a, 0, 0, 0, 0, 0, 0, 0, 16},
	{0x2a, 0, 0, 0, 0, 16, 0, 0, 16},
	{0x35},
	{0x2a, 0, 0, 0, 0, 32, 0, 0, 8},
	{0x35, 2},
	{0x5b, 1, 1, 0, 0, 1},
	{0x5b, 1, 2},
};

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct disc_options o = {.media = media_mem_new(0, true), .capacity = 400};
	const struct bot_config config = {.stall = BOT_STALL_NEVER};

	assert_non_null(b);
	assert_int_equal(store_new(mem_folder_borrow(&b->folder), "d", "", &o.store), 0);
	b->drive = new_drive();
	b->disc = disc_open(&o);
	mmc_insert(b->drive, disc_get(b->disc));
	b->ep = mem_ep_new();
	b->bot = bot_new(&config, &mem_ep_ops, b->ep, b->drive);
	b->ep->patience_ms = 1000;
	bot_host_init(&b->host, b->ep, b->bot, PACKET);
	return b;
}

static void bench_free(struct bench *b)
{
	assert_int_equal(b->ep->violations, 0);
	bot_free(b->bot);
	mem_ep_free(b->ep);
	mmc_drive_free(b->drive);
	disc_put(b->disc);
	free(b);
}

static uint32_t fill(struct bench *b, const uint8_t *cdb)
{
	uint32_t lba = get_be32(cdb + 2), n = cdb[0] == 0x2a ? get_be16(cdb + 7) : 0;

	for (uint32_t i = 0; i < n; i++)
		script_stamp(lba + i, b->data + (size_t)i * MEDIA_BLOCK);
	return n * MEDIA_BLOCK;
}

/* Sends a whole command, again after unit attentions. True: GOOD. */
static bool complete_command(struct bench *b, const uint8_t *cdb, enum mmc_dir dir, uint32_t len)
{
	for (int tries = 0; tries < 4; tries++) {
		const uint8_t sense[6] = {0x03, 0, 0, 0, 18};
		uint8_t got[18];
		int r = bot_host_command(&b->host, cdb, 10, dir, b->data, len, NULL);

		assert_in_range(r, 0, 1);
		if (r == 0)
			return true;
		assert_int_equal(
			bot_host_command(&b->host, sense, 6, MMC_DIR_IN, got, 18, NULL), 0);
		if (got[2] != 6)
			return false;
		if (dir == MMC_DIR_OUT)
			(void)fill(b, cdb);
	}
	return false;
}

static bool run(struct bench *b, const uint8_t *cdb)
{
	uint32_t len = fill(b, cdb);

	return complete_command(b, cdb, len ? MMC_DIR_OUT : MMC_DIR_NONE, len);
}

static void clear_attentions(struct bench *b)
{
	const uint8_t ready[10] = {0};

	assert_true(complete_command(b, ready, MMC_DIR_NONE, 0));
}

/* Plays a command up to packet `stage`. True: the command ended before that. */
static bool play(struct bench *b, const uint8_t *cdb, unsigned stage, bool *good)
{
	uint32_t len = fill(b, cdb), at, residue;
	uint8_t cbw[31];
	int r;

	bot_host_cbw(&b->host, cbw, cdb, 10, len ? MMC_DIR_OUT : MMC_DIR_NONE, len);
	if (stage-- == 0)
		return false;
	assert_int_equal(mem_host_out(b->ep, cbw, sizeof(cbw), false), 0);
	for (at = 0; at < len; at += PACKET) {
		if (stage-- == 0)
			return false;
		assert_int_equal(mem_host_out(b->ep, b->data + at, PACKET, false), 0);
	}
	if (stage == 0)
		return false;
	r = bot_host_csw(&b->host, len, &residue);
	assert_in_range(r, 0, 1);
	*good = r == 0;
	return true;
}

static void reset_by(struct bench *b, enum reset_kind kind)
{
	if (kind == CLASS_RESET) {
		assert_int_equal(bot_host_reset_recovery(&b->host), 0);
		/* The host sends the rest of its data, into the reads still posted. */
		for (int i = 0; i < 70 && b->ep->out.count > 1; i++)
			(void)mem_host_out(b->ep, b->data, PACKET, false);
		return;
	}
	if (kind != BUS_RESET)
		mem_host_unplug(b->ep, kind == UNPLUG);
	mem_host_bus_reset(b->ep, PACKET);
}

static struct mmc_state state_of(struct bench *b)
{
	struct mmc_state s;

	mmc_get_state(b->drive, &s);
	return s;
}

/* Burns the rest; like growisofs, it asks for the next writable address. */
static void resume(struct bench *b)
{
	const uint8_t close_session[10] = {0x5b, 1, 2};

	if (disc_last_closed_session(b->disc) == 0) {
		for (uint32_t nwa = state_of(b).nwa; nwa < BLOCKS; nwa = state_of(b).nwa) {
			uint32_t n = MIN(16u, BLOCKS - nwa);
			uint8_t cdb[10] = {0x2a};

			put_be32(cdb + 2, nwa);
			put_be16(cdb + 7, n);
			assert_true(run(b, cdb));
		}
		assert_true(run(b, close_session));
	}
	clear_attentions(b);
}

static void check_disc(struct bench *b)
{
	uint8_t block[MEDIA_BLOCK], want[MEDIA_BLOCK];

	assert_int_equal(disc_readable_blocks(b->disc), BLOCKS);
	assert_int_equal(disc_unsynced(b->disc), 0);
	for (uint32_t lba = 0; lba < BLOCKS; lba++) {
		script_stamp(lba, want);
		assert_int_equal(disc_read(b->disc, lba, 1, block), DISC_OK);
		assert_memory_equal(block, want, sizeof(want));
	}
}

/*
 * Burns up to command `victim`, of which it sends packets up to `stage`, then resets. True: that
 * command ended before that.
 */
static bool interrupt_burn(struct bench *b, size_t victim, unsigned stage, enum reset_kind kind)
{
	const uint8_t lock[10] = {0x1e, 0, 0, 0, 1};
	bool good = false, ended;

	clear_attentions(b);
	assert_true(complete_command(b, lock, MMC_DIR_NONE, 0));
	for (size_t i = 0; i < victim; i++) {
		assert_true(run(b, burn[i]));
		b->acknowledged += burn[i][0] == 0x2a ? get_be16(burn[i] + 7) : 0;
	}
	ended = play(b, burn[victim], stage, &good);
	assert_true(!ended || good);
	reset_by(b, kind);
	/* SPC-4 6.18: I_T nexus loss and hard reset unlock; a transport reset is neither. */
	assert_int_equal(state_of(b).locked, kind == CLASS_RESET);
	assert_true(state_of(b).recorded >= b->acknowledged);
	clear_attentions(b);
	return ended;
}

static unsigned interrupted;

static void at_every_packet(enum reset_kind kind)
{
	/* Under valgrind ($WRAP) only every seventh packet. */
	unsigned step = getenv("WRAP") && *getenv("WRAP") ? 7 : 1;

	for (size_t victim = 0; victim < ARRAY_LEN(burn); victim++) {
		bool ended = false;

		for (unsigned stage = 0; !ended; stage += step) {
			struct bench *b = bench_new();

			ended = interrupt_burn(b, victim, stage, kind);
			interrupted++;
			resume(b);
			check_disc(b);
			bench_free(b);
		}
	}
}

static void burn_survives_a_class_reset_at_every_packet(void **state)
{
	(void)state;
	at_every_packet(CLASS_RESET);
}

static void burn_survives_a_bus_reset_at_every_packet(void **state)
{
	(void)state;
	at_every_packet(BUS_RESET);
}

static void burn_survives_unplugging_at_every_packet(void **state)
{
	(void)state;
	at_every_packet(UNPLUG);
	at_every_packet(UNPLUG_UNTOLD);
	print_message("# %u resets in mid-burn, 0 blocks lost\n", interrupted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burn_survives_a_class_reset_at_every_packet),
		cmocka_unit_test(burn_survives_a_bus_reset_at_every_packet),
		cmocka_unit_test(burn_survives_unplugging_at_every_packet),
	};

	return cmocka_run_group_tests_name("reset", tests, NULL, NULL);
}
