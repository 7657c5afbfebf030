// SPDX-License-Identifier: GPL-2.0-or-later
/* A cue sheet and its files by the control commands: insert, list, next, rename, delete. */
#include "daemon/control/control_fixture.h"

#include "daemon/iso.h"
#include "daemon/resolver_fixture.h"

#define CUE                                                                                        \
	"FILE \"x 1.bin\" BINARY\n TRACK 01 MODE1/2352\n  INDEX 01 00:00:00\n"                     \
	"FILE \"x 2.bin\" BINARY\n TRACK 02 AUDIO\n  INDEX 00 00:00:00\n  INDEX 01 00:02:00\n"

static void put_disc(void)
{
	put_text("media/x.cue", CUE);
	put_size("media/x 1.bin", 1000 * 2352);
	put_size("media/x 2.bin", 500 * 2352);
}

static void cue_is_one_disc(void **state)
{
	const char *text;

	(void)state;
	use_resolver();
	put_disc();
	put_iso("media/z.iso", "LAST");
	FIFO("insert x.cue\n", "ok: drive0: inserted x.cue (CD-ROM, 3.53 MB)");
	fifo_slow("list\n", "ok: 4 images in ");
	text = get_text("run/status");
	assert_non_null(
		strstr(text, "CD-ROM, 1 data and 1 audio tracks, 0:22   3.53 MB  drive0\n"));
	assert_null(strstr(text, "x 1.bin"));
	/* next and prev do not take the files of x.cue for discs. */
	FIFO("next\n", "ok: drive0: inserted z.iso (DVD-ROM, 40.96 kB)");
	FIFO("prev\n", "ok: drive0: inserted x.cue (CD-ROM, 3.53 MB)");
	FIFO("insert x\n", "ok: drive0: inserted x.cue (CD-ROM, 3.53 MB)");
	FIFO("eject\n", "ok: drive0: ejected x.cue");
}

static void cue_without_a_file_is_refused(void **state)
{
	(void)state;
	use_resolver();
	put_disc();
	assert_int_equal(unlink(in_scratch("media/x 2.bin")), 0);
	FIFO("insert x.cue\n", "error: x.cue line 4: the file \"x 2.bin\" is missing");
	fifo_slow("list\n", "ok: 4 images in ");
	assert_non_null(
		strstr(get_text("run/status"), "x.cue line 4: the file \"x 2.bin\" is missing"));
}

/* The same help for a text whose file may not be read, wherever the text is refused. */
static void cue_with_a_locked_file_says_what_helps(void **state)
{
	char help[512], want[640];
	int fd = connect_client();

	(void)state;
	use_resolver();
	put_disc();
	assert_int_equal(chmod(in_scratch("media/x 2.bin"), 0), 0);
	snprintf(help, sizeof(help),
		"mmcgadgetd may not read the file \"x 2.bin\"; it belongs to %s: chmod g+r "
		"'%s/media/x 2.bin'",
		own_name(), scratch);
	snprintf(want, sizeof(want), "error: x.cue line 4: %s", help);
	FIFO("insert x.cue\n", want);
	fifo_slow("list\n", "ok: 5 images in ");
	snprintf(want, sizeof(want), "(read-only: x.cue line 4: %s)\n", help);
	assert_non_null(strstr(get_text("run/status"), want));
	send_text(fd, "list\n");
	snprintf(want, sizeof(want), ": chmod g+r '%s/media/x 2.bin'\",\"damaged\"", scratch);
	assert_non_null(strstr(receive_line(fd), want));
	/* It takes effect at once. */
	assert_int_equal(chmod(in_scratch("media/x 2.bin"), 0640), 0);
	fifo_slow("list\n", "ok: 3 images in ");
	FIFO("insert x.cue\n", "ok: drive0: inserted x.cue (CD-ROM, 3.53 MB)");
	/* A .ccd can do without its .sub, and this one is refused for another reason. */
	put_text("media/y.ccd", "[Entry 0]\nSession=1\nPoint=0x01\nPLBA=0\n");
	put_size("media/y.img", 500 * 2352);
	put_size("media/y.sub", 500 * 96);
	assert_int_equal(chmod(in_scratch("media/y.sub"), 0), 0);
	FIFO("insert y.ccd\n", "error: y.ccd: session 1 has no lead-out");
	close(fd);
}

