/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The profile table: one row says everything that a drive does with one kind of disc. A row is
 * chosen by the type of the disc and its format state (disc/medium.h). The permission gate,
 * GET CONFIGURATION, mode page 2Ah, GET PERFORMANCE and the disc structures read it; no
 * command handler asks for a profile number or for the type of a disc.
 */
#ifndef MMC_PROFILE_H
#define MMC_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cd/toc.h"
#include "disc/disc.h"
#include "mmc/mmc.h"

/* Permissions that a command may need from the loaded disc. */
enum mmc_permission {
	P_READ = 1 << 0,
	P_WRITE = 1 << 1,
	P_RESERVE = 1 << 2,
	P_CLOSE = 1 << 3,
	P_TOC = 1 << 4,    /* READ TOC answers */
	P_FORMAT = 1 << 5, /* FORMAT UNIT */
	P_CD = 1 << 6,     /* the commands for sectors and subchannels of a CD */
	P_CUE = 1 << 7,    /* SEND CUE SHEET */
	P_VERIFY = 1 << 8, /* WRITE AND VERIFY */
};

/* Write types of mode page 05h (MMC-6 7.5.4), as bits. */
enum mmc_write_type {
	WRITE_PACKET = 1 << 0, /* and incremental recording */
	WRITE_TRACK_AT_ONCE = 1 << 1,
	WRITE_SESSION_AT_ONCE = 1 << 2 /* of a DVD: disc-at-once */
};

#define PROFILE_MAX_FEATURES 8
#define PROFILE_MAX_SPEEDS   7

/* The meaning of mode page 05h for a medium (mmc/page_05.h). */
enum mmc_page_05 {
	PAGE_05_ANY,    /* it has no meaning: the host may set what it likes */
	PAGE_05_LINKED, /* packets that are linked, and disc-at-once: DVD-R, DVD-RW */
	PAGE_05_CD      /* track-at-once and session-at-once */
};

struct mmc_profile {
	uint16_t code;
	const char *name;
	enum disc_type type;     /* chosen for discs of this type, */
	enum disc_type type_dl;  /* and of this one, with two layers (0 = there is none), ... */
	uint8_t formats;         /* ... in these format states: bit 1 << enum disc_format */
	uint16_t when_finalised; /* code of the row for finalised discs; 0 = this row */
	uint16_t as_dvd;         /* code of the row if mmc_config.dvd_only is set; 0 = this row */
	uint16_t permissions;    /* enum mmc_permission */
	uint8_t close_functions; /* bit n: CLOSE TRACK/SESSION function n (MMC-6 6.3.3) */
	uint8_t finalise_functions; /* those of them that finalise */
	/* Features that can be current with this profile, beside those that always are; 0 = end */
	uint16_t feature[PROFILE_MAX_FEATURES];
	uint16_t write_speed[PROFILE_MAX_SPEEDS]; /* kB/s, fastest first; 0 = end */
	uint16_t read_speed;                      /* kB/s; 0 = PROFILE_READ_SPEED */
	uint16_t slowest;                         /* read speed, kB/s; 0 = DVD_SPEED_1X */
	uint8_t page_2a_read, page_2a_write;      /* bits of bytes 2 and 3 of page 2Ah ... */
	uint8_t page_2a_forms, page_2a_audio;     /* ... and of bytes 4 and 5, ... */
	uint8_t page_2a_channels;                 /* ... and of byte 7; the page has all rows' */
	/*
	 * Mode page 05h: what it is for the medium (enum mmc_page_05), the write types that may be
	 * selected (enum mmc_write_type; 0: any), and the blocks of a link and of a packet.
	 */
	uint8_t page_05, write_types, link_blocks;
	/* Test write is refused: a program would record what it wants to try only. */
	bool no_test_write;
	uint8_t book_type;   /* book type << 4 | part version (MMC-6 table 407) */
	uint8_t max_rate;    /* physical format byte 1 low nibble */
	uint8_t layer_type;  /* 1 embossed, 2 recordable, 4 rewritable */
	const char *bd_type; /* of a BD: disc type identifier, 3 characters */
	uint8_t bd_class;    /* of a BD: size << 6 | class << 4 | version */
	/* Structure 00h is recorded with the data: that of a blank tells of no data area. */
	bool lead_in_recorded;
	uint8_t track_mode;   /* READ TRACK INFORMATION byte 5 */
	uint8_t closed_track; /* READ TRACK INFORMATION byte 6 of a closed track */
	/*
	 * Bits of byte 6 (20h = packet, 10h = fixed packets, MMC-6 6.26): of each track that is not
	 * closed; of each that is not recorded disc-at-once.
	 */
	uint8_t open_track, incremental_track;
	/* READ DISC INFORMATION calls the state of the disc "others" (MMC-6 table 367). */
	bool other_status;
	/*
	 * put_track() gives no next writable or last recorded address: blocks come in any order, or
	 * the disc is a CD, for which put_open_cd_track() gives the next writable address.
	 */
	bool no_addresses;
	const struct cd_atip *atip; /* of a recordable CD; its addresses are those of the disc */
	const char *adip_type;      /* three characters: media type in structure 11h (ADIP) */
	uint16_t track_info_length; /* bytes of the whole answer */
};

extern const struct mmc_profile mmc_profiles[];
extern const size_t mmc_profile_count;

/*
 * The row for a disc; NULL = no disc. The configuration chooses the row of a finalised disc (that
 * of the read-only disc as which other drives show it, or that of the recordable disc), and of an
 * image that no DVD can hold. Never NULL.
 */
const struct mmc_profile *profile_for(const struct disc *disc, const struct mmc_config *config);
/* The fastest speed at which the drive reads such a disc, kB/s. */
uint32_t profile_read_speed(const struct mmc_profile *p);
/* The slowest one, kB/s. */
uint32_t profile_slowest(const struct mmc_profile *p);
/* True if the row is for discs of that type, in some format state. */
bool profile_is_for(const struct mmc_profile *p, enum disc_type type);
bool profile_has_feature(const struct mmc_profile *p, uint16_t feature);

/* The speed at which the drive reads a DVD, kB/s: 16x. */
#define PROFILE_READ_SPEED 22160

#endif
