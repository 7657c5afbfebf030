// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cost of a command after many commands: BOT and the engine over in-memory endpoints
 * (lib/mem_ep.h), a strict host that sends commands of several kinds, and one blank disc
 * after the other. Prints for each slice the CPU time of a command, and the memory used after
 * the slice; both include host and endpoints. Fails only if memory has grown.
 *
 *   b_many [SLICES [COMMANDS]]   default: 10 slices of 1000000 commands each
 */
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/script.h"
#include "test/bench/host.h"
#include "util/array.h"

#define BLOCKS      16u /* of a READ or WRITE: 32 KiB */
#define DISC_BLOCKS 4096u
#define PIECES      20u /* of a slice; their median is steadier than a sum */
#define RSS_SLACK   (256u * 1024u)

enum kind { TUR, READ, WRITE, TOC, EVENT, KINDS };

/* Twenty commands, repeated in this order. */
static const enum kind mix[] = {TUR, READ, TOC, READ, EVENT, TUR, READ, TUR, READ, EVENT, WRITE,
	READ, TUR, TUR, READ, TOC, TUR, READ, EVENT, TUR};

struct bench {
	struct script_exec *x;
	uint32_t written; /* blocks of the disc */
	uint64_t random;
	uint64_t done[KINDS], discs;
	uint8_t data[BLOCKS * MEDIA_BLOCK];
};

struct slice {
	double ns; /* for each command, median of the pieces */
	size_t heap, rss;
};

static uint32_t below(struct bench *b, uint32_t n)
{
	b->random = b->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)((b->random >> 32) * n >> 32);
}

/* ---- commands ----------------------------------------------------------------------------- */

static void command(struct bench *b, const uint8_t *cdb, enum mmc_dir dir, uint32_t len)
{
	struct script_io io = {
		.cdb = cdb, .cdb_len = cdb[0] ? 10 : 6, .dir = dir, .len = len, .data = b->data};

	if (b->x->command(b->x, &io) < 0)
		die("command %02xh: %s", cdb[0], b->x->error);
	if (io.check)
		die("command %02xh: sense %x/%02x/%02x", cdb[0], io.sense[2] & 15, io.sense[12],
			io.sense[13]);
}

static void move(struct bench *b, uint8_t op, uint32_t lba)
{
	const uint8_t cdb[10] = {op, [4] = (uint8_t)(lba >> 8), [5] = (uint8_t)lba, [8] = BLOCKS};

	command(b, cdb, op == 0x28 ? MMC_DIR_IN : MMC_DIR_OUT, sizeof(b->data));
}

static void take_attentions(struct bench *b)
{
	if (script_drain_events(b->x) < 0)
		die("unit attentions: %s", b->x->error);
}

/* Inserts a blank and burns a session of one WRITE, so that there is data to read. */
static void new_disc(struct bench *b)
{
	const struct script_step blank = {.media = SCRIPT_MEDIA_BLANK, .size = DISC_BLOCKS};
	static const uint8_t close_track[10] = {0x5b, [2] = 1, [5] = 1};
	static const uint8_t close_session[10] = {0x5b, [2] = 2};

	if (b->x->media(b->x, &blank) < 0)
		die("a blank: %s", b->x->error);
	take_attentions(b);
	move(b, 0x2a, 0);
	command(b, close_track, MMC_DIR_NONE, 0);
	command(b, close_session, MMC_DIR_NONE, 0);
	take_attentions(b);
	b->written = BLOCKS;
	b->discs++;
}

static void one(struct bench *b, enum kind kind)
{
	static const uint8_t tur[6], toc[10] = {0x43, [8] = 12};
	static const uint8_t event[10] = {0x4a, 1, [4] = 0x10, [8] = 8};

	b->done[kind]++;
	switch (kind) {
	case READ:
		move(b, 0x28, below(b, b->written / BLOCKS) * BLOCKS);
		break;
	case WRITE:
		move(b, 0x2a, b->written);
		b->written += BLOCKS;
		if (b->written == DISC_BLOCKS)
			new_disc(b);
		break;
	case TOC:
		command(b, toc, MMC_DIR_IN, 12);
		break;
	case EVENT:
		command(b, event, MMC_DIR_IN, 8);
		break;
	default:
		command(b, tur, MMC_DIR_NONE, 0);
	}
}

/* ---- slices ------------------------------------------------------------------------------- */

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static size_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	size_t size, pages;

	if (!f || fscanf(f, "%zu %zu", &size, &pages) != 2)
		die("no /proc/self/statm");
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Runs a slice. It ends with a new disc, so that a disc's contents do not count as growth. */
static struct slice run(struct bench *b, uint64_t commands)
{
	double piece[PIECES];
	struct slice s;

	for (unsigned i = 0; i < PIECES; i++) {
		double began = cpu_ns();

		for (uint64_t n = 0; n < commands / PIECES; n++)
			one(b, mix[n % ARRAY_LEN(mix)]);
		piece[i] = (cpu_ns() - began) / (double)(commands / PIECES);
	}
	qsort(piece, PIECES, sizeof(*piece), by_size);
	s.ns = (piece[PIECES / 2 - 1] + piece[PIECES / 2]) / 2;
	new_disc(b);
	s.heap = mallinfo2().uordblks + mallinfo2().hblkhd;
	s.rss = resident();
	return s;
}

int main(int argc, char **argv)
{
	unsigned slices = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 10;
	uint64_t commands = argc > 2 ? strtoull(argv[2], NULL, 0) : 1000000;
	struct bench b = {.x = exec_bot_new(512), .random = 1};
	struct mmc_config config = script_default_config();
	struct slice first, last;

	if (slices < 2 || commands < PIECES)
		die("at least two slices, of at least %u commands each", PIECES);
	/* Keep freed memory of discs: faulting it in again must not be measured. */
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	if (b.x->start(b.x, &config) < 0)
		die("%s", b.x->error);
	new_disc(&b);
	(void)run(&b, commands / 10); /* now the C library has allocated what it needs itself */
	printf("%8s %14s %12s %12s\n", "commands", "ns a command", "heap bytes", "KiB resident");
	for (unsigned i = 0; i < slices; i++) {
		last = run(&b, commands);
		if (i == 0)
			first = last;
		printf("%8" PRIu64 " %14.1f %12zu %12zu\n", (i + 1) * commands, last.ns, last.heap,
			last.rss / 1024);
		fflush(stdout);
	}
	printf("TEST UNIT READY %" PRIu64 ", READ %" PRIu64 ", WRITE %" PRIu64 ", READ TOC %" PRIu64
	       ", GET EVENT %" PRIu64 ", discs %" PRIu64 "\n",
		b.done[TUR], b.done[READ], b.done[WRITE], b.done[TOC], b.done[EVENT], b.discs);
	printf("the last slice takes %.3f of the first\n", last.ns / first.ns);
	b.x->stop(b.x);
	exec_bot_free(b.x);
	if (last.heap > first.heap || last.rss > first.rss + RSS_SLACK)
		die("memory has grown");
	return 0;
}
