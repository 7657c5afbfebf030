/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The medium table: one row describes a kind of disc: its size, its blocks and how it is
 * recorded. How a drive shows it to the host is a row of another table, chosen by (type,
 * format state): mmc/profile.h.
 */
#ifndef DISC_MEDIUM_H
#define DISC_MEDIUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disc_model;

/* Trace files hold these numbers, so a new one goes to the end (trace/trace.h). */
enum disc_type {
	DISC_DVD_ROM,       /* readable only */
	DISC_DVD_PLUS_R,    /* write once, sequential, appendable until finalised */
	DISC_DVD_PLUS_R_DL, /* the same with two layers */
	DISC_DVD_R,         /* as DVD+R; also recorded disc-at-once */
	DISC_DVD_R_DL,      /* the same with two layers */
	DISC_DVD_RW,        /* as DVD-R, or formatted and overwritten; can be erased */
	DISC_DVD_PLUS_RW,   /* formatted, then overwritten in place */
	DISC_DVD_RAM,       /* the same, and formatted when it is new */
	DISC_BD_ROM,        /* readable only */
	DISC_BD_R,          /* write once, sequential, appendable until finalised */
	DISC_BD_R_DL,       /* the same with two layers */
	DISC_BD_RE,         /* formatted, then overwritten in place */
	DISC_BD_RE_DL,      /* the same with two layers */
	DISC_CD_ROM,        /* readable only: data tracks, audio tracks, or both */
	DISC_CD_R,          /* write once: track-at-once or session-at-once (disc/cd_record.h) */
	DISC_CD_RW,         /* the same; can be erased */
	DISC_TYPES
};

/*
 * The state in which FORMAT UNIT has left a medium. Media that need no formatting stay
 * unformatted.
 */
enum disc_format {
	DISC_UNFORMATTED,
	DISC_INTERMEDIATE, /* formatted while it is recorded, from block 0 on (DVD-RW) */
	DISC_FORMATTED,
	/*
	 * Formatted for pseudo-overwrite (BD-R). Blocks are recorded in sequence all the same, and
	 * CLOSE TRACK closes the session as well, since burning programs close nothing else.
	 */
	DISC_FORMATTED_POW
};

/* Flags of an offer. */
enum disc_format_flag {
	DISC_FORMAT_ALL = 1 << 0,      /* sizes of 0 and FFFFFFFFh mean `blocks` */
	DISC_FORMAT_RESTARTS = 1 << 1, /* parameter bit 0 continues a format and keeps the data */
	DISC_FORMAT_UNLISTED = 1 << 2, /* taken, but READ FORMAT CAPACITIES does not list it */
	DISC_FORMAT_POW = 1 << 3,      /* leads to DISC_FORMATTED_POW */
	DISC_FORMAT_EMPTY = 1 << 4,    /* a size of 0 gives the intermediate state, with no data */
	DISC_FORMAT_GROWS = 1 << 5     /* any size: the intermediate state, with the data so far */
};

/*
 * A format that a medium offers: a formattable capacity descriptor (MMC-6 6.23). A request
 * is compared with the offers of its type in the order of the list.
 */
struct disc_format_offer {
	uint8_t formats;    /* offered in these format states: bit 1 << enum disc_format */
	uint8_t type;       /* format type */
	uint8_t sub_types;  /* of a request: bit 1 << format sub-type; 0 = it is not looked at */
	uint8_t flags;      /* enum disc_format_flag */
	uint32_t parameter; /* 24 bits, for the list: requests come with many other values */
	uint32_t blocks;    /* the largest size; 0 ends the list */
	/* The smallest size; those between are rounded up to ECC blocks. 0 = `blocks` alone. */
	uint32_t least;
};
#define DISC_FORMAT_OFFERS 8

/* The format that a FORMAT UNIT requests (MMC-6 6.4.3.2, Format Descriptor). Any values. */
struct disc_format_request {
	uint8_t type, sub_type;
	uint32_t blocks, parameter;
};

#define DISC_BLANK_SIZES 4 /* at most, of one medium */

