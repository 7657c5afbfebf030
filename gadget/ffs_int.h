/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to gadget/ffs*.c and their tests. */
#ifndef GADGET_FFS_INT_H
#define GADGET_FFS_INT_H

#include <libaio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <systemd/sd-event.h>

#include "gadget/ffs.h"

/* ---- descriptors (ffs_desc.c) ------------------------------------------------------------- */

#define FFS_BLOB_MAX 512u /* bytes; larger than either blob */

/* What is written to ep0 first and second. Size in bytes, 0 when buf is too small. */
size_t ffs_desc_build(void *buf, size_t size, uint8_t subclass);
size_t ffs_strings_build(void *buf, size_t size, const char *interface);

/* ---- endpoints (ffs_aio.c) ---------------------------------------------------------------- */

#define FFS_REQS      64u                         /* per direction, power of 2 */
#define FFS_PIECES    192u                        /* iocbs; fewer than the context has */
#define FFS_CONTEXT   256u                        /* io_setup() */
#define FFS_BUFFERS   ((size_t)BOT_WINDOW + 4u)   /* for bulk-out, BOT_CHUNK bytes each */
#define FFS_PIECE_MIN 4096u                       /* one page: no contiguous memory is asked for */
#define FFS_RETRY_MS  50u                         /* first wait of a request the UDC refused */

/* What the kernel does for us; tests put their own in its place. */
struct ffs_io_ops {
	int (*submit)(io_context_t ctx, struct iocb *iocb); /* 0 or -errno */
	/* Never waits. Number of events, or -errno. */
	int (*reap)(io_context_t ctx, struct io_event *events, int max);
	int (*cancel)(io_context_t ctx, struct iocb *iocb); /* -EINPROGRESS: it will come */
	int (*set_halt)(int fd);                            /* 0 or -errno */
	int (*clear_halt)(int fd);
};
extern const struct ffs_io_ops ffs_io_kernel;

struct ffs_aio_client {
	void (*sent)(void *ctx, int32_t result);
	bool (*received)(void *ctx, const uint8_t *data, int32_t result);
	/* ffs_aio_retry() is wanted after ms milliseconds; re-arming replaces. */
	void (*arm_retry)(void *ctx, unsigned ms);
};

/* One send or recv of BOT. */
struct ffs_req {
	uint32_t len;
	uint32_t queued;  /* bytes the kernel has got so far */
	int32_t result;   /* bytes that went over the bus, or the first error */
	unsigned pending; /* pieces in the kernel */
	unsigned tries;
	bool whole;       /* nothing of it is left to submit */
	uint64_t seq;     /* place in the order of completion, 0 = not complete */
	uint8_t *data;    /* in: where it waits while the UDC refuses it; out: what arrived */
};

/* Free-running indices: head <= parked <= tail; from parked on nothing is submitted. */
struct ffs_queue {
	struct ffs_req req[FFS_REQS];
	unsigned head, parked, tail;
};

/* One iocb. */
struct ffs_piece {
	struct iocb iocb;
	struct ffs_req *req; /* NULL: of an older generation, its event is dropped */
	uint8_t *buffer;     /* bulk-out: what the kernel writes to */
	struct ffs_piece *next;
	bool out, busy;
};

struct ffs_aio {
	const struct ffs_io_ops *io;
	const struct ffs_aio_client *client;
	void *client_ctx;
	io_context_t ctx;
	int in_fd, out_fd, event_fd;
	const atomic_uint *host_generation; /* ep0 thread's; differs from ours: all is dead */
	unsigned generation;

	struct ffs_queue in, out;
	struct ffs_piece piece[FFS_PIECES];
	struct ffs_piece *free_piece;
	uint8_t *buffers;    /* one mapping: FFS_BUFFERS, then FFS_REQS parking places */
	uint8_t *free_buffer[FFS_BUFFERS];
	unsigned free_buffers;

	struct ffs_piece *probe; /* its event has not been seen since it was submitted */
	int probe_result;
	uint32_t piece_max;  /* what one iocb may carry; shrinks on ENOMEM */
	unsigned good;       /* pieces that went since it shrank */
	unsigned retry_ms;
	uint64_t seq;
	bool held;           /* BOT does not take the head of out */
	bool starved;        /* something waits for a buffer or an iocb of ours */
};

/* fds, ctx, event_fd and the pointers are set by the caller before. 0 or -ENOMEM. */
int ffs_aio_init(struct ffs_aio *a);
void ffs_aio_fini(struct ffs_aio *a);
/* All that was queued is dead; its events will be dropped. */
void ffs_aio_reset(struct ffs_aio *a, unsigned generation);
/* Takes what the kernel has completed and hands it to the client, in order. */
void ffs_aio_dispatch(struct ffs_aio *a);
/* The client may take bulk-out again. */
void ffs_aio_unhold(struct ffs_aio *a);
/* Submits again what the UDC had refused. */
void ffs_aio_retry(struct ffs_aio *a);

/* struct bot_ep_ops */
int ffs_aio_send(struct ffs_aio *a, const void *data, uint32_t len);
int ffs_aio_recv(struct ffs_aio *a, uint32_t len);
int ffs_aio_halt_in(struct ffs_aio *a);
void ffs_aio_unhalt_in(struct ffs_aio *a);
void ffs_aio_cancel_in(struct ffs_aio *a);

/* ---- the function ------------------------------------------------------------------------- */

struct ffs_mail {
	void (*fn)(void *arg);
	void *arg;
	struct ffs_mail *next;
	bool posted; /* nobody waits: the USB thread frees it */
	bool done;
};

/* What ep0 told us last, under ffs.lock; the USB thread follows it. */
struct ffs_host {
	bool enabled, suspended;
	unsigned generation; /* one more at each ENABLE, DISABLE and UNBIND */
	unsigned reset;      /* one more at each Bulk-Only Reset */
};

struct ffs {
	char *instance, *directory;
	void (*changed)(void *ctx);
	void (*flush)(void *ctx);
	void *ctx;
	bool mounted;
	int ep0, stop_fd, wake_fd;
	struct ffs_aio aio;
	struct bot *bot;
	uint8_t max_lun; /* ep0 thread's copy of bot_max_lun() */

	pthread_t usb_thread, ep0_thread;
	pthread_mutex_t lock;
	pthread_cond_t cond; /* a call ran, or a reset is done */
	bool running, stopping;
	struct ffs_mail *mail, **mail_end;
	struct ffs_host host;
	unsigned reset_done;
	struct ffs_state state;
	time_t log_second;
	unsigned log_count;
	atomic_uint generation; /* host.generation, for looking at without the lock */

	/* USB thread only */
	struct ffs_host seen;
	enum ffs_speed speed;
	sd_event *loop;
	sd_event_source *tick, *retry;
	uint64_t seen_commands;
	bool seen_busy;
};

extern const struct bot_ep_ops ffs_bot_ops; /* ep is a struct ffs */

void *ffs_usb_run(void *f);
void *ffs_ep0_run(void *f);
void ffs_wake(struct ffs *f);
/* Runs what is in the mailbox; true when there was anything. */
bool ffs_run_mail(struct ffs *f);
/* False when this function has logged a lot lately. */
bool ffs_may_log(struct ffs *f);

#endif
