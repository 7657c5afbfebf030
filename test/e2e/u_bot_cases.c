// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The thirteen cases of BOT 1.0 6.7 (TD1.5 to TD1.17): what the host announces, and what the
 * command intends to move, in lengths around those of packets, blocks, CBW and CSW.
 */
#include <stdio.h>
#include <string.h>

#include "u_bot.h"
#include "unit/bot/bot_expect.h"
#include "util/array.h"

#define LENGTHS 32

struct op {
	const char *name;
	struct command c;
	uint32_t d;       /* bytes that it intends to move */
	bool limits;      /* at most as many as the host announces */
	bool at_nwa;      /* writes at the next writable address */
	uint32_t sense;   /* if it fails; 0: it does not */
	uint8_t first[4]; /* the first bytes of its data */
};

enum { TUR, INQUIRY, READ, PERFORMANCE, CAPACITY, WRITE, SELECT, BAD_READ, BAD_WRITE, OPS };

static struct op ops[OPS];
static uint8_t list[256]; /* the parameter list of MODE SELECT */
static uint32_t nwa;
static unsigned played;

static struct answer ask(const struct op *o, uint32_t len)
{
	struct command c = o->c;

	c.len = len;
	return run(&c);
}

/* Makes the parameter list from the current mode page 05h. */
static uint32_t learn_mode_page(void)
{
	const struct command c = {.cdb = {0x5a, 0x08, 0x05, 0, 0, 0, 0, 0, 255},
		.cdb_len = 10,
		.dir = MMC_DIR_IN,
		.len = 255};
	struct answer a = run(&c);

	memcpy(list, data, 255);
	list[0] = list[1] = 0;
	return a.error || a.status ? 0 : a.moved;
}

static void learn(void)
{
	const uint32_t far = 0x7f0000;
	uint32_t n;

	ops[TUR] = (struct op){.name = "TEST UNIT READY", .c = cmd_ready()};
	ops[INQUIRY] = (struct op){
		.name = "INQUIRY", .c = cmd_inquiry(0), .d = 36, .first = {5, 0x80, 0, 0x32}};
	ops[READ] = (struct op){.name = "READ(10)", .c = cmd_read(0, 2), .d = 2 * BLOCK};
	memcpy(ops[READ].first, "LBA ", 4);
	ops[PERFORMANCE] = (struct op){.name = "GET PERFORMANCE",
		.c = {.cdb = {0xac, [9] = 16, [10] = 3}, .cdb_len = 12, .dir = MMC_DIR_IN},
		.limits = true};
	ops[CAPACITY] = (struct op){.name = "READ CAPACITY",
		.c = {.cdb = {0x25}, .cdb_len = 10, .dir = MMC_DIR_IN},
		.d = 8,
		.limits = true};
	ops[WRITE] = (struct op){
		.name = "WRITE(10)", .c = cmd_write(0, 2), .d = 2 * BLOCK, .at_nwa = true};
	n = learn_mode_page();
	ops[SELECT] = (struct op){.name = "MODE SELECT(10)",
		.c = {.cdb = {0x55, 0x10, [8] = (uint8_t)n}, .cdb_len = 10, .dir = MMC_DIR_OUT},
		.d = n};
	ops[BAD_READ] = (struct op){
		.name = "READ(10) that fails", .c = cmd_read(far, 1), .sense = SENSE(5, 0x21, 0)};
	ops[BAD_WRITE] = (struct op){
		.name = "WRITE(10) that fails", .c = cmd_write(0, 1), .sense = SENSE(5, 0x21, 2)};
	ops[PERFORMANCE].d = ask(&ops[PERFORMANCE], 4096).moved;
	memcpy(ops[PERFORMANCE].first, data, 4);
	check(n > 32 && ops[PERFORMANCE].d > 8, "MMC-6 6.7",
		"GET PERFORMANCE has %u bytes, "
		"the parameter list of MODE SELECT %u",
		ops[PERFORMANCE].d, n);
}

/* Makes a list of lengths around those of the data, packets, blocks, CBW and CSW. */
static unsigned lengths(uint32_t d, uint32_t out[LENGTHS])
{
	const uint32_t p = usb.packet;
	const uint32_t all[] = {1, 12, CSW_LEN, CBW_LEN, 36, p - 1, p, p + 1, p + CBW_LEN, d - 1, d,
		d + 1, d + p, 2 * d, 2 * d + 1, d - d % p, d - d % p + p, BLOCK, 3 * BLOCK, 32767,
		32769, 65536};
	unsigned n = 0, j;

	for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
		for (j = 0; j < n && out[j] != all[i]; j++)
			;
		if (j == n && all[i] && all[i] <= DATA_MAX)
			out[n++] = all[i];
	}
	return n;
}

/* Returns what the command intends to move if the host announces this. */
static uint32_t intended(const struct op *o, enum mmc_dir dir, uint32_t h)
{
	if (o->limits && (dir == MMC_DIR_IN || !h))
		return MIN(o->d, h);
	return o->d;
}

