// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of the media folder that are replaced while the folder is listed, or renamed while a link
 * is followed. */
#include "daemon/library/folder_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

struct replacing {
	bool by_fifo;
	unsigned times;
};

/* Between the look at a file and its opening, another one gets its name: a file, or a FIFO. */
static bool open_replaced(const struct library_entry *e, void *ctx)
{
	struct replacing *how = ctx;

	if (strcmp(e->name, "r.iso") != 0)
		return true;
	unlink(in_scratch("media/r.iso"));
	how->times++;
	if (how->by_fifo)
		assert_int_equal(mkfifo(in_scratch("media/r.iso"), 0644), 0);
	else
		put_size("media/r.iso", 4096);
	assert_int_equal(library_open_entry(e), -ESTALE);
	return false;
}

static void a_file_that_was_replaced_is_not_opened(void **state)
{
	(void)state;
	for (int fifo = 0; fifo < 2; fifo++) {
		struct replacing how = {.by_fifo = fifo};

		unlink(in_scratch("media/r.iso"));
		put_size("media/r.iso", 2048);
		/* Keeps the inode's number in use. */
		assert_int_equal(
			link(in_scratch("media/r.iso"), in_scratch(fifo ? "kept2" : "kept1")), 0);
		assert_int_equal(library_list(folder, open_replaced, &how), 0);
		assert_int_equal(how.times, 1);
	}
}

static atomic_bool renaming;

static void *rename_again_and_again(void *unused)
{
	while (atomic_load(&renaming) && renameat(folder, "busy", folder, "busy-2") == 0)
		(void)renameat(folder, "busy-2", folder, "busy");
	return unused;
}

static int find(const char *name)
{
	struct library_file f;
	int r = library_find(folder, name, &f);

	if (r == 0)
		library_forget(&f);
	return r;
}

/* The kernel gives up on a link with ".." whenever any file is renamed at that moment. */
static void renames_do_not_hide_links(void **state)
{
	unsigned failed = 0;
	pthread_t thread;

	(void)state;
	symlink_in("../a.iso", "media/sub/up");
	put_text("media/busy", "x");
	atomic_store(&renaming, true);
	assert_int_equal(pthread_create(&thread, NULL, rename_again_and_again, NULL), 0);
	for (unsigned i = 0; i < 5000; i++)
		failed += find("sub/up") != 0;
	atomic_store(&renaming, false);
	pthread_join(thread, NULL);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_file_that_was_replaced_is_not_opened, setup, teardown),
		cmocka_unit_test_setup_teardown(renames_do_not_hide_links, setup, teardown),
	};

	return cmocka_run_group_tests_name("replaced files", tests, NULL, NULL);
}
