/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a map of what a parser finds, from the beginning of the disc to its end. Each function that
 * returns a bool writes the error into the reading and returns false if the disc cannot be so.
 */
#ifndef CDIMAGE_BUILD_H
#define CDIMAGE_BUILD_H

#include "cdimage/reading.h"

/* Session format of point A0 (MMC-6 table 500). */
#define FORMAT_CD_ROM 0x00u
#define FORMAT_CD_I   0x10u
#define FORMAT_XA     0x20u

/* From the lead-out of a session to the first pregap of the next one (Orange Book). */
#define GAP_AFTER_FIRST 11250
#define GAP_AFTER_OTHER 6750

#define BUILD_ZEROS (-1) /* instead of a file */
#define BUILD_AUTO  INT64_MIN

struct build {
	struct reading *r;
	int64_t lba; /* of the next sector */
	bool has_index_1;
};

/*
 * Begins a session, and ends the one before. start: where its first pregap begins; BUILD_AUTO:
 * where a real disc has it.
 */
bool build_session(struct build *b, int64_t start);
/* Begins a track; its pregap comes first. */
bool build_track(struct build *b, enum cd_form form, unsigned control);
/* Adds sectors of a file, or zeros. count 0 is nothing. */
bool build_add(
	struct build *b, int file, uint64_t offset, unsigned unit, bool swapped, uint64_t count);
/* Index n of the present track is at that address; they come in order. */
bool build_index(struct build *b, unsigned n, int64_t lba);
/* The present track. */
struct cd_track *build_now(const struct build *b);
/* The present session has at least this format: data tracks decide it. */
void build_format(struct build *b, unsigned format);
/* Ends the disc. */
bool build_end(struct build *b);

/* Layouts of sectors in a file, by the name that a text has for them. */
struct build_mode {
	const char *name;
	uint8_t form; /* enum cd_form */
	uint16_t unit;
	uint8_t format; /* of the session */
};

#endif
