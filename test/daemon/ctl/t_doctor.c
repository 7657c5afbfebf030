// SPDX-License-Identifier: GPL-2.0-or-later
/* mmcgadgetctl doctor: each broken state is a folder with the files that a board would have. */
#include "daemon/ctl/doctor_fixture.h"

static void a_healthy_board_has_no_bad_check(void **state)
{
	(void)state;
	examine(0, CONNECTED);
	assert_false(report.bad);
	assert_string_equal(report.board, "Raspberry Pi 4 Model B Rev 1.4");
	for (unsigned i = 0; i < report.count; i++)
		assert_int_equal(report.check[i].verdict, DOCTOR_GOOD);
	/* kernel three times, board, config.txt, controller, owner, daemon, host */
	assert_int_equal(report.count, 9);
}

static void missing_kernel_modules_are_found(void **state)
{
	(void)state;
	remove_controller();
	put_file("/lib/modules/6.12.0-test/modules.dep",
		"kernel/drivers/usb/gadget/libcomposite.ko:\nkernel/net/usb_f_fs.ko.d/x.ko:\n"
		"kernel/x.ko: kernel/drivers/usb/gadget/function/usb_f_fs.ko\n");
	put_file("/lib/modules/6.12.0-test/modules.builtin", "kernel/fs/configfs/configfs.ko\n");
	examine(-ENOENT, NULL);
	assert_finds("kernel", "usb_f_fs is missing", "Boot a kernel that has configfs");
	/* loaded, or built in */
	put_file("/sys/module/usb_f_fs/x", "");
	examine(-ENOENT, NULL);
	assert_finds("controller", "none", "Reboot: /boot/firmware/config.txt has the line");
	remove_tree("/sys/module/usb_f_fs");
	remove_tree("/lib/modules");
	examine(-ENOENT, NULL);
	assert_finds("kernel", "configfs is missing (kernel 6.12.0-test)",
		"Reboot: there is no /lib/modules/6.12.0-test");
	assert_int_equal(report.check[2].verdict, DOCTOR_BAD);
}

static void each_board_has_its_port_and_page(void **state)
{
	static const struct {
		const char *model, *port, *page;
	} rows[] = {
		{"Raspberry Pi Zero W Rev 1.1", "the micro-USB port marked USB",
			"raspberry-pi-zero"},
		{"Raspberry Pi Zero 2 W Rev 1.0", "the micro-USB port marked USB",
			"raspberry-pi-zero"},
		{"Raspberry Pi 3 Model A Plus Rev 1.0", "the only USB-A port", "raspberry-pi-3a"},
		{"Raspberry Pi 400 Rev 1.0", "the USB-C port", "raspberry-pi-4"},
		{"Raspberry Pi Compute Module 4 Rev 1.0", "the port of the carrier board",
			"raspberry-pi-4"},
		{"Raspberry Pi 5 Model B Rev 1.0", "the USB-C port", "raspberry-pi-5"},
		{"TI AM335x BeagleBone Black", "the small USB device port", "beaglebone-black"},
		{"TI AM335x PocketBeagle", "its USB port", "beaglebone-black"},
		{"BeagleBoard.org PocketBeagle2", "the USB-C port", "generic"},
		{"BeagleBoard.org BeaglePlay", "the port that the maker calls", "generic"},
		{"Some Other Board", "the port that the maker calls", "generic"},
		{"Raspberry Pi 3 Model B Plus Rev 1.3", NULL, "generic"},
		{"Raspberry Pi 2 Model B Rev 1.1", NULL, "generic"},
	};
	char page[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct board *b = board_find(rows[i].model);

		snprintf(page, sizeof(page), "docs/boards/%s.md", rows[i].page);
		assert_string_equal(b->page, page);
		assert_int_equal(access(page, R_OK), 0);
		assert_int_equal(b->port == NULL, rows[i].port == NULL);
		if (b->port)
			assert_starts(b->port, rows[i].port);
	}
	remove_controller();
	put_file(TREE "/model", "Raspberry Pi 3 Model B Plus Rev 1.3");
	examine(-ENOENT, NULL);
	assert_finds("board", "behind a hub", "Take another board");
	put_file(TREE "/model", "Some Other Board");
	examine(-ENOENT, NULL);
	assert_finds("controller", "none", "Make the port a device: dr_mode");
	put_file(TREE "/model", "TI AM335x BeagleBone Black");
	examine(-ENOENT, NULL);
	assert_finds("controller", "none", "Boot one of BeagleBoard's own images, or load");
}

