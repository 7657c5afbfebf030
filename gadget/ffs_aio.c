// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bulk endpoints of FunctionFS over libaio.
 *
 * io_submit() never reports an endpoint's error: FunctionFS completes the iocb with the
 * error before io_submit() returns. So every submission is followed by a look at the
 * completion ring, which costs no system call. Otherwise BOT
 * would queue a good status after data that was never sent. Completions of other
 * requests found there are delivered later, never from inside a call by BOT.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "gadget/ffs_int.h"
#include "util/array.h"

_Static_assert(FFS_IOS >= 2 * (BOT_WINDOW + FFS_BUFFERS), "requests of two sessions");

#define BUFFERS_BYTES  (FFS_BUFFERS * BOT_CHUNK)
/*
 * One of 8 sends wakes the USB thread when it completes; every receive does. BOT need not know
 * at once that a send has completed: its window holds 32 of them, the host's next CBW follows
 * the last one, and BOT polls by its timer where it must know that sends have completed
 * (decision 011).
 */
#define SENDS_PER_WAKE 8u

/* ---- the kernel --------------------------------------------------------------------------- */

static int kernel_submit(io_context_t ctx, struct iocb *iocb)
{
	int ret = io_submit(ctx, 1, &iocb);

	return ret == 1 ? 0 : ret ? ret : -EAGAIN;
}

/*
 * The completion ring, which the kernel maps into this process so that completions can be
 * taken without a system call (fs/aio.c; libaio itself only checks there whether the
 * ring is empty). An io_context_t is its address.
 */
struct aio_ring {
	unsigned id, nr;
	_Atomic unsigned head, tail;
	unsigned magic, compat_features, incompat_features, header_length;
	struct io_event events[];
};
#define AIO_RING_MAGIC 0xa10a10a1u

static int kernel_reap(io_context_t ctx, struct io_event *events, int max)
{
	struct aio_ring *ring = (struct aio_ring *)ctx;
	struct timespec zero = {0};
	unsigned head, tail;
	int n = 0;

	if (ring->magic != AIO_RING_MAGIC || ring->incompat_features)
		return io_getevents(ctx, 0, max, events, &zero);
	head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
	while (head != tail && n < max) {
		events[n++] = ring->events[head];
		head = (head + 1) % ring->nr;
	}
	atomic_store_explicit(&ring->head, head, memory_order_release);
	return n;
}

static int kernel_cancel(io_context_t ctx, struct iocb *iocb)
{
	struct io_event unused;

	return io_cancel(ctx, iocb, &unused);
}

/* Reading from an IN endpoint halts it; FunctionFS reports success as EBADMSG. */
static int kernel_set_halt(int fd)
{
	char unused;

	if (read(fd, &unused, 0) == 0)
		return -EIO;
	return errno == EBADMSG ? 0 : -errno;
}

const struct ffs_io_ops ffs_io_kernel = {
	.submit = kernel_submit,
	.reap = kernel_reap,
	.cancel = kernel_cancel,
	.set_halt = kernel_set_halt,
};

/* ---- pools -------------------------------------------------------------------------------- */

static void queue_clear(struct ffs_queue *q)
{
	q->head = NULL;
	q->end = &q->head;
}

