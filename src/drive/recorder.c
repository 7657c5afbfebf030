// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/recorder.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trace/describe.h"
#include "util/array.h"
#include "util/be.h"

/*
 * The disc in the drive is recorded this many times over the length of a trace. A trace whose
 * beginning was overwritten can be replayed from the next of these records.
 */
#define MARKS 4u

struct recorder {
	struct mmc_drive *engine;
	struct stats_index index;
	uint64_t began; /* start of the command, microseconds; the engine's thread only */
	atomic_bool armed;

	pthread_mutex_t lock; /* guards what follows; no other lock is taken under it */
	struct stats stats;
	uint64_t since; /* start of the counters, microseconds */
	enum recorder_state state;
	bool until_error;
	uint8_t (*slot)[TRACE_RECORD_MAX];
	uint32_t slots;
	uint64_t next;          /* number of the next record; the first is 1 */
	uint64_t marked;        /* number of the last disc record */
	uint64_t started, zero; /* start of the trace, microseconds: UTC, CLOCK_MONOTONIC */
};

static uint64_t clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int recorder_new(struct mmc_drive *engine, struct recorder **out)
{
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->engine = engine;
	r->since = clock_us(CLOCK_MONOTONIC);
	r->next = 1;
	stats_index_make(&r->index);
	pthread_mutex_init(&r->lock, NULL);
	*out = r;
	return 0;
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r->slot);
	free(r);
}

/* ---- the trace, under the lock ------------------------------------------------------------- */

static void add_record(struct recorder *r, struct trace_record *record, uint64_t when)
{
	record->number = (uint32_t)r->next;
	record->time = when > r->zero ? when - r->zero : 0;
	trace_put_record(r->slot[(r->next - 1) % r->slots], record);
	r->next++;
}

static void add_disc(struct recorder *r, enum trace_cause cause, uint64_t when)
{
	struct trace_record record = {.type = TRACE_DISC};

	trace_describe_disc(&record.disc, r->engine, cause);
	r->marked = r->next;
	add_record(r, &record, when);
}

/*
 * Begins an armed trace: before a command, or at an event, which may come in the middle of one.
 * Returns true if a trace runs, with *first set if this call began it.
 */
static bool tracing(struct recorder *r, uint64_t now, bool *first)
{
	*first = r->state == RECORDER_ARMED;
	if (*first) {
		r->state = RECORDER_RUNS;
		r->started = clock_us(CLOCK_REALTIME);
		r->zero = now;
		atomic_store(&r->armed, false);
		add_disc(r, TRACE_START, now);
	}
	return r->state == RECORDER_RUNS;
}

static void add_command(
	struct recorder *r, const struct bot_command *c, const struct mmc_last *last, uint64_t took)
{
	struct trace_record record = {.type = TRACE_COMMAND};
	struct trace_command *t = &record.command;

	*t = (struct trace_command){.duration = (uint32_t)MIN(took, UINT32_MAX),
		.announced = c->announced,
		.moved = c->moved,
		.sense = c->csw == 1 ? last->sense : 0,
		.csw = c->csw};
	trace_describe_command(t, last, c->dir);
	add_record(r, &record, r->began);
	if (r->until_error && !trace_is_usual(t))
		r->state = RECORDER_ERROR;
	else if (r->next - r->marked >= r->slots / MARKS)
		add_disc(r, TRACE_MARK, r->began + took);
}

/* ---- called by BOT ------------------------------------------------------------------------- */

static void began(void *ctx)
{
	struct recorder *r = ctx;
	bool first;

	r->began = clock_us(CLOCK_MONOTONIC);
	if (!atomic_load_explicit(&r->armed, memory_order_relaxed))
		return;
	pthread_mutex_lock(&r->lock);
	(void)tracing(r, r->began, &first);
	pthread_mutex_unlock(&r->lock);
}

static void count(
	struct recorder *r, const struct bot_command *c, const struct mmc_last *last, uint64_t took)
{
	struct stats *s = &r->stats;
	struct stats_command *row = &s->command[r->index.of[last->cdb[0]]];
	bool failed = c->csw == 1;

	s->commands++;
	s->failed += failed;
	s->phase_errors += c->csw == 2;
	s->aborted += c->csw == BOT_NO_CSW;
	if (failed)
		s->key[last->sense >> 16 & 0x0f]++;
	if (c->dir == MMC_DIR_IN)
		s->bytes_in += c->moved;
	else
		s->bytes_out += c->moved;
	row->count++;
	row->errors += c->csw != 0;
	row->bytes += c->moved;
	row->max = (uint32_t)MAX(row->max, MIN(took, UINT32_MAX));
	row->bucket[stats_bucket(took)]++;
}

static void ended(void *ctx, const struct bot_command *c)
{
	struct recorder *r = ctx;
	uint64_t now = clock_us(CLOCK_MONOTONIC), took = now > r->began ? now - r->began : 0;
	struct mmc_last last;

	mmc_get_last(r->engine, &last);
	pthread_mutex_lock(&r->lock);
	count(r, c, &last, took);
	/* A trace that an event began in the middle of this command does not have the command. */
	if (r->state == RECORDER_RUNS && r->began >= r->zero)
		add_command(r, c, &last, took);
	pthread_mutex_unlock(&r->lock);
}

