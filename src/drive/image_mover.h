/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the parts of a drive that the image in it has another name: its state file, the
 * hand-over state, the drive record and status follow. Main thread only.
 */
#ifndef DRIVE_IMAGE_MOVER_H
#define DRIVE_IMAGE_MOVER_H

#include <stdatomic.h>
#include <stdint.h>

#include "drive/drive_handover.h"
#include "drive/drive_record.h"
#include "drive/engine_thread.h"
#include "library/image.h"

/* Everything that it points to must outlive it. */
struct image_mover {
	struct image *in; /* the image in the drive */
	struct engine_thread *engine;
	struct drive_handover *handover;
	struct drive_record *record;
	atomic_bool asked; /* the engine's thread has not yet seen that the state file is missing */
};

/* As in struct disc_watch_config; mover is a struct image_mover. */
void image_mover_moved(void *mover, const char *name, const char *path);
void image_mover_state_missing(void *mover);
uint64_t image_mover_safe_bytes(void *mover);

#endif
