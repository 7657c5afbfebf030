// SPDX-License-Identifier: GPL-2.0-or-later
/* The control command list: what it says of each image, and that it disturbs no other client. */
#include <malloc.h>

#include "daemon/control/control_fixture.h"

#include "control/status.h"
#include "daemon/iso.h"
#include "protocol/answer.h"
#include "util/array.h"

/* Returns the lines of a file, but for the one that says that a slow machine has not read all
 * labels. */
static unsigned lines_of(const char *name)
{
	static const char unread[] = "(labels not read yet: ";
	FILE *f = fopen(in_scratch(name), "r");
	char *line = NULL;
	size_t size = 0;
	unsigned n = 0;

	assert_non_null(f);
	while (getline(&line, &size, f) > 0)
		n += strncmp(line, unread, strlen(unread)) != 0;
	free(line);
	fclose(f);
	return n;
}

static void socket_lists_images(void **state)
{
	int fd = connect_client();

	(void)state;
	put_size("media/n", 0);
	put_iso("media/b c.iso", "MY DISC");
	send_text(fd, "insert a.iso drive=drive1\nlist\n");
	receive_line(fd);
	const char *list = receive_line(fd);

#define KNOWN(kind, size, in, medium)                                                              \
	"\"kind\":\"" kind "\",\"erasable\":false,\"size\":" size                                  \
	",\"sessions\":0,\"problem\":\"\",\"damaged\":false,\"insertable\":true,"                  \
	"\"loaded_in\":[" in "],\"medium\":\"" medium                                              \
	"\",\"volume_size\":0,\"disc\":true,\"remark\":\"\",\"mtime\":"
	assert_non_null(strstr(list, "\"images\":[{\"name\":\"a.iso\",\"label\":\"\"," KNOWN(
					     "iso", "4096", "\"drive1\"", "dvd-rom")));
	assert_non_null(strstr(list, ",{\"name\":\"b c.iso\",\"label\":\"MY DISC\"," KNOWN(
					     "iso", "40960", "", "dvd-rom")));
	assert_non_null(
		strstr(list, ",{\"name\":\"n\",\"label\":\"\"," KNOWN("blank", "0", "", "dvd+r")));
	assert_non_null(strstr(list, "\"sha256\":\"\"}],\"labels_unread\":0,"
				     "\"unnamed\":0,\"unfinished\":0,\"states\":[]"
				     ",\"more\":false,\"card_free_bytes\":"));
#undef KNOWN
	close(fd);
}

