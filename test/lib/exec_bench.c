// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/exec_bench.h"

#include <errno.h>
#include <string.h>

static struct exec_bench *bench_of(struct script_exec *x)
{
	return &((struct exec_on_bench *)x)->bench;
}

/* Frees a removed disc but keeps its medium, so that insert-again can insert it again. */
static void keep_media(struct disc *disc, void *ctx)
{
	struct exec_bench *b = ctx;

	media_close(b->kept);
	(void)disc_test_write(disc, false);
	(void)disc_sync(disc);
	b->kept = disc->media;
	disc->media = NULL;
	disc_destroy(disc);
}

static int insert(struct exec_bench *b, struct script_exec *x, struct media *media)
{
	struct disc_options o = {
		.media = media,
		.capacity = b->capacity,
		.medium = b->medium,
		.rom = b->rom,
		.map = b->cd.map.tracks ? &b->cd.map : NULL,
		.map_file = b->cd.file,
		.release = keep_media,
		.release_ctx = b,
	};
	struct disc *disc = NULL;

	if (store_new(mem_folder_borrow(&b->folder), "disc", "", &o.store) == 0)
		disc = disc_open(&o);
	if (!disc)
		return script_fail(x, "no memory for a disc");
	b->media = media;
	media_fault_set(media, &b->fault);
	mmc_insert(b->drive, disc);
	return 0;
}

int exec_bench_start(struct exec_bench *b, struct script_exec *x, const struct mmc_config *config)
{
	*b = (struct exec_bench){.drive = mmc_drive_new(config)};
	return b->drive ? 0 : script_fail(x, "no memory for a drive");
}

void exec_bench_stop(struct exec_bench *b)
{
	mmc_drive_free(b->drive);
	media_close(b->kept);
	*b = (struct exec_bench){0};
}

static struct media *rom(uint32_t blocks)
{
	struct media *m = media_mem_new(0, true);
	uint8_t block[MEDIA_BLOCK];

	for (uint32_t i = 0; m && i < blocks; i++) {
		/* Scripts read only the ends of a large disc; the middle stays zero. */
		if (i == 512 && blocks > 1024)
			i = blocks - 512;
		script_stamp(i, block);
		if (media_write(m, i, 1, block) < 0) {
			media_close(m);
			return NULL;
		}
	}
	if (m)
		m->writable = false;
	return m;
}

/* NULL: no memory. */
static struct media *media_of(struct exec_bench *b, const struct script_step *step)
{
	memset(&b->cd, 0, sizeof(b->cd));
	if (step->media == SCRIPT_MEDIA_BLANK)
		return media_mem_new_units(
			step->medium ? step->medium->unit : MEDIA_BLOCK, 0, true);
	if (!step->disc)
		return rom(step->size);
	return cd_disc_make(step->disc, &b->cd) ? b->cd.media : NULL;
}

int exec_bench_media(struct script_exec *x, const struct script_step *step)
{
	struct exec_bench *b = bench_of(x);

	mmc_eject(b->drive, true);
	mem_folder_clear(&b->folder);
	if (step->media == SCRIPT_MEDIA_NONE)
		return 0;
	struct media *m = media_of(b, step);
	if (m)
		m = media_fault_new(m);
	if (!m)
		return script_fail(x, "no CD of that name, or no memory for a medium");
	b->capacity = step->media == SCRIPT_MEDIA_BLANK ? step->size : 0;
	b->medium = step->medium;
	b->rom = step->media == SCRIPT_MEDIA_CD ? disc_medium_of(DISC_CD_ROM) : NULL;
	return insert(b, x, m);
}

int exec_bench_eject(struct script_exec *x, enum script_eject how)
{
	struct exec_bench *b = bench_of(x);
	enum mmc_eject want = how == SCRIPT_EJECT_ASKS ? MMC_EJECT_REQUESTED : MMC_EJECT_DONE;
	enum mmc_eject got = mmc_eject(b->drive, how == SCRIPT_EJECT_FORCE);

	if (got == want)
		return 0;
	return script_fail(x, "the drive %s",
		got == MMC_EJECT_EMPTY       ? "is empty"
		: got == MMC_EJECT_REQUESTED ? "asked the host"
					     : "ejected the disc");
}

int exec_bench_insert_again(struct script_exec *x)
{
	struct exec_bench *b = bench_of(x);
	struct media *m = b->kept;

	if (!m)
		return script_fail(x, "no disc was removed");
	b->kept = NULL;
	/* As in the daemon: an image that holds data and has no state file is complete. */
	m->writable = m->blocks == 0 || mem_folder_find(&b->folder, "disc" STORE_SUFFIX);
	return insert(b, x, m);
}

int exec_bench_fault(struct script_exec *x, const struct media_fault *f)
{
	struct exec_bench *b = bench_of(x);

	b->fault = *f;
	if (b->media)
		media_fault_set(b->media, f);
	return 0;
}
