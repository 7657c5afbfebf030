// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bulk endpoints of FunctionFS over libaio.
 *
 * What FunctionFS makes of an iocb shapes this file: io_submit() never reports
 * an endpoint's error, it completes the iocb with it before it returns; so every
 * submission is followed by a look at the ring (libaio does that in user space
 * when it is empty), or BOT would queue a good status behind data that never
 * went. Bytes to send are copied at submission. One request needs contiguous
 * memory of its size from the kernel, which a small board may not have. dwc2
 * refuses requests while the bus is suspended; they wait here for its resume.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/usb/functionfs.h>

#include "gadget/ffs_int.h"
#include "util/array.h"

#define RETRY_MS_MAX  1000u
#define NOMEM_TRIES   40u  /* about 30 s of retries: the host has given up by then */
#define GROW_AFTER    256u /* pieces that must go before a larger one is tried again */
#define BUFFERS_BYTES ((FFS_BUFFERS + FFS_REQS) * BOT_CHUNK)

/* ---- the kernel --------------------------------------------------------------------------- */

static int kernel_submit(io_context_t ctx, struct iocb *iocb)
{
	int ret = io_submit(ctx, 1, &iocb);

	return ret == 1 ? 0 : ret ? ret : -EAGAIN;
}

static int kernel_reap(io_context_t ctx, struct io_event *events, int max)
{
	struct timespec zero = {0};

	return io_getevents(ctx, 0, max, events, &zero);
}

static int kernel_cancel(io_context_t ctx, struct iocb *iocb)
{
	struct io_event unused;

	return io_cancel(ctx, iocb, &unused);
}

/* Reading from an IN endpoint halts it; FunctionFS says EBADMSG for "done". */
static int kernel_set_halt(int fd)
{
	char unused;

	if (read(fd, &unused, 0) == 0)
		return -EIO;
	return errno == EBADMSG ? 0 : -errno;
}

static int kernel_clear_halt(int fd)
{
	return ioctl(fd, FUNCTIONFS_CLEAR_HALT) < 0 ? -errno : 0;
}

const struct ffs_io_ops ffs_io_kernel = {
	.submit = kernel_submit,
	.reap = kernel_reap,
	.cancel = kernel_cancel,
	.set_halt = kernel_set_halt,
	.clear_halt = kernel_clear_halt,
};

/* ---- pools -------------------------------------------------------------------------------- */

