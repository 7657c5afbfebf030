// SPDX-License-Identifier: GPL-2.0-or-later
#include "compact/compact_label.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cd/find.h"
#include "cd/names.h"
#include "compact/compact_parts.h"
#include "compact/decoder.h"
#include "library/cd_set.h"
#include "protocol/words.h"
#include "util/utf8.h"

#define BLOCK       2048u
#define FIRST_BLOCK 16 /* where the descriptors of ISO 9660 begin (ECMA-119, 6.2.1) */
#define BLOCKS      16 /* that are copied: more than a disc has descriptors */

/* A disc, and where its files are. */
struct source {
	const struct cd_map *map;
	const struct library_file *text;  /* the text; NULL: the disc was burned here */
	const struct resolver_disc *disc; /* with a text: its files */
	int image;                        /* without a text: the image, the only file */
	/* Decodes the file of the data track, which is its only one; NULL: it is not compressed. */
	struct decoder *decoder;
};

/* Opens a file of the disc; -1: it cannot be read. */
static int open_file(const struct source *s, unsigned file)
{
	if (!s->text)
		return fcntl(s->image, F_DUPFD_CLOEXEC, 0);
	return compact_parts_open(s->text, &s->disc->file[file]);
}

/* Reads bytes of a file of the disc, decoded if it is compressed. False: not all can be read. */
static bool read_stored(
	const struct source *s, unsigned file, uint64_t at, uint8_t *buf, unsigned len)
{
	ssize_t n;
	int fd;

	if (s->decoder)
		return decoder_read(s->decoder, 0, at, buf, len) == (int32_t)len;
	fd = open_file(s, file);
	if (fd < 0)
		return false;
	n = pread(fd, buf, len, (off_t)at);
	close(fd);
	return n == (ssize_t)len;
}

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

/* The byte at which the user data begin in a sector of which `unit` bytes are stored. */
static unsigned user_offset(uint8_t form, unsigned unit)
{
	if (unit == 2048)
		return 0;
	if (unit == 2336)
		return form == CD_MODE2 ? 0 : 8;
	return form == CD_MODE1 || form == CD_MODE2 ? 16 : 24;
}

/* Copies the user data of a sector to a block of the file `to`. */
static bool copy_block(const struct source *s, int32_t lba, int to, unsigned block)
{
	uint8_t data[BLOCK];
	struct cd_run run;

	return cd_find_run(s->map, lba, &run) && run.file != CD_NO_FILE &&
	       read_stored(s, run.file, run.offset + user_offset(run.form, run.unit), data,
		       sizeof(data)) &&
	       pwrite(to, data, sizeof(data), (off_t)block * BLOCK) == (ssize_t)sizeof(data);
}

/* Writes the label of the track, whose descriptors are copied to their places in an image. */
static void read_volume(const struct source *s, const struct cd_track *t, char out[LABEL_MAX])
{
	int fd = memfd_create("volume", MFD_CLOEXEC);
	struct label label = {.text = ""};
	bool ok = fd >= 0 && ftruncate(fd, (off_t)t->length * BLOCK) == 0;

	for (unsigned i = FIRST_BLOCK; ok && i < FIRST_BLOCK + BLOCKS; i++)
		ok = i < t->length && copy_block(s, t->start + (int32_t)i, fd, i);
	if (fd >= 0) {
		label_read(fd, 0, &label);
		close(fd);
	}
	snprintf(out, LABEL_MAX, "%s", label.text);
}

static void read_label(const struct source *s, char out[LABEL_MAX])
{
	const struct cd_track *t = data_track(s->map);
	char title[CD_NAME_MAX];

	out[0] = '\0';
	if (t)
		read_volume(s, t, out);
	if (out[0] || !cd_name(s->map, CD_TITLE, 0, title))
		return;
	snprintf(out, LABEL_MAX, "%.*s", (int)utf8_fit(title, LABEL_MAX - 1), title);
	words_make_valid(out);
}

bool compact_label(const struct library_file *f, const struct resolver_disc *d, char out[LABEL_MAX])
{
	struct source s = {.map = &d->map, .text = f, .disc = d};
	const struct cd_track *t = data_track(&d->map);
	struct cd_run run;
	bool opened = true;
	int fd = -1;

	/* A data track that is compressed is in a CHD: FLAC files hold only songs. */
	if (t && cd_find_run(s.map, t->start, &run) && run.file != CD_NO_FILE &&
		d->decoded[run.file]) {
		fd = open_file(&s, run.file);
		opened = fd >= 0 && decoder_new(&fd, 1, &s.decoder) == 0;
	}
	out[0] = '\0';
	if (opened)
		read_label(&s, out);
	decoder_free(s.decoder);
	if (fd >= 0)
		close(fd);
	return opened;
}

void compact_label_of_burned(int dir, const char *base, int fd, char out[LABEL_MAX])
{
	struct folder *folder = folder_file_of(dir);
	struct cd_map *map = malloc(sizeof(*map));

	out[0] = '\0';
	if (folder && map && cd_set_map(folder, base, map) > 0)
		read_label(&(struct source){.map = map, .image = fd}, out);
	free(map);
	if (folder)
		folder->ops->close(folder);
}
