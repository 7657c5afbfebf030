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
#include <sys/types.h>
#include <time.h>

#include "gadget/ffs.h"

/* ---- descriptors (ffs_desc.c) ------------------------------------------------------------- */

#define FFS_BLOB_MAX 512u /* bytes; larger than either blob */

/*
 * Build what FunctionFS expects to be written to ep0: first the descriptors, then the
 * strings. Return the size in bytes, 0 if buf is too small.
 */
size_t ffs_desc_build(void *buf, size_t size, uint8_t subclass);
size_t ffs_strings_build(void *buf, size_t size, const char *interface);

/* ---- endpoints (ffs_aio.c) ---------------------------------------------------------------- */

#define FFS_CONTEXT      256u /* requests, for io_setup() */
/*
 * Requests: at least 2 * (BOT_WINDOW + FFS_BUFFERS), for bulk-in and bulk-out. Twice, because those
 * of the previous session may still be in the kernel.
 */
#define FFS_IOS          160u
#define FFS_BUFFERS      ((size_t)BOT_WINDOW + 4) /* for bulk-out, BOT_CHUNK bytes each */
/*
 * Buffers that keep their memory: seven for data, which is more than Linux sends with one command
 * at high speed, and one for a CBW.
 */
#define FFS_BUFFERS_KEPT 8u
/* Calls of ffs_aio_idle() in a row, without a long data phase, after which memory is given back. */
#define FFS_IDLE_CALLS   8u

/* The kernel's calls; tests replace them. */
struct ffs_io_ops {
	int (*submit)(io_context_t ctx, struct iocb *iocb); /* 0 or -errno */
	/* Takes completions without waiting. Number of events, or -errno. */
	int (*reap)(io_context_t ctx, struct io_event *events, int max);
	/* -EINPROGRESS: cancelled, its event follows. */
	int (*cancel)(io_context_t ctx, struct iocb *iocb);
	int (*set_halt)(int fd); /* 0 or -errno */
};
extern const struct ffs_io_ops ffs_io_kernel;

/* Completions, with the meaning of bot_sent(), bot_received() and bot_posted(). */
struct ffs_aio_client {
	void (*sent)(void *ctx, int32_t result);
	bool (*received)(void *ctx, const uint8_t *data, int32_t result);
	void (*posted)(void *ctx, uint32_t len);
};

/* One send or recv of BOT. */
struct ffs_io {
	struct iocb iocb;
	struct ffs_io *next; /* in its queue, or in the free list */
	uint8_t *buffer;     /* bulk-out: receives the data */
	unsigned generation; /* of the session it was submitted for */
	int32_t result;
	uint64_t seq; /* place in the order of completion; 0: not completed */
	bool out, used, cancelled;
	bool queued; /* it did not complete inside io_submit() */
};

struct ffs_queue {
	struct ffs_io *head, **end;
};

struct ffs_aio {
	const struct ffs_io_ops *io;
	const struct ffs_aio_client *client;
	void *client_ctx;
	io_context_t ctx;
	int in_fd, out_fd, event_fd;
	/*
	 * The ep0 thread's count of sessions. If it differs from generation, the session is
	 * over and nothing may be submitted for it.
	 */
	const atomic_uint *host_generation;
	unsigned generation;
	/*
	 * The ep0 thread's count of Bulk-Only Resets. If it differs from reset, bulk-in
	 * waits until the USB thread has handled the reset.
	 */
	const atomic_uint *host_reset;
	unsigned reset;

	struct ffs_queue in, out; /* in the order of submission */
	struct ffs_queue old;     /* of earlier sessions: not completed, or with data of this one */
	/* Number of the last request that completed with ESHUTDOWN; 0 = none. */
	uint64_t dead_seq;
	unsigned dead_generation;
	/* Number of the last such read that was `queued`; 0 = none. */
	uint64_t dead_out_seq;
	unsigned dead_out_generation;
	struct ffs_io ios[FFS_IOS];
	struct ffs_io *free_io;
	uint8_t *buffers; /* one mapping */
	/*
	 * A stack: buffers at its end are taken first, so those at its beginning are used only in
	 * long data phases.
	 */
	uint8_t *free_buffer[FFS_BUFFERS];
	unsigned free_buffers;
	bool resident[FFS_BUFFERS]; /* by its place in the mapping: a buffer has its memory */
	unsigned least_free;        /* buffers, since ffs_aio_idle() was last called */
	unsigned idle_calls;        /* of it in a row that found least_free large enough */
	uint64_t seq;
	/* Sends since the last one whose completion wakes the USB thread. */
	unsigned unreported_sends;
	bool over; /* a queued request of this generation has completed with ESHUTDOWN */
	bool held; /* BOT refused the head of out; it is offered after ffs_aio_unhold() */
};

/*
 * All of these run on the USB thread, or before it starts. The caller sets the descriptors,
 * ctx, event_fd and the pointers before ffs_aio_init(), which allocates buffers: 0 or
 * -ENOMEM. Requests must be out of the kernel (io_destroy()) before ffs_aio_fini().
 */
int ffs_aio_init(struct ffs_aio *a);
void ffs_aio_fini(struct ffs_aio *a);
/*
 * Begins a session. Drops the completions of all queued requests, except reads that receive data of
 * the new session: those are moved to it. Sends that are alive in the new session are cancelled.
 */
