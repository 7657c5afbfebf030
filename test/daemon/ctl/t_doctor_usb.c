// SPDX-License-Identifier: GPL-2.0-or-later
/* mmcgadgetctl doctor: from the controller to the host, and machines that are no boards. */
#include "daemon/ctl/doctor_fixture.h"

#include <grp.h>
#include <pwd.h>

#include "gadget/gadget.h"

static void a_machine_without_device_tree_can_see_the_drive_itself(void **state)
{
	(void)state;
	remove_controller();
	remove_tree(TREE);
	examine(-ENOENT, NULL);
	assert_finds("controller", "none", "Use a board with a USB device port");
	assert_advises("The kernel (6.12.0-test) has no module dummy_hcd (CONFIG_USB_DUMMY_HCD)");
	assert_advises("Debian's usual kernel has it");
	put_file("/etc/os-release", "NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n");
	examine(-ENOENT, NULL);
	assert_advises("sudo apt install linux-modules-extra-6.12.0-test. To try");
	assert_advises("docs/virtual.md of the sources.");
	put_file("/lib/modules/6.12.0-test/modules.dep",
		"x/libcomposite.ko:\nx/usb_f_fs.ko:\nx/dummy_hcd.ko.xz:\n");
	put_file("/usr/share/doc/mmcgadget/docs/virtual.md", "");
	examine(-ENOENT, NULL);
	assert_finds("controller", "none",
		"This machine has no USB device port, as PCs have none. To see "
		"the drive on this machine itself: sudo mmcgadgetctl loopback on.");
	assert_advises("More is in /usr/share/doc/mmcgadget/docs/virtual.md.");
	assert_string_equal(report.page, "/usr/share/doc/mmcgadget/docs/virtual.md");
	assert_int_equal(access("docs/virtual.md", R_OK), 0);
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
			"A host that lets an idle drive sleep looks the same: if the drive is "
			"shown there, all is well, and reading a disc wakes it. Otherwise"},
		{"usbip-vudc.0", "not attached", NOT_CONNECTED, "no PC has connected by network",
			"There is no cable: usbip-vudc.0 is software, and a PC connects to it by "
			"network. "
			"Nothing listens at port 3240 here: sudo systemctl start "
			"mmcgadget-usbip.socket."},
		{"usbip-vudc.0", "default", NOT_CONNECTED, "no PC has the drive by network",
			"There is no cable"},
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
		" is installed; when the PC does not use the drive: sudo systemctl restart "
		"mmcgadgetd");
	json_decref(status);
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
		"Switch Raspberry Pi's own USB gadget mode off: sudo rpi-usb-gadget off. That "
		"deletes the line dtoverlay=dwc2,dr_mode=peripheral: put it at the end of "
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

/* Who has joined the group since the login needs a new login, and nothing else. */
static void a_group_that_was_joined_needs_a_new_login(void **state)
{
	const struct passwd *user = getpwuid(geteuid());
	const struct group *group;
	char line[256], want[256];
	struct stat st;

	(void)state;
	put_text("socket", "");
	/* The doctor never advises to join root's group, so root gives the socket another one. */
	if (geteuid() == 0)
		assert_int_equal(chown(in_scratch("socket"), 0, 65534), 0);
	assert_int_equal(stat(in_scratch("socket"), &st), 0);
	group = getgrgid(st.st_gid);
	assert_non_null(group);
	assert_non_null(user);
	put_file("/etc/group", "root:x:0:\n");
	examine(-EACCES, NULL);
	assert_finds("daemon", "this user may not use ", "Join the group ");
	snprintf(line, sizeof(line), "root:x:0:\n%s:x:%u:other,%s\n", group->gr_name,
		(unsigned)st.st_gid, user->pw_name);
	put_file("/etc/group", line);
	examine(-EACCES, NULL);
	snprintf(want, sizeof(want), "Log out and in again: %s is in the group %s, but logged in ",
		user->pw_name, group->gr_name);
	assert_finds("daemon", "this user may not use ", want);
}

/* Returns the text of the check of that name, "" if there is none. */
static const char *check_named(const char *name)
{
	for (unsigned i = 0; i < report.count; i++) {
		if (strcmp(report.check[i].name, name) == 0)
			return report.check[i].text;
	}
	return "";
}

static void examine_folder(const char *problem)
{
	char root[SCRATCH_PATH];
	struct doctor_env env = {.root = root, .socket = "s"};
	json_t *status = json_loads("{\"ok\":true,\"version\":\"" MMCGADGET_VERSION
				    "\",\"udc\":\"fe980000.usb\","
				    "\"drives\":[{\"folder\":\"/discs\",\"host\":" CONNECTED "},"
				    "{\"folder\":\"/discs\",\"host\":" CONNECTED "}]}",
		0, NULL);

	json_object_set_new(json_array_get(json_object_get(status, "drives"), 0), "folder_problem",
		json_string(problem));
	env.status = status;
	snprintf(root, sizeof(root), "%s", in_scratch("root"));
	doctor_examine(&env, &report);
	json_decref(status);
}

