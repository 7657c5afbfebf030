// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/fake_host.h"

#include "daemon/fake_usb.h"
#include "util/be.h"

#define BLOCKS_MAX 16u /* of a WRITE(10), as most burning programs send */
#define PIECE_MS   20u
#define PVD_BLOCK  16u /* ECMA-119 6.2.1: the volume descriptors begin there */

static void end_burn(struct fake_burn *b)
{
	b->active = false;
	if (b->file >= 0)
		close(b->file);
	b->file = -1;
}

static bool broken(struct fake_burn *b, const char *why)
{
	snprintf(b->result, sizeof(b->result), "error: %s: %s", drive_name(b->usb->drive), why);
	end_burn(b);
	return false;
}

static bool open_file(struct fake_burn *b)
{
	struct stat st;

	b->file = open(b->order.file, O_RDONLY | O_CLOEXEC);
	if (b->file < 0 || fstat(b->file, &st) < 0 || st.st_size % 2048 != 0)
		return false;
	b->order.blocks = (uint32_t)(st.st_size / 2048);
	return true;
}

bool fake_burn_begin(struct fake_burn *b, struct fake_usb *usb, const struct fake_burn_order *order)
{
	struct mmc_state m;

	memset(b, 0, sizeof(*b));
	b->usb = usb;
	b->file = -1;
	b->order = *order;
	snprintf(b->label, sizeof(b->label), "%s", order->label ? order->label : "");
	if (!fake_ready(usb))
		return broken(b, "the drive is not ready");
	mmc_get_state(drive_engine(usb->drive), &m);
	if (m.finalised && !mmc_state_is_overwritable(&m))
		return broken(b, "the disc is finalised");
	if (order->file && !open_file(b))
		return broken(b, "the file cannot be read, or is not a multiple of 2048 bytes");
	if (b->order.blocks <= PVD_BLOCK + 1)
		return broken(b, "there are too few blocks to burn");
	b->start = m.nwa;
	b->begun_ms = now_ms();
	b->active = true;
	return true;
}

/* ECMA-119 8.4: the fields that say label and size; block 17 ends the descriptors. */
static void make_descriptor(const struct fake_burn *b, uint32_t at, uint8_t *to)
{
	memset(to, 0, 2048);
	to[0] = at == PVD_BLOCK ? 1 : 255;
	memcpy(to + 1, "CD001\1", 6);
	if (at != PVD_BLOCK)
		return;
	memset(to + 8, ' ', 64);
	memcpy(to + 40, b->label, strlen(b->label));
	for (unsigned i = 0; i < 4; i++)
		to[80 + i] = to[87 - i] = (uint8_t)(b->order.blocks >> (8 * i));
	put_be16(to + 130, 2048);
	to[129] = 0x08;
}

/* Writes block number `at` of the burn to `to`. */
static bool make_block(const struct fake_burn *b, uint32_t at, uint8_t *to)
{
	if (b->file >= 0)
		return pread(b->file, to, 2048, (off_t)at * 2048) == 2048;
	if (*b->label && (at == PVD_BLOCK || at == PVD_BLOCK + 1)) {
		make_descriptor(b, at, to);
		return true;
	}
	for (unsigned i = 0; i < 2048; i += 4)
		put_be32(to + i, at * 512 + i);
	return true;
}

/* Returns how many blocks the rate allows until now, at most those of a command. */
static uint32_t blocks_due(const struct fake_burn *b)
{
	uint64_t left = b->order.blocks - b->done, due = left;

	if (b->order.rate > 0) {
		due = (now_ms() - b->begun_ms) * b->order.rate / 2048;
		due = due > b->done ? due - b->done : 0;
		/* A whole command, as long as the end is further away than that. */
		if (due < BLOCKS_MAX && due < left)
			return 0;
	}
	due = due < left ? due : left;
	return (uint32_t)(due < BLOCKS_MAX ? due : BLOCKS_MAX);
}

/* As BOT does, whose part this plays: the drive's statistics have the commands. */
static void record_begin(const struct fake_burn *b)
{
	recorder_observer.began(drive_recorder(b->usb->drive));
}

