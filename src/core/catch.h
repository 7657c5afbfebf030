/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a burned disc once it is out of its drive: it gets a name of its
 * own, and is read back and compared. A thread of low priority does it, one disc after
 * the other; the drive burns the next one meanwhile.
 *
 * The catcher is called from the main thread; catch_move() and catch_name_*() from any.
 */
#ifndef CORE_CATCH_H
#define CORE_CATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "media/store.h"

enum catch_move {
	CATCH_MOVE_NO,
	CATCH_MOVE_DATE, /* 2026-11-26-153012.iso */
	CATCH_MOVE_LABEL /* HOLIDAY.iso; by date when there is none */
};

struct catcher_config {
	int folder;        /* of the media; stays the caller's */
	const char *drive; /* for the log; copied */
	enum catch_move move;
	bool checksum;
	/* True when the discs that left the drive are closed. */
	bool (*ready)(void *ctx);
	void *ctx;
};

struct catcher;

/* 0 or -errno. */
int catcher_new(const struct catcher_config *config, sd_event *event, struct catcher **out);
/* Gives up what is under way, at the next piece that is read. NULL is fine. */
void catcher_free(struct catcher *c);

/* That image has left its drive, burned and finalised. */
void catcher_add(struct catcher *c, const char *name, dev_t dev, ino_t ino);
/* Discs were closed: ready() may say something else. NULL is fine. */
void catcher_kick(struct catcher *c);

enum catch_claim {
	CATCH_FREE,  /* nothing is done with it, or not any more */
	CATCH_MOVING /* it gets its name this very moment */
};
/* The image goes into a drive: it is left alone from here on. c may be NULL. */
enum catch_claim catcher_claim(struct catcher *c, dev_t dev, ino_t ino);

#define CATCH_TEXT 320u
struct catch_status {
	char image[512];          /* under way; "" = none */
	const char *state;        /* "", "waiting", "moving" or "verifying" */
	unsigned percent;         /* of the verifying */
	unsigned waiting;         /* others behind it */
	char last[CATCH_TEXT];    /* what became of the last one; "" = there was none */
	char problem[CATCH_TEXT]; /* what went wrong last; "" = nothing */
};
void catcher_status(struct catcher *c, struct catch_status *out);

/* ---- names (catch_move.c) ----------------------------------------------------------------- */

#define CATCH_STEM 128u /* bytes with the final 0; room is left for "-9999.iso" and suffixes */

/*
 * A name made of a label, which a stranger wrote: UTF-8 in which nothing steers a terminal,
 * a shell, a path or FAT. False: nothing is left of it.
 */
bool catch_name_of_label(const char *label, char out[CATCH_STEM]);
/* Local time. */
void catch_name_of_time(time_t t, char out[CATCH_STEM]);

/*
 * old becomes STEM.iso, or STEM-2.iso and so on where that is taken, and its state goes with
 * it. On storage on return. 0 and the new name; -errno: it has its old name, -ENOENT that none.
 * A power cut leaves it either name, and its state beside it.
 */
int catch_move(struct folder *f, const char *old, const char *stem, char to[STORE_NAME_MAX + 1]);

/* A blank's name that is free, or that of an empty one nobody needs: "blank-1.iso" and so on. */
int catch_blank_name(int folder, bool (*in_use)(void *ctx, dev_t dev, ino_t ino), void *ctx,
	char out[CATCH_STEM]);

#endif
