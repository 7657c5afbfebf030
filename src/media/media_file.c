// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A medium in a regular file. Block n begins at byte n * unit, so with blocks of 2048
 * bytes a disc burned in one session is a plain ISO image at every moment.
 */
#include "media/media.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/blocks_ahead.h"
#include "media/file.h"
#include "media/read_ahead.h"
#include "util/array.h"
#include "util/log.h"

/*
 * The kernel is told to start write-back after this many bytes, so that little is left for
 * the flush at the end of a burn: growisofs gives SYNCHRONIZE CACHE and CLOSE 60 s, an SD
 * card may write 10 MB/s, and the page cache could hold hundreds of MB. The same after writes to
 * this many places of the file: a card may write a few dozen places in a second, and a host gives
 * a command 30 s. Smaller limits would be more work for kernel and card: if a block, or the one
 * next to it, is written again before write-back starts, this costs the card nothing more.
 */
#define WRITEBACK_BYTES  (8u * 1024u * 1024u)
#define WRITEBACK_PLACES 64u

struct media_file {
	struct media m;
	int fd;
	struct read_ahead *ahead;   /* NULL: reading waits for storage */
	struct blocks_ahead blocks; /* of a recordable medium */
	struct {
		uint64_t from, to; /* bytes of the file */
		uint64_t next;     /* byte after those written last */
		uint32_t bytes, places;
	} unflushed; /* written, and write-back was not started; places 0 = nothing */
	bool error_logged;
};

static struct media_file *from(struct media *m)
{
	return (struct media_file *)m;
}

/* Logs the first error of the medium and returns it. */
static int log_error_once(struct media_file *f, const char *doing, int error)
{
	return file_log_error(f->fd, &f->error_logged, doing, error);
}

static int write_all(int fd, const uint8_t *buf, size_t len, off_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, buf, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
		buf += n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int file_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	size_t len = (size_t)count * m->unit;

	if (m->tail && block + count == m->blocks) {
		size_t missing = m->unit - m->tail;

		len -= missing;
		memset((uint8_t *)buf + len, 0, missing);
	}
	return log_error_once(
		from(m), "reading", file_read_all(from(m)->fd, buf, len, (off_t)(block * m->unit)));
}

/* Before the file changes: drops blocks that were read ahead. */
static void drop_read_ahead(struct media_file *f)
{
	if (f->ahead)
		read_ahead_drop(f->ahead);
}

static int file_view(struct media *m, uint64_t block, uint32_t *count, const uint8_t **data)
{
	struct media_file *f = from(m);
	uint64_t end = m->blocks * m->unit - (m->tail ? m->unit - m->tail : 0);
	uint32_t len = *count * m->unit;
	int r;

	if (!f->ahead)
		return -EOPNOTSUPP;
	r = read_ahead_view(f->ahead, block * m->unit, &len, end, data);
	if (r == 0 && len < *count * m->unit)
		*count = len / m->unit;
	return r == -EAGAIN ? r : log_error_once(f, "reading", r);
}

/* These bytes were written. Has the kernel start write-back if it is time. */
static void start_write_back(struct media_file *f, uint64_t at, uint64_t end)
{
	if (f->unflushed.places == 0) {
		f->unflushed.from = f->unflushed.to = at;
		f->unflushed.bytes = 0;
	}
	f->unflushed.places += f->unflushed.places == 0 || at != f->unflushed.next;
	f->unflushed.from = MIN(f->unflushed.from, at);
	f->unflushed.to = MAX(f->unflushed.to, end);
	f->unflushed.next = end;
	f->unflushed.bytes += (uint32_t)(end - at);
	if (f->unflushed.bytes < WRITEBACK_BYTES && f->unflushed.places < WRITEBACK_PLACES)
		return;
	/* Only a hint: on a file system without it the final sync does all the work. */
	(void)sync_file_range(f->fd, (off_t)f->unflushed.from,
		(off_t)(f->unflushed.to - f->unflushed.from), SYNC_FILE_RANGE_WRITE);
	f->unflushed.places = 0;
}

