/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control command extract: copies audio tracks of discs of one media folder to WAV files
 * (burned/extract.h), one disc after the other. The disc can be in a drive meanwhile, if the host
 * cannot record on it. The thread that copies has the lowest priority, and waits while a drive
 * burns. Main thread only; nothing here waits for storage longer than an insert does.
 */
#ifndef DRIVE_EXTRACT_JOBS_H
#define DRIVE_EXTRACT_JOBS_H

#include <systemd/sd-event.h>

#include "catalog/catalog.h"
#include "drive/holders.h"
#include "image/image.h"
#include "protocol/answer.h"

#define EXTRACT_JOBS_MAX 16u /* commands, with the one under way */

struct extract_jobs;

/* Everything it points to must outlive the jobs. */
struct extract_jobs_config {
	const char *drive; /* its name */
	const char *media; /* path of the folder, which is opened for each command */
	struct catalog *catalog;
	const struct holders *holders;
	struct image_policy policy; /* how the drive opens discs; callbacks are not used */
	/* Returns the blocks that hosts have written to the drives so far. */
	uint64_t (*written)(void *ctx);
	void *ctx;
};

/* Removes what an earlier daemon that died has left of its copies. 0 or -errno. */
int extract_jobs_new(
	const struct extract_jobs_config *config, sd_event *event, struct extract_jobs **out);
/* extract_jobs_cancel() must have been called, or no command be under way. NULL is fine. */
void extract_jobs_free(struct extract_jobs *j);

/*
 * Queues a command; r gets its answer, in the end exactly one. name: as insert takes it. track:
 * number of the only track, 0 = all. to: name of the folder beside the disc; NULL = by the CD-Text.
 * The strings are copied.
 */
void extract_jobs_add(
	struct extract_jobs *j, const char *name, unsigned track, const char *to, struct reply *r);
/*
 * Stops the copy of the disc of that name, or takes it out of the queue: nothing of the copy stays.
 * name: the image's, or what its command had. That command gets its answer, too; r gets one at the
 * latest when the thread has ended.
 */
void extract_jobs_stop(struct extract_jobs *j, const char *name, struct reply *r);
/*
 * Stops the thread, which removes what it has copied of its disc, and answers its command. Answers
 * all others with this error. NULL is fine.
 */
void extract_jobs_cancel(struct extract_jobs *j, const char *code, const char *text);

struct extract_status {
	const char *image; /* "" = nothing is copied; valid until the next call */
	unsigned track;    /* number of the track that is being copied; 0 = not begun */
	unsigned nth, tracks;
	unsigned percent;
	bool waits; /* for a burn to end */
};
/* j may be NULL. */
void extract_jobs_status(struct extract_jobs *j, struct extract_status *out);
/* Describes it in a few words: "extract a.cue: track 3 (2 of 12), 24 %"; "" = nothing is copied. */
const char *extract_jobs_pending(struct extract_jobs *j);

#endif
