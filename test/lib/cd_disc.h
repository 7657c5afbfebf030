/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Made-up compact discs for tests, in memory: a map, and one medium with the bytes of all files.
 *
 * - mixed: track 1 mode 1, stored as blocks of 2048 bytes; track 2 audio after a pregap that is not
 *   stored, 2448 bytes a sector; track 3 audio, big-endian. MCN, ISRC.
 * - audio: three tracks of audio in one file, the second with a stored pregap, the third with an
 *   index 2. MCN, ISRC, CD-Text.
 * - extra: two tracks of audio; in session 2 a track of XA, stored as 2336 bytes, each tenth sector
 *   of form 2.
 * - ccd: track 1 mode 1, track 2 audio with a stored pregap, 2352 bytes a sector; all 96 bytes of
 *   each subchannel in a second file, with wrong and missing Q. MCN, ISRC.
 *
 * Each 16 bytes of user data hold the address of the sector and an offset, as blocks of a script
 * do ("LBA 00000010 00\n"). The tracks begin and end as on the discs of recorded conversations.
 */
#ifndef TEST_LIB_CD_DISC_H
#define TEST_LIB_CD_DISC_H

#include "cd/map.h"
#include "media/media.h"

struct cd_disc {
	struct cd_map map;
	uint64_t file[CD_MAX_FILES]; /* where each file begins in the medium, bytes */
	uint64_t size[CD_MAX_FILES]; /* bytes of each file */
	struct media *media;         /* blocks of one byte; the caller's */
};

/* Makes the disc of that name. False: there is none, or no memory. */
bool cd_disc_make(const char *name, struct cd_disc *out);

/* Makes one sector of such a disc: form is CD_AUDIO, CD_MODE1 or CD_XA. */
void cd_disc_sector(uint8_t form, int32_t lba, uint8_t out[CD_SECTOR]);

#endif
