/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the parts of a drive that the image in it has another name: its state file, the
 * hand-over state, the drive record and status follow. Main thread only.
 */
#ifndef DRIVE_IMAGE_MOVER_H
#define DRIVE_IMAGE_MOVER_H

#include <stdatomic.h>
#include <stdint.h>

#include "drive/disc_watch.h"
#include "drive/drive_handover.h"
#include "drive/drive_record.h"
#include "drive/engine_thread.h"
#include "image/image.h"

/* Everything that it points to must outlive it. */
struct image_mover {
	struct image *in; /* the image in the drive */
	struct engine_thread *engine;
	struct drive_handover *handover;
	struct drive_record *record;
	atomic_bool asked; /* the engine's thread has not yet seen that the state file is missing */
};

/* Sets the callbacks: the watch tells the mover what it sees. */
void image_mover_watch(struct image_mover *m, struct disc_watch_config *config);

#endif