/* Each remark on a file is in the list, and in the answer to insert. */
static void a_file_that_may_be_no_disc_has_its_remark(void **state)
{
	const char *text;

	(void)state;
	put_iso("media/cut.iso", "CUT");
	put_iso_blocks("media/cut.iso", 100);
	put_size("media/GAME.MDS", 100);
	put_size("media/notes.txt", 2048);
	put_size("media/new.iso.part", 100);
	put_text("media/gone.iso.mmcdisc", "x");
	FIFO("insert cut.iso\n", "ok: drive0: inserted cut.iso (DVD-ROM, 40.96 kB); the image says "
				 "204.80 kB, the file has 40.96 kB: is the copy complete?");
	fifo_slow("list\n", "ok: 5 images in ");
	text = get_text("run/status");
	assert_non_null(strstr(text,
		"\nGAME.MDS   -      no volume found  100 bytes  -  (this format is "
		"not read; only plain images, and CDs by their .cue, .ccd or .toc)\n"));
	/* It is in a drive, so it is not shown as one that is being copied. */
	assert_non_null(
		strstr(text, "  drive0  (the image says 204.80 kB, the file has 40.96 kB: is the "
			     "copy complete?)\n"));
	assert_non_null(strstr(text, "\nnotes.txt  -      no volume found    2.05 kB  -\n"));
	assert_non_null(
		strstr(text, "\n(gone.iso.mmcdisc is the state of a disc, and its image is not "
			     "there; rename the image back, or delete the state: mmcgadgetctl "
			     "delete \"gone.iso\")\n"));
	assert_non_null(
		strstr(text, "\n(files that are still being copied, by their suffix: 1)\n"));
	assert_null(strstr(text, "new.iso"));
	text = strstr(text, "\ncard: ");
	assert_non_null(text);
	assert_non_null(strstr(text, " free, "));
	/* It is the last line. */
	assert_string_equal(strchr(text + 1, '\n'), "\n");
	FIFO("insert GAME.MDS\n",
		"ok: drive0: inserted GAME.MDS (DVD-ROM, 100 bytes); its size is not a "
		"multiple of 2048: its last 100 bytes are shown as a zero-padded block; this "
		"format is "
		"not read; only plain images, and CDs by their .cue, .ccd or .toc");
	FIFO("insert notes.txt\n",
		"ok: drive0: inserted notes.txt (DVD-ROM, 2.05 kB); no volume found");
	fifo_slow("status\n", "ok: mmcgadgetd");
	assert_non_null(strstr(get_text("run/status"), "\n  card       "));
	FIFO("eject\n", "ok: drive0: ejected notes.txt");
	fifo_slow("list\n", "ok: 5 images in ");
	assert_non_null(strstr(get_text("run/status"), "\ncut.iso    CUT    being copied "));
	/* A difference that is too small to be seen in kB. */
	assert_int_equal(truncate(in_scratch("media/cut.iso"), 204799), 0);
	fifo_slow("insert cut.iso\n", "ok: drive0: inserted cut.iso (DVD-ROM, 204.80 kB); ");
	assert_non_null(strstr(get_text("run/status"),
		"the image says 204800 bytes, the file has 204799: is the copy complete?\n"));
}

/* The list says the same as the refusal of insert; next passes over the file. */
static void what_cannot_be_read_is_listed_so(void **state)
{
	const char *list, *owner = own_name();
	int fd = connect_client();
	char want[512];

	(void)state;
	put_iso("media/b0.iso", "B0");
	assert_int_equal(chmod(in_scratch("media/b0.iso"), 0), 0);
	fifo_slow("list\n", "ok: 3 images in ");
	snprintf(want, sizeof(want),
		"\nb0.iso   -      cannot be read  40.96 kB  -  (it belongs to %s: chmod g+r "
		"%s/media/b0.iso)\n",
		owner, scratch);
	assert_non_null(strstr(get_text("run/status"), want));
	snprintf(want, sizeof(want),
		"error: \"b0.iso\" cannot be read: Permission denied; it belongs to %s: "
		"chmod g+r %s/media/b0.iso",
		owner, scratch);
	FIFO("insert b0.iso\n", want);
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	fifo_slow("next\n", "ok: drive0: inserted b c.iso (DVD-ROM, 8.19 kB)");
	send_text(fd, "list\n");
	list = receive_line(fd);
	assert_non_null(strstr(list, "\"kind\":\"unreadable\",\"erasable\":false,\"size\":40960,"));
	/* A drive reads on in the file that it has opened. */
	assert_int_equal(chmod(in_scratch("media/b c.iso"), 0), 0);
	fifo_slow("list\n", "ok: 3 images in ");
	assert_non_null(strstr(get_text("run/status"),
		"\nb c.iso  -      DVD-ROM          8.19 kB  drive0  (cannot be inserted)  (it "
		"belongs to "));
	close(fd);
}

