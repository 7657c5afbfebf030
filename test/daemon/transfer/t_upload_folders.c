// SPDX-License-Identifier: GPL-2.0-or-later
/* Uploads when there is another folder at the place of the media folder, as when a card is changed.
 */
#include "daemon/transfer/upload_fixture.h"

#include <dirent.h>
#include <dlfcn.h>

#define SIZE 300000u

/* Number of the uploads that are listed. */
static size_t listed(int fd)
{
	json_t *a = ask_fd(fd, NULL, "uploads\n");
	size_t n = json_array_size(json_object_get(a, "uploads"));

	expect_ok(a);
	json_decref(a);
	return n;
}

static void move_folder(const char *from, const char *to)
{
	char old[SCRATCH_PATH];

	snprintf(old, sizeof(old), "%s", in_scratch(from));
	assert_int_equal(rename(old, in_scratch(to)), 0);
}

/* The line is carried out. */
static void done(int fd, const char *verb, const char *arguments)
{
	json_t *a = ask_fd(fd, NULL, "%s %s\n", verb, arguments);

	expect_ok(a);
	json_decref(a);
}

/* A folder that was made anew, like another card at its place, has no upload of the one before. */
static void another_folder_has_uploads_of_its_own(void **state)
{
	int fd = connect_client();
	struct upload u = begin(fd, "upload new.iso size=300000"), other;
	char line[64];

	(void)state;
	write_bytes(u.fd, 0, 100000);
	save_at(fd, &u, 100000);
	move_folder("media", "old");
	assert_int_equal(mkdir(in_scratch("media"), 0755), 0);
	assert_int_equal(listed(fd), 0);
	snprintf(line, sizeof(line), "upload-open %s", u.id);
	refused(fd, "no-such-upload", "ended or dropped", line);
	snprintf(line, sizeof(line), "upload-end %s", u.id);
	refused(fd, "no-such-upload", "ended or dropped", line);
	/* The same name is begun from 0, and becomes a disc in this folder. */
	other = begin(fd, "upload new.iso size=300000");
	assert_string_not_equal(other.id, u.id);
	assert_int_equal(other.offset, 0);
	write_bytes(other.fd, 0, SIZE);
	save_at(fd, &other, SIZE);
	close(other.fd);
	done(fd, "upload-end", other.id);
	check_bytes("media/new.iso", SIZE);
	assert_false(scratch_has("old/new.iso"));

	/* So do the other verbs for files look into this folder alone. */
	refused(fd, "no-such-image", "no image", "open a.iso");
	refused(fd, "no-such-image", "no image", "sum a.iso");
	refused(fd, "no-such-image", "no image", "rename a.iso c.iso");
	refused(fd, "no-such-image", "no image", "delete a.iso");
	refused(fd, "no-such-image", "no image", "erase a.iso");
	refused(fd, "no-such-image", "no image", "extract a.iso");
	done(fd, "rename", "new.iso c.iso");
	assert_true(scratch_has("media/c.iso"));
	done(fd, "delete", "c.iso");
	assert_false(scratch_has("media/c.iso"));
	assert_true(scratch_has("old/a.iso"));

	/* The folder of before is back: what was saved there goes on. */
	move_folder("media", "new");
	move_folder("old", "media");
	assert_int_equal(listed(fd), 1);
	write_bytes(u.fd, 100000, SIZE);
	save_at(fd, &u, SIZE);
	close(u.fd);
	done(fd, "upload-end", u.id);
	check_bytes("media/new.iso", SIZE);
	close(fd);
}

/* Makes the next thread fail to start. */
static bool no_thread;

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (no_thread) {
		no_thread = false;
		return EAGAIN;
	}
	*(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
	return create(thread, attr, run, arg);
}

/* The thread that was to look for uploads in another folder did not start: the next command looks
 * again. */
static void a_folder_that_was_not_searched_is_searched_later(void **state)
{
	int fd = connect_client();
	struct upload u = begin(fd, "upload new.iso size=300000");

	(void)state;
	close(u.fd);
	move_folder("media", "old");
	assert_int_equal(mkdir(in_scratch("media"), 0755), 0);
	assert_int_equal(listed(fd), 0);
	move_folder("media", "new");
	move_folder("old", "media");
	no_thread = true;
	refused(fd, "io-error", "Resource temporarily unavailable", "uploads");
	assert_false(no_thread);
	assert_int_equal(listed(fd), 1);
	close(fd);
}

/* Makes the call of this number fail; 0 = none. */
static unsigned no_memory;

DIR *fdopendir(int fd)
{
	DIR *(*open_it)(int);

	if (no_memory > 0 && --no_memory == 0) {
		errno = ENOMEM;
		return NULL;
	}
	*(void **)&open_it = dlsym(RTLD_NEXT, "fdopendir");
	return open_it(fd);
}

/* The search ended early: what it has not seen is not forgotten, but searched for again. */
static void a_search_that_lacked_memory_is_repeated(void **state)
{
	int fd = connect_client();
	struct upload u;

	(void)state;
	assert_int_equal(mkdir(in_scratch("media/sub"), 0755), 0);
	u = begin(fd, "upload sub/new.iso size=300000");
	close(u.fd);
	move_folder("media", "old");
	assert_int_equal(mkdir(in_scratch("media"), 0755), 0);
	/* First the folder cannot be read, then its sub-folder. */
	for (unsigned n = 1; n <= 2; n++) {
		assert_int_equal(listed(fd), 0);
		move_folder("media", "new");
		move_folder("old", "media");
		no_memory = n;
		refused(fd, "io-error", "Cannot allocate memory", "uploads");
		assert_int_equal(no_memory, 0);
		assert_int_equal(listed(fd), 1);
		move_folder("media", "old");
		move_folder("new", "media");
	}
	close(fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(another_folder_has_uploads_of_its_own),
		T(a_folder_that_was_not_searched_is_searched_later),
		T(a_search_that_lacked_memory_is_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