static void a_folder_that_the_user_may_not_change_is_told(void **state)
{
	const uid_t me = geteuid();
	const struct passwd *user;
	const struct group *group;
	char line[256], want[256];
	struct stat st;

	(void)state;
	put_file("/discs/x", "");
	examine_folder("");
	assert_string_equal(check_named("discs"), "");
	/* Root can write to every folder, so as root the test examines as another user. */
	chmod(scratch, 0755);
	if (me == 0)
		assert_int_equal(chown(in_scratch("root/discs"), 0, 65534), 0);
	assert_int_equal(stat(in_scratch("root/discs"), &st), 0);
	chmod(in_scratch("root/discs"), 0570);
	assert_int_equal(seteuid(me == 0 ? 65534 : me), 0);
	user = getpwuid(geteuid());
	examine_folder("");
	assert_int_equal(seteuid(me), 0);
	assert_false(report.bad);
	scratch_starts(
		check_named("discs"), "you may not put discs into /discs; ", __FILE__, __LINE__);
	assert_non_null(strstr(check_named("discs"),
		me == 0 ? "join its group: sudo usermod -aG " : "sudo ls -ld \"/discs\""));
	/* The user has joined the group since. */
	group = getgrgid(st.st_gid);
	assert_true(user && group);
	snprintf(line, sizeof(line), "%s:x:%u:%s\n", group->gr_name, (unsigned)st.st_gid,
		user->pw_name);
	put_file("/etc/group", line);
	assert_int_equal(seteuid(me == 0 ? 65534 : me), 0);
	examine_folder("");
	assert_int_equal(seteuid(me), 0);
	snprintf(want, sizeof(want),
		"you may not put discs into /discs; %s is in its group, %s, but logged in before: ",
		user->pw_name, group->gr_name);
	scratch_starts(check_named("discs"), want, __FILE__, __LINE__);
	/* The folder is missing. */
	examine_folder("the media folder /discs is gone: No such file or directory");
	assert_finds("discs", "/discs is gone", "Mount or make the folder of the discs again, ");
	chmod(in_scratch("root/discs"), 0755);
}

/* Whatever there is to say of each drive, the report has room for it. */
static void all_drives_can_have_problems(void **state)
{
	char root[SCRATCH_PATH], folder[16];
	struct doctor_env env = {.root = root, .socket = "s"};
	json_t *drives = json_array();
	json_t *status = json_pack("{s:b, s:s, s:s, s:o}", "ok", 1, "version", "0.0", "udc",
		"fe980000.usb", "drives", drives);
	unsigned discs = 0, faults = 0, hosts = 0;

	(void)state;
	put_file("/.dockerenv", "");
	for (unsigned i = 0; i < GADGET_MAX_FUNCTIONS; i++) {
		snprintf(folder, sizeof(folder), "/discs%u", i);
		json_array_append_new(
			drives, json_pack("{s:s, s:s, s:s, s:[s]}", "name", "d", "folder", folder,
					"folder_problem", "is gone", "faults", "f"));
	}
	env.status = status;
	snprintf(root, sizeof(root), "%s", in_scratch("root"));
	doctor_examine(&env, &report);
	json_decref(status);
	for (unsigned i = 0; i < report.count; i++) {
		discs += strcmp(report.check[i].name, "discs") == 0;
		faults += strcmp(report.check[i].name, "faults") == 0;
		hosts += strcmp(report.check[i].name, "host") == 0;
	}
	assert_string_not_equal(check_named("container"), "");
	assert_string_not_equal(check_named("version"), "");
	assert_int_equal(hosts, 1);
	assert_int_equal(discs, GADGET_MAX_FUNCTIONS);
	assert_int_equal(faults, GADGET_MAX_FUNCTIONS);
	assert_int_equal(report.count, DOCTOR_CHECKS);
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

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup_pi4, scratch_remove)
	const struct CMUnitTest tests[] = {
		T(a_machine_without_device_tree_can_see_the_drive_itself),
		T(software_controllers_need_no_cable),
		T(a_container_has_no_kernel_of_its_own),
		T(an_older_daemon_is_noticed),
		T(the_owner_of_the_controller_is_named),
		T(a_beaglebones_own_gadget_is_found),
		T(a_daemon_that_does_not_answer_is_found),
		T(a_group_that_was_joined_needs_a_new_login),
		T(a_folder_that_the_user_may_not_change_is_told),
		T(all_drives_can_have_problems),
		T(a_daemon_on_no_controller_is_found),
		T(each_state_of_the_host_has_advice),
	};

	return cmocka_run_group_tests_name("doctor, usb", tests, NULL, NULL);
}
