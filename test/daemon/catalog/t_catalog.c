// SPDX-License-Identifier: GPL-2.0-or-later
/* The catalog of the media folder: order, kinds, labels; finding an image in it. */
#include "daemon/catalog/catalog_fixture.h"

#include <errno.h>

#include "protocol/answer.h"
#include "disc/disc_state.h"
#include "util/array.h"

static void a_list_is_sorted_by_bytes(void **state)
{
	(void)state;
	scan();
	assert_int_equal(list.count, 0);
	mkdir(in_scratch("media/a"), 0755);
	put_size("media/b.iso", 1);
	put_size("media/a.iso", 1);
	put_size("media/B.iso", 1);
	put_size("media/a/z.iso", 1);
	put_size("media/\xc3\xa4.iso", 1);
	scan();
	assert_string_equal(names(), "B.iso a.iso a/z.iso b.iso \xc3\xa4.iso ");
}

static void a_list_has_kind_and_usability(void **state)
{
	(void)state;
	put_size("media/blank", 0);
	put_size("media/disc.iso", 4096);
	put_size("media/odd", 4096);
	put_text("media/odd.mmcdisc", "nonsense\n");
	put_size("media/cleared", 0);
	put_text("media/cleared.mmcdisc", "nonsense\n");
	put_size("media/frozen", 0);
	chmod(in_scratch("media/frozen"), 0444);
	put_iso("media/secret", "SECRET");
	chmod(in_scratch("media/secret"), 0);
	put_size("media/huge", UINT64_C(0xfffffffe) * 2048 + 1);
	scan();
	assert_string_equal(names(), "blank cleared disc.iso frozen huge odd secret ");
	assert_string_equal(entry("blank")->kind, "blank");
	assert_true(entry("blank")->usable);
	assert_string_equal(entry("disc.iso")->kind, "iso");
	assert_true(entry("disc.iso")->usable);
	assert_int_equal(entry("disc.iso")->size, 4096);
	assert_string_equal(entry("odd")->problem, "its state file has no state of a disc");
	assert_true(entry("odd")->usable);
	assert_false(entry("cleared")->usable);
	assert_false(entry("frozen")->usable);
	assert_non_null(strstr(entry("frozen")->remark, ": chmod g+rw /media/frozen"));
	assert_null(entry("blank")->remark);
	assert_null(entry("cleared")->remark);
	assert_false(entry("secret")->usable);
	/* The file's mode forbids reading, so even root does not read the label. */
	assert_string_equal(entry("secret")->label, "");
	assert_false(entry("huge")->usable);
	assert_int_equal(list.unread, 0);
}

static void a_list_has_labels(void **state)
{
	(void)state;
	put_iso("media/a.iso", "DEBIAN 12");
	put_iso("media/evil", "A\x1b[2J\n\xff\xc2\x9b");
	put_iso("media/full", "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345");
	put_iso("media/none", "");
	put_size("media/zero", 100000);
	put_size("media/tiny", 5);
	put_iso("media/cut", "CUT");
	assert_int_equal(truncate(in_scratch("media/cut"), 16 * 2048 + 20), 0);
	scan();
	assert_string_equal(entry("a.iso")->label, "DEBIAN 12");
	assert_string_equal(entry("evil")->label, "A?[2J????");
	assert_string_equal(entry("full")->label, "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345");
	assert_string_equal(entry("none")->label, "");
	assert_string_equal(entry("zero")->label, "");
	assert_string_equal(entry("tiny")->label, "");
	assert_string_equal(entry("cut")->label, "");
}

/* The label of a disc with sessions is that of its last one, as on the host. */
static void the_label_is_that_of_the_last_session(void **state)
{
	struct disc_state s = {.medium = disc_medium_of(DISC_DVD_PLUS_R),
		.capacity = 2295104,
		.layout = {.sessions = 3,
			.tracks = 3,
			.track = {{.written = 32, .session = 1, .state = DISC_TRACK_CLOSED},
				{.start = 32,
					.written = 32,
					.session = 2,
					.state = DISC_TRACK_CLOSED},
				{.start = 64, .session = 3, .state = DISC_TRACK_INVISIBLE}}}};
	char text[STORE_TEXT_MAX];

	(void)state;
	put_iso("media/d.iso", "FIRST");
	put_iso_at("media/d.iso", 32 * 2048, "SECOND");
	assert_int_equal(truncate(in_scratch("media/d.iso"), 64 * 2048), 0);
	scan();
	assert_string_equal(entry("d.iso")->label, "FIRST");
	text[disc_state_encode(&s, text)] = '\0';
	put_text("media/d.iso.mmcdisc", text);
	scan();
	assert_string_equal(entry("d.iso")->kind, "appendable");
	assert_int_equal(entry("d.iso")->sessions, 2);
	assert_string_equal(entry("d.iso")->label, "SECOND");
	/* A link has the kind and label of its target, whose state file lies beside the target. */
	assert_int_equal(symlink("d.iso", in_scratch("media/link")), 0);
	scan();
	assert_string_equal(entry("link")->kind, "appendable");
	assert_string_equal(entry("link")->label, "SECOND");
}

