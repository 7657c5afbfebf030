// SPDX-License-Identifier: GPL-2.0-or-later
/* Writing to a CD-R or CD-RW: what the host sends becomes sectors of the image. */
#include <errno.h>
#include <string.h>

#include "cd/check.h"
#include "cd/text.h"
#include "disc/cd_int.h"
#include "disc/compact_int.h"
#include "disc/disc_int.h"
#include "util/array.h"

static struct disc_cd_track *open_track(struct disc_cd *cd)
{
	return cd->now.open ? &cd->now.track[cd->now.tracks - 1] : NULL;
}

/* Sectors of the open track. */
static uint32_t written(const struct disc_cd *cd)
{
	return cd->now.open ? cd->now.track[cd->now.tracks - 1].written : 0;
}

/* True if the next WRITE is one of a session-at-once. What has begun goes on as it began. */
static bool is_at_once(const struct disc_cd *cd)
{
	return disc_cd_is_under_way(cd) || (written(cd) == 0 && cd->write.at_once);
}

/* True if the open session has a closed track: then no session-at-once can begin. */
static bool has_tracks(const struct disc_cd *cd)
{
	return disc_cd_open_session(&cd->now) > cd->now.open;
}

/* Returns the block that the host sends for the open or the next track; NULL: none is possible. */
static const struct cd_block *track_block(const struct disc_cd *cd)
{
	if (written(cd) == 0)
		return cd_block_of(cd->write.form, cd->write.unit);
	if (cd->block)
		return cd->block;
	return cd_block_of(cd->now.track[cd->now.tracks - 1].form, cd->write.unit);
}

/* ---- queries -------------------------------------------------------------------------------- */

bool disc_cd_nwa(const struct disc *d, int64_t *lba)
{
	const struct disc_cd *cd = d->cd;
	const struct disc_cd_record *r = &cd->now;

	*lba = 0;
	if (r->finalised || (r->tracks == CD_MAX_TRACKS && !r->open))
		return false;
	if (is_at_once(cd) && r->cue_len)
		*lba = disc_cd_skip_silence(&cd->cue, r->next);
	else if (is_at_once(cd) && has_tracks(cd))
		return false;
	else if (is_at_once(cd))
		*lba = disc_cd_program_start(r) - (int64_t)CD_PREGAP;
	else
		*lba = (int64_t)disc_cd_next_track(r) + written(cd);
	return *lba < d->limit;
}

uint32_t disc_cd_free(const struct disc *d)
{
	int64_t nwa, end = d->limit;

	if (!disc_cd_nwa(d, &nwa))
		return 0;
	end -= is_at_once(d->cd) ? 0 : CD_RUN_OUT;
	nwa = MAX(nwa, disc_cd_program_start(&d->cd->now));
	return end > nwa ? (uint32_t)(end - nwa) : 0;
}

uint32_t disc_cd_write_unit(const struct disc *d, int64_t lba)
{
	const struct disc_cd *cd = d->cd;
	const struct cd_cue *cue = &cd->cue;
	const struct cd_block *b;

	if (!is_at_once(cd) || cd->now.cue_len == 0) {
		b = is_at_once(cd) ? NULL : track_block(cd);
		return b ? b->unit : cd->write.unit;
	}
	if (lba < cue->begin)
		return DISC_CD_TEXT_UNIT;
	if (lba >= cue->lead_out)
		return cd->write.unit;
	return cd_block_of_data_form(cd_cue_part_at(cue, (int32_t)lba)->data_form)->unit;
}

/* May these blocks be written track-at-once? */
static int may_write_track(const struct disc *d, int64_t lba, uint32_t count)
{
	int64_t nwa;

	if (!track_block(d->cd))
		return DISC_WRONG_MODE;
	if (lba < 0 || lba >= d->limit)
		return DISC_OUT_OF_RANGE;
	if (!disc_cd_nwa(d, &nwa))
		return DISC_TRACK_FULL;
	if (lba != nwa)
		return count ? DISC_NOT_WRITABLE_ADDRESS : DISC_OK;
	return count && lba + count + CD_RUN_OUT > d->limit ? DISC_OUT_OF_RANGE : DISC_OK;
}

/* All these sectors come in blocks of one size, and none is one that the drive makes. */
static bool has_one_unit(const struct cd_cue *cue, int32_t lba, int32_t end)
{
	const struct cd_cue_part *part = cd_cue_part_at(cue, lba);
	uint16_t unit = cd_block_of_data_form(part->data_form)->unit;

	for (; part < cue->part + cue->parts && part->lba < end; part++)
		if (cd_block_of_data_form(part->data_form)->unit != unit)
			return false;
	return unit > 0;
}

