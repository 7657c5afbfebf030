// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The data phase: answers and parameter lists byte by byte, and the blocks of the disc
 * that READ and WRITE move.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "mmc/mmc_int.h"
#include "util/array.h"

static int32_t pull_blocks(struct mmc_drive *d, const uint8_t **data, uint32_t max)
{
	struct mmc_command *c = &d->cmd;
	uint32_t n = MIN(MIN(max, MMC_PUSH_MAX) / MEDIA_BLOCK, c->single ? 1 : c->blocks);
	int r = disc_view(c->disc, c->lba, &n, d->stage, data);

	/* Up to the block that cannot be read, the host gets what it asked for. */
	if (r < 0 && r != -EAGAIN && n > 1) {
		c->single = true;
		n = 1;
		r = disc_view(c->disc, c->lba, &n, d->stage, data);
	}
	mmc_sense_t s = sense_from_disc(r, false);
	if (s == SENSE_AGAIN)
		return -1;
	if (s) {
		c->sense = mmc_fail_at(d, s, c->lba);
		return 0;
	}
	c->lba += n;
	c->blocks -= n;
	d->blocks_read += n;
	return (int32_t)(n * MEDIA_BLOCK);
}

void mmc_unpull(struct mmc_drive *d, uint32_t len)
{
	struct mmc_command *c = &d->cmd;

	assert(c->active && len <= c->done);
	c->done -= len;
	if (c->stream != STREAM_READ)
		return;
	assert(len % MEDIA_BLOCK == 0);
	c->lba -= len / MEDIA_BLOCK;
	c->blocks += len / MEDIA_BLOCK;
	d->blocks_read -= len / MEDIA_BLOCK;
}

int32_t mmc_pull(struct mmc_drive *d, const uint8_t **data, uint32_t max)
{
	struct mmc_command *c = &d->cmd;
	int32_t n;

	assert(c->active && max >= MEDIA_BLOCK);
	if (c->sense || c->xfer.dir != MMC_DIR_IN || c->done == c->xfer.len)
		return 0;
	if (c->stream == STREAM_READ) {
		n = pull_blocks(d, data, max);
	} else {
		n = (int32_t)MIN(max, c->xfer.len - c->done);
		*data = d->reply + c->done;
	}
	if (n > 0)
		c->done += (uint32_t)n;
	return n;
}

/* Writes whole blocks at the current address. 0, or -1 for MMC_AGAIN; a failure sticks. */
static int write_blocks(struct mmc_drive *d, const uint8_t *data, uint32_t blocks)
{
	struct mmc_command *c = &d->cmd;
	int r = disc_write(c->disc, c->lba, blocks, data);
	mmc_sense_t s = sense_from_disc(r, true);

	if (s == SENSE_AGAIN)
		return -1;
	if (s) {
		/* Storage failed: the first block that is not there. */
		c->sense = mmc_fail_at(d, s, r == DISC_LOST || r < 0 ? disc_nwa(c->disc) : c->lba);
		return 0;
	}
	c->lba += blocks;
	c->blocks -= blocks;
	d->blocks_written += blocks;
	return 0;
}

int mmc_write_staged(struct mmc_drive *d)
{
	struct mmc_command *c = &d->cmd;
	uint32_t whole = c->staged / MEDIA_BLOCK;

	if (whole == 0 || c->sense)
		return 0;
	if (write_blocks(d, d->stage, whole) < 0)
		return -1;
	c->staged -= whole * MEDIA_BLOCK;
	memmove(d->stage, d->stage + whole * MEDIA_BLOCK, c->staged);
	return 0;
}

static int push_blocks(struct mmc_drive *d, const uint8_t *data, uint32_t len)
{
	struct mmc_command *c = &d->cmd;

	if (c->staged == 0 && len % MEDIA_BLOCK == 0)
		return write_blocks(d, data, len / MEDIA_BLOCK);
	/* A portion that is no whole number of blocks (short packets): gather it. */
	if (c->staged + len > sizeof(d->stage) && mmc_write_staged(d) < 0)
		return -1;
	if (c->sense)
		return 0;
	memcpy(d->stage + c->staged, data, len);
	c->staged += len;
	(void)mmc_write_staged(d); /* not now is no harm: the next portion or the end tries again */
	return 0;
}

int mmc_push(struct mmc_drive *d, const uint8_t *data, uint32_t len)
{
	struct mmc_command *c = &d->cmd;

	assert(c->active && len <= MMC_PUSH_MAX);
	assert(c->sense || (c->xfer.dir == MMC_DIR_OUT && len <= c->xfer.len - c->done));
	if (c->sense)
		return 0;
	if (c->stream == STREAM_WRITE) {
		if (push_blocks(d, data, len) < 0)
			return -1;
	} else {
		memcpy(d->param + c->done, data, len);
	}
	c->done += len;
	return 0;
}
