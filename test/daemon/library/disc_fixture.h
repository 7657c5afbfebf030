/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disc of two files, image and state file, on storage whose power can be cut. */
#ifndef DAEMON_LIBRARY_DISC_FIXTURE_H
#define DAEMON_LIBRARY_DISC_FIXTURE_H

#include "daemon/scratch.h"

#include "lib/powercut.h"

#define OLD   "blank-1.iso"
#define NEW   "X.iso"
#define IMAGE "image"
#define STATE "state of several sessions"

static inline bool holds(struct folder *f, const char *name, const char *text)
{
	char buf[STORE_TEXT_MAX];
	int n = f->ops->read(f, name, buf, sizeof(buf));

	return n == (int)strlen(text) && memcmp(buf, text, (size_t)n) == 0;
}

/*
 * Ends the plan of a fault that met f, and does what follows the fault: power comes back, or the
 * daemon starts again. Returns the folder as it is then, instead of f.
 */
static inline struct folder *folder_after_fault(struct powercut *c, struct folder *f, int fault)
{
	powercut_plan(c, POWERCUT_NOTHING, 0, 0);
	f->ops->close(f);
	if (fault == POWERCUT_POWER)
		powercut_power_on(c, POWERCUT_JOURNAL);
	else if (fault == POWERCUT_DEATH)
		powercut_restart_daemon(c);
	return powercut_folder(c);
}

static inline struct folder *folder_with_burned_disc(struct powercut *c)
{
	struct folder *f = powercut_folder(c);

	assert_int_equal(f->ops->write(f, OLD, IMAGE, strlen(IMAGE)), 0);
	assert_int_equal(f->ops->sync(f, OLD), 0);
	assert_int_equal(f->ops->write(f, OLD STORE_SUFFIX, STATE, strlen(STATE)), 0);
	assert_int_equal(f->ops->sync(f, OLD STORE_SUFFIX), 0);
	assert_int_equal(f->ops->sync_names(f), 0);
	return f;
}

/* The image has either the old or the new name, and its state file has the same. */
static inline void assert_one_name(struct folder *f, const char *where, uint64_t at)
{
	bool old = holds(f, OLD, IMAGE), new = holds(f, NEW, IMAGE);

	if (old == new)
		fail_msg("%s at %u: the image has %s", where, (unsigned)at,
			old ? "both names" : "no name");
	if (!holds(f, old ? OLD STORE_SUFFIX : NEW STORE_SUFFIX, STATE))
		fail_msg("%s at %u: %s has no state", where, (unsigned)at, old ? "old" : "new");
}

#endif
