/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A healthy board for the tests of the doctor, as a folder with the files that a board would have.
 * A test changes or removes some of them, and calls examine().
 */
#ifndef DAEMON_DOCTOR_FIXTURE_H
#define DAEMON_DOCTOR_FIXTURE_H

#include "daemon/control/control_fixture.h"

#include "ctl/doctor.h"
#include "ctl/doctor_facts.h"
#include "version.h"

#define TREE   "/proc/device-tree"
#define UDC    "/sys/class/udc/fe980000.usb"
#define GADGET "/sys/kernel/config/usb_gadget"
#define LINE   "dtoverlay=dwc2,dr_mode=peripheral\n"
#define STOCK  "[cm4]\notg_mode=1\n\n[cm5]\ndtoverlay=dwc2,dr_mode=host\n\n[all]\n"
#define RUNS                                                                                       \
	"{\"ok\":true,\"version\":\"" MMCGADGET_VERSION                                            \
	"\",\"udc\":\"fe980000.usb\",\"drives\":[{\"host\":%s}]}"

#define CONNECTED     "{\"connected\":true,\"suspended\":false,\"speed\":\"high\"}"
#define NOT_CONNECTED "{\"connected\":false,\"suspended\":false,\"speed\":\"none\"}"
#define ASLEEP        "{\"connected\":true,\"suspended\":true,\"speed\":\"high\"}"

static struct doctor_report report;

/* Makes a file below the test's root directory, with its directories. text NULL: only these. */
static inline void put_file(const char *path, const char *text)
{
	char name[256], full[SCRATCH_PATH];

	snprintf(name, sizeof(name), "root%s", path);
	snprintf(full, sizeof(full), "%s", in_scratch(name));
	for (char *p = full + strlen(scratch) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = '\0';
		mkdir(full, 0755);
	}
	if (text)
		put_text(name, text);
}

static inline void remove_tree(const char *path)
{
	char name[256];

	snprintf(name, sizeof(name), "root%s", path);
	assert_int_equal(nftw(in_scratch(name), scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* The kernel of Raspberry Pi OS: configfs is built in, the rest are modules on the card. */
static inline void kernel(void)
{
	put_file("/proc/sys/kernel/osrelease", "6.12.0-test\n");
	put_file("/lib/modules/6.12.0-test/modules.builtin", "kernel/fs/configfs/configfs.ko\n");
	put_file("/lib/modules/6.12.0-test/modules.dep",
		"kernel/drivers/usb/gadget/libcomposite.ko.xz: kernel/drivers/usb/x.ko.xz\n"
		"kernel/drivers/usb/gadget/function/usb_f_fs.ko.xz:\n"
		"kernel/drivers/usb/dwc2/dwc2.ko.xz:\n");
}

static inline void controller(const char *state, const char *owner)
{
	char line[64];

	snprintf(line, sizeof(line), "%s\n", state);
	put_file(UDC "/state", line);
	snprintf(line, sizeof(line), "%s\n", owner);
	put_file(UDC "/function", *owner ? line : "");
}

/* A healthy Pi 4: a host uses its drive. */
static inline int setup_pi4(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	kernel();
	put_file(TREE "/model", "Raspberry Pi 4 Model B Rev 1.4");
	put_file(TREE "/__symbols__/usb", "/soc/usb@7e980000");
	put_file(TREE "/soc/usb@7e980000/dr_mode", "peripheral");
	put_file("/boot/firmware/config.txt", STOCK LINE);
	put_file("/sys/module/dwc2/x", "");
	put_file("/lib/systemd/system/mmcgadgetd.service", "");
	put_file(GADGET "/mmcgadget/UDC", "fe980000.usb\n");
	controller("configured", "mmcgadget");
	return 0;
}

/* Removes the controller and its gadget. */
static inline void remove_controller(void)
{
	remove_tree("/sys/class/udc");
	remove_tree("/sys/module/dwc2");
	remove_tree(TREE "/soc");
	remove_tree(GADGET);
}

static inline void examine(int error, const char *host)
{
	char root[SCRATCH_PATH], text[256];
	struct doctor_env env = {.root = root, .socket = in_scratch("socket"), .error = error};
	json_t *status = NULL;

	if (error == 0) {
		snprintf(text, sizeof(text), RUNS, host);
		status = json_loads(text, 0, NULL);
		assert_non_null(status);
	}
	snprintf(root, sizeof(root), "%s", in_scratch("root"));
	env.status = status;
	doctor_examine(&env, &report);
	json_decref(status);
	assert_int_equal(report.bad, report.advice[0] != '\0');
}

/* The first bad check has this name, contains `text`, and the advice begins with `advice`. */
#define assert_finds(name, text, advice) check_first_bad(name, text, advice, __FILE__, __LINE__)

static inline void check_first_bad(
	const char *name, const char *text, const char *advice, const char *file, int line)
{
	unsigned i = 0;

	while (i < report.count && report.check[i].verdict != DOCTOR_BAD)
		i++;
	if (i == report.count)
		_fail(file, line);
	_assert_string_equal(report.check[i].name, name, file, line);
	if (!strstr(report.check[i].text, text))
		_assert_string_equal(report.check[i].text, text, file, line);
	scratch_starts(report.advice, advice, file, line);
}

#define assert_advises(text)                                                                       \
	do {                                                                                       \
		if (!strstr(report.advice, text))                                                  \
			assert_string_equal(report.advice, text);                                  \
	} while (0)

#endif
