/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of a drive: drive.c (object, threads) and drive_op.c (commands) share it. */
#ifndef DRIVE_DRIVE_INT_H
#define DRIVE_DRIVE_INT_H

#include <pthread.h>

#include "drive/disc_closer.h"
#include "drive/drive.h"
#include "library/image.h"
#include "drive/handover.h"
#include "library/last_disc.h"

#define DRIVE_QUEUE    16u /* commands that may wait behind the one under way */
#define DRIVE_RELEASED 4u  /* discs on their way back from the USB thread */

struct drive_cmd {
	enum drive_verb verb;
	char *image; /* NULL for DRIVE_EJECT; of DRIVE_NEXT and DRIVE_PREV until it is found */
	bool force;
	bool by_host; /* of a disc the host ejected: void when it loads it again */
	struct reply *reply;
	struct drive_cmd *next; /* drive::queue */
};

enum op_state {
	OP_IDLE,
	OP_HOST_GAP,     /* the host has ejected, and may load it again */
	OP_FINDING,      /* the catalog is looked at */
	OP_EJECTING,     /* on the USB thread */
	OP_WAIT_UNLOCK,  /* the host was asked to eject */
	OP_GAP,          /* the tray is empty, the host shall notice */
	OP_WAIT_RELEASE, /* the file is held by a disc taken out a moment ago */
	OP_INSERTING,    /* on the USB thread */
	OP_CLOSING,      /* likewise */
};

/* The command under way. */
struct drive_op {
	enum op_state state;
	struct drive_cmd *cmd;
	struct image next; /* opened, not yet in the drive; its disc is below */
	struct disc *disc;
	char kind[64]; /* of that disc, for the answer */
	bool reopen;   /* the file is in a drive, or was until now: open it when that disc is closed
			*/
	bool asked;    /* the host was asked to let go */
	bool expired;  /* and did not in time */
	bool away;     /* the host has the lock and is not there: the lock is void */
	char text[320]; /* for status */
};

/* One errand on the USB thread at a time. */
struct drive_job {
	enum { JOB_EJECT, JOB_INSERT, JOB_CLOSE } kind;
	bool force;
	bool if_out;  /* JOB_EJECT: only a disc that the host has ejected */
	bool if_idle; /* likewise: only one that the host has not locked, nor used since `used` */
	uint64_t used;
	bool stays; /* and it has not, or not any more */
	struct disc *disc;
	struct handover_image image; /* of that disc */
	enum mmc_eject result;
	mmc_sense_t sense; /* of JOB_CLOSE */
	bool out;          /* posted, not yet seen as done */
};

struct drive {
	char *name, *media;
	int folder;
	struct catalog *catalog;
	unsigned swap_gap, unlock_wait, sync_ms;
	bool brings_next;
	struct image_policy policy;
	sd_event *event;
	sd_event_source *wake, *timer, *sync_timer;
	struct drives *set;
	struct mmc_drive *engine;
	struct recorder *recorder;
	struct drive_port port;
	bool attached;

	/* Main thread only. */
	struct image in; /* what is in the drive; in.name NULL = nothing */
	struct mmc_state seen;
	struct { /* the volume that is being burned: drive_burn_end() */
		bool known;
		uint32_t blocks;
	} volume;
	struct disc_closer *closer;
	struct drive_op op;
	struct drive_cmd *queue;
	bool starting; /* drive_op_next() is on the stack */
	struct drive_finding {
		struct catalog_request base; /* asked in OP_FINDING */
		struct drive *drive;
	} finding;
	struct drive_job job;
	struct {
		struct drive_burned config; /* configured; all 0 = nothing becomes of it */
		struct postburn *postburn;
		bool finished;               /* the disc in the drive is such a one */
		uint64_t used;               /* blocks moved when it was looked at last */
		uint64_t due;                /* us: taken out then, or tried again */
		sd_event_source *timer;      /* on while finished */
		char problem[POSTBURN_TEXT]; /* why it is in the drive still; "" */
	} burned;
	struct last_disc_store *last; /* NULL: nothing is remembered */
	char *configured;             /* image */

	/* Of the engine's thread. */
	struct handover *handover; /* NULL = nothing is kept */
	struct handover_state handover_state;
	bool has_inherited;          /* kept is what a daemon before us left */
	bool job_waits, flush_waits; /* for storage: see drive_resumed() */

	/* From the USB thread to the main thread. */
	pthread_mutex_t lock; /* guards mail; a leaf, nothing is called under it */
	int wake_fd;
	struct {
		struct mmc_state state;
		bool job_done;
		bool flush_posted;
		struct disc *released[DRIVE_RELEASED];
		unsigned n_released;
	} mail;
};

/* drive.c */
int drive_post(struct drive *d); /* d->job; drive_op_job_done() follows */
void drive_start_timer(struct drive *d, unsigned ms);
void drive_stop_timer(struct drive *d);
void drive_disc_released(struct disc *disc, void *drive);
void drive_cmd_free(struct drive_cmd *cmd);

/* drive_handover.c */
void drive_handover_name(struct handover_image *to, const struct image *image);
void drive_handover_store(struct drive *d); /* on the engine's thread */

/* drive_op.c */
void drive_op_next(struct drive *d);
void drive_op_job_done(struct drive *d);
void drive_op_event(struct drive *d); /* the state changed, or a disc was closed */
void drive_op_timeout(struct drive *d);
void drive_op_cancel(struct drive *d, const char *code, const char *text);
/* Ends the command under way. */
void drive_op_finish(struct drive *d, json_t *answer);
/* op.cmd->image is known: goes on as DRIVE_INSERT. */
void drive_op_insert(struct drive *d);
void drive_op_describe(struct drive *d, const char *stage);

/* The host has opened the tray. */
void drive_op_host_ejected(struct drive *d);
/* DRIVE_REPLACE_BURNED, or DRIVE_NEXT for the host. */
void drive_op_start_internal(struct drive *d, enum drive_verb verb, bool by_host);

/* Opens what op.cmd names. 0, or *answer says why not. */
int drive_op_open(struct drive *d, json_t **answer);
/* The drive has its old disc no more: d->in, which is forgotten here. */
void drive_op_disc_removed(struct drive *d);
void drive_op_post_eject(struct drive *d);

/* drive_burned.c */
int drive_burned_setup(struct drive *d, const struct drive_config *config);
void drive_burned_free(struct drive *d);
/* On the main thread: the disc in the drive was finalised; it has left; another is in. */
void drive_burned_finished(struct drive *d);
void drive_burned_removed(struct drive *d, const struct image *was);
void drive_burned_inserted(struct drive *d);
/* DRIVE_REPLACE_BURNED: the host had its time. */
void drive_burned_replace(struct drive *d);
void drive_burned_restored(struct drive *d); /* after drive_restore() */
/* NULL is an empty drive. */
void drive_remember(struct drive *d, const char *image);
void drive_burned_status(const struct drive *d, struct drive_info *info);
/* Asked on the engine's thread. */
bool drive_burned_in_use(const struct drive *d, uint64_t used);

/* drive_find.c */
void drive_find_init(struct drive *d);
/* The name is that of a file, or of something else that is there. */
bool drive_find_is_exact(const struct drive *d, const char *name);
/* Then drive_op_insert() or drive_op_finish(). */
void drive_find_begin(struct drive *d);

#endif