static int file_write(struct media *m, uint64_t block, uint32_t count, const void *buf)
{
	struct media_file *f = from(m);
	uint64_t at = block * m->unit;
	uint64_t end = at + (uint64_t)count * m->unit;
	int r;

	drop_read_ahead(f);
	if (block == m->blocks)
		blocks_ahead_append(&f->blocks, at, end);
	r = write_all(f->fd, buf, (size_t)(end - at), (off_t)at);

	if (r < 0) {
		log_error_once(f, "writing", r);
		/*
		 * All or nothing: a full card takes a part of the blocks, and the file would
		 * be longer than the disc. If this fails, too, the disc's layout still counts
		 * only what was recorded.
		 */
		if (end > m->blocks * m->unit && ftruncate(f->fd, (off_t)(m->blocks * m->unit)) < 0)
			return r;
		return r;
	}
	start_write_back(f, at, end);
	return 0;
}

static int sync_by(struct media *m, int (*how)(int fd))
{
	if (!m->writable)
		return 0;
	blocks_ahead_give_back(&from(m)->blocks);
	from(m)->unflushed.places = 0;
	return log_error_once(from(m), "writing", how(from(m)->fd) < 0 ? -errno : 0);
}

static int file_sync(struct media *m)
{
	return sync_by(m, fdatasync);
}

static struct media_stamp stamp_of(const struct stat *st)
{
	return (struct media_stamp){
		.bytes = (uint64_t)st->st_size,
		.seconds = st->st_mtim.tv_sec,
		.nanoseconds = (uint32_t)st->st_mtim.tv_nsec,
	};
}

/* fdatasync() may leave the time of the last change in memory. */
static int file_stamp(struct media *m, struct media_stamp *stamp)
{
	struct stat st;
	int r = sync_by(m, fsync);

	if (r < 0)
		return r;
	if (fstat(from(m)->fd, &st) < 0)
		return -errno;
	*stamp = stamp_of(&st);
	return 0;
}

static int file_truncate(struct media *m, uint64_t blocks)
{
	int r;

	drop_read_ahead(from(m));
	r = ftruncate(from(m)->fd, (off_t)(blocks * m->unit)) < 0 ? -errno : 0;

	return log_error_once(from(m), "shortening", r);
}

static void file_close(struct media *m)
{
	struct media_file *f = from(m);

	read_ahead_free(f->ahead);
	blocks_ahead_give_back(&f->blocks);
	if (m->writable)
		log_error_once(f, "writing", fdatasync(f->fd) < 0 ? -errno : 0);
	close(f->fd);
	free(f);
}

static const struct media_ops file_ops = {
	.read = file_read,
	.view = file_view,
	.write = file_write,
	.sync = file_sync,
	.stamp = file_stamp,
	.truncate = file_truncate,
	.close = file_close,
};

int media_file_read_ahead(struct media *m, void (*ready)(void *ctx), void *ctx)
{
	struct media_file *f = from(m);

	f->ahead = read_ahead_new(f->fd, m->unit, ready, ctx);
	return f->ahead ? 0 : -ENOMEM;
}

/* r: whether the file can be used, see file_look(). */
static int open_checked(
	int r, int fd, const struct stat *st, uint32_t unit, bool writable, struct media **out)
{
	struct media_file *f = r < 0 ? NULL : calloc(1, sizeof(*f));

	if (!f) {
		close(fd);
		return r < 0 ? r : -ENOMEM;
	}
	f->fd = fd;
	f->m.ops = &file_ops;
	f->m.unit = unit;
	f->m.writable = writable;
	f->m.stamp = stamp_of(st);
	if (writable)
		blocks_ahead_begin(&f->blocks, fd, (uint64_t)st->st_size, (uint64_t)st->st_blocks);
	f->m.blocks = ((uint64_t)st->st_size + unit - 1) / unit;
	f->m.tail = (uint32_t)((uint64_t)st->st_size % unit);
	*out = &f->m;
	return 0;
}

int media_file_open_units(int fd, uint32_t unit, bool writable, struct media **out)
{
	struct stat st;
	int r = file_check(fd, unit, writable, &st);

	return open_checked(r, fd, &st, unit, writable, out);
}

int media_file_open_beside(int fd, uint32_t unit, struct media **out)
{
	struct stat st;
	int r = file_look(fd, unit, &st);

	return open_checked(r, fd, &st, unit, false, out);
}

int media_file_open(int fd, bool writable, struct media **out)
{
	return media_file_open_units(fd, MEDIA_BLOCK, writable, out);
}
