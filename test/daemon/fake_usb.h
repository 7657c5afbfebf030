/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fake USB thread: a drive with its real engine, whose tasks run when the test calls
 * fake_run(). While a test does not, the drive looks like one whose medium hangs.
 */
#ifndef DAEMON_FAKE_USB_H
#define DAEMON_FAKE_USB_H

#include "daemon/scratch.h"

#include <poll.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "drive/drive.h"

struct fake_usb {
	struct drive *drive;
	struct {
		void (*fn)(void *arg);
		void *arg;
	} posted[8];
	unsigned n;
	unsigned woken;      /* times that something was posted to the thread */
	bool stuck;          /* fake_run() does nothing */
	atomic_bool resumed; /* drive_resumed() is due */
	atomic_uint resumes; /* times that the storage asked for it */
	bool suspended;      /* the host sleeps, or a Pi's cable was pulled */
	bool unplugged;      /* no host has configured the gadget */
};

static inline int fake_post(void *usb, void (*fn)(void *arg), void *arg)
{
	struct fake_usb *u = usb;

	assert_true(u->n < 8);
	u->woken++;
	u->posted[u->n].fn = fn;
	u->posted[u->n++].arg = arg;
	return 0;
}

static inline void fake_resume(void *usb)
{
	struct fake_usb *u = usb;

	atomic_fetch_add(&u->resumes, 1);
	atomic_store(&u->resumed, true);
}

static inline void fake_state(void *usb, struct ffs_state *state)
{
	memset(state, 0, sizeof(*state));
	state->enabled = !((const struct fake_usb *)usb)->unplugged;
	state->suspended = ((const struct fake_usb *)usb)->suspended;
	state->speed = FFS_SPEED_HIGH;
	state->bot.resets = 3;
	state->bot.phase_errors = 2;
}

/* Configuration of the drives made from now on. */
static bool fake_jukebox;
static unsigned fake_seen_wait;
static struct drive_burned fake_burned;
static bool fake_remembers;
static const char *fake_image;
static const char *fake_media[DRIVE_MAX]; /* the media folder in scratch; NULL: "media" */
/* Of each drive: the type of an empty file, and the disc as which a plain image is shown. */
static const struct disc_medium *fake_blank[DRIVE_MAX];
static enum image_as fake_iso[DRIVE_MAX];
static bool fake_faults[DRIVE_MAX]; /* faults may be requested of the drive */

static inline struct drive *fake_drive(
	struct fake_usb *u, const char *name, sd_event *event, struct drives *set, unsigned wait)
{
	char media[SCRATCH_PATH];
	struct drive_config dc = {
		.name = name,
		.media = media,
		.mmc = {.vendor = "V", .product = "P", .revision = "1"},
		/* Tests act within a jukebox's gap, so it must outlast a busy machine's pauses. */
		.swap_gap = fake_jukebox ? 250 : 20,
		.seen_wait = fake_seen_wait,
		.unlock_wait = wait,
		.label_wait = 5000,
		.brings_next = fake_jukebox,
		.sync_ms = 300,
		.burned = fake_burned,
		.remember = fake_remembers,
		.image = fake_image,
		.blank = fake_blank[set->count],
		.iso = fake_iso[set->count],
		.faults = fake_faults[set->count],
	};
	struct drive_port port = {
		.usb = u, .post = fake_post, .get_state = fake_state, .resume = fake_resume};

	snprintf(media, sizeof(media), "%s/%s", scratch,
		fake_media[set->count] ? fake_media[set->count] : "media");
	memset(u, 0, sizeof(*u));
	assert_int_equal(drive_new(&dc, event, set, &u->drive), 0);
	drive_attach(u->drive, &port);
	return u->drive;
}

static inline void fake_run(struct fake_usb *u)
{
	while (u->n > 0 && !u->stuck) {
		void (*fn)(void *arg) = u->posted[0].fn;
		void *arg = u->posted[0].arg;

		u->n--;
		memmove(&u->posted[0], &u->posted[1], u->n * sizeof(u->posted[0]));
		fn(arg);
	}
	if (!u->stuck && atomic_exchange(&u->resumed, false))
		drive_resumed(u->drive);
}

/* Stands for BOT's wait for storage. */
static inline void fake_nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

static inline void fake_push(struct fake_usb *u, const void *data, uint32_t len)
{
	while (mmc_push(drive_engine(u->drive), data, len) < 0)
		fake_nap();
}

static inline enum mmc_status fake_end(struct fake_usb *u)
{
	enum mmc_status s;

	while ((s = mmc_end(drive_engine(u->drive))) == MMC_AGAIN)
		fake_nap();
	drive_changed(u->drive);
	return s;
}

/* Carries out a command of the host without data, as the USB thread does. True = GOOD. */
static inline bool fake_host(struct fake_usb *u, uint8_t opcode, uint8_t byte4)
{
	const uint8_t cdb[16] = {opcode, 0, 0, 0, byte4};
	struct mmc_xfer xfer;

	mmc_begin(drive_engine(u->drive), cdb, 6, 0, &xfer);
	return fake_end(u) == MMC_GOOD;
}

/* Repeats TEST UNIT READY until all unit attentions are read, as hosts do. */
static inline bool fake_ready(struct fake_usb *u)
{
	for (int i = 0; i < 4; i++) {
		if (fake_host(u, 0x00, 0))
			return true;
	}
	return false;
}

static inline bool fake_lock(struct fake_usb *u, bool on)
{
	return fake_host(u, 0x1e, on);
}

/* Carries out a WRITE(10) of one block at lba. */
static inline bool fake_write(struct fake_usb *u, uint32_t lba)
{
	static const uint8_t block[2048] = "data";
	const uint8_t cdb[10] = {0x2a, 0, (uint8_t)(lba >> 24), (uint8_t)(lba >> 16),
		(uint8_t)(lba >> 8), (uint8_t)lba, 0, 0, 1};
	struct mmc_xfer xfer;

	mmc_begin(drive_engine(u->drive), cdb, 10, 0, &xfer);
	if (xfer.len == sizeof(block))
		fake_push(u, block, sizeof(block));
	return fake_end(u) == MMC_GOOD;
}

static inline uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Runs the event loop and the fake USB threads for ms, or until *done. */
static inline void turn(
	sd_event *event, struct fake_usb *usb, unsigned n, unsigned ms, const bool *done)
{
	uint64_t end = now_ms() + ms;

	do {
		for (unsigned i = 0; i < n; i++)
			fake_run(&usb[i]);
		assert_true(sd_event_run(event, 2000) >= 0);
	} while (now_ms() < end && !(done && *done));
}

#endif
