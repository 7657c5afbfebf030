/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two drives on one media folder that changes under them; the daemon's log is in a file. */
#ifndef DAEMON_PLACE_FIXTURE_H
#define DAEMON_PLACE_FIXTURE_H

#include "daemon/drive/drive_fixture.h"

#include <errno.h>

static int own_stderr = -1;

static inline int place_setup(void **state)
{
	int fd, r;

	fake_remembers = false;
	r = setup(state);
	fd = open(in_scratch("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	own_stderr = dup(2);
	log_set_level(LOG_LEVEL_INFO);
	return r == 0 && fd >= 0 && own_stderr >= 0 && dup2(fd, 2) == 2 && close(fd) == 0 ? 0 : -1;
}

static inline int place_teardown(void **state)
{
	fake_burned = (struct drive_burned){0};
	dup2(own_stderr, 2);
	close(own_stderr);
	return teardown(state);
}

/* Lets both drives work for ms. */
static inline void wait_ms(unsigned ms)
{
	turn(event, usb, 2, ms, NULL);
}

/* Waits until the log has this text, for at most 20 s. Returns whether it has. */
static inline bool logged(const char *text)
{
	for (uint64_t end = now_ms() + 20000; now_ms() < end; wait_ms(5)) {
		if (strstr(get_text("log"), text))
			return true;
	}
	return false;
}

/* Wait until the file is there, or is not, for at most 20 s. Return whether it is so. */
static inline bool appears(const char *name)
{
	for (uint64_t end = now_ms() + 20000; now_ms() < end && !scratch_has(name);)
		wait_ms(5);
	return scratch_has(name);
}

static inline bool vanishes(const char *name)
{
	for (uint64_t end = now_ms() + 20000; now_ms() < end && scratch_has(name);)
		wait_ms(5);
	return !scratch_has(name);
}

static inline void move(const char *from, const char *to)
{
	assert_int_equal(rename(in_scratch(from), in_scratch(to)), 0);
}

static inline void make_folder(const char *name)
{
	assert_int_equal(mkdir(in_scratch(name), 0755), 0);
}

/* Reads the unit attentions of drive 0, then records the blocks from `from` to end - 1. */
static inline void burn(uint32_t from, uint32_t end)
{
	assert_true(fake_ready(&usb[0]));
	for (uint32_t lba = from; lba < end; lba++)
		assert_true(fake_write(&usb[0], lba));
}

static inline bool close_disc(uint8_t function)
{
	const uint8_t cdb[10] = {0x5b, 0, function};
	struct mmc_xfer xfer;

	mmc_begin(drive_engine(usb[0].drive), cdb, sizeof(cdb), 0, &xfer);
	return fake_end(&usb[0]) == MMC_GOOD;
}

/* Inserts or blanks name in drive 0, which must work. */
static inline void load(enum drive_verb verb, const char *name)
{
	struct record r;

	run(0, &r, verb, name, false);
	assert_true(r.ok);
}

/* Takes the disc out of drive 0 and waits until its file is closed. */
static inline void take_out(void)
{
	struct record r;

	run(0, &r, DRIVE_EJECT, NULL, true);
	assert_true(r.ok);
	/* When the disc is closed, its hidden name is removed. */
	for (uint64_t end = now_ms() + 20000; now_ms() < end; wait_ms(5)) {
		if (!scratch_has("media/.mmcgadget-drive0.disc"))
			break;
	}
	wait_ms(50);
}

#endif
