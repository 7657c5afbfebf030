// SPDX-License-Identifier: GPL-2.0-or-later
/* Which files of the media folder are discs, and which are copied in part. */
#include "daemon/catalog/catalog_fixture.h"

#include <pwd.h>
#include <unistd.h>

#include "library/volume.h"
#include "util/array.h"

#define FOREIGN "this format is not read; only plain images, and CDs by their .cue, .ccd or .toc"

static void files_that_are_no_discs_are_told(void **state)
{
	// clang-format off
	static const struct { const char *name, *kind, *remark; bool is_disc; } rows[] = {
		{ "GAME.BIN", "unknown", FOREIGN, false }, { "GAME.MDS", "unknown", FOREIGN, false },
		{ "a.iso", "iso", NULL, true }, { "b.IMG", "iso", NULL, true },
		{ "blank", "blank", NULL, true }, { "burned", "iso", NULL, true },
		{ "data.bin", "iso", NULL, true }, { "disc", "iso", NULL, true },
		{ "notes.txt", "unknown", "no volume found", false },
		{ "pdf.udf", "iso", NULL, true }, { "x.nrg", "unknown", FOREIGN, false },
	};
	// clang-format on
	static const char *const unfinished[] = {
		"d.iso.part", "e.CRDOWNLOAD", "f.tmp", "g.iso.filepart", "h.download"};
	char path[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(path, sizeof(path), "media/%s", rows[i].name);
		put_size(path, strcmp(rows[i].name, "blank") == 0 ? 0 : 100000);
	}
	put_iso("media/data.bin", "PLAIN");
	put_iso("media/disc", "DISC");
	put_text("media/burned.mmcdisc", "of a disc without a volume\n");
	for (size_t i = 0; i < ARRAY_LEN(unfinished); i++) {
		snprintf(path, sizeof(path), "media/%s", unfinished[i]);
		put_iso(path, "PART");
	}
	/* The second scan waits for no labels: what may be no disc is looked at all the same. */
	for (int pass = 0; pass < 2; pass++) {
		struct catalog_scan s = {.folder = folder,
			.path = "/media",
			.max = CATALOG_MAX,
			.label_wait = pass == 0 ? 5000 : 0,
			.look_wait = 1000,
			.read_label = read_label_counted};

		catalog_list_fini(&list);
		catalog_labels_fini(&known);
		catalog_scan(&s, &known, &list);
		assert_int_equal(list.count, ARRAY_LEN(rows));
		assert_int_equal(list.unfinished, ARRAY_LEN(unfinished));
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			const struct catalog_entry *e = &list.entry[i];

			assert_string_equal(e->name, rows[i].name);
			assert_string_equal(e->kind, rows[i].kind);
			assert_string_equal(
				e->remark ? e->remark : "-", rows[i].remark ? rows[i].remark : "-");
			assert_int_equal(e->is_disc, rows[i].is_disc);
			assert_true(e->usable);
		}
	}
	scan();
	/* A file that is no disc is found by its whole name only; next and prev skip it. */
	FINDS("GAME.BIN", "GAME.BIN");
	assert_int_equal(find("GAME").result, MATCH_NONE);
	assert_int_equal(find("notes").result, MATCH_NONE);
	assert_string_equal(neighbour(NULL, NULL, false), "a.iso");
	assert_string_equal(neighbour("disc", NULL, false), "pdf.udf");
	assert_string_equal(neighbour("pdf.udf", NULL, false), "a.iso");
}

static void an_incomplete_copy_is_told_from_its_volume(void **state)
{
	(void)state;
	put_iso("media/cut.iso", "CUT");
	put_iso_blocks("media/cut.iso", 100);
	put_iso("media/whole.iso", "WHOLE");
	put_iso_blocks("media/whole.iso", ISO_SIZE / 2048);
	put_iso("media/longer.iso", "LONGER");
	put_iso_blocks("media/longer.iso", ISO_SIZE / 2048 - 1);
	scan();
	/* It has just been changed, so it may still be copied. */
	assert_string_equal(entry("cut.iso")->kind, "copying");
	assert_false(entry("cut.iso")->is_disc);
	assert_string_equal(entry("whole.iso")->kind, "iso");
	assert_int_equal(entry("cut.iso")->volume, 100 * 2048);
	assert_int_equal(entry("whole.iso")->volume, ISO_SIZE);
	assert_int_equal(entry("longer.iso")->volume, ISO_SIZE - 2048);
	/* ctime cannot be set: wait until five seconds have passed since the last change. */
	nanosleep(&(struct timespec){.tv_sec = 5, .tv_nsec = 100000000}, NULL);
	for (int pass = 0; pass < 2; pass++) {
		scan();
		assert_string_equal(entry("cut.iso")->kind, "iso");
		assert_true(entry("cut.iso")->is_disc);
		assert_int_equal(entry("cut.iso")->volume, 100 * 2048);
	}
	assert_int_equal(label_reads, 0);
}

