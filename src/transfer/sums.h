/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SHA-256 sums on request, one at a time, of what storage itself gives back. A thread of the lowest
 * priority computes them. Main thread.
 */
#ifndef TRANSFER_SUMS_H
#define TRANSFER_SUMS_H

#include <systemd/sd-event.h>

#include "drive/drives.h"
#include "library/checksum.h"
#include "protocol/answer.h"

#define SUMS_MAX 16u /* that wait */

struct sums;

/* The drives must outlive it. 0 or -errno. */
int sums_new(const struct drives *drives, sd_event *event, struct sums **out);
/* Stops the thread; what waits is dropped, its requests are answered with -ECANCELED. NULL is fine.
 */
void sums_free(struct sums *s);

/*
 * The verb sum, for an image of the media folder of d: answers what is known of its sum. start:
 * begins to compute it if it is not known. It goes to NAME.sha256.
 */
void sums_ask(struct sums *s, struct drive *d, const char *name, bool start, struct reply *r);

/* Somebody who needs the sum of a file. Belongs to the caller, and stays valid until done(). */
struct sum_request {
	int fd; /* open for reading; stays the caller's, who closes it in done() or later */
	/* result: 0 and hex, or -errno; -ECANCELED: the daemon is stopping. */
	void (*done)(struct sum_request *q, int result, const char *hex);
};
/* 0, and done() will be called; -EBUSY: too many wait; -ENOMEM. */
int sums_request(struct sums *s, struct sum_request *q);

#endif
