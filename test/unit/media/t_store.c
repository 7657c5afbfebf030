// SPDX-License-Identifier: GPL-2.0-or-later
/* Stores in a real directory: state files that are replaced, left by a crash, of different lengths,
 * or not regular files. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "disc/disc.h"

#define IMAGE "disc.iso"
#define STATE IMAGE STORE_SUFFIX
#define SPARE IMAGE STORE_SPARE_SUFFIX

static char path[] = "/tmp/mmcgadget-store-XXXXXX";
static int dir = -1;

static int make_folder(void **state)
{
	(void)state;
	strcpy(path + strlen(path) - 6, "XXXXXX");
	if (!mkdtemp(path))
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlinkat(dir, STATE, 0);
	(void)unlinkat(dir, STATE, AT_REMOVEDIR);
	(void)unlinkat(dir, SPARE, 0);
	(void)unlinkat(dir, IMAGE, 0);
	(void)unlinkat(dir, "target", 0);
	close(dir);
	return rmdir(path); /* nothing else may be in it */
}

static struct store *new_store(void)
{
	struct folder *f = folder_file_new(fcntl(dir, F_DUPFD_CLOEXEC, 0));
	struct store *s;

	assert_non_null(f);
	assert_int_equal(store_new(f, IMAGE, "boot", &s), 0);
	assert_int_equal(store_sync_found(s, true), 0);
	return s;
}

static bool exists(const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void put_file(const char *name, const char *text, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
}

/* The file has the text, padded with newlines. */
static void assert_loads(struct store *s, const char *text)
{
	static char buf[STORE_TEXT_MAX];
	int n = store_load(s, buf, sizeof(buf));

	assert_true(n >= (int)strlen(text));
	assert_memory_equal(buf, text, strlen(text));
	for (int i = (int)strlen(text); i < n; i++)
		assert_int_equal(buf[i], '\n');
	assert_int_equal(n % (int)STORE_GRAIN, 0);
}

static void a_state_is_saved_loaded_and_removed(void **state)
{
	char buf[STORE_TEXT_MAX];
	struct store *s = new_store();

	(void)state;
	assert_int_equal(store_load(s, buf, sizeof(buf)), -ENOENT);
	assert_false(s->present);
	for (int i = 0; i < 5; i++) {
		char text[32];

		snprintf(text, sizeof(text), "text %d", i);
		assert_int_equal(store_save(s, text, strlen(text)), 0);
		assert_true(s->present);
		assert_int_equal(s->saves, i + 1);
		assert_true(exists(STATE) && exists(SPARE));
		assert_loads(s, text);
	}
	assert_int_equal(store_save(s, "", 0), -EFBIG);
	assert_int_equal(store_save(s, buf, STORE_TEXT_MAX + 1), -EFBIG);
	assert_loads(s, "text 4");
	store_close(s);
	assert_true(exists(STATE));
	assert_false(exists(SPARE));
	s = new_store();
	assert_loads(s, "text 4");
	assert_int_equal(store_remove(s), 0);
	assert_false(exists(STATE));
	assert_int_equal(store_remove(s), 0);
	assert_int_equal(store_load(s, buf, sizeof(buf)), -ENOENT);
	store_close(s);
	store_close(NULL);
}

static void states_of_every_length_are_loaded(void **state)
{
	static char large[STORE_TEXT_MAX];
	struct store *s = new_store();

	(void)state;
	memset(large, 'x', sizeof(large));
	assert_int_equal(store_save(s, "first", 5), 0);
	assert_int_equal(store_save(s, large, sizeof(large)), 0);
	/* A state shorter than the older ones: nothing of those is left in either file. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(store_save(s, "short", 5), 0);
		assert_loads(s, "short");
	}
	store_close(s);
	s = new_store();
	assert_loads(s, "short");
	assert_int_equal(store_save(s, large, STORE_GRAIN + 1), 0);
	assert_int_equal(store_save(s, "shorter", 7), 0);
	assert_loads(s, "shorter");
	store_close(s);
	/* One byte more than a state can have. */
	put_file(STATE, large, sizeof(large));
	int fd = openat(dir, STATE, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "!", 1), 1);
	close(fd);
	s = new_store();
	assert_int_equal(store_load(s, large, sizeof(large)), -EFBIG);
	assert_true(s->present);
	store_close(s);
}

/* If the file system can swap two names, the spare file is kept, and a save makes no new file. */
static void two_files_are_used_in_turn(void **state)
{
	struct store *s = new_store();
	struct stat a, b, now;

	(void)state;
	assert_int_equal(store_save(s, "a", 1), 0);
	assert_int_equal(fstatat(dir, STATE, &a, 0), 0);
	assert_int_equal(fstatat(dir, SPARE, &b, 0), 0);
	assert_true(b.st_size >= (off_t)STORE_GRAIN);
	assert_int_equal(store_save(s, "b", 1), 0);
	assert_int_equal(fstatat(dir, STATE, &now, 0), 0);
	if (s->has_spare && now.st_ino == b.st_ino) {
		assert_int_equal(fstatat(dir, SPARE, &now, 0), 0);
		assert_int_equal(now.st_ino, a.st_ino);
	}
	store_close(s);
}

