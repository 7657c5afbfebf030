// SPDX-License-Identifier: GPL-2.0-or-later
/* The media folder: which names may be opened, and which are refused. */
#include "daemon/library/folder_fixture.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "image/image.h"
#include "util/array.h"

/* Opens a file as an image is opened, an empty one for writing, and closes it. 0 or -errno. */
static int try_open(const char *name)
{
	struct library_file f;
	int r = library_find(folder, name, &f), fd;

	if (r < 0)
		return r;
	fd = f.size > 0 ? library_open(&f) : f.may_write ? library_open_writable(&f) : -EROFS;
	library_forget(&f);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

/* A blank made with touch by root or by a member of the group: only its owner can write. */
static void an_empty_file_of_another_user_is_replaced(void **state)
{
	struct library_file f;
	struct stat old, now;
	int fd;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(in_scratch("media"), 65534, 65534), 0);
	assert_int_equal(chmod(in_scratch("media/blank"), 0644), 0);
	assert_int_equal(stat(in_scratch("media/blank"), &old), 0);
	assert_int_equal(seteuid(65534), 0);
	/* seteuid() gives /proc/self to root; this gives it back. */
	assert_int_equal(prctl(PR_SET_DUMPABLE, 1), 0);
	assert_int_equal(library_find(folder, "blank", &f), 0);
	assert_true(f.may_write);
	fd = library_open_writable(&f);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_int_equal(stat(in_scratch("media/blank"), &now), 0);
	assert_int_equal(now.st_uid, 65534);
	assert_int_equal(now.st_size, 1);
	assert_true(now.st_ino == f.ino && now.st_ino != old.st_ino);
	library_forget(&f);

	/* A file with data, or with a second name, is not replaced. */
	assert_int_equal(library_find(folder, "a.iso", &f), 0);
	assert_false(f.may_write);
	assert_int_equal(library_open_writable(&f), -EACCES);
	library_forget(&f);
	assert_int_equal(seteuid(0), 0);
	put_size("media/twice", 0);
	assert_int_equal(chmod(in_scratch("media/twice"), 0644), 0);
	assert_int_equal(link(in_scratch("media/twice"), in_scratch("media/again")), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(library_find(folder, "twice", &f), 0);
	assert_false(f.may_write);
	library_forget(&f);
	/* Data written after the file was found is not lost. */
	assert_int_equal(seteuid(0), 0);
	put_size("media/late", 0);
	assert_int_equal(chmod(in_scratch("media/late"), 0644), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(library_find(folder, "late", &f), 0);
	assert_true(f.may_write);
	assert_int_equal(seteuid(0), 0);
	put_text("media/late", "data");
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(library_open_writable(&f), -EBUSY);
	library_forget(&f);
	assert_int_equal(stat(in_scratch("media/late"), &now), 0);
	assert_int_equal(now.st_size, 4);
	assert_int_equal(access(in_scratch("media/.mmcgadget-blank"), F_OK), -1);
	assert_int_equal(seteuid(0), 0);
}

/* fs.protected_hardlinks: the daemon may not link a file of another user that it cannot write. */
static void a_deleted_image_of_another_user_gets_a_name(void **state)
{
	struct library_file f;
	struct image_place *p;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(in_scratch("media"), 0777), 0);
	assert_int_equal(chmod(in_scratch("media/a.iso"), 0666), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(prctl(PR_SET_DUMPABLE, 1), 0);
	assert_int_equal(library_find(folder, "a.iso", &f), 0);
	assert_int_equal(image_place_new(&f, &p), 0);
	library_forget(&f);
	assert_int_equal(image_place_guard(p, folder, ".guard"), 0);
	assert_int_equal(image_place_look(p), IMAGE_SAME);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(in_scratch("media/a.iso"), 0444), 0);
	assert_int_equal(unlink(in_scratch("media/a.iso")), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(image_place_look(p), IMAGE_NAMELESS);
	assert_int_equal(image_place_keep(p, in_scratch("media")), 0);
	assert_false(p->must_copy);
	assert_int_equal(image_place_look(p), IMAGE_SAME);
	assert_string_equal(p->base, "a-kept.iso");
	assert_int_equal(size_of("media/a-kept.iso"), 4096);
	image_place_unguard(p);
	image_place_unref(p);
	assert_int_equal(size_of("media/a-kept.iso"), 4096);
	assert_int_equal(access(in_scratch("media/.guard"), F_OK), -1);
	assert_int_equal(seteuid(0), 0);
}

static void files_open_and_links_resolve(void **state)
{
	struct library_file f;
	struct stat st;
	char c;
	int fd;

	(void)state;
	assert_int_equal(library_find(folder, "a.iso", &f), 0);
	assert_int_equal(f.size, 4096);
	assert_string_equal(f.base, "a.iso");
	fd = library_open(&f);
	assert_int_equal(write(fd, "x", 1), -1);
	close(fd);
	library_forget(&f);
	assert_int_equal(library_find(folder, "blank", &f), 0);
	assert_true(f.may_write);
	fd = library_open_writable(&f);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(pread(fd, &c, 1, 0), 1);
	close(fd);
	library_forget(&f);
	assert_int_equal(try_open("sub/b.iso"), 0);
	assert_int_equal(try_open("./sub//b.iso"), 0);
	/* A link gives directory and name of its target, where the state file lies. */
	assert_int_equal(symlink("sub/b.iso", in_scratch("media/link.iso")), 0);
	assert_int_equal(library_find(folder, "link.iso", &f), 0);
	assert_string_equal(f.base, "b.iso");
	assert_int_equal(fstatat(f.dir_fd, "b.iso", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
	library_forget(&f);
}

static void small_files_are_read_and_large_ones_refused(void **state)
{
	char text[16];

	(void)state;
	put_text("media/note", "0123456789");
	assert_int_equal(library_read(folder, "note", text, sizeof(text)), 10);
	assert_memory_equal(text, "0123456789", 10);
	assert_int_equal(library_read(folder, "note", text, 10), -EFBIG);
	assert_int_equal(library_read(folder, "a.iso", text, sizeof(text)), -EFBIG);
	assert_int_equal(library_read(folder, "none", text, sizeof(text)), -ENOENT);
	assert_int_equal(library_read(folder, "sub", text, sizeof(text)), -ENOTBLK);
	assert_int_equal(library_read(folder, "../outside/secret", text, sizeof(text)), -EXDEV);
	assert_int_equal(symlink("../outside/secret", in_scratch("media/l")), 0);
	assert_int_equal(library_read(folder, "l", text, sizeof(text)), -ENOTBLK);
}

static void names_and_links_outside_are_refused(void **state)
{
	char absolute[SCRATCH_PATH];

	(void)state;
	snprintf(absolute, sizeof(absolute), "%s/media/a.iso", scratch);
	symlink_in("../outside/secret", "media/out");
	symlink_in("/etc/passwd", "media/abs");
	symlink_in("../outside", "media/outdir");
	symlink_in("/proc/self/root/etc/passwd", "media/magic");
	assert_int_equal(try_open("../outside/secret"), -EXDEV);
	assert_int_equal(try_open("sub/../a.iso"), -EXDEV);
	assert_int_equal(try_open(".."), -EXDEV);
	assert_int_equal(try_open("sub/.."), -EXDEV);
	assert_int_equal(try_open(absolute), -EXDEV);
	assert_int_equal(try_open("/etc/passwd"), -EXDEV);
	assert_int_equal(try_open("out"), -EXDEV);
	assert_int_equal(try_open("abs"), -EXDEV);
	assert_int_equal(try_open("outdir/secret"), -EXDEV);
	assert_int_equal(try_open("magic"), -EXDEV);
}

static void links_inside_are_followed(void **state)
{
	(void)state;
	symlink_in("sub/b.iso", "media/in");
	symlink_in("../a.iso", "media/sub/up");
	symlink_in("loop", "media/loop");
	symlink_in("nothing", "media/dangling");
	assert_int_equal(try_open("in"), 0);
	assert_int_equal(try_open("sub/up"), 0);
	assert_int_equal(try_open("loop"), -ELOOP);
	assert_int_equal(try_open("dangling"), -ENOENT);
}

static void only_regular_files_open(void **state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(mkfifo(in_scratch("media/fifo"), 0644), 0);
	strcpy(addr.sun_path, in_scratch("media/sock"));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
	/* A FIFO without a writer would hang an open(). */
	alarm(10);
	assert_int_equal(try_open("fifo"), -ENOTBLK);
	alarm(0);
	assert_int_equal(try_open("sock"), -ENOTBLK);
	assert_int_equal(try_open("sub"), -ENOTBLK);
	assert_int_equal(try_open("."), -ENOTBLK);
	assert_int_equal(try_open("none"), -ENOENT);
	assert_int_equal(try_open("a.iso/x"), -ENOTDIR);
	assert_int_equal(try_open("a.iso/"), -ENOTDIR);
}

static void devices_are_refused(void **state)
{
	(void)state;
	if (mknod(in_scratch("media/null"), S_IFCHR | 0666, 0x103) < 0)
		skip(); /* only root makes device nodes */
	assert_int_equal(try_open("null"), -ENOTBLK);
}

static void modes_are_heeded_even_for_root(void **state)
{
	(void)state;
	assert_int_equal(chmod(in_scratch("media/a.iso"), 0), 0);
	assert_int_equal(chmod(in_scratch("media/blank"), 0444), 0);
	/* The result is the same for root, whom the kernel would allow to open them. */
	assert_int_equal(try_open("a.iso"), -EACCES);
	assert_int_equal(try_open("blank"), -EROFS);
}

/* Runs fn in a process of an ordinary user, and returns the kernel's -errno. */
static int as_ordinary_user(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
			_exit(125);
		_exit(-fn());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static int open_secret(void)
{
	return try_open("a.iso");
}

static int open_blank(void)
{
	return try_open("blank");
}

static int create_new(void)
{
	return library_create(folder, "new");
}

static void the_kernels_refusals_are_returned(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip(); /* needs a second user */
	assert_int_equal(as_ordinary_user(open_secret), 0);
	assert_int_equal(chmod(in_scratch("media/a.iso"), 0600), 0);
	assert_int_equal(chmod(in_scratch("media/blank"), 0644), 0);
	assert_int_equal(as_ordinary_user(open_secret), -EACCES);
	assert_int_equal(as_ordinary_user(open_blank), -EROFS);
	assert_int_equal(as_ordinary_user(create_new), -EACCES);
}

static void a_new_file_is_empty_and_inside(void **state)
{
	struct stat st;

	(void)state;
	umask(077);
	assert_int_equal(library_create(folder, "new"), 0);
	umask(022);
	assert_int_equal(stat(in_scratch("media/new"), &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(st.st_mode & 07777, 0664);
	assert_int_equal(library_create(folder, "sub/new"), 0);
	assert_int_equal(library_create(folder, "new"), -EEXIST);
	assert_int_equal(library_create(folder, "a.iso"), -EEXIST);
	assert_int_equal(size_of("media/a.iso"), 4096);
	assert_int_equal(library_create(folder, "sub"), -EEXIST);
	assert_int_equal(library_create(folder, "none/new"), -ENOENT);
	assert_int_equal(library_create(folder, "a.iso/new"), -ENOTDIR);
	assert_int_equal(library_create(folder, "../new"), -EXDEV);
	assert_int_equal(library_create(folder, "/tmp/new"), -EXDEV);
	assert_int_equal(library_create(folder, "sub/"), -EINVAL);
	assert_int_equal(library_create(folder, "."), -EINVAL);
	symlink_in("../outside/made", "media/dangling");
	symlink_in("../outside", "media/outdir");
	assert_int_equal(library_create(folder, "dangling"), -EEXIST);
	assert_int_equal(library_create(folder, "outdir/made"), -EXDEV);
	assert_int_equal(access(in_scratch("outside/made"), F_OK), -1);
}

static bool collect(const struct library_entry *e, void *out)
{
	sprintf((char *)out + strlen(out), "%s:%" PRIu64 " ", e->name, e->size);
	return true;
}

static void a_list_leaves_out_state_files_and_bad_names(void **state)
{
	char out[1024] = "";

	(void)state;
	symlink_in("sub/b.iso", "media/link");
	symlink_in("../outside/secret", "media/out");
	symlink_in(".", "media/round");
	put_text("media/.hidden", "x");
	put_text("media/a.iso.mmcdisc", "the state of a disc");
	put_text("media/a.iso.mmcdisc.new", "and its spare");
	put_text("media/bad\x1b[2J", "x");
	put_text("media/bad\xff", "x");
	assert_int_equal(mkfifo(in_scratch("media/fifo"), 0644), 0);
	/* The two names that no control line can hold are counted. */
	assert_int_equal(library_list(folder, collect, out), 2);
	assert_string_equal(out, "a.iso:4096 blank:0 link:2048 sub/b.iso:2048 ");
}

static const struct image_policy policy;

static int open_image(const char *name, struct image *image, struct refusal *why)
{
	return image_open(folder, "/media", name, &policy, image, why);
}

/* Codes and messages for images that cannot be opened. */
static void a_refusal_has_code_and_message(void **state)
{
	static const struct {
		const char *name, *code, *text, *hint; /* hint: how the text goes on */
	} rows[] = {
		{"none", "no-such-image",
			"no image \"none\" in /media; mmcgadgetctl list shows all", NULL},
		{"../outside/secret", "outside",
			"\"../outside/secret\" is outside of /media; copy it there first", NULL},
		{"sub", "not-a-file",
			"\"sub\" is not a regular file; folders, devices and pipes are not discs",
			NULL},
		{"locked", "unreadable", "\"locked\" cannot be read: Permission denied",
			"chmod g+r /media/locked"},
		{"empty", "not-writable",
			"\"empty\" is empty and cannot be written; a blank disc must be writable",
			"chmod g+rw /media/empty"},
		{"empty0", "unreadable", "\"empty0\" cannot be read: Permission denied",
			"chmod g+rw /media/empty0"},
		{"huge", "too-large", "\"huge\" has more than 4294967294 blocks", NULL},
		{"a.iso.mmcdisc", "bad-name",
			"\"a.iso.mmcdisc\" is the state file of a disc, not an image", NULL},
		{"cleared", "bad-state",
			"\"cleared\" is empty, and its state in \"cleared.mmcdisc\" is not that of "
			"a "
			"blank; remove one of them",
			NULL},

	};
	struct refusal why;
	struct image image;

	(void)state;
	put_size("media/locked", 1);
	chmod(in_scratch("media/locked"), 0);
	put_size("media/empty", 0);
	chmod(in_scratch("media/empty"), 0444);
	put_size("media/empty0", 0);
	chmod(in_scratch("media/empty0"), 0);
	put_size("media/huge", UINT64_C(0xfffffffe) * 2048 + 1);
	put_size("media/cleared", 0);
	put_text("media/cleared.mmcdisc", "nonsense\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(image_open(folder, "/media", rows[i].name, &policy, &image, &why) < 0);
		assert_string_equal(why.code, rows[i].code);
		if (rows[i].hint) {
			assert_memory_equal(why.text, rows[i].text, strlen(rows[i].text));
			assert_non_null(strstr(why.text, "; it belongs to "));
			assert_non_null(strstr(why.text, rows[i].hint));
		} else {
			assert_string_equal(why.text, rows[i].text);
		}
		image_fini(&image);
	}
	/* The largest image that is allowed. */
	put_size("media/huge", UINT64_C(0xfffffffe) * 2048);
	assert_int_equal(open_image("huge", &image, &why), 0);
	assert_true(image.disc->media->blocks == UINT64_C(0xfffffffe));
	image_fini(&image);
}

/*
 * A DVD-RAM is sold formatted, so a file of 0 bytes may be one that is write-protected. It is
 * refused all the same: nothing is on it, and the message says how to make it writable. With data
 * on it, it is a write-protected disc.
 */
static void an_empty_dvd_ram_must_be_writable_too(void **state)
{
	const struct disc_medium *ram = disc_medium_of(DISC_DVD_RAM);
	const struct image_policy ram_policy = {.blank = ram};
	struct refusal why = {0};
	struct image image;

	(void)state;
	put_size("media/plain", 0);
	assert_int_equal(image_create_blank(folder, "/media", "ram",
				 &(struct image_blank){.medium = ram}, NULL, &why),
		0);
	for (int i = 0; i < 2; i++) {
		const char *path = i ? "media/ram" : "media/plain";

		chmod(in_scratch(path), 0444);
		assert_int_equal(image_open(folder, "/media", path + strlen("media/"), &ram_policy,
					 &image, &why),
			-EROFS);
		assert_string_equal(why.code, "not-writable");
		assert_non_null(
			strstr(why.text, "; a blank disc must be writable; it belongs to "));
		image_fini(&image);
	}
	chmod(in_scratch("media/ram"), 0644);
	put_size("media/ram", 2048);
	chmod(in_scratch("media/ram"), 0444);
	assert_int_equal(image_open(folder, "/media", "ram", &ram_policy, &image, &why), 0);
	assert_ptr_equal(image.disc->medium, ram);
	assert_true(disc_is_protected(image.disc));
	assert_non_null(strstr(image.warning, "chmod g+rw /media/ram"));
	image_fini(&image);
}

static void an_image_opens_as_a_disc(void **state)
{
	struct image image, second;
	struct refusal why;

	(void)state;
	put_size("media/odd", 5000);
	assert_int_equal(open_image("odd", &image, &why), 0);
	assert_string_equal(image.path, "/media/odd");
	assert_int_equal(image.size, 5000);
	assert_false(image.recordable);
	assert_int_equal(image.disc->media->blocks, 3);
	assert_string_equal(image.warning,
		"; its size is not a multiple of 2048: its last 904 bytes are shown as a "
		"zero-padded block; no volume found");
	image_fini(&image);
	assert_int_equal(open_image("blank", &image, &why), 0);
	assert_true(image.recordable);
	assert_true(image.disc->media->writable);
	/* One blank in two drives would be two recorders on one file. */
	assert_int_equal(open_image("blank", &second, &why), -EBUSY);
	assert_string_equal(why.code, "in-use");
	assert_true(second.dev == image.dev && second.ino == image.ino);
	image_fini(&second);
	image_fini(&image);
	assert_int_equal(open_image("a.iso", &image, &why), 0);
	assert_string_equal(image.warning, "");
	/* Two drives may show one image. */
	assert_int_equal(open_image("a.iso", &second, &why), 0);
	image_fini(&second);
	image_fini(&image);
}

#define create(name, medium_, why)                                                                 \
	image_create_blank(folder, "/media", name, &(struct image_blank){.medium = (medium_)},     \
		disc_medium_of_blank(), why)

static void a_blank_is_made_only_where_nothing_is_lost(void **state)
{
	char longest[245] = "";
	struct refusal why;

	(void)state;
	assert_int_equal(create("new", disc_medium_of_blank(), &why), 0);
	assert_int_equal(create("blank", disc_medium_of_blank(), &why), 0);
	assert_int_equal(create("a.iso", disc_medium_of_blank(), &why), -EEXIST);
	assert_string_equal(why.code, "not-blank");
	assert_string_equal(why.text, "\"a.iso\" exists and holds 4.10 kB; a disc that holds "
				      "data is never overwritten");
	assert_int_equal(size_of("media/a.iso"), 4096);
	assert_int_equal(create("x.mmcdisc", disc_medium_of_blank(), &why), -EINVAL);
	assert_string_equal(
		why.text, "\"x.mmcdisc\" is a name for state files of discs, not for images");
	memset(longest, 'n', sizeof(longest) - 1);
	assert_int_equal(create(longest, disc_medium_of_blank(), &why), -ENAMETOOLONG);
	assert_string_equal(why.code, "bad-name");
	longest[243] = '\0';
	assert_int_equal(create(longest, disc_medium_of_blank(), &why), 0);
	assert_int_equal(create("x/new", disc_medium_of_blank(), &why), -ENOENT);
	assert_string_equal(why.text, "no folder for \"x/new\" in /media; make the folder first");
	assert_int_equal(create("sub", disc_medium_of_blank(), &why), -ENOTBLK);
	assert_string_equal(why.code, "not-a-file");
	assert_int_equal(create("sub/", disc_medium_of_blank(), &why), -EINVAL);
	assert_string_equal(why.text, "\"sub/\" is not a valid file name");
}

/* A blank of another medium than DVD+R has a state file that says so. */
static void a_blank_of_two_layers_is_one_for_ever(void **state)
{
	const struct disc_medium *dl = disc_medium_named("dvd+r-dl");
	struct image image;
	struct refusal why;

	(void)state;
	put_size("media/big.mmcdisc", 10); /* of an image that was deleted */
	assert_int_equal(create("big", dl, &why), 0);
	assert_int_equal(size_of("media/big"), 0);
	assert_int_equal(open_image("big", &image, &why), 0);
	assert_ptr_equal(image.disc->medium, dl);
	assert_true(image.recordable && disc_is_blank(image.disc));
	assert_int_equal(image.disc->capacity, 4173824);
	image_fini(&image);
	/* Closing a blank does not make it a DVD+R. */
	assert_int_equal(open_image("big", &image, &why), 0);
	assert_ptr_equal(image.disc->medium, dl);
	image_fini(&image);
	/* Asked for again, it is there; it never becomes another medium. */
	assert_int_equal(create("big", dl, &why), 0);
	assert_int_equal(create("big", disc_medium_of_blank(), &why), -EEXIST);
	assert_string_equal(why.code, "other-blank");
	assert_string_equal(why.text, "\"big\" exists and is a blank DVD+R DL; choose another name "
				      "for a DVD+R, or delete it first");
	assert_int_equal(create("blank", dl, &why), -EEXIST);
	assert_string_equal(why.code, "other-blank");
	assert_int_equal(access(in_scratch("media/blank.mmcdisc"), F_OK), -1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_deleted_image_of_another_user_gets_a_name),
		T(files_open_and_links_resolve),
		T(an_empty_file_of_another_user_is_replaced),
		T(small_files_are_read_and_large_ones_refused),
		T(names_and_links_outside_are_refused),
		T(links_inside_are_followed),
		T(only_regular_files_open),
		T(devices_are_refused),
		T(modes_are_heeded_even_for_root),
		T(the_kernels_refusals_are_returned),
		T(a_new_file_is_empty_and_inside),
		T(a_list_leaves_out_state_files_and_bad_names),
		T(a_refusal_has_code_and_message),
		T(an_empty_dvd_ram_must_be_writable_too),
		T(an_image_opens_as_a_disc),
		T(a_blank_is_made_only_where_nothing_is_lost),
		T(a_blank_of_two_layers_is_one_for_ever),
	};

	return cmocka_run_group_tests_name("library", tests, NULL, NULL);
}
