// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/compact_label.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cd/find.h"
#include "cd/names.h"
#include "library/compact_parts.h"
#include "protocol/words.h"

#define BLOCK       2048u
#define FIRST_BLOCK 16 /* where the descriptors of ISO 9660 begin (ECMA-119, 6.2.1) */
#define BLOCKS      16 /* more than any disc has of them */

/* The data track whose volume a host mounts; NULL: there is none. */
static const struct cd_track *data_track(const struct cd_map *m)
{
	const struct cd_track *found = NULL;

	for (unsigned i = 0; i < m->tracks; i++) {
		const struct cd_track *t = &m->track[i];

		if (t->form != CD_AUDIO && (!found || t->session > found->session))
			found = t;
	}
	return found;
}

/* Where the user data are in what is stored of a sector. */
static unsigned user_offset(uint8_t form, unsigned unit)
{
	if (unit == 2048)
		return 0;
	if (unit == 2336)
		return form == CD_MODE2 ? 0 : 8;
	return form == CD_MODE1 || form == CD_MODE2 ? 16 : 24;
}

/* Copies the user data of a sector to a block of the file `to`. */
static bool copy_block(const struct library_file *f, const struct resolver_disc *d, int32_t lba,
	int to, unsigned block)
{
	uint8_t data[BLOCK];
	struct cd_run run;
	ssize_t n;
	int fd;

	if (!cd_find_run(&d->map, lba, &run) || run.file == CD_NO_FILE || d->decoded[run.file])
		return false;
	fd = compact_parts_open(f, &d->file[run.file]);
	if (fd < 0)
		return false;
	n = pread(fd, data, sizeof(data), (off_t)(run.offset + user_offset(run.form, run.unit)));
	close(fd);
	return n == (ssize_t)sizeof(data) &&
	       pwrite(to, data, sizeof(data), (off_t)block * BLOCK) == n;
}

/* The label of the track, whose descriptors are put where an image has them. */
static void read_volume(const struct library_file *f, const struct resolver_disc *d,
	const struct cd_track *t, char out[LABEL_MAX])
{
	int fd = memfd_create("volume", MFD_CLOEXEC);
	struct label label = {.text = ""};
	bool ok = fd >= 0 && ftruncate(fd, (off_t)t->length * BLOCK) == 0;

	for (unsigned i = FIRST_BLOCK; ok && i < FIRST_BLOCK + BLOCKS; i++)
		ok = i < t->length && copy_block(f, d, t->start + (int32_t)i, fd, i);
	if (fd >= 0) {
		label_read(fd, 0, &label);
		close(fd);
	}
	snprintf(out, LABEL_MAX, "%s", label.text);
}

void compact_label(const struct library_file *f, const struct resolver_disc *d, char out[LABEL_MAX])
{
	const struct cd_track *t = data_track(&d->map);
	char title[CD_NAME_MAX];

	out[0] = '\0';
	if (t)
		read_volume(f, d, t, out);
	if (out[0] || !cd_name(&d->map, CD_TITLE, 0, title))
		return;
	/* Longer ones are cut at a character. */
	snprintf(out, LABEL_MAX, "%.*s", (int)LABEL_MAX - 1, title);
	words_make_valid(out);
}
