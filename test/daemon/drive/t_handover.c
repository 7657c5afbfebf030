// SPDX-License-Identifier: GPL-2.0-or-later
/* Hand-over state: the memory itself, and a drive that is restored from it. */
#include "daemon/fake_usb.h"

#include <errno.h>
#include <sys/mman.h>

#include "daemon/resolver_fixture.h"
#include "util/array.h"
#include "util/log.h"

/* ---- the memory ----------------------------------------------------------------------------- */

static struct handover_state a_state(const char *name, uint64_t number)
{
	struct handover_state s;

	memset(&s, 0, sizeof(s));
	snprintf(s.image.name, sizeof(s.image.name), "%s", name);
	s.image.ino = number;
	s.mmc.commands = number;
	return s;
}

static void a_stored_state_can_be_loaded(void **state)
{
	struct handover_state s, got;
	struct handover *k, *next;

	(void)state;
	assert_int_equal(handover_new(&k), 0);
	assert_false(handover_load(k, &got));
	assert_int_equal(handover_identity(k), 0);
	for (unsigned i = 0; i < 5; i++) {
		s = a_state(i & 1 ? "a.iso" : "", i);
		handover_store(k, &s);
		assert_true(handover_load(k, &got));
		assert_memory_equal(&got, &s, sizeof(s.mmc) + 32);
	}
	atomic_store(handover_in_flight(k), 1);
	handover_set_identity(k, 77);
	handover_set_failures(k, 3);
	/* The next daemon has a mapping of its own. */
	assert_int_equal(handover_open(dup(handover_fd(k)), &next), 0);
	handover_free(k);
	assert_true(handover_load(next, &got));
	assert_int_equal(got.mmc.commands, 4);
	assert_int_equal(atomic_load(handover_in_flight(next)), 1);
	assert_int_equal(handover_identity(next), 77);
	assert_int_equal(handover_failures(next), 3);
	handover_free(next);
}

static void an_interrupted_store_leaves_the_older_state(void **state)
{
	struct handover_state s = a_state("old.iso", 1), got;
	struct handover *k;
	uint8_t *p;
	size_t size;

	(void)state;
	assert_int_equal(handover_new(&k), 0);
	handover_store(k, &s);
	/* The slot that is not current holds garbage. */
	size = (size_t)lseek(handover_fd(k), 0, SEEK_END);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, handover_fd(k), 0);
	assert_true(p != MAP_FAILED);
	memset(p + size - sizeof(s), 0xff, sizeof(s));
	assert_true(handover_load(k, &got));
	assert_string_equal(got.image.name, "old.iso");
	munmap(p, size);
	handover_free(k);
}

static void files_of_other_kinds_are_refused(void **state)
{
	struct handover_state s = a_state("a.iso", 1), got;
	struct handover *k, *other = NULL;
	uint8_t *p;
	size_t size;

	(void)state;
	assert_int_equal(handover_open(open("/dev/null", O_RDWR), &other), -EINVAL);
	assert_int_equal(handover_open(memfd_create("x", MFD_CLOEXEC), &other), -EINVAL);
	assert_int_equal(handover_open(-1, &other), -EINVAL);
	assert_int_equal(handover_new(&k), 0);
	handover_store(k, &s);
	size = (size_t)lseek(handover_fd(k), 0, SEEK_END);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, handover_fd(k), 0);
	assert_true(p != MAP_FAILED);
	/* Magic, version and size, each wrong. */
	for (unsigned i = 0; i < 16; i++) {
		p[i] ^= 0x10;
		assert_int_equal(handover_open(dup(handover_fd(k)), &other), -EINVAL);
		assert_null(other);
		p[i] ^= 0x10;
	}
	/* A name without end. */
	memset(p + size - 2 * sizeof(s) + sizeof(s.mmc), 'x', sizeof(s.image));
	assert_int_equal(handover_open(dup(handover_fd(k)), &other), 0);
	assert_false(handover_load(other, &got));
	handover_free(other);
	munmap(p, size);
	handover_free(k);
}

static void an_unsealed_or_empty_file_is_refused(void **state)
{
	struct handover *k, *other = NULL;
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	(void)state;
	assert_int_equal(handover_new(&k), 0);
	assert_int_equal(ftruncate(fd, lseek(handover_fd(k), 0, SEEK_END)), 0);
	/* Without seals the file could shrink below the mapping. */
	assert_int_equal(handover_open(dup(fd), &other), -EINVAL);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	/* Empty: no magic. */
	assert_int_equal(handover_open(fd, &other), -EINVAL);
	handover_free(k);
}