static void config_txt_is_checked_by_section(void **state)
{
	static const struct {
		const char *text, *found, *advice;
	} rows[] = {
		/* As Raspberry Pi OS ships it: a dwc2 line only for the CM5, and as a host. */
		{STOCK, "has no dtoverlay=dwc2 for this board",
			"Put the line dtoverlay=dwc2,dr_mode=peripheral at the end of "
			"/boot/firmware/config.txt, below a line [all], and reboot."},
		{"#" LINE, "has no dtoverlay=dwc2", "Put the line"},
		{"[cm4]\n" LINE, "in section [cm4], which is not for this board", "Put the line"},
		{"[pi4]\n[cm5]\n" LINE, "in section [cm5]", "Put the line"},
		{"[none]\n" LINE, "in section [none]", "Put the line"},
		{"[gpio4=1]\n[cm4]\n" LINE, "in section [cm4], which is not", "Put the line"},
		{"[gpio4=1]\n" LINE, "in section [gpio4=1], and whether that is for this board",
			"Put the line"},
		{"[gpio4=1]\n[pi4]\n" LINE, "in section [gpio4=1], and whether", "Put the line"},
		{"[pi4]\n[0x1234abcd]\n" LINE "[cm5]\n" LINE, "in section [0x1234abcd], and",
			"Put the line"},
		{"[EDID=VSC-TD2220]\n" LINE, "in section [EDID=VSC-TD2220], and", "Put the line"},
		{"[board-type=0x11]\n" LINE, "in section [board-type=0x11], and", "Put the line"},
		{"[tryboot]\n" LINE, "in section [tryboot], and whether", "Put the line"},
		{"dtoverlay=dwc2,dr_mode=host\n", "makes the port \"host\"",
			"In /boot/firmware/config.txt, let the dtoverlay=dwc2 line"},
		{LINE "[pi4]\ndtoverlay=dwc2,dr_mode=host\n", "\"host\"", "In /boot/firmware"},
		{LINE "dtoverlay=dwc-otg\n", "\"host\"", "In /boot/firmware"},
		{"dtoverlay=dwc2, dr_mode=peripheral\n", "has a blank inside",
			"In /boot/firmware/config.txt, write the line without a blank, "
			"dtoverlay=dwc2,dr_mode=peripheral, and reboot."},
		{"otg_mode=1\n" LINE, "otg_mode=1 in /boot/firmware/config.txt, section [all]",
			"Delete the line otg_mode=1 from section [all]"},
		{"[pi4]\notg_mode=1\n[all]\n" LINE, "section [pi4]", "Delete the line otg_mode=1"},
	};
	static const char *const good[] = {
		LINE,
		STOCK LINE,
		"[cm4]\notg_mode=1\n[pi4]\n" LINE,
		"  dtoverlay=dwc2,g-rx-fifo-size=774,dr_mode=peripheral\r\n",
		"dtoverlay=dwc2, dr_mode=peripheral\n" LINE,
		"[cm4]\ndtoverlay=dwc2, dr_mode=peripheral\n[all]\n" LINE,
		"dtoverlay=dwc2\n",
		"dtoverlay=dwc2\ndtparam=dr_mode=peripheral\n",
		"dtoverlay=upstream\n",
		"[gpio4=1]\n[all]\n" LINE "[cm5]\n",
		"[gpio4=1]\n" LINE "[all]\n" LINE,
		"[cm4]\n[pi4]\n[HDMI:0]\n" LINE,
		"include more.txt\n",
	};

	(void)state;
	remove_controller();
	put_file("/boot/firmware/more.txt", "include more.txt\n" LINE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put_file("/boot/firmware/config.txt", rows[i].text);
		examine(-ENOENT, NULL);
		assert_finds("config.txt", rows[i].found, rows[i].advice);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		put_file("/boot/firmware/config.txt", good[i]);
		examine(-ENOENT, NULL);
		assert_finds(
			"controller", "none", "Reboot: /boot/firmware/config.txt has the line");
	}
}

