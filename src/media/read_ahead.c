// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The caller never waits. It asks the kernel which pages are in the page cache, and reads
 * those itself, without a switch of threads. The thread reads the others. RWF_NOWAIT alone
 * is not enough: on a miss it sends a read to the device, and waits if the device's queue
 * is full.
 */
#include "media/read_ahead.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "media/media.h"
#include "util/array.h"
#include "util/thread.h"

#define PREFETCH      (1024u * 1024u) /* bytes asked of storage ahead of a sequential reader */
#define SEQUENTIAL    (96u * 1024u)   /* after this many bytes in a row a reader is sequential */
/*
 * A view begins at most that many bytes before the end of the last one if it continues it: the
 * sectors of a CD do not end where views do, so the last one is viewed again.
 */
#define AGAIN         MEDIA_UNIT_MAX
#define PAGE_SIZE_MIN 4096u
#define NOWHERE       UINT64_MAX
/* Bytes of the window mapped for mincore(); 32-bit addresses have no room for a DVD. */
#define WINDOW        ((uint64_t)1 << (sizeof(void *) > 4 ? 30 : 24))

/* A request to the thread. */
enum request_state { REQUEST_NONE, REQUEST_QUEUED, REQUEST_BUSY, REQUEST_DONE };

struct read_ahead {
	int fd;
	const struct read_ahead_source *source; /* NULL: the file fd */
	uint32_t unit;                          /* bytes of a block */
	uint32_t piece; /* bytes of the whole blocks that fit READ_AHEAD_PIECE */
	void (*ready)(void *ctx);
	void *ctx;
	pthread_t thread;

	/* Used by the caller of read_ahead_view() only. */
	uint64_t run_start, run_end;     /* of the bytes that were read in a row */
	uint64_t cached_from, cached_to; /* bytes last seen in the page cache */
	bool missed;                     /* a byte of this run was not in the page cache */
	bool nowait;                     /* the file system knows RWF_NOWAIT */
	bool sees_cache;                 /* the kernel tells which pages of the file are cached */
	bool cachestat;                  /* the kernel has cachestat() */
	uint8_t *window;                 /* WINDOW bytes mapped for mincore(); NULL = none */
	uint64_t window_start;
	size_t page;

	pthread_mutex_t lock; /* a leaf lock: no other lock is taken while it is held */
	pthread_cond_t work;
	uint64_t prefetch_from, prefetch_to; /* bytes that storage has yet to be asked for */
	bool waiting;                        /* the caller was answered -EAGAIN: call ready() */
	bool stop;
	/* The piece that the thread reads for the caller. */
	struct {
		enum request_state state;
		bool stale; /* the file has changed since the thread began to read */
		uint64_t at, end;
		uint32_t len;
		int32_t got; /* bytes of whole blocks, or -errno */
	} request;

	uint8_t requested[READ_AHEAD_PIECE]; /* read by the thread */
	uint8_t cached[READ_AHEAD_PIECE];    /* read by the caller, from the page cache */
};

/* ---- the thread --------------------------------------------------------------------------- */

/*
 * A read of len bytes has returned got bytes. Returns the bytes of the whole blocks among
 * them, 0 if there is none. The file's last block is filled up with zeros.
 */
static uint32_t whole_blocks(const struct read_ahead *a, uint8_t *data, uint64_t at, uint32_t got,
	uint32_t len, uint64_t end)
{
	if (got == len)
		return len;
	if (at + got < end)
		return got - got % a->unit;
	memset(data + got, 0, len - got);
	return len;
}

/* Bytes of a read of len bytes that lie before the end of the file. */
static uint32_t bytes_in_file(uint64_t at, uint32_t len, uint64_t end)
{
	return (uint32_t)(MIN(at + len, end) - at);
}

static ssize_t read_some(
	int fd, const struct read_ahead_source *source, uint8_t *to, uint64_t at, uint32_t len)
{
	ssize_t n;

	if (!source)
		return pread(fd, to, len, (off_t)at);
	n = source->read(source->ctx, at, to, len);
	if (n < 0)
		errno = (int)-n;
	return n < 0 ? -1 : n;
}

