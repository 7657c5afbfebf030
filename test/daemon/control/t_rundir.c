// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemon's directory below /run: its lock, and what it may look like. */
#include "daemon/scratch.h"

#include <errno.h>

#include "control/rundir.h"

static void a_second_daemon_is_refused(void **state)
{
	struct rundir one, two;
	char dir[96], why[256], want[256];

	(void)state;
	snprintf(dir, sizeof(dir), "%s", in_scratch("mine"));
	assert_int_equal(rundir_open(&one, dir, why, sizeof(why)), 0);
	assert_int_equal(rundir_open(&two, dir, why, sizeof(why)), -EWOULDBLOCK);
	snprintf(want, sizeof(want),
		"another mmcgadgetd (process %d) is running in %s; stop it first", (int)getpid(),
		dir);
	assert_string_equal(why, want);
	rundir_close(&one);
	assert_int_equal(access(dir, F_OK), -1);
	/* A lock file left by a crash is not locked, and refuses nothing. */
	mkdir(dir, 0755);
	put_text("mine/lock", "1\n");
	assert_int_equal(rundir_open(&one, dir, why, sizeof(why)), 0);
	rundir_close(&one);
	assert_int_equal(access(dir, F_OK), 0);
	assert_int_equal(access(in_scratch("mine/lock"), F_OK), -1);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(rundir_open(&one, dir, why, sizeof(why)), -EPERM);
	snprintf(want, sizeof(want), "%s: not safe, because other users can write to it", dir);
	assert_string_equal(why, want);
	assert_int_equal(rundir_open(&one, in_scratch("x/y"), why, sizeof(why)), -ENOENT);
}

/*
 * In a directory that is not safe, another user may have made anything that is called "lock". To
 * open a FIFO for reading would wait until somebody writes to it.
 */
static void a_fifo_in_place_of_the_lock_does_not_stop_the_daemon(void **state)
{
	struct rundir d;
	char dir[96], why[256], want[256];

	(void)state;
	snprintf(dir, sizeof(dir), "%s", in_scratch("mine"));
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(mkfifo(in_scratch("mine/lock"), 0644), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	alarm(10); /* ends a test that waits */
	assert_int_equal(rundir_open(&d, dir, why, sizeof(why)), -EPERM);
	alarm(0);
	snprintf(want, sizeof(want), "%s: not safe, because other users can write to it", dir);
	assert_string_equal(why, want);
}

/* The socket in it is for a group, the lock for all users. */
static void all_users_can_enter_the_directory_whatever_the_umask_is(void **state)
{
	struct rundir d;
	struct stat st;
	char dir[96], why[256];
	mode_t mask = umask(077);
	int r;

	(void)state;
	snprintf(dir, sizeof(dir), "%s", in_scratch("mine"));
	r = rundir_open(&d, dir, why, sizeof(why));
	umask(mask);
	assert_int_equal(r, 0);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	rundir_close(&d);
	/* A directory that was there keeps its mode. */
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(rundir_open(&d, dir, why, sizeof(why)), 0);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	rundir_close(&d);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_remove)
	const struct CMUnitTest tests[] = {
		T(a_second_daemon_is_refused),
		T(a_fifo_in_place_of_the_lock_does_not_stop_the_daemon),
		T(all_users_can_enter_the_directory_whatever_the_umask_is),
	};

	return cmocka_run_group_tests_name("rundir", tests, NULL, NULL);
}
