// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A medium that is made of several files, as a compact disc with a file for each track is. A reader
 * goes from one to the next, so that one read-ahead is enough: it turns to the file that is being
 * read.
 */
#include "media/media.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "media/file.h"
#include "media/read_ahead.h"
#include "util/array.h"

struct media_files {
	struct media m;
	struct read_ahead *ahead; /* NULL: reading waits for storage */
	unsigned turned;          /* the file that it reads */
	bool error_logged;
	struct media_decoder decoder; /* .size is NULL after the opening */
	unsigned count;
	struct media_files_file {
		struct media_files *files;
		int fd;
		bool decoded;
		uint64_t begin, size;
		struct read_ahead_source source; /* if it is decoded */
	} file[];
};

static struct media_files *from(struct media *m)
{
	return (struct media_files *)m;
}

/* The file that has that byte, which is below m->blocks; empty files have none. */
static unsigned find(const struct media_files *f, uint64_t at)
{
	unsigned low = 0, high = f->count;

	/* file[low] begins at or before it, file[high] after it. */
	while (high - low > 1) {
		unsigned middle = low + (high - low) / 2;

		if (f->file[middle].begin <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static int32_t read_decoded(void *file, uint64_t at, void *buf, uint32_t len)
{
	struct media_files_file *of = file;
	const struct media_decoder *d = &of->files->decoder;

	return d->read(d->ctx, (unsigned)(of - of->files->file), at, buf, len);
}

/* Reads all of the bytes, and waits. 0 or -errno. */
static int read_all(struct media_files_file *of, uint8_t *to, uint32_t len, uint64_t at)
{
	if (!of->decoded)
		return file_read_all(of->fd, to, len, (off_t)at);
	while (len > 0) {
		int32_t n = read_decoded(of, at, to, len);

		if (n <= 0)
			return n < 0 ? n : -EIO;
		to += n;
		at += (uint32_t)n;
		len -= (uint32_t)n;
	}
	return 0;
}

static int files_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	struct media_files *f = from(m);
	uint8_t *to = buf;

	for (unsigned i = find(f, block); count > 0; i++) {
		uint64_t at = block - f->file[i].begin;
		uint32_t n = (uint32_t)MIN((uint64_t)count, f->file[i].size - at);
		int r = read_all(&f->file[i], to, n, at);

		if (r < 0)
			return file_log_error(f->file[i].fd, &f->error_logged, "reading", r);
		to += n;
		block += n;
		count -= n;
	}
	return 0;
}

static void turn(struct media_files *f, unsigned i)
{
	f->turned = i;
	if (f->file[i].decoded)
		read_ahead_turn_to(f->ahead, &f->file[i].source);
	else
		read_ahead_turn(f->ahead, f->file[i].fd);
}

/* Views end with the file. */
static int files_view(struct media *m, uint64_t block, uint32_t *count, const uint8_t **data)
{
	struct media_files *f = from(m);
	unsigned i = find(f, block);
	uint64_t at = block - f->file[i].begin;
	int r;

	if (!f->ahead)
		return -EOPNOTSUPP;
	if (i != f->turned)
		turn(f, i);
	*count = (uint32_t)MIN((uint64_t)*count, f->file[i].size - at);
	r = read_ahead_view(f->ahead, at, count, f->file[i].size, data);
	if (r == -EAGAIN)
		return r;
	return file_log_error(f->file[i].fd, &f->error_logged, "reading", r);
}

static void files_close(struct media *m)
{
	struct media_files *f = from(m);

	read_ahead_free(f->ahead);
	if (f->decoder.close)
		f->decoder.close(f->decoder.ctx);
	for (unsigned i = 0; i < f->count; i++)
		close(f->file[i].fd);
	free(f);
}

static const struct media_ops files_ops = {
	.read = files_read,
	.view = files_view,
	.close = files_close,
};

int media_files_read_ahead(struct media *m, void (*ready)(void *ctx), void *ctx)
{
	struct media_files *f = from(m);

	f->ahead = f->count > 0 ? read_ahead_new(f->file[0].fd, 1, ready, ctx) : NULL;
	if (!f->ahead)
		return -ENOMEM;
	turn(f, 0);
	return 0;
}

/* Checks and locks the files, and says where each begins. */
static int take_files(
	struct media_files *f, const uint64_t *decoded, uint64_t *begin, unsigned *bad)
{
	for (unsigned i = 0; i < f->count; i++) {
		struct stat st;
		int r = file_check(f->file[i].fd, 1, false, &st);

		*bad = i;
		if (r < 0)
			return r;
		f->file[i].begin = begin[i] = f->m.blocks;
		f->file[i].decoded = decoded && decoded[i];
		f->file[i].size = decoded && decoded[i] ? decoded[i] : (uint64_t)st.st_size;
		f->m.blocks += f->file[i].size;
	}
	return 0;
}

int media_files_open_decoded(const int *fd, unsigned count, const struct media_decoder *decoder,
	uint64_t *begin, struct media **out, unsigned *bad)
{
	struct media_files *f = calloc(1, sizeof(*f) + count * sizeof(f->file[0]));
	int r;

	*bad = 0;
	if (!f) {
		if (decoder)
			decoder->close(decoder->ctx);
		for (unsigned i = 0; i < count; i++)
			close(fd[i]);
		return -ENOMEM;
	}
	f->m.ops = &files_ops;
	f->m.unit = 1;
	f->count = count;
	if (decoder)
		f->decoder = *decoder;
	for (unsigned i = 0; i < count; i++) {
		f->file[i].fd = fd[i];
		f->file[i].files = f;
		f->file[i].source = (struct read_ahead_source){read_decoded, &f->file[i]};
	}
	r = take_files(f, decoder ? decoder->size : NULL, begin, bad);
	f->decoder.size = NULL;
	if (r < 0) {
		files_close(&f->m);
		return r;
	}
	*out = &f->m;
	return 0;
}

int media_files_open(
	const int *fd, unsigned count, uint64_t *begin, struct media **out, unsigned *bad)
{
	return media_files_open_decoded(fd, count, NULL, begin, out, bad);
}
