// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plays the host of Bulk-Only Transport 1.0 over usbfs, with usb-storage detached, modelled on
 * the USB-IF's tests TD1.1 to TD1.19: it sends what no driver sends. Each result names the
 * clause that requires it. Needs a blank DVD+R in the drive and writes some blocks to it.
 *
 *   u_bot VENDOR PRODUCT [short] [TEST]...
 *
 * VENDOR, PRODUCT: hexadecimal, as in sysfs. short: the drive has behaviour.stall = "short".
 * TEST: run only these.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "u_bot.h"
#include "util/array.h"

/* Blocks to read back later. */
static bool write_some(void)
{
	uint32_t nwa = next_writable();
	struct command c = cmd_write(nwa, 64);
	struct answer a;

	stamp(nwa, 64);
	a = run(&c);
	return nwa == 0 && !a.error && !a.status && next_writable() == 64;
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{"descriptors", test_descriptors},
	{"requests", test_class_requests},
	{"cases", test_cases},
	{"commands", test_commands},
	{"padded", test_padded_cdbs},
	{"broken", test_broken_cbws},
	{"meaningless", test_meaningless_cbws},
	{"turn", test_out_of_turn},
	{"halts", test_ignored_halts},
	{"resets", test_resets},
	{"data", test_data},
};

static bool wanted(const char *name, char **names)
{
	if (!*names)
		return true;
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	const struct command unlock = cmd_lock(false);
	char **names = argv + MIN(argc, 3);
	int err;

	if (argc < 3)
		return 2;
	strict = *names && strcmp(*names, "short") == 0;
	names += strict;
	err = usb_attach(
		(unsigned)strtoul(argv[1], NULL, 16), (unsigned)strtoul(argv[2], NULL, 16));
	if (err) {
		printf("not ok 1 - the interface of the device: %s\n", strerror(-err));
		return 1;
	}
	/* End the command that usb-storage had in flight, and the lock of a program that had the
	 * drive open. */
	reset_recovery();
	check(works(), "BOT 6.7.1 case 1", "a command works");
	run(&unlock);
	check(write_some(), "BOT 6.7.3 case 12", "blocks to start with");
	for (size_t i = 0; i < ARRAY_LEN(tests); i++) {
		double began = seconds();

		if (!wanted(tests[i].name, names))
			continue;
		tests[i].run();
		printf("# %s: %.1f s\n", tests[i].name, seconds() - began);
	}
	usb_detach();
	return all_good() ? 0 : 1;
}