struct disc_medium {
	const char *name;  /* in `blank NAME type=`, and in a state file; lower case */
	const char *title; /* for people: "DVD+R" */
	enum disc_type type;
	/* The lowest version of the state file that can name this medium (disc/disc_state.h). */
	uint8_t state_version;
	uint32_t capacity; /* blocks of a blank; 0 = as many as the image has */
	/* Sizes in which blanks are made, in minutes (disc_cd_capacity()), up to a 0. */
	uint8_t minutes[DISC_BLANK_SIZES + 1];
	uint8_t layers;
	/* Discs of this type with more blocks have one layer more; 0 = no disc has. */
	uint32_t single_layer;
	/*
	 * An image that has no state file is the first read-only medium of the table that can be
	 * as large; this one holds at most that many blocks, 0 = any number.
	 */
	uint32_t largest_image;
	/*
	 * Blocks of layer 0 of a blank, which the host may reduce if the profile has structure 20h;
	 * 0 = half of the disc.
	 */
	uint32_t layer_break;
	/* Blocks of an ECC block: tracks begin on one, reservations are rounded up to it. */
	uint8_t ecc_blocks;
	/* Bytes of a block in the image (media.unit); 1 for CD-R and CD-RW (disc/cd_record.h). */
	uint16_t unit;
	uint16_t max_tracks; /* at most DISC_MAX_TRACKS */
	bool erasable;       /* also when it is finalised */
	bool has_blank;      /* BLANK makes it a blank again */
	bool no_test_write;  /* though its model has it: mode page 05h is not for this medium */
	/*
	 * A blank can be reserved as a whole for disc-at-once recording (MMC-6 4.4): when all of
	 * that is recorded and synced, the disc is complete.
	 */
	bool has_dao;
	/*
	 * CLOSE SESSION finalises the disc unless mode page 05h says that another session follows
	 * (multi-session field, MMC-6 7.5.4.8).
	 */
	bool asks_for_next_session;
	/*
	 * The type of a finalised disc when it is opened again. If that differs from `type`, a
	 * disc with one track and at least least_image blocks needs no state file: its image alone
	 * gives its type and layout.
	 */
	enum disc_type when_finalised;
	uint32_t least_image;
	struct disc_format_offer format[DISC_FORMAT_OFFERS];
	uint32_t formatted; /* blocks of a new disc, which is formatted; 0 = it is not */
	/* A format goes on in the background until the host stops it (MMC-6 4.4.6, DVD+RW). */
	bool background_format;
	uint32_t format_capacity;       /* most blocks of a formatted disc; 0 = capacity */
	const struct disc_model *model; /* how it is recorded ... */
	const struct disc_model
		*formatted_model; /* ... and when it is formatted; NULL = the same */
};

/* The row of a type. Never NULL. */
const struct disc_medium *disc_medium_of(enum disc_type type);
/* The row of that name, in any case of the letters; NULL if there is none. */
const struct disc_medium *disc_medium_named(const char *name);
/* The row for an image of 0 bytes without a state file. */
const struct disc_medium *disc_medium_of_blank(void);
/* The row for an image of that many blocks without a state file: a read-only medium. Never NULL. */
const struct disc_medium *disc_medium_of_image(uint64_t blocks);
/*
 * A medium that becomes m when it is finalised: the first recordable row that does; m itself if
 * it is recordable, or if there is none.
 */
const struct disc_medium *disc_medium_before(const struct disc_medium *m);
/*
 * True if a finalised disc of m with that many blocks needs no state file for its type: when it is
 * opened again, its image alone gives the type when_finalised.
 */
static inline bool disc_medium_shows_in_image(const struct disc_medium *m, uint32_t blocks)
{
	return m->when_finalised != m->type && blocks >= m->least_image;
}
bool disc_medium_is_recordable(const struct disc_medium *m);
/*
 * True for a medium that is recorded as a CD is: sectors of other sizes, tracks of audio, a map
 * (disc/cd_record.h).
 */
bool disc_medium_is_cd_recordable(const struct disc_medium *m);
/*
 * True if, in this format state, each block can be written at any time: such a disc is never
 * finalised, although no track can be added to it.
 */
bool disc_medium_is_overwritable(const struct disc_medium *m, enum disc_format format);
/*
 * "unformatted", "intermediate" or "formatted"; "" if the medium is never formatted, so that it has
 * no such state.
 */
const char *disc_medium_format_name(const struct disc_medium *m, enum disc_format format);
/* False: its one track spans all that was formatted. */
bool disc_medium_has_tracks(const struct disc_medium *m);
/* True if layer 0 of a blank of this kind may be given that many blocks. */
static inline bool disc_layer_break_is_possible(const struct disc_medium *m, uint32_t blocks)
{
	return blocks > 0 && blocks <= m->layer_break && blocks % m->ecc_blocks == 0;
}
/*
 * The offer that this request is for, on a disc of that capacity in that format state; *blocks
 * becomes the size that the medium then has, or 0 for the intermediate state. NULL: there is none.
 */
const struct disc_format_offer *disc_medium_offer(const struct disc_medium *m,
	enum disc_format format, uint32_t capacity, const struct disc_format_request *r,
	uint32_t *blocks);
/* The names of all recordable media, as "a", "a and b", "a, b and c". Returns their number. */
unsigned disc_medium_list(char *out, size_t size);
/* Blocks of the largest recordable medium. */
uint32_t disc_medium_largest(void);

#endif