/* The same for a blank that cannot be recorded, by the list for people and the one for programs. */
static void a_blank_that_cannot_be_written_is_listed_so(void **state)
{
	const char *owner = own_name();
	int fd = connect_client();
	char help[256], want[512];

	(void)state;
	put_size("media/new", 0);
	/* A file that is not readable either needs one command, not two. */
	for (mode_t mode = 0; mode <= 0444; mode += 0444) {
		assert_int_equal(chmod(in_scratch("media/new"), mode), 0);
		snprintf(help, sizeof(help), "; it belongs to %s: chmod g+rw %s/media/new", owner,
			scratch);
		fifo_slow("list\n", "ok: 3 images in ");
		snprintf(want, sizeof(want),
			"  -  (cannot be inserted)  (a blank disc must be writable%s)\n", help);
		assert_non_null(strstr(get_text("run/status"), want));
		send_text(fd, "list\n");
		snprintf(
			want, sizeof(want), "\"remark\":\"a blank disc must be writable%s\"", help);
		assert_non_null(strstr(receive_line(fd), want));
		snprintf(want, sizeof(want), "error: \"new\" %s%s",
			mode ? "is empty and cannot be written; a blank disc must be writable"
			     : "cannot be read: Permission denied",
			help);
		FIFO("insert new\n", want);
	}
	assert_int_equal(chmod(in_scratch("media/new"), 0660), 0);
	fifo_slow("list\n", "ok: 3 images in ");
	assert_null(strstr(get_text("run/status"), "cannot be inserted"));
	fifo_slow("insert new\n", "ok: drive0: inserted new (blank DVD+R");
	close(fd);
}

/* KiB of memory of this process, of which the daemon is a part here. */
static unsigned resident_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*u %lu", &pages), 1);
	fclose(f);
	return (unsigned)(pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024);
}

/* Receives a line and keeps nothing of it. Its length. */
static size_t drain_line(int fd)
{
	uint64_t end = now_ms() + 60000;
	size_t total = 0;
	char buf[4096];
	ssize_t n;

	do {
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0)
			total += (size_t)n;
		else
			turn(event, usb, 2, 1, NULL);
	} while (now_ms() < end && !(n > 0 && buf[n - 1] == '\n'));
	return total;
}

/* KiB that this process has had at most since the last reset_peak(). */
static unsigned peak_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned kib = 0;
	char line[256];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		(void)sscanf(line, "VmHWM: %u", &kib);
	fclose(f);
	return kib;
}

static void reset_peak(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "5", 1), 1);
	close(fd);
}

/* A board has little memory: what a large answer took is given back to the system. */
static void large_answer_leaves_no_memory_behind(int fd)
{
	/* The allocators of sanitizers, and others than glibc's, keep what they want. */
#if defined(__GLIBC__) && !defined(SANITIZED)
	unsigned before;

	malloc_trim(0);
	before = resident_kib();
	reset_peak();
	send_text(fd, "list\n");
	assert_true(drain_line(fd) > 1024u * 1024u);
	/*
	 * The answer is freed after its last byte was sent, which is here already. Up to 2.3 MiB
	 * stay in the allocator: pages that are partly in use.
	 */
	for (uint64_t end = now_ms() + 5000; resident_kib() > before + 3072 && now_ms() < end;)
		turn(event, usb, 2, 10, NULL);
	assert_in_range(resident_kib(), 0, before + 3072);
	/* An emulator's own memory would count. As one tree of JSON the answer takes 28 MiB. */
	if (!emulated())
		assert_in_range(peak_kib(), 0, before + 14 * 1024);
#else
	(void)fd;
#endif
}

