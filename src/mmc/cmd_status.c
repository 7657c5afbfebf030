// SPDX-License-Identifier: GPL-2.0-or-later
/* State of the drive: events, mechanism, buffer, performance, speeds, copy protection. */
#include <string.h>

#include "mmc/mmc_int.h"
#include "util/array.h"
#include "util/be.h"

/* ---- GET EVENT STATUS NOTIFICATION --------------------------------------------------------- */

static bool event_pending(const struct mmc_drive *d, unsigned class)
{
	switch (class) {
	case GESN_CLASS_OPERATIONAL:
		return d->feature_change;
	case GESN_CLASS_MEDIA:
		return d->media_event != MEDIA_EVENT_NONE;
	}
	return false; /* device busy: a command is done before its status, so there is no event */
}

/*
 * Returns the lowest requested class that has an event, otherwise the lowest requested class;
 * 8: none of the supported classes was requested.
 */
static unsigned event_class(const struct mmc_drive *d, uint8_t mask)
{
	for (unsigned class = 0; class < 8; class ++)
		if ((mask & 1u << class) && event_pending(d, class))
			return class;
	for (unsigned class = 0; class < 8; class ++)
		if (mask & 1u << class)
			return class;
	return 8;
}

/* Puts the four event bytes. spend: the host gets the event, so it is not pending any more. */
static void put_event(struct mmc_drive *d, unsigned class, bool spend, uint8_t *p)
{
	switch (class) {
	case GESN_CLASS_OPERATIONAL:
		p[0] = d->feature_change ? OPERATIONAL_EVENT_CHANGED : 0;
		p[1] = d->persistent_prevent ? 0x80 : 0;
		put_be16(p + 2, d->feature_change ? OPERATIONAL_FEATURE_CHANGE : 0);
		if (spend)
			d->feature_change = false;
		break;
	case GESN_CLASS_MEDIA:
		p[0] = d->media_event;
		/* Never "tray open": Linux would close the tray, and the disc would be back. */
		p[1] = mmc_loaded(d) ? 0x02 : 0x00;
		if (spend) {
			mmc_media_event_seen(d);
			if (!mmc_loaded(d))
				d->removal_unseen = false;
		}
		break;
	}
}

mmc_sense_t cmd_gesn(struct mmc_drive *d, const uint8_t *cdb)
{
	bool polled = cdb[1] & 0x01;
	unsigned class = event_class(d, cdb[4] & GESN_SUPPORTED);

	if (!polled) /* asynchronous: feature 0002h says that this is not supported */
		return mmc_bad_cdb();
	d->gesn_seen = true;
	uint8_t *p = mmc_reply(d, class == 8 ? 4 : 8);
	p[3] = GESN_SUPPORTED;
	if (class == 8) {
		put_be16(p, 2);
		p[2] = GESN_NEA;
		return SENSE_NONE;
	}
	put_be16(p, 6);
	p[2] = (uint8_t) class;
	put_event(d, class, get_be16(cdb + 7) >= 8, p + 4);
	return SENSE_NONE;
}

/* ---- mechanism, buffer ---------------------------------------------------------------------- */

mmc_sense_t cmd_mechanism_status(struct mmc_drive *d, const uint8_t *cdb)
{
	(void)cdb;
	mmc_reply(d, 8); /* all zero: idle, door closed, no changer */
	return SENSE_NONE;
}

mmc_sense_t cmd_read_buffer_capacity(struct mmc_drive *d, const uint8_t *cdb)
{
	bool in_blocks = cdb[1] & 0x01;
	uint8_t *p = mmc_reply(d, 12);

	put_be16(p, 10);
	/* When WRITE has its status, its blocks are in the kernel: the buffer is free. */
	if (in_blocks) {
		p[3] = 0x01;
		put_be32(p + 8, d->config.buffer / mmc_write_unit(d));
	} else {
		put_be32(p + 4, d->config.buffer);
		put_be32(p + 8, d->config.buffer);
	}
	return SENSE_NONE;
}

/* ---- speeds --------------------------------------------------------------------------------- */

static uint32_t count_speeds(const struct mmc_profile *p)
{
	uint32_t n = 0;

	while (n < PROFILE_MAX_SPEEDS && p->write_speed[n])
		n++;
	return n;
}

static uint32_t last_block(const struct mmc_drive *d)
{
	const struct disc *disc = d->cmd.disc;

	return disc && disc_end(disc) ? disc_end(disc) - 1 : 0;
}

/*
 * Puts the nominal performance (MMC-6 6.7.3): one descriptor, for all blocks. Returns the number of
 * descriptors.
 */
static uint32_t put_nominal(const struct mmc_drive *d, bool write, uint8_t *p)
{
	uint32_t speed = write ? d->write_speed : d->read_speed;

	put_be32(p, 0);
	put_be32(p + 4, speed);
	put_be32(p + 8, last_block(d));
	put_be32(p + 12, speed);
	return 1;
}

/* Puts a descriptor for each write speed of the profile. Returns the number of descriptors. */
static uint32_t put_write_speeds(const struct mmc_drive *d, uint8_t *p)
{
	uint32_t n = count_speeds(d->profile);

	for (uint32_t i = 0; i < n; i++, p += 16) {
		put_be32(p + 4, last_block(d));
		put_be32(p + 8, d->read_speed);
		put_be32(p + 12, d->profile->write_speed[i]);
	}
	return n;
}

