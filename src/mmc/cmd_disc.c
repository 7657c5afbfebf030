// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands that describe the disc: capacities, TOC, disc and track information. */
#include <string.h>

#include "cd/address.h"
#include "cd/toc.h"
#include "disc/cd_record.h"
#include "disc/compact.h"
#include "mmc/mmc_int.h"
#include "mmc/page_05.h"
#include "util/array.h"
#include "util/be.h"

/* ---- capacities ----------------------------------------------------------------------------- */

mmc_sense_t cmd_read_capacity(struct mmc_drive *d, const uint8_t *cdb)
{
	uint32_t blocks = disc_readable_blocks(d->cmd.disc);
	uint8_t *p = mmc_reply(d, 8);

	(void)cdb;
	/* A blank answers too, with 0: macOS drops a medium whose capacity it cannot read. */
	put_be32(p, blocks ? blocks - 1 : 0);
	put_be32(p + 4, MEDIA_BLOCK);
	return SENSE_NONE;
}

/* True if something of the open track or session is written. */
static bool is_being_recorded(const struct disc *disc)
{
	const struct disc_track *open = disc_track(disc, disc_open_track(disc));

	return (open && open->written) || (disc_is_cd_recordable(disc) && disc_cd_is_at_once(disc));
}

/* ---- READ TOC ------------------------------------------------------------------------------- */

/* Address as four bytes, LBA or MSF (MMC-6 table 1: LBA 0 is 00:02:00). */
void mmc_put_address(uint8_t *p, int64_t lba, bool msf)
{
	uint64_t frames = (uint64_t)(lba + 150);

	if (!msf) {
		put_be32(p, (uint32_t)lba);
		return;
	}
	/* MSF ends at 255 minutes: drives report the highest address for all blocks past it. */
	if (frames > 256u * 4500u - 1)
		frames = 256u * 4500u - 1;
	p[0] = 0;
	p[1] = (uint8_t)(frames / 4500);
	p[2] = (uint8_t)(frames / 75 % 60);
	p[3] = (uint8_t)(frames % 75);
}

static uint8_t *put_toc_entry(uint8_t *p, uint8_t number, uint32_t lba, bool msf)
{
	memset(p, 0, 4);
	p[1] = 0x14; /* ADR 1, data track */
	p[2] = number;
	mmc_put_address(p + 4, lba, msf);
	return p + 8;
}

/* Format 0: the closed tracks from `from` on, and the lead-out. */
static mmc_sense_t toc_tracks(struct mmc_drive *d, uint32_t from, bool msf)
{
	enum { LEAD_OUT = 0xaa };
	const struct disc *disc = d->cmd.disc;
	uint32_t first, last = 0;

	disc_session_tracks(disc, disc_last_closed_session(disc), &first, &last);
	if (from > last && from != LEAD_OUT)
		return mmc_bad_cdb();
	uint8_t *p = mmc_reply(d, MMC_REPLY_SIZE);
	uint8_t *q = p + 4;
	p[2] = 1;
	p[3] = (uint8_t)last;
	for (uint32_t n = MAX(from, 1u); n <= last && from != LEAD_OUT; n++)
		q = put_toc_entry(q, (uint8_t)n, disc_track(disc, n)->start, msf);
	q = put_toc_entry(q, LEAD_OUT, disc_readable_blocks(disc), msf);
	d->cmd.reply_len = (uint32_t)(q - p);
	put_be16(p, d->cmd.reply_len - 2);
	return SENSE_NONE;
}

/* Format 1: where the last complete session begins. */
static mmc_sense_t toc_sessions(struct mmc_drive *d, bool msf)
{
	const struct disc *disc = d->cmd.disc;
	uint32_t session = disc_last_closed_session(disc), first, last;

	disc_session_tracks(disc, session, &first, &last);
	uint8_t *p = mmc_reply(d, 12);
	put_be16(p, 10);
	p[2] = 1;
	p[3] = (uint8_t)session;
	put_toc_entry(p + 4, (uint8_t)first, disc_track(disc, first)->start, msf);
	return SENSE_NONE;
}

