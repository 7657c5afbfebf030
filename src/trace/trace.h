/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trace file: what a host sent and what the drive answered, docs/trace.md has
 * the format. Big-endian, every record with its length. Knows no operating system;
 * a reader trusts nothing it reads.
 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_MAGIC       "MMCTRACE"
#define TRACE_VERSION     1u
#define TRACE_HEADER_SIZE 96u  /* bytes */
#define TRACE_LOST_AT     24u  /* where in the header the number of lost records is */
#define TRACE_RECORD_MAX  128u /* bytes of a record that we write */
#define TRACE_DATA        64u  /* of the data of a command, at the most */
#define TRACE_TRACKS      5u   /* of a disc, at the most; more are counted only */

struct trace_header {
	uint16_t version;
	bool strict_cdb, finalised_dvd_plus_r; /* struct mmc_config */
	uint64_t started;                      /* microseconds since 1970, UTC */
	uint64_t lost;                         /* records that were overwritten */
	uint32_t buffer;                       /* bytes */
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

enum trace_cause { TRACE_START, TRACE_INSERTED, TRACE_MARK /* now and then, as a new start */ };
enum trace_medium { TRACE_NO_MEDIUM, TRACE_DVD_ROM, TRACE_DVD_PLUS_R };

/* Flags of a disc. */
#define TRACE_LOCKED         0x01u
#define TRACE_FINALISED      0x04u
#define TRACE_TRAY_OUT       0x08u
#define TRACE_TESTING        0x10u /* a test write */
/* What the host has not been told: enum mmc_pending, above the others. */
#define TRACE_PENDING(flags) ((flags) >> 8 & 0x1fu)

struct trace_track { /* struct disc_track */
	uint32_t start, written, reserved;
	uint16_t session;
	uint8_t state; /* enum disc_track_state */
};

struct trace_disc {
	uint8_t cause, medium; /* enum trace_cause, enum trace_medium */
	uint16_t flags;
	uint32_t capacity, readable; /* blocks */
	uint16_t sessions, tracks;   /* all of them */
	uint32_t kept;               /* entries of track[] */
	struct trace_track track[TRACE_TRACKS];
};

enum trace_event {
	TRACE_BUS_RESET = 1,
	TRACE_TRANSPORT_RESET,
	TRACE_EJECT,
	TRACE_EJECT_FORCE,
	TRACE_EJECT_ASKS, /* the host has locked the drive, and was asked */
	TRACE_FINALISE    /* from the board */
};

struct trace_record {
	uint8_t type; /* enum trace_type; of another one nothing below is valid */
	uint32_t number;
	uint64_t time; /* microseconds since the trace began */
	union {
		struct trace_command command;
		struct trace_disc disc;
		uint8_t event;
	};
};

void trace_put_header(uint8_t out[TRACE_HEADER_SIZE], const struct trace_header *h);
/* Bytes of the record. */
size_t trace_put_record(uint8_t out[TRACE_RECORD_MAX], const struct trace_record *r);

/* A trace in memory. */
struct trace_reader {
	const uint8_t *data;
	size_t size, at;
	struct trace_header header;
};

/* NULL, or what is wrong with it. */
const char *trace_open(struct trace_reader *r, const uint8_t *data, size_t size);
/* 1: a record; 0: the end; -1: what comes is none, *why says it. */
int trace_next(struct trace_reader *r, struct trace_record *record, const char **why);

/*
 * Commands that end badly with healthy hosts, too: no disc, attentions, questions
 * that this drive does not answer. mmcgadgetctl(1) lists them.
 */
bool trace_is_usual(const struct trace_command *c);

/* "5/21/02", with "deferred" behind it. */
void trace_sense_text(uint32_t sense, char out[24]);
/* The name of a sense key, "ILLEGAL REQUEST". */
const char *trace_key_name(unsigned key);

#endif