static void the_config_txt_that_is_read_is_checked(void **state)
{
	(void)state;
	remove_controller();
	/* The file's path before Debian 12 is not read if the new file exists. */
	put_file("/boot/config.txt", LINE);
	put_file("/boot/firmware/config.txt", STOCK);
	examine(-ENOENT, NULL);
	assert_finds("config.txt", "/boot/config.txt has, but it is not read",
		"Put the line dtoverlay=dwc2,dr_mode=peripheral at the end of /boot/firmware/");
	remove_tree("/boot/firmware");
	examine(-ENOENT, NULL);
	assert_finds("controller", "none", "Reboot: /boot/config.txt has the line");
	remove_tree("/boot");
	examine(-ENOENT, NULL);
	assert_finds("controller", "none",
		"Put the line dtoverlay=dwc2,dr_mode=peripheral at the "
		"end of /boot/firmware/config.txt (older systems");
	/* The Zero 2 reads three sections. On the A models dr_mode=otg makes the port a host. */
	put_file(TREE "/model", "Raspberry Pi Zero 2 W Rev 1.0");
	put_file("/boot/config.txt", "[pi02]\n" LINE);
	examine(-ENOENT, NULL);
	assert_finds("controller", "none", "Reboot");
	put_file(TREE "/model", "Raspberry Pi 3 Model A Plus Rev 1.0");
	put_file("/boot/config.txt", "dtoverlay=dwc2\n");
	examine(-ENOENT, NULL);
	assert_finds("config.txt", "makes the port \"otg\"", "In /boot/config.txt, let the");
	controller("not attached", "mmcgadget");
	examine(0, NOT_CONNECTED);
	assert_finds("config.txt", "makes the port \"otg\"", "In /boot/config.txt, let the");
}

/*
 * A model A has a controller even as a host: nobody can tell from config.txt alone whether a
 * section by GPIO applies, but the running device tree can.
 */
static void a_section_that_cannot_be_judged_is_not_blamed(void **state)
{
	(void)state;
	put_file(TREE "/model", "Raspberry Pi 3 Model A Plus Rev 1.0");
	put_file("/boot/firmware/config.txt", "[pi3+]\n[gpio4=1]\n" LINE);
	examine(0, CONNECTED);
	assert_false(report.bad);
	assert_int_equal(report.check[4].verdict, DOCTOR_NOTE);
	assert_string_equal(report.check[4].text,
		"/boot/firmware/config.txt has the dwc2 line in section [gpio4=1], and there is a "
		"controller");
	controller("not attached", "mmcgadget");
	examine(0, NOT_CONNECTED);
	assert_finds("host", "the controller sees no cable", "Plug a USB-A to USB-A cable into");
	assert_int_equal(report.check[4].verdict, DOCTOR_NOTE);
	assert_string_equal(report.check[4].text,
		"/boot/firmware/config.txt has the dwc2 line in section [gpio4=1], and whether "
		"that is for this board is not known");
	put_file(TREE "/soc/usb@7e980000/dr_mode", "otg");
	examine(0, NOT_CONNECTED);
	assert_finds("config.txt", "in section [gpio4=1], and whether", "Put the line");
	put_file(TREE "/soc/usb@7e980000/dr_mode", "peripheral");
	put_file("/boot/firmware/config.txt", "[gpio4=1]\ndtoverlay=dwc2\n");
	examine(0, NOT_CONNECTED);
	assert_finds("config.txt", "in section [gpio4=1], and whether", "Put the line");
	/* A section for another model is known not to apply. */
	put_file("/boot/firmware/config.txt", "[gpio4=1]\n[pi4]\n" LINE);
	examine(0, NOT_CONNECTED);
	assert_finds("config.txt", "in section [pi4], which is not for this board", "Put the line");
}

