/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to src/disc: a CD-R or CD-RW while it is open. */
#ifndef DISC_CD_INT_H
#define DISC_CD_INT_H

#include "cd/block.h"
#include "disc/cd_record.h"
#include "disc/cd_recording.h"
#include "disc/disc.h"

/* Sectors that are made at a time of blocks that lack something. */
#define CD_STAGE 16u

struct disc_cd {
	struct disc_cd_write write;
	struct disc_cd_record now;    /* as the host sees it */
	struct disc_cd_record before; /* while a change is being saved */
	struct disc_cd_record real;   /* during a test write: what is recorded */
	/* Derived from `now` by disc_cd_refresh(). */
	struct cd_cue cue;
	struct disc_cd_view view;
	struct disc_cd_place at; /* of what is recorded, if `recording` */
	bool recording;
	uint64_t end; /* bytes of the image that it counts */

	/* First sectors that storage has no room for, with a plain image and with one of sectors.
	 */
	uint32_t plain_limit, raw_limit;

	uint64_t counted;             /* when it was opened: bytes that the state counts */
	uint64_t real_end;            /* during a test write: of `real` */
	const struct cd_block *block; /* of the open track; NULL: as `write` says */
	bool text_unsaved;            /* there are packs that the state file does not have */
	/*
	 * The daemon was started again: the place of the last WRITE before the program area is not
	 * known, as such data are not kept.
	 */
	bool position_lost;
	uint8_t stage[CD_STAGE * CD_SECTOR];
};

/* A blank. NULL: no memory. */
struct disc_cd *disc_cd_new(void);
/* NULL is fine. */
void disc_cd_free_all(struct disc_cd *cd);
/* After a change of cd->now: layout, map and place follow it. */
void disc_cd_refresh(struct disc *d);
/* Before a change of cd->now, and if it could not be saved. */
void disc_cd_keep(struct disc *d);
void disc_cd_restore(struct disc *d);
/* The disc is blank. */
void disc_cd_reset(struct disc *d);
/* True if it is: not even a cue sheet or a text is there. */
bool disc_cd_is_empty(const struct disc_cd *cd);
/* A test write begins or ends. */
void disc_cd_test(struct disc *d, bool on);
/* True if something of the cue sheet was written. */
bool disc_cd_is_under_way(const struct disc_cd *cd);
/* True if all of it was. */
bool disc_cd_is_whole(const struct disc_cd *cd);
/* Closes in cd->now the open track, which is dropped if it holds nothing. */
void disc_cd_close_open(struct disc_cd_record *r);
/* Closes in cd->now the session of which tracks are recorded. last: the disc is finalised. */
void disc_cd_end_session(struct disc *d, bool last);
/*
 * Closes everything in cd->now. A session-at-once that is not whole ends after the last sector of a
 * track that was sent. False: nothing is recorded.
 */
bool disc_cd_close_all(struct disc *d);
/* Sectors that the image has between the bytes `safe` and `end`; a few more if they are of two
 * sizes. */
uint32_t disc_cd_unsynced(const struct disc_cd *cd, uint32_t safe, uint32_t end);
/*
 * Storage has room for so many bytes more. disc.limit is from now on as far as they reach in
 * sectors of the size that the image has of what is recorded next; disc_cd_choose_limit() follows
 * that size.
 */
void disc_cd_set_room(struct disc *d, uint64_t room);
/* After a change of cd->write. disc_cd_refresh() does the same. */
void disc_cd_choose_limit(struct disc *d);

/* disc_model.may_write, .write and .lost (cd_write.c). */
int disc_cd_may_write(const struct disc *d, int64_t lba, uint32_t count);
int disc_cd_write(struct disc *d, int64_t lba, uint32_t count, const void *buf);
void disc_cd_lost(struct disc *d, uint64_t from);

/* disc_model.misfit and .resume (cd_open.c). */
struct disc_state;
const char *disc_cd_misfit(struct disc *d, const struct disc_state *s);
const char *disc_cd_resume(struct disc *d, const struct disc_state *s);

#endif
