// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A medium with a thread that writes and syncs, so that the caller does not wait for storage:
 * it is answered -EAGAIN and repeats the call after ready(). Only read and truncate wait. Accepted
 * blocks are copied into a small ring, where they follow one another; the thread writes all that
 * is in the ring at once.
 *
 * Blocks in the ring are lost if the daemon dies. So a command that records answers GOOD
 * only after media_wait_written() has said that its blocks are in the kernel.
 */
#include "media/media.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "util/thread.h"

#define RING MEDIA_RING /* bytes; only the pages that one command's data needs are touched */

/* A request to the thread. */
enum request_state { REQUEST_NONE, REQUEST_QUEUED, REQUEST_BUSY, REQUEST_DONE };

struct media_write_behind {
	struct media m;
	/* While the thread has work, only it uses this; views alone pass by a sync or run. */
	struct media *below;
	void (*ready)(void *ctx);
	void *ctx;
	pthread_t thread;
	bool threaded; /* false after media_wait(): the caller does the work itself */

	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	uint64_t base;       /* block of the ring's first byte */
	uint64_t next;       /* block that follows those in the ring */
	uint32_t head, tail; /* bytes of the ring that are to be written: from, to */
	bool busy;           /* the thread is at work, without the lock */
	bool waiting;        /* the caller was answered -EAGAIN: call ready() */
	bool stop;
	int error;     /* of a write; stays until truncate */
	uint64_t lost; /* first block of that write */

	enum request_state sync;
	bool sync_stale; /* blocks were accepted after the request */
	int sync_result;

	enum request_state run;
	int (*fn)(void *arg);
	void *arg;
	int run_result;
	int stamp_error; /* of a stamp; stays until it is reported */

	uint8_t ring[RING];
};

static struct media_write_behind *from(struct media *m)
{
	return (struct media_write_behind *)m;
}

/* ---- the thread --------------------------------------------------------------------------- */

static bool has_work(const struct media_write_behind *b)
{
	return b->head < b->tail || b->sync == REQUEST_QUEUED || b->run == REQUEST_QUEUED;
}

static void write_step(struct media_write_behind *b)
{
	uint32_t head = b->head, n = b->tail - head;
	uint64_t block = b->base + head / b->m.unit;
	int r;

	pthread_mutex_unlock(&b->lock);
	r = media_write(b->below, block, n / b->m.unit, b->ring + head);
	pthread_mutex_lock(&b->lock);
	if (r < 0) {
		b->error = r;
		b->lost = block;
		b->head = b->tail; /* blocks after the failed ones would leave a hole */
	} else {
		b->head += n;
	}
	if (b->head == b->tail)
		b->head = b->tail = 0;
}

static void sync_step(struct media_write_behind *b)
{
	int r;

	b->sync = REQUEST_BUSY;
	b->sync_stale = false;
	pthread_mutex_unlock(&b->lock);
	r = media_sync(b->below);
	pthread_mutex_lock(&b->lock);
	b->sync = REQUEST_DONE;
	b->sync_result = r;
}

static int stamp_below(void *medium)
{
	return media_stamp(((struct media_write_behind *)medium)->below);
}

static void run_step(struct media_write_behind *b)
{
	int r;

	b->run = REQUEST_BUSY;
	pthread_mutex_unlock(&b->lock);
	r = b->fn(b->arg);
	pthread_mutex_lock(&b->lock);
	b->run = REQUEST_DONE;
	b->run_result = r;
	if (b->fn == stamp_below && r < 0)
		b->stamp_error = r;
}

/* Does one thing. Writes come first: a sync covers all blocks accepted before. Lock held. */
static void step(struct media_write_behind *b)
{
	b->busy = true;
	if (b->head < b->tail)
		write_step(b);
	else if (b->sync == REQUEST_QUEUED)
		sync_step(b);
	else
		run_step(b);
	b->busy = false;
}

