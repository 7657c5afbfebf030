/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records the host's commands to a drive: always as counters and latencies, and as a
 * trace if that was started. The USB thread writes, the main thread copies; the lock between
 * them is held for no longer than it takes to copy 16 KiB.
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

#define RECORDER_RECORDS       4096u /* records of a trace by default; 512 KiB */
#define RECORDER_RECORDS_LEAST 64u
#define RECORDER_RECORDS_MOST  65536u

struct recorder;

/* The engine must outlive the recorder. 0 or -ENOMEM. */
int recorder_new(struct mmc_drive *engine, struct recorder **out);
void recorder_free(struct recorder *r);

/* ---- the engine's thread ---- */

extern const struct bot_observer recorder_observer; /* its ctx: a struct recorder */
/* Records an action from the board's side: an eject or a finalise by a control command. */
void recorder_event(struct recorder *r, enum trace_event event);
/* Records that the engine has got a disc, and which. */
void recorder_inserted(struct recorder *r);

/* ---- any other thread ---- */

/* Copies the counters, and the seconds for which they have counted. */
void recorder_get_stats(struct recorder *r, struct stats *out, uint64_t *seconds);
void recorder_reset_stats(struct recorder *r);
/* Returns which row of the counters belongs to which operation code; never changes. */
const struct stats_index *recorder_index(const struct recorder *r);

enum recorder_state {
	RECORDER_EMPTY, /* there is no trace */
	RECORDER_ARMED, /* the trace begins with the next command or event */
	RECORDER_RUNS,
	RECORDER_STOPPED,
	RECORDER_ERROR /* stopped at an error, as until_error asked */
};

struct recorder_trace {
	enum recorder_state state;
	bool until_error;
	uint32_t size;        /* records that there is room for */
	uint64_t first, next; /* numbers of the records in memory, [first, next) */
};
void recorder_get_trace(struct recorder *r, struct recorder_trace *out);

/*
 * Arms a trace, which begins with the next command or event, and drops the trace before it. 0;
 * -EBUSY: a trace is armed or running; -ENOMEM.
 */
int recorder_start(struct recorder *r, uint32_t records, bool until_error);
void recorder_stop(struct recorder *r);

/*
 * Copies whole records into out, from number *from on. Returns the bytes copied, sets *next
 * to the number after the last record, and *from to the first one: a later one than
 * asked for if that was overwritten.
 */
size_t recorder_read(struct recorder *r, uint64_t *from, uint64_t *next, uint8_t *out, size_t size);
/* Writes the header of a trace file, with 0 for the records that were lost. */
void recorder_header(struct recorder *r, uint8_t out[TRACE_HEADER_SIZE]);

#endif
