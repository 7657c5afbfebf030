// SPDX-License-Identifier: GPL-2.0-or-later
/* Names, renames and checksums of burned discs, names of blanks, and the drive record. */
#include "daemon/library/disc_fixture.h"

#include <errno.h>

#include "library/portable.h"
#include "burned/postburn.h"
#include "library/last_disc.h"
#include "library/checksum.h"
#include "util/array.h"
#include "util/log.h"

#define LONG "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz"

static struct folder *media(void)
{
	int fd = open(in_scratch("media"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return folder_file_new(fd);
}

static bool exists(const char *name)
{
	return access(in_scratch(name), F_OK) == 0;
}

static int setup(void **state)
{
	log_set_level(LOG_LEVEL_ERROR);
	return scratch_make(state) < 0 ? -1 : mkdir(in_scratch("media"), 0755);
}

/* ---- names -------------------------------------------------------------------------------- */

// clang-format off
static const struct { const char *label, *name; } names[] = {
	{ "HOLIDAY", "HOLIDAY" },
	{ "Holiday 2026", "Holiday 2026" },
	{ "M\xc3\xa4rz", "M\xc3\xa4rz" },
	{ "\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "DEBIAN.ISO", "DEBIAN" }, { "a.iso.iso", "a.iso" },
	/* paths */
	{ "../../etc/passwd", "_.._etc_passwd" }, { "/etc/passwd", "_etc_passwd" }, { "a/b", "a_b" },
	{ "..", NULL }, { ".", NULL }, { "...", NULL }, { "/", NULL }, { "//", NULL }, { "/.", NULL },
	{ ".hidden", "hidden" }, { ".mmcgadget-drive0", "mmcgadget-drive0" }, { "..a", "a" },
	/* shells, FAT, options */
	{ "-rf", "rf" }, { "--help", "help" }, { "a:b*c?d\"e<f>g|h\\i", "a_b_c_d_e_f_g_h_i" },
	{ " x ", "x" }, { "x...", "x" }, { "x. .", "x" },
	/* terminals, invisible characters */
	{ "a\x1b[2Jb", "a[2Jb" }, { "a\nb", "ab" }, { "\x7f", NULL }, { "a\xc2\x9b" "b", "ab" },
	{ "a\xe2\x80\xae" "osi.b", "aosi.b" }, { "\xef\xbb\xbf" "a", "a" }, { "\xe2\x80\x8b", NULL },
	{ "a\xf3\xa0\x80\x81z", "az" },
	/* invalid UTF-8: lone byte, truncated, overlong, surrogate, above U+10FFFF */
	{ "a\xff" "b", "ab" }, { "a\xc3", "a" }, { "\xc0\xaf", NULL }, { "a\xe0\x80\xaf", "a" },
	{ "a\xed\xa0\x80z", "az" }, { "a\xf4\x90\x80\x80z", "az" }, { "\x80\x80", NULL },
	/* devices of Windows, with every suffix and in any case */
	{ "CON", "CON_" }, { "con", "con_" }, { "nul.iso", "nul_" }, { "NUL.tar.gz", "NUL_.tar.gz" },
	{ "Aux .x", "Aux_ .x" }, { "PRN", "PRN_" }, { "COM1", "COM1_" }, { "lpt9.a", "lpt9_.a" },
	{ "COM\xc2\xb9", "COM\xc2\xb9_" }, { "CONIN$", "CONIN$_" }, { ".NUL", "NUL_" },
	{ "CONCERT", "CONCERT" }, { "COM", "COM" }, { "COM10", "COM10" }, { "NUL-2", "NUL-2" },
	{ "com\xc2\xb4", "com\xc2\xb4" }, { "AUX_", "AUX_" }, { "NUL:", "NUL_" },
	{ "COM1." LONG LONG, "COM1_." LONG "0123456789abcdefghijklmnopqrstuvwxyz0123456789abc" },
	{ "", NULL }, { "   ", NULL }, { "___", NULL }, { "?", NULL },
	{ LONG LONG, LONG "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghi" },
};
// clang-format on

static void a_label_gives_a_safe_name_or_none(void **state)
{
	char out[POSTBURN_STEM];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		bool any = postburn_name_of_label(names[i].label, out);

		if (any != (names[i].name != NULL))
			fail_msg("\"%s\" -> %s", names[i].label, any ? out : "nothing");
		if (!any)
			continue;
		assert_string_equal(out, names[i].name);
		strcat(out, ".iso");
		assert_null(portable_fault(out));
	}
}

static void a_name_that_windows_cannot_hold_is_told(void **state)
{
	static const struct {
		const char *name, *fault;
	} rows[] = {{"a.iso", NULL}, {"CONCERT.iso", NULL}, {"a. b.iso", NULL},
		{"com0.iso", "device"}, {"nul", "device"}, {"NUL .iso", "device"}, {"a.", "dot"},
		{"a.iso ", "blank"}, {"a:b.iso", ":"}, {"what?.iso", "?"}, {"\"a\".iso", "\""},
		{"a\\b", "\\"}};
	char units[513] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *fault = portable_fault(rows[i].name);

		if (!fault != !rows[i].fault || (fault && !strstr(fault, rows[i].fault)))
			fail_msg("\"%s\": %s", rows[i].name, fault ? fault : "no fault");
	}
	/* 255 units of UTF-16, as 127 characters of two units and one of one unit. */
	for (int i = 0; i < 127; i++)
		strcat(units, "\xf0\x9f\x8e\xb5");
	strcat(units, "a");
	assert_null(portable_fault(units));
	units[508] = '\xc3';
	units[509] = '\xa4';
	assert_null(portable_fault(units));
	strcpy(units + 510, "b");
	assert_non_null(portable_fault(units));
}

/* A long label is not cut inside a character. */
static void a_long_label_is_cut_between_characters(void **state)
{
	char label[512] = "", out[POSTBURN_STEM];

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(label, "\xe6\x97\xa5");
	assert_true(postburn_name_of_label(label, out));
	assert_int_equal(strlen(out), (POSTBURN_STEM - 1) / 3 * 3);
}

static void a_time_gives_a_name(void **state)
{
	char out[POSTBURN_STEM];

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	postburn_name_of_time(1795707012, out);
	assert_string_equal(out, "2026-11-26-153012");
	postburn_name_of_time(0, out);
	assert_string_equal(out, "1970-01-01-000000");
}

/* ---- renames ------------------------------------------------------------------------------ */

static void a_rename_skips_names_that_are_taken(void **state)
{
	struct folder *f = media();
	char to[STORE_NAME_MAX + 1];

	(void)state;
	put_text("media/blank-1.iso", "one");
	assert_int_equal(postburn_rename(f, "blank-1.iso", "HOLIDAY", to), 0);
	assert_string_equal(to, "HOLIDAY.iso");
	assert_string_equal(get_text("media/HOLIDAY.iso"), "one");
	assert_false(exists("media/blank-1.iso"));
	/* Taken by: a disc, files left of a deleted disc, a directory, a dangling link. */
	put_text("media/HOLIDAY-2.iso" STORE_SUFFIX, "state");
	put_text("media/HOLIDAY-3.iso" CHECKSUM_SUFFIX, "sum");
	mkdir(in_scratch("media/HOLIDAY-4.iso"), 0755);
	assert_int_equal(symlink("nowhere", in_scratch("media/HOLIDAY-5.iso")), 0);
	put_text("media/blank-1.iso", "two");
	assert_int_equal(postburn_rename(f, "blank-1.iso", "HOLIDAY", to), 0);
	assert_string_equal(to, "HOLIDAY-6.iso");
	assert_string_equal(get_text("media/HOLIDAY.iso"), "one");
	/* The image has that name already. */
	assert_int_equal(postburn_rename(f, "HOLIDAY-6.iso", "HOLIDAY", to), 0);
	assert_string_equal(to, "HOLIDAY-6.iso");
	assert_int_equal(postburn_rename(f, "none.iso", "OTHER", to), -ENOENT);
	assert_string_equal(to, "none.iso");
	assert_false(exists("media/OTHER.iso"));
	f->ops->close(f);
}

static void the_state_file_is_renamed_with_the_image(void **state)
{
	struct folder *f = media();
	char to[STORE_NAME_MAX + 1];

	(void)state;
	put_text("media/a.iso", "image");
	put_text("media/a.iso" STORE_SUFFIX, "state");
	put_text("media/X.iso", "other");
	assert_int_equal(postburn_rename(f, "a.iso", "X", to), 0);
	assert_string_equal(to, "X-2.iso");
	assert_string_equal(get_text("media/X-2.iso"), "image");
	assert_string_equal(get_text("media/X-2.iso" STORE_SUFFIX), "state");
	assert_false(exists("media/a.iso" STORE_SUFFIX));
	assert_false(exists("media/X.iso" STORE_SUFFIX));
	f->ops->close(f);
}

/* For file systems without RENAME_NOREPLACE, with hard links and without. */
static void a_rename_in_steps_overwrites_nothing(void **state)
{
	int dir = open(in_scratch("media"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	for (int links = 0; links < 2; links++) {
		put_text("media/a", "a");
		put_text("media/b", "b");
		assert_int_equal(folder_file_rename_in_steps(dir, "a", "b", links), -EEXIST);
		assert_string_equal(get_text("media/a"), "a");
		assert_string_equal(get_text("media/b"), "b");
		assert_int_equal(folder_file_rename_in_steps(dir, "a", "c", links), 0);
		assert_string_equal(get_text("media/c"), "a");
		assert_false(exists("media/a"));
		assert_int_equal(folder_file_rename_in_steps(dir, "a", "d", links), -ENOENT);
		unlink(in_scratch("media/c"));
	}
	close(dir);
}

static void a_power_cut_in_a_rename_leaves_one_name(void **state)
{
	char to[STORE_NAME_MAX + 1];
	unsigned moved = 0, kept = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		for (uint64_t at = 0;; at++) {
			struct powercut *c = powercut_new(1, seed, true);
			struct folder *f = folder_with_burned_disc(c);
			bool reached;

			powercut_plan(c, POWERCUT_POWER, c->ops + at, EIO);
			(void)postburn_rename(f, OLD, "X", to);
			reached = c->reached;
			f->ops->close(f);
			powercut_power_on(c, POWERCUT_JOURNAL);
			f = powercut_folder(c);
			assert_one_name(f, "power", at);
			moved += reached && powercut_has(c, NEW);
			kept += powercut_has(c, OLD);
			f->ops->close(f);
			powercut_free(c);
			if (!reached)
				break;
		}
	}
	assert_true(moved > 20 && kept > 20);
}

static void a_failed_rename_leaves_one_name(void **state)
{
	char to[STORE_NAME_MAX + 1];
	bool reached = true;
	int r;

	(void)state;
	for (uint64_t at = 0; reached; at++) {
		struct powercut *c = powercut_new(1, 1, true);
		struct folder *f = folder_with_burned_disc(c);

		powercut_plan(c, POWERCUT_ERRNO, c->ops + at, ENOSPC);
		r = postburn_rename(f, OLD, "X", to);
		reached = c->reached;
		powercut_plan(c, POWERCUT_NOTHING, 0, 0);
		assert_one_name(f, "errno", at);
		assert_string_equal(to, powercut_has(c, NEW) ? NEW : OLD);
		assert_true(r == 0 ? powercut_has(c, NEW) : r == -ENOSPC && powercut_has(c, OLD));
		f->ops->close(f);
		powercut_free(c);
	}
}

/* ---- blanks ------------------------------------------------------------------------------- */

/* Only the file with path ctx is in a drive; NULL: none. */
static bool is_in_use(void *ctx, dev_t dev, ino_t ino)
{
	struct stat st;

	(void)dev;
	return ctx && stat(ctx, &st) == 0 && st.st_ino == ino;
}

static void a_blank_gets_a_free_name_or_reuses_an_empty_image(void **state)
{
	int dir = open(in_scratch("media"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[POSTBURN_STEM], in_use[SCRATCH_PATH];

	(void)state;
	assert_int_equal(
		postburn_blank_name(dir, disc_medium_of_blank(), is_in_use, NULL, name), 0);
	assert_string_equal(name, "blank-1.iso");
	put_text("media/blank-1.iso", "data");
	put_text("media/blank-2.iso" STORE_SUFFIX, "of a deleted disc");
	put_text("media/blank-3.iso" CHECKSUM_SUFFIX, "of a deleted disc too");
	put_text("media/blank-4.iso", "");
	put_text("media/blank-5.iso", "");
	mkdir(in_scratch("media/blank-6.iso"), 0755);
	strcpy(in_use, in_scratch("media/blank-4.iso"));
	/* blank-4 is empty but in a drive; blank-5 is empty and in no drive. */
	assert_int_equal(
		postburn_blank_name(dir, disc_medium_of_blank(), is_in_use, in_use, name), 0);
	assert_string_equal(name, "blank-5.iso");
	put_text("media/blank-5.iso", "data");
	assert_int_equal(
		postburn_blank_name(dir, disc_medium_of_blank(), is_in_use, in_use, name), 0);
	assert_string_equal(name, "blank-7.iso");
	close(dir);
}

/* ---- checksums ---------------------------------------------------------------------------- */

static void checksum_of(const char *name, bool from_storage, char hex[CHECKSUM_HEX])
{
	struct checksum_request request = {.from_storage = from_storage};
	int fd = open(in_scratch(name), O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(checksum_file(fd, &request, hex), 0);
	close(fd);
}

/* Examples of FIPS 180-4; sizes around the 256 KiB that are read at a time. */
static void checksums_are_right_from_cache_and_storage(void **state)
{
	static const uint64_t size[] = {1, 2048, 262143, 262144, 262145, 1000000};
	char a[CHECKSUM_HEX], b[CHECKSUM_HEX];

	(void)state;
	for (int storage = 0; storage < 2; storage++) {
		put_text("media/abc", "abc");
		checksum_of("media/abc", storage, a);
		assert_string_equal(
			a, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
		put_text("media/empty", "");
		checksum_of("media/empty", storage, a);
		assert_string_equal(
			a, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	}
	for (size_t i = 0; i < ARRAY_LEN(size); i++) {
		put_size("media/n", size[i]);
		checksum_of("media/n", false, a);
		checksum_of("media/n", true, b);
		assert_string_equal(a, b);
	}
}

static void a_checksum_can_be_cancelled(void **state)
{
	atomic_bool stop = true;
	struct checksum_request request = {.stop = &stop};
	char hex[CHECKSUM_HEX];
	int fd;

	(void)state;
	put_size("media/n", 4096);
	fd = open(in_scratch("media/n"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(checksum_file(fd, &request, hex), -ECANCELED);
	close(fd);
}

static int sha256sum(const char *args)
{
	char line[SCRATCH_PATH + 128];

	snprintf(line, sizeof(line), "cd '%s' && sha256sum %s >/dev/null 2>&1", in_scratch("media"),
		args);
	return system(line);
}

static void sha256sum_accepts_the_checksum_files(void **state)
{
	static const char *const name[] = {"a.iso", "a b.iso", "back\\slash.iso", "\xc3\xa4.iso"};
	struct folder *f = media();
	char path[64], hex[CHECKSUM_HEX], args[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(name); i++) {
		snprintf(path, sizeof(path), "media/%s", name[i]);
		put_text(path, "abc");
		checksum_of(path, true, hex);
		assert_int_equal(checksum_write(f, name[i], hex, NULL), 0);
		snprintf(args, sizeof(args), "--strict -c '%s" CHECKSUM_SUFFIX "'", name[i]);
		assert_int_equal(sha256sum(args), 0);
		put_text(path, "abd");
		assert_int_not_equal(sha256sum(args), 0);
	}
	f->ops->close(f);
}

static void a_mismatch_is_marked_in_the_checksum_file(void **state)
{
	struct folder *f = media();
	char burned[CHECKSUM_HEX], now[CHECKSUM_HEX];
	const char *text;

	(void)state;
	put_text("media/a.iso", "burned");
	checksum_of("media/a.iso", false, burned);
	put_text("media/a.iso", "burNed");
	checksum_of("media/a.iso", false, now);
	put_text("media/.a.iso" CHECKSUM_SUFFIX ".new",
		"a longer file that a power cut has left here, "
		"from another time and of another disc, which must "
		"not be part of the new file in any way, not even its "
		"end, however long it is, and it is very long");
	assert_int_equal(checksum_write(f, "a.iso", burned, now), 0);
	text = get_text("media/a.iso" CHECKSUM_SUFFIX);
	assert_true(checksum_is_bad(text, strlen(text)));
	assert_non_null(strstr(text, now));
	assert_int_not_equal(sha256sum("-c a.iso" CHECKSUM_SUFFIX), 0);
	assert_int_equal(checksum_write(f, "a.iso", now, NULL), 0);
	text = get_text("media/a.iso" CHECKSUM_SUFFIX);
	assert_false(checksum_is_bad(text, strlen(text)));
	assert_int_equal(sha256sum("--strict -c a.iso" CHECKSUM_SUFFIX), 0);
	assert_false(exists("media/.a.iso" CHECKSUM_SUFFIX ".new"));
	assert_true(checksum_is_own_name("a.iso" CHECKSUM_SUFFIX));
	assert_false(checksum_is_own_name(CHECKSUM_SUFFIX));
	assert_false(checksum_is_own_name("a.iso"));
	f->ops->close(f);
}

/* ---- the drive record ----------------------------------------------------------------------- */

static void a_damaged_record_is_refused(void **state)
{
	static const struct last_disc some[] = {
		{.image = ""},
		{.image = "a.iso"},
		{.image = "folder/a b \xc3\xa4.iso", .burned = true, .configured = "c.iso"},
		{.image = "empty"},
		{.image = "burned", .configured = " "},
		{.image = "as cd", .as = IMAGE_AS_CD},
		{.image = "b", .burned = true, .as = IMAGE_AS_AUTO, .configured = "as dvd"},
		{.configured = "crc32 1"},
	};
	struct last_disc back, longest;
	char text[LAST_DISC_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(some); i++) {
		size_t n = last_disc_encode(&some[i], text);

		assert_null(last_disc_decode(text, n, &back));
		assert_string_equal(back.image, some[i].image);
		assert_string_equal(back.configured, some[i].configured);
		assert_int_equal(back.burned, some[i].burned);
		assert_int_equal(back.as, some[i].as);
		/* One byte is changed, or the end is missing. */
		for (size_t at = 0; at < n; at++) {
			text[at] ^= 0x20;
			if (at != n - 1)
				assert_non_null(last_disc_decode(text, n, &back));
			text[at] ^= 0x20;
			assert_non_null(last_disc_decode(text, at, &back));
		}
	}
	/* The longest names. */
	memset(&back, 0, sizeof(back));
	memset(back.image, 'i', sizeof(back.image) - 1);
	memset(back.configured, 'c', sizeof(back.configured) - 1);
	longest = back;
	assert_null(last_disc_decode(text, last_disc_encode(&longest, text), &back));
	assert_memory_equal(&back, &longest, sizeof(back));
	/* No line can hold this name: better no disc than the one before. */
	longest = (struct last_disc){
		.image = "a\nempty", .as = IMAGE_AS_CD, .burned = true, .configured = "c"};
	assert_null(last_disc_decode(text, last_disc_encode(&longest, text), &back));
	assert_string_equal(back.image, "");
	assert_string_equal(back.configured, "c");
	assert_int_equal(back.as, IMAGE_AS_DRIVE);
	assert_false(back.burned);
	assert_int_equal(last_disc_encode(&(struct last_disc){.configured = "a\nempty"}, text), 0);
	assert_non_null(last_disc_decode("", 0, &back));
	assert_non_null(last_disc_decode("\0\0\0", 3, &back));
}

static void a_record_is_read_after_a_restart(void **state)
{
	struct last_disc disc = {.image = "a.iso"};
	struct last_disc_store *l;

	(void)state;
	assert_int_equal(last_disc_new(in_scratch("media"), "drive0", &l), 0);
	assert_null(last_disc_get(l));
	last_disc_set(l, &disc);
	strcpy(disc.image, "b.iso");
	last_disc_set(l, &disc);
	assert_string_equal(last_disc_get(l)->image, "b.iso");
	last_disc_free(l);
	assert_true(exists("media/.mmcgadget-drive0.mmcdisc"));
	assert_false(exists("media/.mmcgadget-drive0.mmcdisc.new"));
	assert_int_equal(last_disc_new(in_scratch("media"), "drive0", &l), 0);
	assert_string_equal(last_disc_get(l)->image, "b.iso");
	last_disc_free(l);
	/* The record of another drive, then a damaged one. */
	assert_int_equal(last_disc_new(in_scratch("media"), "drive1", &l), 0);
	assert_null(last_disc_get(l));
	last_disc_free(l);
	put_text("media/.mmcgadget-drive0.mmcdisc", "mmcgadget drive 1\nimage a.iso\n");
	assert_int_equal(last_disc_new(in_scratch("media"), "drive0", &l), 0);
	assert_null(last_disc_get(l));
	last_disc_set(l, &disc);
	last_disc_free(l);
	assert_int_equal(last_disc_new(in_scratch("media"), "drive0", &l), 0);
	assert_string_equal(last_disc_get(l)->image, "b.iso");
	/* A disc whose name no record can hold: b.iso is not in the drive any more. */
	strcpy(disc.image, "c\nd.iso");
	last_disc_set(l, &disc);
	assert_string_equal(last_disc_get(l)->image, "c\nd.iso");
	last_disc_free(l);
	assert_int_equal(last_disc_new(in_scratch("media"), "drive0", &l), 0);
	assert_string_equal(last_disc_get(l)->image, "");
	last_disc_free(l);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, scratch_remove)
	const struct CMUnitTest tests[] = {
		T(a_label_gives_a_safe_name_or_none),
		T(a_name_that_windows_cannot_hold_is_told),
		T(a_long_label_is_cut_between_characters),
		T(a_time_gives_a_name),
		T(a_rename_skips_names_that_are_taken),
		T(the_state_file_is_renamed_with_the_image),
		T(a_rename_in_steps_overwrites_nothing),
		T(a_power_cut_in_a_rename_leaves_one_name),
		T(a_failed_rename_leaves_one_name),
		T(a_blank_gets_a_free_name_or_reuses_an_empty_image),
		T(checksums_are_right_from_cache_and_storage),
		T(a_checksum_can_be_cancelled),
		T(sha256sum_accepts_the_checksum_files),
		T(a_mismatch_is_marked_in_the_checksum_file),
		T(a_damaged_record_is_refused),
		T(a_record_is_read_after_a_restart),
	};

	return cmocka_run_group_tests_name("postburn", tests, NULL, NULL);
}