static void *write_behind_thread(void *medium)
{
	struct media_write_behind *b = medium;

	pthread_mutex_lock(&b->lock);
	for (;;) {
		while (has_work(b)) {
			step(b);
			if (!b->waiting)
				continue;
			b->waiting = false;
			/* Unlocked: ready() may take a lock that callers of the medium hold. */
			pthread_mutex_unlock(&b->lock);
			b->ready(b->ctx);
			pthread_mutex_lock(&b->lock);
		}
		pthread_cond_broadcast(&b->idle);
		if (b->stop)
			break;
		pthread_cond_wait(&b->work, &b->lock);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

/* ---- the caller's side -------------------------------------------------------------------- */

static bool is_busy(const struct media_write_behind *b)
{
	return b->busy || has_work(b);
}

/* Wakes the thread, and has it call ready() after its next step. Lock held. */
static int again_when_ready(struct media_write_behind *b)
{
	b->waiting = true;
	pthread_cond_signal(&b->work);
	return -EAGAIN;
}

static bool is_pending(enum request_state r)
{
	return r == REQUEST_QUEUED || r == REQUEST_BUSY;
}

/* Copies the blocks into the ring. 0, -EAGAIN, or the error of an earlier write. Lock held. */
static int accept_blocks(
	struct media_write_behind *b, uint64_t block, uint32_t count, const void *buf)
{
	uint32_t len = count * b->m.unit;

	if (b->error)
		return b->error;
	/*
	 * The thread could not write these blocks yet. In the ring they would only make the result
	 * of the sync stale, so that a flush by time would sync again and again while a host
	 * writes.
	 */
	if (is_pending(b->sync) || is_pending(b->run))
		return again_when_ready(b);
	if (b->tail == 0)
		b->base = b->next = block;
	/*
	 * Blocks that do not fit into the ring, or do not follow those in it, wait until it is
	 * empty. For the first blocks of a WRITE it is: the WRITE before was answered only then.
	 */
	if (len > RING - b->tail || block != b->next)
		return again_when_ready(b);
	memcpy(b->ring + b->tail, buf, len);
	b->tail += len;
	b->next += count;
	b->sync_stale = true;
	pthread_cond_signal(&b->work);
	return 0;
}

static int write_behind_write(struct media *m, uint64_t block, uint32_t count, const void *buf)
{
	struct media_write_behind *b = from(m);
	int r;

	if (!b->threaded)
		return b->error ? b->error : media_write(b->below, block, count, buf);
	if ((uint64_t)count * b->m.unit > RING)
		return -EINVAL;
	pthread_mutex_lock(&b->lock);
	r = accept_blocks(b, block, count, buf);
	pthread_mutex_unlock(&b->lock);
	return r;
}

static int write_behind_wait_written(struct media *m, uint64_t *lost)
{
	struct media_write_behind *b = from(m);
	int r;

	pthread_mutex_lock(&b->lock);
	r = b->error;
	*lost = b->lost;
	/* A sync in progress does not matter. */
	if (r == 0 && b->head < b->tail)
		r = again_when_ready(b);
	pthread_mutex_unlock(&b->lock);
	return r;
}

static int request_sync(struct media_write_behind *b)
{
	int r = b->stamp_error;

	if (b->error)
		return b->error;
	/* Storage reports its error once, and a stamp whose caller is gone may have got it. */
	b->stamp_error = 0;
	if (r < 0) {
		if (b->run == REQUEST_DONE && b->fn == stamp_below)
			b->run = REQUEST_NONE;
		return r;
	}
	/* A failed sync is reported even if blocks came after it: what it lost is not known. */
	if (b->sync == REQUEST_DONE) {
		b->sync = REQUEST_NONE;
		if (b->sync_result < 0 || !b->sync_stale)
			return b->sync_result;
	}
	if (!b->threaded)
		return media_sync(b->below);
	if (b->sync == REQUEST_NONE)
		b->sync = REQUEST_QUEUED;
	return again_when_ready(b);
}

static int write_behind_sync(struct media *m)
{
	struct media_write_behind *b = from(m);
	int r;

	pthread_mutex_lock(&b->lock);
	r = request_sync(b);
	pthread_mutex_unlock(&b->lock);
	return r;
}

static int request_run(struct media_write_behind *b, int (*fn)(void *arg), void *arg)
{
	if (b->run == REQUEST_DONE) {
		b->run = REQUEST_NONE;
		/* Otherwise it is that of a command that was aborted. */
		if (b->fn == fn && b->arg == arg)
			return b->run_result;
	}
	if (!b->threaded)
		return fn(arg);
	if (b->run == REQUEST_NONE) {
		b->run = REQUEST_QUEUED;
		b->fn = fn;
		b->arg = arg;
	}
	return again_when_ready(b);
}

static int write_behind_run(struct media *m, int (*fn)(void *arg), void *arg)
{
	struct media_write_behind *b = from(m);
	int r;

	pthread_mutex_lock(&b->lock);
	r = request_run(b, fn, arg);
	pthread_mutex_unlock(&b->lock);
	return r;
}

static int request_stamp(struct media_write_behind *b, struct media_stamp *stamp)
{
	int r = request_run(b, stamp_below, b);

	/* That was asked for by a command that was aborted, before the last blocks came. */
	if (r == 0 && !b->below->stamped)
		r = request_run(b, stamp_below, b);
	if (r == 0)
		*stamp = b->below->stamp;
	if (r != -EAGAIN)
		b->stamp_error = 0;
	return r;
}

/* The ring is empty: the caller has waited for media_wait_written(). */
static int write_behind_stamp(struct media *m, struct media_stamp *stamp)
{
	struct media_write_behind *b = from(m);
	int r;

	pthread_mutex_lock(&b->lock);
	r = request_stamp(b, stamp);
	pthread_mutex_unlock(&b->lock);
	return r;
}

/* Waits until the thread has written the ring and done what was requested. */
static void wait_until_idle(struct media_write_behind *b)
{
	pthread_mutex_lock(&b->lock);
	while (b->threaded && is_busy(b)) {
		pthread_cond_signal(&b->work);
		pthread_cond_wait(&b->idle, &b->lock);
	}
	pthread_mutex_unlock(&b->lock);
}

/*
 * Waits for storage: when a disc is opened, after a write has failed, and when the host has a disc
 * erased, formatted or closed whose image is then longer than the disc.
 */
static int write_behind_truncate(struct media *m, uint64_t blocks)
{
	struct media_write_behind *b = from(m);

	wait_until_idle(b);
	pthread_mutex_lock(&b->lock);
	/* A sync whose result nobody has fetched was before this. */
	b->sync_stale = true;
	pthread_mutex_unlock(&b->lock);
	b->error = 0;
	b->below->end_uncertain |= m->end_uncertain;
	return media_truncate(b->below, blocks);
}

static int write_behind_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	struct media_write_behind *b = from(m);

	wait_until_idle(b);
	return media_read(b->below, block, count, buf);
}

static int write_behind_view(struct media *m, uint64_t block, uint32_t *count, const uint8_t **data)
{
	struct media_write_behind *b = from(m);
	int r = 0;

	if (!b->below->ops->view)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&b->lock);
	/* A sync does not change what is read, and may take seconds. */
	if (b->head < b->tail)
		r = again_when_ready(b);
	else if (block + *count > b->below->blocks)
		/* Accepted, and lost; the caller may not have asked for that yet. */
		r = b->error ? b->error : -EIO;
	pthread_mutex_unlock(&b->lock);
	return r < 0 ? r : b->below->ops->view(b->below, block, count, data);
}

