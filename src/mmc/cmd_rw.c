// SPDX-License-Identifier: GPL-2.0-or-later
/* READ, WRITE, VERIFY, SEEK, SYNCHRONIZE CACHE, RESERVE TRACK, CLOSE TRACK/SESSION, OPC. */
#include "disc/cd_record.h"
#include "mmc/mmc_int.h"
#include "mmc/sectors.h"
#include "util/array.h"
#include "util/be.h"

/* A transfer whose byte count fits 32 bits; no transport announces a larger one. */
static bool transfer_fits(uint32_t blocks, uint32_t unit)
{
	return (uint64_t)blocks * unit <= UINT32_MAX;
}

/* Sets up the transfer if these blocks can be written, or read, now. 0 or sense. */
static mmc_sense_t start_transfer(
	struct mmc_drive *d, enum mmc_stream stream, int64_t lba, uint32_t blocks)
{
	struct mmc_command *c = &d->cmd;
	bool writing = stream == STREAM_WRITE;
	enum mmc_dir dir = writing ? MMC_DIR_OUT : MMC_DIR_IN;
	int r;

	if (c->disc->compact)
		return writing ? mmc_start_cd_write(d, (uint32_t)lba, blocks)
			       : sectors_start_blocks(d, lba, blocks);
	r = writing ? disc_may_write(c->disc, lba, blocks) : disc_may_read(c->disc, lba, blocks);
	c->unit = c->disc->media->unit;
	if (!transfer_fits(blocks, c->unit))
		return mmc_bad_cdb();
	if (r != DISC_OK)
		return mmc_fail_at(d, sense_from_disc(r, writing), lba);
	c->stream = stream;
	c->first = c->lba = lba;
	c->xfer = (struct mmc_xfer){blocks ? dir : MMC_DIR_NONE, blocks * c->unit};
	return SENSE_NONE;
}

/*
 * READ of a disc that has nothing to read yet. READ CAPACITY has told the host one block, because
 * macOS drops a disc without a capacity, so that block can be read: as zeros, while it is not
 * recorded. UEFI firmware reads it at every boot. A failure makes that firmware reset the drive,
 * and many versions lose a drive so: each later command waits for a time limit (docs/hosts.md).
 */
static bool reads_offered_block(const struct disc *disc, int64_t lba, uint32_t blocks)
{
	return lba == 0 && blocks == 1 && disc_readable_blocks(disc) == 0 &&
	       disc_may_read(disc, lba, blocks) != DISC_OK;
}

static mmc_sense_t start_read(struct mmc_drive *d, int64_t lba, uint32_t blocks)
{
	const struct disc *disc = d->cmd.disc;

	if (!reads_offered_block(disc, lba, blocks))
		return start_transfer(d, STREAM_READ, lba, blocks);
	mmc_reply(d, MEDIA_BLOCK);
	return SENSE_NONE;
}

mmc_sense_t cmd_read_10(struct mmc_drive *d, const uint8_t *cdb)
{
	return start_read(d, get_be32(cdb + 2), get_be16(cdb + 7));
}

mmc_sense_t cmd_read_12(struct mmc_drive *d, const uint8_t *cdb)
{
	return start_read(d, get_be32(cdb + 2), get_be32(cdb + 6));
}

static mmc_sense_t start_write(struct mmc_drive *d, int64_t lba, uint32_t blocks)
{
	const struct disc *disc = d->cmd.disc;
	mmc_sense_t test = mmc_apply_test_write(d), s;

	if (test && test != SENSE_AGAIN)
		return test;
	/* Disc-at-once begins with a RESERVE TRACK for all of the disc. */
	if (disc->medium->has_dao && modepage_at_once(d) && !disc->layout.at_once &&
		disc_is_appendable(disc))
		return SENSE_SEQUENCE_ERROR;
	s = start_transfer(d, STREAM_WRITE, lba, blocks);
	if (test && d->cmd.stream == STREAM_WRITE)
		d->cmd.stream = STREAM_WRITE_LATER;
	return s;
}

mmc_sense_t cmd_write_10(struct mmc_drive *d, const uint8_t *cdb)
{
	return start_write(d, get_be32(cdb + 2), get_be16(cdb + 7));
}

mmc_sense_t cmd_write_12(struct mmc_drive *d, const uint8_t *cdb)
{
	return start_write(d, get_be32(cdb + 2), get_be32(cdb + 6));
}