int ffs_aio_init(struct ffs_aio *a)
{
	a->buffers = mmap(NULL, BUFFERS_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (a->buffers == MAP_FAILED) {
		a->buffers = NULL;
		return -ENOMEM;
	}
	/*
	 * Bulk-out data is copied by one kernel worker for the whole function: a
	 * page fault there delays every completion. The parking places behind stay
	 * untouched and cost nothing until the UDC refuses something.
	 */
	memset(a->buffers, 0, FFS_BUFFERS * BOT_CHUNK);
	for (size_t i = 0; i < FFS_BUFFERS; i++)
		a->free_buffer[i] = a->buffers + i * BOT_CHUNK;
	a->free_buffers = FFS_BUFFERS;
	for (size_t i = 0; i < FFS_REQS; i++)
		a->in.req[i].data = a->buffers + (FFS_BUFFERS + i) * BOT_CHUNK;
	a->free_piece = NULL;
	for (size_t i = 0; i < FFS_PIECES; i++) {
		a->piece[i].next = a->free_piece;
		a->free_piece = &a->piece[i];
	}
	a->piece_max = BOT_CHUNK;
	a->retry_ms = FFS_RETRY_MS;
	return 0;
}

void ffs_aio_fini(struct ffs_aio *a)
{
	if (a->buffers)
		munmap(a->buffers, BUFFERS_BYTES);
	a->buffers = NULL;
}

static struct ffs_piece *piece_get(struct ffs_aio *a)
{
	struct ffs_piece *p = a->free_piece;

	if (p)
		a->free_piece = p->next;
	return p;
}

static void piece_put(struct ffs_aio *a, struct ffs_piece *p)
{
	p->busy = false;
	p->req = NULL;
	p->buffer = NULL;
	p->next = a->free_piece;
	a->free_piece = p;
}

static void buffer_put(struct ffs_aio *a, uint8_t *buffer)
{
	if (buffer)
		a->free_buffer[a->free_buffers++] = buffer;
}

/* ---- requests ----------------------------------------------------------------------------- */

static struct ffs_req *queue_at(struct ffs_queue *q, unsigned index)
{
	return &q->req[index % FFS_REQS];
}

static struct ffs_req *queue_push(struct ffs_queue *q, uint32_t len)
{
	struct ffs_req *r;

	if (q->tail - q->head == FFS_REQS)
		return NULL;
	r = queue_at(q, q->tail++);
	r->len = len;
	r->queued = 0;
	r->result = 0;
	r->pending = 0;
	r->tries = 0;
	r->whole = false;
	r->seq = 0;
	return r;
}

static bool queue_waits(const struct ffs_queue *q)
{
	return q->parked != q->tail;
}

static struct ffs_req *queue_done(struct ffs_queue *q)
{
	struct ffs_req *r = queue_at(q, q->head);

	return q->head != q->tail && r->seq ? r : NULL;
}

static void req_settle(struct ffs_aio *a, struct ffs_req *r)
{
	if (r->whole && !r->pending && !r->seq)
		r->seq = ++a->seq;
}

/* Nothing more of the oldest waiting request will be submitted; error < 0 ends it so. */
static void req_close(struct ffs_aio *a, struct ffs_queue *q, int error)
{
	struct ffs_req *r = queue_at(q, q->parked++);

	if (error < 0 && r->result >= 0)
		r->result = error;
	r->whole = true;
	req_settle(a, r);
}

/* ---- completions -------------------------------------------------------------------------- */

static void aio_event(struct ffs_aio *a, struct ffs_piece *p, int32_t res)
{
	struct ffs_req *r = p->req;

	if (!r) {
		buffer_put(a, p->buffer);
		piece_put(a, p);
		return;
	}
	r->pending--;
	if (p == a->probe) {
		a->probe = NULL;
		if (res < 0) {
			/* The submitter's to handle, buffer included. */
			a->probe_result = res;
			piece_put(a, p);
			return;
		}
	}
	if (p->out) {
		r->data = p->buffer;
		r->result = res;
	} else if (r->result >= 0) {
		r->result = res < 0 ? res : r->result + res;
	}
	piece_put(a, p);
	req_settle(a, r);
}

static void aio_reap(struct ffs_aio *a)
{
	struct io_event events[32];
	int n;

	do {
		n = a->io->reap(a->ctx, events, (int)ARRAY_LEN(events));
		for (int i = 0; i < n; i++)
			aio_event(a, events[i].data, (int32_t)(long)events[i].res);
	} while (n == (int)ARRAY_LEN(events));
}

static bool aio_alive(const struct ffs_aio *a)
{
	return atomic_load(a->host_generation) == a->generation;
}

/* 0: the kernel has it, or has done it already. -errno: it did not go. */
static int aio_submit(struct ffs_aio *a, struct ffs_req *r, bool out, const void *data,
	uint32_t len)
{
	void *buf = (void *)(uintptr_t)data;
	struct ffs_piece *p;
	int ret;

	/* The host may have reset the bus while we were in a file: not into its new session. */
	if (!aio_alive(a))
		return -ESHUTDOWN;
	p = piece_get(a);
	if (!p) {
		a->starved = true;
		return -EAGAIN;
	}
	if (out)
		io_prep_pread(&p->iocb, a->out_fd, buf, len, 0);
	else
		io_prep_pwrite(&p->iocb, a->in_fd, buf, len, 0);
	io_set_eventfd(&p->iocb, a->event_fd);
	p->iocb.data = p;
	p->req = r;
	p->out = out;
	p->buffer = out ? buf : NULL;
	p->busy = true;
	ret = a->io->submit(a->ctx, &p->iocb);
	if (ret < 0) {
		piece_put(a, p);
		return ret;
	}
	r->pending++;
	a->probe = p;
	a->probe_result = 0;
	aio_reap(a);
	a->probe = NULL;
	return a->probe_result;
}

static bool worth_another_try(struct ffs_req *r, int error)
{
	/* A page is missing: not for long, or the whole board is in trouble. */
	return error == -ENOMEM && r->tries++ < NOMEM_TRIES;
}

/* 0: all of it has gone to the kernel. -EAGAIN: the rest has to wait. Else it failed. */
static int in_submit(struct ffs_aio *a, struct ffs_req *r, const uint8_t *data)
{
	do {
		uint32_t len = MIN(r->len - r->queued, a->piece_max);
		int ret = aio_submit(a, r, false, data + r->queued, len);

		if (ret == -ENOMEM && len > FFS_PIECE_MIN) {
			while (a->piece_max >= len && a->piece_max > FFS_PIECE_MIN)
				a->piece_max /= 2;
			a->good = 0;
			continue;
		}
		if (ret < 0)
			return worth_another_try(r, ret) ? -EAGAIN : ret;
		r->queued += len;
		if (a->piece_max < BOT_CHUNK && ++a->good == GROW_AFTER) {
			a->piece_max *= 2;
			a->good = 0;
		}
	} while (r->queued < r->len);
	return 0;
}

static int out_submit(struct ffs_aio *a, struct ffs_req *r)
{
	uint8_t *buffer;
	int ret;

	if (!a->free_buffers) {
		a->starved = true;
		return -EAGAIN;
	}
	buffer = a->free_buffer[--a->free_buffers];
	r->data = NULL;
	ret = aio_submit(a, r, true, buffer, r->len);
	if (ret < 0)
		buffer_put(a, buffer);
	else
		r->queued = r->len;
	return ret;
}

static void want_retry(struct ffs_aio *a)
{
	a->client->arm_retry(a->client_ctx, a->retry_ms);
}

/* ---- what BOT asks for -------------------------------------------------------------------- */

int ffs_aio_send(struct ffs_aio *a, const void *data, uint32_t len)
{
	bool waits = queue_waits(&a->in);
	struct ffs_req *r;
	int ret;

	if (len > BOT_CHUNK)
		return -EINVAL;
	if (!aio_alive(a))
		return -ESHUTDOWN;
	r = queue_push(&a->in, len);
	if (!r)
		return -ENOBUFS;
	ret = waits ? -EAGAIN : in_submit(a, r, data);
	if (ret == -EAGAIN) {
		if (len)
			memcpy(r->data, data, len);
		if (!waits)
			want_retry(a);
		return 0;
	}
	if (ret < 0 && !r->queued) {
		a->in.tail--;
		return ret;
	}
	req_close(a, &a->in, ret);
	return 0;
}

int ffs_aio_recv(struct ffs_aio *a, uint32_t len)
{
	bool waits = queue_waits(&a->out);
	struct ffs_req *r;
	int ret;

	if (!len || len > BOT_CHUNK)
		return -EINVAL;
	if (!aio_alive(a))
		return -ESHUTDOWN;
	r = queue_push(&a->out, len);
	if (!r)
		return -ENOBUFS;
	ret = waits ? -EAGAIN : out_submit(a, r);
	/* A larger read BOT splits; one of a page or less must come to pass. */
	if (ret == -ENOMEM && len <= FFS_PIECE_MIN)
		ret = -EAGAIN;
	if (ret == -EAGAIN) {
		if (!waits)
			want_retry(a);
		return 0;
	}
	if (ret < 0) {
		a->out.tail--;
		return ret;
	}
	req_close(a, &a->out, 0);
	return 0;
}

int ffs_aio_halt_in(struct ffs_aio *a)
{
	return aio_alive(a) ? a->io->set_halt(a->in_fd) : -ESHUTDOWN;
}

void ffs_aio_unhalt_in(struct ffs_aio *a)
{
	if (aio_alive(a))
		a->io->clear_halt(a->in_fd);
}

void ffs_aio_cancel_in(struct ffs_aio *a)
{
	for (size_t i = 0; i < FFS_PIECES; i++) {
		struct ffs_piece *p = &a->piece[i];

		/* Any answer will do: what could not be cancelled has completed already. */
		if (p->busy && p->req && !p->out)
			a->io->cancel(a->ctx, &p->iocb);
	}
	while (queue_waits(&a->in))
		req_close(a, &a->in, -ECONNRESET);
}

/* ---- what the USB thread asks for --------------------------------------------------------- */

void ffs_aio_retry(struct ffs_aio *a)
{
	unsigned before = a->in.parked + a->out.parked;
	int ret;

	while (queue_waits(&a->in)) {
		struct ffs_req *r = queue_at(&a->in, a->in.parked);

		ret = in_submit(a, r, r->data);
		if (ret == -EAGAIN)
			break;
		req_close(a, &a->in, ret);
	}
	while (queue_waits(&a->out)) {
		struct ffs_req *r = queue_at(&a->out, a->out.parked);

		ret = out_submit(a, r);
		if (ret == -EAGAIN || worth_another_try(r, ret))
			break;
		req_close(a, &a->out, ret);
	}
	if (before != a->in.parked + a->out.parked)
		a->retry_ms = FFS_RETRY_MS;
	if (queue_waits(&a->in) || queue_waits(&a->out)) {
		want_retry(a);
		a->retry_ms = MIN(a->retry_ms * 2, RETRY_MS_MAX);
	}
}

/* In the order of completion; each direction in the order of its queue. */
static void aio_deliver(struct ffs_aio *a)
{
	for (;;) {
		struct ffs_req *in = queue_done(&a->in);
		struct ffs_req *out = a->held ? NULL : queue_done(&a->out);

		if (in && (!out || in->seq < out->seq)) {
			a->in.head++;
			a->client->sent(a->client_ctx, in->result);
		} else if (out) {
			if (!a->client->received(a->client_ctx, out->data, out->result)) {
				a->held = true;
				continue;
			}
			buffer_put(a, out->data);
			out->data = NULL;
			a->out.head++;
		} else {
			return;
		}
	}
}

void ffs_aio_dispatch(struct ffs_aio *a)
{
	aio_reap(a);
	aio_deliver(a);
	/* Waiting for a buffer or an iocb, not for the bus? There may be one now. */
	if (a->starved) {
		a->starved = false;
		ffs_aio_retry(a);
		aio_deliver(a);
	}
}

void ffs_aio_unhold(struct ffs_aio *a)
{
	a->held = false;
}

void ffs_aio_reset(struct ffs_aio *a, unsigned generation)
{
	aio_reap(a);
	for (size_t i = 0; i < FFS_PIECES; i++)
		a->piece[i].req = NULL;
	for (; a->out.head != a->out.parked; a->out.head++) {
		struct ffs_req *r = queue_at(&a->out, a->out.head);

		if (r->seq)
			buffer_put(a, r->data);
	}
	a->in.head = a->in.parked = a->in.tail = 0;
	a->out.head = a->out.parked = a->out.tail = 0;
	a->held = false;
	a->starved = false;
	a->generation = generation;
	a->retry_ms = FFS_RETRY_MS;
}