static void a_move_to_its_own_place_keeps_the_text(void **state)
{
	struct store *s = new_store();
	struct folder *same = folder_file_new(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	(void)state;
	assert_int_equal(store_save(s, "text", 4), 0);
	assert_int_equal(store_move(s, same, IMAGE, "text", 4), 0);
	assert_loads(s, "text");
	store_close(s);
}

static void a_spare_left_by_a_crash(void **state)
{
	struct stat left, now;
	struct store *s;

	(void)state;
	put_file(STATE, "good", 4);
	put_file(SPARE, "half a te", 9);
	/* The stored directory may have the names exchanged, so this file must not be overwritten.
	 */
	assert_int_equal(linkat(dir, SPARE, dir, "target", 0), 0);
	assert_int_equal(fstatat(dir, SPARE, &left, 0), 0);
	s = new_store();
	assert_int_equal(store_load(s, (char[64]){0}, 64), 4);
	assert_int_equal(store_save(s, "better", 6), 0);
	assert_loads(s, "better");
	assert_int_equal(fstatat(dir, "target", &now, 0), 0);
	assert_int_equal(now.st_ino, left.st_ino);
	assert_int_equal(now.st_size, 9);
	store_close(s);
	assert_false(exists(SPARE));
	/* The spare file of an image that is not locked for writing stays; otherwise it goes. */
	put_file(SPARE, "half a te", 9);
	s = new_store();
	assert_int_equal(store_sync_found(s, false), 0);
	store_close(s);
	assert_true(exists(SPARE));
	s = new_store();
	assert_loads(s, "better");
	store_close(s);
	assert_false(exists(SPARE));
	assert_true(exists(STATE));
}

static void names_have_a_limit_and_state_files_are_recognised(void **state)
{
	char name[STORE_NAME_MAX + 1];
	size_t most = STORE_NAME_MAX - strlen(STORE_SPARE_SUFFIX);
	struct store *s = NULL;

	(void)state;
	memset(name, 'n', sizeof(name));
	name[most + 1] = '\0';
	assert_int_equal(store_new(folder_file_new(fcntl(dir, F_DUPFD_CLOEXEC, 0)), name, "", &s),
		-ENAMETOOLONG);
	assert_null(s);
	name[most] = '\0';
	assert_int_equal(
		store_new(folder_file_new(fcntl(dir, F_DUPFD_CLOEXEC, 0)), name, "", &s), 0);
	assert_int_equal(store_save(s, "text", 4), 0);
	assert_loads(s, "text");
	assert_int_equal(store_remove(s), 0);
	store_close(s);
	assert_true(store_is_own_name("a.iso.mmcdisc"));
	assert_true(store_is_own_name("a.iso.mmcdisc.new"));
	assert_false(store_is_own_name("a.iso"));
	assert_false(store_is_own_name("a.mmcdisc.iso"));
	assert_false(store_is_own_name("mmcdisc"));
	assert_false(store_is_own_name(""));
}

/* An image of 0 bytes, and a state file that is no regular file: the disc is read-only, and nothing
 * is removed. */
static void assert_read_only_disc(void)
{
	struct disc_options o = {.store = new_store()};
	struct disc *d;

	put_file(IMAGE, "", 0);
	assert_int_equal(
		media_file_open(openat(dir, IMAGE, O_RDWR | O_CLOEXEC), true, &o.media), 0);
	d = disc_open(&o);
	assert_non_null(d);
	assert_non_null(d->read_only);
	assert_int_equal(d->medium->type, DISC_DVD_ROM);
	disc_put(d);
	assert_true(exists(STATE));
}

static void a_state_file_that_is_no_file_makes_the_disc_read_only(void **state)
{
	char buf[64];
	struct store *s;
	struct stat st;

	(void)state;
	alarm(20); /* opening must not wait for the other end of a pipe */
	assert_int_equal(mkfifoat(dir, STATE, 0600), 0);
	s = new_store();
	assert_int_equal(store_load(s, buf, sizeof(buf)), -EINVAL);
	store_close(s);
	assert_read_only_disc();
	assert_int_equal(unlinkat(dir, STATE, 0), 0);

	put_file("target", "precious", 8);
	assert_int_equal(symlinkat("target", dir, STATE), 0);
	s = new_store();
	assert_int_equal(store_load(s, buf, sizeof(buf)), -ELOOP);
	store_close(s);
	assert_read_only_disc();
	assert_int_equal(unlinkat(dir, STATE, 0), 0);

	assert_int_equal(mkdirat(dir, STATE, 0700), 0);
	assert_read_only_disc();
	assert_int_equal(unlinkat(dir, STATE, AT_REMOVEDIR), 0);

	/* A link in place of the spare file: the link goes, its target stays. */
	assert_int_equal(symlinkat("target", dir, SPARE), 0);
	s = new_store();
	assert_int_equal(store_save(s, "text", 4), 0);
	assert_loads(s, "text");
	store_close(s);
	assert_int_equal(mkfifoat(dir, SPARE, 0600), 0);
	s = new_store();
	assert_int_equal(store_save(s, "text 2", 6), 0);
	assert_loads(s, "text 2");
	store_close(s);
	assert_int_equal(fstatat(dir, "target", &st, 0), 0);
	assert_int_equal(st.st_size, 8);
	alarm(0);
}

static void the_boot_id_is_read(void **state)
{
	char a[STORE_BOOT_MAX], b[STORE_BOOT_MAX];

	(void)state;
	store_this_boot(a);
	store_this_boot(b);
	assert_string_equal(a, b);
	assert_null(strchr(a, '\n'));
	assert_true(a[0] == '\0' || strlen(a) == 36);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_state_is_saved_loaded_and_removed),
		IN_FOLDER(states_of_every_length_are_loaded),
		IN_FOLDER(two_files_are_used_in_turn),
		IN_FOLDER(a_move_to_its_own_place_keeps_the_text),
		IN_FOLDER(a_spare_left_by_a_crash),
		IN_FOLDER(names_have_a_limit_and_state_files_are_recognised),
		IN_FOLDER(a_state_file_that_is_no_file_makes_the_disc_read_only),
		cmocka_unit_test(the_boot_id_is_read),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
