/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Logs what the host does to the disc in a drive. */
#ifndef DRIVE_HOST_LOG_H
#define DRIVE_HOST_LOG_H

#include "drive/drive_observer.h"

/* Burns since the daemon began. */
struct host_burns {
	unsigned finalised;  /* discs, by the host or by close */
	unsigned sessions;   /* that were closed, on discs that stayed open for more */
	unsigned unfinished; /* that a removal or the host's eject cut; each may go on later */
};

struct host_log {
	const char *drive; /* its name; set by the owner, and outlives this */
	uint64_t began;    /* us: when the burn began; 0 = none is under way, or not known */
	uint32_t from;     /* blocks that were recorded before it */
	struct host_burns burns;
};

/* Its ctx is a struct host_log. */
extern const struct drive_observer host_log_observer;

#endif
