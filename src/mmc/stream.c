// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The data phase: answers, parameter lists, and the units that READ and WRITE move.
 *
 * A unit is a block of the medium: 2048 bytes, or 2352 or 2448 for the sectors of a CD. The
 * transport moves bytes, and cuts them wherever its packets and buffers end.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "mmc/mmc_int.h"
#include "mmc/sectors.h"
#include "util/array.h"

static_assert(MMC_STAGE_SIZE >= MMC_GRAIN + MMC_PULL_MAX + 2 * MMC_UNIT_MAX &&
		      MMC_STAGE_SIZE >= MMC_PUSH_MAX + MEDIA_UNIT_MAX,
	"the stage holds a piece, and the rest of its first and last unit");

/* ---- data-in ------------------------------------------------------------------------------ */

/* Sets the address to the byte that is `at` bytes from the start of the transfer. */
static void seek_byte(struct mmc_drive *d, uint32_t at)
{
	struct mmc_command *c = &d->cmd;
	int64_t lba = c->first + at / c->unit;

	d->blocks_read += (uint64_t)(lba - c->lba);
	c->lba = lba;
	c->skip = at % c->unit;
}

int mmc_view(struct mmc_drive *d, uint32_t *n, uint8_t *stage, const uint8_t **data)
{
	struct mmc_command *c = &d->cmd;
	uint32_t good = d->faults ? mmc_fault_good_units(d, false, *n) : *n;

	if (good == 0)
		return DISC_UNREADABLE;
	*n = good;
	return c->sectors ? sectors_view(d, n, stage, data)
			  : disc_view(c->disc, c->lba, n, stage, data);
}

/* Number of units that hold the next len bytes; 1 after one of several could not be read. */
static uint32_t units_of(const struct mmc_command *c, uint32_t len)
{
	return c->single ? 1 : (c->skip + len + c->unit - 1) / c->unit;
}

/*
 * Handles the result r of mmc_view() that was not DISC_OK. If one of several units cannot
 * be read, views one alone: the host gets all data before the bad one. 0: *n and *data are
 * set. -1: a failure, which is now in the command's sense, or MMC_AGAIN.
 */
static int view_one(struct mmc_drive *d, int r, uint32_t *n, uint8_t *stage, const uint8_t **data)
{
	struct mmc_command *c = &d->cmd;

	if (r < 0 && r != -EAGAIN && *n > 1) {
		c->single = true;
		*n = 1;
		r = mmc_view(d, n, stage, data);
	}
	if (r == DISC_OK)
		return 0;
	if (r != -EAGAIN && !c->sense)
		c->sense = mmc_fail_at(d, sense_from_disc(r, false), c->lba);
	return -1;
}

/* Appends the units that follow to the stage, up to want bytes. Results as of view_one(). */
static int stage_units(struct mmc_drive *d, uint32_t want)
{
	struct mmc_command *c = &d->cmd;
	uint8_t *room = d->stage + c->staged;
	const uint8_t *units;
	uint32_t n = units_of(c, want - c->staged), len;
	int r = mmc_view(d, &n, room, &units);

	if (r != DISC_OK && view_one(d, r, &n, room, &units) < 0)
		return -1;
	len = MIN(n * c->unit, want - c->staged);
	if (units != room)
		memcpy(room, units, len);
	c->staged += len;
	seek_byte(d, c->done + c->staged);
	return 0;
}

/*
 * Called while the stage holds less than MMC_GRAIN bytes. Appends the units that follow, so
 * that only the last piece of the data ends within a packet. Results as of mmc_pull().
 */
static int32_t pull_joined(struct mmc_drive *d, const uint8_t **data, uint32_t want)
{
	struct mmc_command *c = &d->cmd;
	uint32_t len;

	while (c->staged < MIN(want, MMC_GRAIN) && !c->sense)
		if (stage_units(d, want) < 0 && !c->sense)
			return -1;
	len = c->staged;
	/* The data ends here if all of it is staged, or if no more of it can be read. */
	if (len < c->xfer.len - c->done && !c->sense)
		len -= len % MMC_GRAIN;
	*data = d->stage;
	c->staged = 0;
	seek_byte(d, c->done + len);
	return (int32_t)len;
}

/*
 * Gives a part of a view of len bytes: the view begins with bytes that an earlier pull gave,
 * or does not end where a packet ends. Results as of mmc_pull().
 */
static int32_t pull_cut(struct mmc_drive *d, const uint8_t **data, uint32_t len, uint32_t want)
{
	struct mmc_command *c = &d->cmd;

	*data += c->skip;
	len = MIN(len - c->skip, want);
	if (len < want && len < MMC_GRAIN) {
		memmove(d->stage, *data, len);
		c->staged = len;
		seek_byte(d, c->done + len);
		return pull_joined(d, data, want);
	}
	if (len < want)
		len -= len % MMC_GRAIN;
	seek_byte(d, c->done + len);
	return (int32_t)len;
}

