/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Write models: how a medium is recorded. A row of the medium table names its model; disc.c
 * calls the model wherever media differ. References, reading, syncing and saving are the same
 * for all of them (disc.c, disc_open.c, disc_save.c).
 *
 * sequential: each block goes to the next writable address and is written once. The
 *	saved layout counts the recorded blocks: the data is synced before it is saved.
 * overwrite: once formatted, each block may be written at any time. The layout does
 *	not change by writing, so a WRITE saves it only if an earlier save failed or is
 *	still to come (disc.store_uncertain, disc.intent). Blocks never written read as
 *	zeros. A host that mounts such a disc never sends SYNCHRONIZE CACHE, so the owner of
 *	the drive syncs it when disc_unsynced() stays above 0.
 * read only: nothing is recorded. compact: the same for a CD-ROM, whose map says where its
 *	sectors are.
 * cd: the tracks and sessions of a CD-R or CD-RW (disc/cd_record.h).
 *
 * A rigid restricted overwrite (DVD-RW, profile 0013h) is overwrite whose track grows
 * like a sequential one while the format state is DISC_INTERMEDIATE: `written` of that
 * track is saved by disc_sync(), and may_write() takes what begins at or below it.
 *
 * All functions: one thread at a time, as for struct disc. Results as in disc.h: DISC_*,
 * -EAGAIN (call again with the same arguments), -errno. Only reserve and format may be NULL: the
 * medium has no such operation (DISC_NOT_FOR_MEDIUM).
 */
#ifndef DISC_MODEL_H
#define DISC_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "disc/medium.h"

struct disc;
struct disc_format_offer;
struct disc_state;

struct disc_model {
	bool recordable;      /* at all */
	bool rewritable;      /* also when the layout is finalised */
	bool has_tracks;      /* the state file lists tracks; false: only the formatted size */
	bool has_test_write;  /* Test Write (MMC-6 7.5) is supported */
	bool zero_fill;       /* blocks that the layout counts may never have been written */
	bool compact;         /* the disc has a map of sectors (disc/compact.h) */
	bool counts_recorded; /* each sync saves the layout, with a checksum of the first blocks */

	/* May these blocks be written now? Changes nothing. */
	int (*may_write)(const struct disc *d, int64_t lba, uint32_t count);
	/* As disc_write(): checks, writes and moves the next writable address, or nothing. */
	int (*write)(struct disc *d, int64_t lba, uint32_t count, const void *buf);
	/*
	 * Blocks from `from` on did not reach storage, and the medium takes no more until it
	 * was truncated. Blocks that were answered GOOD must be kept as far as possible.
	 */
	void (*lost)(struct disc *d, uint64_t from);
	/* at_once: for disc-at-once recording; only for a medium with has_dao. */
	int (*reserve)(struct disc *d, uint32_t blocks, bool at_once);
	int (*close_track)(struct disc *d, uint32_t number);
	int (*close_session)(struct disc *d);
	int (*finalise)(struct disc *d);
	/*
	 * Formats the medium to `blocks` blocks (0: into the intermediate state) by `offer`, an
	 * entry of its row. keep: the format continues one that was interrupted, so the data
	 * stays.
	 */
	int (*format)(
		struct disc *d, const struct disc_format_offer *offer, uint32_t blocks, bool keep);
	/* When a disc is opened: NULL, or why this state is not that of this image. */
	const char *(*misfit)(struct disc *d, const struct disc_state *s);
	/*
	 * When a disc is opened whose state fits: takes the layout of the state, and what an
	 * interrupted recording has left. NULL, or why the disc can only be read.
	 */
	const char *(*resume)(struct disc *d, const struct disc_state *s);
};

extern const struct disc_model disc_model_read_only, disc_model_sequential, disc_model_overwrite,
	disc_model_rigid, disc_model_compact, disc_model_cd;

/* The model of that medium in that format state. */
static inline const struct disc_model *disc_model_of(
	const struct disc_medium *m, enum disc_format format)
{
	return format != DISC_UNFORMATTED && m->formatted_model ? m->formatted_model : m->model;
}

#endif
