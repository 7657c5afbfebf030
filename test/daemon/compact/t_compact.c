// SPDX-License-Identifier: GPL-2.0-or-later
/* A cue sheet and its files are one disc: listed, opened and deleted as one. */
#include <errno.h>

#include "daemon/compact/compact_fixture.h"

#include "daemon/iso.h"
#include "util/array.h"

static void disc_has_the_sectors_of_all_files(void **state)
{
	(void)state;
	use_resolver();
	put_disc();
	if (open_image("x.cue") != 0)
		fail_msg("%s", why.text);
	assert_string_equal(image.name, "x.cue");
	assert_int_equal(image.size, 1500 * 2352);
	assert_false(image.recordable);
	assert_int_equal(disc_cd_map(image.disc)->tracks, 2);
	assert_int_equal(image.disc->medium->type, DISC_CD_ROM);
	assert_sector(-150, 0, 0, CD_MODE1);
	assert_sector(0, 'd', 0, CD_MODE1);
	assert_sector(999, 'd', 999, CD_MODE1);
	assert_sector(1000, 'a', 0, CD_AUDIO);
	assert_sector(1499, 'a', 499, CD_AUDIO);
	image_fini(&image);
}

static void refusals_say_why(void **state)
{
	const struct image_policy dvd = {.as = IMAGE_AS_DVD};

	(void)state;
	use_resolver();
	put_text("media/x.cue", CUE);
	put_sectors("media/x 1.bin", 1000, 'd');
	assert_int_equal(open_image("x.cue"), -EBADMSG);
	assert_string_equal(why.text, "x.cue line 5: the file \"x 2.bin\" is missing");
	image_fini(&image);
	assert_int_equal(
		image_open(folder, in_scratch("media"), "x.cue", &dvd, &image, &why), -EMEDIUMTYPE);
	assert_string_equal(
		why.text, "\"x.cue\" is the text of a compact disc; as= is for plain images");
	image_fini(&image);
	/* A file that its owner writes at this moment is left alone. */
	put_sectors("media/x 2.bin", 500, 'a');
	{
		int fd = open(in_scratch("media/x 2.bin"), O_RDWR);
		struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

		assert_int_equal(fcntl(fd, F_OFD_SETLK, &fl), 0);
		assert_int_equal(open_image("x.cue"), -EBUSY);
		assert_string_equal(why.text, "\"x 2.bin\", a file of \"x.cue\", is being written "
					      "by another program");
		image_fini(&image);
		close(fd);
	}
	assert_int_equal(open_image("x.cue"), 0);
	image_fini(&image);
}

static void disc_stays_while_its_files_go(void **state)
{
	struct disc_sectors s;

	(void)state;
	use_resolver();
	put_disc();
	assert_int_equal(open_image("x.cue"), 0);
	assert_int_equal(unlink(in_scratch("media/x.cue")), 0);
	assert_int_equal(rename(in_scratch("media/X 2.BIN"), in_scratch("media/z.bin")), 0);
	put_text("media/X 2.BIN", "another file");
	assert_sector(1499, 'a', 499, CD_AUDIO);
	/* The sectors after the new end of a cut file cannot be read. */
	assert_int_equal(truncate(in_scratch("media/x 1.bin"), 500 * 2352 + 100), 0);
	assert_sector(499, 'd', 499, CD_MODE1);
	assert_int_equal(disc_view_sectors(image.disc, 500, 1, &s), -EIO);
	assert_int_equal(disc_view_sectors(image.disc, 499, 2, &s), -EIO);
	assert_sector(1000, 'a', 0, CD_AUDIO);
	image_fini(&image);
}

static void disc_without_a_file(void **state)
{
	(void)state;
	use_resolver();
	put_text("media/s.toc", "CD_DA\nTRACK AUDIO\nSILENCE 00:10:00\n");
	if (open_image("s.toc") != 0)
		fail_msg("%s", why.text);
	assert_int_equal(disc_cd_map(image.disc)->track[0].length, 750);
	assert_string_equal(image.kind, "cd");
	assert_sector(749, 0, 0, CD_AUDIO);
	image_fini(&image);
}