mmc_sense_t cmd_get_performance(struct mmc_drive *d, const uint8_t *cdb)
{
	enum { TYPE_PERFORMANCE = 0x00, TYPE_WRITE_SPEED = 0x03 };
	uint32_t asked = get_be16(cdb + 8);
	bool write = cdb[1] & 0x04;
	uint8_t except = cdb[1] & 0x03;
	uint8_t *p = mmc_reply(d, 8 + 16 * PROFILE_MAX_SPEEDS);
	uint32_t n = 0;

	switch (cdb[10]) {
	case TYPE_PERFORMANCE:
		p[4] = (uint8_t)((write ? 0x02 : 0) | (except ? 0x01 : 0));
		if (!except) /* the list of exceptions is empty */
			n = put_nominal(d, write, p + 8);
		break;
	case TYPE_WRITE_SPEED:
		n = put_write_speeds(d, p + 8);
		break;
	default:
		return mmc_bad_cdb();
	}
	/* The length covers all descriptors: libburn first asks for 0 of them to learn it. */
	put_be32(p, 4 + 16 * n);
	d->cmd.reply_len = 8 + 16 * MIN(n, asked);
	return SENSE_NONE;
}

/* Returns the fastest write speed that is at most wish (kB/s), otherwise the slowest one. */
static uint32_t pick_write_speed(const struct mmc_drive *d, uint64_t wish)
{
	uint32_t n = count_speeds(d->profile);

	for (uint32_t i = 0; i < n; i++)
		if (d->profile->write_speed[i] <= wish)
			return d->profile->write_speed[i];
	return d->profile->write_speed[n - 1];
}

static uint32_t pick_read_speed(const struct mmc_drive *d, uint64_t wish)
{
	return (uint32_t)MIN(
		MAX(wish, profile_slowest(d->profile)), (uint64_t)profile_read_speed(d->profile));
}

mmc_sense_t cmd_set_streaming(struct mmc_drive *d, const uint8_t *cdb)
{
	/* Type 0 is the performance descriptor; the others set up caches that the drive lacks. */
	return cdb[8] ? mmc_bad_cdb() : cmd_param(d, cdb);
}

mmc_sense_t cmd_set_streaming_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	const uint8_t *p = d->param;

	(void)cdb;
	if (mmc_param_len(d) < 28)
		return SENSE_LIST_LENGTH;
	uint64_t read_size = get_be32(p + 12), read_time = get_be32(p + 16);
	uint64_t write_size = get_be32(p + 20), write_time = get_be32(p + 24);
	if (p[0] & 0x04) { /* RDD: restore the defaults */
		d->read_speed = profile_read_speed(d->profile);
		d->write_speed = d->profile->write_speed[0];
		return SENSE_NONE;
	}
	/*
	 * Speeds are given as a size in kB and a time in ms. The addresses are ignored: wodim
	 * sends an end of 0.
	 */
	if (read_time)
		d->read_speed = pick_read_speed(d, read_size * 1000 / read_time);
	if (write_time)
		d->write_speed = pick_write_speed(d, write_size * 1000 / write_time);
	return SENSE_NONE;
}

mmc_sense_t cmd_set_cd_speed_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	/* FFFFh asks for the fastest speed, and is above all of them. 0 changes nothing. */
	if (get_be16(cdb + 2))
		d->read_speed = pick_read_speed(d, get_be16(cdb + 2));
	if (get_be16(cdb + 4))
		d->write_speed = pick_write_speed(d, get_be16(cdb + 4));
	return SENSE_NONE;
}

/* ---- copy protection: not supported ---------------------------------------------------------- */

/*
 * In SPC-4 the operation codes of SEND KEY and REPORT KEY are MAINTENANCE IN and OUT, with data in
 * the other direction, and sg_opcodes sends those. They have a service action in a field that is
 * zero in MMC.
 */
static bool has_service_action(const uint8_t *cdb)
{
	return cdb[1] & 0x1f;
}

mmc_sense_t cmd_send_key(struct mmc_drive *d, const uint8_t *cdb)
{
	return has_service_action(cdb) ? mmc_bad_cdb() : cmd_param(d, cdb);
}

mmc_sense_t cmd_report_key(struct mmc_drive *d, const uint8_t *cdb)
{
	enum { FORMAT_RPC_STATE = 0x08, FORMAT_INVALIDATE_AGID = 0x3f };
	uint8_t key_class = cdb[7];

	if (key_class != 0 || has_service_action(cdb))
		return mmc_bad_cdb();
	switch (cdb[10] & 0x3f) {
	case FORMAT_RPC_STATE: {
		/* Windows asks every DVD drive: no region set, all changes left, none enforced */
		uint8_t *p = mmc_reply(d, 8);

		put_be16(p, 6);
		p[4] = 4 << 3 | 5;
		p[5] = 0xff;
		return SENSE_NONE;
	}
	case FORMAT_INVALIDATE_AGID:
		mmc_reply(d, 0);
		return SENSE_NONE;
	}
	return SENSE_KEY_NOT_PRESENT;
}

mmc_sense_t cmd_send_key_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	(void)d;
	(void)cdb;
	return SENSE_KEY_NOT_ESTABLISHED; /* the drive never grants an AGID */
}

mmc_sense_t cmd_send_event_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	(void)cdb;
	/* Hosts report requests from a front panel with it; the drive has no use for them. */
	return mmc_param_len(d) < 8 ? SENSE_LIST_LENGTH : SENSE_INVALID_PARAMETER;
}