static void record_end(const struct fake_burn *b, bool good)
{
	const struct bot_command c = {.dir = b->closing ? MMC_DIR_NONE : MMC_DIR_OUT,
		.announced = b->closing ? 0 : b->count * 2048,
		.moved = b->closing ? 0 : b->pushed,
		.csw = !good};

	recorder_observer.ended(drive_recorder(b->usb->drive), &c);
}

static bool begin_write(struct fake_burn *b)
{
	uint8_t cdb[10] = {0x2a};
	struct mmc_xfer xfer;

	record_begin(b);

	put_be32(cdb + 2, b->start + b->done);
	put_be16(cdb + 7, (uint16_t)b->count);
	mmc_begin(drive_engine(b->usb->drive), cdb, sizeof(cdb), 0, &xfer);
	b->pushed = 0;
	b->in_command = true;
	return xfer.len == b->count * 2048;
}

/* Returns true if the command has all its data. */
static bool push_all(struct fake_burn *b)
{
	uint8_t block[2048];

	for (; b->pushed < b->count * 2048; b->pushed += 2048) {
		if (!make_block(b, b->done + b->pushed / 2048, block)) {
			mmc_abort(drive_engine(b->usb->drive));
			record_end(b, false);
			b->in_command = false;
			return broken(b, "the file cannot be read");
		}
		if (mmc_push(drive_engine(b->usb->drive), block, sizeof(block)) < 0)
			return false;
	}
	return true;
}

/* Returns true if the command has ended well. */
static bool end_command(struct fake_burn *b)
{
	enum mmc_status s = mmc_end(drive_engine(b->usb->drive));
	char why[64];

	if (s == MMC_AGAIN)
		return false;
	b->in_command = false;
	record_end(b, s == MMC_GOOD);
	drive_changed(b->usb->drive);
	if (s == MMC_GOOD)
		return true;
	snprintf(why, sizeof(why), "the drive answers with sense %06x after %u blocks",
		(unsigned)mmc_last_sense(drive_engine(b->usb->drive)), b->done);
	broken(b, why);
	return false;
}

/* CLOSE TRACK/SESSION: function 6 finalises, 2 closes the session (MMC-6 6.3.3). */
static void begin_close(struct fake_burn *b)
{
	const uint8_t cdb[10] = {0x5b, 0, b->order.end == FAKE_BURN_FINALISE ? 6 : 2};
	struct mmc_xfer xfer;

	record_begin(b);
	mmc_begin(drive_engine(b->usb->drive), cdb, sizeof(cdb), 0, &xfer);
	b->in_command = b->closing = true;
}

static void finish(struct fake_burn *b)
{
	end_burn(b);
	snprintf(b->result, sizeof(b->result), "ok: %s: %u blocks burned",
		drive_name(b->usb->drive), b->done);
}

/* Carries out one command, or its rest. False: it cannot continue now. */
static bool step_once(struct fake_burn *b)
{
	if (!b->in_command && b->done == b->order.blocks) {
		if (b->order.end == FAKE_BURN_STAYS_OPEN) {
			finish(b);
			return false;
		}
		begin_close(b);
	}
	if (b->closing) {
		if (end_command(b))
			finish(b);
		return false;
	}
	if (!b->in_command) {
		b->count = blocks_due(b);
		if (b->count == 0)
			return false;
		/* A command without the data that the host announced: the end says why. */
		if (!begin_write(b))
			b->pushed = b->count * 2048;
	}
	if (!push_all(b) || !end_command(b))
		return false;
	b->done += b->count;
	return true;
}

void fake_burn_step(struct fake_burn *b)
{
	uint64_t until = now_ms() + PIECE_MS;

	while (b->active && step_once(b) && now_ms() < until)
		;
}

void fake_burn_settle(struct fake_burn *b)
{
	while (b->active && b->in_command) {
		step_once(b);
		fake_nap();
	}
}

void fake_burn_cancel(struct fake_burn *b)
{
	if (!b->active)
		return;
	mmc_abort(drive_engine(b->usb->drive));
	if (b->in_command)
		record_end(b, false);
	drive_changed(b->usb->drive);
	broken(b, "the burn was cancelled");
}
