/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers of READ TOC/PMA/ATIP (MMC-6 6.25) for a compact disc. */
#ifndef CD_TOC_H
#define CD_TOC_H

#include <stdbool.h>
#include <stdint.h>

#include "cd/map.h"

enum cd_toc_format {
	CD_TOC_TRACKS,   /* 0 */
	CD_TOC_SESSIONS, /* 1 */
	CD_TOC_FULL,     /* 2 */
	CD_TOC_PMA,      /* 3 */
	CD_TOC_ATIP,     /* 4 */
	CD_TOC_TEXT,     /* 5 */
};

/* The longest answer: the full TOC of 99 sessions of one track. */
#define CD_TOC_MAX 5460u

/* The information in the pregroove of a recordable disc (Orange Book; MMC-6 6.25). */
struct cd_atip {
	uint8_t power;   /* bits 6 to 4: indicative target writing power, bits 2 to 0: speed */
	uint8_t type;    /* bit 6: CD-RW, bits 5 to 3: subtype, bits 2 to 0: A1 to A3 are valid */
	uint8_t a[3][3]; /* A1, A2, A3 */
	int32_t lead_in; /* start of the first lead-in, an LBA below -150 (see cd_msf()) */
	int32_t last_lead_out; /* last possible start of the lead-out */
};

struct cd_toc_request {
	uint8_t format;
	/*
	 * Byte 6 of the CDB. Format 0: the first track to return, 0 for all, CD_LEAD_OUT for the
	 * lead-out alone. Format 2: the first session to return.
	 */
	uint8_t number;
	bool msf;                   /* formats 0 and 1: addresses are MSF; format 2 always is */
	const struct cd_atip *atip; /* NULL: the disc is not recordable */
	bool appendable;            /* another session can follow */
	/*
	 * open_tracks: how many tracks at the end of the map are of a session that is not closed;
	 * formats 0 to 2 leave them out. unfinished: how many at the end are not closed themselves;
	 * PMA leaves them out.
	 */
	uint8_t open_tracks, unfinished;
};

/*
 * Writes the whole answer to out and returns its length; the caller cuts it to the allocation
 * length. The tracks are those of all closed sessions, the lead-out that of the last one. Returns 0
 * for 5/24/00: an unknown format, a track after the last one, a session after the last
 * one, formats 0 to 2 without a closed session, PMA and ATIP of a disc without ATIP, CD-Text of a
 * disc without text.
 */
unsigned cd_toc(const struct cd_map *m, const struct cd_toc_request *r, uint8_t out[CD_TOC_MAX]);

#endif
