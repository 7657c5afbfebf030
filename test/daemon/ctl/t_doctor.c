// SPDX-License-Identifier: GPL-2.0-or-later
/* mmcgadgetctl doctor: each broken state is a folder with the files that a board would have. */
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

/* Makes a file below the test's root directory, with its directories. */
static void put_file(const char *path, const char *text)
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

static void remove_tree(const char *path)
{
	char name[256];

	snprintf(name, sizeof(name), "root%s", path);
	assert_int_equal(nftw(in_scratch(name), scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* The modules of Raspberry Pi OS: most are loaded when they are needed. */
static void kernel(void)
{
	put_file("/proc/sys/kernel/osrelease", "6.12.0-test\n");
	put_file("/lib/modules/6.12.0-test/modules.builtin", "kernel/fs/configfs/configfs.ko\n");
	put_file("/lib/modules/6.12.0-test/modules.dep",
		"kernel/drivers/usb/gadget/libcomposite.ko.xz: kernel/drivers/usb/x.ko.xz\n"
		"kernel/drivers/usb/gadget/function/usb_f_fs.ko.xz:\n"
		"kernel/drivers/usb/dwc2/dwc2.ko.xz:\n");
}

static void controller(const char *state, const char *owner)
{
	char line[64];

	snprintf(line, sizeof(line), "%s\n", state);
	put_file(UDC "/state", line);
	snprintf(line, sizeof(line), "%s\n", owner);
	put_file(UDC "/function", *owner ? line : "");
}

/* A healthy Pi 4: a host uses its drive. */
static int setup_pi4(void **state)
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
static void remove_controller(void)
{
	remove_tree("/sys/class/udc");
	remove_tree("/sys/module/dwc2");
	remove_tree(TREE "/soc");
	remove_tree(GADGET);
}

static void examine(int error, const char *host)
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

static void check_first_bad(
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

static void a_machine_without_device_tree_can_see_the_drive_itself(void **state)
{
	(void)state;
	remove_controller();
	remove_tree(TREE);
	examine(-ENOENT, NULL);
	assert_finds("controller", "none", "Use a board with a USB device port");
	assert_advises("no module dummy_hcd");
	assert_advises("docs/boards/virtual.md of the sources.");
	put_file("/lib/modules/6.12.0-test/modules.dep",
		"x/libcomposite.ko:\nx/usb_f_fs.ko:\nx/dummy_hcd.ko.xz:\n");
	put_file("/usr/share/doc/mmcgadget/docs/boards/virtual.md", "");
	examine(-ENOENT, NULL);
	assert_finds("controller", "none",
		"This machine has no USB device port, as PCs have none. To see "
		"the drive on this machine itself: sudo modprobe dummy_hcd");
	assert_advises("More is in /usr/share/doc/mmcgadget/docs/boards/virtual.md.");
	assert_string_equal(report.page, "/usr/share/doc/mmcgadget/docs/boards/virtual.md");
	assert_int_equal(access("docs/boards/virtual.md", R_OK), 0);
}

/* Controllers made of software have no cable. */
static void software_controllers_need_no_cable(void **state)
{
	static const struct {
		const char *udc, *state, *host, *found, *advice;
	} rows[] = {
		{"dummy_udc.0", "not attached", NOT_CONNECTED,
			"this machine does not see the drive yet (\"not attached\")",
			"There is no cable: dummy_udc.0 is software"},
		{"dummy_udc.0", "addressed", NOT_CONNECTED, "not finished (\"addressed\")",
			"There is no"},
		{"dummy_udc.0", "configured", NOT_CONNECTED, "configured, but the drive is not",
			"Connect it again: sudo systemctl restart mmcgadgetd."},
		{"dummy_udc.0", "configured", ASLEEP, "the bus is suspended: the host sleeps",
			"A host that lets an idle drive sleep"},
		{"usbip-vudc.0", "not attached", NOT_CONNECTED, "no PC has connected by network",
			"There is no cable: usbip-vudc.0 is software, and a PC connects to it by "
			"network. "
			"Run sudo usbipd --device here, and sudo usbip attach"},
		{"usbip-vudc.0", "powered", NOT_CONNECTED, "no data from a host",
			"There is no cable"},
	};
	const char *cable;
	char path[128];

	(void)state;
	remove_controller();
	remove_tree(TREE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(path, sizeof(path), "/sys/class/udc/%s/state", rows[i].udc);
		put_file(path, rows[i].state);
		snprintf(path, sizeof(path), "/sys/class/udc/%s/function", rows[i].udc);
		put_file(path, "mmcgadget\n");
		examine(0, rows[i].host);
		assert_finds("host", rows[i].found, rows[i].advice);
		/* The word appears only to say that there is none. */
		cable = strstr(report.advice, "cable");
		assert_true(!cable || cable == report.advice + strlen("There is no "));
		assert_null(cable ? strstr(cable + 1, "cable") : NULL);
		remove_tree("/sys/class/udc");
	}
	put_file("/sys/class/udc/dummy_udc.0/state", "configured");
	put_file("/sys/class/udc/dummy_udc.0/function", "mmcgadget\n");
	examine(0, "{\"connected\":true,\"suspended\":false,\"speed\":\"full\"}");
	assert_false(report.bad);
	assert_string_equal(report.end, "this machine");
	assert_null(strstr(report.check[report.count - 1].text, "cable"));
}

static void a_container_has_no_kernel_of_its_own(void **state)
{
	(void)state;
	put_file("/.dockerenv", "");
	examine(0, CONNECTED);
	assert_false(report.bad);
	remove_controller();
	remove_tree("/lib/modules");
	remove_tree(TREE);
	examine(-ENOENT, NULL);
	assert_finds(
		"kernel", "configfs is missing", "Run doctor and mmcgadgetd on the machine itself");
	assert_null(strstr(report.advice, "Reboot"));
	kernel();
	examine(-ENOENT, NULL);
	assert_finds("controller", "none", "Run doctor and mmcgadgetd on the machine itself");
}

static void an_older_daemon_is_noticed(void **state)
{
	json_t *status;
	struct doctor_env env = {.socket = "s"};
	char root[SCRATCH_PATH];

	(void)state;
	snprintf(root, sizeof(root), "%s", in_scratch("root"));
	status =
		json_loads("{\"ok\":true,\"version\":\"0.0.9\",\"udc\":\"fe980000.usb\",\"drives\":"
			   "[{\"host\":" CONNECTED "}]}",
			0, NULL);
	env.root = root;
	env.status = status;
	doctor_examine(&env, &report);
	assert_false(report.bad);
	assert_string_equal(report.check[8].name, "version");
	assert_int_equal(report.check[8].verdict, DOCTOR_NOTE);
	assert_string_equal(report.check[8].text,
		"mmcgadgetd 0.0.9 runs, " MMCGADGET_VERSION
		" is installed: sudo systemctl restart mmcgadgetd, when "
		"the PC does not use the drive");
	json_decref(status);
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
		{"[gpio4=1]\n[pi4]\n" LINE, "in section [pi4]", "Put the line"},
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

static void the_owner_of_the_controller_is_named(void **state)
{
	(void)state;
	controller("configured", "g_ether");
	put_file("/sys/module/g_ether/x", "");
	put_file("/proc/cmdline", "root=/dev/mmcblk0p2 rootwait modules-load=dwc2,g_ether quiet\n");
	examine(-ENOENT, NULL);
	assert_finds("owner", "fe980000.usb is taken by the gadget \"g_ether\"",
		"Unload the module that has it: sudo modprobe -r g_ether.");
	assert_advises("take g_ether out of modules-load= in /boot/firmware/cmdline.txt");
	put_file("/proc/cmdline", "quiet\n");
	/* Raspberry Pi OS's own gadget mode, which Imager can switch on. */
	put_file("/usr/lib/modules-load.d/usb-gadget.conf", "g_ether\n");
	examine(-ENOENT, NULL);
	assert_finds("owner", "\"g_ether\"",
		"Switch Raspberry Pi's own USB gadget mode off: sudo rpi-usb-gadget off. Then put "
		"the "
		"line dtoverlay=dwc2,dr_mode=peripheral, which that deletes, at the end of "
		"/boot/firmware/config.txt again");
	remove_tree("/usr");
	examine(-ENOENT, NULL);
	assert_advises("take it out of /etc/modules and /etc/modules-load.d");
	/* A gadget of configfs */
	controller("configured", "webcam");
	examine(-ENOENT, NULL);
	assert_finds("owner", "\"webcam\"", "Stop whatever made the gadget \"webcam\"");
	assert_advises("echo | sudo tee /sys/kernel/config/usb_gadget/webcam/UDC");
	/* Some controllers do not name their gadget; configfs does. */
	controller("configured", "");
	put_file(GADGET "/mmcgadget/UDC", "");
	put_file(GADGET "/serial/UDC", "fe980000.usb\n");
	examine(-ENOENT, NULL);
	assert_finds("owner", "\"serial\"", "Stop whatever");
	/* A second controller is free. */
	put_file("/sys/class/udc/dummy_udc.0/state", "not attached\n");
	put_file("/sys/class/udc/dummy_udc.0/function", "");
	examine(-ENOENT, NULL);
	assert_finds("daemon", "does not run", "Start it");
}

static void a_beaglebones_own_gadget_is_found(void **state)
{
	(void)state;
	put_file(TREE "/model", "TI AM335x BeagleBone Black");
	controller("configured", "g_multi");
	put_file(GADGET "/g_multi/UDC", "fe980000.usb\n");
	put_file("/opt/scripts/boot/am335x_evm.sh", "");
	examine(-ENOENT, NULL);
	assert_finds("owner", "\"g_multi\"",
		"Turn the image's own gadget off: take its start out of /opt/scripts/boot/");
	assert_advises("Network and login over this USB port end with it");
	assert_advises("functions = ( { type = \"acm\"; }, { type = \"ncm\"; } )");
	put_file("/lib/systemd/system/bb-usb-gadgets.service", "");
	examine(-ENOENT, NULL);
	assert_finds("owner", "\"g_multi\"",
		"Turn the image's own gadget off: put the line USB_CONFIGURATION=disable into "
		"/etc/default/bb-boot, run sudo systemctl disable bb-usb-gadgets, and reboot.");
}

static void a_daemon_that_does_not_answer_is_found(void **state)
{
	(void)state;
	controller("not attached", "");
	put_file(GADGET "/mmcgadget/UDC", "");
	examine(-ENOENT, NULL);
	assert_finds("daemon", "mmcgadgetd does not run: nothing listens at /tmp/",
		"Start it: sudo systemctl start mmcgadgetd.");
	assert_advises("At each boot: sudo systemctl enable mmcgadgetd.");
	put_file("/etc/systemd/system/usb-gadget.target.wants/mmcgadgetd.service", "");
	examine(-ECONNREFUSED, NULL);
	assert_finds("daemon", "does not run", "Start it: sudo systemctl start mmcgadgetd.");
	assert_null(strstr(report.advice, "enable"));
	remove_tree("/lib/systemd");
	remove_tree("/etc/systemd");
	examine(-ENOENT, NULL);
	assert_finds("daemon", "does not run", "Start it: sudo modprobe libcomposite");
	/* The daemon listens at another socket. */
	put_file("/run/mmcgadget/lock", "4711\n");
	examine(-ENOENT, NULL);
	assert_finds("daemon", "does not run", "Start it");
	put_file("/proc/4711/x", "");
	examine(-ENOENT, NULL);
	assert_finds("daemon", "process 4711 runs", "Ask it at its own socket");
	examine(-ETIMEDOUT, NULL);
	assert_finds("daemon", strerror(ETIMEDOUT), "Restart it");
	examine(-EACCES, NULL);
	assert_finds("daemon", "it runs, but this user may not use ", "Run this as root");
	put_text("socket", "");
	examine(-EACCES, NULL);
	assert_finds("daemon", "it runs, but this user may not use ",
		getgid() == 0 ? "Run this" : "Join the group");
	examine(0, NOT_CONNECTED);
	assert_finds("host", "sees no cable", "Plug ");
}

static void a_daemon_on_no_controller_is_found(void **state)
{
	char root[SCRATCH_PATH];
	struct doctor_env env = {.root = root, .socket = "s"};
	json_t *status =
		json_pack("{s:b, s:s, s:s, s:[]}", "ok", 1, "version", "1", "udc", "", "drives");

	(void)state;
	controller("not attached", "");
	put_file(GADGET "/mmcgadget/UDC", "");
	snprintf(root, sizeof(root), "%s", in_scratch("root"));
	env.status = status;
	doctor_examine(&env, &report);
	assert_finds("daemon", "runs, but is on no controller",
		"Read why: journalctl -u mmcgadgetd -n 20.");
	assert_advises("such as fe980000.usb");
	/* The advice quotes the daemon's own problem. */
	json_object_set_new(status, "problem", json_string("it refuses this gadget"));
	doctor_examine(&env, &report);
	assert_finds("daemon", "runs, but is on no controller",
		"It says: it refuses this gadget. More is in journalctl -u mmcgadgetd -n 20.");
	/* It is on a controller that lacks endpoints for some drives. */
	json_object_set_new(status, "udc", json_string("fe980000.usb"));
	json_object_set_new(status, "problem", json_string("PCs do not see this drive"));
	doctor_examine(&env, &report);
	assert_finds("daemon", "answers, on controller fe980000.usb, with a problem",
		"It says: PCs do not see this drive.");
	json_decref(status);
}

static void each_state_of_the_host_has_advice(void **state)
{
	static const struct {
		const char *state, *host, *found, *advice;
	} rows[] = {
		{"not attached", NOT_CONNECTED, "the controller sees no cable (\"not attached\")",
			"Plug a USB-C data cable (it also powers the board) into the USB-C port"},
		{"attached", NOT_CONNECTED, "there is power, but no data from a host", "Plug "},
		{"powered", NOT_CONNECTED, "there is power, but no data from a host (\"powered\")",
			"Plug "},
		{"default", NOT_CONNECTED,
			"a host has begun to configure the board, but not finished (\"default\")",
			"Ask again in a few seconds."},
		{"addressed", NOT_CONNECTED, "not finished (\"addressed\")", "Ask again"},
		{"configured", NOT_CONNECTED, "configured, but the drive is not",
			"Unplug the cable"},
		{"suspended", NOT_CONNECTED, "the host sleeps, or the cable is out", "Wake the PC"},
		{"configured", ASLEEP, "the host sleeps, or the cable is out", "Wake the PC"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		controller(rows[i].state, "mmcgadget");
		examine(0, rows[i].host);
		assert_finds("host", rows[i].found, rows[i].advice);
	}
	assert_advises("A Raspberry Pi cannot tell a pulled cable from a sleeping host.");
	/* If the controller contradicts the daemon, the daemon is right. */
	controller("not attached", "mmcgadget");
	examine(0, CONNECTED);
	assert_false(report.bad);
	/* If the daemon cannot be asked, the controller's state counts. */
	controller("configured", "mmcgadget");
	examine(-EACCES, NULL);
	assert_finds("daemon", "this user may not use", "Run this");
	assert_int_equal(report.check[report.count - 1].verdict, DOCTOR_GOOD);
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
	const char *dir = getenv("O");
	char command[1024];
	int status;

	snprintf(command, sizeof(command), "MMCGADGET_ROOT=%s exec %s/mmcgadgetctl %s >%s 2>&1",
		in_scratch("root"), dir ? dir : "build", args, in_scratch("out"));
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
		T(a_machine_without_device_tree_can_see_the_drive_itself),
		T(software_controllers_need_no_cable),
		T(a_container_has_no_kernel_of_its_own),
		T(an_older_daemon_is_noticed),
		T(config_txt_is_checked_by_section),
		T(the_config_txt_that_is_read_is_checked),
		T(a_missing_driver_is_found),
		T(the_owner_of_the_controller_is_named),
		T(a_beaglebones_own_gadget_is_found),
		T(a_daemon_that_does_not_answer_is_found),
		T(a_daemon_on_no_controller_is_found),
		T(each_state_of_the_host_has_advice),
		T(a_controller_without_overlay_is_accepted),
		cmocka_unit_test_setup_teardown(the_program_prints_text_or_json, setup, teardown),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
