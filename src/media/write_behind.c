// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A medium whose writes and syncs are carried out by a thread of its own: whoever
 * asks for them never waits, but asks again. Blocks that were taken are copied
 * into a small ring, in which they follow each other, and go to storage from there
 * in pieces as large as what has come.
 *
 * Nothing is promised of blocks in the ring: a command that recorded is GOOD only
 * when media_wait_written() says that they have left it. So the daemon may die at any
 * moment, and what the host was told is in the kernel's hands.
 */
#include "media/media.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "util/thread.h"

#define RING MEDIA_RING /* no more of it is touched than one command has data */

enum chore { CHORE_NONE, CHORE_ASKED, CHORE_BUSY, CHORE_DONE };

struct media_behind {
	struct media m;
	struct media *below; /* the thread's, as long as there is work */
	void (*ready)(void *ctx);
	void *ctx;
	pthread_t thread;
	bool threaded; /* no more: all is done by whoever asks */

	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	uint64_t base; /* block of the ring's first byte */
	uint64_t next; /* block that follows those in the ring */
	uint32_t head, tail;
	bool busy, waiting, stop;
	int error;     /* of a write, until somebody has truncated */
	uint64_t lost; /* its first block */

	enum chore sync;
	bool sync_stale; /* blocks have come since it was asked for */
	int sync_result;

	enum chore run;
	int (*fn)(void *arg);
	void *arg;
	int run_result;

	uint8_t ring[RING];
};

static struct media_behind *from(struct media *m)
{
	return (struct media_behind *)m;
}

/* ---- the thread --------------------------------------------------------------------------- */

static bool has_work(const struct media_behind *b)
{
	return b->head < b->tail || b->sync == CHORE_ASKED || b->run == CHORE_ASKED;
}

static void write_step(struct media_behind *b)
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
		b->head = b->tail; /* what came behind it would leave a hole */
	} else {
		b->head += n;
	}
	if (b->head == b->tail)
		b->head = b->tail = 0;
}

static void sync_step(struct media_behind *b)
{
	int r;

	b->sync = CHORE_BUSY;
	b->sync_stale = false;
	pthread_mutex_unlock(&b->lock);
	r = media_sync(b->below);
	pthread_mutex_lock(&b->lock);
	b->sync = CHORE_DONE;
	b->sync_result = r;
}

static void run_step(struct media_behind *b)
{
	int r;

	b->run = CHORE_BUSY;
	pthread_mutex_unlock(&b->lock);
	r = b->fn(b->arg);
	pthread_mutex_lock(&b->lock);
	b->run = CHORE_DONE;
	b->run_result = r;
}

/* One thing, writes first: a sync is of all that was taken before. The lock is held. */
static void step(struct media_behind *b)
{
	b->busy = true;
	if (b->head < b->tail)
		write_step(b);
	else if (b->sync == CHORE_ASKED)
		sync_step(b);
	else
		run_step(b);
	b->busy = false;
}

