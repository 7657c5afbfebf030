// SPDX-License-Identifier: GPL-2.0-or-later
/* What outlives the daemon: stored by the engine's thread, taken up at the next start. */
#include "core/drive_int.h"

#include <string.h>

#include "util/log.h"

void drive_set_keep(struct drive *d, struct keep *k)
{
	d->keep = k;
	d->has_kept = keep_load(k, &d->kept);
	if (!d->has_kept)
		memset(&d->kept, 0, sizeof(d->kept));
}

struct keep *drive_keep(struct drive *d)
{
	return d->keep;
}

const char *drive_kept_image(const struct drive *d)
{
	return d->has_kept ? d->kept.image.name : NULL;
}

void drive_keep_name(struct keep_image *to, const struct image *image)
{
	memset(to, 0, sizeof(*to));
	/* A longer one is not found again: the drive comes back empty. */
	if (!image || !image->name || strlen(image->name) >= sizeof(to->name))
		return;
	strcpy(to->name, image->name);
	to->dev = image->dev;
	to->ino = image->ino;
}

void drive_keep_store(struct drive *d)
{
	if (!d->keep)
		return;
	mmc_save(d->engine, &d->kept.mmc);
	keep_store(d->keep, &d->kept);
}

/* The image that was in the drive, as a disc. NULL with the reason in why. */
static struct disc *open_kept(struct drive *d, struct image *image, struct refusal *why)
{
	struct disc *disc = NULL;

	if (image_open(d->folder, d->media, d->kept.image.name, &d->policy, image, why) == 0) {
		disc = image->disc;
		image->disc = NULL;
	}
	/* Given back or put in, it will be closed by the drive. */
	if (disc || image->disc)
		d->unreleased++;
	return disc;
}

static bool is_same(const struct drive *d, const struct image *image)
{
	return d->kept.image.dev == image->dev && d->kept.image.ino == image->ino;
}

static void put_in(struct drive *d, struct disc *disc, struct image *image)
{
	d->in = *image;
	image_write_behind(&d->policy, disc);
	if (is_same(d, image)) {
		mmc_restore(d->engine, &d->kept.mmc, disc);
		log_info("%s: %s is in the drive as before", d->name, image->name);
		return;
	}
	mmc_restore(d->engine, &d->kept.mmc, NULL);
	mmc_insert(d->engine, disc);
	log_warn("%s: %s is another file than before; the host is told", d->name, image->name);
	drive_keep_name(&d->kept.image, image);
}

void drive_restore(struct drive *d)
{
	struct image image = {0};
	struct refusal why = {.text = "its name is too long"};
	struct disc *disc = NULL;

	if (!d->has_kept)
		return;
	if (!d->kept.mmc.has_disc)
		d->kept.image.name[0] = '\0';
	if (d->kept.image.name[0] != '\0')
		disc = open_kept(d, &image, &why);
	if (disc) {
		put_in(d, disc, &image);
	} else {
		if (d->kept.mmc.has_disc)
			log_warn("%s: the disc that was in the drive is lost, it is empty: %s",
				d->name, why.text);
		d->kept.image.name[0] = '\0';
		image_fini(&image);
		mmc_restore(d->engine, &d->kept.mmc, NULL);
	}
	mmc_get_state(d->engine, &d->seen);
	drive_burned_restored(d);
	d->mail.state = d->seen;
	drive_keep_store(d);
}
