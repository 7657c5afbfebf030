/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters and latencies of a drive's commands. Fixed memory: 12 KiB for each drive. */
#ifndef TRACE_STATS_H
#define TRACE_STATS_H

#include <stddef.h>
#include <stdint.h>

#define STATS_COMMANDS 48u /* entry 0 counts all unknown commands */
/* Bucket 0: below 1 us; n: 2^(n-1) us up to, not including, 2^n us; the last: 67 s and more. */
#define STATS_BUCKETS  28u

struct stats_command {
	uint64_t count, errors;
	uint64_t bytes; /* moved */
	uint32_t max;   /* microseconds */
	uint64_t bucket[STATS_BUCKETS];
};

struct stats {
	uint64_t commands, failed, phase_errors, aborted;
	uint64_t bytes_in, bytes_out; /* data of the commands; in = to the host */
	uint64_t bus_resets, resets;
	uint64_t inserted, ejected, eject_asked;
	uint64_t key[16]; /* failed commands by sense key */
	struct stats_command command[STATS_COMMANDS];
};

/* Maps operation codes to entries of stats.command[], and back; 0: unknown commands. */
struct stats_index {
	uint8_t of[256];
	uint8_t opcode[STATS_COMMANDS];
	unsigned count;
};

/* Fills in the index from the engine's command table. */
void stats_index_make(struct stats_index *index);

/*
 * Returns a duration, in microseconds, that `share` percent of the command's runs did not exceed:
 * the end of the bucket that holds the slowest of them, or c->max if that is less.
 */
uint64_t stats_percentile(const struct stats_command *c, unsigned share);
/* Returns the bucket for a duration. */
unsigned stats_bucket(uint64_t microseconds);

#endif
