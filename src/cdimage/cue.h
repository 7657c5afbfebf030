/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The contents of a cue sheet, before it becomes a map. */
#ifndef CDIMAGE_CUE_H
#define CDIMAGE_CUE_H

#include "cdimage/build.h"
#include "cdimage/cdtext.h"

/* A FILE command: the bytes of a file that hold sectors. */
struct cue_part {
	int file;
	uint64_t offset, length; /* bytes */
	bool wave, swapped;
};

/* A position of an INDEX command: sectors from the beginning of a FILE. */
struct cue_at {
	uint16_t part;
	uint32_t sector;
	unsigned line;
};

struct cue_track {
	const struct build_mode *mode;
	unsigned line;
	uint8_t session, control;
	bool has_0, has_1;
	uint8_t indexes; /* used entries of index[] */
	uint8_t last;    /* number of the last INDEX */
	char isrc[13];
	uint32_t pregap, postgap;                        /* sectors that are in no file */
	struct cue_at at_0, at_1, index[CD_MAX_INDEXES]; /* the latter from INDEX 02 on */
};

struct cue {
	struct reading *r;
	uint16_t parts;
	uint8_t tracks, session;
	uint8_t first_track;
	uint8_t number; /* of the last TRACK, as the text has it */
	struct cue_part part[CD_MAX_FILES];
	struct cue_track track[CD_MAX_TRACKS];
	/* Addresses of the lead-outs that REM LEAD-OUT has told, by session from 1; 0: not told. */
	uint32_t lead_out[CD_MAX_SESSIONS + 1];
	struct cdtext text;
};

/* Makes the map. False: the error is written. */
bool cue_layout(struct cue *c);

#endif
