/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The map of a compact disc: its tracks, sessions and texts, and for each range of addresses the
 * bytes of a file that it is made of. A map is plain data without pointers. Addresses are LBAs: 0
 * is MSF 00:02:00, and the pregap of the first track is below it. A sector is 1/75 s of the disc,
 * 2352 bytes (Red Book; MMC-6 4.2.3).
 */
#ifndef CD_MAP_H
#define CD_MAP_H

#include <stdbool.h>
#include <stdint.h>

#define CD_SECTOR         2352u /* bytes */
#define CD_MAX_TRACKS     99u
#define CD_MAX_SESSIONS   99u
#define CD_MAX_EXTENTS    512u
#define CD_MAX_FILES      100u
#define CD_MAX_INDEXES    8u /* kept of a track, after index 1 */
#define CD_MAX_TEXT_PACKS 255u
#define CD_TEXT_PACK      18u    /* bytes: 4 of header, 12 of text, 2 of CRC */
#define CD_PREGAP         150u   /* sectors before index 1 of the first track of a session */
#define CD_LBA_END        449849 /* lead-out at 99:59:74, the last address that MSF in BCD can say */

/* The layouts of a sector (MMC-6 4.2.3.8). */
enum cd_form {
	CD_AUDIO,
	CD_MODE1,
	CD_MODE2, /* formless */
	CD_XA_FORM1,
	CD_XA_FORM2,
	CD_XA, /* of a track: each sector says in its subheader which form it has */
};

struct cd_track {
	int32_t start;   /* of index 1 */
	uint32_t pregap; /* sectors of index 0, before start */
	uint32_t length; /* sectors from index 1 to the end of the track */
	uint8_t session; /* from 1 */
	uint8_t control; /* CONTROL of subchannel Q: 4 data; audio: 1 pre-emphasis, 8 four channels;
			    2 copy */
	uint8_t form;    /* enum cd_form */
	uint8_t indexes; /* used entries of index[] */
	int32_t index[CD_MAX_INDEXES]; /* where index 2, 3 ... begin */
	char isrc[13];                 /* "": none */
};

struct cd_session {
	uint8_t format; /* 00h CD-DA or CD-ROM, 10h CD-I, 20h XA: PSEC of point A0 */
	int32_t lead_out;
};

#define CD_NO_FILE 0xffffu /* the sectors are not stored: zeros, or silence */

/* The place of the subchannels of stored sectors. */
enum cd_subs {
	CD_SUBS_NONE,   /* nowhere, or (unit 2448) R to W after each sector */
	CD_SUBS_PLANES, /* 96 bytes for each sector: 12 of P, 12 of Q, ... 12 of W */
};

/*
 * Sectors lba to lba + count - 1 are stored one after another. Of an extent without a file only
 * lba and count count.
 */
struct cd_extent {
	int32_t lba;
	uint32_t count;
	uint64_t offset;     /* of its first byte in the file */
	uint64_t sub_offset; /* of the first byte of its subchannels in their file */
	uint16_t file;       /* number of the file, from 0; CD_NO_FILE */
	uint16_t unit;       /* bytes from sector to sector in the file: 2048, 2336, 2352 or 2448 */
	uint16_t sub_file;   /* number of the file that has the subchannels */
	uint8_t subs;        /* enum cd_subs; CD_SUBS_NONE: sub_file and sub_offset do not count */
	bool swapped;        /* audio samples are stored big-endian */
};

struct cd_map {
	uint8_t first_track; /* number of track[0]; usually 1 */
	uint8_t tracks;
	uint8_t sessions;
	uint8_t files;
	uint16_t extents;
	uint16_t text_packs;
	char mcn[14]; /* media catalogue number, 13 digits; "": none */
	struct cd_track track[CD_MAX_TRACKS];
	struct cd_session session[CD_MAX_SESSIONS];
	struct cd_extent extent[CD_MAX_EXTENTS]; /* ascending, without overlap */
	uint8_t text[CD_MAX_TEXT_PACKS][CD_TEXT_PACK];
};

/* Makes the map of a disc of one track: so many sectors from LBA 0 on, from byte 0 of file 0. */
void cd_map_one_track(struct cd_map *m, enum cd_form form, uint32_t count, uint16_t unit);

#endif
