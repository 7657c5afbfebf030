/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Observes the drive, and keeps its drive record up to date: which disc is in it, so that
 * the disc is back in the drive after a power cut. Main thread only; a thread of
 * last_disc.c writes the record.
 */
#ifndef DRIVE_DRIVE_RECORD_H
#define DRIVE_DRIVE_RECORD_H

#include "drive/drive_observer.h"

struct drive_record;

struct drive_record_config {
	const char *media;  /* path of the media folder; outlives the record */
	const char *drive;  /* its name; outlives the record */
	const char *image;  /* configured for the start; NULL or "" = none; copied */
	bool remember;      /* false: nothing is written, and nothing is known at start */
	bool treats_burned; /* burned discs are renamed, verified or replaced with a blank */
};

/* 0 or -errno. */
int drive_record_new(const struct drive_record_config *config, struct drive_record **out);
/* Waits until the record is on storage. NULL is fine. */
void drive_record_free(struct drive_record *r);

/* Its ctx is a struct drive_record. */
extern const struct drive_observer drive_record_observer;

/*
 * Returns the image to insert at start: the recorded one, or the configured one if there
 * is no record, or if another one is configured since. "" = none, the drive was empty.
 * NULL: nothing is known, or the recorded image does not exist any more. Valid until
 * the next event.
 */
const char *drive_record_initial(const struct drive_record *r);

/* As what the user has inserted that image, if the record names it: image_policy.as. */
enum image_as drive_record_as(const struct drive_record *r, const char *image);

/* Returns the image that the record names; "" = none or not known. */
const char *drive_record_last(const struct drive_record *r);

/*
 * Returns true if the recorded disc is this image, and it was burned and finalised in this
 * drive: it is still to be renamed, verified or replaced.
 */
bool drive_record_is_burned(const struct drive_record *r, const struct image *image);
/* The image in the drive has another name now. */
void drive_record_renamed(struct drive_record *r, const struct image *image);
/* The image, which is in the drive, was burned and finalised now. */
void drive_record_set_burned(struct drive_record *r, const struct image *image);
/* The image, which is in the drive, is a blank again. */
void drive_record_set_erased(struct drive_record *r, const struct image *image);

#endif
