/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a drive, for the files that put them together: drive.c, drive_services.c and
 * drive_extract.c. The parts themselves do not see this header.
 */
#ifndef DRIVE_DRIVE_INT_H
#define DRIVE_DRIVE_INT_H

#include "drive/burn_end.h"
#include "drive/burn_rate.h"
#include "drive/disc_jobs.h"
#include "drive/disc_watch.h"
#include "drive/drive.h"
#include "drive/drive_faults.h"
#include "drive/drive_find.h"
#include "drive/drive_handover.h"
#include "drive/drive_machine.h"
#include "drive/drive_record.h"
#include "drive/extract_jobs.h"
#include "drive/host_log.h"
#include "drive/image_mover.h"
#include "drive/cue_keeper.h"
#include "drive/stale_checksum.h"
#include "library/media_folder.h"

struct drive {
	char *name, *media;
	struct media_folder *folder;
	struct drives *set; /* NULL: not added yet */
	struct catalog *catalog;
	struct drive_handover *handover;
	struct engine_thread *engine;
	struct disc_closer *closer;
	struct disc_opener opener;
	struct holder holder;
	struct drive_find *find;
	struct drive_machine *machine;
	struct drive_commands *commands;
	struct drive_record *record;
	struct burned *burned;
	struct image_mover mover;
	struct disc_watch *watch;
	struct disc_jobs *jobs;
	struct extract_jobs *extract;
	struct drive_faults *faults; /* NULL: they may not be requested */
	struct burn_end burn_end;
	struct burn_rate burn_rate;
	struct host_log log;
	struct stale_checksum stale;
	struct cue_keeper cue;
	sd_event_source *timer;
};

/* The services that the state machine calls; their ctx is a struct drive. */
extern const struct drive_services drive_services;

#endif
