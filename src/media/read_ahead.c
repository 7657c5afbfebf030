// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The caller's side never waits. It asks the kernel what the page cache has, and
 * reads that at once, which costs no switch of threads; the thread reads the rest.
 * RWF_NOWAIT alone is not enough: on a miss it sends a read to the device, and waits
 * when the device's queue is full.
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

#include "util/thread.h"
#include "util/array.h"

#define FETCH      (1024u * 1024u) /* asked of storage ahead of a sequential reader */
#define RUN        (96u * 1024u)   /* so much in a row is a sequential reader */
#define PAGE_LEAST 4096u
#define NOWHERE    UINT64_MAX
/* What mincore() is asked about is mapped; 32 bits have no room for a DVD. */
#define LOOK       ((uint64_t)1 << (sizeof(void *) > 4 ? 30 : 24))

enum want_state { WANT_NONE, WANT_ASKED, WANT_BUSY, WANT_DONE };

struct ahead {
	int fd;
	uint32_t unit;  /* bytes of a block */
	uint32_t piece; /* bytes of the whole blocks that fit AHEAD_PIECE */
	void (*ready)(void *ctx);
	void *ctx;
	pthread_t thread;

	/* The caller's. */
	uint64_t run, next;          /* what was read in a row: from, up to */
	uint64_t seen_from, seen_to; /* was in memory a moment ago */
	bool missed;                 /* in this row something was not in memory */
	bool nowait;                 /* the file system knows RWF_NOWAIT */
	bool sees_cache;             /* the kernel tells us the truth about this file's pages */
	bool cachestat;              /* and has this call for it */
	uint8_t *look;               /* LOOK bytes, NULL = nothing is mapped */
	uint64_t look_start;
	size_t page;

	pthread_mutex_t lock; /* a leaf */
	pthread_cond_t work;
	uint64_t fetch_from, fetch_to;
	bool waiting, stop;
	/* What the thread reads for somebody who waits. */
	struct {
		enum want_state state;
		bool stale;
		uint64_t at, end;
		uint32_t len;
		int32_t got; /* bytes in whole blocks, or -errno */
	} want;

	uint8_t wanted[AHEAD_PIECE]; /* want's */
	uint8_t near[AHEAD_PIECE];   /* what was in memory */
};

/* ---- the thread --------------------------------------------------------------------------- */

/*
 * What reading brought of len bytes, as whole blocks; the file's last one is filled up.
 * 0: not one.
 */
static uint32_t whole(
	const struct ahead *a, uint8_t *data, uint64_t at, uint32_t got, uint32_t len, uint64_t end)
{
	if (got == len)
		return len;
	if (at + got < end)
		return got - got % a->unit;
	memset(data + got, 0, len - got);
	return len;
}

/* As far as the file goes. */
static uint32_t inside(uint64_t at, uint32_t len, uint64_t end)
{
	return (uint32_t)(MIN(at + len, end) - at);
}

