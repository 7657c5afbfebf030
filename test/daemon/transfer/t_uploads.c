// SPDX-License-Identifier: GPL-2.0-or-later
/* Uploads: from the descriptor to the disc, and each refusal. */
#include "daemon/transfer/upload_fixture.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "util/array.h"
#include "util/crc32.h"

#define SIZE 300000u

static int with_folder(void **state)
{
	int r = setup(state);

	return r == 0 ? mkdir(in_scratch("media/sub"), 0755) : r;
}

static void an_upload_becomes_a_disc(void **state)
{
	int fd = connect_client();
	struct upload u = begin(fd, "upload new.iso size=300000");
	struct stat st;
	json_t *a;

	(void)state;
	assert_int_equal(u.offset, 0);
	/* Only the daemon may open the part file, and no list shows it. */
	assert_int_equal(fstat(u.fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(fcntl(u.fd, F_GETFL) & O_ACCMODE, O_WRONLY);
	assert_int_equal(hidden_files(), 2);
	write_bytes(u.fd, 0, SIZE);
	save_at(fd, &u, SIZE);
	assert_false(scratch_has("media/new.iso"));
	close(u.fd);
	a = ask_fd(fd, NULL, "upload-end %s\n", u.id);
	expect_ok(a);
	assert_string_equal(field_text(a, "message"), "uploaded new.iso, 300.00 kB");
	assert_string_equal(field_text(a, "image"), "new.iso");
	json_decref(a);
	check_bytes("media/new.iso", SIZE);
	assert_int_equal(stat(in_scratch("media/new.iso"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(hidden_files(), 0);
	refused(fd, "no-such-upload", "ended or dropped", "upload-end 0123456789abcdef");
	/* It is a disc like any other. */
	fifo_slow("insert new.iso\n", "ok: drive0: inserted new.iso");
	close(fd);
}

static void every_refusal_says_what_to_do(void **state)
{
	// clang-format off
	static const struct { const char *code, *part, *line; } rows[] = {
		{ "bad-arguments", "size is missing", "upload x.iso" },
		{ "bad-arguments", "takes a number of bytes", "upload x.iso size=-1" },
		{ "bad-arguments", "takes a number of bytes", "upload x.iso size=1k" },
		{ "bad-arguments", "takes a number of bytes", "upload x.iso size=18446744073709551616" },
		{ "bad-arguments", "a blank is made by", "upload x.iso size=0" },
		{ "too-large", "more than any disc", "upload x.iso size=1099511627777" },
		{ "bad-arguments", "64 hexadecimal digits", "upload x.iso size=1 sha256=12" },
		{ "no-room", "eject a blank", "upload x.iso size=1099511627776" },
		{ "exists", "nothing is overwritten", "upload a.iso size=1" },
		{ "exists", "nothing is overwritten", "upload orphan.iso size=1" },
		{ "bad-name", "begins with a dot", "upload .x.iso size=1" },
		{ "bad-name", "begins as an option does", "upload -x.iso size=1" },
		{ "bad-name", "folder that begins with a dot", "upload .d/x.iso size=1" },
		{ "bad-name", "begins with a dot", "upload ../x.iso size=1" },
		{ "bad-name", "begins with a dot", "upload d/../../x.iso size=1" },
		{ "bad-name", "outside of the media folder", "upload /etc/x.iso size=1" },
		{ "bad-name", "name of a folder", "upload d/ size=1" },
		{ "bad-name", "state files", "upload x.mmcdisc size=1" },
		{ "bad-name", "checksums", "upload x.sha256 size=1" },
		{ "bad-name", "still being copied", "upload x.iso.part size=1" },
		{ "no-such-folder", "none", "upload none/x.iso size=1" },
		{ "no-such-folder", "Not a directory", "upload a.iso/x.iso size=1" },
		{ "outside", "outside of", "upload out/x.iso size=1" },
		{ "bad-arguments", "too few arguments", "upload size=1" },
		{ "no-such-upload", "ended or dropped", "upload-open 0123456789abcdef" },
		{ "no-such-upload", "ended or dropped", "upload-at 0123456789abcdef offset=1" },
		{ "no-such-upload", "ended or dropped", "upload-drop ../../etc/passwd" },
		{ "no-such-upload", "ended or dropped", "upload-drop 0123456789ABCDEF" },
		{ "bad-arguments", "takes a number of bytes", "upload-at 0123456789abcdef offset=x" },
		{ "bad-name", "begins with a dot", "upload-end 0123456789abcdef as=.x" },
	};
	// clang-format on
	int fd = connect_client();

	(void)state;
	put_text("media/orphan.iso.mmcdisc", "state\n");
	assert_int_equal(symlink("/", in_scratch("media/out")), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		refused(fd, rows[i].code, rows[i].part, rows[i].line);
	assert_int_equal(hidden_files(), 0);
	FIFO("upload x.iso size=5\n", "error: upload: the descriptor would have no reader; connect "
				      "to the socket, or type: "
				      "mmcgadgetctl upload FILE");
	FIFO("uploads\n", "ok: 0 unfinished uploads");
	close(fd);
}

static void it_goes_on_where_the_text_says(void **state)
{
	int fd = connect_client(), other = connect_to("run/web");
	struct upload u = begin(fd, "upload sub/new.iso size=300000");
	json_t *a;

	(void)state;
	write_bytes(u.fd, 0, 100000);
	save_at(fd, &u, 100000);
	/* This is written, but nobody has said that it is on storage. */
	write_bytes(u.fd, 100000, 150000);
	/* One writer at a time, whatever its socket is. */
	refused(other, "busy", "open for writing", "upload sub/new.iso size=300000");
	close(u.fd);
	refused(fd, "exists", "with other data", "upload sub/new.iso size=300001");
	u = begin(other, "upload sub/new.iso size=300000");
	assert_int_equal(u.offset, 100000);
	assert_int_equal(lseek(u.fd, 0, SEEK_END), 100000);
	close(u.fd);
	/* By its id, too. */
	a = ask_fd(fd, &u.fd, "upload-open %s\n", u.id);
	expect_ok(a);
	assert_true(json_is_true(json_object_get(a, "resumed")));
	assert_string_equal(field_text(a, "image"), "sub/new.iso");
	json_decref(a);
	write_bytes(u.fd, 100000, SIZE);
	save_at(fd, &u, SIZE);
	close(u.fd);
	a = ask_fd(fd, NULL, "upload-end %s\n", u.id);
	expect_ok(a);
	json_decref(a);
	check_bytes("media/sub/new.iso", SIZE);
	close(other);
	close(fd);
}

static void the_offset_is_a_promise(void **state)
{
	int fd = connect_client();
	struct upload u = begin(fd, "upload new.iso size=300000");
	char line[128];

	(void)state;
	write_bytes(u.fd, 0, 2000);
	save_at(fd, &u, 1000);
	snprintf(line, sizeof(line), "upload-at %s offset=999", u.id);
	refused(fd, "bad-offset", "1000 are already", line);
	snprintf(line, sizeof(line), "upload-at %s offset=2001", u.id);
	refused(fd, "bad-offset", "the part file has 2000", line);
	snprintf(line, sizeof(line), "upload-at %s offset=300001", u.id);
	refused(fd, "bad-offset", "the whole has 300000", line);
	write_bytes(u.fd, 2000, SIZE);
	/* All of it was written, and not all of it is known to be on storage. */
	close(u.fd);
	snprintf(line, sizeof(line), "upload-end %s", u.id);
	refused(fd, "incomplete", "1000 of the 300000", line);
	assert_false(scratch_has("media/new.iso"));
	snprintf(line, sizeof(line), "upload-drop %s", u.id);
	json_decref(ask_fd(fd, NULL, "%s\n", line));
	assert_int_equal(hidden_files(), 0);
	refused(fd, "no-such-upload", "ended or dropped", line);
	close(fd);
}

/* 9.1 of the threats: a descriptor, a copy of it, or a mapping, could change the disc later. */
static void it_does_not_end_while_somebody_can_write(void **state)
{
	int fd = connect_client(), copy;
	struct upload u = begin(fd, "upload new.iso size=300000");
	char line[128];
	void *map;
	int rw;
	json_t *a;

	(void)state;
	write_bytes(u.fd, 0, SIZE);
	save_at(fd, &u, SIZE);
	snprintf(line, sizeof(line), "upload-end %s", u.id);
	refused(fd, "busy", "open for writing", line);
	copy = dup(u.fd);
	close(u.fd);
	refused(fd, "busy", "open for writing", line);
	close(copy);
	/* A mapping needs a descriptor that can read as well, which only root or the daemon can
	 * get. */
	{
		glob_t g;

		assert_int_equal(
			glob(in_scratch("media/.mmcgadget-????????????????.part"), 0, NULL, &g), 0);
		rw = open(g.gl_pathv[0], O_RDWR | O_CLOEXEC);
		globfree(&g);
	}
	assert_true(rw >= 0);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, rw, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	close(rw);
	refused(fd, "busy", "open for writing", line);
	munmap(map, 4096);
	a = ask_fd(fd, NULL, "%s\n", line);
	expect_ok(a);
	json_decref(a);
	close(fd);
}

static void a_name_that_appears_meanwhile_is_not_overwritten(void **state)
{
	int fd = connect_client();
	struct upload u = begin(fd, "upload new.iso size=300000");
	char line[128];
	json_t *a;

	(void)state;
	write_bytes(u.fd, 0, SIZE);
	save_at(fd, &u, SIZE);
	close(u.fd);
	put_text("media/new.iso", "another");
	snprintf(line, sizeof(line), "upload-end %s", u.id);
	refused(fd, "exists", "as=OTHER", line);
	assert_string_equal(get_text("media/new.iso"), "another");
	unlink(in_scratch("media/new.iso"));
	put_text("media/new.iso.mmcdisc", "state of another disc\n");
	refused(fd, "exists", "as=OTHER", line);
	/* What is beside the name cannot be looked at. */
	unlink(in_scratch("media/new.iso.mmcdisc"));
	assert_int_equal(symlink("nowhere", in_scratch("media/new.iso.mmcdisc")), 0);
	refused(fd, "io-error", "symbolic links", line);
	assert_int_equal(symlink("nowhere", in_scratch("media/two.iso.mmcdisc")), 0);
	refused(fd, "io-error", "cannot be looked at", "upload two.iso size=5");
	snprintf(line, sizeof(line), "upload-end %s as=other/new.iso", u.id);
	refused(fd, "bad-name", "folder that it was begun in", line);
	a = ask_fd(fd, NULL, "upload-end %s as=\"my disc.iso\"\n", u.id);
	expect_ok(a);
	assert_string_equal(field_text(a, "image"), "my disc.iso");
	json_decref(a);
	check_bytes("media/my disc.iso", SIZE);
	assert_int_equal(hidden_files(), 0);
	close(fd);
}

#define SHA_300000 "f3ba4c5d1d3a4b6ec35bb2b2e2f43a0d9f0e41a6d7f5ad6b6c2c9a5d0c3a1b2e"

static void an_announced_checksum_is_compared(void **state)
{
	int fd = connect_client();
	struct upload u;
	char line[200], sha[65], want[140];
	json_t *a;

	(void)state;
	u = begin(fd, "upload bad.iso size=300000 sha256=" SHA_300000);
	write_bytes(u.fd, 0, SIZE);
	save_at(fd, &u, SIZE);
	close(u.fd);
	a = ask_fd(fd, NULL, "upload-end %s\n", u.id);
	assert_string_equal(field_text(a, "code"), "checksum");
	assert_string_equal(field_text(a, "wanted"), SHA_300000);
	snprintf(sha, sizeof(sha), "%s", field_text(a, "sha256"));
	assert_int_equal(strlen(sha), 64);
	json_decref(a);
	assert_false(scratch_has("media/bad.iso"));
	/* Another sum is other data. */
	snprintf(line, sizeof(line), "upload bad.iso size=300000 sha256=%s", sha);
	refused(fd, "exists", "with other data", line);
	json_decref(ask_fd(fd, NULL, "upload-drop %s\n", u.id));
	snprintf(line, sizeof(line), "upload good.iso size=300000 sha256=%s", sha);
	u = begin(fd, line);
	write_bytes(u.fd, 0, SIZE);
	save_at(fd, &u, SIZE);
	close(u.fd);
	a = ask_fd(fd, NULL, "upload-end %s\n", u.id);
	expect_ok(a);
	assert_string_equal(field_text(a, "sha256"), sha);
	json_decref(a);
	check_bytes("media/good.iso", SIZE);
	snprintf(want, sizeof(want), "%s  good.iso\n", sha);
	assert_string_equal(get_text("media/good.iso.sha256"), want);
	close(fd);
}

/* At random moments, the client closes its descriptor or the daemon is killed. */
static void kills_at_random_lose_nothing_that_was_saved(void **state)
{
	uint64_t at = 0;
	unsigned seed = 16;
	struct upload u;
	int fd;
	json_t *a;

	(void)state;
	for (unsigned kill = 0; kill < 30 && at < SIZE; kill++) {
		uint64_t to, saved;

		fd = connect_to(kill % 2 ? "run/web" : "run/socket");
		u = begin(fd, "upload new.iso size=300000");
		assert_int_equal(u.offset, at);
		to = at + (uint64_t)rand_r(&seed) % 30000;
		to = to > SIZE ? SIZE : to;
		saved = at + (to > at ? (uint64_t)rand_r(&seed) % (to - at + 1) : 0);
		write_bytes(u.fd, at, to);
		save_at(fd, &u, saved);
		at = saved;
		/* Garbage behind it, as a card may have after a power cut. */
		if (to < SIZE)
			assert_int_equal(pwrite(u.fd, "garbage", 7, (off_t)to + 100), 7);
		close(u.fd);
		close(fd);
		if (kill % 3 == 0) {
			control_free(control);
			assert_int_equal(make_control(), 0);
		}
	}
	fd = connect_client();
	u = begin(fd, "upload new.iso size=300000");
	assert_int_equal(u.offset, at);
	write_bytes(u.fd, at, SIZE);
	save_at(fd, &u, SIZE);
	close(u.fd);
	a = ask_fd(fd, NULL, "upload-end %s\n", u.id);
	expect_ok(a);
	json_decref(a);
	check_bytes("media/new.iso", SIZE);
	close(fd);
}

/* The daemon is killed while a program goes on writing: it must not be cut under its hands. */
static void a_writer_that_outlives_the_daemon_keeps_its_data(void **state)
{
	int fd = connect_client();
	struct upload u = begin(fd, "upload new.iso size=300000");
	json_t *a;

	(void)state;
	write_bytes(u.fd, 0, 100000);
	control_free(control);
	close(fd);
	write_bytes(u.fd, 100000, 200000);
	assert_int_equal(make_control(), 0);
	fd = connect_client();
	refused(fd, "busy", "open for writing", "upload new.iso size=300000");
	write_bytes(u.fd, 200000, SIZE);
	save_at(fd, &u, SIZE);
	close(u.fd);
	a = ask_fd(fd, NULL, "upload-end %s\n", u.id);
	expect_ok(a);
	json_decref(a);
	check_bytes("media/new.iso", SIZE);
	close(fd);
}

static void sixteen_uploads_are_the_most(void **state)
{
	int fd = connect_client();
	char line[128];
	json_t *a;

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		snprintf(line, sizeof(line), "upload %u.iso size=1000", i);
		close(begin(fd, line).fd);
	}
	refused(fd, "too-many", "mmcgadgetctl uploads", "upload 16.iso size=1000");
	a = ask_fd(fd, NULL, "uploads\n");
	assert_int_equal(json_array_size(json_object_get(a, "uploads")), 16);
	json_decref(a);
	/* Another daemon finds them all. */
	control_free(control);
	close(fd);
	assert_int_equal(make_control(), 0);
	fd = connect_client();
	a = ask_fd(fd, NULL, "uploads drive=drive1\n");
	assert_int_equal(json_array_size(json_object_get(a, "uploads")), 16);
	json_decref(a);
	close(fd);
}

/* Changes the time in the text of the upload, as if it was long ago. */
static void make_old(const char *id, long days)
{
	char name[128], text[16384], *touched;
	size_t n;

	snprintf(name, sizeof(name), "media/.mmcgadget-%s.part.mmcdisc", id);
	snprintf(text, sizeof(text), "%s", get_text(name));
	touched = strstr(text, "touched ");
	assert_non_null(touched);
	n = (size_t)(touched - text);
	n += (size_t)sprintf(touched, "touched %ld\n", (long)time(NULL) - days * 86400);
	sprintf(text + n, "crc32 %08x\n", crc32_add(0, text, n));
	put_text(name, text);
}

static void what_nobody_touched_for_a_week_is_dropped_at_start(void **state)
{
	int fd = connect_client();
	struct upload old = begin(fd, "upload old.iso size=1000");
	struct upload young = begin(fd, "upload young.iso size=1000");
	json_t *a;

	(void)state;
	close(old.fd);
	close(young.fd);
	close(fd);
	control_free(control);
	make_old(old.id, 8);
	make_old(young.id, 6);
	/* A crash has left a part file without a text, and a text without data. */
	put_text("media/.mmcgadget-00000000000000aa.part", "x");
	put_text("media/.mmcgadget-00000000000000bb.part.mmcdisc", get_text("run/status"));
	put_text("media/.mmcgadget-00000000000000bb.part", "x");
	assert_int_equal(make_control(), 0);
	fd = connect_client();
	a = ask_fd(fd, NULL, "uploads\n");
	assert_int_equal(json_array_size(json_object_get(a, "uploads")), 1);
	assert_string_equal(
		field_text(json_array_get(json_object_get(a, "uploads"), 0), "image"), "young.iso");
	json_decref(a);
	/* The name without a text could be one that is being made: it is young. */
	assert_true(scratch_has("media/.mmcgadget-00000000000000aa.part"));
	close(fd);
}

static void the_web_page_may_not_do_all(void **state)
{
	int fd = connect_to("run/web");
	json_t *a;

	(void)state;
	refused(fd, "not-allowed", "not for the web page", "trace start");
	refused(fd, "not-allowed", "not for the web page", "trace read");
	a = ask_fd(fd, NULL, "status\n");
	expect_ok(a);
	json_decref(a);
	close(fd);
}

/* The card gets full while an upload goes on: it waits with what it has, and goes on later. */
static void a_full_card_makes_an_upload_wait(void **state)
{
	int fd, filler;
	char block[65536] = "";
	struct upload u;
	char line[128];
	json_t *a;

	(void)state;
	/* A small file system for this process alone; only root can have one. */
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("none", in_scratch("media/sub"), "tmpfs", 0, "size=48m") < 0)
		skip();
	fd = connect_client();
	refused(fd, "no-room", "free", "upload sub/x.iso size=40000000");
	u = begin(fd, "upload sub/x.iso size=300000");
	write_bytes(u.fd, 0, 100000);
	save_at(fd, &u, 100000);
	/* The room that is left is not enough for another upload. */
	refused(fd, "no-room", "kept for discs", "upload sub/y.iso size=16500000");
	filler = open(in_scratch("media/sub/filler"), O_WRONLY | O_CREAT, 0600);
	while (write(filler, block, sizeof(block)) > 0)
		;
	/* The upload has the room that was allocated when it began. */
	write_bytes(u.fd, 100000, SIZE);
	snprintf(line, sizeof(line), "upload-at %s offset=300000", u.id);
	refused(fd, "no-room", "No space left", line);
	unlink(in_scratch("media/sub/filler"));
	close(filler);
	save_at(fd, &u, SIZE);
	close(u.fd);
	a = ask_fd(fd, NULL, "upload-end %s\n", u.id);
	expect_ok(a);
	json_decref(a);
	check_bytes("media/sub/x.iso", SIZE);
	close(fd);
	/* The daemon keeps no folder open between two commands. */
	assert_int_equal(umount(in_scratch("media/sub")), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, with_folder, teardown)
	const struct CMUnitTest tests[] = {
		T(an_upload_becomes_a_disc),
		T(every_refusal_says_what_to_do),
		T(it_goes_on_where_the_text_says),
		T(the_offset_is_a_promise),
		T(it_does_not_end_while_somebody_can_write),
		T(a_name_that_appears_meanwhile_is_not_overwritten),
		T(an_announced_checksum_is_compared),
		T(kills_at_random_lose_nothing_that_was_saved),
		T(a_writer_that_outlives_the_daemon_keeps_its_data),
		T(sixteen_uploads_are_the_most),
		T(what_nobody_touched_for_a_week_is_dropped_at_start),
		T(the_web_page_may_not_do_all),
		T(a_full_card_makes_an_upload_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