static void *carry_out(void *medium)
{
	struct media_behind *b = medium;

	pthread_mutex_lock(&b->lock);
	for (;;) {
		while (has_work(b)) {
			step(b);
			if (!b->waiting)
				continue;
			b->waiting = false;
			/* ready() may take locks that are held when somebody asks us. */
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

static bool is_busy(const struct media_behind *b)
{
	return b->busy || has_work(b);
}

/* There is something to do, or to wait for. The lock is held. */
static int later(struct media_behind *b)
{
	b->waiting = true;
	pthread_cond_signal(&b->work);
	return -EAGAIN;
}

static int take(struct media_behind *b, uint64_t block, uint32_t count, const void *buf)
{
	uint32_t len = count * b->m.unit;

	if (b->error)
		return b->error;
	if (b->tail == 0)
		b->base = b->next = block;
	/* Blocks that do not follow wait until the others have gone. */
	if (len > RING - b->tail || block != b->next)
		return later(b);
	memcpy(b->ring + b->tail, buf, len);
	b->tail += len;
	b->next += count;
	b->sync_stale = true;
	pthread_cond_signal(&b->work);
	return 0;
}

static int behind_write(struct media *m, uint64_t block, uint32_t count, const void *buf)
{
	struct media_behind *b = from(m);
	int r;

	if (!b->threaded)
		return b->error ? b->error : media_write(b->below, block, count, buf);
	if ((uint64_t)count * b->m.unit > RING)
		return -EINVAL;
	pthread_mutex_lock(&b->lock);
	r = take(b, block, count, buf);
	pthread_mutex_unlock(&b->lock);
	return r;
}

static int behind_wait_written(struct media *m, uint64_t *lost)
{
	struct media_behind *b = from(m);
	int r;

	pthread_mutex_lock(&b->lock);
	r = b->error;
	*lost = b->lost;
	/* A sync under way needs no waiting for. */
	if (r == 0 && b->head < b->tail)
		r = later(b);
	pthread_mutex_unlock(&b->lock);
	return r;
}

static int ask_sync(struct media_behind *b)
{
	if (b->error)
		return b->error;
	/* One that failed says so however much has come since: nobody knows what it lost. */
	if (b->sync == CHORE_DONE) {
		b->sync = CHORE_NONE;
		if (b->sync_result < 0 || !b->sync_stale)
			return b->sync_result;
	}
	if (!b->threaded)
		return media_sync(b->below);
	if (b->sync == CHORE_NONE)
		b->sync = CHORE_ASKED;
	return later(b);
}

static int behind_sync(struct media *m)
{
	struct media_behind *b = from(m);
	int r;

	pthread_mutex_lock(&b->lock);
	r = ask_sync(b);
	pthread_mutex_unlock(&b->lock);
	return r;
}

static int ask_run(struct media_behind *b, int (*fn)(void *arg), void *arg)
{
	if (b->run == CHORE_DONE) {
		b->run = CHORE_NONE;
		return b->run_result;
	}
	if (!b->threaded)
		return fn(arg);
	if (b->run == CHORE_NONE) {
		b->run = CHORE_ASKED;
		b->fn = fn;
		b->arg = arg;
	}
	return later(b);
}

static int behind_run(struct media *m, int (*fn)(void *arg), void *arg)
{
	struct media_behind *b = from(m);
	int r;

	pthread_mutex_lock(&b->lock);
	r = ask_run(b, fn, arg);
	pthread_mutex_unlock(&b->lock);
	return r;
}

/* All that was taken and asked for is done on return. */
static void drain(struct media_behind *b)
{
	pthread_mutex_lock(&b->lock);
	while (b->threaded && is_busy(b)) {
		pthread_cond_signal(&b->work);
		pthread_cond_wait(&b->idle, &b->lock);
	}
	pthread_mutex_unlock(&b->lock);
}

/*
 * Only where a recorder's write failed, or a disc is opened: storage is waited for.
 */
static int behind_truncate(struct media *m, uint64_t blocks)
{
	struct media_behind *b = from(m);

	drain(b);
	b->error = 0;
	b->below->end_uncertain |= m->end_uncertain;
	return media_truncate(b->below, blocks);
}

static int behind_read(struct media *m, uint64_t block, uint32_t count, void *buf)
{
	struct media_behind *b = from(m);

	drain(b);
	return media_read(b->below, block, count, buf);
}

static int behind_view(struct media *m, uint64_t block, uint32_t *count, const uint8_t **data)
{
	struct media_behind *b = from(m);
	bool busy;

	if (!b->below->ops->view)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&b->lock);
	busy = b->threaded && is_busy(b);
	if (busy)
		(void)later(b);
	pthread_mutex_unlock(&b->lock);
	return busy ? -EAGAIN : b->below->ops->view(b->below, block, count, data);
}

static void behind_wait(struct media *m)
{
	struct media_behind *b = from(m);

	if (!b->threaded)
		return;
	pthread_mutex_lock(&b->lock);
	b->stop = true;
	pthread_cond_signal(&b->work);
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->thread, NULL);
	b->threaded = false;
}

static void behind_close(struct media *m)
{
	struct media_behind *b = from(m);

	behind_wait(m);
	media_close(b->below);
	pthread_cond_destroy(&b->work);
	pthread_cond_destroy(&b->idle);
	pthread_mutex_destroy(&b->lock);
	munmap(b, sizeof(*b));
}

static const struct media_ops behind_ops = {
	.read = behind_read,
	.view = behind_view,
	.write = behind_write,
	.wait_written = behind_wait_written,
	.sync = behind_sync,
	.run = behind_run,
	.truncate = behind_truncate,
	.wait = behind_wait,
	.close = behind_close,
};

/*
 * From the kernel itself: of a ring that comes from the heap for a second time calloc()
 * would touch every page.
 */
static struct media_behind *memory_get(void)
{
	void *p = mmap(NULL, sizeof(struct media_behind), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

struct media *media_write_behind_new(struct media *below, void (*ready)(void *ctx), void *ctx)
{
	struct media_behind *b = memory_get();

	if (!b)
		return NULL;
	b->m = *below;
	b->m.ops = &behind_ops;
	b->below = below;
	b->ready = ready;
	b->ctx = ctx;
	b->threaded = true;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->work, NULL);
	pthread_cond_init(&b->idle, NULL);
	if (thread_start(&b->thread, "write-behind", carry_out, b) == 0)
		return &b->m;
	pthread_cond_destroy(&b->work);
	pthread_cond_destroy(&b->idle);
	pthread_mutex_destroy(&b->lock);
	munmap(b, sizeof(*b));
	return NULL;
}