static int32_t pull_units(struct mmc_drive *d, const uint8_t **data, uint32_t max)
{
	struct mmc_command *c = &d->cmd;
	uint32_t want = MIN(MIN(max, MMC_PULL_MAX), c->xfer.len - c->done);
	uint32_t n, len;
	int r;

	if (c->staged)
		return pull_joined(d, data, want);
	n = units_of(c, want);
	r = mmc_view(d, &n, d->stage, data);
	if (r != DISC_OK && view_one(d, r, &n, d->stage, data) < 0)
		return c->sense ? 0 : -1;
	len = n * c->unit;
	if (c->skip == 0 && len <= want && len % MMC_GRAIN == 0) {
		/*
		 * Whole units and whole packets: *data points to the medium's own memory,
		 * without a copy.
		 */
		c->lba += n;
		d->blocks_read += n;
		return (int32_t)len;
	}
	return pull_cut(d, data, len, want);
}

void mmc_unpull(struct mmc_drive *d, uint32_t len)
{
	struct mmc_command *c = &d->cmd;

	assert(c->active && len <= c->done);
	c->done -= len;
	if (c->stream != STREAM_READ)
		return;
	/* If the pull failed after these bytes, the next one fails there again. */
	c->sense = SENSE_NONE;
	c->has_lba = false;
	seek_byte(d, c->done);
}

int32_t mmc_pull(struct mmc_drive *d, const uint8_t **data, uint32_t max)
{
	struct mmc_command *c = &d->cmd;
	int32_t n;

	assert(c->active && max >= MMC_GRAIN);
	if (c->sense || c->xfer.dir != MMC_DIR_IN || c->done == c->xfer.len)
		return 0;
	if (c->stream == STREAM_READ) {
		n = pull_units(d, data, max);
	} else {
		n = (int32_t)MIN(max, c->xfer.len - c->done);
		*data = d->reply + c->done;
	}
	if (n > 0)
		c->done += (uint32_t)n;
	return n;
}

/* ---- data-out ----------------------------------------------------------------------------- */

/* Writes whole units at the address. 0, also after a failure (cmd.sense); -1: MMC_AGAIN. */
static int write_units(struct mmc_drive *d, const uint8_t *data, uint32_t units)
{
	struct mmc_command *c = &d->cmd;
	uint32_t good = d->faults ? mmc_fault_good_units(d, true, units) : units;
	int r = good ? disc_write(c->disc, c->lba, good, data) : DISC_OK;
	mmc_sense_t s = r ? sense_from_disc(r, true) : SENSE_NONE;

	if (s == SENSE_AGAIN)
		return -1;
	if (s) {
		/* If storage failed, the address is that of the first lost block. */
		c->sense =
			mmc_fail_at(d, s, r == DISC_LOST || r < 0 ? mmc_lost_address(d) : c->lba);
		return 0;
	}
	c->lba += good;
	d->blocks_written += good;
	/* The first unit that is left is the bad one: the command fails there. */
	if (good > 0 && good < units)
		(void)mmc_fault_good_units(d, true, units - good);
	return 0;
}

int mmc_write_staged(struct mmc_drive *d)
{
	struct mmc_command *c = &d->cmd;
	uint32_t whole;

	if (c->staged < c->unit || c->sense)
		return 0;
	whole = c->staged / c->unit;
	if (write_units(d, d->stage, whole) < 0)
		return -1;
	c->staged -= whole * c->unit;
	memmove(d->stage, d->stage + whole * c->unit, c->staged);
	return 0;
}

static int push_units(struct mmc_drive *d, const uint8_t *data, uint32_t len)
{
	struct mmc_command *c = &d->cmd;

	if (c->staged == 0 && len % c->unit == 0)
		return write_units(d, data, len / c->unit);
	/* A portion that is no whole number of units (short packets, large units) is staged. */
	if (c->staged + len > sizeof(d->stage) && mmc_write_staged(d) < 0)
		return -1;
	if (c->sense)
		return 0;
	memcpy(d->stage + c->staged, data, len);
	c->staged += len;
	(void)mmc_write_staged(d); /* after MMC_AGAIN the next portion, or the end, tries again */
	return 0;
}

/* Begins the test write that start_write() could not begin. 0, also with a sense; -1: MMC_AGAIN. */
static int begin_later(struct mmc_drive *d)
{
	struct mmc_command *c = &d->cmd;
	mmc_sense_t s = mmc_apply_test_write(d);

	if (s == SENSE_AGAIN)
		return -1;
	c->sense = s;
	if (!s)
		c->stream = STREAM_WRITE;
	return 0;
}

int mmc_push(struct mmc_drive *d, const uint8_t *data, uint32_t len)
{
	struct mmc_command *c = &d->cmd;

	assert(c->active && len <= MMC_PUSH_MAX);
	assert(c->sense || (c->xfer.dir == MMC_DIR_OUT && len <= c->xfer.len - c->done));
	if (c->sense)
		return 0;
	if (c->stream == STREAM_WRITE_LATER && begin_later(d) < 0)
		return -1;
	if (c->stream == STREAM_WRITE) {
		if (push_units(d, data, len) < 0)
			return -1;
	} else if (c->stream == STREAM_NONE) {
		memcpy(d->param + c->done, data, len);
	}
	c->done += len;
	return 0;
}
