/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to src/disc: what the write models and the opening of discs share (disc_save.c). */
#ifndef DISC_DISC_INT_H
#define DISC_DISC_INT_H

#include "disc/cd_int.h"
#include "disc/disc.h"
#include "disc/disc_state.h"

/* Number of blocks that 2048 bytes of the image are: a block of a CD-R or CD-RW is one byte. */
static inline uint32_t disc_image_scale(const struct disc *d)
{
	return d->cd ? MEDIA_BLOCK : 1;
}
/* Blocks of the image that the layout counts. */
static inline uint32_t disc_image_end(const struct disc *d)
{
	return d->cd ? (uint32_t)d->cd->end : disc_layout_end(&d->layout);
}
/*
 * Saves the layout in the store; removes the saved one if the image alone gives the same
 * layout. The data that the layout counts must be on storage. 0, -EAGAIN or -errno.
 */
int disc_save(struct disc *d);
/*
 * As disc_save() for a layout that was changed since `before`: on failure the disc has
 * `before` again. Nothing is saved during a test write.
 */
int disc_commit(struct disc *d, const struct disc_layout *before);
/*
 * Syncs the data. On failure it is not known what storage has: the kernel may no longer treat
 * the pages as dirty, and a second sync would succeed. So the model's lost() is called.
 */
int disc_sync_data(struct disc *d);
/*
 * Puts the stamp of the image on storage, and prepares the intent line, which has that stamp and
 * announces that the image is to be cut to `blocks`. The caller has called disc_wait_written(), and
 * next saves the layout and cuts the image. 0; or -EAGAIN or -errno, and nothing is prepared.
 */
int disc_announce_cut(struct disc *d, uint32_t blocks);
/*
 * To be called before a layout is saved in which a track is reserved or closed: cuts the image to
 * the recorded blocks, and syncs it. Does nothing during a test write.
 */
int disc_sync_before_change(struct disc *d);
/*
 * Gives the disc another layout and format state, and cuts the image to `blocks`. The state
 * file announces that (an intent line) before the image is touched, so that a power cut leaves
 * either all of the old disc or all of the new one. On failure the disc is one of the two as
 * well; a second call with the same arguments continues.
 */
int disc_replace(
	struct disc *d, const struct disc_layout *layout, enum disc_format format, uint32_t blocks);
/*
 * Blocks that may be written and not yet counted by the saved layout. They are few until that
 * layout has the checksum that tells this image from others. Otherwise another image that was
 * copied over this one could be mistaken for this image with an interrupted burn, and its end
 * would be cut off.
 */
uint32_t disc_max_unsaved(const struct disc *d);
/*
 * Sets disc.limit: as far as disc.room_end lets the image grow from its present end, in whole ECC
 * blocks, so that no track ends within one. Of a CD, see disc_cd_set_room().
 */
void disc_set_limit(struct disc *d);
/* CRC-32 of the first blocks of the image, into *crc. 0, -EAGAIN or -errno. */
int disc_check_image(struct media *m, uint32_t blocks, uint32_t *crc);

/* How a sequentially recorded disc is opened (sequential_open.c): disc_model.misfit, .resume. */
const char *disc_sequential_misfit(struct disc *d, const struct disc_state *s);
const char *disc_sequential_resume(struct disc *d, const struct disc_state *s);

/*
 * The operations of all media that are overwritten in place (overwrite.c):
 * disc_model.close_track, and the last step of disc_model.resume, after the layout was set.
 */
int disc_overwrite_close_track(struct disc *d, uint32_t number);
const char *disc_overwrite_resume_image(struct disc *d);

/* FORMAT UNIT of a medium with disc_medium.formatted_model (rigid.c): disc_model.format. */
int disc_rigid_format(
	struct disc *d, const struct disc_format_offer *offer, uint32_t blocks, bool keep);

#endif
