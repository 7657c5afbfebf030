/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The endpoint layer over a simulated kernel, and a client in place of BOT that records its
 * calls as text. As with FunctionFS, an iocb can complete inside io_submit(), above all with an
 * error if the endpoint refuses it (at_once). The others complete when the test says so.
 */
#ifndef TEST_DAEMON_FAKE_AIO_H
#define TEST_DAEMON_FAKE_AIO_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gadget/ffs_int.h"

#define SLOTS  256
#define IN_FD  11
#define OUT_FD 12
#define LOG    512

/* ---- the kernel --------------------------------------------------------------------------- */

static struct {
	struct iocb *flight[SLOTS]; /* in the order of submission */
	unsigned flying;
	struct io_event ring[SLOTS];
	unsigned events;
	int submit_error; /* result of io_submit() itself */
	int at_once; /* result with which the next iocb on at_once_fd completes in io_submit() */
	int at_once_fd;
	unsigned submits, cancels, halts;
	bool loses_cancels;
	int halt_answer;
	uint8_t last[16]; /* first bytes of the last bulk-in data */
	uint32_t last_len;
	int last_fd, last_resfd;
} k;

static inline void complete(unsigned index, long res)
{
	struct iocb *iocb = k.flight[index];

	k.ring[k.events++] =
		(struct io_event){.data = iocb->data, .obj = iocb, .res = (unsigned long)res};
	k.flying--;
	memmove(&k.flight[index], &k.flight[index + 1], (k.flying - index) * sizeof(k.flight[0]));
}

/* Completes the oldest request of a direction; a read receives text. */
static inline void complete_fd(int fd, long res, const char *text)
{
	for (unsigned i = 0; i < k.flying; i++) {
		if (k.flight[i]->aio_fildes != fd)
			continue;
		if (text)
			memcpy(k.flight[i]->u.c.buf, text, strlen(text) + 1);
		complete(i, res);
		return;
	}
	fail_msg("nothing in flight on %d", fd);
}

static inline int k_submit(io_context_t ctx, struct iocb *iocb)
{
	(void)ctx;
	k.submits++;
	if (k.submit_error)
		return k.submit_error;
	k.last_fd = iocb->aio_fildes;
	k.last_len = (uint32_t)iocb->u.c.nbytes;
	k.last_resfd = (int)iocb->u.c.resfd;
	if (iocb->aio_fildes == IN_FD) {
		assert_int_equal(iocb->aio_lio_opcode, IO_CMD_PWRITE);
		assert_non_null(iocb->u.c.buf);
		memcpy(k.last, iocb->u.c.buf, iocb->u.c.nbytes < 16 ? iocb->u.c.nbytes : 16);
	} else {
		assert_int_equal(iocb->aio_lio_opcode, IO_CMD_PREAD);
	}
	assert_true(k.flying < SLOTS);
	k.flight[k.flying++] = iocb;
	if (k.at_once && k.at_once_fd == iocb->aio_fildes) {
		complete(k.flying - 1, k.at_once);
		k.at_once = 0;
	}
	return 0;
}

static inline int k_reap(io_context_t ctx, struct io_event *events, int max)
{
	unsigned n = k.events < (unsigned)max ? k.events : (unsigned)max;

	(void)ctx;
	memcpy(events, k.ring, n * sizeof(events[0]));
	memmove(k.ring, k.ring + n, (k.events - n) * sizeof(events[0]));
	k.events -= n;
	return (int)n;
}

static inline int k_cancel(io_context_t ctx, struct iocb *iocb)
{
	(void)ctx;
	k.cancels++;
	if (k.loses_cancels)
		return -EINPROGRESS;
	for (unsigned i = 0; i < k.flying; i++) {
		if (k.flight[i] == iocb) {
			complete(i, -ECONNRESET);
			return -EINPROGRESS;
		}
	}
	return -EINVAL;
}

static inline int k_set_halt(int fd)
{
	assert_int_equal(fd, IN_FD);
	k.halts++;
	return k.halt_answer;
}

static const struct ffs_io_ops kernel = {
	.submit = k_submit,
	.reap = k_reap,
	.cancel = k_cancel,
	.set_halt = k_set_halt,
};

/* ---- the client --------------------------------------------------------------------------- */

static struct {
	char text[LOG];
	unsigned refuse; /* this many calls of received() return false */
	bool inside;
	struct ffs_aio *post_in; /* if set, received() submits a read and a send once */
} c;

__attribute__((format(printf, 1, 2))) static inline void note(const char *fmt, ...)
{
	va_list ap;
	size_t n = strlen(c.text);

	va_start(ap, fmt);
	vsnprintf(c.text + n, sizeof(c.text) - n, fmt, ap);
	va_end(ap);
}

static inline void c_sent(void *ctx, int32_t result)
{
	(void)ctx;
	assert_false(c.inside);
	note("sent %d;", result);
}

static inline bool c_received(void *ctx, const uint8_t *data, int32_t result)
{
	(void)ctx;
	assert_false(c.inside);
	if (c.refuse) {
		c.refuse--;
		note("no;");
		return false;
	}
	if (result > 0)
		note("got %d %s;", result, (const char *)data);
	else
		note("got %d;", result);
	if (c.post_in) {
		struct ffs_aio *a = c.post_in;

		c.post_in = NULL;
		c.inside = true;
		assert_int_equal(ffs_aio_recv(a, 512), 0);
		assert_int_equal(ffs_aio_send(a, "x", 1), 0);
		c.inside = false;
	}
	return true;
}

static inline void c_posted(void *ctx, uint32_t len)
{
	(void)ctx;
	assert_false(c.inside);
	note("posted %u;", len);
}

static const struct ffs_aio_client client = {
	.sent = c_sent, .received = c_received, .posted = c_posted};

/* Expects exactly these calls since the last time. */
static inline void expect_calls(const char *wanted)
{
	assert_string_equal(c.text, wanted);
	c.text[0] = '\0';
}

static atomic_uint host_generation, host_reset;
static struct ffs_aio *aio;

static inline int setup(void **state)
{
	(void)state;
	memset(&k, 0, sizeof(k));
	memset(&c, 0, sizeof(c));
	atomic_store(&host_generation, 1);
	atomic_store(&host_reset, 0);
	aio = calloc(1, sizeof(*aio));
	if (!aio)
		return -1;
	aio->io = &kernel;
	aio->client = &client;
	aio->in_fd = IN_FD;
	aio->out_fd = OUT_FD;
	aio->event_fd = 13;
	aio->host_generation = &host_generation;
	aio->generation = 1;
	aio->host_reset = &host_reset;
	return ffs_aio_init(aio);
}

/* Expects that every iocb and every buffer is free again. */
static inline int teardown(void **state)
{
	unsigned free_ios = 0;

	(void)state;
	c.refuse = 0;
	while (k.flying)
		complete(0, -ESHUTDOWN);
	ffs_aio_unhold(aio);
	ffs_aio_dispatch(aio);
	for (struct ffs_io *io = aio->free_io; io; io = io->next)
		free_ios++;
	if (free_ios != FFS_IOS || aio->free_buffers != FFS_BUFFERS)
		return -1;
	ffs_aio_fini(aio);
	free(aio);
	return 0;
}

#endif
