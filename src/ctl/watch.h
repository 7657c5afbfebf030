/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb watch of the client: shows what the drives are doing. */
#ifndef CTL_WATCH_H
#define CTL_WATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define WATCH_SAMPLES 6u /* one a second: a rate is that of the last five seconds */

enum watch_activity { WATCH_IDLE, WATCH_READING, WATCH_BURNING, WATCH_TESTING };

/* The last samples of one drive. */
struct watch_drive {
	char name[64];
	unsigned count; /* of samples */
	struct watch_sample {
		uint64_t us;            /* of a monotonic clock */
		uint64_t read, written; /* blocks */
	} sample[WATCH_SAMPLES];        /* the newest last */
};

/* The values that are shown for a drive. */
struct watch_view {
	enum watch_activity activity;
	double read_kb, write_kb;                   /* kB/s, 1000 bytes each */
	uint64_t recorded, nwa, capacity, unsynced; /* blocks */
	uint64_t end;   /* block after the burn's last one, 0 = unknown */
	double seconds; /* left of the burn; negative = unknown */
};

/* Adds a sample: the drive's object of an answer to status, taken at `us`. Writes *v. */
void watch_take(struct watch_drive *w, const json_t *drive, uint64_t us, struct watch_view *v);
/*
 * Return a line for logs, and an object for programs, which belong to the caller. NULL: no
 * memory.
 */
char *watch_line(const json_t *drive, const struct watch_view *v);
json_t *watch_json(const json_t *drive, const struct watch_view *v);
/* Prints lines for a terminal of that width, and returns their number. */
unsigned watch_draw(const json_t *drive, const struct watch_view *v, unsigned width, FILE *out);

enum watch_end { WATCH_STOPPED, WATCH_NO_DAEMON, WATCH_REFUSED, WATCH_MISUSED, WATCH_NO_READER };
/*
 * Prints the states of the drives on standard output, at most once a second. The states are the
 * events of the daemon at fd. If the daemon has no events for this client, watch_run() sends line
 * (status, with its newline) each second and prints the answers. Ends at a signal, when the daemon
 * refuses (which is reported) or hangs up, or when nobody reads the output any more.
 */
enum watch_end watch_run(int fd, const char *line, bool json);

#endif