/* ---- listing ------------------------------------------------------------------------------ */

static void list_has_the_text_and_not_its_files(void **state)
{
	const struct catalog_entry *e;

	(void)state;
	use_resolver();
	put_disc();
	put_size("media/other.bin", 2352 * 10);
	/* An ISO image is a disc, also if a text names it. */
	put_size("media/y.iso", 2048 * 600);
	put_text("media/y.cue", "FILE y.iso BINARY\nTRACK 01 MODE1/2048\nINDEX 01 00:00:00\n");
	for (unsigned i = 0; i < 2; i++) {
		scan();
		assert_int_equal(list.count, 4);
		assert_non_null(entry("other.bin"));
		assert_non_null(entry("y.iso"));
		e = entry("x.cue");
		assert_non_null(e);
		assert_string_equal(e->kind, "cd");
		assert_string_equal(e->medium, "cd-rom");
		assert_true(e->usable && e->is_disc);
		assert_string_equal(e->label, "Album");
		assert_null(e->problem);
		assert_int_equal(e->size, 1500 * 2352);
		assert_int_equal(e->tracks.data, 1);
		assert_int_equal(e->tracks.audio, 1);
		assert_int_equal(e->tracks.seconds, (1500 + 150) / 75);
		assert_int_equal(e->sessions, 1);
		assert_int_equal(list.unread, 0);
		assert_int_equal(entry("y.cue")->tracks.data, 1);
	}
}

/* An ISO image whose blocks are sectors of that size, with the user data from `user` on. */
static void put_sectors_of_iso(const char *name, const char *label, unsigned unit, unsigned user)
{
	unsigned char sector[2352];
	FILE *from, *to = fopen(in_scratch(name), "wb");

	assert_non_null(to);
	put_iso("media/made.iso", label);
	assert_int_equal(truncate(in_scratch("media/made.iso"), 400 * 2048), 0);
	from = fopen(in_scratch("media/made.iso"), "rb");
	assert_non_null(from);
	for (unsigned i = 0; i < 400; i++) {
		memset(sector, 0, sizeof(sector));
		assert_int_equal(fread(sector + user, 2048, 1, from), 1);
		assert_int_equal(fwrite(sector, unit, 1, to), 1);
	}
	assert_int_equal(fclose(from), 0);
	assert_int_equal(fclose(to), 0);
	assert_int_equal(unlink(in_scratch("media/made.iso")), 0);
}

/* The label is that of the volume which a host would mount. */
static void list_has_the_label_of_the_volume(void **state)
{
	(void)state;
	use_resolver();
	put_sectors_of_iso("media/1.bin", "MODE1", 2352, 16);
	put_sectors_of_iso("media/2.bin", "MODE2", 2336, 8);
	put_sectors("media/a.bin", 300, 'a');
	put_text("media/m1.cue",
		"TITLE \"Title\"\nFILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
		"FILE 1.bin BINARY\nTRACK 02 MODE1/2352\nINDEX 01 00:00:00\n");
	put_text("media/m2.cue",
		"FILE 1.bin BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\nREM SESSION 02\n"
		"FILE 2.bin BINARY\nTRACK 02 MODE2/2336\nINDEX 01 00:00:00\n");
	put_text("media/none.cue",
		"TITLE \"Caf\xe9\"\nFILE a.bin BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n");
	for (unsigned i = 0; i < 2; i++) {
		scan();
		assert_string_equal(entry("m1.cue")->label, "MODE1");
		assert_string_equal(entry("m2.cue")->label, "MODE2");
		assert_string_equal(entry("none.cue")->label, "Caf\xc3\xa9");
	}
}

