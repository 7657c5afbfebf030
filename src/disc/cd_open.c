// SPDX-License-Identifier: GPL-2.0-or-later
/* Opens a CD-R or CD-RW: checks the state, and continues interrupted burns (sequential_open.c). */
#include <string.h>

#include "disc/cd_int.h"
#include "disc/disc_int.h"
#include "util/array.h"

const char *disc_cd_misfit(struct disc *d, const struct disc_state *s)
{
	struct disc_cd *cd = d->cd;
	const struct cd_cue_place place = disc_cd_cue_place(&s->cd, s->capacity);
	uint64_t blocks = d->media->blocks, end, most;
	uint32_t crc;

	if (s->cd.cue_len && !cd_cue_parse(s->cd.cue, s->cd.cue_len, &place, &cd->cue))
		return "its state file has a cue sheet that is not right";
	end = disc_cd_end_in_image(&s->cd, &cd->cue);
	most = end;
	/* Only a track that the state has begun can have more than it counts. */
	if (s->cd.open || s->cd.cue_len)
		most = disc_cd_next_in_image(&s->cd, &cd->cue) + s->max_unsaved;
	if (blocks < end)
		return "its state file counts more bytes than the image has";
	if (blocks > most)
		return "the image has more bytes than its state file can have missed";
	if (disc_check_image(d->media, s->checked, &crc) < 0)
		return "the image cannot be read where its state file would be checked";
	if (crc != s->check)
		return "its state file is that of another image";
	return NULL;
}

/* Counts the sectors that the image has past the saved state as recorded: only the daemon had
 * died. */
static void adopt(struct disc *d)
{
	struct disc_cd *cd = d->cd;
	struct disc_cd_record *r = &cd->now;
	const struct disc_cd_place *p = &cd->at;
	int64_t sectors = (int64_t)((d->media->blocks - p->at) / p->unit);
	int64_t before = r->next > p->lba ? r->next - p->lba : 0;

	if (r->open)
		before = r->track[r->tracks - 1].written;
	if (r->open)
		sectors = MIN(sectors, d->capacity - (int64_t)CD_RUN_OUT - p->lba);
	else
		sectors = MIN(sectors, cd->cue.lead_out - (int64_t)p->lba);
	if (sectors <= before)
		return;
	if (r->open)
		r->track[r->tracks - 1].written = (uint32_t)sectors;
	else
		r->next = (int32_t)(p->lba + sectors);
	d->adopted = (uint32_t)(sectors - before);
	disc_cd_refresh(d);
}

/*
 * Handles an image that is longer than the state counts. What was written since the board was
 * started counts, the rest is dropped.
 */
static const char *take_uncounted(struct disc *d, const struct disc_state *s)
{
	struct disc_cd *cd = d->cd;
	bool same_boot = s->boot[0] && strcmp(s->boot, d->store->boot) == 0;

	cd->position_lost = cd->now.cue_len > 0;
	if (d->media->blocks == cd->end)
		return NULL;
	d->media->dirty = true;
	if (same_boot && cd->recording && d->media->blocks > cd->at.at && media_sync(d->media) == 0)
		adopt(d);
	d->dropped = (uint32_t)((d->media->blocks - cd->end + CD_SECTOR - 1) / CD_SECTOR);
	if (media_truncate(d->media, cd->end) < 0)
		return "the rest of a cut burn could not be taken off its end";
	return NULL;
}

/* Makes a disc readable that can no longer be recorded: what is open counts as closed. */
static const char *freeze(struct disc *d)
{
	static const char why[] = "the image cannot be written";
	bool has_tracks = disc_cd_close_all(d);

	disc_cd_refresh(d);
	if (has_tracks)
		d->read_only = why;
	return has_tracks ? NULL : why;
}

const char *disc_cd_resume(struct disc *d, const struct disc_state *s)
{
	d->cd->now = s->cd;
	disc_cd_refresh(d);
	d->cd->counted = d->cd->end;
	d->checked = s->checked;
	d->check = s->check;
	if (d->cd->now.finalised)
		return NULL;
	return d->media->writable ? take_uncounted(d, s) : freeze(d);
}
