// SPDX-License-Identifier: GPL-2.0-or-later
/* The drive's commands as a trace file (docs/trace.md). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "shim/shim_server.h"
#include "trace/describe.h"
#include "trace/text.h"
#include "util/array.h"
#include "util/stream.h"

static uint64_t clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void put(struct shim_drive *d, struct trace_record *r, uint64_t when)
{
	uint8_t bytes[TRACE_RECORD_MAX];

	r->number = ++d->records;
	r->time = when - d->trace_zero;
	/* shim_drive_unmake() finds a failure. */
	(void)fwrite(bytes, 1, trace_put_record(bytes, r), d->trace);
}

static void put_disc(struct shim_drive *d, enum trace_cause cause)
{
	struct trace_record r = {.type = TRACE_DISC};

	trace_describe_disc(&r.disc, d->mmc, cause);
	put(d, &r, clock_us(CLOCK_MONOTONIC));
}

int shim_trace_open(struct shim_drive *d, const char *path)
{
	struct trace_header h;
	uint8_t bytes[TRACE_HEADER_SIZE];

	d->trace = fopen(path, "we");
	if (!d->trace)
		return -errno;
	trace_describe_drive(&h, d->mmc);
	h.started = clock_us(CLOCK_REALTIME);
	d->trace_zero = clock_us(CLOCK_MONOTONIC);
	trace_put_header(bytes, &h);
	(void)fwrite(bytes, 1, sizeof(bytes), d->trace);
	put_disc(d, TRACE_START);
	return 0;
}

void shim_trace_begin(struct shim_drive *d)
{
	if (d->trace)
		d->began = clock_us(CLOCK_MONOTONIC);
}

/* The last command as the engine has it, or as it was answered before it came to the engine. */
static void get_last(const struct shim_drive *d, const struct shim_command *c, bool refused,
	uint8_t cdb[16], struct mmc_last *last)
{
	if (!refused) {
		mmc_get_last(d->mmc, last);
		return;
	}
	memcpy(cdb, c->cdb, c->cdb_len);
	*last = (struct mmc_last){.cdb = cdb,
		.cdb_len = c->cdb_len,
		.ended = true,
		.sense = (mmc_sense_t)((c->sense[2] & 0x0fu) << 16 | c->sense[12] << 8 |
				       c->sense[13])};
}

void shim_trace_command(
	struct shim_drive *d, const struct shim_command *c, enum shim_outcome outcome)
{
	static const enum mmc_dir dirs[] = {MMC_DIR_NONE, MMC_DIR_IN, MMC_DIR_OUT};
	struct trace_record r = {.type = TRACE_COMMAND};
	struct trace_command *t = &r.command;
	uint8_t cdb[16] = {0};
	struct mmc_last last;

	if (!d->trace)
		return;
	uint64_t now = clock_us(CLOCK_MONOTONIC),
		 began = outcome == SHIM_OUTCOME_REFUSED ? now : d->began;
	get_last(d, c, outcome == SHIM_OUTCOME_REFUSED, cdb, &last);
	*t = (struct trace_command){.duration = (uint32_t)MIN(now - began, UINT32_MAX),
		.announced = c->len,
		.moved = c->moved,
		.csw = outcome == SHIM_OUTCOME_PHASE_ERROR ? 2
		       : c->status != MMC_GOOD             ? 1
							   : 0};
	t->sense = t->csw == 1 ? last.sense : 0;
	trace_describe_command(t, &last, c->len ? dirs[c->dir] : MMC_DIR_NONE);
	put(d, &r, began);
}

void shim_trace_event(struct shim_drive *d, enum trace_event event)
{
	struct trace_record r = {.type = TRACE_EVENT, .event = (uint8_t)event};

	if (d->trace)
		put(d, &r, clock_us(CLOCK_MONOTONIC));
}

void shim_trace_inserted(struct shim_drive *d)
{
	if (d->trace)
		put_disc(d, TRACE_INSERTED);
}

/* Reads the whole file. NULL: errno says why. */
static uint8_t *load(const char *path, size_t *size)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	uint8_t *data = NULL;

	if (f && fstat(fileno(f), &st) == 0) {
		*size = (size_t)st.st_size;
		data = (uintmax_t)st.st_size < SIZE_MAX ? malloc(*size + 1) : NULL;
		if (!data)
			errno = ENOMEM;
	}
	if (data && fread(data, 1, *size, f) != *size) {
		free(data);
		data = NULL;
		errno = EIO;
	}
	if (f)
		fclose(f);
	return data;
}

const char *shim_trace_to_script(const char *trace, const char *path)
{
	struct trace_script counts;
	size_t size;
	uint8_t *data = load(trace, &size);
	FILE *f = data ? fopen(path, "we") : NULL;
	const char *why = f ? NULL : strerror(errno);
	int e;

	if (f) {
		why = trace_write_script(data, size, f, &counts);
		e = stream_close(f);
		if (e < 0 && !why)
			why = strerror(-e);
	}
	free(data);
	return why;
}