/* A data track says itself what it is. Of other files nobody can tell. */
static void bin_without_a_cue(void **state)
{
	static const unsigned char head[2][16] = {
		{0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 2, 0, 2},
		{0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 2, 1, 2}};
	const struct image_policy dvd = {.as = IMAGE_AS_DVD};
	int fd;

	(void)state;
	put_sectors("media/x.bin", 600, 'x');
	assert_int_equal(open_image("x.bin"), -EBADMSG);
	assert_string_equal(why.text,
		"\"x.bin\" does not say what it is, and its cue sheet is missing; if it is an "
		"audio "
		"track, write one: printf 'FILE \"x.bin\" BINARY\\nTRACK 01 AUDIO\\nINDEX 01 "
		"00:00:00\\n' >NAME.cue; or insert it as it is, with as=dvd");
	image_fini(&image);
	fd = open(in_scratch("media/x.bin"), O_RDWR);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pwrite(fd, head[i], 16, i * 2352), 16);
	close(fd);
	assert_int_equal(open_image("x.bin"), 0);
	assert_string_equal(image.kind, "cd");
	assert_int_equal(disc_cd_map(image.disc)->session[0].lead_out, 600);
	assert_int_equal(disc_cd_map(image.disc)->session[0].format, 0x20);
	assert_int_equal(disc_cd_map(image.disc)->track[0].form, CD_XA);
	assert_sector(599, 'x', 599, CD_XA);
	image_fini(&image);
	assert_int_equal(image_open(folder, in_scratch("media"), "x.bin", &dvd, &image, &why), 0);
	assert_null(disc_cd_map(image.disc));
	image_fini(&image);
	for (unsigned i = 0; i < 2; i++) {
		scan();
		assert_string_equal(entry("x.bin")->kind, "cd");
		assert_string_equal(entry("x.bin")->medium, "cd-rom");
		assert_int_equal(entry("x.bin")->tracks.data, 1);
		assert_int_equal(entry("x.bin")->tracks.seconds, (600 + 150) / 75);
		assert_true(entry("x.bin")->usable && entry("x.bin")->is_disc);
	}
}

static void copy_chd(const char *to)
{
	FILE *in = fopen("test/fuzz/corpus/chd/iso", "rb"), *out = fopen(in_scratch(to), "wb");
	char bytes[4096];

	assert_true(in && out);
	assert_int_equal(fwrite(bytes, 1, fread(bytes, 1, sizeof(bytes), in), out), 988);
	assert_int_equal(fclose(in) | fclose(out), 0);
}

/* Without libchdr nobody wants the compressed bytes as a disc. */
static void chd_is_refused_without_libchdr(void **state)
{
	const struct image_policy dvd = {.as = IMAGE_AS_DVD};

	(void)state;
	use_resolver();
	decoder_use("/nowhere", 0);
	copy_chd("media/x.chd");
	assert_int_equal(open_image("x.chd"), -EBADMSG);
	assert_string_equal(why.text,
		"\"x.chd\" is a CHD, and this mmcgadget was built without libchdr-dev, which "
		"Debian 13 has; build it with that, or make a cue sheet and the files of it with "
		"chdman, which Debian has in the package mame-tools: chdman extractcd -i NAME.chd "
		"-o NAME.cue");
	image_fini(&image);
	scan();
	assert_int_equal(list.count, 1);
	assert_false(entry("x.chd")->usable);
	assert_string_equal(entry("x.chd")->fault, why.text);
	assert_int_equal(image_open(folder, in_scratch("media"), "x.chd", &dvd, &image, &why), 0);
	assert_null(disc_cd_map(image.disc));
	image_fini(&image);
	/* A file with the content of a CHD is one, whatever its suffix. */
	copy_chd("media/y.iso");
	assert_int_equal(open_image("y.iso"), -EBADMSG);
	image_fini(&image);
	put_text("media/x.chd", "MComprHd\n and hunks");
	assert_int_equal(open_image("x.chd"), -EBADMSG);
	assert_string_equal(why.text, "x.chd: it is no CHD, or it is cut");
	image_fini(&image);
}