static void links_outside_and_unprintable_names_are_left_out(void **state)
{
	char path[272] = "media/";

	(void)state;
	put_iso("outside/secret", "SECRET");
	assert_int_equal(symlink("../outside/secret", in_scratch("media/out")), 0);
	assert_int_equal(symlink("/proc/self/root/etc/passwd", in_scratch("media/magic")), 0);
	assert_int_equal(symlink("../outside", in_scratch("media/outdir")), 0);
	assert_int_equal(symlink("loop", in_scratch("media/loop")), 0);
	assert_int_equal(mkfifo(in_scratch("media/fifo"), 0644), 0);
	put_text("media/bad\x1b[2J", "x");
	put_text("media/new\nline", "x");
	put_text("media/bad\xff", "x");
	mkdir(in_scratch("media/dir\x07"), 0755);
	put_size("media/a \"quoted\" \\ name", 1);
	memset(path + 6, 'n', 250);
	put_size(path, 1);
	scan();
	assert_int_equal(list.count, 2);
	assert_int_equal(list.unnamed, 4);
	assert_true(entry("a \"quoted\" \\ name")->usable);
	/* The name of its state file would be too long. */
	assert_false(list.entry[1].usable);
}

static void labels_of_old_files_are_cached(void **state)
{
	(void)state;
	put_iso("media/a.iso", "ONE");
	put_iso("media/b.iso", "TWO");
	put_size("media/blank", 0);
	scan();
	assert_int_equal(label_reads, 2);
	/* A file written a moment ago may change unnoticed, so its label is not cached. */
	scan();
	assert_int_equal(label_reads, 2);
	wait_until_old("media/a.iso");
	scan();
	assert_int_equal(label_reads, 2);
	scan();
	assert_int_equal(label_reads, 0);
	assert_string_equal(entry("a.iso")->label, "ONE");
	/* Cached labels are listed even if no time is allowed for labels. */
	scan_for(0, CATALOG_MAX);
	assert_int_equal(list.unread, 0);
	assert_string_equal(entry("b.iso")->label, "TWO");
	/* A file with new contents is read again. */
	assert_int_equal(rename(in_scratch("media/b.iso"), in_scratch("media/c.iso")), 0);
	put_iso("media/a.iso", "THREE");
	scan();
	assert_string_equal(entry("a.iso")->label, "THREE");
	assert_string_equal(entry("c.iso")->label, "TWO");
	/* Labels of deleted files are dropped from the cache. */
	assert_int_equal(unlink(in_scratch("media/a.iso")), 0);
	wait_until_old("media/c.iso");
	scan();
	assert_int_equal(known.count, 1);
}

static void labels_are_read_for_a_limited_time(void **state)
{
	char path[64];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "media/%02u.iso", i);
		put_iso(path, "X");
	}
	scan_for(0, CATALOG_MAX);
	assert_int_equal(label_reads, 0);
	assert_int_equal(list.unread, 20);
	assert_null(list.entry[0].label);
	wait_until_old(path);
	/* A scan reads labels until its time is over; the next scan reads more. */
	slow_ms = 40;
	scan_for(200, CATALOG_MAX);
	assert_true(label_reads > 0 && label_reads <= 6);
	assert_int_equal(list.count, 20);
	assert_int_equal(list.unread, 20 - label_reads);
	for (unsigned i = 0; i < 20 && list.unread > 0; i++)
		scan_for(200, CATALOG_MAX);
	slow_ms = 0;
	assert_int_equal(list.unread, 0);
}

static void a_list_has_a_maximum_length(void **state)
{
	(void)state;
	put_size("media/a", 1);
	put_size("media/b", 1);
	put_size("media/c", 1);
	scan_for(0, 3);
	assert_false(list.more);
	scan_for(0, 2);
	assert_true(list.more);
	assert_string_equal(names(), "a b ");
}

