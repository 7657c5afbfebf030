// SPDX-License-Identifier: GPL-2.0-or-later
/* What outlives the daemon: stored by the engine's thread, taken up at the next start. */
#include "drive/drive_int.h"

#include <string.h>

#include "util/log.h"

void drive_set_handover(struct drive *d, struct handover *k)
{
	d->handover = k;
	d->has_inherited = handover_load(k, &d->handover_state);
	if (!d->has_inherited)
		memset(&d->handover_state, 0, sizeof(d->handover_state));
}

struct handover *drive_handover(struct drive *d)
{
	return d->handover;
}

const char *drive_inherited_image(const struct drive *d)
{
	return d->has_inherited ? d->handover_state.image.name : NULL;
}

void drive_handover_name(struct handover_image *to, const struct image *image)
{
	memset(to, 0, sizeof(*to));
	/* A longer one is not found again: the drive comes back empty. */
	if (!image || !image->name || strlen(image->name) >= sizeof(to->name))
		return;
	strcpy(to->name, image->name);
	to->dev = image->dev;
	to->ino = image->ino;
}

void drive_handover_store(struct drive *d)
{
	if (!d->handover)
		return;
	mmc_save(d->engine, &d->handover_state.mmc);
	handover_store(d->handover, &d->handover_state);
}

/* The image that was in the drive, as a disc. NULL with the reason in why. */
static struct disc *open_inherited(struct drive *d, struct image *image, struct refusal *why)
{
	struct disc *disc = NULL;

	if (image_open(d->folder, d->media, d->handover_state.image.name, &d->policy, image, why) ==
		0) {
		disc = image->disc;
		image->disc = NULL;
	}
	/* Given back or put in, it will be closed by the drive. */
	if (disc || image->disc)
		disc_closer_count(d->closer);
	return disc;
}

static bool is_same(const struct drive *d, const struct image *image)
{
	return d->handover_state.image.dev == image->dev &&
	       d->handover_state.image.ino == image->ino;
}

static void put_in(struct drive *d, struct disc *disc, struct image *image)
{
	d->in = *image;
	image_write_behind(&d->policy, disc);
	if (is_same(d, image)) {
		mmc_restore(d->engine, &d->handover_state.mmc, disc);
		log_info("%s: %s is in the drive as before", d->name, image->name);
		return;
	}
	mmc_restore(d->engine, &d->handover_state.mmc, NULL);
	mmc_insert(d->engine, disc);
	log_warn("%s: %s is another file than before; the host is told", d->name, image->name);
	drive_handover_name(&d->handover_state.image, image);
}

void drive_restore(struct drive *d)
{
	struct image image = {0};
	struct refusal why = {.text = "its name is too long"};
	struct disc *disc = NULL;

	if (!d->has_inherited)
		return;
	if (!d->handover_state.mmc.has_disc)
		d->handover_state.image.name[0] = '\0';
	if (d->handover_state.image.name[0] != '\0')
		disc = open_inherited(d, &image, &why);
	if (disc) {
		put_in(d, disc, &image);
	} else {
		if (d->handover_state.mmc.has_disc)
			log_warn("%s: the disc that was in the drive is lost, it is empty: %s",
				d->name, why.text);
		d->handover_state.image.name[0] = '\0';
		image_fini(&image);
		mmc_restore(d->engine, &d->handover_state.mmc, NULL);
	}
	mmc_get_state(d->engine, &d->seen);
	drive_burned_restored(d);
	d->mail.state = d->seen;
	drive_handover_store(d);
}
