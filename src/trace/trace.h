/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trace file: what a host sent and what the drive answered. docs/trace.md has the
 * format: big-endian, every record begins with its length. Uses no operating system. The
 * reader checks everything it reads.
 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_MAGIC       "MMCTRACE"
#define TRACE_VERSION     1u
#define TRACE_HEADER_SIZE 96u  /* bytes */
#define TRACE_LOST_AT     24u  /* offset of trace_header.lost in the header */
#define TRACE_RECORD_MAX  128u /* bytes of a record written by trace_put_record() */
#define TRACE_DATA        64u  /* bytes of a command's data that are kept, at most */
#define TRACE_TRACKS      5u   /* tracks of a disc that are kept, at most */

struct trace_header {
	uint16_t version;
	bool strict_cdb, finalised_dvd_plus_r, dvd_only; /* struct mmc_config */
	uint64_t started;                                /* microseconds since 1970, UTC */
	uint64_t lost;                                   /* older records that were overwritten */
	uint32_t buffer;                                 /* bytes of the drive's write buffer */
	char vendor[9], product[17], revision[5], serial[33];
};

enum trace_type { TRACE_COMMAND = 1, TRACE_DISC = 2, TRACE_EVENT = 3 };

enum trace_dir { TRACE_DIR_NONE, TRACE_DIR_IN, TRACE_DIR_OUT };

#define TRACE_NO_CSW 0xffu

struct trace_command {
	uint32_t duration;         /* microseconds, from the CBW to the CSW */
	uint32_t announced, moved; /* bytes */
	uint32_t sense;            /* mmc_sense_t */
	uint8_t dir;               /* enum trace_dir, as announced */
	uint8_t csw;               /* bCSWStatus; TRACE_NO_CSW = ended by a reset */
	uint8_t cdb_len, data_len;
	uint8_t cdb[16];
	uint8_t data[TRACE_DATA];
};

/* Why a disc is recorded; TRACE_MARK: repeated at intervals, so that readers can start there. */
enum trace_cause { TRACE_START, TRACE_INSERTED, TRACE_MARK };
/* A medium in a trace: none, or its enum disc_type and one. */
#define TRACE_NO_MEDIUM       0u
#define TRACE_MEDIUM_OF(type) ((uint8_t)((type) + 1))

/* Flags of a disc. */
#define TRACE_LOCKED         0x01u
#define TRACE_FINALISED      0x04u
#define TRACE_TRAY_OUT       0x08u
#define TRACE_TESTING        0x10u   /* a test write is in progress */
#define TRACE_LAYER_BREAK    0x20u   /* the host has set layer_break */
#define TRACE_AT_ONCE        0x40u   /* reserved for disc-at-once recording */
#define TRACE_FORMATTED      0x80u   /* FORMAT UNIT has given it a format state */
#define TRACE_FORMATTED_POW  0x4000u /* that state is DISC_FORMATTED_POW */
/*
 * Attentions and events not yet reported to the host: enum mmc_pending, in the bits above the
 * flags.
 */
#define TRACE_PENDING(flags) ((flags) >> 8 & 0x3fu)

struct trace_track { /* struct disc_track */
	uint32_t start, written, reserved;
	uint16_t session;
	uint8_t state; /* enum disc_track_state */
};

struct trace_disc {
	uint8_t cause, medium; /* enum trace_cause; TRACE_NO_MEDIUM or TRACE_MEDIUM_OF() */
	uint16_t flags;
	uint32_t capacity, readable; /* blocks */
	uint32_t layer_break;        /* blocks of layer 0, with TRACE_LAYER_BREAK; else 0 */
	uint16_t sessions, tracks;   /* on the disc, kept or not */
	uint32_t kept;               /* entries of track[] */
	struct trace_track track[TRACE_TRACKS];
};

enum trace_event {
	TRACE_BUS_RESET = 1,
	TRACE_TRANSPORT_RESET,
	TRACE_EJECT,
	TRACE_EJECT_FORCE,
	TRACE_EJECT_ASKS, /* the host had locked the drive and was asked to eject */
	TRACE_FINALISE    /* finalised by a control command of the board */
};

struct trace_record {
	uint8_t type; /* enum trace_type; the union is valid only for these types */
	uint32_t number;
	uint64_t time; /* microseconds since the trace began */
	union {
		struct trace_command command;
		struct trace_disc disc;
		uint8_t event;
	};
};

struct disc_medium;
/* The medium of a disc record that was read; NULL = no disc. */
const struct disc_medium *trace_medium(const struct trace_disc *d);

/* Encodes the header. */
void trace_put_header(uint8_t out[TRACE_HEADER_SIZE], const struct trace_header *h);
/* Encodes a record and returns its size in bytes. */
size_t trace_put_record(uint8_t out[TRACE_RECORD_MAX], const struct trace_record *r);

/* Reads a trace in memory. */
struct trace_reader {
	const uint8_t *data;
	size_t size, at;
	struct trace_header header;
};

/*
 * Reads the header. data stays with the caller and must outlive r. NULL, or a static text that
 * says what is wrong with the header.
 */
const char *trace_open(struct trace_reader *r, const uint8_t *data, size_t size);
/* Reads the next record. 1; 0 at the end; or -1 if it is damaged, *why (static text) says how. */
int trace_next(struct trace_reader *r, struct trace_record *record, const char **why);

/*
 * True if the command succeeded, or failed in a way that is usual with a healthy drive and
 * host: no disc, unit attentions, requests for what this drive does not have.
 * mmcgadgetctl(1) lists them.
 */
bool trace_is_usual(const struct trace_command *c);

/* Formats sense as "5/21/02", or "5/21/02 deferred". */
void trace_sense_text(uint32_t sense, char out[24]);
/* Returns the name of a sense key, such as "ILLEGAL REQUEST". */
const char *trace_key_name(unsigned key);

#endif
