/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recording on a CD-R or CD-RW, as the state file keeps it: closed sessions and tracks, the
 * track or the session-at-once that is being recorded, texts. Plain data, and the questions that it
 * answers alone; what may be recorded is a matter of the write model (cd.c).
 *
 * Bytes of the image: of a track of the 2048-byte kind, the sector with address LBA is at byte
 * 2048 * LBA. A track of the 2352-byte kind follows the one before it, run-out and pregap included,
 * but without the gap between two sessions. The 150 sectors before the program area of a session,
 * with which its first pregap begins, are not stored.
 */
#ifndef DISC_CD_RECORDING_H
#define DISC_CD_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "cd/cue_sheet.h"
#include "cd/map.h"
#include "disc/layout.h"

#define CD_RUN_OUT        2u /* sectors that follow a track recorded track-at-once */
/* From a lead-out to the program area of the next session (Orange Book): the first one, others. */
#define CD_FIRST_GAP      11400
#define CD_GAP            6900
#define CD_LEAD_IN_LENGTH 4500 /* of a session after the first one */

struct disc_cd_track {
	int32_t start; /* index 1 */
	uint32_t pregap;
	uint32_t written; /* sectors from index 1 on that the host has sent */
	uint32_t silent;  /* of a closed track: sectors after these, which are not in the image */
	uint16_t unit;    /* bytes of a sector in the image: 2048 or 2352 */
	uint8_t session;  /* from 1 */
	uint8_t control, form, indexes; /* as in struct cd_track */
	int32_t index[CD_MAX_INDEXES];
	char isrc[13];
};

struct disc_cd_record {
	bool finalised;
	bool open;                       /* the last track is being recorded, track-at-once */
	uint8_t tracks;                  /* closed ones, and the open one */
	uint8_t sessions;                /* closed ones */
	uint8_t format[CD_MAX_SESSIONS]; /* of each closed session */
	char mcn[14];
	uint16_t text_packs;
	uint16_t cue_len; /* bytes of cue[]; 0: no session-at-once was announced */
	int32_t next;     /* with a cue sheet: the address after what the host has sent */
	struct disc_cd_track track[CD_MAX_TRACKS];
	uint8_t text[CD_MAX_TEXT_PACKS][CD_TEXT_PACK];
	uint8_t cue[CD_CUE_MAX];
};

/* All tracks of which something is recorded, also those of a session-at-once. */
struct disc_cd_view {
	uint8_t tracks;
	uint8_t sessions; /* of these tracks: with the open one */
	bool open;        /* the last track is not closed */
	int32_t end;      /* the open track ends there, if it is of a session-at-once */
	struct disc_cd_track track[CD_MAX_TRACKS];
};

/* The place of sectors in the image. */
struct disc_cd_place {
	int32_t lba; /* this sector ... */
	uint64_t at; /* ... begins at this byte */
	uint16_t unit;
};

/* First sector of the program area of the session that is open, or that comes next. */
int32_t disc_cd_program_start(const struct disc_cd_record *r);
/* Start of the lead-in of that session. */
int32_t disc_cd_lead_in_of(const struct disc_cd_record *r);
/* How many tracks the session has that is not closed: closed ones and the open one. */
unsigned disc_cd_open_session(const struct disc_cd_record *r);
/* Track-at-once: index 1 of the open track, or of the one that comes next. */
int32_t disc_cd_next_track(const struct disc_cd_record *r);
/* Bytes of a sector in the image for a next track of that form. */
uint16_t disc_cd_track_unit(const struct disc_cd_record *r, uint8_t form);

/* Returns the place in which a cue sheet has to fit. */
struct cd_cue_place disc_cd_cue_place(const struct disc_cd_record *r, uint32_t last_lead_out);
/* The value of disc_cd_record.next when nothing of the cue sheet was written. */
int32_t disc_cd_first_address(const struct disc_cd_record *r, const struct cd_cue *cue);
/* First address from lba on for which the host has to send something; none: the lead-out. */
int32_t disc_cd_skip_silence(const struct cd_cue *cue, int32_t lba);
/* The address after the last sector before lba that the host sends; none: cue->begin. */
int32_t disc_cd_before_silence(const struct cd_cue *cue, int32_t lba);
/*
 * The tracks of the cue sheet become closed ones, as far as they are recorded: if not all of them
 * are, the last one ends where the recording has ended. The cue sheet is dropped.
 */
void disc_cd_settle(struct disc_cd_record *r, const struct cd_cue *cue);

/* cue: the parsed cue sheet of the record; it does not matter if there is none. */
void disc_cd_view(const struct disc_cd_record *r, const struct cd_cue *cue, struct disc_cd_view *v);
/*
 * The place of what is being recorded: of the open track from index 1 on, or of the session of the
 * cue sheet. False: nothing is being recorded.
 */
bool disc_cd_next_place(
	const struct disc_cd_record *r, const struct cd_cue *cue, struct disc_cd_place *p);
/* Bytes that the image has: up to the last sector that a host has sent. */
uint64_t disc_cd_end_in_image(const struct disc_cd_record *r, const struct cd_cue *cue);
/* The byte of the image to which the next sector goes: after silence that the host does not send.
 */
uint64_t disc_cd_next_in_image(const struct disc_cd_record *r, const struct cd_cue *cue);

/*
 * True if recording on a disc of that capacity can have led to this. cue receives the parsed cue
 * sheet, if there is one.
 */
bool disc_cd_is_possible(const struct disc_cd_record *r, uint32_t capacity, struct cd_cue *cue);
/* Bytes of the longest state file that this can lead to without another cue sheet or track. */
uint32_t disc_cd_state_bytes(const struct disc_cd_record *r, const struct cd_cue *cue);

/* Makes the layout of the recorded CD, on a disc of that capacity. */
void disc_cd_to_layout(const struct disc_cd_record *r, const struct cd_cue *cue,
	const struct disc_cd_view *v, uint32_t capacity, struct disc_layout *l);
/* Makes the map of the recorded CD. Sectors from byte `stored` of the image on are not in the
 * image. */
void disc_cd_to_map(const struct disc_cd_record *r, const struct disc_cd_view *v, uint64_t stored,
	struct cd_map *m);

#endif