/* An image that is being burned is locked; the scan neither takes nor heeds locks. */
static void locked_images_are_read_and_stay_locked(void **state)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct flock rd = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	int fd, other;

	(void)state;
	put_iso("media/a.iso", "LOCKED");
	fd = open(in_scratch("media/a.iso"), O_RDWR);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &fl), 0);
	scan();
	assert_string_equal(entry("a.iso")->label, "LOCKED");
	/* The lock still holds: it is an OFD lock, which closing another descriptor does not drop.
	 */
	other = open(in_scratch("media/a.iso"), O_RDONLY);
	assert_int_equal(fcntl(other, F_OFD_SETLK, &rd), -1);
	close(fd);
	assert_int_equal(fcntl(other, F_OFD_SETLK, &rd), 0);
	close(other);
}

/* ---- finding an image ------------------------------------------------------------------- */

static void a_name_wins_over_a_prefix_and_a_prefix_over_a_label(void **state)
{
	(void)state;
	mkdir(in_scratch("media/sub"), 0755);
	put_iso("media/debian-12.iso", "Debian 12.5 amd64");
	put_iso("media/debian-13.iso", "Debian 13.0 amd64");
	put_iso("media/debian", "other");
	put_iso("media/sub/x.iso", "FEDORA");
	put_iso("media/zz", "debian-12");
	put_iso("media/one", "TWIN");
	put_iso("media/two", "twin");
	scan();
	/* In this order: a name, the beginning of a name, a label. */
	FINDS("debian", "debian");
	FINDS("debian-12", "debian-12.iso");
	FINDS("sub/", "sub/x.iso");
	FINDS("Debian 12.5 AMD64", "debian-12.iso");
	FINDS("fed", "sub/x.iso");
	FINDS("OTHER", "debian");
	assert_int_equal(find("debian-").result, MATCH_MANY);
	assert_int_equal(find("debian-").count, 2);
	assert_int_equal(find("Debian 1").result, MATCH_MANY);
	assert_int_equal(find("Twin").result, MATCH_MANY);
	assert_int_equal(find("y").result, MATCH_NONE);
	assert_int_equal(find("").result, MATCH_NONE);
	/* In any case of the letters, and without the folders before it. */
	FINDS("DEBIAN", "debian");
	FINDS("DEBIAN-13", "debian-13.iso");
	FINDS("SUB/X.iso", "sub/x.iso");
	FINDS("X.ISO", "sub/x.iso");
	FINDS("x", "sub/x.iso");
	/* A whole label wins over the beginning of another label. */
	put_iso("media/four", "TWIN PEAKS");
	unlink(in_scratch("media/two"));
	scan();
	FINDS("twin", "one");
	/* Two names of one file are not ambiguous. */
	assert_int_equal(symlink("sub/x.iso", in_scratch("media/fed-link")), 0);
	assert_int_equal(symlink("sub/x.iso", in_scratch("media/fed-link2")), 0);
	scan();
	FINDS("FEDORA", "fed-link");
	FINDS("fed", "fed-link");
}

static void an_incomplete_list_gives_no_match(void **state)
{
	(void)state;
	put_iso("media/a.iso", "ONE");
	put_iso("media/b.iso", "TWO");
	scan_for(0, CATALOG_MAX);
	FINDS("a", "a.iso");
	assert_int_equal(find("ONE").result, MATCH_UNREAD);
	scan_for(5000, 1);
	FINDS("a.iso", "a.iso");
	assert_int_equal(find("a").result, MATCH_MORE);
	assert_int_equal(find("ONE").result, MATCH_MORE);
}

static void a_refusal_names_the_candidates(void **state)
{
	static const struct {
		const char *text, *code, *message;
	} rows[] = {
		{"n0", "ambiguous",
			"\"n0\" could be \"n00\", \"n01\", \"n02\", \"n03\", \"n04\" or one of 5 "
			"more"},
		{"n1", "ambiguous", "\"n1\" could be \"n10\" or \"n11\""},
		{"disc", "ambiguous", "\"disc\" could be \"x\" (DISC 1) or \"y\" (Disc 2)"},
	};
	char path[32];

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		snprintf(path, sizeof(path), "media/n%02u", i);
		put_size(path, 0);
	}
	put_iso("media/x", "DISC 1");
	put_iso("media/y", "Disc 2");
	scan();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct match p = find(rows[i].text);
		json_t *a = match_refusal(&list, &p, rows[i].text, "/media");

		assert_string_equal(
			json_string_value(json_object_get(a, "message")), rows[i].message);
		assert_string_equal(json_string_value(json_object_get(a, "code")), rows[i].code);
		assert_int_equal(json_array_size(json_object_get(a, "candidates")), p.count);
		json_decref(a);
	}
}