static int32_t read_piece(
	const struct ahead *a, uint8_t *to, uint64_t at, uint32_t len, uint64_t end)
{
	uint32_t done = 0, bytes = inside(at, len, end), got;
	ssize_t n = 0;

	while (done < bytes) {
		n = pread(a->fd, to + done, bytes - done, (off_t)(at + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (uint32_t)n;
	}
	got = whole(a, to, at, done, len, end);
	return got ? (int32_t)got : n < 0 ? -errno : -EIO;
}

/* In pieces: the kernel cuts a longer one to the device's read-ahead, and does not say so. */
static void fetch_step(struct ahead *a)
{
	uint64_t from = a->fetch_from, to = MIN(a->fetch_to, from + AHEAD_PIECE);

	a->fetch_from = to;
	pthread_mutex_unlock(&a->lock);
	(void)posix_fadvise(a->fd, (off_t)from, (off_t)(to - from), POSIX_FADV_WILLNEED);
	pthread_mutex_lock(&a->lock);
}

static void want_step(struct ahead *a)
{
	uint64_t at = a->want.at, end = a->want.end;
	uint32_t len = a->want.len;
	int32_t got;

	a->want.state = WANT_BUSY;
	a->want.stale = false;
	pthread_mutex_unlock(&a->lock);
	got = read_piece(a, a->wanted, at, len, end);
	pthread_mutex_lock(&a->lock);
	a->want.state = a->want.stale ? WANT_NONE : WANT_DONE;
	a->want.got = got;
	if (!a->waiting)
		return;
	a->waiting = false;
	/* ready() may take locks that are held when somebody asks us. */
	pthread_mutex_unlock(&a->lock);
	a->ready(a->ctx);
	pthread_mutex_lock(&a->lock);
}

/*
 * Storage has what is wanted, and what comes next, before we wait: one that does one thing
 * at a time is never idle then.
 */
static bool fetch_first(const struct ahead *a)
{
	return a->fetch_from < a->fetch_to &&
	       (a->want.state != WANT_ASKED || a->fetch_from < a->want.at + 2 * AHEAD_PIECE);
}

static void *serve(void *ahead)
{
	struct ahead *a = ahead;

	pthread_mutex_lock(&a->lock);
	while (!a->stop) {
		if (fetch_first(a))
			fetch_step(a);
		else if (a->want.state == WANT_ASKED)
			want_step(a);
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

/* 1: all of these whole pages are in memory, 0: not all. */
static int by_cachestat(struct ahead *a, uint64_t first, uint64_t len)
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

static bool look_at(struct ahead *a, uint64_t start)
{
	if (a->look && a->look_start == start)
		return true;
	if (a->look)
		munmap(a->look, LOOK);
	/* Nobody touches it. Readable, or QEMU's user mode tells nothing of it. */
	a->look = mmap(NULL, LOOK, PROT_READ, MAP_SHARED | MAP_NORESERVE, a->fd, (off_t)start);
	if (a->look == MAP_FAILED)
		a->look = NULL;
	a->look_start = start;
	return a->look;
}

/* The same of kernels before 6.5. What crosses the mapping's end is not told. */
static bool by_mincore(struct ahead *a, uint64_t first, uint64_t len)
{
	unsigned char there[AHEAD_PIECE / PAGE_LEAST + 2];
	uint64_t start = first - first % LOOK;
	size_t n = (size_t)(len / a->page);

	if (first + len > start + LOOK || !look_at(a, start) ||
		mincore(a->look + (first - start), (size_t)len, there) < 0)
		return false;
	while (n > 0 && there[n - 1] & 1)
		n--;
	return n == 0;
}

static bool in_memory(struct ahead *a, uint64_t at, uint64_t to)
{
	uint64_t first = at - at % a->page;
	uint64_t len = (to - first + a->page - 1) / a->page * a->page;
	int r = a->cachestat ? by_cachestat(a, first, len) : CACHE_UNKNOWN;

	a->cachestat = r != CACHE_UNKNOWN;
	return r == CACHE_UNKNOWN ? by_mincore(a, first, len) : r;
}

/* A sequential reader's next ones are asked for with it: one call for four. */
static bool seen(struct ahead *a, uint64_t at, uint64_t to, uint64_t end, bool sequential)
{
	uint64_t far = MIN(at + AHEAD_PIECE, end);

	if (at >= a->seen_from && to <= a->seen_to)
		return true;
	if (!sequential || far < to || !in_memory(a, at, far))
		far = to;
	else
		to = at;
	if (to > at && !in_memory(a, at, to))
		return false;
	a->seen_from = at;
	a->seen_to = far;
	return true;
}

/*
 * Bytes, as many as can be had without waiting. Errors are left for the thread to meet.
 * Those who may not know what is in memory have RWF_NOWAIT only.
 */
static uint32_t read_near(struct ahead *a, uint64_t at, uint32_t len, uint64_t end, bool sequential)
{
	struct iovec to = {a->near, len};
	ssize_t n;

	if (a->sees_cache && !seen(a, at, at + len, end, sequential))
		return 0;
	if (a->nowait) {
		n = preadv2(a->fd, &to, 1, (off_t)at, RWF_NOWAIT);
		if (n > 0)
			return (uint32_t)n;
		a->nowait = n == 0 || (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS);
		/* Gone again. Some kernels say 0 for it; where the file ends, the thread finds out.
		 */
		a->seen_to = a->nowait ? 0 : a->seen_to;
		if (a->nowait)
			return 0;
	}
	n = a->sees_cache ? pread(a->fd, a->near, len, (off_t)at) : 0;
	return n > 0 ? (uint32_t)n : 0;
}

/* ---- the caller's side -------------------------------------------------------------------- */

/* A sequential reader on slow storage: more is on its way when he comes there. */
static void fetch(struct ahead *a, uint64_t at, uint64_t end)
{
	if (a->fetch_to < at || a->fetch_to > at + 2 * (uint64_t)FETCH)
		a->fetch_from = a->fetch_to = at;
	/* In large pieces: half of it used up, the next half is asked for. */
	if (a->fetch_to >= MIN(at + FETCH / 2, end))
		return;
	a->fetch_to = MIN((at + FETCH) / AHEAD_PIECE * AHEAD_PIECE, end);
	pthread_cond_signal(&a->work);
}

static int take_wanted(struct ahead *a, uint64_t at, uint32_t *len, const uint8_t **data)
{
	uint64_t skip = at - a->want.at;

	if (a->want.state != WANT_DONE)
		return -EAGAIN;
	if (a->want.got > 0 && at >= a->want.at && skip < (uint32_t)a->want.got) {
		*data = a->wanted + skip;
		*len = (uint32_t)MIN(*len, (uint32_t)a->want.got - skip);
		return 0;
	}
	/* Asked again, it is read again. */
	a->want.state = WANT_NONE;
	return a->want.got < 0 && at == a->want.at ? a->want.got : -EAGAIN;
}

static int take_near(struct ahead *a, uint64_t at, uint32_t *len, uint64_t end, bool sequential,
	const uint8_t **data)
{
	uint32_t bytes = inside(at, *len, end);
	uint32_t got = whole(a, a->near, at, read_near(a, at, bytes, end, sequential), *len, end);

	if (!got)
		return -EAGAIN;
	*data = a->near;
	*len = got;
	return 0;
}

/* The thread is to read it; one that reads something else now is asked again later. */
static void want(struct ahead *a, uint64_t at, uint32_t len, uint64_t end)
{
	a->waiting = true;
	if (a->want.state == WANT_BUSY)
		return;
	a->want.state = WANT_ASKED;
	a->want.at = at;
	a->want.len = len;
	a->want.end = end;
	pthread_cond_signal(&a->work);
}

/* Bytes from `at` to the end of its piece, or of the file's last block if that comes first. */
static uint32_t rest_of_piece(const struct ahead *a, uint64_t at, uint64_t end)
{
	uint64_t last = (end + a->unit - 1) / a->unit * a->unit;

	return (uint32_t)MIN(a->piece - at % a->piece, last - at);
}

static int view(struct ahead *a, uint64_t at, uint32_t *len, uint64_t end, const uint8_t **data)
{
	bool in_a_row = at == a->next, sequential = in_a_row && at - a->run >= RUN;
	int r;

	if (!in_a_row) {
		a->run = a->next = at;
		a->missed = false;
	}
	*len = MIN(*len, a->piece);
	r = take_wanted(a, at, len, data);
	if (r == -EAGAIN)
		r = take_near(a, at, len, end, sequential, data);
	if (r == -EAGAIN) {
		a->missed = true;
		if (sequential)
			*len = rest_of_piece(a, at, end);
		want(a, at, *len, end);
	}
	if (sequential && a->missed)
		fetch(a, at, end);
	if (r == 0)
		a->next = at + *len;
	return r;
}

int ahead_view(struct ahead *a, uint64_t at, uint32_t *len, uint64_t end, const uint8_t **data)
{
	int r;

	pthread_mutex_lock(&a->lock);
	r = view(a, at, len, end, data);
	pthread_mutex_unlock(&a->lock);
	return r;
}

void ahead_forget(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->want.stale = true;
	if (a->want.state == WANT_DONE)
		a->want.state = WANT_NONE;
	a->seen_to = 0;
	pthread_mutex_unlock(&a->lock);
}

/* ---- beginning and end -------------------------------------------------------------------- */

/*
 * To those who could not write the file mincore() calls everything present (Linux 5.2),
 * and cachestat() says nothing.
 */
static bool may_see_cache(int fd)
{
	char path[40];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return (fstat(fd, &st) == 0 && st.st_uid == geteuid()) || geteuid() == 0 ||
	       faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

struct ahead *ahead_new(int fd, uint32_t unit, void (*ready)(void *ctx), void *ctx)
{
	struct ahead *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->fd = fd;
	a->unit = unit;
	a->piece = AHEAD_PIECE - AHEAD_PIECE % unit;
	a->ready = ready;
	a->ctx = ctx;
	a->nowait = a->cachestat = true;
	/* Ours is the only read-ahead: the kernel's would cut into pieces what we ask for. */
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	a->sees_cache = may_see_cache(fd);
	a->page = (size_t)sysconf(_SC_PAGESIZE);
	a->next = NOWHERE;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->work, NULL);
	if (thread_start(&a->thread, "read-ahead", serve, a) == 0)
		return a;
	pthread_cond_destroy(&a->work);
	pthread_mutex_destroy(&a->lock);
	free(a);
	return NULL;
}

void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->work);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	if (a->look)
		munmap(a->look, LOOK);
	pthread_cond_destroy(&a->work);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