/* ---- a drive -------------------------------------------------------------------------------- */

static sd_event *event;
static struct drives set;
static struct fake_usb usb;
static bool answered, answer_good;

static void on_progress(struct reply *r, json_t *a)
{
	(void)r;
	json_decref(a);
}

static void on_final(struct reply *r, json_t *a)
{
	(void)r;
	answer_good = answer_is_ok(a);
	answered = true;
	json_decref(a);
}

static struct reply reply = {.progress = on_progress, .final = on_final};

static void run(enum drive_verb verb, const char *name, bool force)
{
	answered = false;
	drive_submit(usb.drive, verb, name, force, &reply);
	turn(event, &usb, 1, 20000, &answered);
	assert_true(answered && answer_good);
}

static struct drive_info info(void)
{
	struct drive_info in;

	drive_get_info(usb.drive, &in);
	return in;
}

static struct drive *new_drive(struct handover *k)
{
	char media[SCRATCH_PATH];
	struct drive_config dc = {
		.name = "drive0",
		.media = media,
		.mmc = {.vendor = "V", .product = "P", .revision = "1"},
		.swap_gap = 20,
		.unlock_wait = 200,
	};

	snprintf(media, sizeof(media), "%s/media", scratch);
	memset(&usb, 0, sizeof(usb));
	assert_int_equal(drive_new(&dc, event, &set, &usb.drive), 0);
	drive_set_handover(usb.drive, k);
	return usb.drive;
}

static void attach(void)
{
	struct drive_port port = {.usb = &usb, .post = fake_post, .get_state = fake_state};

	drive_changed(usb.drive);
	drive_attach(usb.drive, &port);
}

static void free_drive(void)
{
	drive_detach(usb.drive);
	drive_free(usb.drive);
}

/* The daemon crashes, and the next one opens its hand-over memory. */
static void crash_and_start(void)
{
	int fd = dup(handover_fd(drive_handover(usb.drive)));
	struct handover *k;

	free_drive();
	assert_int_equal(handover_open(fd, &k), 0);
	new_drive(k);
}

static int setup(void **state)
{
	struct handover *k;

	if (scratch_make(state) < 0 || sd_event_new(&event) < 0)
		return -1;
	mkdir(in_scratch("media"), 0755);
	put_size("media/a.iso", 4096);
	put_size("media/b.iso", 6000);
	log_set_level(LOG_LEVEL_ERROR);
	assert_int_equal(handover_new(&k), 0);
	new_drive(k);
	assert_null(drive_inherited_image(usb.drive));
	attach();
	return 0;
}

static int teardown(void **state)
{
	free_drive();
	sd_event_unref(event);
	return set.count == 0 ? scratch_remove(state) : -1;
}

static void the_disc_is_still_in_the_drive(void **state)
{
	(void)state;
	run(DRIVE_INSERT, "a.iso", false);
	assert_true(fake_ready(&usb));
	assert_true(fake_lock(&usb, true));
	crash_and_start();
	assert_string_equal(drive_inherited_image(usb.drive), "a.iso");
	drive_restore(usb.drive);
	attach();
	/* GOOD at the first attempt: no unit attention. */
	assert_true(fake_host(&usb, 0x00, 0));
	assert_string_equal(info().image, "a.iso");
	assert_true(info().mmc.loaded);
	assert_true(info().mmc.locked);
	assert_true(fake_lock(&usb, false));
	run(DRIVE_EJECT, NULL, false);
	assert_null(info().image);
	crash_and_start();
	assert_string_equal(drive_inherited_image(usb.drive), "");
	drive_restore(usb.drive);
	attach();
	assert_false(fake_host(&usb, 0x00, 0));
	run(DRIVE_INSERT, "b.iso", false);
}

/* The drive's configuration says DVD. The host has seen a CD, and sees the same one. */
static void an_image_that_was_a_cd_still_is(void **state)
{
	(void)state;
	answered = false;
	drive_submit_as(usb.drive, DRIVE_INSERT, "a.iso", IMAGE_AS_CD, false, &reply);
	turn(event, &usb, 1, 20000, &answered);
	assert_true(answered && answer_good);
	assert_int_equal(info().mmc.profile, 0x08);
	assert_true(fake_ready(&usb));
	for (unsigned i = 0; i < 2; i++) {
		crash_and_start();
		drive_restore(usb.drive);
		attach();
		assert_true(fake_host(&usb, 0x00, 0));
		assert_int_equal(info().mmc.profile, 0x08);
	}
	run(DRIVE_INSERT, "b.iso", false);
	assert_int_equal(info().mmc.profile, 0x10);
}

