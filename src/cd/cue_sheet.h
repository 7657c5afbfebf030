/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parameter list of SEND CUE SHEET (MMC-3): what a host is going to record at once. It has
 * entries of 8 bytes; times are binary MSF.
 *
 *	two entries with the media catalogue number, or none
 *	the lead-in; of form 41h if CD-Text comes in blocks of 96 bytes
 *	for each track: two entries with its ISRC, or none; index 0, if it has a pregap; index 1 ...
 *	the lead-out
 */
#ifndef CD_CUE_SHEET_H
#define CD_CUE_SHEET_H

#include <stdbool.h>
#include <stdint.h>

#include "cd/map.h"

#define CD_CUE_ENTRY 8u    /* bytes */
#define CD_CUE_MAX   4096u /* most bytes of a sheet */
#define CD_CUE_PARTS (CD_CUE_MAX / CD_CUE_ENTRY)

/* Sectors up to the next part, or the lead-out, come in blocks of one kind (cd/block.h). */
struct cd_cue_part {
	int32_t lba;
	uint8_t data_form; /* of the main channel */
};

struct cd_cue {
	char mcn[14]; /* "": none */
	bool text;    /* the lead-in has CD-Text */
	uint8_t tracks;
	uint16_t parts;
	int32_t begin; /* 150 sectors before the program area of the session */
	int32_t lead_out;
	struct cd_track track[CD_MAX_TRACKS]; /* session is not set */
	struct cd_cue_part part[CD_CUE_PARTS + 1];
};

/* The place at which the session is to be recorded. */
struct cd_cue_place {
	uint8_t first_track;   /* number of its first track */
	int32_t begin;         /* 150 sectors before its program area: -150 on a blank */
	int32_t last_lead_out; /* last address at which the lead-out can begin */
};

/*
 * Reads a sheet, which may hold any bytes. False: it is not right for that place (5/26/00); *cue is
 * undefined then. The first track begins at place->begin, with index 0, or with index 1 150 sectors
 * later: then the host does not send that pregap. Of the indexes after 1, the first CD_MAX_INDEXES
 * are kept. Blocks with subchannel (data form bits 7 and 6) are refused, except in the lead-in.
 */
bool cd_cue_parse(
	const uint8_t *sheet, uint32_t len, const struct cd_cue_place *place, struct cd_cue *cue);

/* The part that has this address, from begin to lead_out - 1. */
const struct cd_cue_part *cd_cue_part_at(const struct cd_cue *cue, int32_t lba);
/* The address after that part. */
int32_t cd_cue_part_end(const struct cd_cue *cue, const struct cd_cue_part *part);

#endif
