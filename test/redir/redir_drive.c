// SPDX-License-Identifier: GPL-2.0-or-later
/* The drive behind mmcredir, and the line that each command becomes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bot/bot.h"
#include "disc/disc.h"
#include "lib/mem_folder.h"
#include "media/media.h"
#include "test/redir/redir.h"

struct redir_drive {
	struct mmc_drive *drive;
	struct bot *bot;
	struct mem_ep *ep;
	struct mem_folder folder;
	double began; /* seconds: the time of the first line; 0: none yet */
};

static void no_memory(void)
{
	fprintf(stderr, "mmcredir: no memory\n");
	exit(1);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void print_time(struct redir_drive *d)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	double now = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
	if (d->began == 0)
		d->began = now;
	printf("%8.3f  ", now - d->began);
}

static void print_status(const struct mmc_last *last, uint8_t csw)
{
	if (csw == BOT_NO_CSW || !last->ended)
		printf("none     ");
	else if (last->sense == 0)
		printf("GOOD     ");
	else
		printf("%x/%02x/%02x  ", last->sense >> 16 & 0x0f, last->sense >> 8 & 0xff,
			last->sense & 0xff);
}

static void began(void *ctx)
{
	(void)ctx;
}

static void ended(void *ctx, const struct bot_command *c)
{
	struct redir_drive *d = ctx;
	struct mmc_last last;
	const char *name;

	mmc_get_last(d->drive, &last);
	name = mmc_opcode_name(last.cdb[0]);
	print_time(d);
	for (unsigned i = 0; i < 12; i++)
		printf("%02x ", last.cdb[i]);
	printf(" %8u  ", c->moved);
	print_status(&last, c->csw);
	printf("%s\n", name ? name : "?");
	(void)fflush(stdout);
}

static void reset(void *ctx, bool bus)
{
	print_time(ctx);
	printf("reset %s\n", bus ? "bus" : "bulk-only");
	(void)fflush(stdout);
}

/* ---- the disc ------------------------------------------------------------------------------- */

static struct media *read_image(const char *path)
{
	struct media *m = media_mem_new(0, true);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t block[MEDIA_BLOCK];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		perror(path);
		exit(1);
	}
	if (!m)
		no_memory();
	/* Holes of the file are left out, as the medium has zeros there, too. The last block is
	 * written in any case: it is the end of the disc. */
	for (off_t at = 0; at < st.st_size; at += MEDIA_BLOCK) {
		off_t data = lseek(fd, at, SEEK_DATA);

		if (data < 0)
			data = st.st_size - 1;
		at = data - data % MEDIA_BLOCK;
		memset(block, 0, sizeof(block));
		if (pread(fd, block, sizeof(block), at) < 0) {
			perror(path);
			exit(1);
		}
		if (media_write(m, (uint64_t)at / MEDIA_BLOCK, 1, block) < 0)
			no_memory();
	}
	(void)close(fd);
	m->writable = false;
	return m;
}

static void insert(struct redir_drive *d, const char *what)
{
	struct disc_options o = {
		.media = strcmp(what, "blank") == 0 ? media_mem_new(0, true) : read_image(what)};
	struct disc *disc = NULL;

	if (o.media && store_new(mem_folder_borrow(&d->folder), "disc", "", &o.store) == 0)
		disc = disc_open(&o);
	if (!disc)
		no_memory();
	mmc_insert(d->drive, disc);
}

struct redir_drive *redir_drive_new(const char *what)
{
	static const struct mmc_config config = {
		.vendor = "MMCGADGT", .product = "DVD BURNER", .revision = "0001"};
	static const struct bot_config bot_config = {.stall = BOT_STALL_NEVER};
	static const struct bot_observer observer = {began, ended, reset};
	struct redir_drive *d = calloc(1, sizeof(*d));

	if (!d)
		no_memory();
	d->drive = mmc_drive_new(&config);
	d->ep = mem_ep_new();
	if (!d->drive || !d->ep)
		no_memory();
	d->bot = bot_new(&bot_config, &mem_ep_ops, d->ep, d->drive);
	if (!d->bot)
		no_memory();
	d->ep->bot = d->bot;
	d->ep->prompt = true;
	/* Simulated time passes only while a transfer waits for the drive in mem_host_in() or
	 * mem_host_out(), which end with a timeout after this time. */
	d->ep->patience_ms = 100;
	bot_observe(d->bot, &observer, d);
	if (strcmp(what, "empty") != 0)
		insert(d, what);
	return d;
}

void redir_drive_free(struct redir_drive *d)
{
	bot_free(d->bot);
	mmc_drive_free(d->drive);
	mem_ep_free(d->ep);
	free(d);
}

struct mem_ep *redir_drive_ep(struct redir_drive *d)
{
	return d->ep;
}
