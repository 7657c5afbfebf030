// SPDX-License-Identifier: GPL-2.0-or-later
/* Renaming and deleting a disc: image, state file and checksum together. */
#include "daemon/library/disc_fixture.h"

#include <errno.h>

#include "library/checksum.h"
#include "library/disc_file.h"
#include "util/array.h"

#define SUM     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SUM_OLD SUM "  " OLD "\n"
#define SUM_NEW SUM "  " NEW "\n"

static struct folder *folder_with_checked_disc(struct powercut *c)
{
	struct folder *f = folder_with_burned_disc(c);

	assert_int_equal(f->ops->write(f, OLD CHECKSUM_SUFFIX, SUM_OLD, strlen(SUM_OLD)), 0);
	assert_int_equal(f->ops->sync(f, OLD CHECKSUM_SUFFIX), 0);
	/* A daemon that died with the disc in a drive leaves a spare state file. */
	assert_int_equal(f->ops->write(f, OLD STORE_SPARE_SUFFIX, STATE, strlen(STATE)), 0);
	assert_int_equal(f->ops->sync(f, OLD STORE_SPARE_SUFFIX), 0);
	assert_int_equal(f->ops->sync_names(f), 0);
	return f;
}

static void assert_checked(struct folder *f, const char *where, uint64_t at)
{
	bool old;

	assert_one_name(f, where, at);
	old = holds(f, OLD, IMAGE);
	if (!holds(f, old ? OLD CHECKSUM_SUFFIX : NEW CHECKSUM_SUFFIX, old ? SUM_OLD : SUM_NEW))
		fail_msg("%s at %u: %s has no checksum", where, (unsigned)at, old ? "old" : "new");
}

/*
 * Power cuts, deaths of the daemon and errors at every step: the image has one name, with its state
 * and its checksum beside it.
 */
static void a_rename_carries_state_and_checksum(void **state)
{
	static const char *const where[] = {
		[POWERCUT_POWER] = "power", [POWERCUT_DEATH] = "death", [POWERCUT_ERRNO] = "errno"};
	unsigned moved = 0, kept = 0;

	(void)state;
	for (int fault = POWERCUT_POWER; fault <= POWERCUT_ERRNO; fault++) {
		for (uint64_t seed = 1, at = 0; seed <= (fault == POWERCUT_POWER ? 20 : 1); at++) {
			struct powercut *c = powercut_new(1, seed, true);
			struct folder *f = folder_with_checked_disc(c);
			struct disc_files done;
			bool reached;
			int r;

			powercut_plan(c, (enum powercut_fault)fault, c->ops + at, ENOSPC);
			r = disc_file_rename(f, OLD, NEW, &done);
			reached = c->reached;
			f = folder_after_fault(c, f, fault);
			assert_checked(f, where[fault], at);
			if (!reached) {
				assert_int_equal(r, 0);
				assert_true(done.image && done.state && done.checksum);
				assert_false(powercut_has(c, OLD STORE_SUFFIX));
				assert_false(powercut_has(c, OLD CHECKSUM_SUFFIX));
				assert_false(powercut_has(c, OLD STORE_SPARE_SUFFIX));
			}
			moved += reached && powercut_has(c, NEW);
			kept += powercut_has(c, OLD);
			f->ops->close(f);
			powercut_free(c);
			if (!reached) {
				seed++;
				at = UINT64_MAX;
			}
		}
	}
	assert_true(moved > 20 && kept > 20);
}

/* While there is an image, its state and its checksum are beside it. */
static void a_deletion_leaves_no_image_without_its_state(void **state)
{
	unsigned there = 0, alone = 0;

	(void)state;
	for (int fault = POWERCUT_POWER; fault <= POWERCUT_ERRNO; fault++) {
		for (uint64_t seed = 1, at = 0; seed <= (fault == POWERCUT_POWER ? 20 : 1); at++) {
			struct powercut *c = powercut_new(1, seed, true);
			struct folder *f = folder_with_checked_disc(c);
			struct disc_files done;
			bool reached;
			int r;

			powercut_plan(c, (enum powercut_fault)fault, c->ops + at, EIO);
			r = disc_file_delete(f, OLD, &done);
			reached = c->reached;
			f = folder_after_fault(c, f, fault);
			if (powercut_has(c, OLD)) {
				there++;
				assert_true(holds(f, OLD STORE_SUFFIX, STATE));
				assert_true(holds(f, OLD CHECKSUM_SUFFIX, SUM_OLD));
			}
			if (!reached) {
				assert_int_equal(r, 0);
				assert_true(done.image && done.state && done.checksum);
				assert_int_equal(disc_file_delete(f, OLD, &done), -ENOENT);
			}
			alone += !powercut_has(c, OLD) && powercut_has(c, OLD STORE_SUFFIX);
			f->ops->close(f);
			powercut_free(c);
			if (!reached) {
				seed++;
				at = UINT64_MAX;
			}
		}
	}
	assert_true(there > 0 && alone > 0);
}

static void the_name_in_a_checksum_is_changed(void **state)
{
	static const struct {
		const char *text, *old, *to, *want;
	} rows[] = {
		{SUM "  a.iso\n", "a.iso", "b c.iso", SUM "  b c.iso\n"},
		{SUM " *a.iso\n", "a.iso", "b.iso", SUM "  b.iso\n"},
		{SUM "  a.iso", "a.iso", "b.iso", SUM "  b.iso\n"},
		{"\\" SUM "  a\\\\b.iso\n", "a\\b.iso", "b.iso", SUM "  b.iso\n"},
		{SUM "  a.iso\n", "a.iso", "b\\c.iso", "\\" SUM "  b\\\\c.iso\n"},
		{"# mmcgadget: x\n" SUM "  a.iso\n" SUM "  other.iso\n", "a.iso", "b.iso",
			"# mmcgadget: x\n" SUM "  b.iso\n" SUM "  other.iso\n"},
		{SUM "  a.iso.old\nSHA256 (a.iso) = 0\n\n\\\n", "a.iso", "b.iso",
			SUM "  a.iso.old\nSHA256 (a.iso) = 0\n\n\\\n"},
		{"", "a.iso", "b.iso", ""},
	};
	char out[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t n = checksum_rename(rows[i].text, strlen(rows[i].text), rows[i].old,
			rows[i].to, out, sizeof(out) - 1);

		out[n] = '\0';
		assert_string_equal(out, rows[i].want);
	}
	assert_int_equal(checksum_rename(SUM_OLD, strlen(SUM_OLD), OLD, NEW, out, 20), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rename_carries_state_and_checksum),
		cmocka_unit_test(a_deletion_leaves_no_image_without_its_state),
		cmocka_unit_test(the_name_in_a_checksum_is_changed),
	};

	return cmocka_run_group_tests_name("disc files", tests, NULL, NULL);
}