static void a_missing_driver_is_found(void **state)
{
	(void)state;
	remove_tree("/sys/class/udc");
	examine(-ENOENT, NULL);
	assert_finds(
		"controller", "none", "Look at the messages of the driver: sudo dmesg | grep dwc2");
	assert_advises("docs/boards/raspberry-pi-4.md");
	remove_tree("/sys/module/dwc2");
	examine(-ENOENT, NULL);
	assert_finds("controller", "none", "Load the driver: sudo modprobe dwc2.");
	put_file("/lib/modules/6.12.0-test/modules.dep", "x/libcomposite.ko:\nx/usb_f_fs.ko:\n");
	examine(-ENOENT, NULL);
	assert_finds("controller", "none", "Boot a kernel with the driver dwc2");
	/* The running system was booted with the port as a host. */
	put_file(TREE "/soc/usb@7e980000/dr_mode", "host");
	examine(-ENOENT, NULL);
	assert_finds("controller", "none", "Reboot: ");
}

/* A device tree can have a device port without any overlay. */
static void a_controller_without_overlay_is_accepted(void **state)
{
	static const char *const texts[] = {STOCK, "dtoverlay=dwc2,dr_mode=host\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put_file("/boot/firmware/config.txt", texts[i]);
		examine(0, CONNECTED);
		assert_false(report.bad);
		assert_string_equal(report.check[4].name, "config.txt");
		assert_int_equal(report.check[4].verdict, DOCTOR_NOTE);
	}
	/* If a host is connected, config.txt is not complained about. */
	put_file("/boot/firmware/config.txt", "otg_mode=1\n" LINE);
	examine(0, CONNECTED);
	assert_false(report.bad);
	controller("not attached", "mmcgadget");
	examine(0, NOT_CONNECTED);
	assert_finds("config.txt", "otg_mode=1", "Delete the line otg_mode=1");
}

/* ---- the program -------------------------------------------------------------------------- */

static int run(const char *args, char *out)
{
	char command[2048];
	int status;

	snprintf(command, sizeof(command), "MMCGADGET_ROOT=%s exec %s %s >%s 2>&1",
		in_scratch("root"), client(), args, in_scratch("out"));
	status = run_beside(command);
	strcpy(out, get_text("out"));
	return status;
}

static void the_program_prints_text_or_json(void **state)
{
	static char out[16384];
	char args[SCRATCH_PATH + 32];
	json_t *all;

	(void)state;
	kernel();
	put_file(TREE "/model", "Some Other Board");
	put_file("/sys/class/udc/dummy_udc.0/state", "configured\n");
	put_file("/sys/class/udc/dummy_udc.0/function", "any-name\n");
	snprintf(args, sizeof(args), "--socket %s doctor", in_scratch("run/socket"));
	assert_int_equal(run(args, out), 0);
	assert_starts(out, "good  kernel      configfs is in the kernel\n");
	assert_non_null(strstr(out, "\ngood  host        it has the drive, at high speed\n"
				    "\nAll is well: this machine has the drive.\n"));
	usb[0].suspended = true;
	assert_int_equal(run(args, out), 1);
	assert_non_null(strstr(out, "\n\nDo this:\n  A host that lets "));
	usb[0].suspended = false;
	/* Without --socket the default socket is below MMCGADGET_ROOT. */
	assert_int_equal(run("--json doctor", out), 1);
	all = json_loads(out, 0, NULL);
	assert_true(json_is_object(all));
	assert_true(json_is_false(json_object_get(all, "ok")));
	assert_string_equal(
		json_string_value(json_object_get(all, "page")), "docs/boards/generic.md");
	assert_starts(json_string_value(json_object_get(all, "message")), "Stop whatever");
	assert_true(json_array_size(json_object_get(all, "checks")) >= 6);
	json_decref(all);
	assert_int_equal(run("doctor now", out), 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup_pi4, scratch_remove)
	const struct CMUnitTest tests[] = {
		T(a_healthy_board_has_no_bad_check),
		T(missing_kernel_modules_are_found),
		T(each_board_has_its_port_and_page),
		T(config_txt_is_checked_by_section),
		T(the_config_txt_that_is_read_is_checked),
		T(a_section_that_cannot_be_judged_is_not_blamed),
		T(a_missing_driver_is_found),
		T(a_controller_without_overlay_is_accepted),
		cmocka_unit_test_setup_teardown(the_program_prints_text_or_json, setup, teardown),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
