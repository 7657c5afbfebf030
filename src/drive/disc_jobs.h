/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control commands rename, delete and erase, for the discs of one media folder. A disc that a
 * drive holds, or that is worked on, is refused. A thread changes the files, because storage
 * may be slow; meanwhile no drive gets the disc. Main thread only; except disc_jobs_cancel(),
 * nothing here waits for more than an insert waits for.
 */
#ifndef DRIVE_DISC_JOBS_H
#define DRIVE_DISC_JOBS_H

#include <systemd/sd-event.h>

#include "catalog/catalog.h"
#include "drive/holders.h"
#include "protocol/answer.h"

#define DISC_JOBS_MAX 64u /* commands, with the one under way */

struct disc_jobs;

/* Everything it points to must outlive the jobs. */
struct disc_jobs_config {
	const char *media; /* path of the folder, which is opened for each command */
	struct catalog *catalog;
	const struct holders *holders;
	struct holder_job *mark;         /* is set while the thread works on a disc */
	const struct disc_medium *blank; /* what an empty image without a state is */
};

/* 0 or -errno. */
int disc_jobs_new(const struct disc_jobs_config *config, sd_event *event, struct disc_jobs **out);
/* disc_jobs_cancel() must have been called, or no command be under way. NULL is fine. */
void disc_jobs_free(struct disc_jobs *j);

/*
 * Queue a command. r gets its answer, exactly one, and a refusal perhaps before the return. The
 * strings are copied.
 */
/* etag: the image must still have this tag, see library/etag.h; NULL = any. */
void disc_jobs_rename(
	struct disc_jobs *j, const char *name, const char *to, const char *etag, struct reply *r);
void disc_jobs_delete(struct disc_jobs *j, const char *name, const char *etag, struct reply *r);
/* See image_erase(). */
void disc_jobs_erase(struct disc_jobs *j, const char *name, struct reply *r);
/*
 * Waits for the thread, and answers the command under way with its result, those that wait
 * with this error.
 */
void disc_jobs_cancel(struct disc_jobs *j, const char *code, const char *text);

#endif
