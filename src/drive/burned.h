/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Observes the drive for discs that were burned and finalised in it. When the host is done
 * with such a disc, it is replaced with a blank; when it is out of the drive, it is renamed
 * and verified, and its songs are copied (burned/postburn.h). Main thread only.
 */
#ifndef DRIVE_BURNED_H
#define DRIVE_BURNED_H

#include "drive/drive_commands.h"
#include "drive/drive_record.h"
#include "drive/engine_thread.h"
#include "drive/holders.h"
#include "drive/cue_keeper.h"
#include "drive/stale_checksum.h"
#include "burned/postburn.h"

/* Actions on a disc that was burned and finalised in the drive. All members 0: none. */
struct drive_burned {
	enum postburn_rename rename;
	bool checksum;
	bool songs;      /* audio tracks are copied to WAV files */
	bool blank;      /* the next blank is inserted */
	unsigned idle;   /* ms without a read or a lock, then the disc is replaced; 0 = never */
	unsigned reload; /* ms in which a host that ejected it may load it again */
	unsigned retry;  /* ms until the next try, if there is no room for a blank */
};
#define DRIVE_RELOAD_WAIT 3000u
#define DRIVE_RETRY_WAIT  10000u

/* Returns true if any of these actions is configured. */
bool burned_is_wanted(const struct drive_burned *b);

struct burned;

/* Everything it points to must outlive the struct burned. */
struct burned_config {
	struct drive_burned what;
	const char *drive;               /* its name */
	const char *media;               /* path of the folder */
	const struct disc_medium *blank; /* its blanks; not all CDs become a plain ISO */
	bool brings_next; /* an eject by the host brings the next disc, not a blank */
	const struct holders *holders;
	const struct holder *self;
	struct drive_record *record;
	struct drive_commands *commands;
	struct engine_thread *engine;
	const struct stale_checksum *stale; /* while it is busy, no checksum is written */
	const struct cue_keeper *cue;       /* while it is busy, no disc is renamed */
	/* As postburn_config.done. */
	void (*postburn_done)(void *ctx, const struct postburn_result *result);
	void *ctx;
};

/* 0 or -errno. */
int burned_new(const struct burned_config *config, sd_event *event, struct burned **out);
/* Abandons the verification in progress. NULL is fine. */
void burned_free(struct burned *b);

/* Its ctx is a struct burned. */
extern const struct drive_observer burned_observer;

/* For holder.postburn. NULL: burned discs are neither renamed nor verified. */
struct postburn *burned_postburn(const struct burned *b);

/* See drive_services.choose_blank and .blank_failed. */
int burned_choose_blank(struct burned *b, char **name, json_t **answer);
void burned_blank_failed(struct burned *b, const char *problem);
/* Returns the name of a blank for an empty drive at start, valid until the next call, or NULL. */
const char *burned_initial_blank(struct burned *b);

/* Returns false if no action on burned discs is configured; fills in *out anyway. */
bool burned_status(const struct burned *b, struct postburn_status *out);

#endif