/* The ATIP: what a recordable CD tells of itself; its addresses depend on the size of the disc. */
static struct cd_atip atip_of(const struct disc *disc, const struct mmc_profile *profile)
{
	struct cd_atip atip = *profile->atip;

	atip.lead_in = DISC_CD_LEAD_IN;
	atip.last_lead_out = (int32_t)disc->capacity;
	return atip;
}

/* All formats, of a CD. */
static mmc_sense_t toc_of_map(
	struct mmc_drive *d, const struct cd_map *map, uint8_t format, uint8_t number, bool msf)
{
	const struct disc *disc = d->cmd.disc;
	struct cd_toc_request r = {.format = format, .number = number, .msf = msf};
	struct cd_atip atip;
	uint8_t *p = mmc_reply(d, CD_TOC_MAX);

	if (d->profile->atip) {
		atip = atip_of(disc, d->profile);
		r.atip = &atip;
		r.appendable = disc_is_appendable(disc);
		r.open_tracks = (uint8_t)disc_cd_open_tracks(disc);
		r.unfinished = is_being_recorded(disc);
	}
	d->cmd.reply_len = cd_toc(map, &r, p);
	return d->cmd.reply_len ? SENSE_NONE : mmc_bad_cdb();
}

mmc_sense_t cmd_read_toc(struct mmc_drive *d, const uint8_t *cdb)
{
	const struct cd_map *map = disc_cd_map(d->cmd.disc);
	bool msf = cdb[1] & 0x02;
	uint8_t format = cdb[2] & 0x0f;

	/* SFF-8020i had the format in the control byte: Linux sr and Alcohol 120% still ask so. */
	if (format == 0)
		format = cdb[9] >> 6;
	if (map)
		return toc_of_map(d, map, format, cdb[6], msf);
	/*
	 * No TOC without a closed session: udev runs blkid on discs with a TOC, and blkid
	 * fails on a blank.
	 */
	if (disc_readable_blocks(d->cmd.disc) == 0)
		return mmc_bad_cdb();
	switch (format) {
	case 0:
		return toc_tracks(d, cdb[6], msf);
	case 1:
		return toc_sessions(d, msf);
	}
	return mmc_bad_cdb(); /* raw TOC, PMA, ATIP, CD-Text: compact discs only */
}

/* ---- READ DISC INFORMATION ------------------------------------------------------------------ */

/* Number of the first track; tracks of an image may begin with another number than 1. */
static uint32_t first_number(const struct disc *disc)
{
	const struct cd_map *map = disc_cd_map(disc);

	return map ? map->first_track : 1;
}

enum disc_status { STATUS_EMPTY, STATUS_INCOMPLETE, STATUS_COMPLETE, STATUS_OTHERS };
enum { ERASABLE = 0x10 };
enum session_state { SESSION_EMPTY, SESSION_INCOMPLETE, SESSION_COMPLETE = 3 };

static void put_cd_time(uint8_t *p, int32_t lba)
{
	struct cd_msf t = cd_msf(lba);

	p[0] = t.minute;
	p[1] = t.second;
	p[2] = t.frame;
}

/* The last session has data: written blocks, or a closed track before the open one. */
static bool session_has_begun(const struct disc *disc)
{
	uint32_t first, last;

	disc_session_tracks(disc, disc->layout.sessions, &first, &last);
	return is_being_recorded(disc) || first != last || disc->format == DISC_INTERMEDIATE;
}

static uint8_t disc_status_byte(const struct disc *disc, const struct mmc_profile *profile)
{
	if (disc->layout.finalised)
		return (uint8_t)(SESSION_COMPLETE << 2 |
				 (profile->other_status ? STATUS_OTHERS : STATUS_COMPLETE));
	if (session_has_begun(disc))
		return SESSION_INCOMPLETE << 2 | STATUS_INCOMPLETE;
	return disc->layout.sessions == 1 ? STATUS_EMPTY : STATUS_INCOMPLETE;
}

/*
 * Puts the fields that only a CD has: its type, as its last closed session has it; where the
 * lead-in of the next session begins, and where its lead-out can begin at the latest, or FFh if the
 * disc is complete.
 */