/*
 * May a WRITE begin there? Where data are counted and dropped, the place does not matter if it is
 * not known; CD-Text may begin anywhere in the lead-in, and end before it does.
 */
static bool is_next(const struct disc_cd *cd, int64_t lba)
{
	const struct cd_cue *cue = &cd->cue;
	int32_t next = disc_cd_skip_silence(cue, cd->now.next);

	if (lba == next)
		return true;
	if (next >= cue->begin + (int32_t)CD_PREGAP || lba < next)
		return false;
	if (cd->position_lost)
		return lba <= cue->begin + (int32_t)CD_PREGAP;
	if (disc_cd_is_under_way(cd))
		return next < cue->begin && lba == cue->begin;
	return lba <= cue->begin;
}

/* May these blocks be written by the cue sheet? */
static int may_write_session(const struct disc *d, int64_t lba, uint32_t count)
{
	const struct disc_cd *cd = d->cd;
	const struct cd_cue *cue = &cd->cue;
	int64_t end = lba + count;

	if (cd->now.cue_len == 0)
		return DISC_SEQUENCE;
	if (lba < disc_cd_first_address(&cd->now, cue) || lba >= cue->lead_out)
		return DISC_OUT_OF_RANGE;
	if (!is_next(cd, lba))
		return count ? DISC_NOT_WRITABLE_ADDRESS : DISC_OK;
	if (end > cue->lead_out)
		return DISC_OUT_OF_RANGE;
	if (lba < cue->begin)
		return end > cue->begin ? DISC_NO_ROOM : DISC_OK;
	/* A WRITE across two kinds of blocks: no length of its data would be right. */
	return count && !has_one_unit(cue, (int32_t)lba, (int32_t)end) ? DISC_NO_ROOM : DISC_OK;
}

int disc_cd_may_write(const struct disc *d, int64_t lba, uint32_t count)
{
	if (d->cd->now.finalised)
		return DISC_CLOSED;
	return is_at_once(d->cd) ? may_write_session(d, lba, count)
				 : may_write_track(d, lba, count);
}

/* ---- the image ------------------------------------------------------------------------------ */

/* As for other write-once discs (sequential.c), in bytes; to: where the image ends then. */
static int make_room_for(struct disc *d, uint64_t to)
{
	uint64_t end = d->cd->end;
	int r;

	if (d->store && !d->saved)
		d->store_uncertain = true;
	if (!d->store_uncertain && d->intent == DISC_INTENT_NONE &&
		to - d->safe_end <= disc_max_unsaved(d))
		return DISC_OK;
	r = disc_sync(d);
	return r < 0 && d->cd->end < end ? DISC_LOST : r;
}

/* Makes sectors of the blocks, some at a time, and writes them. */
static int write_made(struct disc *d, const struct cd_block *b, int32_t lba, uint32_t count,
	uint64_t at, const uint8_t *buf)
{
	int r = DISC_OK;

	while (count > 0 && r == DISC_OK) {
		uint32_t n = MIN(count, CD_STAGE);

		for (uint32_t i = 0; i < n; i++, lba++, buf += b->unit)
			cd_block_to_sector(b, lba, buf, d->cd->stage + i * CD_SECTOR);
		r = media_write(d->media, at, n * CD_SECTOR, d->cd->stage);
		at += (uint64_t)n * CD_SECTOR;
		count -= n;
	}
	return r;
}

/*
 * Writes sectors to their place in the image. After -EAGAIN, the same may be written again. The
 * cheap way is that of plain images and of audio.
 */
static int write_sectors(
	struct disc *d, const struct cd_block *b, int32_t lba, uint32_t count, const uint8_t *buf)
{
	const struct disc_cd_place *p = &d->cd->at;
	uint64_t at = p->at + (uint64_t)(lba - p->lba) * p->unit;
	int r = make_room_for(d, at + (uint64_t)count * p->unit);

	if (r != DISC_OK)
		return r;
	if (b->unit == p->unit && b->length == b->unit)
		r = media_write(d->media, at, count * p->unit, buf);
	else
		r = write_made(d, b, lba, count, at, buf);
	/* A medium with write-behind may have lost blocks that it accepted earlier. */
	if (r < 0 && r != -EAGAIN && disc_wait_written(d) == 0)
		(void)media_truncate(d->media, d->cd->end);
	return r;
}