/* Reads whole blocks and waits for storage. Bytes, or -errno if not one block was read. */
static int32_t read_piece(const struct read_ahead *a, int fd,
	const struct read_ahead_source *source, uint8_t *to, uint64_t at, uint32_t len,
	uint64_t end)
{
	uint32_t done = 0, bytes = bytes_in_file(at, len, end), got;
	ssize_t n = 0;

	while (done < bytes) {
		n = read_some(fd, source, to + done, at + done, bytes - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (uint32_t)n;
	}
	got = whole_blocks(a, to, at, done, len, end);
	return got ? (int32_t)got : n < 0 ? -errno : -EIO;
}

/*
 * Asks storage for one piece. The kernel would silently cut a longer request to the size of
 * the device's read-ahead.
 */
static void prefetch_step(struct read_ahead *a)
{
	uint64_t from = a->prefetch_from, to = MIN(a->prefetch_to, from + READ_AHEAD_PIECE);

	int fd = a->fd;

	a->prefetch_from = to;
	pthread_mutex_unlock(&a->lock);
	(void)posix_fadvise(fd, (off_t)from, (off_t)(to - from), POSIX_FADV_WILLNEED);
	pthread_mutex_lock(&a->lock);
}

static void request_step(struct read_ahead *a)
{
	uint64_t at = a->request.at, end = a->request.end;
	uint32_t len = a->request.len;
	const struct read_ahead_source *source = a->source;
	int fd = a->fd;
	int32_t got;

	a->request.state = REQUEST_BUSY;
	a->request.stale = false;
	pthread_mutex_unlock(&a->lock);
	got = read_piece(a, fd, source, a->requested, at, len, end);
	pthread_mutex_lock(&a->lock);
	a->request.state = a->request.stale ? REQUEST_NONE : REQUEST_DONE;
	a->request.got = got;
	if (!a->waiting)
		return;
	a->waiting = false;
	/* Unlocked: ready() may take a lock that callers of read_ahead_view() hold. */
	pthread_mutex_unlock(&a->lock);
	a->ready(a->ctx);
	pthread_mutex_lock(&a->lock);
}

/*
 * Storage is asked for the requested piece and the one that follows before the thread waits
 * for the first: storage that does one thing at a time is never idle then.
 */
static bool prefetch_first(const struct read_ahead *a)
{
	return a->prefetch_from < a->prefetch_to &&
	       (a->request.state != REQUEST_QUEUED ||
		       a->prefetch_from < a->request.at + 2 * READ_AHEAD_PIECE);
}

static void *read_ahead_thread(void *read_ahead)
{
	struct read_ahead *a = read_ahead;

	pthread_mutex_lock(&a->lock);
	while (!a->stop) {
		if (prefetch_first(a))
			prefetch_step(a);
		else if (a->request.state == REQUEST_QUEUED)
			request_step(a);
		else
			pthread_cond_wait(&a->work, &a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* ---- the page cache ----------------------------------------------------------------------- */

#ifndef SYS_cachestat
#define SYS_cachestat 451 /* Linux 6.5 */
#endif
#define CACHE_UNKNOWN (-1)

/* 1: all of these whole pages are in the page cache; 0: not all; or CACHE_UNKNOWN. */
static int by_cachestat(struct read_ahead *a, uint64_t first, uint64_t len)
{
	struct {
		uint64_t off, len;
	} range = {first, len};
	struct {
		uint64_t cache, dirty, writeback, evicted, recently_evicted;
	} found;

	if (syscall(SYS_cachestat, a->fd, &range, &found, 0) < 0)
		return CACHE_UNKNOWN;
	return found.cache >= len / a->page;
}

/* Maps the part of the file that begins at start. False: it cannot be mapped. */
static bool map_window(struct read_ahead *a, uint64_t start)
{
	if (a->window && a->window_start == start)
		return true;
	if (a->window)
		munmap(a->window, WINDOW);
	/*
	 * The pages are never touched. The mapping is readable because mincore() of QEMU's
	 * user mode reports nothing of any other.
	 */
	a->window = mmap(NULL, WINDOW, PROT_READ, MAP_SHARED | MAP_NORESERVE, a->fd, (off_t)start);
	if (a->window == MAP_FAILED)
		a->window = NULL;
	a->window_start = start;
	return a->window;
}

/* The same for kernels before 6.5. A range that crosses the end of the window: false. */
static bool by_mincore(struct read_ahead *a, uint64_t first, uint64_t len)
{
	unsigned char there[READ_AHEAD_PIECE / PAGE_SIZE_MIN + 2];
	uint64_t start = first - first % WINDOW;
	size_t n = (size_t)(len / a->page);

	if (first + len > start + WINDOW || !map_window(a, start) ||
		mincore(a->window + (first - start), (size_t)len, there) < 0)
		return false;
	while (n > 0 && there[n - 1] & 1)
		n--;
	return n == 0;
}

/* Asks the kernel whether all of these bytes are in the page cache. */
static bool ask_cached(struct read_ahead *a, uint64_t at, uint64_t to)
{
	uint64_t first = at - at % a->page;
	uint64_t len = (to - first + a->page - 1) / a->page * a->page;
	int r = a->cachestat ? by_cachestat(a, first, len) : CACHE_UNKNOWN;

	a->cachestat = r != CACHE_UNKNOWN;
	return r == CACHE_UNKNOWN ? by_mincore(a, first, len) : r;
}

/*
 * The same, but remembers the last range. For a sequential reader the range is a whole
 * piece: one system call for four reads of 32 KiB.
 */
static bool is_cached(struct read_ahead *a, uint64_t at, uint64_t to, uint64_t end, bool sequential)
{
	uint64_t far = MIN(at + READ_AHEAD_PIECE, end);

	if (at >= a->cached_from && to <= a->cached_to)
		return true;
	if (!sequential || far < to || !ask_cached(a, at, far))
		far = to;
	else
		to = at;
	if (to > at && !ask_cached(a, at, to))
		return false;
	a->cached_from = at;
	a->cached_to = far;
	return true;
}

/*
 * Reads what the page cache has into a->cached, without waiting. Returns the bytes read; 0
 * also after an error, which the thread then gets, too, and reports. A daemon that may not see
 * which pages are cached has RWF_NOWAIT only.
 */
static uint32_t read_cached(
	struct read_ahead *a, uint64_t at, uint32_t len, uint64_t end, bool sequential)
{
	struct iovec to = {a->cached, len};
	ssize_t n;

	if (a->sees_cache && !is_cached(a, at, at + len, end, sequential))
		return 0;
	if (a->nowait) {
		n = preadv2(a->fd, &to, 1, (off_t)at, RWF_NOWAIT);
		if (n > 0)
			return (uint32_t)n;
		a->nowait = n == 0 || (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS);
		/*
		 * The pages have left the page cache again. Some kernels return 0 for that;
		 * the thread finds out whether the file has become shorter.
		 */
		a->cached_to = a->nowait ? 0 : a->cached_to;
		if (a->nowait)
			return 0;
	}
	n = a->sees_cache ? pread(a->fd, a->cached, len, (off_t)at) : 0;
	return n > 0 ? (uint32_t)n : 0;
}

/* ---- the caller's side -------------------------------------------------------------------- */

/* For a sequential reader on slow storage: lets the thread ask for the bytes that follow. */
static void prefetch(struct read_ahead *a, uint64_t at, uint64_t end)
{
	if (a->prefetch_to < at || a->prefetch_to > at + 2 * (uint64_t)PREFETCH)
		a->prefetch_from = a->prefetch_to = at;
	/* In large steps: when half of PREFETCH is used up, the thread asks for more. */
	if (a->prefetch_to >= MIN(at + PREFETCH / 2, end))
		return;
	a->prefetch_to = MIN((at + PREFETCH) / READ_AHEAD_PIECE * READ_AHEAD_PIECE, end);
	pthread_cond_signal(&a->work);
}

/* Answers from what the thread has read: 0, -EAGAIN, or the -errno that the thread got. */
static int take_requested(struct read_ahead *a, uint64_t at, uint32_t *len, const uint8_t **data)
{
	uint64_t skip = at - a->request.at;

	if (a->request.state != REQUEST_DONE)
		return -EAGAIN;
	if (a->request.got > 0 && at >= a->request.at && skip < (uint32_t)a->request.got) {
		*data = a->requested + skip;
		*len = (uint32_t)MIN(*len, (uint32_t)a->request.got - skip);
		return 0;
	}
	/* An error is reported once; the next view reads again. */
	a->request.state = REQUEST_NONE;
	return a->request.got < 0 && at == a->request.at ? a->request.got : -EAGAIN;
}

/* Answers from the page cache: 0 or -EAGAIN. */
static int take_cached(struct read_ahead *a, uint64_t at, uint32_t *len, uint64_t end,
	bool sequential, const uint8_t **data)
{
	uint32_t bytes = bytes_in_file(at, *len, end);
	uint32_t got = whole_blocks(
		a, a->cached, at, read_cached(a, at, bytes, end, sequential), *len, end);

	if (!got)
		return -EAGAIN;
	*data = a->cached;
	*len = got;
	return 0;
}

/*
 * Lets the thread read these bytes. A busy thread calls ready() first; then the caller asks
 * again.
 */
static void request(struct read_ahead *a, uint64_t at, uint32_t len, uint64_t end)
{
	a->waiting = true;
	if (a->request.state == REQUEST_BUSY)
		return;
	a->request.state = REQUEST_QUEUED;
	a->request.at = at;
	a->request.len = len;
	a->request.end = end;
	pthread_cond_signal(&a->work);
}

/* Bytes from `at` to the end of its piece, or of the file's last block if that comes first. */
static uint32_t rest_of_piece(const struct read_ahead *a, uint64_t at, uint64_t end)
{
	uint64_t last = (end + a->unit - 1) / a->unit * a->unit;

	return (uint32_t)MIN(a->piece - at % a->piece, last - at);
}

static int view(
	struct read_ahead *a, uint64_t at, uint32_t *len, uint64_t end, const uint8_t **data)
{
	bool continues = at >= a->run_start && at <= a->run_end && a->run_end - at <= AGAIN,
	     sequential = continues && at - a->run_start >= SEQUENTIAL;
	int r;

	if (!continues) {
		a->run_start = a->run_end = at;
		a->missed = false;
	}
	*len = MIN(*len, a->piece);
	r = take_requested(a, at, len, data);
	if (r == -EAGAIN && !a->source)
		r = take_cached(a, at, len, end, sequential, data);
	if (r == -EAGAIN) {
		a->missed = true;
		if (sequential)
			*len = rest_of_piece(a, at, end);
		request(a, at, *len, end);
	}
	if (sequential && a->missed && !a->source)
		prefetch(a, at, end);
	if (r == 0)
		a->run_end = at + *len;
	return r;
}

int read_ahead_view(
	struct read_ahead *a, uint64_t at, uint32_t *len, uint64_t end, const uint8_t **data)
{
	int r;

	pthread_mutex_lock(&a->lock);
	r = view(a, at, len, end, data);
	pthread_mutex_unlock(&a->lock);
	return r;
}

void read_ahead_drop(struct read_ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->request.stale = true;
	if (a->request.state == REQUEST_DONE)
		a->request.state = REQUEST_NONE;
	a->cached_to = 0;
	pthread_mutex_unlock(&a->lock);
}

/* ---- beginning and end -------------------------------------------------------------------- */

/*
 * Since Linux 5.2 mincore() reports every page as present, and cachestat() nothing, to a
 * process that could not write the file.
 */
static bool may_see_cache(int fd)
{
	char path[40];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return (fstat(fd, &st) == 0 && st.st_uid == geteuid()) || geteuid() == 0 ||
	       faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

/* Forgets the state of the reading, because the file is another one now. */
static void forget(struct read_ahead *a)
{
	a->run_end = NOWHERE;
	a->missed = false;
	a->cached_to = 0;
	a->prefetch_from = a->prefetch_to = 0;
	if (a->window)
		munmap(a->window, WINDOW);
	a->window = NULL;
}

static void take_file(struct read_ahead *a, int fd)
{
	a->fd = fd;
	a->source = NULL;
	/* The kernel's own read-ahead is off: it would cut the requests to its own size. */
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	a->sees_cache = may_see_cache(fd);
	a->nowait = a->cachestat = true;
	forget(a);
}

static void drop_request(struct read_ahead *a)
{
	a->request.stale = true;
	/* A request that the thread has not begun is one for the former file. */
	if (a->request.state != REQUEST_BUSY)
		a->request.state = REQUEST_NONE;
}

void read_ahead_turn(struct read_ahead *a, int fd)
{
	pthread_mutex_lock(&a->lock);
	drop_request(a);
	take_file(a, fd);
	pthread_mutex_unlock(&a->lock);
}

void read_ahead_turn_to(struct read_ahead *a, const struct read_ahead_source *source)
{
	pthread_mutex_lock(&a->lock);
	drop_request(a);
	a->source = source;
	forget(a);
	pthread_mutex_unlock(&a->lock);
}

struct read_ahead *read_ahead_new(int fd, uint32_t unit, void (*ready)(void *ctx), void *ctx)
{
	struct read_ahead *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->unit = unit;
	a->piece = READ_AHEAD_PIECE - READ_AHEAD_PIECE % unit;
	a->ready = ready;
	a->ctx = ctx;
	a->page = (size_t)sysconf(_SC_PAGESIZE);
	take_file(a, fd);
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->work, NULL);
	if (thread_start(&a->thread, "read-ahead", read_ahead_thread, a) == 0)
		return a;
	pthread_cond_destroy(&a->work);
	pthread_mutex_destroy(&a->lock);
	free(a);
	return NULL;
}

void read_ahead_free(struct read_ahead *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->work);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	if (a->window)
		munmap(a->window, WINDOW);
	pthread_cond_destroy(&a->work);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
