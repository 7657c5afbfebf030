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

/* What is written to ep0 first and second. Size in bytes, 0 when buf is too small. */
size_t ffs_desc_build(void *buf, size_t size, uint8_t subclass);
size_t ffs_strings_build(void *buf, size_t size, const char *interface);

/* ---- endpoints (ffs_aio.c) ---------------------------------------------------------------- */

#define FFS_CONTEXT 256u                     /* io_setup() */
#define FFS_IOS     160u                     /* both windows, twice: the old may linger */
#define FFS_BUFFERS ((size_t)BOT_WINDOW + 4) /* for bulk-out, BOT_CHUNK bytes each */

/* What the kernel does for us; tests put their own in its place. */
struct ffs_io_ops {
	int (*submit)(io_context_t ctx, struct iocb *iocb); /* 0 or -errno */
	/* Never waits. Number of events, or -errno. */
	int (*reap)(io_context_t ctx, struct io_event *events, int max);
	int (*cancel)(io_context_t ctx, struct iocb *iocb); /* -EINPROGRESS: it will come */
	int (*set_halt)(int fd);                            /* 0 or -errno */
};
extern const struct ffs_io_ops ffs_io_kernel;

struct ffs_aio_client {
	void (*sent)(void *ctx, int32_t result);
	bool (*received)(void *ctx, const uint8_t *data, int32_t result);
	/* A read of before ffs_aio_reset() turns out to be in front of all others. */
	void (*posted)(void *ctx, uint32_t len);
};

/* One send or recv of BOT. */
struct ffs_io {
	struct iocb iocb;
	struct ffs_io *next; /* in its queue, or in the free list */
	uint8_t *buffer;     /* bulk-out: where the data lands */
	unsigned generation;
	int32_t result;
	uint64_t seq; /* place in the order of completion, 0 = the kernel still has it */
	bool out, used, cancelled;
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
	const atomic_uint *host_generation; /* ep0 thread's; differs from ours: all is dead */
	unsigned generation;
	const atomic_uint
		*host_reset; /* the same for Bulk-Only Reset: bulk-in has to wait for us */
	unsigned reset;

	struct ffs_queue in, out; /* in the order BOT asked */
	struct ffs_queue old;     /* of sessions before, not back yet */
	/* The last request that came back dead; 0 = none. */
	uint64_t dead_seq;
	unsigned dead_generation;
	struct ffs_io ios[FFS_IOS];
	struct ffs_io *free_io;
	uint8_t *buffers; /* one mapping */
	uint8_t *free_buffer[FFS_BUFFERS];
	unsigned free_buffers;
	uint64_t seq;
	unsigned unreported_sends; /* sends whose completion wakes nobody, since the last that does
				    */
	bool held;                 /* BOT does not take the head of out */
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

/* struct bot_ep_ops */
int ffs_aio_send(struct ffs_aio *a, const void *data, uint32_t len);
int ffs_aio_recv(struct ffs_aio *a, uint32_t len);
int ffs_aio_halt_in(struct ffs_aio *a);
void ffs_aio_cancel_in(struct ffs_aio *a);

/* ---- death (ffs_guard.c) ------------------------------------------------------------------- */

struct ffs_guard {
	pid_t pid;
	int read_fd, write_fd; /* write_fd -1 = none runs */
	void *stack;
	io_context_t ctx;
	atomic_bool ready;
};

/* ctx will be destroyed when this process dies, by whatever. 0 or -errno. */
int ffs_guard_start(struct ffs_guard *g, io_context_t ctx);
/* It destroys ctx now; returns when it did. False: there was no guard. */
bool ffs_guard_stop(struct ffs_guard *g);

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
	bool late;           /* that reset has been acknowledged before it was done */
	bool known;          /* taken over: what happened meanwhile has been read */
};

struct ffs {
	char *instance, *directory;
	void (*changed)(void *ctx);
	void (*flush)(void *ctx);
	void (*resumed)(void *ctx);
	void *ctx;
	atomic_uint *in_flight;
	bool inherited; /* from another process */
	int ep0, stop_fd, wake_fd;
	struct ffs_aio aio;
	struct ffs_guard guard;
	struct bot *bot;
	uint8_t max_lun; /* ep0 thread's copy of bot_max_lun() */

	pthread_t usb_thread, ep0_thread;
	pthread_mutex_t lock;
	pthread_cond_t cond; /* a call ran, or a reset is done */
	bool usb_started, ep0_started;
	bool running; /* the USB thread reads its mailbox */
	bool stopping;
	struct ffs_mail *mail, **mail_end;
	struct ffs_host host;
	unsigned reset_done;
	struct ffs_state state;
	time_t log_second;
	unsigned log_count;
	atomic_bool resume;            /* the medium can go on */
	atomic_uint generation, reset; /* those of host, for looking at without the lock */

	/* USB thread only */
	struct ffs_host seen;
	enum ffs_speed speed;
	int epoll_fd, tick_fd, quiet_fd;
	bool ticking; /* BOT wants its tick */
	bool marked;  /* *in_flight is set */
	bool taken_over;
	uint64_t quiet_commands;
	uint64_t seen_commands;
	bool seen_busy;
};

/* ffs_usb.c; ep and ctx are a struct ffs */
extern const struct bot_ep_ops ffs_bot_ops;
extern const struct ffs_aio_client ffs_bot_client;

/* What its loop waits at; wake_fd and the endpoints' event_fd are there. 0 or -errno. */
int ffs_usb_init(struct ffs *f);
void *ffs_usb_run(void *f);
void *ffs_ep0_run(void *f);
void ffs_wake(struct ffs *f);
/* Runs what is in the mailbox; true when there was anything. */
bool ffs_run_mail(struct ffs *f);
/* False when this function has logged a lot lately. */
bool ffs_may_log(struct ffs *f);

#endif
