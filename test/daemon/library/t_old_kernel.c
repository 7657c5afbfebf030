// SPDX-License-Identifier: GPL-2.0-or-later
/* Names in the media folder, for kernels before 5.6, which have no openat2(). */
#include "daemon/library/folder_fixture.h"

#include <errno.h>

static bool leads_to(const char *name, int flags, const char *file)
{
	int fd = library_resolve_by_path(folder, name, flags);
	struct stat st, want;

	assert_int_equal(lstat(in_scratch(file), &want), 0);
	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	close(fd);
	return st.st_dev == want.st_dev && st.st_ino == want.st_ino;
}

/* As with openat2(), links may not leave the folder. */
static void a_kernel_without_openat2_follows_links_inside_the_folder(void **state)
{
	char absolute[SCRATCH_PATH];

	(void)state;
	snprintf(absolute, sizeof(absolute), "%s", in_scratch("outside/secret"));
	symlink_in("a.iso", "media/link");
	symlink_in("sub", "media/linkdir");
	symlink_in("../outside/secret", "media/out");
	symlink_in("../outside", "media/outdir");
	symlink_in(absolute, "media/absolute");
	symlink_in("none", "media/dangling");
	symlink_in("round", "media/round");
	assert_true(leads_to("sub//b.iso", 0, "media/sub/b.iso"));
	assert_true(leads_to(".", O_DIRECTORY, "media"));
	assert_true(leads_to("link", 0, "media/a.iso"));
	assert_true(leads_to("linkdir/b.iso", 0, "media/sub/b.iso"));
	assert_true(leads_to("link", O_NOFOLLOW, "media/link"));
	assert_int_equal(library_resolve_by_path(folder, "out", 0), -EXDEV);
	assert_int_equal(library_resolve_by_path(folder, "outdir", O_DIRECTORY), -EXDEV);
	assert_int_equal(library_resolve_by_path(folder, "outdir/secret", 0), -EXDEV);
	assert_int_equal(library_resolve_by_path(folder, "absolute", 0), -EXDEV);
	assert_int_equal(library_resolve_by_path(folder, "dangling", 0), -ENOENT);
	assert_int_equal(library_resolve_by_path(folder, "round", 0), -ELOOP);
	assert_int_equal(library_resolve_by_path(folder, "none", 0), -ENOENT);
	assert_int_equal(library_resolve_by_path(folder, "a.iso/x", 0), -ENOTDIR);
	assert_int_equal(library_resolve_by_path(folder, "a.iso/", 0), -ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_kernel_without_openat2_follows_links_inside_the_folder, setup, teardown),
	};

	return cmocka_run_group_tests_name("old kernel", tests, NULL, NULL);
}
