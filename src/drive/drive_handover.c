// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drive_handover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/log.h"

struct drive_handover {
	struct handover *memory;
	struct mmc_drive *engine;
	bool inherited; /* state holds what an earlier daemon stored */
	/* Used by the engine's thread, or by the main thread while no port is attached. */
	struct handover_state state;
};

int drive_handover_new(struct drive_handover **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void drive_handover_free(struct drive_handover *h)
{
	if (!h)
		return;
	handover_free(h->memory);
	free(h);
}

void drive_handover_set_memory(
	struct drive_handover *h, struct handover *memory, struct mmc_drive *engine)
{
	h->memory = memory;
	h->engine = engine;
	h->inherited = handover_load(memory, &h->state);
	if (!h->inherited)
		memset(&h->state, 0, sizeof(h->state));
}

struct handover *drive_handover_memory(struct drive_handover *h)
{
	return h->memory;
}

const char *drive_handover_image(const struct drive_handover *h)
{
	return h->inherited ? h->state.image.name : NULL;
}

void drive_handover_store(struct drive_handover *h)
{
	if (!h->memory)
		return;
	mmc_save(h->engine, &h->state.mmc);
	handover_store(h->memory, &h->state);
}

void drive_handover_describe(struct handover_image *to, const struct image *image)
{
	handover_image_set(to, image->name, image->dev ^ image->composition, image->ino);
}

void drive_handover_renamed(struct drive_handover *h, const struct handover_image *image)
{
	/* The image may have left the drive since. */
	if (h->state.image.dev == image->dev && h->state.image.ino == image->ino)
		h->state.image = *image;
}

/* ---- observer ------------------------------------------------------------------------------- */

static void on_removed(void *ctx)
{
	struct drive_handover *h = ctx;

	memset(&h->state.image, 0, sizeof(h->state.image));
}

static void on_inserted(void *ctx, const struct handover_image *image)
{
	struct drive_handover *h = ctx;

	h->state.image = *image;
}

static void on_changed(void *ctx)
{
	drive_handover_store(ctx);
}

const struct engine_observer drive_handover_observer = {
	.removed = on_removed,
	.inserted = on_inserted,
	.changed = on_changed,
};

/* ---- restore -------------------------------------------------------------------------------- */

static bool is_same_disc(const struct drive_handover *h, const struct image *image)
{
	struct handover_image now;

	drive_handover_describe(&now, image);
	return h->state.image.dev == now.dev && h->state.image.ino == now.ino;
}

/* Puts the opened image into the engine. If it is another one, the host sees a new disc. */
static void put_in_engine(struct drive_handover *h, const char *name,
	const struct disc_opener *opener, struct image *image)
{
	struct disc *disc = image->disc;

	image->disc = NULL;
	image_write_behind(&opener->policy, disc);
	if (is_same_disc(h, image)) {
		mmc_restore(h->engine, &h->state.mmc, disc);
		log_info("%s: %s is in the drive as before", name, image->name);
		return;
	}
	mmc_restore(h->engine, &h->state.mmc, NULL);
	mmc_insert(h->engine, disc);
	log_warn("%s: %s is another file than before; the host sees a new disc", name, image->name);
	drive_handover_describe(&h->state.image, image);
}

/* As what a plain image was shown: the host is to notice nothing. */
static enum image_as shown_as(const struct drive_handover *h)
{
	switch (h->state.mmc.disc_type) {
	case DISC_CD_ROM + 1:
		return IMAGE_AS_CD;
	case DISC_DVD_ROM + 1:
	case DISC_BD_ROM + 1:
		return IMAGE_AS_DVD;
	}
	return IMAGE_AS_DRIVE;
}

/* Opens the image as the previous daemon did. As disc_opener_open_image(). */
static int open_as_before(const struct drive_handover *h, const struct disc_opener *opener,
	struct image *image, struct refusal *why)
{
	struct disc_opener before = *opener;
	enum image_as as = shown_as(h);
	int r;

	if (as != IMAGE_AS_DRIVE)
		before.policy.iso = as;
	r = disc_opener_open_image(&before, h->state.image.name, IMAGE_AS_DRIVE, image, why);
	/* Unless the drive would show it so anyway, the user has said it. */
	if (r == 0 && as != IMAGE_AS_DRIVE && as != MAX(opener->policy.iso, IMAGE_AS_DVD))
		image->as = as;
	return r;
}

bool drive_handover_restore(struct drive_handover *h, const char *name,
	const struct disc_opener *opener, struct image *in)
{
	struct refusal why = {.text = "its name is too long"};
	struct image image = {0};

	if (!h->inherited)
		return false;
	if (!h->state.mmc.has_disc)
		h->state.image.name[0] = '\0';
	if (h->state.image.name[0] != '\0' && open_as_before(h, opener, &image, &why) == 0) {
		put_in_engine(h, name, opener, &image);
		*in = image;
		return true;
	}
	image_fini(&image);
	if (h->state.mmc.has_disc)
		log_warn("%s: the drive is empty now, because its disc cannot be opened: %s", name,
			why.text);
	h->state.image.name[0] = '\0';
	mmc_restore(h->engine, &h->state.mmc, NULL);
	return true;
}