/* The cached entry of a disc follows changes of its text and its files. */
static void list_follows_the_files(void **state)
{
	struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	(void)state;
	use_resolver();
	put_disc();
	assert_int_equal(utimensat(AT_FDCWD, in_scratch("media/x.cue"), old, 0), 0);
	/* The text's ctime is now: wait until a later change would give another ctime. */
	nanosleep(&(struct timespec){.tv_sec = 2, .tv_nsec = 100000000}, NULL);
	scan();
	assert_int_equal(entry("x.cue")->tracks.seconds, 22);
	/* From the cache: the resolver is not needed. */
	resolver_use("/nowhere", 0);
	scan();
	assert_int_equal(entry("x.cue")->tracks.seconds, 22);
	assert_int_equal(list.count, 1);
	use_resolver();
	put_sectors("media/X 2.BIN", 575, 'a');
	scan();
	assert_int_equal(entry("x.cue")->tracks.seconds, 23);
	assert_int_equal(rename(in_scratch("media/X 2.BIN"), in_scratch("media/z.bin")), 0);
	scan();
	assert_false(entry("x.cue")->usable);
	assert_string_equal(
		entry("x.cue")->problem, "x.cue line 5: the file \"x 2.bin\" is missing");
	/* The files of what is no disc are shown: people look for them. */
	assert_int_equal(list.count, 3);
	assert_string_equal(entry("x 1.bin")->kind, "unknown");
	assert_string_equal(entry("x 1.bin")->remark,
		"it is a file of a compact disc whose text cannot be read");
	/* A .ccd has its .img by its name, whatever is in it. */
	put_text("media/y.ccd", "[CloneCD]\n");
	put_size("media/y.img", 600 * 2352);
	scan();
	assert_string_equal(entry("y.ccd")->problem,
		"y.ccd: it is not a file of CloneCD: it has no [Entry] of a track");
	assert_string_equal(entry("y.img")->kind, "unknown");
}

/* A folder of broken texts costs a process for each only once. */
static void list_remembers_refusals(void **state)
{
	static const char problem[] = "y.cue line 1: the file \"y.bin\" is missing";

	(void)state;
	use_resolver();
	put_disc();
	put_text("media/y.cue", "FILE y.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n");
	/* The first sector of track 2 is in no file. */
	put_text("media/z.cue", "FILE \"x 1.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
				"TRACK 02 AUDIO\nINDEX 01 00:13:25\n");
	wait_until_old("media/z.cue");
	scan();
	assert_string_equal(entry("y.cue")->problem, problem);
	assert_non_null(entry("z.cue")->problem);
	resolver_use("/nowhere", 0);
	scan();
	assert_string_equal(entry("y.cue")->problem, problem);
	assert_false(entry("y.cue")->usable);
	assert_non_null(strstr(entry("z.cue")->problem, "z.cue"));
	assert_null(strstr(entry("z.cue")->problem, "/nowhere"));
	assert_string_equal(names(), "x.cue y.cue z.cue ");
	use_resolver();
	/* A file of z.cue changes, then a missing file of y.cue appears. */
	put_sectors("media/x 1.bin", 1001, 'd');
	scan();
	assert_null(entry("z.cue")->problem);
	put_sectors("media/y.bin", 10, 'a');
	scan();
	assert_null(entry("y.cue")->problem);
	assert_int_equal(entry("y.cue")->tracks.audio, 1);
}

static void list_that_has_no_time(void **state)
{
	(void)state;
	use_resolver();
	put_disc();
	scan_for(0, 100);
	assert_int_equal(entry("x.cue")->tracks.seconds, 0);
	assert_null(entry("x.cue")->label);
	assert_true(entry("x.cue")->usable);
	assert_true(list.unread >= 1);
}

static void put_cue(const char *name, const char *file)
{
	char text[600];

	snprintf(text, sizeof(text), "FILE \"%s\" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n",
		file);
	put_text(name, text);
}

static void names_of_strangers(void **state)
{
	char longest[256];
	int fd;

	(void)state;
	use_resolver();
	/* The longest name that Linux has. */
	memset(longest, 'x', 255);
	memcpy(longest + 251, ".bin", 5);
	fd = openat(folder, longest, O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0 && ftruncate(fd, 10 * 2352) == 0);
	close(fd);
	put_cue("media/long.cue", longest);
	put_cue("media/self.cue", "self.cue");
	assert_int_equal(mkfifo(in_scratch("media/f.bin"), 0666), 0);
	put_cue("media/fifo.cue", "f.bin");
	assert_int_equal(symlink("/etc/passwd", in_scratch("media/o.bin")), 0);
	put_cue("media/out.cue", "o.bin");
	scan();
	assert_null(entry("long.cue")->problem);
	assert_string_equal(entry("self.cue")->problem,
		"self.cue line 1: \"self.cue\" is the text itself, and not a file of sectors");
	assert_string_equal(entry("fifo.cue")->problem,
		"fifo.cue line 1: \"f.bin\" is a folder, a device or a pipe, and no file");
	assert_string_equal(entry("out.cue")->problem,
		"out.cue line 1: \"o.bin\" is a link that leads out of "
		"the media folder, or in a circle");
}

