// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Converts the conversations of test/script to inputs of the fuzzers, so that fuzzing starts
 * from what hosts do. It writes the formats that cdb.h, fuzz_engine.c and fuzz_bot.c read.
 *
 *   seed engine|bot DIRECTORY SCRIPT...
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/cdb.h"
#include "lib/script.h"

#define SEED_MAX 2048u /* bytes; the fuzzers use no more */

struct seed {
	bool bot, loaded;
	uint8_t disc;
	uint8_t p[SEED_MAX];
	size_t n;
};

/* Numbers of the fuzzers' operations. */
enum { ENGINE_DISC = 0, ENGINE_TRANSPORT_RESET = 1, ENGINE_BUS_RESET = 2, ENGINE_COMMAND = 3 };
enum {
	BOT_CLEAR_IN = 3,
	BOT_CLEAR_OUT,
	BOT_CLASS_RESET,
	BOT_BUS_RESET,
	BOT_DISC = 10,
	BOT_COMMAND = 12
};

static void put(struct seed *s, unsigned byte)
{
	if (s->n < sizeof(s->p))
		s->p[s->n++] = (uint8_t)byte;
}

static void put16(struct seed *s, uint32_t v)
{
	put(s, v >> 8);
	put(s, v & 0xff);
}

/* The bytes that come before and after the CDB. */
static void command_begin(struct seed *s, unsigned how)
{
	put(s, s->bot ? BOT_COMMAND : ENGINE_COMMAND);
	if (!s->bot)
		put(s, how);
}

static void command_end(struct seed *s)
{
	if (s->bot)
		put(s, 0); /* recovery by a bus reset */
}

static void raw(struct seed *s, const uint8_t *cdb, size_t cdb_len, enum mmc_dir dir, uint32_t len,
	const uint8_t *list)
{
	size_t n = MAX(cdb_len, (size_t)6);
	/* A parameter list is added if its length fits. */
	bool own = list && len < 64 && !s->bot;

	command_begin(s, own ? len << 2 | 1 : 0);
	put(s, CDB_RAW + CDB_KINDS * (unsigned)(n - 6));
	for (size_t i = 0; i < n; i++)
		put(s, cdb[i]);
	put(s, (unsigned)cdb_len - 1);
	put(s, dir);
	if (dir != MMC_DIR_NONE)
		put16(s, MIN(len, UINT16_MAX));
	for (uint32_t i = 0; own && i < len; i++)
		put(s, list[i]);
	command_end(s);
}

static void test_unit_ready(struct seed *s)
{
	static const uint8_t cdb[6];

	raw(s, cdb, 6, MMC_DIR_NONE, 0, NULL);
}

static void blocks(struct seed *s, bool write, uint32_t from, uint32_t count)
{
	command_begin(s, 0);
	put(s, write ? CDB_WRITE : CDB_READ);
	put(s, MIN(count, write ? 32u : 64u));
	if (!write)
		put16(s, from);
	command_end(s);
}

static void change_disc(struct seed *s, unsigned byte)
{
	put(s, s->bot ? BOT_DISC : ENGINE_DISC);
	put(s, byte);
}

/*
 * Returns the choice of cdb_disc() that makes a similar disc: a DVD+R with the same capacity if
 * there is one, else of the usual capacity; or a ROM with the same number of blocks, at most 100.
 */
static uint8_t disc_choice(const struct script_step *step)
{
	uint32_t k = MIN(MAX(step->size, 1u), 100u) - 1;

	if (step->media != SCRIPT_MEDIA_BLANK)
		return (uint8_t)(k <= 55 ? 200 + k : 100 + k);
	return step->size == 400 ? 0 : step->size == 64 ? 1 : step->size == 16 ? 2 : 5;
}

static void media(struct seed *s, const struct script_step *step)
{
	if (s->loaded)
		change_disc(s, 1);
	s->loaded = step->media != SCRIPT_MEDIA_NONE;
	if (!s->loaded)
		return;
	s->disc = disc_choice(step);
	change_disc(s, s->disc);
	for (unsigned i = 0; !step->unseen && i < 3; i++)
		test_unit_ready(s);
}

static void range(struct seed *s, const struct script_step *step, bool write)
{
	uint32_t lba = step->from;

	/* Eight commands test as much as those for the whole range. */
	for (unsigned i = 0; i < 8 && lba < step->end; i++, lba += step->step)
		blocks(s, write, lba, MIN(step->step, step->end - lba));
}

static void add(struct seed *s, const struct script_step *step)
{
	switch (step->kind) {
	case SCRIPT_COMMAND:
		for (unsigned i = 0; i < MIN(step->times, 3u); i++)
			raw(s, step->cdb, step->cdb_len, step->len ? step->dir : MMC_DIR_NONE,
				step->len, step->dir == MMC_DIR_OUT ? step->out : NULL);
		return;
	case SCRIPT_READY:
		test_unit_ready(s);
		test_unit_ready(s);
		return;
	case SCRIPT_WRITE:
	case SCRIPT_READ:
		range(s, step, step->kind == SCRIPT_WRITE);
		return;
	case SCRIPT_MEDIA:
		media(s, step);
		return;
	case SCRIPT_EJECT:
		change_disc(s, step->eject == SCRIPT_EJECT_FORCE);
		s->loaded &= step->eject == SCRIPT_EJECT_ASKS;
		return;
	case SCRIPT_INSERT_AGAIN:
		change_disc(s, s->disc);
		s->loaded = true;
		return;
	case SCRIPT_BUS_RESET:
		put(s, s->bot ? BOT_BUS_RESET : ENGINE_BUS_RESET);
		if (s->bot)
			put(s, 1);
		return;
	case SCRIPT_TRANSPORT_RESET:
		put(s, s->bot ? BOT_CLASS_RESET : ENGINE_TRANSPORT_RESET);
		if (s->bot) {
			put(s, BOT_CLEAR_IN);
			put(s, BOT_CLEAR_OUT);
		}
		return;
	case SCRIPT_FAULT:
		return; /* the media of the fuzzers have no faults */
	}
}

static bool write_seed(const struct seed *s, const char *directory, const char *name)
{
	char path[512];
	FILE *f;
	bool good;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "wb");
	good = f && fwrite(s->p, 1, s->n, f) == s->n;
	if (f)
		good &= fclose(f) == 0;
	if (!good)
		perror(path);
	return good;
}

static bool convert(const char *path, bool bot, unsigned number, const char *directory)
{
	char error[512];
	struct script *script = script_load(path, error, sizeof(error));
	struct seed s = {.bot = bot};
	bool good;

	if (!script) {
		fprintf(stderr, "%s\n", error);
		return false;
	}
	if (bot)
		put(&s, number % 6); /* each way to stall, at each speed */
	else
		put(&s, (script->config.finalised == MMC_FINALISED_DVD_PLUS_R) |
				script->config.strict_cdb << 1 |
				(script->config.serial[0] != 0) << 2);
	for (const struct script_step *step = script->steps; step; step = step->next)
		add(&s, step);
	good = write_seed(&s, directory, script->name);
	script_free(script);
	return good;
}

int main(int argc, char **argv)
{
	bool bot = argc > 1 && strcmp(argv[1], "bot") == 0;

	if (argc < 4 || (!bot && strcmp(argv[1], "engine") != 0)) {
		fprintf(stderr, "usage: seed engine|bot DIRECTORY SCRIPT...\n");
		return 2;
	}
	for (int i = 3; i < argc; i++)
		if (!convert(argv[i], bot, (unsigned)i, argv[2]))
			return 1;
	return 0;
}
