/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's watch: what the drives are at, while it happens. */
#ifndef CTL_WATCH_H
#define CTL_WATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define WATCH_VERB     "watch"
#define WATCH_SYNOPSIS "watch [drive=DRIVE]"
#define WATCH_HELP     "show burns and reads while they go on, until ^C"

#define WATCH_SAMPLES 6u /* a rate is that of the last five seconds */

enum watch_activity { WATCH_IDLE, WATCH_READING, WATCH_BURNING, WATCH_TESTING };

/* One drive over time. */
struct watch_drive {
	char name[64];
	unsigned count; /* samples there are */
	struct watch_sample {
		uint64_t us;            /* of a clock that only goes forward */
		uint64_t read, written; /* blocks */
	} sample[WATCH_SAMPLES];        /* the newest last */
};

/* What can be said of it now. */
struct watch_view {
	enum watch_activity activity;
	double read_kb, write_kb;                   /* kB/s, 1000 bytes each */
	uint64_t recorded, nwa, capacity, unsynced; /* blocks */
	uint64_t end;   /* block behind the burn's last one, 0 = unknown */
	double seconds; /* left of the burn; negative = unknown */
};

/* Takes what the daemon says of the drive at that time. */
void watch_take(struct watch_drive *w, const json_t *drive, uint64_t us, struct watch_view *v);
/* One line for logs, and one for machines; to be freed / decref'ed. */
char *watch_line(const json_t *drive, const struct watch_view *v);
json_t *watch_json(const json_t *drive, const struct watch_view *v);
/* Lines for a terminal of that width; how many. */
unsigned watch_draw(const json_t *drive, const struct watch_view *v, unsigned width, FILE *out);

enum watch_end { WATCH_STOPPED, WATCH_NO_DAEMON, WATCH_REFUSED, WATCH_NO_READER };
/*
 * Asks the daemon at fd each second with line (status, newline included) and shows the
 * answers on standard output, until a signal, or the end of daemon or reader.
 */
enum watch_end watch_run(int fd, const char *line, bool json);

#endif
