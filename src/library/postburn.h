/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a burned disc once it is out of its drive: it gets a name of its
 * own, and is read back and compared. A thread of low priority does it, one disc after
 * the other; the drive burns the next one meanwhile.
 *
 * The postburn queue is called from the main thread; postburn_rename() and postburn_name_*() from
 * any.
 */
#ifndef LIBRARY_POSTBURN_H
#define LIBRARY_POSTBURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "media/store.h"

enum postburn_rename {
	POSTBURN_RENAME_NO,
	POSTBURN_RENAME_DATE, /* 2026-11-26-153012.iso */
	POSTBURN_RENAME_LABEL /* HOLIDAY.iso; by date when there is none */
};

struct postburn_config {
	int folder;        /* of the media; stays the caller's */
	const char *drive; /* for the log; copied */
	enum postburn_rename move;
	bool checksum;
	/* True when the discs that left the drive are closed. */
	bool (*ready)(void *ctx);
	void *ctx;
};

struct postburn;

/* 0 or -errno. */
int postburn_new(const struct postburn_config *config, sd_event *event, struct postburn **out);
/* Gives up what is under way, at the next piece that is read. NULL is fine. */
void postburn_free(struct postburn *c);

/* That image has left its drive, burned and finalised. */
void postburn_add(struct postburn *c, const char *name, dev_t dev, ino_t ino);
/* Discs were closed: ready() may say something else. NULL is fine. */
void postburn_kick(struct postburn *c);

enum postburn_claim {
	POSTBURN_IDLE,    /* nothing is done with it, or not any more */
	POSTBURN_RENAMING /* it gets its name this very moment */
};
/* The image goes into a drive: it is left alone from here on. c may be NULL. */
enum postburn_claim postburn_claim(struct postburn *c, dev_t dev, ino_t ino);

#define POSTBURN_TEXT 320u
struct postburn_status {
	char image[512];             /* under way; "" = none */
	const char *state;           /* "", "waiting", "moving" or "verifying" */
	unsigned percent;            /* of the verifying */
	unsigned waiting;            /* others behind it */
	char last[POSTBURN_TEXT];    /* what became of the last one; "" = there was none */
	char problem[POSTBURN_TEXT]; /* what went wrong last; "" = nothing */
};
void postburn_status(struct postburn *c, struct postburn_status *out);

/* ---- names (postburn_rename.c) -----------------------------------------------------------------
 */

#define POSTBURN_STEM 128u /* bytes with the final 0; room is left for "-9999.iso" and suffixes */

/*
 * A name made of a label, which a stranger wrote: UTF-8 in which nothing steers a terminal,
 * a shell, a path or FAT. False: nothing is left of it.
 */
bool postburn_name_of_label(const char *label, char out[POSTBURN_STEM]);
/* Local time. */
void postburn_name_of_time(time_t t, char out[POSTBURN_STEM]);

/*
 * old becomes STEM.iso, or STEM-2.iso and so on where that is taken, and its state goes with
 * it. On storage on return. 0 and the new name; -errno: it has its old name, -ENOENT that none.
 * A power cut leaves it either name, and its state beside it.
 */
int postburn_rename(
	struct folder *f, const char *old, const char *stem, char to[STORE_NAME_MAX + 1]);

/* A blank's name that is free, or that of an empty one nobody needs: "blank-1.iso" and so on. */
int postburn_blank_name(int folder, bool (*in_use)(void *ctx, dev_t dev, ino_t ino), void *ctx,
	char out[POSTBURN_STEM]);

#endif
