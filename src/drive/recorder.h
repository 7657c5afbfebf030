/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a drive's commands were: counters and latencies always, a trace when it is
 * asked for. The USB thread writes, the main thread copies; the lock between them
 * is held for no longer than it takes to copy 16 KiB.
 */
#ifndef DRIVE_RECORDER_H
#define DRIVE_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/bot.h"
#include "mmc/mmc.h"
#include "trace/stats.h"
#include "trace/trace.h"

#define RECORDER_RECORDS       4096u /* of a trace, when nobody says otherwise; 512 KiB */
#define RECORDER_RECORDS_LEAST 64u
#define RECORDER_RECORDS_MOST  65536u

struct recorder;

/* engine outlives it. 0 or -ENOMEM. */
int recorder_new(struct mmc_drive *engine, struct recorder **out);
void recorder_free(struct recorder *r);

/* ---- the engine's thread ---- */

extern const struct bot_observer recorder_observer; /* its ctx: a struct recorder */
/* The hand at the drive has done it. */
void recorder_event(struct recorder *r, enum trace_event event);
void recorder_inserted(struct recorder *r);

/* ---- any other thread ---- */

void recorder_get_stats(struct recorder *r, struct stats *out, uint64_t *seconds);
void recorder_reset_stats(struct recorder *r);
const struct stats_index *recorder_index(const struct recorder *r);

enum recorder_state {
	RECORDER_EMPTY, /* there is no trace */
	RECORDER_ARMED, /* begins with the next command */
	RECORDER_RUNS,
	RECORDER_STOPPED,
	RECORDER_ERROR /* stopped by itself: until_error */
};

struct recorder_trace {
	enum recorder_state state;
	bool until_error;
	uint32_t size;        /* records it has room for */
	uint64_t first, next; /* numbers of the records that are there, [first, next) */
};
void recorder_get_trace(struct recorder *r, struct recorder_trace *out);

/* A trace from the next command on, in place of the one before. 0; -EBUSY: one runs; -ENOMEM. */
int recorder_start(struct recorder *r, uint32_t records, bool until_error);
void recorder_stop(struct recorder *r);

/*
 * Records from number *from on, whole ones, into out: bytes. *from: the first of
 * them, a later one when that was overwritten; *next: the one behind the last.
 */
size_t recorder_read(struct recorder *r, uint64_t *from, uint64_t *next, uint8_t *out, size_t size);
void recorder_header(struct recorder *r, uint8_t out[TRACE_HEADER_SIZE]);

#endif
