/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cue sheets and their files in a media folder. */
#ifndef TEST_DAEMON_COMPACT_COMPACT_FIXTURE_H
#define TEST_DAEMON_COMPACT_COMPACT_FIXTURE_H

#include "daemon/catalog/catalog_fixture.h"

#include "daemon/resolver_fixture.h"
#include "disc/compact.h"
#include "image/image.h"
#include "image/image_compact.h"
#include "media/store.h"

#define CUE                                                                                        \
	"TITLE \"Album\"\n"                                                                        \
	"FILE \"x 1.bin\" BINARY\n TRACK 01 MODE1/2352\n  INDEX 01 00:00:00\n"                     \
	"FILE \"x 2.bin\" BINARY\n TRACK 02 AUDIO\n  INDEX 00 00:00:00\n  INDEX 01 00:02:00\n"

/* A file of sectors that each begin with their number and the letter. */
static inline void put_sectors(const char *name, unsigned count, char letter)
{
	FILE *f = fopen(in_scratch(name), "wb");
	unsigned char sector[2352] = {0};

	assert_non_null(f);
	for (unsigned i = 0; i < count; i++) {
		sector[0] = (unsigned char)letter;
		sector[1] = (unsigned char)(i >> 8);
		sector[2] = (unsigned char)i;
		assert_int_equal(fwrite(sector, sizeof(sector), 1, f), 1);
	}
	assert_int_equal(fclose(f), 0);
}

static inline void put_disc(void)
{
	put_text("media/x.cue", CUE);
	put_sectors("media/x 1.bin", 1000, 'd');
	put_sectors("media/X 2.BIN", 500, 'a');
}

/* ---- opening ------------------------------------------------------------------------------ */

static struct image image;
static struct refusal why;

static inline int open_image(const char *name)
{
	const struct image_policy policy = {0};

	memset(&why, 0, sizeof(why));
	return image_open(folder, in_scratch("media"), name, &policy, &image, &why);
}

static inline void assert_sector(int lba, char letter, unsigned number, enum cd_form form)
{
	struct disc_sectors s;

	assert_int_equal(disc_view_sectors(image.disc, lba, 1, &s), DISC_OK);
	assert_int_equal(s.form, form);
	if (!letter) {
		assert_null(s.data);
		return;
	}
	assert_non_null(s.data);
	assert_int_equal(s.unit, 2352);
	assert_int_equal(s.data[0], letter);
	assert_int_equal(s.data[1] << 8 | s.data[2], number);
}

static inline int delete_disc(const char *name, struct image_compact_deleted *out)
{
	struct library_file f;
	struct folder *dir;
	int r = library_find(folder, name, &f);

	assert_int_equal(r, 0);
	dir = folder_file_of(f.dir_fd);
	assert_non_null(dir);
	r = image_compact_delete(dir, &f, out);
	dir->ops->close(dir);
	library_forget(&f);
	return r;
}

#endif
