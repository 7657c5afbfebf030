/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Computes SHA-256 sums of images on request, one at a time, reading from storage and not from the
 * page cache. A thread of the lowest priority computes them; these functions are for the main
 * thread.
 */
#ifndef TRANSFER_SUMS_H
#define TRANSFER_SUMS_H

#include <systemd/sd-event.h>

#include "drive/drives.h"
#include "library/checksum.h"
#include "protocol/answer.h"

#define SUMS_MAX 16u /* queued sums, with the one that is being computed */

struct sums;

/* The drives must outlive the sums. 0 or -errno. */
int sums_new(const struct drives *drives, sd_event *event, struct sums **out);
/* Stops the thread and calls done() of all requests with -ECANCELED. NULL is fine. */
void sums_free(struct sums *s);

/*
 * The verb sum: answers what is known of the sum of an image in the media folder of d. start: if
 * the sum is not known, queues its computation, which saves the sum as NAME.sha256.
 */
void sums_ask(struct sums *s, struct drive *d, const char *name, bool start, struct reply *r);

/* A request for the sum of an open file. Belongs to the caller, and stays valid until done(). */
struct sum_request {
	int fd; /* open for reading; the caller closes it in done() or later */
	/* result: 0 and hex, or -errno; -ECANCELED: the daemon is stopping. */
	void (*done)(struct sum_request *q, int result, const char *hex);
};
/* 0, and done() will be called; -EBUSY: SUMS_MAX are queued; -ENOMEM. */
int sums_request(struct sums *s, struct sum_request *q);

#endif