static void write_behind_wait(struct media *m)
{
	struct media_write_behind *b = from(m);

	if (!b->threaded)
		return;
	pthread_mutex_lock(&b->lock);
	b->stop = true;
	pthread_cond_signal(&b->work);
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->thread, NULL);
	b->threaded = false;
}

static void write_behind_close(struct media *m)
{
	struct media_write_behind *b = from(m);

	write_behind_wait(m);
	media_close(b->below);
	pthread_cond_destroy(&b->work);
	pthread_cond_destroy(&b->idle);
	pthread_mutex_destroy(&b->lock);
	munmap(b, sizeof(*b));
}

static const struct media_ops write_behind_ops = {
	.read = write_behind_read,
	.view = write_behind_view,
	.write = write_behind_write,
	.wait_written = write_behind_wait_written,
	.sync = write_behind_sync,
	.stamp = write_behind_stamp,
	.run = write_behind_run,
	.truncate = write_behind_truncate,
	.wait = write_behind_wait,
	.close = write_behind_close,
};

/*
 * Zeroed memory from the kernel, page by page when touched. calloc() would clear, and so
 * touch, every page of a ring in recycled heap memory.
 */
static struct media_write_behind *allocate(void)
{
	void *p = mmap(NULL, sizeof(struct media_write_behind), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

struct media *media_write_behind_new(struct media *below, void (*ready)(void *ctx), void *ctx)
{
	struct media_write_behind *b = allocate();

	if (!b)
		return NULL;
	b->m = *below;
	b->m.ops = &write_behind_ops;
	b->below = below;
	b->ready = ready;
	b->ctx = ctx;
	b->threaded = true;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->work, NULL);
	pthread_cond_init(&b->idle, NULL);
	if (thread_start(&b->thread, "write-behind", write_behind_thread, b) == 0)
		return &b->m;
	pthread_cond_destroy(&b->work);
	pthread_cond_destroy(&b->idle);
	pthread_mutex_destroy(&b->lock);
	munmap(b, sizeof(*b));
	return NULL;
}