/* A file that a text names is not a blank, but one that is being copied. */
static void empty_file_of_a_text_is_no_blank(void **state)
{
	(void)state;
	use_resolver();
	put_size("media/x.bin", 0);
	put_size("media/other.bin", 0);
	put_cue("media/x.cue", "x.bin");
	scan();
	assert_true(entry("other.bin")->plain_blank && entry("other.bin")->usable);
	assert_false(entry("x.bin")->plain_blank || entry("x.bin")->usable);
	assert_string_equal(entry("x.bin")->remark, "it is empty, and a file of a compact disc");
	/* x.bin is no blank, too, if the text is a complete disc without it. */
	put_sectors("media/y.bin", 10, 'a');
	put_text("media/x.cue", "FILE y.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
				"FILE x.bin BINARY\n");
	scan();
	assert_null(entry("x.cue")->problem);
	assert_false(entry("x.bin")->plain_blank || entry("x.bin")->usable);
}

/* ---- deleting ----------------------------------------------------------------------------- */

static void delete_takes_the_files(void **state)
{
	struct image_compact_deleted d;

	(void)state;
	use_resolver();
	put_disc();
	put_size("media/other.bin", 2352 * 10);
	assert_int_equal(delete_disc("x.cue", &d), 0);
	assert_int_equal(d.parts, 2);
	assert_true(d.bytes >= 1500 * 2352);
	assert_false(scratch_has("media/x.cue") || scratch_has("media/x 1.bin") ||
		     scratch_has("media/X 2.BIN"));
	assert_true(scratch_has("media/other.bin"));
}

static void delete_leaves_what_others_need(void **state)
{
	struct image_compact_deleted d;

	(void)state;
	use_resolver();
	put_disc();
	put_text("media/copy.cue", "FILE \"x 1.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n");
	assert_int_equal(delete_disc("x.cue", &d), 0);
	assert_int_equal(d.parts, 1);
	assert_true(scratch_has("media/x 1.bin"));
	assert_false(scratch_has("media/X 2.BIN"));
	/* A disc of its own is not a part. */
	put_size("media/y.iso", 2048 * 600);
	put_text("media/y.cue", "FILE y.iso BINARY\nTRACK 01 MODE1/2048\nINDEX 01 00:00:00\n");
	assert_int_equal(delete_disc("y.cue", &d), 0);
	assert_true(scratch_has("media/y.iso"));
	/* Without the resolver nobody knows what else there is. */
	resolver_use("/nowhere", 0);
	assert_int_equal(delete_disc("copy.cue", &d), -ENOPKG);
	assert_true(scratch_has("media/copy.cue"));
	use_resolver();
	/* If the text has an error, only the text is deleted. */
	put_text("media/z.cue", "FILE \"x 1.bin\" BINARY\nFILE gone BINARY\n");
	assert_int_equal(delete_disc("z.cue", &d), 0);
	assert_int_equal(d.parts, 0);
	assert_true(scratch_has("media/x 1.bin"));
}

static void delete_refuses_what_is_in_a_drive(void **state)
{
	struct image_compact_deleted d;

	(void)state;
	use_resolver();
	put_disc();
	assert_int_equal(open_image("x.cue"), 0);
	assert_int_equal(delete_disc("x.cue", &d), -EBUSY);
	assert_true(scratch_has("media/x.cue") && scratch_has("media/x 1.bin") &&
		    scratch_has("media/X 2.BIN"));
	image_fini(&image);
	assert_int_equal(delete_disc("x.cue", &d), 0);
}

