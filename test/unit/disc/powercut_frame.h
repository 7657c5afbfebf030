/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the power-cut tests share: where a fault was put, how many there were, and the disc. */
#ifndef TEST_UNIT_DISC_POWERCUT_FRAME_H
#define TEST_UNIT_DISC_POWERCUT_FRAME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "disc/disc.h"
#include "lib/powercut.h"

/* The fault under way, for the message of a test that fails. */
static char where[160];
static unsigned cuts, deaths, faults;

#define EXPECT(what)                                                                               \
	do {                                                                                       \
		if (!(what))                                                                       \
			fail_msg("%s: %s", where, #what);                                          \
	} while (0)

/*
 * A fault is tried at every operation; under valgrind, the sanitizers or an emulator (WRAP) at
 * every operation of that number, or of the number in CUT_STRIDE.
 */
static inline uint64_t powercut_stride(unsigned slow)
{
	const char *wrap = getenv("WRAP"), *stride = getenv("CUT_STRIDE");

	if (stride && *stride)
		return strtoul(stride, NULL, 10);
	return wrap && *wrap ? slow : 1;
}

/* Opens the disc on storage that faults can happen to. o has what is not the default. */
static inline struct disc *powercut_disc(
	struct powercut *cut, const char *image, struct disc_options o)
{
	struct disc *disc;

	o.media = powercut_media(cut, true);
	assert_non_null(o.media);
	assert_int_equal(store_new(powercut_folder(cut), image, cut->boot, &o.store), 0);
	disc = disc_open(&o);
	assert_non_null(disc);
	return disc;
}

static inline void powercut_remove(struct disc **disc)
{
	disc_put(*disc);
	*disc = NULL;
}

#endif