void ffs_aio_reset(struct ffs_aio *a, unsigned generation);
/* Takes completions from the kernel and passes them to the client, in order. */
void ffs_aio_dispatch(struct ffs_aio *a);
/*
 * Call it now and then while the host sends no commands. Gives back the memory of buffers that only
 * long data phases need, if FFS_IDLE_CALLS calls in a row saw no such phase.
 */
void ffs_aio_idle(struct ffs_aio *a);
/* Gives back that memory at once. Call it when the host has disconnected. */
void ffs_aio_trim(struct ffs_aio *a);
/* The client may take bulk-out again. */
void ffs_aio_unhold(struct ffs_aio *a);

/* See struct bot_ep_ops. */
int ffs_aio_send(struct ffs_aio *a, const void *data, uint32_t len);
int ffs_aio_recv(struct ffs_aio *a, uint32_t len);
int ffs_aio_halt_in(struct ffs_aio *a);
void ffs_aio_cancel_in(struct ffs_aio *a);

/* ---- guard process (ffs_guard.c) ----------------------------------------------------------- */

struct ffs_guard {
	pid_t pid;
	int read_fd, write_fd; /* write_fd -1: no guard process runs */
	void *stack;
	io_context_t ctx;
	atomic_bool ready;
};

/*
 * Starts a process that destroys ctx when this process dies, for whatever reason. g must
 * stay in place until ffs_guard_stop(). 0 or -errno.
 */
int ffs_guard_start(struct ffs_guard *g, io_context_t ctx);
/* Makes the guard destroy ctx and waits for it. False: no guard runs, ctx still exists. */
bool ffs_guard_stop(struct ffs_guard *g);

/* ---- the function ------------------------------------------------------------------------- */

/* A function that another thread queued for the USB thread. */
struct ffs_task {
	void (*fn)(void *arg);
	void *arg;
	struct ffs_task *next;
	bool posted; /* by ffs_post(): the USB thread frees it */
	bool done;
};

/* The host's state as the ep0 thread saw it last. Guarded by ffs.lock. */
struct ffs_host {
	bool enabled, suspended;
	unsigned generation; /* count of ENABLE, DISABLE and UNBIND: sessions */
	unsigned reset;      /* count of Bulk-Only Resets */
	bool early;          /* the last reset was acknowledged before it was done */
	bool caught_up;      /* after a take-over: events from before it have been read */
};

struct ffs {
	char *instance, *directory;
	void (*changed)(void *ctx);
	void (*flush)(void *ctx);
	void (*resumed)(void *ctx);
	void *ctx;
	atomic_uint *in_flight;
	bool inherited; /* the files came from a daemon that died */
	int ep0, stop_fd, wake_fd;
	struct ffs_aio aio;
	struct ffs_guard guard;
	struct bot *bot;
	uint8_t max_lun; /* the ep0 thread's copy of bot_max_lun() */

	pthread_t usb_thread, ep0_thread;
	pthread_mutex_t lock; /* guards the members below it that are marked so */
	pthread_cond_t cond;  /* a task or a reset is done, or stopping is set */
	bool usb_started, ep0_started;

	/* Under lock. */
	bool running; /* the USB thread runs queued tasks */
	bool stopping;
	struct ffs_task *tasks, **tasks_end;
	struct ffs_host host;
	unsigned reset_done; /* the last of host.reset that is done */
	struct ffs_state state;
	time_t log_second;
	unsigned log_count;

	atomic_bool resume;            /* ffs_resume() was called */
	atomic_uint generation, reset; /* copies of those in host, read without the lock */

	/* USB thread only */
	struct ffs_host seen; /* the copy of host that BOT acts on */
	enum ffs_speed speed;
	uint8_t in, out; /* addresses of the endpoints, see ffs_state */
	int epoll_fd, tick_fd, quiet_fd;
	bool ticking;            /* BOT's timer is armed */
	bool in_flight_set;      /* *in_flight is 1, quiet_fd is armed */
	bool taken_over;         /* bot_taken_over() was called */
	uint64_t quiet_commands; /* commands when quiet_fd was armed */
	uint64_t seen_commands;  /* commands when the state was published last */
	bool seen_busy;
};

/* ---- ffs_usb.c; the ep and ctx of its callbacks are a struct ffs ---- */

extern const struct bot_ep_ops ffs_bot_ops;
extern const struct ffs_aio_client ffs_bot_client;
/*
 * Makes the timers and the epoll set of the USB thread; wake_fd and aio.event_fd must be
 * open. 0 or -errno. The caller closes the descriptors, also after an error.
 */
int ffs_usb_init(struct ffs *f);
/* The USB thread, for pthread_create(). */
void *ffs_usb_run(void *f);

/* ---- ffs_ep0.c ---- */

/* The ep0 thread, for pthread_create(). */
void *ffs_ep0_run(void *f);

/* ---- ffs_call.c, ffs_log.c: for all threads ---- */

/* Wakes the USB thread. */
void ffs_wake(struct ffs *f);
/* Runs the queued tasks, on the USB thread. True if there were any. */
bool ffs_run_tasks(struct ffs *f);
/* Call it before a log message that a host can cause. False: do not log, there were too many. */
bool ffs_may_log(struct ffs *f);

#endif