static void a_name_that_is_not_there_is_told_its_neighbours(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"deban-12.iso",
			"no image \"deban-12.iso\" in /media; did you mean \"debian-12.iso\" or "
			"\"debian-13.iso\"? mmcgadgetctl list shows all"},
		{"FILM.iso", "no image \"FILM.iso\" in /media; did you mean \"sub/film2.iso\"? "
			     "mmcgadgetctl list shows all"},
		{"ian-1", "no image \"ian-1\" in /media; did you mean \"debian-12.iso\" or "
			  "\"debian-13.iso\"? mmcgadgetctl list shows all"},
		{"nothing like it", "no image \"nothing like it\" in /media; mmcgadgetctl list "
				    "shows all"},
	};

	(void)state;
	mkdir(in_scratch("media/sub"), 0755);
	put_iso("media/debian-12.iso", "");
	put_iso("media/debian-13.iso", "");
	put_iso("media/sub/film2.iso", "");
	scan();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct match p = find(rows[i].text);
		json_t *a = match_refusal(&list, &p, rows[i].text, "/media");

		assert_string_equal(
			json_string_value(json_object_get(a, "message")), rows[i].message);
		assert_string_equal(json_string_value(json_object_get(a, "code")), "no-such-image");
		json_decref(a);
	}
}

static void neighbours_go_round_the_usable_images(void **state)
{
	(void)state;
	scan();
	assert_string_equal(neighbour(NULL, NULL, false), "(none)");
	assert_string_equal(neighbour("gone", NULL, true), "(none)");
	mkdir(in_scratch("media/sub"), 0755);
	put_size("media/a", 0);
	put_size("media/b", 0);
	put_size("media/locked", 0);
	chmod(in_scratch("media/locked"), 0);
	put_size("media/sub/x", 0);
	scan();
	assert_string_equal(neighbour(NULL, NULL, false), "a");
	assert_string_equal(neighbour(NULL, NULL, true), "sub/x");
	assert_string_equal(neighbour("a", NULL, false), "b");
	assert_string_equal(neighbour("b", NULL, false), "sub/x");
	assert_string_equal(neighbour("sub/x", NULL, false), "a");
	assert_string_equal(neighbour("a", NULL, true), "sub/x");
	assert_string_equal(neighbour("sub/x", NULL, true), "b");
	/* Another spelling of the disc in the drive, and a disc that was deleted. */
	assert_string_equal(neighbour("./b", "b", false), "sub/x");
	assert_string_equal(neighbour("./b", "b", true), "a");
	assert_string_equal(neighbour("aa", NULL, false), "b");
	assert_string_equal(neighbour("aa", NULL, true), "a");
	assert_string_equal(neighbour("zz", NULL, false), "a");
	assert_string_equal(neighbour("zz", NULL, true), "sub/x");
	/* A single image is its own neighbour. */
	unlink(in_scratch("media/b"));
	unlink(in_scratch("media/sub/x"));
	scan();
	assert_string_equal(neighbour("a", NULL, false), "a");
	assert_string_equal(neighbour("a", NULL, true), "a");
	chmod(in_scratch("media/a"), 0);
	scan();
	assert_string_equal(neighbour(NULL, NULL, false), "(none)");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_list_is_sorted_by_bytes),
		T(a_list_has_kind_and_usability),
		T(a_list_has_labels),
		T(the_label_is_that_of_the_last_session),
		T(links_outside_and_unprintable_names_are_left_out),
		T(labels_of_old_files_are_cached),
		T(labels_are_read_for_a_limited_time),
		T(a_list_has_a_maximum_length),
		T(locked_images_are_read_and_stay_locked),
		T(a_name_wins_over_a_prefix_and_a_prefix_over_a_label),
		T(an_incomplete_list_gives_no_match),
		T(a_refusal_names_the_candidates),
		T(a_name_that_is_not_there_is_told_its_neighbours),
		T(neighbours_go_round_the_usable_images),
	};

	return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