int ffs_aio_init(struct ffs_aio *a)
{
	a->buffers = mmap(
		NULL, BUFFERS_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (a->buffers == MAP_FAILED) {
		a->buffers = NULL;
		return -ENOMEM;
	}
	for (size_t i = 0; i < FFS_BUFFERS; i++)
		a->free_buffer[i] = a->buffers + i * BOT_CHUNK;
	a->free_buffers = a->least_free = FFS_BUFFERS;
	memset(a->resident, 0, sizeof(a->resident));
	a->idle_calls = 0;
	a->free_io = NULL;
	for (size_t i = 0; i < FFS_IOS; i++) {
		a->ios[i].next = a->free_io;
		a->free_io = &a->ios[i];
	}
	queue_clear(&a->in);
	queue_clear(&a->out);
	queue_clear(&a->old);
	return 0;
}

void ffs_aio_fini(struct ffs_aio *a)
{
	if (a->buffers)
		munmap(a->buffers, BUFFERS_BYTES);
	a->buffers = NULL;
}

static bool *residence(struct ffs_aio *a, const uint8_t *buffer)
{
	return &a->resident[(size_t)(buffer - a->buffers) / BOT_CHUNK];
}

/*
 * A buffer gets its memory when it is first handed to the kernel: one worker of the kernel copies
 * all bulk-out data of the USB function, and a page fault there would delay the completions of
 * bulk-in, too.
 */
static uint8_t *buffer_get(struct ffs_aio *a)
{
	uint8_t *buffer = a->free_buffer[--a->free_buffers];

	a->least_free = MIN(a->least_free, a->free_buffers);
	if (!*residence(a, buffer))
		memset(buffer, 0, BOT_CHUNK);
	*residence(a, buffer) = true;
	return buffer;
}

void ffs_aio_trim(struct ffs_aio *a)
{
	a->idle_calls = 0;
	for (unsigned i = 0; i < a->free_buffers && i < FFS_BUFFERS - FFS_BUFFERS_KEPT; i++) {
		bool *resident = residence(a, a->free_buffer[i]);

		if (*resident)
			*resident = madvise(a->free_buffer[i], BOT_CHUNK, MADV_DONTNEED) != 0;
	}
}

void ffs_aio_idle(struct ffs_aio *a)
{
	bool shallow = a->least_free >= FFS_BUFFERS - FFS_BUFFERS_KEPT;

	a->least_free = a->free_buffers;
	a->idle_calls = shallow ? a->idle_calls + 1 : 0;
	if (a->idle_calls == FFS_IDLE_CALLS)
		ffs_aio_trim(a);
}

/*
 * Takes a request, and for bulk-out a buffer. NULL: the kernel has all requests or all buffers,
 * because those of earlier sessions have not completed.
 */
static struct ffs_io *io_get(struct ffs_aio *a, bool out)
{
	struct ffs_io *io = a->free_io;

	if (!io || (out && !a->free_buffers))
		return NULL;
	a->free_io = io->next;
	io->next = NULL;
	io->buffer = out ? buffer_get(a) : NULL;
	io->generation = a->generation;
	io->result = 0;
	io->seq = 0;
	io->out = out;
	io->used = true;
	io->cancelled = io->queued = false;
	return io;
}

static void io_put(struct ffs_aio *a, struct ffs_io *io)
{
	if (io->buffer)
		a->free_buffer[a->free_buffers++] = io->buffer;
	io->used = false;
	io->next = a->free_io;
	a->free_io = io;
}

/* ---- completions -------------------------------------------------------------------------- */

static void queue_add(struct ffs_queue *q, struct ffs_io *io)
{
	io->next = NULL;
	*q->end = io;
	q->end = &io->next;
}

static void queue_remove(struct ffs_queue *q, struct ffs_io *io)
{
	struct ffs_io **link = &q->head;

	while (*link && *link != io)
		link = &(*link)->next;
	if (!*link)
		return;
	*link = io->next;
	if (!io->next)
		q->end = link;
}

/*
 * True if a read received data of the session that followed its own. It was submitted after
 * the kernel had begun that session, but before the ep0 thread reported it: it completed with
 * data after another request of its session had completed with ESHUTDOWN. The order is
 * reliable, as all completions of a USB function pass through one queue of the kernel.
 */
static bool is_from_new_session(const struct ffs_aio *a, const struct ffs_io *io)
{
	return io->out && io->result >= 0 && a->dead_seq && io->seq > a->dead_seq &&
	       io->generation == a->dead_generation;
}

/*
 * True if a read of an ended session received data of the session that followed, although no
 * request of its session has completed with ESHUTDOWN. It was submitted when nothing else was in
 * flight, and too late: after the kernel had begun the new session. If it had been in flight
 * before, it would have completed with ESHUTDOWN. (Or it holds the last that the host sent in the
 * old session. Then it was completed before the ep0 thread learned of the new one, and has
 * nearly always been dropped by ffs_aio_reset().)
 */
static bool is_unwitnessed(const struct ffs_aio *a, const struct ffs_io *io)
{
	if (!io->out || io->result < 0 || (a->dead_seq && a->dead_generation == io->generation))
		return false;
	/*
	 * While another read is in flight, which was submitted later, io is the read for data of a
	 * command. Data in it is of the old session: then the other read soon completes with
	 * ESHUTDOWN. A CBW in it is of the new one: both reads were submitted too late.
	 */
	for (const struct ffs_io *other = a->old.head; other; other = other->next)
		if (other->out && other != io)
			return bot_is_cbw(io->buffer, (uint32_t)io->result);
	return true;
}

/* The kernel has ended the session of io. */
static void note_dead(struct ffs_aio *a, const struct ffs_io *io)
{
	a->dead_seq = io->seq;
	a->dead_generation = io->generation;
	if (!io->queued)
		return;
	a->over |= io->generation == a->generation;
	if (io->out) {
		a->dead_out_seq = io->seq;
		a->dead_out_generation = io->generation;
	}
}

/* Takes completions from the kernel; frees those of earlier sessions. */
static void aio_reap(struct ffs_aio *a)
{
	struct io_event events[32];
	int n;

	do {
		n = a->io->reap(a->ctx, events, (int)ARRAY_LEN(events));
		for (int i = 0; i < n; i++) {
			struct ffs_io *io = events[i].data;

			io->result = (int32_t)(long)events[i].res;
			io->seq = ++a->seq;
			if (io->result == -ESHUTDOWN)
				note_dead(a, io);
			if (io->generation != a->generation && !is_from_new_session(a, io) &&
				!is_unwitnessed(a, io)) {
				queue_remove(&a->old, io);
				io_put(a, io);
			}
		}
	} while (n == (int)ARRAY_LEN(events));
}

/* The head of q if it has completed, or NULL. */
static struct ffs_io *queue_done(const struct ffs_queue *q)
{
	return q->head && q->head->seq ? q->head : NULL;
}

/*
 * The oldest completed send, or NULL. Skips cancelled sends that have not completed: BOT
 * stops waiting for them after its cancel timeout, and sends again.
 */
static struct ffs_io *send_done(const struct ffs_aio *a)
{
	struct ffs_io *io = a->in.head;

	while (io && io->cancelled && !io->seq)
		io = io->next;
	return io && io->seq ? io : NULL;
}

static void queue_pop(struct ffs_queue *q)
{
	q->head = q->head->next;
	if (!q->head)
		q->end = &q->head;
}

/*
 * Moves the reads left in the old queue to the head of out, and tells BOT: the kernel
 * fills them before those that BOT posted for the new session.
 */
static void move_to_new_session(struct ffs_aio *a)
{
	struct ffs_queue first, rest = a->out;
	struct ffs_io *io, *next;
	uint32_t len[FFS_IOS];
	unsigned n = 0;

	queue_clear(&first);
	for (io = a->old.head; io; io = next) {
		next = io->next;
		if (!io->out)
			continue;
		queue_remove(&a->old, io);
		queue_add(&first, io);
		io->generation = a->generation;
		len[n++] = (uint32_t)io->iocb.u.c.nbytes;
	}
	*first.end = rest.head;
	a->out.head = first.head;
	a->out.end = rest.head ? rest.end : first.end;
	while (n)
		a->client->posted(a->client_ctx, len[--n]);
}

/*
 * True if a send of the old queue is alive in the new session: the host would take it for the
 * answer to its next command. FunctionFS ends the requests of bulk-in before those of bulk-out,
 * and completions keep their order. So once a read of its session has ended, a send that has not
 * was submitted later.
 */
static bool is_late_send(const struct ffs_aio *a, const struct ffs_io *io)
{
	return !io->out && !io->seq && a->dead_out_seq && io->generation == a->dead_out_generation;
}

/*
 * Cancels the sends of the old queue that are alive in the new session; all: this is known of all
 * of them. Dead sends complete with ESHUTDOWN. Cancelling them, too, would race with their
 * completion in kernels in which f_fs does not hold eps_lock for both, such as Linux 7.2.
 */
static void cancel_late_sends(struct ffs_aio *a, bool all)
{
	for (struct ffs_io *io = a->old.head; io; io = io->next) {
		if (io->out || io->cancelled || (!all && !is_late_send(a, io)))
			continue;
		io->cancelled = true;
		a->io->cancel(a->ctx, &io->iocb);
	}
}

/*
 * Once the first data of a session has arrived, the requests left in the old queue are
 * alive in the new session, because dead ones complete before that. Reads are moved to
 * it, sends are cancelled.
 */
static void sort_old(struct ffs_aio *a)
{
	const struct ffs_io *first = queue_done(&a->out);
	struct ffs_io *io;
	bool alive = first && first->result >= 0;

	for (io = a->old.head; io; io = io->next) {
		if (!io->seq)
			continue;
		move_to_new_session(a);
		alive = true;
		break;
	}
	cancel_late_sends(a, alive);
}

void ffs_aio_dispatch(struct ffs_aio *a)
{
	aio_reap(a);
	if (a->old.head)
		sort_old(a);
	for (;;) {
		struct ffs_io *in = send_done(a);
		struct ffs_io *out = a->held ? NULL : queue_done(&a->out);

		/* BOT does not know its session yet: deliver it after ffs_aio_reset(). */
		if (out && is_from_new_session(a, out))
			out = NULL;
		if (in && (!out || in->seq < out->seq)) {
			queue_remove(&a->in, in);
			a->client->sent(a->client_ctx, in->result);
			io_put(a, in);
		} else if (out) {
			if (!a->client->received(a->client_ctx, out->buffer, out->result)) {
				a->held = true;
				continue;
			}
			queue_pop(&a->out);
			io_put(a, out);
		} else {
			return;
		}
	}
}

void ffs_aio_unhold(struct ffs_aio *a)
{
	a->held = false;
}

void ffs_aio_reset(struct ffs_aio *a, unsigned generation)
{
	struct ffs_queue *queues[] = {&a->in, &a->out};

	aio_reap(a);
	/*
	 * The other requests complete with ESHUTDOWN, unless they were submitted too late
	 * and are alive in the new session.
	 */
	for (size_t i = 0; i < ARRAY_LEN(queues); i++) {
		while (queues[i]->head) {
			struct ffs_io *io = queues[i]->head;

			queue_pop(queues[i]);
			if (io->seq && !is_from_new_session(a, io))
				io_put(a, io);
			else
				queue_add(&a->old, io);
		}
	}
	a->held = a->over = false;
	a->generation = generation;
	/* Before BOT posts the read that lets the host send a command. */
	cancel_late_sends(a, false);
}

/* ---- calls by BOT ------------------------------------------------------------------------- */

/*
 * False if the session is over: the ep0 thread has seen it, or a queued request has completed with
 * ESHUTDOWN, which often comes earlier. What is submitted after that would go into the new
 * session. The look at the ring costs no system call.
 */
static bool aio_alive(struct ffs_aio *a)
{
	aio_reap(a);
	return atomic_load(a->host_generation) == a->generation && !a->over;
}

/*
 * True until the USB thread has handled a Bulk-Only Reset. Nothing of the old command may
 * be sent after it, and the ep0 thread may have acknowledged it already if the USB
 * thread waited too long for storage.
 */
static bool reset_pending(const struct ffs_aio *a)
{
	return atomic_load(a->host_reset) != a->reset;
}

/* Submits io and adds it to q. 0, or the -errno of io_submit() or of the endpoint. */
static int aio_submit(struct ffs_aio *a, struct ffs_queue *q, struct ffs_io *io)
{
	struct ffs_io **link = q->end;
	int ret;

	if (io->out || ++a->unreported_sends == SENDS_PER_WAKE) {
		io_set_eventfd(&io->iocb, a->event_fd);
		if (!io->out)
			a->unreported_sends = 0;
	}
	io->iocb.data = io;
	ret = a->io->submit(a->ctx, &io->iocb);
	if (ret < 0) {
		io_put(a, io);
		return ret;
	}
	*link = io;
	q->end = &io->next;
	aio_reap(a);
	io->queued = !io->seq;
	if (!io->seq || io->result >= 0)
		return 0;
	ret = io->result;
	*link = NULL;
	q->end = link;
	io_put(a, io);
	return ret;
}

int ffs_aio_send(struct ffs_aio *a, const void *data, uint32_t len)
{
	struct ffs_io *io;

	if (len > BOT_SEND_MAX)
		return -EINVAL;
	/*
	 * The host may have reset the bus while the USB thread waited for storage; this
	 * data must not go into its new session.
	 */
	if (!aio_alive(a))
		return -ESHUTDOWN;
	io = reset_pending(a) ? NULL : io_get(a, false);
	if (!io)
		return -EAGAIN;
	io_prep_pwrite(&io->iocb, a->in_fd, len ? (void *)(uintptr_t)data : a->buffers, len, 0);
	return aio_submit(a, &a->in, io);
}

int ffs_aio_recv(struct ffs_aio *a, uint32_t len)
{
	struct ffs_io *io;

	if (!len || len > BOT_CHUNK)
		return -EINVAL;
	if (!aio_alive(a))
		return -ESHUTDOWN;
	io = io_get(a, true);
	if (!io)
		return -EAGAIN;
	io_prep_pread(&io->iocb, a->out_fd, io->buffer, len, 0);
	return aio_submit(a, &a->out, io);
}

int ffs_aio_halt_in(struct ffs_aio *a)
{
	if (!aio_alive(a))
		return -ESHUTDOWN;
	return reset_pending(a) ? -EAGAIN : a->io->set_halt(a->in_fd);
}

void ffs_aio_cancel_in(struct ffs_aio *a)
{
	/* The result does not matter: a request that cannot be cancelled has completed. */
	for (struct ffs_io *io = a->in.head; io; io = io->next) {
		if (io->seq)
			continue;
		io->cancelled = true;
		a->io->cancel(a->ctx, &io->iocb);
	}
}
