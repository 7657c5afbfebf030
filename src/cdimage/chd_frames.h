/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the decoder shows the frames of a CHD as bytes. A track of a CHD stores 2352, 2336 or 2048
 * bytes of a sector, always at the beginning of a frame of 2448, or 2352 and its subchannels; so
 * there are four rows, one after the other, each with that many bytes of all frames. A sector of
 * an extent is then next to the one before, as in a file that is not compressed.
 */
#ifndef CDIMAGE_CHD_FRAMES_H
#define CDIMAGE_CHD_FRAMES_H

#include <stdint.h>

#define CHD_MAGIC      "MComprHD"
#define CHD_FRAME      2448u /* bytes: a sector and its subchannels */
/* 99 tracks that are filled up to a multiple of 4 frames, on a disc of 99 minutes. */
#define CHD_FRAMES_MAX 450300u
#define CHD_HUNK_MAX   (26u * CHD_FRAME) /* bytes that are compressed together; usually 8 frames */

/* Bytes that each row has of a frame. */
static const uint16_t chd_frames_units[] = {2352, 2336, 2048, CHD_FRAME};
#define CHD_FRAMES_ROWS (sizeof(chd_frames_units) / sizeof(chd_frames_units[0]))

/* The byte at which the row with `unit` bytes of each frame begins; after all rows if there is
 * none. */
static inline uint64_t chd_frames_offset(uint64_t frames, unsigned unit)
{
	uint64_t at = 0;

	for (unsigned i = 0; i < CHD_FRAMES_ROWS && chd_frames_units[i] != unit; i++)
		at += frames * chd_frames_units[i];
	return at;
}

/* Bytes of all rows. */
static inline uint64_t chd_frames_size(uint64_t frames)
{
	return chd_frames_offset(frames, 0);
}

#endif
