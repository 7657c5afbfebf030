/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Burned discs after they were removed from their drive: each is renamed and verified, and its
 * songs are copied to WAV files, as configured. A thread of low priority does it, one disc after
 * the other, while the drive burns the next one.
 *
 * The functions of struct postburn are for the main thread, those for names (postburn_name.c) for
 * any.
 */
#ifndef BURNED_POSTBURN_H
#define BURNED_POSTBURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "disc/medium.h"
#include "library/image_place.h"
#include "media/store.h"

enum postburn_rename {
	POSTBURN_RENAME_NO,
	POSTBURN_RENAME_DATE,  /* 2026-11-26-153012.iso, or .bin: see postburn_rename() */
	POSTBURN_RENAME_LABEL, /* HOLIDAY.iso; by date when there is none */
	/* Only a blank-1.iso and so on that became a CD which is not a plain ISO: blank-1.bin. */
	POSTBURN_RENAME_SUFFIX
};

/* The result of renaming and verifying a burned disc. Names are those in the media folder. */
struct postburn_result {
	const char *was, *name; /* before and after; the same: it was not renamed */
	const char *sha256;     /* of what was burned; "" = it was not computed */
	bool verified;          /* storage gives back what was burned, and the checksum is saved */
	const char *problem;    /* "" or what went wrong */
};

struct postburn_config {
	const char *drive; /* for the log; copied */
	enum postburn_rename rename;
	bool checksum;     /* verify, and keep the checksum */
	bool songs;        /* copy a compact disc's audio tracks to WAV files (burned/extract.h) */
	const char *media; /* path of the media folder; used if songs is true; stays valid */
	/* On the thread, if songs is true: a drive burns at this moment, so the copy waits. */
	bool (*busy)(void *ctx);
	/*
	 * True if all discs that were removed from the drive are closed; otherwise no disc is
	 * begun.
	 */
	bool (*ready)(void *ctx);
	/* The disc is done with, on the main thread; result is valid until it returns. */
	void (*done)(void *ctx, const struct postburn_result *result);
	void *ctx;
};

struct postburn;

/* Makes an empty queue. 0 or -errno. */
int postburn_new(const struct postburn_config *config, sd_event *event, struct postburn **out);
/* Stops the thread after the piece that it is reading, and drops the queue. NULL is fine. */
void postburn_free(struct postburn *p);

/*
 * Queues a finalised burned disc that was removed from its drive. name, in the media folder, is
 * for messages; the disc is processed at its place, whatever the media folder is by now.
 */
void postburn_add(struct postburn *p, const char *name, struct image_place *place);
/* To be called when discs were closed: begins the next disc if ready() allows. NULL is fine. */
void postburn_kick(struct postburn *p);

enum postburn_claim {
	POSTBURN_IDLE,    /* the image is not queued any more, or never was: it can be inserted */
	POSTBURN_RENAMING /* it is being renamed just now; its name is about to change */
};
/* Takes an image that is to be inserted out of the queue; verifying it stops. p may be NULL. */
enum postburn_claim postburn_claim(struct postburn *p, dev_t dev, ino_t ino);

/* Returns true if the image is in the queue, or worked on. p may be NULL. */
bool postburn_has(const struct postburn *p, dev_t dev, ino_t ino);

#define POSTBURN_TEXT 2048u /* room for what went wrong with a rename, a checksum and songs */
struct postburn_status {
	char image[512];             /* the first in the queue; "" = the queue is empty */
	const char *state;           /* "", "waiting", "moving", "verifying" or "extracting" */
	unsigned percent;            /* of the verification, or of the songs */
	unsigned waiting;            /* more images in the queue */
	char last[POSTBURN_TEXT];    /* result of the last disc; "" = there was none */
	char problem[POSTBURN_TEXT]; /* what went wrong with it; "" = nothing */
};
void postburn_status(struct postburn *p, struct postburn_status *out);

/* ---- names (postburn_name.c) ---------------------------------------------------------------- */

/* Bytes of a name without suffix, with the final 0; "-9999.iso" and other suffixes can be added. */
#define POSTBURN_STEM 128u

/*
 * Derives a name from a label, which is untrusted: valid UTF-8 without characters that are
 * special to terminals, shells, paths or FAT, and with ".iso" after it a name that FAT, exFAT
 * and Windows can hold. False: no character of the label can be used.
 */
bool postburn_name_of_label(const char *label, char out[POSTBURN_STEM]);
/* Derives a name from a time, as local time: 2026-11-26-153012. */
void postburn_name_of_time(time_t t, char out[POSTBURN_STEM]);

/* Returns ".bin" for a CD image that is not a plain ISO (cd_set.h), otherwise ".iso". */
const char *postburn_suffix(struct folder *f, const char *image);
/*
 * Renames the image old and its state file to STEM.iso, or to STEM-2.iso and so on if the
 * name is taken. A CD that is not a plain ISO becomes STEM.bin, with STEM.cue beside it: a name of
 * which one of the two is taken is left out. 0 and the new name, which is on storage unless
 * storage failed just then; -errno: the image has its old name, or with -ENOENT does not exist.
 * After a power cut it has one of the two names, with its state file beside it; disc_file_rename()
 * says what becomes of the cue sheet.
 */
int postburn_rename(
	struct folder *f, const char *old, const char *stem, char to[STORE_NAME_MAX + 1]);

/*
 * True if the image has a name of postburn_blank_name(), and its suffix is not that of what was
 * burned: nobody chose the name, and programs find the tracks of blank-1.cue in blank-1.bin. stem:
 * what postburn_rename() takes.
 */
bool postburn_has_wrong_suffix(struct folder *f, const char *image, char stem[POSTBURN_STEM]);

/*
 * Finds a name for a blank, "blank-1.iso" and so on: one that is free, or that of an empty,
 * writable image which is in no drive and which image_create_blank() takes for a blank of the
 * medium; and there is no blank-1.bin, no checksum of a blank-1.iso, and no state file of one that
 * is gone. in_use() tells which images are in drives. 0 or -errno.
 */
int postburn_blank_name(int folder, const struct disc_medium *blank,
	bool (*in_use)(void *ctx, dev_t dev, ino_t ino), void *ctx, char out[POSTBURN_STEM]);

#endif
