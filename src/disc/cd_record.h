/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recording of CD-R and CD-RW (MMC-6 4.2; Orange Book parts II and III), beside the operations that
 * they share with other discs (disc.h).
 *
 * Track-at-once: a track is recorded from the next writable address on, and closed by
 * disc_cd_flush(), disc_close_track() or a closing of the session: the drive adds two run-out
 * blocks, and the pregap of the next track. Session-at-once: a cue sheet (cd/cue_sheet.h) says what
 * the host is going to send, from the pregap of the first track on, and where the lead-out is; the
 * session is closed by disc_cd_flush() when all of that is there.
 *
 * Addresses are LBAs, and may be negative: disc_may_write() and disc_write() count in the blocks
 * that the host sends at that address (disc_cd_write_unit()). What is written before the first
 * sector of the program area of a session (-150 to -1 of the first one) is counted and dropped.
 *
 * The image has blocks of one byte (disc_medium.unit). If the first track is of mode 1, it has the
 * user data alone, block n at byte 2048 n: a plain image. Anything else has sectors of 2352 bytes
 * from LBA 0 on, without gaps between sessions. A disc that begins with mode 1 and goes on with
 * another kind has sectors of 2352 bytes from that track on.
 *
 * disc_cd_map() has the closed tracks and what is recorded of the open one. The layout has the same
 * tracks (start: index 1; written: up to the end of the run-out), and an invisible one, if another
 * can follow.
 *
 * One thread at a time, that of the disc. Results as in disc.h.
 */
#ifndef DISC_CD_RECORD_H
#define DISC_CD_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "cd/map.h"

struct disc;

/* Start of the first lead-in, 97:00:00: of a length that is usual, and of no known maker. */
#define DISC_CD_LEAD_IN   (-13650)
/* A block of the lead-in: 4 packs of CD-Text in 96 symbols of subchannels R to W. */
#define DISC_CD_TEXT_UNIT 96u
/* Most bytes of a cue sheet (feature 002Eh). */
#define DISC_CD_CUE_MAX   4096u

/* How the next track or session is recorded: what mode page 05h says (MMC-6 7.5). */
struct disc_cd_write {
	bool at_once;           /* session-at-once, by the cue sheet; false: track-at-once */
	bool next_session;      /* another session may follow; counts when the session is closed */
	uint8_t session_format; /* 00h, 10h, 20h; counts when the session is closed */
	uint8_t control;        /* CONTROL of the track; counts at its first WRITE, as do these: */
	uint8_t form;           /* enum cd_form */
	/*
	 * Bytes of a block from the host: 2048 (CD_MODE1, CD_XA_FORM1), 2056 (CD_XA_FORM1), 2324
	 * (CD_XA_FORM2), 2332 (CD_XA), 2336 (CD_MODE2), 2352 (CD_AUDIO).
	 */
	uint16_t unit;
	char isrc[13]; /* "": none */
	char mcn[14];  /* of the disc; "": none. In session-at-once, the cue sheet's goes first. */
};

/* Blocks of a blank of that many minutes: 21, 63, 74, 80, 90 or 99. 0: there is none. */
uint32_t disc_cd_capacity(unsigned minutes);
/* The nearest of these minutes for a capacity, as people call the disc. */
unsigned disc_cd_minutes(uint32_t capacity);

/* True if the disc is a CD-R or CD-RW, finalised or not. All below are for these only. */
bool disc_is_cd_recordable(const struct disc *d);

/* Before any of the queries below, disc_may_write(), disc_write() and closing. */
void disc_cd_set_write(struct disc *d, const struct disc_cd_write *w);

/*
 * SEND CUE SHEET: the session that is recorded next is as this sheet says. It replaces one of which
 * nothing was written yet, and is kept in the state file. DISC_BAD_PARAMETER: the sheet is not
 * right, or its lead-out is beyond the end of the disc; DISC_SEQUENCE: a session is being recorded;
 * DISC_CLOSED; -EAGAIN, -errno.
 */
int disc_cd_cue_sheet(struct disc *d, const uint8_t *sheet, uint32_t len);

/*
 * The next writable address. A session-at-once without cue sheet: 150 sectors before the program
 * area of the session. Of a cue sheet with CD-Text: disc_cd_lead_in(); the first WRITE may begin
 * anywhere in the lead-in. False: nothing can be written.
 */
bool disc_cd_nwa(const struct disc *d, int64_t *lba);
/* Sectors that can be recorded from the next writable address on, up to the end of the disc. */
uint32_t disc_cd_free(const struct disc *d);
/* Bytes of the block that the host sends for that address; 0: the drive makes that sector. */
uint32_t disc_cd_write_unit(const struct disc *d, int64_t lba);
/* Returns the start of the open session's lead-in; on a finalised disc, of the first session's. */
int32_t disc_cd_lead_in(const struct disc *d);
/* Number of tracks at the end of disc_cd_map() whose session is not closed. */
uint32_t disc_cd_open_tracks(const struct disc *d);
/* True while a session-at-once is under way: something of it was written. */
bool disc_cd_is_at_once(const struct disc *d);
/* The lead-out in the cue sheet of the session that is recorded at once; 0: there is no cue sheet.
 */
uint32_t disc_cd_announced_end(const struct disc *d);

/*
 * SYNCHRONIZE CACHE of the host: closes the track that is recorded track-at-once, and the session
 * that is recorded at once if all of it was written; syncs otherwise. For any disc.
 */
int disc_cd_flush(struct disc *d);

#endif