static void cue_is_renamed_and_deleted(void **state)
{
	char other[SCRATCH_PATH];

	(void)state;
	use_resolver();
	put_disc();
	FIFO("insert x.cue\n", "ok: drive0: inserted x.cue (CD-ROM, 3.53 MB)");
	FIFO("delete x.cue\n", "error: \"x.cue\" is in drive0; take it out first: mmcgadgetctl "
			       "eject drive=drive0");
	FIFO("eject\n", "ok: drive0: ejected x.cue");
	FIFO("rename x.cue x.iso\n",
		"error: \"x.cue\" is the text of a compact disc; its new name must end in .cue");
	FIFO("rename a.iso a.cue\n",
		"error: \"a.cue\" is a name for the text of a compact disc, and "
		"\"a.iso\" is none");
	wait_unlocked("media/x 1.bin");
	wait_unlocked("media/x 2.bin");
	fifo_slow("rename x.cue album\n", "ok: renamed x.cue to album.cue with its 2 files");
	assert_true(scratch_has("media/album 1.bin") && scratch_has("media/album 2.bin"));
	assert_false(scratch_has("media/x.cue") || scratch_has("media/x 1.bin") ||
		     scratch_has("media/x 2.bin"));
	FIFO("insert album.cue\n", "ok: drive0: inserted album.cue (CD-ROM, 3.53 MB)");
	FIFO("eject\n", "ok: drive0: ejected album.cue");
	wait_unlocked("media/album 2.bin");
	put_text("media/new 2.bin", "another");
	fifo_slow("rename album.cue new\n",
		"error: \"new 2.bin\", as a file of \"new.cue\" would be named, exists, or a state "
		"or checksum of that name; nothing is overwritten: take another name, or delete "
		"that one first");
	fifo_slow("delete \"album 1.bin\"\n",
		"error: \"album 1.bin\" is a file of the disc \"album.cue\"; delete that one, and "
		"its files go with it");
	fifo_slow("rename \"album 1.bin\" z.bin\n",
		"error: \"album 1.bin\" is a file of the disc \"album.cue\"; rename that one, and "
		"its files go with it");
	/* Another name of the text keeps a few bytes, and not the room of the disc's files. */
	snprintf(other, sizeof(other), "%s", in_scratch("other.cue"));
	assert_int_equal(link(in_scratch("media/album.cue"), other), 0);
	fifo_slow("delete album.cue\n", "ok: deleted album.cue with its 2 files, ");
	assert_false(scratch_has("media/album.cue") || scratch_has("media/album 1.bin") ||
		     scratch_has("media/album 2.bin"));
	put_text("media/y.ccd", "[CloneCD]\n");
	fifo_slow("rename y.ccd z.ccd\n",
		"error: y.ccd: it is not a file of CloneCD: it has no [Entry] of a track");
	/* The name of an album that its files do not have */
	put_text("media/a.cue", "FILE \"01 Song.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n");
	put_size("media/01 Song.bin", 600 * 2352);
	fifo_slow("rename a.cue b\n", "ok: renamed a.cue to b.cue; its files keep their names");
	assert_true(scratch_has("media/b.cue") && scratch_has("media/01 Song.bin"));
}

static void blank_has_no_name_of_a_text(void **state)
{
	(void)state;
	FIFO("blank new.cue\n", "error: \"new.cue\" is a name for the text of a compact disc, and "
				"not for a blank");
	assert_false(scratch_has("media/new.cue"));
}

static void file_of_a_loaded_cue_stays(void **state)
{
	(void)state;
	use_resolver();
	put_disc();
	/* The daemon may not write this file, so it cannot lock it; it sees the drive's lock. */
	assert_int_equal(chmod(in_scratch("media/x 1.bin"), 0444), 0);
	FIFO("insert x.cue\n", "ok: drive0: inserted x.cue (CD-ROM, 3.53 MB)");
	FIFO("delete \"x 1.bin\"\n", "error: \"x 1.bin\" is in use by another program, or left a "
				     "drive just now; ask again");
	FIFO("rename \"x 1.bin\" y.bin\n",
		"error: \"x 1.bin\" is in use by another program, or left a drive just now; ask "
		"again");
	assert_true(scratch_has("media/x 1.bin"));
	FIFO("eject\n", "ok: drive0: ejected x.cue");
}

/* A text that is being copied is empty at first. */
static void empty_text_is_no_blank(void **state)
{
	(void)state;
	put_size("media/x.cue", 0);
	FIFO("insert x.cue\n", "error: \"x.cue\" is empty: the text of a compact disc is to be "
			       "in it");
	fifo_slow("list\n", "ok: 3 images in ");
	assert_null(strstr(get_text("run/status"), "blank"));
	assert_non_null(strstr(get_text("run/status"), "it is empty"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(cue_is_one_disc),
		T(cue_without_a_file_is_refused),
		T(cue_with_a_locked_file_says_what_helps),
		T(cue_is_renamed_and_deleted),
		T(blank_has_no_name_of_a_text),
		T(file_of_a_loaded_cue_stays),
		T(empty_text_is_no_blank),
	};

	return cmocka_run_group_tests_name("cue", tests, NULL, NULL);
}