static void put_cd_information(const struct disc *disc, const struct cd_map *map, uint8_t *p)
{
	uint32_t closed = disc_last_closed_session(disc);

	p[8] = closed ? map->session[closed - 1].format : 0xff;
	if (disc_is_appendable(disc)) {
		put_cd_time(p + 17, disc_cd_lead_in(disc));
		put_cd_time(p + 21, (int32_t)disc->capacity);
	} else {
		memset(p + 16, 0xff, 8);
	}
}

mmc_sense_t cmd_read_disc_information(struct mmc_drive *d, const uint8_t *cdb)
{
	const struct disc *disc = d->cmd.disc;
	const struct cd_map *map = disc_cd_map(disc);
	uint32_t first = 1, last = 1, number = first_number(disc);

	if (cdb[1] & 0x07) /* track resources, POW resources: not on these discs */
		return mmc_bad_cdb();
	disc_session_tracks(disc, disc->layout.sessions, &first, &last);
	/* Always 34 bytes, no OPC entries: growisofs then asks for OPC only where it matters. */
	uint8_t *p = mmc_reply(d, 34);
	put_be16(p, 32);
	if (map)
		put_cd_information(disc, map, p);
	p[2] = disc_status_byte(disc, d->profile);
	/* Linux opens a write protected disc for reading only, because it is not erasable. */
	if (disc->medium->erasable && !disc_is_protected(disc))
		p[2] |= ERASABLE;
	first += number - 1;
	last += number - 1;
	p[3] = (uint8_t)number;
	p[4] = (uint8_t)disc->layout.sessions;
	p[5] = (uint8_t)first;
	p[6] = (uint8_t)last;
	p[7] = (uint8_t)(0x20 | disc_background(disc)); /* URU: unrestricted use */
	p[9] = (uint8_t)(disc->layout.sessions >> 8);
	p[10] = (uint8_t)(first >> 8);
	p[11] = (uint8_t)(last >> 8);
	return SENSE_NONE;
}

/* ---- READ TRACK INFORMATION ----------------------------------------------------------------- */

/*
 * Position of the track of a CD that has this address, from 1; where nothing is recorded yet, and
 * in the lead-in, that of the open or invisible track. 0: there is none.
 */
static uint32_t cd_track_at(const struct disc *disc, int32_t lba)
{
	enum { PREGAP = CD_PREGAP };
	uint32_t open = disc_open_track(disc);
	int i = disc_sector_track(disc, lba);

	if (i < 0 && open &&
		(lba < -PREGAP || lba >= (int64_t)disc_track(disc, open)->start - PREGAP))
		return open;
	return (uint32_t)(i + 1);
}

/* Returns the number of the track that the CDB selects; 0: the disc has no such track. */
static uint32_t selected_track(const struct disc *disc, const uint8_t *cdb)
{
	enum { BY_LBA, BY_TRACK, BY_SESSION };
	const struct cd_map *map = disc_cd_map(disc);
	uint32_t number = get_be32(cdb + 2), first, last;

	switch (cdb[1] & 0x03) {
	case BY_LBA:
		return map ? cd_track_at(disc, (int32_t)number) : disc_track_at(disc, number);
	case BY_TRACK:
		/*
		 * FFh: the invisible or incomplete track; a disc may have no track of that
		 * number.
		 */
		if (number == 0xff && disc->layout.tracks < 0xff)
			return disc_open_track(disc);
		number -= first_number(disc) - 1;
		return number <= disc->layout.tracks ? number : 0;
	case BY_SESSION:
		return disc_session_tracks(disc, number, &first, &last) ? first : 0;
	}
	return 0;
}