static void fill(const struct op *o, uint32_t h)
{
	memset(data, 0xa5, h);
	if (o->at_nwa)
		stamp(nwa, o->d / BLOCK);
	else if (o == &ops[SELECT])
		memcpy(data, list, MIN(o->d, h));
}

static bool data_right(const struct op *o, uint32_t n)
{
	if (o == &ops[READ])
		return stamped(0, n / BLOCK) && memcmp(data, o->first, MIN(n, 4u)) == 0;
	return memcmp(data, o->first, MIN(n, 4u)) == 0;
}

/* NULL, or what is wrong. */
static const char *fault_of(const struct op *o, enum mmc_dir dir, uint32_t h,
	const struct expectation *e, const struct answer *a)
{
	if (a->error)
		return "no CSW";
	if ((int)a->status != e->status)
		return "status";
	if (a->residue != e->residue)
		return "residue";
	if (h && a->moved != (dir == MMC_DIR_IN ? e->in : h))
		return "bytes moved";
	if (h && dir == MMC_DIR_IN && e->in && !data_right(o, e->in))
		return "data";
	if (a->halted != (strict && e->stalls))
		return "halt of bulk-in";
	if (a->halted && !a->shown)
		return "GET_STATUS during the halt";
	return NULL;
}

/*
 * Checks the sense of a failure, and the next writable address: a WRITE advances it by the blocks
 * it accepted, other commands do not change it.
 */
static const char *aftermath(const struct op *o, const struct expectation *e)
{
	if (e->status == CSW_PHASE_ERROR && !reset_recovery())
		return "reset recovery";
	if (e->status == CSW_FAILED && o->sense && sense() != o->sense)
		return "sense";
	if (!o->at_nwa)
		return NULL;
	nwa += e->pushed / BLOCK;
	return next_writable() == nwa ? NULL : "next writable address";
}

static bool one(struct op *o, int number, enum mmc_dir dir, uint32_t h)
{
	uint32_t d = intended(o, dir, h);
	struct expectation e = expect(number, h, d, o->sense != 0);
	struct command c = o->c;
	const char *fault, *after;
	struct answer a;

	if (o->at_nwa)
		put_be32(c.cdb + 2, nwa);
	c.dir = dir;
	c.len = h;
	fill(o, h);
	a = run(&c);
	played++;
	fault = fault_of(o, dir, h, &e, &a);
	after = aftermath(o, &e);
	if (!fault)
		fault = after;
	if (!fault)
		return true;
	printf("# %s, host %s %u, drive %u: %s (error %d, moved %u, status %u, residue %u%s)\n",
		o->name, dir == MMC_DIR_OUT ? "out" : "in", h, d, fault, a.error, a.moved, a.status,
		a.residue, a.halted ? ", halted" : "");
	reset_recovery();
	works();
	return false;
}

static const char *clause_of(int number)
{
	static const char *const clauses[] = {"", "BOT 6.7.1 case 1", "BOT 6.7.1 case 2",
		"BOT 6.7.1 case 3", "BOT 6.7.2 case 4", "BOT 6.7.2 case 5", "BOT 6.7.2 case 6",
		"BOT 6.7.2 case 7", "BOT 6.7.2 case 8", "BOT 6.7.3 case 9", "BOT 6.7.3 case 10",
		"BOT 6.7.3 case 11", "BOT 6.7.3 case 12", "BOT 6.7.3 case 13"};

	return clauses[number];
}

/* Tests a command with all lengths that belong to a case. */
static bool run_case(struct op *o, int number)
{
	static const char *const relation[] = {"", "Hn = Dn", "Hn < Di", "Hn < Do", "Hi > Dn",
		"Hi > Di", "Hi = Di", "Hi < Di", "Hi <> Do", "Ho > Dn", "Ho <> Di", "Ho > Do",
		"Ho = Do", "Ho < Do"};
	uint32_t all[LENGTHS];
	unsigned n = lengths(o->d, all), tried = 0, good = 0;
	enum mmc_dir device = o->c.dir;

	for (unsigned i = 0; i <= n; i++) {
		for (int dir = MMC_DIR_IN; dir <= MMC_DIR_OUT; dir++) {
			uint32_t h = i ? all[i - 1] : 0, d = intended(o, (enum mmc_dir)dir, h);

			if (number_of((enum mmc_dir)dir, h, device, d) != number)
				continue;
			tried++;
			good += one(o, number, (enum mmc_dir)dir, h);
		}
	}
	if (tried)
		check(good == tried, clause_of(number), "%s, %s, %u lengths", o->name,
			relation[number], tried);
	return tried;
}

void test_cases(void)
{
	unsigned seen = 0;

	nwa = next_writable();
	learn();
	for (int number = 1; number <= 13; number++) {
		bool any = false;

		for (size_t i = 0; i < ARRAY_LEN(ops); i++)
			any |= run_case(&ops[i], number);
		seen += any;
	}
	printf("# %u commands in the thirteen cases\n", played);
	check(seen == 13 && works(), "BOT 6.7", "all thirteen cases were met (%u)", seen);
}
