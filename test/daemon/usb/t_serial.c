// SPDX-License-Identifier: GPL-2.0-or-later
/* The serial number of boards that have one, and of boards that have none. */
#include "daemon/scratch.h"

#include "gadget/gadget.h"
#include "usb/serial.h"

#define TREE  "/sys/firmware/devicetree/base/serial-number"
#define RUN   "/run/mmcgadget-usb/serial"
#define STATE "/var/lib/mmcgadget-usb/serial"

static char root[SCRATCH_PATH];

/* Makes a file of the board, with its directories. */
static void board(const char *path, const char *text)
{
	char full[SCRATCH_PATH];

	snprintf(full, sizeof(full), "%s%s", scratch, path);
	for (char *p = full + strlen(scratch) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = '\0';
		mkdir(full, 0755);
	}
	put_text(path + 1, text);
}

static void lose(const char *path)
{
	assert_int_equal(unlink(in_scratch(path + 1)), 0);
}

/* Returns the serial number, valid until the third call after it. */
static const char *serial(void)
{
	static char out[3][17];
	static unsigned turn;
	char *now = out[turn++ % 3];

	usb_serial(root, now);
	/*
	 * BOT 4.1.1: at least 12 characters of 0-9 A-F. USB-IF's test TD1.2: the last 12 are not
	 * all zero.
	 */
	assert_int_equal(strlen(now), 16);
	assert_int_equal(strspn(now, "0123456789ABCDEF"), 16);
	assert_string_not_equal(now + 4, "000000000000");
	return now;
}

static int setup(void **state)
{
	int r = scratch_make(state);

	snprintf(root, sizeof(root), "%s", scratch);
	mkdir(in_scratch("run"), 0755);
	mkdir(in_scratch("var"), 0755);
	mkdir(in_scratch("var/lib"), 0755);
	return r;
}

/* These numbers were computed by the first version of mmcgadget: PCs know boards by them. */
static void boards_keep_the_number_that_they_had(void **state)
{
	(void)state;
	board("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
	assert_string_equal(serial(), "01527C9731F0FF55");
	board(TREE, "10000000abcdef01");
	assert_string_equal(serial(), "2ABBAF4AE0651478");
	/* Nothing needs to be kept. */
	assert_int_equal(access(in_scratch(&RUN[1]), F_OK), -1);
	assert_int_equal(access(in_scratch(&STATE[1]), F_OK), -1);
}

static void no_number_is_made_of_nothing(void **state)
{
	static const char *const nothing[] = {"", "\n", "uninitialized\n", "0000000000000000",
		"00000000000000000000000000000000\n"};
	char first[17], other[17];

	(void)state;
	board("/etc/machine-id", "");
	assert_int_equal(gadget_default_serial(root, first), GADGET_SERIAL_NONE);
	assert_string_equal(first, "");
	strcpy(first, serial());
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		board("/etc/machine-id", nothing[i]);
		board(TREE, nothing[i]);
		assert_int_equal(gadget_default_serial(root, other), GADGET_SERIAL_NONE);
		/* The random number is the same at the next start, and after a reboot. */
		assert_string_equal(serial(), first);
		lose(RUN);
		assert_string_equal(serial(), first);
	}
	/* Without both files, as on another board: a new number. A damaged file is not used. */
	lose(RUN);
	lose(STATE);
	assert_string_not_equal(serial(), first);
	lose(RUN);
	board(STATE, "0000000000000000\n");
	assert_string_not_equal(serial(), "0000000000000000");
}

static void parts_of_the_board_give_a_number(void **state)
{
	char uuid[17], card[17], net[17];

	(void)state;
	board("/sys/class/dmi/id/product_uuid", "b0a1c2d3-0000-4000-8000-001122334455\n");
	strcpy(uuid, serial());
	/* A number that was chosen since the boot stays, also for a process that sees less. */
	board("/sys/block/mmcblk0/device/cid", "035344534c3332478082a4f7c5012b00\n");
	assert_string_equal(serial(), uuid);
	lose("/sys/class/dmi/id/product_uuid");
	assert_string_equal(serial(), uuid);
	lose(RUN);
	strcpy(card, serial());
	assert_string_not_equal(card, uuid);
	lose(RUN);
	board("/sys/class/net/eth0/address", "b8:27:eb:01:02:03\n");
	board("/sys/class/net/eth0/type", "1\n");
	board("/sys/class/net/eth0/addr_assign_type", "0\n");
	assert_string_equal(serial(), card); /* no device: a bridge or a tunnel */
	lose(RUN);
	board("/sys/class/net/eth0/device/uevent", "");
	strcpy(net, serial());
	assert_string_not_equal(net, card);
	/* Random, and not Ethernet */
	lose(RUN);
	board("/sys/class/net/eth0/addr_assign_type", "1\n");
	assert_string_equal(serial(), card);
	lose(RUN);
	board("/sys/class/net/eth0/addr_assign_type", "0\n");
	board("/sys/class/net/eth0/type", "772\n");
	assert_string_equal(serial(), card);
	assert_int_equal(access(in_scratch(&STATE[1]), F_OK), -1);
	/* An ID that comes later does not wait for a reboot: it is what all processes see. */
	board("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
	assert_string_equal(serial(), "01527C9731F0FF55");
}

static void a_number_that_cannot_be_kept_stays_until_the_reboot(void **state)
{
	int errors = dup(STDERR_FILENO), log;
	char first[17], want[64];

	(void)state;
	rmdir(in_scratch("var/lib"));
	put_text("var/lib", "no directory");
	log = open(in_scratch("log"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(errors >= 0 && log >= 0 && dup2(log, STDERR_FILENO) >= 0);
	strcpy(first, serial());
	assert_true(dup2(errors, STDERR_FILENO) >= 0);
	close(errors);
	close(log);
	/* What to type in order that the PC knows the board after a reboot, too. */
	snprintf(want, sizeof(want), "set gadget: { serial = \"%s\"; }; in mmcgadget.conf", first);
	assert_non_null(strstr(get_text("log"), want));
	assert_string_equal(serial(), first);
	lose(RUN);
	assert_string_not_equal(serial(), first);
	unlink(in_scratch("var/lib"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, scratch_remove)
	const struct CMUnitTest tests[] = {
		T(boards_keep_the_number_that_they_had),
		T(no_number_is_made_of_nothing),
		T(parts_of_the_board_give_a_number),
		T(a_number_that_cannot_be_kept_stays_until_the_reboot),
	};

	return cmocka_run_group_tests_name("serial", tests, NULL, NULL);
}
