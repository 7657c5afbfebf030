// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guard: a process that shares the daemon's memory and outlives it for a moment, to
 * end the requests in flight in an orderly way when the daemon is killed.
 *
 * A worker of f_fs copies the data that bulk-out received to the process, and holds its
 * memory for that time (mmget). If the process dies at that moment, the worker keeps the
 * last reference to the memory and has to wait in exit_aio() for requests that only the
 * worker itself completes: the USB function hangs for ever, with every process that
 * touches it. Seen with Linux 6.1 at about one of forty kills in mid-burn. While
 * the guard lives, the worker never has the last reference.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gadget/ffs_int.h"

#define STACK_BYTES 65536u
#define OLD_FDS     1024 /* closed one by one on kernels without close_range() */

/* The guard must not keep files of the daemon open: images, FunctionFS, other guards. */
static void close_all_but(int keep)
{
	bool all = keep == 0 || close_range(0, (unsigned)keep - 1, 0) == 0;

	if (all && close_range((unsigned)keep + 1, ~0u, 0) == 0)
		return;
	for (int fd = 0; fd < OLD_FDS; fd++) {
		if (fd != keep)
			close(fd);
	}
}

/*
 * The guard shares the thread data, errno above all, of the thread that started it. After
 * ready is set that thread continues, so no call may fail here until it is dead.
 */
static int guard_run(void *arg)
{
	struct ffs_guard *g = arg;
	int fd = g->read_fd;
	char unused;

	close_all_but(fd);
	prctl(PR_SET_NAME, "usb-guard");
	atomic_store(&g->ready, true);
	/* End of file: the daemon died, or closed the other end. */
	while (read(fd, &unused, 1) > 0)
		;
	io_destroy(g->ctx);
	return 0;
}

static int spawn(struct ffs_guard *g)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	sigset_t all, old;
	int ret = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	/* No exit signal, so only a waitpid() with __WALL sees this child. */
	g->pid = clone(guard_run, (char *)g->stack + STACK_BYTES, CLONE_VM, g);
	if (g->pid < 0)
		ret = -errno;
	while (!ret && !atomic_load(&g->ready))
		nanosleep(&pause, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

int ffs_guard_start(struct ffs_guard *g, io_context_t ctx)
{
	int fds[2], ret;

	memset(g, 0, sizeof(*g));
	g->write_fd = -1;
	g->ctx = ctx;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	g->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	g->read_fd = fds[0];
	ret = g->stack == MAP_FAILED ? -ENOMEM : spawn(g);
	close(fds[0]);
	if (!ret) {
		g->write_fd = fds[1];
		return 0;
	}
	close(fds[1]);
	if (g->stack != MAP_FAILED)
		munmap(g->stack, STACK_BYTES);
	return ret;
}

bool ffs_guard_stop(struct ffs_guard *g)
{
	if (g->write_fd < 0)
		return false;
	close(g->write_fd);
	g->write_fd = -1;
	while (waitpid(g->pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	munmap(g->stack, STACK_BYTES);
	return true;
}