static void add_event(struct recorder *r, enum trace_event event)
{
	struct trace_record record = {.type = TRACE_EVENT, .event = (uint8_t)event};
	uint64_t now = clock_us(CLOCK_MONOTONIC);
	bool first;

	/* A trace that begins now begins with the disc as it is after the event. */
	if (tracing(r, now, &first) && !first)
		add_record(r, &record, now);
}

void recorder_event(struct recorder *r, enum trace_event event)
{
	pthread_mutex_lock(&r->lock);
	r->stats.ejected += event == TRACE_EJECT || event == TRACE_EJECT_FORCE;
	r->stats.eject_asked += event == TRACE_EJECT_ASKS;
	add_event(r, event);
	pthread_mutex_unlock(&r->lock);
}

void recorder_inserted(struct recorder *r)
{
	uint64_t now = clock_us(CLOCK_MONOTONIC);
	bool first;

	pthread_mutex_lock(&r->lock);
	r->stats.inserted++;
	if (tracing(r, now, &first) && !first)
		add_disc(r, TRACE_INSERTED, now);
	pthread_mutex_unlock(&r->lock);
}

static void reset(void *ctx, bool bus)
{
	struct recorder *r = ctx;

	pthread_mutex_lock(&r->lock);
	r->stats.bus_resets += bus;
	r->stats.resets += !bus;
	add_event(r, bus ? TRACE_BUS_RESET : TRACE_TRANSPORT_RESET);
	pthread_mutex_unlock(&r->lock);
}

const struct bot_observer recorder_observer = {.began = began, .ended = ended, .reset = reset};

/* ---- any thread ---------------------------------------------------------------------------- */

void recorder_get_stats(struct recorder *r, struct stats *out, uint64_t *seconds)
{
	pthread_mutex_lock(&r->lock);
	*out = r->stats;
	*seconds = r->since;
	pthread_mutex_unlock(&r->lock);
	*seconds = (clock_us(CLOCK_MONOTONIC) - *seconds) / 1000000;
}

void recorder_reset_stats(struct recorder *r)
{
	uint64_t now = clock_us(CLOCK_MONOTONIC);

	pthread_mutex_lock(&r->lock);
	memset(&r->stats, 0, sizeof(r->stats));
	r->since = now;
	pthread_mutex_unlock(&r->lock);
}

const struct stats_index *recorder_index(const struct recorder *r)
{
	return &r->index;
}

static uint64_t first_of(const struct recorder *r)
{
	return r->next > r->slots ? MAX(r->next - r->slots, 1) : 1;
}

void recorder_get_trace(struct recorder *r, struct recorder_trace *out)
{
	pthread_mutex_lock(&r->lock);
	*out = (struct recorder_trace){.state = r->state,
		.until_error = r->until_error,
		.size = r->slots,
		.first = first_of(r),
		.next = r->next};
	pthread_mutex_unlock(&r->lock);
}

int recorder_start(struct recorder *r, uint32_t records, bool until_error)
{
	uint8_t(*slot)[TRACE_RECORD_MAX] = calloc(records, sizeof(*slot)), (*old)[TRACE_RECORD_MAX];
	bool busy;

	if (!slot)
		return -ENOMEM;
	pthread_mutex_lock(&r->lock);
	busy = r->state == RECORDER_RUNS || r->state == RECORDER_ARMED;
	old = busy ? slot : r->slot;
	if (!busy) {
		r->slot = slot;
		r->slots = records;
		r->next = 1;
		r->until_error = until_error;
		r->state = RECORDER_ARMED;
		atomic_store(&r->armed, true);
	}
	pthread_mutex_unlock(&r->lock);
	free(old);
	return busy ? -EBUSY : 0;
}

void recorder_stop(struct recorder *r)
{
	pthread_mutex_lock(&r->lock);
	if (r->state == RECORDER_RUNS || r->state == RECORDER_ARMED)
		r->state = RECORDER_STOPPED;
	atomic_store(&r->armed, false);
	pthread_mutex_unlock(&r->lock);
}

size_t recorder_read(struct recorder *r, uint64_t *from, uint64_t *next, uint8_t *out, size_t size)
{
	size_t n = 0;

	pthread_mutex_lock(&r->lock);
	*from = MIN(MAX(*from, first_of(r)), r->next);
	for (*next = *from; *next < r->next && size - n >= TRACE_RECORD_MAX; ++*next) {
		const uint8_t *p = r->slot[(*next - 1) % r->slots];

		memcpy(out + n, p, get_be16(p));
		n += get_be16(p);
	}
	pthread_mutex_unlock(&r->lock);
	return n;
}

void recorder_header(struct recorder *r, uint8_t out[TRACE_HEADER_SIZE])
{
	struct trace_header h;

	trace_describe_drive(&h, r->engine);
	pthread_mutex_lock(&r->lock);
	h.started = r->started;
	pthread_mutex_unlock(&r->lock);
	trace_put_header(out, &h);
}