static void put_track(const struct disc *disc, const struct disc_track *t,
	const struct mmc_profile *profile, uint8_t *p)
{
	/* Byte 6: RT 80h, Blank 40h; data mode 1 or growisofs stops */
	static const uint8_t flags[] = {
		[DISC_TRACK_INVISIBLE] = 0x41,
		[DISC_TRACK_RESERVED] = 0xc1,
		[DISC_TRACK_OPEN] = 0x01,
	};
	bool writable = disc_track_free(disc, t) > 0 && !profile->no_addresses;
	bool recorded = t->written && !profile->no_addresses;

	p[6] = t->state == DISC_TRACK_CLOSED ? profile->closed_track
					     : flags[t->state] | profile->open_track;
	if (t->reserved && t->state == DISC_TRACK_OPEN)
		p[6] |= 0x80;
	if (!disc->layout.at_once)
		p[6] |= profile->incremental_track;
	p[7] = (uint8_t)((recorded ? 0x02 : 0) | (writable ? 0x01 : 0)); /* LRA_V, NWA_V */
	put_be32(p + 8, t->start);
	put_be32(p + 12, writable ? disc_track_nwa(disc, t) : 0);
	put_be32(p + 16, disc_track_free(disc, t));
	put_be32(p + 20, disc->medium->ecc_blocks);
	put_be32(p + 24, disc_track_size(disc, t));
	put_be32(p + 28, recorded ? t->start + t->written - 1 : 0);
}

/* Writes CONTROL and the data mode of a track of a CD; the mode of audio is Fh. */
static void put_cd_track(const struct cd_track *t, uint8_t *p)
{
	p[5] = t->control;
	p[6] = t->form == CD_AUDIO ? 0x0f : t->form == CD_MODE1 ? 1 : 2;
}

/*
 * Puts where the next WRITE to the open track of a CD has to begin, by the write type of mode page
 * 05h. A track in which nothing is recorded is what the page says, and begins there.
 */
static void put_open_cd_track(
	const struct disc *disc, const struct disc_track *t, const uint8_t *page_05, uint8_t *p)
{
	enum { BLANK = 0x40, NWA_VALID = 0x01 };
	uint32_t unwritten = disc_cd_free(disc);
	int64_t nwa;
	int may;

	put_be32(p + 16, 0);
	if (!disc_cd_nwa(disc, &nwa))
		return;
	/* The disc may be full, or all of the cue sheet sent; a cue sheet may yet come. */
	may = disc_may_write(disc, nwa, 1);
	if (may != DISC_OK && may != DISC_SEQUENCE)
		return;
	p[7] |= NWA_VALID;
	put_be32(p + 12, (uint32_t)nwa);
	put_be32(p + 16, unwritten);
	put_be32(p + 24, t->written + unwritten);
	if (is_being_recorded(disc))
		return;
	p[5] = page_05_track_mode(page_05);
	p[6] = BLANK | (p[5] & 4 ? 1 : 0x0f);
	put_be32(p + 8, (uint32_t)nwa);
}

mmc_sense_t cmd_read_track_information(struct mmc_drive *d, const uint8_t *cdb)
{
	const struct disc *disc = d->cmd.disc;
	const struct cd_map *map = disc_cd_map(disc);
	uint32_t number = selected_track(disc, cdb);
	const struct disc_track *t = disc_track(disc, number);

	mmc_apply_write_parameters(d);
	if (!t) {
		bool by_lba = (cdb[1] & 0x03) == 0;

		return by_lba ? mmc_fail_at(d, SENSE_LBA_OUT_OF_RANGE, get_be32(cdb + 2))
			      : mmc_bad_cdb();
	}
	uint8_t *p = mmc_reply(d, d->profile->track_info_length);
	put_be16(p, d->profile->track_info_length - 2u);
	p[3] = (uint8_t)t->session;
	p[5] = d->profile->track_mode;
	put_track(disc, t, d->profile, p);
	if (map && number <= map->tracks)
		put_cd_track(&map->track[number - 1], p);
	if (map)
		put_be32(p + 20, 0); /* no packets */
	if (map && number == disc_open_track(disc))
		put_open_cd_track(disc, t, modepage_write_parameters(d), p);
	number += first_number(disc) - 1;
	p[2] = (uint8_t)number;
	p[32] = (uint8_t)(number >> 8);
	p[33] = (uint8_t)(t->session >> 8);
	return SENSE_NONE;
}