mmc_sense_t cmd_write_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	bool force_unit_access = cdb[1] & 0x08;
	mmc_sense_t s = sense_from_disc(disc_wait_written(d->cmd.disc), true);

	if (s)
		return s == SENSE_AGAIN ? s : mmc_fail_at(d, s, mmc_lost_address(d));
	return force_unit_access ? sense_from_disc(disc_sync(d->cmd.disc), true) : SENSE_NONE;
}

mmc_sense_t cmd_seek(struct mmc_drive *d, const uint8_t *cdb)
{
	int64_t lba = get_be32(cdb + 2);

	if (lba >= disc_end(d->cmd.disc))
		return mmc_fail_at(d, SENSE_LBA_OUT_OF_RANGE, lba);
	d->position = lba;
	return SENSE_NONE;
}

mmc_sense_t cmd_verify(struct mmc_drive *d, const uint8_t *cdb)
{
	struct mmc_command *c = &d->cmd;
	bool compare = cdb[1] & 0x02;

	/* BYTCHK would compare with data from the host; MMC-6 6.43 lets drives refuse it. */
	if (compare)
		return mmc_bad_cdb();
	mmc_sense_t s = start_transfer(d, STREAM_READ, get_be32(cdb + 2), get_be16(cdb + 7));
	c->unverified = get_be16(cdb + 7);
	c->stream = STREAM_NONE;
	c->xfer = (struct mmc_xfer){MMC_DIR_NONE, 0};
	return s;
}

mmc_sense_t cmd_verify_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	struct mmc_command *c = &d->cmd;

	(void)cdb;
	while (c->unverified) {
		uint32_t n = MIN(c->unverified, MMC_STAGE_SIZE / c->unit);
		const uint8_t *data;
		int r = mmc_view(d, &n, d->stage, &data);
		mmc_sense_t s = c->sense ? c->sense : sense_from_disc(r, false);

		if (s == SENSE_AGAIN)
			return s;
		if (s)
			return mmc_fail_at(d, s, c->lba);
		c->lba += n;
		c->unverified -= n;
	}
	return SENSE_NONE;
}

/* WRITE AND VERIFY: also reads the blocks back; the kernel may do so from its page cache. */
mmc_sense_t cmd_write_and_verify(struct mmc_drive *d, const uint8_t *cdb)
{
	bool compare = cdb[1] & 0x02;

	if (compare)
		return mmc_bad_cdb();
	d->cmd.unverified = get_be16(cdb + 7);
	return start_write(d, get_be32(cdb + 2), get_be16(cdb + 7));
}

mmc_sense_t cmd_write_and_verify_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	struct mmc_command *c = &d->cmd;
	mmc_sense_t s = cmd_write_finish(d, cdb);

	if (s == SENSE_NONE)
		s = sense_from_disc(disc_sync(c->disc), true);
	if (s || c->disc->testing)
		return s;
	c->lba = c->first + get_be16(cdb + 7) - c->unverified;
	return cmd_verify_finish(d, cdb);
}

/*
 * Burning programs send no CLOSE after a disc or session that is recorded at once, nor after a
 * track of a CD: SYNCHRONIZE CACHE ends them (MMC-6 6.41).
 */
static int end_by_sync(struct disc *disc)
{
	if (disc->compact)
		return disc_cd_flush(disc);
	/* Each is called until storage is done. disc_finalise() syncs, too, and saves only once. */
	return disc_layout_is_full_at_once(&disc->layout) ? disc_finalise(disc) : disc_sync(disc);
}

mmc_sense_t cmd_synchronize_cache_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	struct disc *disc = d->cmd.disc;
	uint16_t sessions = disc->layout.sessions;
	bool finalised = disc->layout.finalised;
	int r;

	(void)cdb; /* With IMMED, too, the status comes when all is done: nothing is in progress. */
	mmc_apply_write_parameters(d);
	r = end_by_sync(disc);
	if (disc->layout.sessions == sessions && disc->layout.finalised == finalised)
		return sense_from_disc(r, true);
	/* A test write ends with its session: the disc is again as it was before. */
	if (disc->testing)
		r = disc_test_write(disc, false);
	else
		mmc_disc_changed(d, disc);
	return sense_from_disc(r, true);
}

mmc_sense_t cmd_reserve_track_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	struct disc *disc = d->cmd.disc;
	const struct disc_track *t = disc_track(disc, disc_open_track(disc));
	uint32_t blocks = get_be32(cdb + 5), start = t ? t->start : 0;
	bool to_address = cdb[1] & 0x01; /* ARSV: up to this address */
	mmc_sense_t s = mmc_apply_test_write(d);

	if (s)
		return s;
	if (to_address) {
		if (blocks < start)
			return mmc_bad_cdb();
		blocks -= start;
	}
	int r = modepage_at_once(d) ? disc_reserve_at_once(disc, blocks)
				    : disc_reserve(disc, blocks);
	/* The track is reserved already, or written to: the host has to close it first. */
	return r == DISC_TRACK_FULL ? SENSE_SEQUENCE_ERROR : sense_from_disc(r, true);
}

