// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Several files as one medium of single bytes, one after another, for reading. They share one
 * read-ahead: a CD with a file for each track has a hundred of them, and is read in order.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "media/media.h"
#include "media/read_ahead.h"
#include "util/array.h"
#include "util/log.h"

struct part {
	int fd;
	uint64_t begin, end; /* bytes of the medium */
};

struct media_files {
	struct media m;
	struct read_ahead *ahead; /* NULL: reading waits for storage */
	bool error_logged;
	unsigned current; /* the file that was read last */
	unsigned count;
	struct part part[];
};

static struct media_files *from(struct media *m)
{
	return (struct media_files *)m;
}

/* The file with this byte; files may be empty. at lies inside the medium. */
static const struct part *part_of(struct media_files *f, uint64_t at)
{
	if (at < f->part[f->current].begin)
		f->current = 0;
	while (at >= f->part[f->current].end)
		f->current++;
	return &f->part[f->current];
}

static int log_error_once(struct media_files *f, int error)
{
	if (error < 0 && error != -EAGAIN && !f->error_logged) {
		f->error_logged = true;
		log_error("reading file %u of a disc: %s", f->current + 1, strerror(-error));
	}
	return error;
}

static int read_part(const struct part *p, uint8_t *to, size_t len, uint64_t at)
{
	while (len > 0) {
		ssize_t n = pread(p->fd, to, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO; /* another program has shortened the file */
		to += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int files_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	struct media_files *f = from(m);
	uint8_t *to = buf;

	while (count > 0) {
		const struct part *p = part_of(f, block);
		uint32_t len = (uint32_t)MIN(count, p->end - block);
		int r = read_part(p, to, len, block - p->begin);

		if (r < 0)
			return log_error_once(f, r);
		to += len;
		block += len;
		count -= len;
	}
	return 0;
}

static int files_view(struct media *m, uint64_t block, uint32_t *count, const uint8_t **data)
{
	struct media_files *f = from(m);
	const struct part *p;

	if (!f->ahead)
		return -EOPNOTSUPP;
	p = part_of(f, block);
	*count = (uint32_t)MIN(*count, p->end - block);
	read_ahead_switch(f->ahead, p->fd);
	return log_error_once(
		f, read_ahead_view(f->ahead, block - p->begin, count, p->end - p->begin, data));
}

static int files_sync(struct media *m)
{
	(void)m;
	return 0;
}

static int files_truncate(struct media *m, uint64_t blocks)
{
	(void)m;
	(void)blocks;
	return -EROFS;
}

static void files_close(struct media *m)
{
	struct media_files *f = from(m);

	read_ahead_free(f->ahead);
	for (unsigned i = 0; i < f->count; i++)
		close(f->part[i].fd);
	free(f);
}

static const struct media_ops files_ops = {
	.read = files_read,
	.view = files_view,
	.sync = files_sync,
	.truncate = files_truncate,
	.close = files_close,
};

int media_files_read_ahead(struct media *m, void (*ready)(void *ctx), void *ctx)
{
	struct media_files *f = from(m);

	f->ahead = read_ahead_new(f->part[0].fd, m->unit, ready, ctx);
	return f->ahead ? 0 : -ENOMEM;
}

int media_files_open(const int *fd, unsigned count, uint64_t *begin, struct media **out)
{
	struct media_files *f = calloc(1, sizeof(*f) + count * sizeof(f->part[0]));
	int r = f && count > 0 ? 0 : f ? -EINVAL : -ENOMEM;

	for (unsigned i = 0; i < count; i++) {
		uint64_t size = 0;

		if (r == 0)
			r = media_file_check(fd[i], 1, false, &size);
		if (r < 0) {
			close(fd[i]);
			continue;
		}
		begin[i] = f->m.blocks;
		f->part[f->count++] =
			(struct part){.fd = fd[i], .begin = begin[i], .end = begin[i] + size};
		f->m.blocks += size;
	}
	if (r < 0) {
		for (unsigned i = 0; f && i < f->count; i++)
			close(f->part[i].fd);
		free(f);
		return r;
	}
	f->m.ops = &files_ops;
	f->m.unit = 1;
	*out = &f->m;
	return 0;
}