/* All are listed with their labels; the daemon answers another client meanwhile. */
static void list_of_ten_thousand_images_blocks_no_other_client(void **state)
{
	int fd = connect_client(), other = connect_client();
	char path[64], label[33];
	json_t *a, *images, *last;

	(void)state;
	unlink(in_scratch("media/a.iso"));
	unlink(in_scratch("media/b c.iso"));
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(path, sizeof(path), "media/%05u.iso", i);
		snprintf(label, sizeof(label), "DISC %05u", i);
		put_iso(path, label);
	}
	send_text(fd, "list\n");
	send_text(other, "insert 00007.iso\n");
	assert_non_null(strstr(receive_line(other), "inserted 00007.iso"));
	a = json_loads(receive_line(fd), 0, NULL);
	images = json_object_get(a, "images");
	assert_int_equal(json_array_size(images), 10000);
	assert_true(json_is_false(json_object_get(a, "more")));
	last = json_array_get(images, 9999);
	assert_string_equal(json_string_value(json_object_get(last, "name")), "09999.iso");
	/* Labels that a slow machine does not read in time are counted in the answer. */
	if (json_integer_value(json_object_get(a, "labels_unread")) == 0)
		assert_string_equal(
			json_string_value(json_object_get(last, "label")), "DISC 09999");
	else
		assert_true(json_is_null(json_object_get(last, "label")));
	json_decref(a);
	fifo_slow("list\n", "ok: 10000 images in ");
	/* The answer, the command, a heading, and the room on the card. */
	assert_int_equal(lines_of("run/status"), 10000 + 4);
	large_answer_leaves_no_memory_behind(fd);
	close(fd);
	close(other);
}

/* The text that a socket gets is made in pieces, and is that of the answer made as one. */
static void a_list_in_pieces_is_the_same_list(void **state)
{
	static char turned[] = "a \xe2\x80\xae.iso", label[] = "A", other[] = "b";
	static struct catalog_entry entry[] = {
		{.name = turned,
			.label = label,
			.size = 5,
			.volume = 9,
			.kind = "iso",
			.medium = "dvd-rom",
			.is_disc = true,
			.usable = true},
		{.name = other, .kind = "open", .medium = "dvd+r", .problem = "p", .damaged = true},
	};
	static char orphan[] = "c.mmcdisc", *states[] = {orphan};
	const struct catalog_list lists[] = {
		{.error = -ENOENT, .free_known = true},
		{.free_known = true, .free_bytes = 1u << 31},
		{.entry = entry, .count = 1},
		{.entry = entry,
			.count = 2,
			.state = states,
			.states = 1,
			.unread = 1,
			.more = true,
			.unnamed = 2,
			.unfinished = 3,
			.free_known = true},
	};
	struct drives none = {.count = 0};
	const struct command_env env = {.drives = &none};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		json_t *whole = status_list(&lists[i], &env, set.drive[0]);
		char *want = answer_text(whole),
		     *text = status_list_text(&lists[i], &env, set.drive[0]);

		assert_non_null(text);
		assert_string_equal(text, want);
		free(text);
		free(want);
		json_decref(whole);
	}
}

static void empty_folder_gives_an_empty_list(void **state)
{
	int fd = connect_client();
	char want[256];

	(void)state;
	unlink(in_scratch("media/a.iso"));
	unlink(in_scratch("media/b c.iso"));
	send_text(fd, "list\n");
	assert_non_null(strstr(receive_line(fd), "\"images\":[],\"labels_unread\":0,"));
	snprintf(want, sizeof(want),
		"ok: 0 images in %s/media; copy an ISO there, or: mmcgadgetctl blank NAME.iso",
		scratch);
	FIFO("list\n", want);
	snprintf(want, sizeof(want),
		"error: drive0: no image in %s/media can be inserted; copy one there, or: "
		"mmcgadgetctl blank NAME.iso",
		scratch);
	FIFO("next\n", want);
	FIFO("prev\n", want);
	snprintf(want, sizeof(want),
		"error: no image \"x\" in %s/media, which has no images; copy one there, or make a "
		"blank: mmcgadgetctl blank NAME.iso",
		scratch);
	FIFO("insert x\n", want);
	close(fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(socket_lists_images),
		T(a_file_that_may_be_no_disc_has_its_remark),
		T(list_of_ten_thousand_images_blocks_no_other_client),
		T(empty_folder_gives_an_empty_list),
		T(a_list_in_pieces_is_the_same_list),
		T(what_cannot_be_read_is_listed_so),
		T(a_blank_that_cannot_be_written_is_listed_so),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