/* Scans as another user than root, so that the kernel refuses what belongs to root. */
static void scan_as_other(unsigned label_wait)
{
	assert_int_equal(seteuid(65534), 0);
	scan_for(label_wait, CATALOG_MAX);
	assert_int_equal(seteuid(0), 0);
}

static void check_unreadable(const char *name, const char *owner, bool is_disc)
{
	char want[256];

	snprintf(want, sizeof(want), "it belongs to %s: chmod g+r /media/%s", owner, name);
	assert_true(entry(name)->unreadable);
	assert_false(entry(name)->usable);
	assert_int_equal(entry(name)->is_disc, is_disc);
	assert_string_equal(entry(name)->label, "");
	assert_string_equal(entry(name)->remark, want);
}

/* Files of another user, from a PC with a strict umask; chmod takes effect with the next list. */
static void what_cannot_be_read_is_told(void **state)
{
	static const char *const files[] = {"b.iso", "c.cue", "d.chd", "notes.txt"};
	const struct passwd *root = getpwuid(0);
	char path[64];

	(void)state;
	if (geteuid() != 0 || !root)
		skip(); /* needs a second user */
	put_iso("media/a.iso", "A");
	put_iso("media/z.iso", "Z");
	put_size("media/blank", 0);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "media/%s", files[i]);
		put_iso(path, "SECRET");
		assert_int_equal(chmod(in_scratch(path), 0600), 0);
	}
	put_size("media/c.cue", 100);
	/* The second scan reads no labels: next and prev must not walk into them either. */
	for (unsigned pass = 0; pass < 2; pass++) {
		scan_as_other(pass == 0 ? 5000 : 0);
		for (size_t i = 0; i < ARRAY_LEN(files); i++)
			check_unreadable(files[i], root->pw_name, i < 3);
		assert_false(entry("a.iso")->unreadable || entry("blank")->unreadable);
		assert_string_equal(neighbour("a.iso", NULL, false), "z.iso");
		assert_string_equal(neighbour("z.iso", NULL, true), "a.iso");
		FINDS("b.", "b.iso");
	}
	assert_int_equal(list.unread, 2); /* a.iso and z.iso are too young for the cache */
	assert_int_equal(chmod(in_scratch("media/b.iso"), 0640), 0);
	scan_as_other(5000);
	assert_false(entry("b.iso")->unreadable);
	assert_true(entry("b.iso")->usable && !entry("b.iso")->remark);
	assert_string_equal(entry("b.iso")->label, "SECRET");
	assert_string_equal(neighbour("a.iso", NULL, false), "b.iso");
	/* Of another group than the daemon's. */
	assert_int_equal(chown(in_scratch("media/b.iso"), 0, 65533), 0);
	scan_as_other(0);
	assert_non_null(strstr(entry("b.iso")->remark, ": sudo chgrp "));
	assert_non_null(
		strstr(entry("b.iso")->remark, " /media/b.iso && sudo chmod g+r /media/b.iso"));
}

/* A label that is known stays known; the file that may no longer be read is told all the same. */
static void a_known_label_does_not_hide_a_mode(void **state)
{
	(void)state;
	put_iso("media/a.iso", "A");
	put_iso("media/b.iso", "B");
	assert_int_equal(chmod(in_scratch("media/b.iso"), 0640), 0);
	wait_until_old("media/b.iso");
	scan();
	assert_int_equal(label_reads, 2);
	scan();
	assert_int_equal(label_reads, 0);
	assert_string_equal(entry("b.iso")->label, "B");
	/* Nobody may read it, not even root. */
	assert_int_equal(chmod(in_scratch("media/b.iso"), 0), 0);
	scan();
	assert_true(entry("b.iso")->unreadable);
	assert_string_equal(entry("b.iso")->label, "");
	assert_string_equal(neighbour("a.iso", NULL, false), "a.iso");
	assert_int_equal(label_reads, 0);
}