/*
 * The open track of the view has `count` sectors more: layout and map follow, and are not made
 * again.
 */
static void extend(struct disc *d, uint32_t count)
{
	struct cd_map *m = disc_compact_map(d->compact);
	struct disc_cd *cd = d->cd;

	d->layout.track[m->tracks - 1].written += count;
	m->track[m->tracks - 1].length += count;
	m->extent[m->extents - 1].count += count;
	m->session[m->sessions - 1].lead_out += (int32_t)count;
	cd->end += (uint64_t)count * cd->at.unit;
}

/* ---- track-at-once -------------------------------------------------------------------------- */

static bool is_begun_so(const struct disc_cd *cd)
{
	const struct disc_cd_write *w = &cd->write;
	const struct disc_cd_track *t;

	if (!cd->now.open)
		return false;
	t = &cd->now.track[cd->now.tracks - 1];
	return t->written ||
	       (t->form == w->form && t->control == w->control && strcmp(t->isrc, w->isrc) == 0);
}

/*
 * Begins a track as mode page 05h says. The state file has it before the image has anything of it,
 * so that a longer image can be read after a power cut.
 */
static int begin_track(struct disc *d)
{
	struct disc_cd *cd = d->cd;
	struct disc_cd_record *r = &cd->now;
	struct disc_cd_track *t;

	if (is_begun_so(cd))
		return DISC_OK;
	disc_cd_close_open(r);
	r->cue_len = 0;
	r->next = 0;
	if (r->sessions == 0 && r->tracks == 0)
		r->text_packs = 0;
	if (disc_cd_state_bytes(r, NULL) + 160 > STORE_TEXT_MAX)
		return DISC_NO_ROOM;
	t = &r->track[r->tracks];
	*t = (struct disc_cd_track){
		.start = disc_cd_next_track(r),
		.pregap = CD_PREGAP,
		.unit = disc_cd_track_unit(r, cd->write.form),
		.session = (uint8_t)(r->sessions + 1),
		.control = cd->write.control,
		.form = cd->write.form,
	};
	if (cd_is_isrc(cd->write.isrc))
		memcpy(t->isrc, cd->write.isrc, sizeof(t->isrc));
	if (r->mcn[0] == '\0' && cd_is_mcn(cd->write.mcn))
		memcpy(r->mcn, cd->write.mcn, sizeof(r->mcn));
	r->tracks++;
	r->open = true;
	disc_cd_refresh(d);
	d->store_uncertain |= !d->testing;
	return DISC_OK;
}

static int write_track(struct disc *d, int64_t lba, uint32_t count, const uint8_t *buf)
{
	struct disc_cd *cd = d->cd;
	const struct cd_block *b = track_block(cd);
	int r = begin_track(d);

	if (r == DISC_OK && !d->testing)
		r = write_sectors(d, b, (int32_t)lba, count, buf);
	if (r != DISC_OK)
		return r;
	struct disc_cd_track *t = open_track(cd);
	t->written += count;
	cd->block = b;
	if (t->written == count || d->testing)
		disc_cd_refresh(d);
	else
		extend(d, count);
	return DISC_OK;
}

/* ---- session-at-once ------------------------------------------------------------------------ */

/* Compares packs by their block (language) and their number in it. */
static int compare_packs(const uint8_t *a, const uint8_t *b)
{
	int block = (a[3] >> 4 & 7) - (b[3] >> 4 & 7);

	return block ? block : a[2] - b[2];
}

/* Adds a pack at its place, unless it is there or damaged. DISC_BAD_PARAMETER: there are too many.
 */
static int add_pack(struct disc_cd *cd, const uint8_t pack[CD_TEXT_PACK])
{
	struct disc_cd_record *r = &cd->now;
	unsigned i = r->text_packs;

	if (pack[0] < 0x80 || pack[0] > 0x8f || !cd_text_is_intact(pack))
		return DISC_OK;
	while (i > 0 && compare_packs(r->text[i - 1], pack) > 0)
		i--;
	if (i > 0 && compare_packs(r->text[i - 1], pack) == 0)
		return DISC_OK;
	if (r->text_packs == CD_MAX_TEXT_PACKS)
		return DISC_BAD_PARAMETER;
	memmove(r->text[i + 1], r->text[i], (size_t)(r->text_packs - i) * CD_TEXT_PACK);
	memcpy(r->text[i], pack, CD_TEXT_PACK);
	r->text_packs++;
	cd->text_unsaved = true;
	return DISC_OK;
}