/* A text can name any file: those that are discs of their own, or belong to one, are not its. */
static void text_does_not_own_other_discs(void **state)
{
	struct image_compact_deleted d;

	(void)state;
	use_resolver();
	put_disc();
	put_size("media/burned", 2048 * 600);
	put_text("media/burned.mmcdisc", "mmcgadget disc\n");
	put_size("media/blank.img", 0);
	put_text("media/sums.sha256", "sum\n");
	put_size("media/q.bin", 10 * 2352);
	put_text("media/q.cue", "FILE q.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n");
	put_text("media/evil.cue",
		"FILE \"x 1.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
		"FILE burned BINARY\nFILE burned.mmcdisc BINARY\nFILE blank.img BINARY\n"
		"FILE sums.sha256 BINARY\nFILE q.cue BINARY\n");
	scan();
	assert_int_equal(entry("evil.cue")->tracks.audio, 1);
	assert_string_equal(names(), "blank.img burned evil.cue q.cue x.cue ");
	assert_int_equal(unlink(in_scratch("media/x.cue")), 0);
	assert_int_equal(delete_disc("evil.cue", &d), 0);
	assert_int_equal(d.parts, 1);
	assert_false(scratch_has("media/x 1.bin"));
	assert_true(scratch_has("media/burned") && scratch_has("media/burned.mmcdisc"));
	assert_true(scratch_has("media/blank.img") && scratch_has("media/sums.sha256"));
	assert_true(scratch_has("media/q.cue") && scratch_has("media/q.bin"));
}

/* A text that cannot be resolved now may be whole in a minute: what it names stays. */
static void delete_leaves_what_a_broken_text_names(void **state)
{
	struct image_compact_deleted d;

	(void)state;
	use_resolver();
	put_disc();
	put_text("media/copying.cue",
		"FILE \"gone.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"
		"FILE \"C:\\x 1.BIN\" BINARY\nTRACK 02 AUDIO\nINDEX 01 00:00:00\n");
	put_size("media/X 2.img", 0);
	put_text("media/Y.ccd", "[CloneCD]\n");
	assert_int_equal(delete_disc("x.cue", &d), 0);
	assert_true(scratch_has("media/x 1.bin"));
	assert_false(scratch_has("media/X 2.BIN"));
	assert_int_equal(d.parts, 1);
	/* The .img of a .ccd is named by the name of the .ccd. */
	put_size("media/y.img", 10 * 2352);
	put_text("media/z.cue", "FILE y.img BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n");
	assert_int_equal(delete_disc("z.cue", &d), 0);
	assert_true(scratch_has("media/y.img"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(disc_has_the_sectors_of_all_files, setup, teardown),
		cmocka_unit_test_setup_teardown(refusals_say_why, setup, teardown),
		cmocka_unit_test_setup_teardown(disc_stays_while_its_files_go, setup, teardown),
		cmocka_unit_test_setup_teardown(disc_without_a_file, setup, teardown),
		cmocka_unit_test_setup_teardown(
			list_has_the_text_and_not_its_files, setup, teardown),
		cmocka_unit_test_setup_teardown(list_has_the_label_of_the_volume, setup, teardown),
		cmocka_unit_test_setup_teardown(bin_without_a_cue, setup, teardown),
		cmocka_unit_test_setup_teardown(chd_is_refused_without_libchdr, setup, teardown),
		cmocka_unit_test_setup_teardown(list_follows_the_files, setup, teardown),
		cmocka_unit_test_setup_teardown(list_remembers_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(names_of_strangers, setup, teardown),
		cmocka_unit_test_setup_teardown(empty_file_of_a_text_is_no_blank, setup, teardown),
		cmocka_unit_test_setup_teardown(list_that_has_no_time, setup, teardown),
		cmocka_unit_test_setup_teardown(delete_takes_the_files, setup, teardown),
		cmocka_unit_test_setup_teardown(delete_leaves_what_others_need, setup, teardown),
		cmocka_unit_test_setup_teardown(delete_refuses_what_is_in_a_drive, setup, teardown),
		cmocka_unit_test_setup_teardown(text_does_not_own_other_discs, setup, teardown),
		cmocka_unit_test_setup_teardown(
			delete_leaves_what_a_broken_text_names, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
