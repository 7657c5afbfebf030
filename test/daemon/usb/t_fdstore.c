// SPDX-License-Identifier: GPL-2.0-or-later
/* What a daemon finds in systemd's store: the files of its drives, and those of others. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cmocka.h>

#include "usb/fdstore.h"

/* In place of the one in src/drive: these drives are only names. */
const char *drive_name(const struct drive *d)
{
	return (const char *)d;
}

static char reader[] = "reader", burner[] = "burner";
static const struct drives drives = {
	.drive = {(struct drive *)(void *)reader, (struct drive *)(void *)burner}, .count = 2};
static struct fdstore store;

/* Does what systemd does before it starts a daemon: names are separated by colons. */
static void store_has(unsigned count, const char *names)
{
	char number[16];

	for (unsigned i = 0; i < count; i++) {
		int fd = open("/dev/null", O_RDWR);

		assert_int_equal(
			dup2(fd, SD_LISTEN_FDS_START + (int)i), SD_LISTEN_FDS_START + (int)i);
		if (fd != SD_LISTEN_FDS_START + (int)i)
			close(fd);
	}
	snprintf(number, sizeof(number), "%u", count);
	setenv("LISTEN_FDS", number, 1);
	snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	fdstore_init(&store);
	fdstore_inherit(&store, &drives);
}

static int teardown(void **state)
{
	(void)state;
	fdstore_free(&store);
	return 0;
}

static void files_are_sorted_by_drive(void **state)
{
	(void)state;
	store_has(4, "burner-ep0:burner-ep1:burner-ep2:burner-keep");
	assert_true(fdstore_has_files(&store));
	assert_int_equal(store.drive[0].files.ep0, -1);
	assert_int_equal(store.drive[1].files.ep0, SD_LISTEN_FDS_START);
	assert_int_equal(store.drive[1].files.in, SD_LISTEN_FDS_START + 1);
	assert_int_equal(store.drive[1].files.out, SD_LISTEN_FDS_START + 2);
	assert_int_equal(store.drive[1].handover, SD_LISTEN_FDS_START + 3);
}

static void a_handover_state_is_no_file_of_a_gadget(void **state)
{
	(void)state;
	store_has(2, "reader-keep:drive0-keep");
	assert_false(fdstore_has_files(&store));
	fdstore_free(&store);
	fdstore_init(&store);
	fdstore_inherit(&store, &drives);
	assert_false(fdstore_has_files(&store));
}

/*
 * The drives were renamed in the configuration, and then the daemon died: systemd still holds the
 * files, so the gadget is still bound, and is in the way of the new one.
 */
static void files_of_drives_that_are_no_longer_configured_count(void **state)
{
	(void)state;
	store_has(4, "drive0-ep0:drive0-ep1:drive0-ep2:drive0-keep");
	assert_true(fdstore_has_files(&store));
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(store.drive[i].files.ep0, -1);
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		T(files_are_sorted_by_drive),
		T(a_handover_state_is_no_file_of_a_gadget),
		T(files_of_drives_that_are_no_longer_configured_count),
	};

	return cmocka_run_group_tests_name("fdstore", tests, NULL, NULL);
}