enum { CLOSE_STOP_FORMAT = 0, CLOSE_TRACK = 1, CLOSE_SESSION = 2 };

/* True if CLOSE with this function finalises a disc that is not blank. */
static bool finalises(const struct mmc_drive *d, uint8_t function)
{
	return (d->profile->finalise_functions & 1u << function) ||
	       (function == CLOSE_SESSION && d->cmd.disc->medium->asks_for_next_session &&
		       !modepage_next_session(d));
}

mmc_sense_t cmd_close(struct mmc_drive *d, const uint8_t *cdb)
{
	const struct disc *disc = d->cmd.disc;

	/* Profile and page 05h may be those of another disc when storage is ready. */
	d->cmd.finalises = finalises(d, cdb[2] & 0x07);
	/*
	 * A host may not know that its CLOSE SESSION has finalised the disc: wodim sends another
	 * one, and fails if that does.
	 */
	if (!(d->profile->permissions & P_CLOSE))
		return disc->layout.finalised && disc->medium->asks_for_next_session
			       ? SENSE_NONE
			       : SENSE_CANNOT_WRITE_MEDIUM;
	return d->profile->close_functions & 1u << (cdb[2] & 0x07) ? SENSE_NONE : mmc_bad_cdb();
}

/* The sense for a result of closing; whole: the command closes more than a track. */
static mmc_sense_t close_sense(int result, bool whole)
{
	if (result == DISC_NO_SUCH_TRACK && whole)
		return SENSE_SESSION_FIXATION; /* nothing recorded that could be finalised */
	return sense_from_disc(result, true);
}

/* The track number of the CDB; 0 = the open track, which wodim calls FFh. */
static uint32_t track_to_close(const struct disc *disc, const uint8_t *cdb)
{
	uint32_t number = get_be16(cdb + 4);

	return number == 0xff && disc->layout.tracks < 0xff ? 0 : number;
}

mmc_sense_t cmd_close_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	struct disc *disc = d->cmd.disc;
	uint8_t function = cdb[2] & 0x07;
	uint16_t sessions = disc->layout.sessions;
	bool finalised = disc->layout.finalised;
	mmc_sense_t s = mmc_apply_test_write(d);
	int r;

	if (s)
		return s;
	mmc_apply_write_parameters(d);
	/* CLOSE SESSION of a blank has nothing to finalise. */
	if (d->cmd.finalises && (function != CLOSE_SESSION || disc_layout_end(&disc->layout) > 0))
		r = disc_finalise(disc); /* the track number that libburn sends is ignored */
	else if (function == CLOSE_STOP_FORMAT)
		r = disc_stop_format(disc);
	else if (function == CLOSE_TRACK)
		r = disc_close_track(disc, track_to_close(disc, cdb));
	else
		r = disc_close_session(disc);
	/*
	 * A test write ends with its session: the disc is again as it was before. The track of a
	 * disc-at-once is all of its session.
	 */
	if (function != CLOSE_TRACK || disc->layout.finalised != finalised)
		(void)disc_test_write(disc, false);
	/* The host has cached size and TOC of a blank: an attention makes it read them again. */
	if (disc->layout.sessions != sessions || disc->layout.finalised != finalised)
		mmc_disc_changed(d, disc);
	return close_sense(r, function != CLOSE_TRACK);
}

mmc_sense_t mmc_finalise(struct mmc_drive *d)
{
	struct disc *disc = mmc_loaded(d);
	bool was;
	int r;

	if (!disc)
		return SENSE_NO_MEDIUM;
	if (d->prevent || d->persistent_prevent)
		return SENSE_REMOVAL_PREVENTED;
	(void)disc_test_write(disc, false);
	was = disc->layout.finalised;
	r = disc_finalise(disc);
	if (disc->layout.finalised != was)
		mmc_disc_changed(d, disc);
	return close_sense(r, true);
}

mmc_sense_t cmd_send_opc_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	(void)cdb;
	/* There is no laser to calibrate. Speed descriptors have 8 bytes (MMC-6 table 623). */
	return mmc_param_len(d) % 8 ? SENSE_LIST_LENGTH : SENSE_NONE;
}
