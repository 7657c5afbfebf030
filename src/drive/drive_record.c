// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drive_record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "library/last_disc.h"
#include "library/library.h"
#include "util/log.h"

struct drive_record {
	const char *media;
	const char *drive;
	char *configured;
	bool treats_burned;
	/*
	 * The file of the recorded image, if this daemon wrote the record or took the drive over
	 * with it. ino 0 = not known.
	 */
	dev_t dev;
	ino_t ino;
	struct last_disc_store *store; /* NULL: nothing is remembered */
};

int drive_record_new(const struct drive_record_config *config, struct drive_record **out)
{
	struct drive_record *r = calloc(1, sizeof(*r));
	int e = 0;

	if (!r)
		return -ENOMEM;
	r->media = config->media;
	r->drive = config->drive;
	r->treats_burned = config->treats_burned;
	r->configured = strdup(config->image ? config->image : "");
	if (!r->configured)
		e = -ENOMEM;
	else if (config->remember)
		e = last_disc_new(config->media, config->drive, &r->store);
	if (e < 0) {
		drive_record_free(r);
		return e;
	}
	*out = r;
	return 0;
}

void drive_record_free(struct drive_record *r)
{
	if (!r)
		return;
	last_disc_free(r->store);
	free(r->configured);
	free(r);
}

/* Returns NULL if nothing is known. */
static const struct last_disc *recorded(const struct drive_record *r)
{
	return r->store ? last_disc_get(r->store) : NULL;
}

static bool exists(const struct drive_record *r, const char *image)
{
	struct library_file f;
	int folder = library_open_folder(r->media), e = folder;

	if (e >= 0) {
		e = library_find(folder, image, &f);
		close(folder);
	}
	if (e == 0)
		library_forget(&f);
	else
		log_warn("%s: the image %s, which was in it last, cannot be opened: %s", r->drive,
			image, strerror(-e));
	return e == 0;
}

const char *drive_record_initial(const struct drive_record *r)
{
	const struct last_disc *l = recorded(r);

	if (!l || (*r->configured && strcmp(l->configured, r->configured) != 0))
		return *r->configured ? r->configured : NULL;
	if (*l->image && !exists(r, l->image))
		return NULL;
	return l->image;
}

enum image_as drive_record_as(const struct drive_record *r, const char *image)
{
	const struct last_disc *l = recorded(r);

	return l && strcmp(l->image, image) == 0 ? l->as : IMAGE_AS_DRIVE;
}

const char *drive_record_last(const struct drive_record *r)
{
	const struct last_disc *l = recorded(r);

	return l ? l->image : "";
}

bool drive_record_is_burned(const struct drive_record *r, const struct image *image)
{
	const struct last_disc *l = recorded(r);

	/* Another folder, or a file that replaced it, can have a disc of the same name. */
	if (r->ino && (r->dev != image->dev || r->ino != image->ino))
		return false;
	return r->treats_burned && l && l->burned && strcmp(l->image, image->name) == 0;
}

/* in NULL: the drive is empty. A name that is too long is recorded as an empty drive. */
static void write_record(struct drive_record *r, const struct image *in, bool burned)
{
	struct last_disc l = {.burned = burned, .as = in ? in->as : IMAGE_AS_DRIVE};
	const char *image = in ? in->name : "";

	r->dev = in ? in->dev : 0;
	r->ino = in ? in->ino : 0;
	if (!r->store)
		return;
	if (strlen(image) >= sizeof(l.image))
		image = "";
	snprintf(l.image, sizeof(l.image), "%s", image);
	snprintf(l.configured, sizeof(l.configured), "%s", r->configured);
	last_disc_set(r->store, &l);
}

void drive_record_set_burned(struct drive_record *r, const struct image *image)
{
	write_record(r, image, true);
}

void drive_record_set_erased(struct drive_record *r, const struct image *image)
{
	write_record(r, image, false);
}

void drive_record_renamed(struct drive_record *r, const struct image *image)
{
	const struct last_disc *l = recorded(r);

	write_record(r, image, l && l->burned && r->dev == image->dev && r->ino == image->ino);
}

static void on_inserted(void *ctx, const struct image *in)
{
	struct drive_record *r = ctx;

	/* A burned disc is still to be processed if it is inserted again. */
	write_record(r, in, drive_record_is_burned(r, in));
}

/* The record that an earlier daemon wrote is of this file if it has the name of the file. */
static void on_restored(void *ctx, const struct image *in)
{
	struct drive_record *r = ctx;
	const struct last_disc *l = recorded(r);

	if (!l || strcmp(l->image, in->name) != 0)
		return;
	r->dev = in->dev;
	r->ino = in->ino;
}

static void on_left_empty(void *ctx)
{
	write_record(ctx, NULL, false);
}

const struct drive_observer drive_record_observer = {
	.inserted = on_inserted,
	.restored = on_restored,
	.left_empty = on_left_empty,
};
