// SPDX-License-Identifier: GPL-2.0-or-later
/* A cue sheet is renamed with its files, and they stay one disc. */
#include <errno.h>

#include "daemon/compact/compact_fixture.h"

#include "image/compact_rename.h"

static int rename_disc(const char *name, const char *to, struct compact_renamed *out)
{
	struct library_file f;
	struct folder *dir;
	int r = library_find(folder, name, &f);

	assert_int_equal(r, 0);
	dir = folder_file_of(f.dir_fd);
	assert_non_null(dir);
	memset(&why, 0, sizeof(why));
	r = compact_rename(dir, &f, to, out, &why);
	dir->ops->close(dir);
	library_forget(&f);
	return r;
}

static void assert_text(const char *name, const char *text)
{
	assert_string_equal(get_text(name), text);
}

static void rename_takes_the_files(void **state)
{
	struct compact_renamed d;

	(void)state;
	use_resolver();
	put_disc();
	put_sectors("media/xyz.bin", 10, 'z');
	if (rename_disc("x.cue", "My Album.cue", &d) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(d.parts, 2);
	assert_int_equal(d.kept, 0);
	assert_text("media/My Album.cue",
		"TITLE \"Album\"\nFILE \"My Album 1.bin\" BINARY\n TRACK 01 MODE1/2352\n"
		"  INDEX 01 00:00:00\nFILE \"My Album 2.BIN\" BINARY\n TRACK 02 AUDIO\n"
		"  INDEX 00 00:00:00\n  INDEX 01 00:02:00\n");
	assert_false(scratch_has("media/x.cue") || scratch_has("media/x 1.bin") ||
		     scratch_has("media/X 2.BIN"));
	assert_true(scratch_has("media/xyz.bin"));
	assert_int_equal(open_image("My Album.cue"), 0);
	assert_sector(999, 'd', 999, CD_MODE1);
	assert_sector(1499, 'a', 499, CD_AUDIO);
	/* A disc in a drive keeps the names of its files. */
	assert_int_equal(rename_disc("My Album.cue", "y.cue", &d), -EBUSY);
	image_fini(&image);
}

/* Only the name is replaced, and only where it names the file. */
static void rename_edits_names_alone(void **state)
{
	struct compact_renamed d;

	(void)state;
	use_resolver();
	put_sectors("media/x.bin", 1000, 'd');
	put_sectors("media/xylophone.bin", 300, 'y');
	put_text("media/x.cue",
		"\xef\xbb\xbfREM x.bin\r\nTITLE \"x.bin\"\r\nFILE C:\\x\\X.BIN BINARY\r\n"
		"TRACK 01 AUDIO\r\nINDEX 01 00:00:00\r\nFILE \"xylophone.bin\" BINARY\r\n"
		"TRACK 02 AUDIO\r\nINDEX 01 00:00:00");
	if (rename_disc("x.cue", "\xc3\xa9.cue", &d) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(d.parts, 1);
	assert_int_equal(d.kept, 1);
	assert_text("media/\xc3\xa9.cue",
		"\xef\xbb\xbfREM x.bin\r\nTITLE \"x.bin\"\r\nFILE C:\\x\\\xc3\xa9.bin BINARY\r\n"
		"TRACK 01 AUDIO\r\nINDEX 01 00:00:00\r\nFILE \"xylophone.bin\" BINARY\r\n"
		"TRACK 02 AUDIO\r\nINDEX 01 00:00:00");
	assert_true(scratch_has("media/xylophone.bin"));
}

/* A name that the text cannot hold: nothing changes. A file whose name it has otherwise stays. */
static void rename_in_other_characters(void **state)
{
	struct compact_renamed d;

	(void)state;
	use_resolver();
	put_sectors("media/x.bin", 1000, 'd');
	put_sectors("media/x \xc3\xa9.bin", 300, 'e');
	put_text("media/x.cue", "FILE x.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
				"FILE \"x \xe9.bin\" BINARY\nTRACK 02 AUDIO\nINDEX 01 00:00:00\n");
	assert_int_equal(rename_disc("x.cue", "\xc3\xbc.cue", &d), -EINVAL);
	assert_string_equal(why.code, "bad-name");
	assert_true(scratch_has("media/x.cue") && scratch_has("media/x.bin"));
	assert_int_equal(rename_disc("x.cue", "a\\b.cue", &d), -EINVAL);
	assert_int_equal(rename_disc("x.cue", "y.cue", &d), 0);
	assert_int_equal(d.parts, 1);
	assert_true(scratch_has("media/y.bin") && scratch_has("media/x \xc3\xa9.bin"));
	assert_int_equal(open_image("y.cue"), 0);
	image_fini(&image);
}

static void rename_leaves_what_others_need(void **state)
{
	struct compact_renamed d;

	(void)state;
	use_resolver();
	put_disc();
	put_text("media/copy.cue", "FILE \"x 1.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n");
	assert_int_equal(rename_disc("x.cue", "y.cue", &d), 0);
	assert_int_equal(d.parts, 1);
	assert_true(scratch_has("media/x 1.bin") && scratch_has("media/y 2.BIN"));
	assert_int_equal(open_image("y.cue"), 0);
	image_fini(&image);
	assert_int_equal(open_image("copy.cue"), 0);
	image_fini(&image);
	/* If the text is no disc, only the text is renamed. */
	put_text("media/z.cue", "FILE \"x 1.bin\" BINARY\nFILE gone BINARY\n");
	assert_int_equal(rename_disc("z.cue", "zz.cue", &d), 0);
	assert_int_equal(d.parts, 0);
	assert_true(scratch_has("media/zz.cue") && scratch_has("media/x 1.bin"));
	/* A name that is taken */
	put_text("media/x 2.BIN", "another");
	assert_int_equal(rename_disc("y.cue", "x.cue", &d), -EEXIST);
	assert_true(strstr(why.text, "\"x 2.BIN\", as a file of \"x.cue\" would be named"));
	assert_true(scratch_has("media/y.cue") && scratch_has("media/y 2.BIN"));
	/* Without the resolver nobody knows the files. */
	resolver_use("/nowhere", 0);
	assert_int_equal(rename_disc("y.cue", "w.cue", &d), -ENOPKG);
	use_resolver();
}

/* A .ccd finds its files by its own name. */
static void rename_of_a_ccd(void **state)
{
	static const char ccd[] = "[CloneCD]\nVersion=3\n[Disc]\nTocEntries=4\nSessions=1\n"
				  "[Session 1]\nPreGapMode=1\n"
				  "[Entry 0]\nSession=1\nPoint=0xa0\nADR=1\nControl=4\nPMin=1\n"
				  "[Entry 1]\nSession=1\nPoint=0xa1\nADR=1\nControl=4\nPMin=1\n"
				  "[Entry 2]\nSession=1\nPoint=0xa2\nADR=1\nControl=4\nPLBA=500\n"
				  "[Entry 3]\nSession=1\nPoint=0x01\nADR=1\nControl=4\nPLBA=0\n";
	struct compact_renamed d;
	struct image_compact_deleted gone;

	(void)state;
	use_resolver();
	put_text("media/x.ccd", ccd);
	put_sectors("media/x.img", 500, 'i');
	put_size("media/x.sub", 500 * 96);
	if (rename_disc("x.ccd", "y.ccd", &d) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(d.parts, 2);
	assert_text("media/y.ccd", ccd);
	assert_true(scratch_has("media/y.img") && scratch_has("media/y.sub"));
	assert_false(scratch_has("media/x.ccd") || scratch_has("media/x.img") ||
		     scratch_has("media/x.sub"));
	assert_int_equal(open_image("y.ccd"), 0);
	assert_sector(499, 'i', 499, CD_MODE1);
	image_fini(&image);
	put_text("media/other.cue", "FILE y.img BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n");
	assert_int_equal(rename_disc("y.ccd", "z.ccd", &d), -EINVAL);
	assert_true(scratch_has("media/y.ccd") && scratch_has("media/y.img") &&
		    scratch_has("media/y.sub"));
	assert_int_equal(unlink(in_scratch("media/other.cue")), 0);
	assert_int_equal(delete_disc("y.ccd", &gone), 0);
	assert_int_equal(gone.parts, 2);
	assert_false(scratch_has("media/y.img") || scratch_has("media/y.sub"));
}

/* The subchannels, in whatever case they are named, are moved and deleted with it. */
static void rename_of_a_ccd_in_capitals(void **state)
{
	struct image_compact_deleted gone;
	struct compact_renamed d;

	(void)state;
	use_resolver();
	put_text("media/x.ccd", "[Entry 2]\nSession=1\nPoint=0xa2\nControl=4\nPLBA=500\n"
				"[Entry 3]\nSession=1\nPoint=0x01\nControl=4\nPLBA=0\n");
	put_sectors("media/X.IMG", 500, 'i');
	put_size("media/X.SUB", 500 * 96);
	if (rename_disc("x.ccd", "y.ccd", &d) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(d.parts, 2);
	assert_int_equal(d.kept, 0);
	assert_true(scratch_has("media/y.IMG") && scratch_has("media/y.SUB"));
	assert_false(scratch_has("media/X.IMG") || scratch_has("media/X.SUB"));
	assert_int_equal(open_image("y.ccd"), 0);
	image_fini(&image);
	/* A disc that cannot be read is deleted with its files, too. */
	put_size("media/y.SUB", 500 * 96 - 1);
	assert_int_equal(delete_disc("y.ccd", &gone), 0);
	assert_int_equal(gone.parts, 2);
	assert_false(scratch_has("media/y.IMG") || scratch_has("media/y.SUB"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rename_takes_the_files, setup, teardown),
		cmocka_unit_test_setup_teardown(rename_edits_names_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(rename_in_other_characters, setup, teardown),
		cmocka_unit_test_setup_teardown(rename_leaves_what_others_need, setup, teardown),
		cmocka_unit_test_setup_teardown(rename_of_a_ccd, setup, teardown),
		cmocka_unit_test_setup_teardown(rename_of_a_ccd_in_capitals, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