static void a_swap_before_a_crash_is_still_reported(void **state)
{
	(void)state;
	run(DRIVE_INSERT, "a.iso", false);
	run(DRIVE_INSERT, "b.iso", false);
	crash_and_start();
	assert_string_equal(drive_inherited_image(usb.drive), "b.iso");
	drive_restore(usb.drive);
	attach();
	/* The host had not read the unit attention when the daemon crashed; it does now, once. */
	assert_false(fake_host(&usb, 0x00, 0));
	assert_true(fake_ready(&usb));
	assert_int_equal(info().mmc.capacity, 3);
}

static void a_deleted_image_leaves_an_empty_drive(void **state)
{
	(void)state;
	run(DRIVE_INSERT, "a.iso", false);
	assert_true(fake_ready(&usb));
	assert_true(fake_lock(&usb, true));
	assert_int_equal(unlink(in_scratch("media/a.iso")), 0);
	crash_and_start();
	drive_restore(usb.drive);
	attach();
	assert_false(fake_ready(&usb));
	assert_null(info().image);
	assert_false(info().mmc.locked);
	crash_and_start();
	assert_string_equal(drive_inherited_image(usb.drive), "");
	attach();
}

static void another_file_of_the_same_name_is_a_new_disc(void **state)
{
	(void)state;
	run(DRIVE_INSERT, "a.iso", false);
	assert_true(fake_ready(&usb));
	put_size("media/c.iso", 8192);
	assert_int_equal(rename(in_scratch("media/c.iso"), in_scratch("media/a.iso")), 0);
	crash_and_start();
	drive_restore(usb.drive);
	attach();
	assert_false(fake_host(&usb, 0x00, 0));
	assert_true(fake_ready(&usb));
	assert_int_equal(info().mmc.capacity, 4);
	crash_and_start();
	drive_restore(usb.drive);
	attach();
	assert_true(fake_host(&usb, 0x00, 0));
}

/* True if the host of the next daemon is told of a new disc. */
static bool is_new_disc(void)
{
	bool told;

	crash_and_start();
	drive_restore(usb.drive);
	attach();
	told = !fake_host(&usb, 0x00, 0);
	assert_true(fake_ready(&usb));
	assert_string_equal(info().image, "x.cue");
	return told;
}

/* The text alone does not tell whether a compact disc is the same one. */
static void a_cue_with_other_files_is_a_new_disc(void **state)
{
	static const char cue[] = "FILE x.bin BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n";
	FILE *f;

	(void)state;
	use_resolver();
	put_text("media/x.cue", cue);
	put_size("media/x.bin", 1000 * 2352);
	run(DRIVE_INSERT, "x.cue", false);
	assert_true(fake_ready(&usb));
	assert_false(is_new_disc());
	assert_false(is_new_disc());
	put_size("media/y.bin", 1000 * 2352);
	assert_int_equal(rename(in_scratch("media/y.bin"), in_scratch("media/x.bin")), 0);
	assert_true(is_new_disc());
	assert_false(is_new_disc());
	/* An editor that writes into the file. */
	f = fopen(in_scratch("media/x.cue"), "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, (long)(strstr(cue, "MODE1") - cue), SEEK_SET), 0);
	assert_true(fputs("MODE2", f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_true(is_new_disc());
	assert_false(is_new_disc());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stored_state_can_be_loaded),
		cmocka_unit_test(an_interrupted_store_leaves_the_older_state),
		cmocka_unit_test(files_of_other_kinds_are_refused),
		cmocka_unit_test(an_unsealed_or_empty_file_is_refused),
		cmocka_unit_test_setup_teardown(the_disc_is_still_in_the_drive, setup, teardown),
		cmocka_unit_test_setup_teardown(an_image_that_was_a_cd_still_is, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_swap_before_a_crash_is_still_reported, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_deleted_image_leaves_an_empty_drive, setup, teardown),
		cmocka_unit_test_setup_teardown(
			another_file_of_the_same_name_is_a_new_disc, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_cue_with_other_files_is_a_new_disc, setup, teardown),
	};
	/* The last one needs seccomp, which emulators have not. */
	size_t n = ARRAY_LEN(tests) - (emulated() ? 1 : 0);

	return _cmocka_run_group_tests("handover", tests, n, NULL, NULL);
}
