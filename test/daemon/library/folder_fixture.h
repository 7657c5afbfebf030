/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A media folder with two images, one of them in a folder, and a file outside. */
#ifndef TEST_DAEMON_LIBRARY_FOLDER_FIXTURE_H
#define TEST_DAEMON_LIBRARY_FOLDER_FIXTURE_H

#include "daemon/scratch.h"

#include "library/library.h"

/* scratch/media is the folder; scratch/outside is not in it. */
static int folder;

static int setup(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	mkdir(in_scratch("media"), 0755);
	mkdir(in_scratch("media/sub"), 0755);
	mkdir(in_scratch("outside"), 0755);
	put_text("outside/secret", "secret");
	put_size("media/a.iso", 4096);
	put_size("media/sub/b.iso", 2048);
	put_size("media/blank", 0);
	folder = library_open_folder(in_scratch("media"));
	return folder < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	close(folder);
	return scratch_remove(state);
}

static inline void symlink_in(const char *target, const char *name)
{
	assert_int_equal(symlink(target, in_scratch(name)), 0);
}

#endif
