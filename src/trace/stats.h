/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters and latencies of a drive's commands; fixed memory, 12 KiB a drive. */
#ifndef TRACE_STATS_H
#define TRACE_STATS_H

#include <stddef.h>
#include <stdint.h>

#define STATS_COMMANDS 48u /* one is for all that the drive does not know */
/* Bucket 0: below 1 us; n: from 2^(n-1) below 2^n us; the last: 67 s and more. */
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
	uint64_t key[16]; /* failed ones, by sense key */
	struct stats_command command[STATS_COMMANDS];
};

/* Which of struct stats.command an operation code is; 0 = unknown ones. */
struct stats_index {
	uint8_t of[256];
	uint8_t opcode[STATS_COMMANDS];
	unsigned count;
};

void stats_index_make(struct stats_index *index);

/* Microseconds below which share percent of the command's runs were, at most its max. */
uint64_t stats_percentile(const struct stats_command *c, unsigned share);
unsigned stats_bucket(uint64_t microseconds);

#endif