/*
 * CD-Text of the lead-in. The host repeats it until the lead-in is full. What is new is saved
 * before it is answered. READ TOC tells that of the first session; of others it is not kept.
 */
static int write_text(struct disc *d, int64_t lba, uint32_t count, const uint8_t *buf)
{
	struct disc_cd *cd = d->cd;
	int r = DISC_OK;

	for (uint32_t i = 0; i < count && cd->now.sessions == 0; i++) {
		uint8_t packs[CD_TEXT_OF_SECTOR];

		cd_text_from_lead_in(buf + (size_t)i * DISC_CD_TEXT_UNIT, packs);
		for (unsigned k = 0; k < CD_TEXT_OF_SECTOR && r == DISC_OK; k += CD_TEXT_PACK)
			r = add_pack(cd, packs + k);
	}
	if (r != DISC_OK)
		return r;
	if (cd->text_unsaved && !d->testing) {
		d->store_uncertain = true;
		r = disc_sync(d);
		if (r != DISC_OK)
			return r;
	}
	cd->text_unsaved = false;
	cd->now.next = (int32_t)(lba + count);
	disc_cd_refresh(d);
	return DISC_OK;
}

/* Writes what is in the program area: the pregap before it is dropped. */
static int write_parts(struct disc *d, int32_t lba, uint32_t count, const uint8_t *buf)
{
	const struct cd_cue *cue = &d->cd->cue;
	int32_t first = cue->begin + (int32_t)CD_PREGAP, end = lba + (int32_t)count;
	int r = DISC_OK;

	if (lba < first) {
		uint32_t unit = disc_cd_write_unit(d, lba);
		int32_t dropped = MIN(first, end) - lba;

		buf += (size_t)dropped * unit;
		lba += dropped;
	}
	while (lba < end && r == DISC_OK) {
		const struct cd_cue_part *part = cd_cue_part_at(cue, lba);
		const struct cd_block *b = cd_block_of_data_form(part->data_form);
		int32_t n = MIN(end, cd_cue_part_end(cue, part)) - lba;

		r = write_sectors(d, b, lba, (uint32_t)n, buf);
		buf += (size_t)n * b->unit;
		lba += n;
	}
	return r;
}

static int write_session(struct disc *d, int64_t lba, uint32_t count, const uint8_t *buf)
{
	struct disc_cd *cd = d->cd;
	int32_t before = cd->now.next;
	const struct disc_cd_view *v = &cd->view;
	int r = DISC_OK;

	if (lba < cd->cue.begin)
		return write_text(d, lba, count, buf);
	if (!d->testing)
		r = write_parts(d, (int32_t)lba, count, buf);
	if (r != DISC_OK)
		return r;
	cd->position_lost = false;
	cd->now.next = (int32_t)(lba + count);
	if (!d->testing && v->open && v->track[v->tracks - 1].session > cd->now.sessions &&
		before == lba && before > v->track[v->tracks - 1].start && cd->now.next < v->end)
		extend(d, count);
	else
		disc_cd_refresh(d);
	return DISC_OK;
}

int disc_cd_write(struct disc *d, int64_t lba, uint32_t count, const void *buf)
{
	int r = disc_cd_may_write(d, lba, count);

	if (r != DISC_OK || count == 0)
		return r;
	return is_at_once(d->cd) ? write_session(d, lba, count, buf)
				 : write_track(d, lba, count, buf);
}

/* The address after what is left of a session-at-once. The image has no silence at its end. */
static int32_t kept_address(const struct disc_cd *cd, uint64_t kept)
{
	int32_t next = (int32_t)MIN(cd->at.lba + (int64_t)kept, cd->now.next);

	return MAX(disc_cd_before_silence(&cd->cue, next), cd->at.lba);
}

/* Sectors from byte `from` of the image on are no longer counted. */
void disc_cd_lost(struct disc *d, uint64_t from)
{
	struct disc_cd *cd = d->cd;
	struct disc_cd_track *t = open_track(cd);
	const struct disc_cd_place *p = &cd->at;
	uint64_t kept = cd->recording && from > p->at ? (from - p->at) / p->unit : 0;

	if (cd->end > from) {
		if (t)
			t->written = (uint32_t)MIN(kept, (uint64_t)t->written);
		else if (cd->recording && cd->now.next > p->lba)
			cd->now.next = kept_address(cd, kept);
		d->checked = 0;
		disc_cd_refresh(d);
	}
	(void)media_truncate(d->media, cd->end);
}
