// SPDX-License-Identifier: GPL-2.0-or-later
/* The mark of a burned image, on a file system that can hold it, and on one that cannot. */
#include "daemon/scratch.h"

#include <errno.h>
#include <sys/xattr.h>

#include "media/burn_mark.h"
#include "media/store.h"

static int media;

static int setup(void **state)
{
	if (scratch_make(state) < 0 || mkdir(in_scratch("media"), 0755) < 0)
		return -1;
	media = open(in_scratch("media"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return media < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	close(media);
	return scratch_remove(state);
}

static enum burn_mark mark_of(const char *base)
{
	int fd = openat(media, base, O_RDONLY | O_CLOEXEC);
	enum burn_mark mark;
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	mark = burn_mark_of(fd, &st.st_mtim);
	close(fd);
	return mark;
}

/* False: the file system of the test has no such attributes, so it has no marks. */
static bool can_mark(const char *base)
{
	int r = burn_mark_set(media, base, false);

	if (r == -EOPNOTSUPP)
		assert_int_equal(mark_of(base), BURN_MARK_NONE);
	else
		assert_int_equal(r, 0);
	return r == 0;
}

/* Gives the file another time of its last change, which a write within the same tick may not. */
static void change(const char *base)
{
	struct timespec t[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1800000000, .tv_nsec = 1}};

	assert_int_equal(utimensat(media, base, t, 0), 0);
}

static void a_mark_is_void_when_the_image_changes(void **state)
{
	(void)state;
	put_text("media/a.iso", "image");
	assert_int_equal(mark_of("a.iso"), BURN_MARK_NONE);
	if (!can_mark("a.iso"))
		return;
	assert_int_equal(mark_of("a.iso"), BURN_MARK_BURNED);
	assert_int_equal(burn_mark_set(media, "a.iso", true), 0);
	assert_int_equal(mark_of("a.iso"), BURN_MARK_VERIFIED);
	change("a.iso");
	assert_int_equal(mark_of("a.iso"), BURN_MARK_NONE);
	assert_int_equal(burn_mark_set(media, "a.iso", false), 0);
	assert_int_equal(mark_of("a.iso"), BURN_MARK_BURNED);
}

static void a_mark_goes_with_the_image_and_with_no_other(void **state)
{
	struct folder *f = folder_file_of(media);

	(void)state;
	put_text("media/a.iso", "image");
	if (can_mark("a.iso")) {
		assert_int_equal(f->ops->mark_burned(f, "a.iso", true), 0);
		assert_int_equal(f->ops->rename_new(f, "a.iso", "b.iso"), 0);
		assert_int_equal(mark_of("b.iso"), BURN_MARK_VERIFIED);
		put_text("media/a.iso", "another");
		assert_int_equal(mark_of("a.iso"), BURN_MARK_NONE);
		/* A link is not the image. */
		assert_int_equal(symlink("b.iso", in_scratch("media/link.iso")), 0);
		assert_int_equal(burn_mark_set(media, "link.iso", false), -EINVAL);
	}
	f->ops->close(f);
}

static void what_anybody_writes_there_does_no_harm(void **state)
{
	static const char *const wrong[] = {"", "0", "verified", "1800000000",
		"1800000000.000000001x", "1800000000.000000001 verified ",
		"1800000000.000000001  verified",
		"999999999999999999999999999999999999999999999999999999999999999",
		"99999999999999999999999999999999999999999999999999999999999999999999999999999"};

	(void)state;
	put_text("media/a.iso", "image");
	if (!can_mark("a.iso"))
		return;
	change("a.iso");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(setxattr(in_scratch("media/a.iso"), BURN_MARK, wrong[i],
					 strlen(wrong[i]), 0),
			0);
		assert_int_equal(mark_of("a.iso"), BURN_MARK_NONE);
	}
	assert_int_equal(setxattr(in_scratch("media/a.iso"), BURN_MARK,
				 "1800000000.000000001 verified", 29, 0),
		0);
	assert_int_equal(mark_of("a.iso"), BURN_MARK_VERIFIED);
}

static void a_file_that_is_not_there_has_no_mark(void **state)
{
	char longest[STORE_NAME_MAX + 2];

	(void)state;
	memset(longest, 'n', sizeof(longest) - 1);
	longest[STORE_NAME_MAX + 1] = '\0';
	assert_int_equal(burn_mark_set(media, "none.iso", false), -ENOENT);
	assert_true(burn_mark_set(media, longest, false) < 0);
	mkdir(in_scratch("media/folder"), 0755);
	assert_int_equal(burn_mark_set(media, "folder", false), -EINVAL);
	/* The longest name that a file can have. */
	longest[STORE_NAME_MAX] = '\0';
	close(openat(media, longest, O_WRONLY | O_CREAT, 0644));
	if (can_mark(longest))
		assert_int_equal(mark_of(longest), BURN_MARK_BURNED);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_mark_is_void_when_the_image_changes),
		T(a_mark_goes_with_the_image_and_with_no_other),
		T(what_anybody_writes_there_does_no_harm),
		T(a_file_that_is_not_there_has_no_mark),
	};

	return cmocka_run_group_tests_name("burn mark", tests, NULL, NULL);
}
