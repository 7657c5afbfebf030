// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Windows onto a file, and the thread that fills them. The caller's side never
 * waits: what is in the page cache already it maps itself, which costs no switch
 * of threads; the rest it leaves to the thread.
 */
#include "media/ahead.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/thread.h"
#include "util/array.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

#define STEP       (64u * 1024u)   /* filled at once before anybody hears of it */
#define FETCH      (1024u * 1024u) /* asked of storage ahead of a sequential reader */
#define RUN        (96u * 1024u)   /* so much in a row is a sequential reader */
#define PAGE_LEAST 4096u
#define NOWHERE    UINT64_MAX

struct window {
	uint64_t start;    /* in the file, NOWHERE = unused */
	uint64_t from, to; /* these bytes are in memory, or were a moment ago */
	uint64_t bad;      /* from here on they cannot be had; NOWHERE = all can */
	unsigned used;     /* when, for replacing the oldest */
	bool filling;      /* the thread is in it: it stays where it is */
};

struct fill {
	struct window *w; /* NULL = nothing to do */
	uint64_t to;
};

enum copy_state { COPY_NONE, COPY_ASKED, COPY_BUSY, COPY_DONE };

struct ahead {
	int fd;
	void (*ready)(void *ctx);
	void *ctx;
	bool sees_cache; /* mincore() tells us the truth about this file */
	uint8_t *map;
	pthread_t thread;

	size_t page;

	/* The caller's. */
	unsigned clock;
	uint64_t run, next; /* what was read in a row: from, up to */

	pthread_mutex_t lock; /* a leaf */
	pthread_cond_t work;
	struct window window[AHEAD_WINDOWS];
	struct fill demand, early; /* what somebody waits for, and what somebody will want */
	uint64_t fetch_from, fetch_to;
	bool waiting, stop;
	struct {
		enum copy_state state;
		uint64_t at;
		uint32_t len;
		int result;
	} copy;
	uint8_t bounce[AHEAD_COPY];
};

static uint8_t *window_memory(struct ahead *a, const struct window *w)
{
	return a->map + (size_t)(w - a->window) * AHEAD_WINDOW;
}

/* ---- the thread --------------------------------------------------------------------------- */

/* Into the page cache, one byte a page, where the kernel cannot do it in one call. */
static int touch(int fd, uint64_t from, uint64_t to)
{
	for (uint64_t at = from; at < to; at += PAGE_LEAST) {
		char byte;
		ssize_t n = pread(fd, &byte, 1, (off_t)at);

		if (n <= 0 && !(n < 0 && errno == EINTR))
			return -EIO;
	}
	return 0;
}

static int populate(struct ahead *a, const struct window *w, uint64_t from, uint64_t to)
{
	uint8_t *p = window_memory(a, w);
	size_t first = (size_t)(from - w->start) / a->page * a->page;

	if (madvise(p + first, (size_t)(to - w->start) - first, MADV_POPULATE_READ) == 0)
		return 0;
	return errno == EINVAL || errno == ENOSYS ? touch(a->fd, from, to) : -EIO;
}

static void tell(struct ahead *a)
{
	if (!a->waiting)
		return;
	a->waiting = false;
	/* ready() may take locks that are held when somebody asks us. */
	pthread_mutex_unlock(&a->lock);
	a->ready(a->ctx);
	pthread_mutex_lock(&a->lock);
}

/* One step of it. The lock is held, and let go while storage is asked. */
static void fill_step(struct ahead *a, struct fill *f)
{
	struct window *w = f->w;
	uint64_t from = w->to, to = MIN(f->to, from + STEP - from % STEP);
	int r;

	w->filling = true;
	pthread_mutex_unlock(&a->lock);
	r = populate(a, w, from, to);
	pthread_mutex_lock(&a->lock);
	w->filling = false;
	if (r < 0)
		w->bad = from;
	else if (w->to < to)
		w->to = to;
	/* The caller may have asked for something else meanwhile. */
	if (f->w == w && (r < 0 || w->to >= f->to))
		f->w = NULL;
	tell(a);
}