/* A file that grows from one list to the next is being copied, whatever is in it. */
static void a_file_that_grows_is_being_copied(void **state)
{
	(void)state;
	put_size("media/a.iso", 100000);
	put_size("media/b.iso", 100000);
	scan();
	assert_string_equal(entry("a.iso")->kind, "iso");
	put_size("media/a.iso", 200000);
	scan();
	assert_string_equal(entry("a.iso")->kind, "copying");
	assert_string_equal(neighbour(NULL, NULL, false), "b.iso");
	assert_string_equal(entry("b.iso")->kind, "iso");
	scan();
	assert_string_equal(entry("a.iso")->kind, "iso");
}

/* Writes a descriptor of UDF (ECMA-167 3/7.2) to a block; the caller has filled in its body. */
static void put_descriptor(int fd, uint32_t block, uint16_t tag, uint8_t d[2048])
{
	d[0] = (uint8_t)tag;
	d[1] = (uint8_t)(tag >> 8);
	d[2] = 2;
	d[4] = 0;
	for (unsigned i = 0; i < 16; i++)
		d[4] = (uint8_t)(d[4] + (i == 4 ? 0 : d[i]));
	assert_int_equal(pwrite(fd, d, 2048, (off_t)block * 2048), 2048);
}

/* A partition of 1000 blocks that begins with block 257; access and map as in ECMA-167. */
static uint64_t udf_volume(uint8_t access, uint8_t map)
{
	static const char *const standard[] = {"BEA01", "NSR02", "TEA01"};
	uint8_t d[2048];
	uint64_t size;
	int fd;

	put_size("media/u.udf", 300 * 2048);
	fd = open(in_scratch("media/u.udf"), O_RDWR);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(pwrite(fd, standard[i], 5, (16 + i) * 2048 + 1), 5);
	memset(d, 0, sizeof(d));
	d[17] = 0x40; /* 16384 bytes at block 32 */
	d[20] = 32;
	put_descriptor(fd, 256, 2, d);
	memset(d, 0, sizeof(d));
	d[184] = access;
	d[188] = 1;
	d[189] = 1;
	d[192] = 1000 & 0xff;
	d[193] = 1000 >> 8;
	put_descriptor(fd, 33, 5, d);
	memset(d, 0, sizeof(d));
	d[213] = 8; /* 2048 */
	d[268] = 1;
	d[440] = map;
	put_descriptor(fd, 34, 6, d);
	memset(d, 0, sizeof(d));
	put_descriptor(fd, 35, 8, d);
	size = volume_size(fd);
	close(fd);
	return size;
}

static void a_udf_volume_tells_its_size(void **state)
{
	(void)state;
	assert_int_equal(udf_volume(1, 1), 1257 * 2048);
	/* Recorded as it is burned: the partition is as large as the blank was. */
	assert_int_equal(udf_volume(2, 1), 0);
	assert_int_equal(udf_volume(1, 2), 0);
}

static void states_without_an_image_are_listed(void **state)
{
	(void)state;
	mkdir(in_scratch("media/sub"), 0755);
	put_size("media/a.iso", 0);
	put_text("media/a.iso.mmcdisc", "x");
	put_text("media/gone.iso.mmcdisc", "x");
	put_text("media/spare.iso.mmcdisc.new", "x");
	put_text("media/sub/b.iso.mmcdisc", "x");
	put_text("media/.mmcgadget-drive0.mmcdisc", "x");
	put_size("media/c.iso.part", 1);
	put_text("media/c.iso.part.mmcdisc", "x");
	scan();
	assert_int_equal(list.states, 2);
	assert_string_equal(list.state[0], "gone.iso.mmcdisc");
	assert_string_equal(list.state[1], "sub/b.iso.mmcdisc");
	assert_true(list.free_known && list.free_bytes > 0);
	/* In a list that is cut short the images may be in the rest. */
	put_size("media/b.iso", 0);
	scan_for(0, 1);
	assert_int_equal(list.states, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(files_that_are_no_discs_are_told),
		T(an_incomplete_copy_is_told_from_its_volume),
		T(what_cannot_be_read_is_told),
		T(a_known_label_does_not_hide_a_mode),
		T(a_file_that_grows_is_being_copied),
		T(a_udf_volume_tells_its_size),
		T(states_without_an_image_are_listed),
	};

	return cmocka_run_group_tests_name("kinds", tests, NULL, NULL);
}
