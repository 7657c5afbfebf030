/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of uploads.h: the command that is carried out, and the queue. Main thread. */
#ifndef TRANSFER_UPLOADS_INT_H
#define TRANSFER_UPLOADS_INT_H

#include "library/worker.h"
#include "transfer/upload_table.h"
#include "transfer/upload_work.h"
#include "transfer/uploads.h"

#define UPLOAD_OLD_DAYS 7 /* without a sign of life, after which an upload is dropped */

enum upload_verb {
	UPLOAD_BEGIN,
	UPLOAD_OPEN,
	UPLOAD_AT,
	UPLOAD_END,
	UPLOAD_DROP,
	UPLOAD_LIST,
	UPLOAD_AGE /* drops old ones */
};

struct upload_job {
	enum upload_verb verb;
	struct reply *reply; /* NULL: the daemon itself wants it */
	struct upload_work work;
	bool resumed, has_offset;
	char id[UPLOAD_ID];
	char *as;               /* of UPLOAD_END; NULL = the name that the upload was begun with */
	struct sum_request sum; /* of UPLOAD_END, while its checksum is computed */
	int sum_fd;
	struct uploads *uploads;
	struct upload_job *next;
};

/* A media folder, as it was when it was scanned. */
struct folder_seen {
	char *path;
	bool scanned;
	dev_t dev; /* 0: it was not there */
	ino_t ino;
};

struct uploads {
	const struct drives *drives;
	struct sums *sums;
	struct upload_table table;
	struct folder_seen folder[DRIVE_MAX];
	unsigned folders;
	struct folder_seen *scanning; /* the thread scans it before the first job; NULL: none */
	struct upload_work scan;
	char no_dir[1];           /* "", for scan.dir */
	struct upload_job *queue; /* the first one is under way */
	unsigned waiting;
	struct worker worker;
	bool starting;
	sd_event_source *daily;
};

/* ---- jobs (upload_job.c) ----------------------------------------------------------------------
 */

/* Makes a job. NULL: there is no room for it, and r, unless it is NULL, was answered. */
struct upload_job *upload_job_new(struct uploads *u, enum upload_verb verb, struct reply *r);
/* Answers a job that is in no queue, with a descriptor unless fd is -1, and frees it. */
void upload_job_answer(struct upload_job *j, json_t *a, int fd);
/* Takes the first job out of the queue. */
struct upload_job *uploads_take_first(struct uploads *u);
/* Answers the first job. */
void uploads_finish(struct uploads *u, json_t *a, int fd);
/* Adds how fast a writer may go on. */
void uploads_tell_pace(const struct uploads *u, const struct upload_job *j, json_t *a);

/* Returns the folder of that path. Its copy of the path outlives the drives. */
struct folder_seen *uploads_folder(struct uploads *u, const char *path);
/*
 * Returns a folder that was not scanned yet, or is another one than when it was scanned, and notes
 * which one it is now; NULL: none.
 */
struct folder_seen *uploads_find_unseen(struct uploads *u);
/* Bytes of media's file system that are for discs in drives, and for uploads except except_id. */
uint64_t uploads_kept_by_others(const struct uploads *u, const char *media, const char *except_id);

/* ---- how jobs begin (upload_begin.c) --------------------------------------------------------- */

/*
 * Begins the first job, when all folders have been scanned. NULL: the thread runs a step of it;
 * otherwise its answer.
 */
json_t *uploads_begin_first(struct uploads *u);

#endif
