// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guard ends the requests of a process that stops or is killed, and keeps no files of that
 * process open.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "gadget/ffs_int.h"

static bool ended(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char unused;

	return poll(&p, 1, 5000) == 1 && read(fd, &unused, 1) == 0;
}

static bool is_zombie(pid_t pid)
{
	char path[64], line[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f) {
		(void)!fgets(line, sizeof(line), f);
		fclose(f);
	}
	return !f || strstr(line, ") Z ");
}

static void a_stop_destroys_the_context(void **state)
{
	struct timespec zero = {0};
	struct ffs_guard g;
	struct io_event e;
	io_context_t ctx = NULL;

	(void)state;
	assert_int_equal(io_setup(4, &ctx), 0);
	assert_int_equal(ffs_guard_start(&g, ctx), 0);
	assert_int_equal(io_getevents(ctx, 0, 1, &e, &zero), 0);
	assert_true(ffs_guard_stop(&g));
	assert_int_equal(io_destroy(ctx), -EINVAL);
	assert_false(ffs_guard_stop(&g));
	assert_int_equal(waitpid(-1, NULL, __WALL), -1);
}

static void a_guard_keeps_no_file_open(void **state)
{
	struct ffs_guard first, second;
	io_context_t ctx[2] = {NULL, NULL};
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(io_setup(4, &ctx[0]), 0);
	assert_int_equal(io_setup(4, &ctx[1]), 0);
	assert_int_equal(ffs_guard_start(&first, ctx[0]), 0);
	assert_int_equal(ffs_guard_start(&second, ctx[1]), 0);
	close(fds[1]);
	assert_true(ended(fds[0]));
	close(fds[0]);
	/* This would hang if the second guard kept the pipe open whose end the first one awaits. */
	assert_true(ffs_guard_stop(&first));
	assert_true(ffs_guard_stop(&second));
}

/* A child with a guard is killed: the guard ends too, although nobody calls ffs_guard_stop(). */
static void a_guard_ends_with_its_process(void **state)
{
	int up[2], guard_alive[2], status;
	pid_t child, guard = 0;

	(void)state;
	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(guard_alive), 0);
	child = fork();
	if (child == 0) {
		static struct ffs_guard g;
		io_context_t ctx = NULL;

		close(guard_alive[0]);
		if (io_setup(4, &ctx) < 0 || ffs_guard_start(&g, ctx) < 0)
			_exit(1);
		(void)!write(up[1], &g.pid, sizeof(g.pid));
		for (;;)
			pause();
	}
	close(guard_alive[1]);
	assert_int_equal(read(up[0], &guard, sizeof(guard)), (ssize_t)sizeof(guard));
	assert_int_equal(kill(guard, 0), 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(ended(guard_alive[0]));
	for (unsigned i = 0; i < 200 && kill(guard, 0) == 0; i++)
		usleep(10000);
	/* It has ended, or is a zombie that init has not reaped yet. */
	assert_true(kill(guard, 0) < 0 || is_zombie(guard));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stop_destroys_the_context),
		cmocka_unit_test(a_guard_keeps_no_file_open),
		cmocka_unit_test(a_guard_ends_with_its_process),
	};

	return cmocka_run_group_tests_name("ffs_guard", tests, NULL, NULL);
}