static int read_copy(struct ahead *a, uint64_t at, uint32_t len)
{
	uint32_t done = 0;

	while (done < len) {
		ssize_t n = pread(a->fd, a->bounce + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (uint32_t)n;
	}
	return 0;
}

static void copy_step(struct ahead *a)
{
	int r;

	a->copy.state = COPY_BUSY;
	pthread_mutex_unlock(&a->lock);
	r = read_copy(a, a->copy.at, a->copy.len);
	pthread_mutex_lock(&a->lock);
	a->copy.state = COPY_DONE;
	a->copy.result = r;
	tell(a);
}

static void fetch_step(struct ahead *a)
{
	uint64_t from = a->fetch_from, to = a->fetch_to;

	a->fetch_from = to;
	pthread_mutex_unlock(&a->lock);
	(void)posix_fadvise(a->fd, (off_t)from, (off_t)(to - from), POSIX_FADV_WILLNEED);
	pthread_mutex_lock(&a->lock);
}

static void *fill_windows(void *ahead)
{
	struct ahead *a = ahead;

	pthread_mutex_lock(&a->lock);
	while (!a->stop) {
		if (a->copy.state == COPY_ASKED)
			copy_step(a);
		else if (a->demand.w)
			fill_step(a, &a->demand);
		else if (a->fetch_from < a->fetch_to)
			fetch_step(a);
		else if (a->early.w)
			fill_step(a, &a->early);
		else
			pthread_cond_wait(&a->work, &a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* ---- the caller's side -------------------------------------------------------------------- */

static struct window *find(struct ahead *a, uint64_t start)
{
	for (size_t i = 0; i < AHEAD_WINDOWS; i++)
		if (a->window[i].start == start)
			return &a->window[i];
	return NULL;
}

/* The one that was not used for longest goes there. NULL: the kernel does not map it. */
static struct window *claim(struct ahead *a, uint64_t start)
{
	struct window *w = NULL;

	for (size_t i = 0; i < AHEAD_WINDOWS; i++) {
		struct window *o = &a->window[i];

		if (!o->filling && (!w || a->clock - o->used > a->clock - w->used))
			w = o;
	}
	if (a->demand.w == w)
		a->demand.w = NULL;
	if (a->early.w == w)
		a->early.w = NULL;
	w->start = NOWHERE;
	if (mmap(window_memory(a, w), AHEAD_WINDOW, PROT_READ, MAP_SHARED | MAP_FIXED, a->fd,
		    (off_t)start) == MAP_FAILED)
		return NULL;
	w->start = w->from = w->to = start;
	w->bad = NOWHERE;
	w->used = a->clock;
	return w;
}

/* All of it is in the page cache. False also when nobody knows. */
static bool in_cache(struct ahead *a, const struct window *w, uint64_t from, uint64_t to)
{
	unsigned char there[AHEAD_WINDOW / PAGE_LEAST];
	size_t first = (size_t)(from - w->start) / a->page * a->page;
	size_t len = (size_t)(to - w->start) - first, pages = (len + a->page - 1) / a->page;

	if (!a->sees_cache || mincore(window_memory(a, w) + first, len, there) < 0)
		return false;
	for (size_t i = 0; i < pages; i++)
		if (!(there[i] & 1))
			return false;
	return true;
}

static void ask(struct ahead *a, struct fill *f, struct window *w, uint64_t to)
{
	f->w = w;
	f->to = to;
	pthread_cond_signal(&a->work);
}

/* What lies behind a sequential reader's window is not in memory yet: see to it. */
static void look_ahead(struct ahead *a, uint64_t start, uint64_t end)
{
	for (unsigned i = 1; i < AHEAD_WINDOWS - 1 && !a->early.w; i++) {
		uint64_t s = start + (uint64_t)i * AHEAD_WINDOW, to = MIN(s + AHEAD_WINDOW, end);
		struct window *w;

		if (s >= end)
			return;
		w = find(a, s);
		if (w && (w->to == to || w->bad != NOWHERE || w->filling))
			continue;
		if (!w)
			w = claim(a, s);
		if (!w || in_cache(a, w, w->to, to))
			continue;
		if (a->fetch_to < s || a->fetch_to > s + 2 * FETCH)
			a->fetch_from = a->fetch_to = s;
		/* In large pieces: half of it used up, the next half is asked for. */
		if (a->fetch_to < s + FETCH / 2)
			a->fetch_to = MIN(s + FETCH, end);
		ask(a, &a->early, w, to);
	}
}

/* The bytes from `at` on that the window is to hold; sequential: all it can. */
static int enter(struct ahead *a, struct window *w, uint64_t at, uint64_t to, bool sequential)
{
	if (at < w->from || at > w->to) {
		if (w->filling)
			return -EAGAIN;
		w->from = w->to = at;
	}
	if (in_cache(a, w, w->to, to)) {
		/* Sequential: all pages by one call instead of one fault for sixteen. */
		if (sequential && populate(a, w, w->to, to) < 0)
			return -EIO;
		w->to = to;
		return 0;
	}
	ask(a, &a->demand, w, to);
	return -EAGAIN;
}

static int view(struct ahead *a, uint64_t at, uint32_t *len, uint64_t end, const uint8_t **data)
{
	uint64_t start = at - at % AHEAD_WINDOW;
	uint64_t stop = MIN(MIN(at + *len, start + AHEAD_WINDOW), end);
	bool in_a_row = at == a->next, sequential = in_a_row && at - a->run >= RUN;
	struct window *w = find(a, start);
	int r = 0;

	if (!w)
		w = claim(a, start);
	if (!w)
		return -EIO;
	w->used = ++a->clock;
	if (at >= w->bad)
		return -EIO;
	if (at < w->from || stop > w->to) {
		r = enter(a, w, at, sequential ? MIN(start + AHEAD_WINDOW, end) : stop, sequential);
		if (sequential && (r == 0 || r == -EAGAIN))
			look_ahead(a, start, end);
	}
	/* What is there already need not wait for the rest. */
	if (r == -EAGAIN && at >= w->from && at < w->to) {
		stop = MIN(stop, w->to);
		r = 0;
	}
	a->waiting = r == -EAGAIN;
	if (r < 0)
		return r;
	if (!in_a_row)
		a->run = at;
	a->next = stop;
	*len = (uint32_t)(stop - at);
	*data = window_memory(a, w) + (at - start);
	return 0;
}

int ahead_view(struct ahead *a, uint64_t at, uint32_t *len, uint64_t end, const uint8_t **data)
{
	int r;

	pthread_mutex_lock(&a->lock);
	r = view(a, at, len, end, data);
	pthread_mutex_unlock(&a->lock);
	return r;
}

int ahead_copy(struct ahead *a, uint64_t at, uint32_t len, uint8_t **data)
{
	int r = -EAGAIN;

	pthread_mutex_lock(&a->lock);
	if (a->copy.state != COPY_BUSY && (a->copy.at != at || a->copy.len != len))
		a->copy.state = COPY_NONE;
	if (a->copy.state == COPY_DONE) {
		r = a->copy.result;
		a->copy.state = COPY_NONE;
		*data = a->bounce;
	} else if (a->copy.state == COPY_NONE) {
		a->copy.state = COPY_ASKED;
		a->copy.at = at;
		a->copy.len = len;
		pthread_cond_signal(&a->work);
	}
	a->waiting = r == -EAGAIN;
	pthread_mutex_unlock(&a->lock);
	return r;
}

/* ---- beginning and end -------------------------------------------------------------------- */

/*
 * mincore() calls everything present for those who could not write the file
 * (Linux 5.2): then it is no help, and the thread looks after each window.
 */
static bool may_see_cache(int fd)
{
	char path[40];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return (fstat(fd, &st) == 0 && st.st_uid == geteuid()) || geteuid() == 0 ||
	       faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

struct ahead *ahead_new(int fd, void (*ready)(void *ctx), void *ctx)
{
	struct ahead *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->fd = fd;
	a->ready = ready;
	a->ctx = ctx;
	a->sees_cache = may_see_cache(fd);
	a->page = (size_t)sysconf(_SC_PAGESIZE);
	a->next = NOWHERE;
	for (size_t i = 0; i < AHEAD_WINDOWS; i++)
		a->window[i].start = NOWHERE;
	a->map = mmap(NULL, (size_t)AHEAD_WINDOWS * AHEAD_WINDOW, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (a->map == MAP_FAILED) {
		free(a);
		return NULL;
	}
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->work, NULL);
	if (thread_start(&a->thread, "read-ahead", fill_windows, a) == 0)
		return a;
	munmap(a->map, (size_t)AHEAD_WINDOWS * AHEAD_WINDOW);
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
	munmap(a->map, (size_t)AHEAD_WINDOWS * AHEAD_WINDOW);
	pthread_cond_destroy(&a->work);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
