// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mmcgadgetctl loopback on a PC that is a folder: what it checks, the order in which it changes the
 * system, and that everything is undone.
 */
#include "daemon/ctl/loopback_fixture.h"

#include "ctl/run_program.h"
#include "ctl/soft_udc.h"

static const char *loopback(const char *words)
{
	return carry_out("loopback", words);
}

/* ---- on and off ------------------------------------------------------------------------------ */

static void on_gives_a_drive_and_off_takes_it_away(void **state)
{
	const char *unit;

	(void)state;
	assert_string_equal(
		loopback(""), "this PC has no drive of its own (loopback is off)\n-> 0");
	assert_has(
		loopback(with("on @")), "this PC is its own host: it has the drive as /dev/sr1; ");
	assert_string_equal(asked,
		"systemctl is-active mmcgadgetd.service; systemctl daemon-reload; "
		"modprobe libcomposite; modprobe dummy_hcd; systemctl start mmcgadgetd.service");
	assert_int_equal(access(in_scratch("home/discs"), F_OK), 0);
	unit = get_text("root" LOOPBACK_DROP_IN);
	assert_has(unit, with("\nExecStart=\nExecStart=" SBINDIR
			      "/mmcgadgetd --udc \"dummy_udc.0\" --group= --media \"@\"\n"));
	assert_has(unit, with("\nProtectHome=tmpfs\nBindPaths=\"@\"\n"));
	assert_has(unit, caller);

	assert_has(loopback("status"), with("the discs are the files in @, of the user "));
	assert_has(loopback("status --json"),
		"\"on\":true,\"running\":true,\"controller\":\"dummy_udc.0\",\"user\":");
	assert_has(loopback("--json"), with("\"folder\":\"@\",\"device\":\"/dev/sr1\"}"));

	assert_string_equal(
		loopback("off"), "this PC has no drive of its own (loopback is off)\n-> 0");
	assert_string_equal(asked,
		"systemctl stop mmcgadgetd.service; systemctl reset-failed "
		"mmcgadgetd.service; systemctl daemon-reload; modprobe -r usb_f_fs; "
		"modprobe -r dummy_hcd; modprobe -r libcomposite");
	assert_false(root_file("/run/systemd/system/mmcgadgetd.service.d"));
	/* The discs stay. */
	assert_int_equal(access(in_scratch("home/discs"), F_OK), 0);
	loopback("off");
	assert_string_equal(asked, "");
}

static void the_same_again_is_no_error(void **state)
{
	(void)state;
	loopback(with("on @"));
	assert_has(loopback(with("on @")), "/dev/sr1");
	assert_string_equal(asked, "systemctl start mmcgadgetd.service");
	assert_has(loopback(with("on @2")), "is on already, for the user ");
	assert_int_not_equal(access(in_scratch("home/discs2"), F_OK), 0);
	assert_has(loopback(with("on @2")), "first: sudo mmcgadgetctl loopback off\n-> 1");
	stop_daemon();
	assert_has(loopback(""), "is on, but mmcgadgetd does not run");
	assert_has(loopback("--json"), "\"running\":false");
}

static void modules_that_were_loaded_before_stay(void **state)
{
	(void)state;
	put_file("/sys/module/dummy_hcd/x", "");
	put_file("/sys/module/libcomposite/x", "");
	put_file(DUMMY "/function", "g_ether\n");
	put_file("/sys/class/udc/dummy_udc.10/function", "");
	put_file("/sys/class/udc/dummy_udc.2/function", "");
	put_file("/sys/class/udc/fe980000.usb/function", "");
	assert_has(loopback(with("on @")), "does not see the drive yet");
	assert_has(get_text("root" LOOPBACK_DROP_IN), "mmcgadgetd --udc \"dummy_udc.2\" ");
	loopback("off");
	assert_has(asked, "modprobe -r usb_f_fs");
	assert_null(strstr(asked, "modprobe -r dummy_hcd"));
	assert_null(strstr(asked, "modprobe -r libcomposite"));
}

static void the_first_free_controller_is_taken(void **state)
{
	char udc[64], owner[64], device[32];

	(void)state;
	assert_false(soft_udc_free(&soft_dummy, root, udc, sizeof(udc), owner, sizeof(owner)));
	assert_string_equal(owner, "");
	put_file(DUMMY "/function", "g_ether\n");
	assert_false(soft_udc_free(&soft_dummy, root, udc, sizeof(udc), owner, sizeof(owner)));
	assert_string_equal(owner, "g_ether");
	assert_has(loopback(with("on @")),
		"the gadget \"g_ether\" has the controller of dummy_hcd; stop what made that "
		"gadget first\n-> 1");
	put_file("/sys/class/udc/dummy_udc.10/function", "");
	put_file("/sys/class/udc/dummy_udc.2/function", "");
	put_file("/sys/class/udc/dummy_udc.1/function", "");
	put_file(GADGET "/other/UDC", "dummy_udc.1\n");
	put_file("/sys/class/udc/fe980000.usb/function", "");
	assert_true(soft_udc_free(&soft_dummy, root, udc, sizeof(udc), owner, sizeof(owner)));
	assert_string_equal(udc, "dummy_udc.2");
	/* sr0 is a drive of another gadget and sr1 a real drive: neither is that of dummy_udc.2. */
	put_file("/sys/devices/platform/dummy_hcd.20/usb3/block/sr0/x", "");
	put_file("/sys/devices/pci0/ata1/block/sr1/x", "");
	put_file("/sys/devices/platform/dummy_hcd.2/usb3/block/sr3/x", "");
	put_file("/sys/block/x", "");
	assert_int_equal(symlink("../devices/platform/dummy_hcd.20/usb3/block/sr0",
				 in_scratch("root/sys/block/sr0")),
		0);
	assert_int_equal(
		symlink("../devices/pci0/ata1/block/sr1", in_scratch("root/sys/block/sr1")), 0);
	assert_false(soft_udc_drive(root, udc, device, sizeof(device)));
	assert_int_equal(symlink("../devices/platform/dummy_hcd.2/usb3/block/sr3",
				 in_scratch("root/sys/block/sr3")),
		0);
	assert_true(soft_udc_drive(root, udc, device, sizeof(device)));
	assert_string_equal(device, "/dev/sr3");
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void missing_parts_of_the_system_are_reported_first(void **state)
{
	(void)state;
	env.uid = 1000;
	assert_has(loopback(with("on @")),
		with("which only root may: sudo mmcgadgetctl loopback on @\n-> 4"));
	assert_has(loopback("on a;b user=x"), "sudo mmcgadgetctl loopback on 'a;b' user=x\n");
	assert_has(loopback("on --json"), "\"code\":\"no-permission\",\"format\":1}\n-> 4");
	put_file("/lib/modules/6.12.0-test/modules.dep", "x/usb_f_fs.ko:\nx/dummy_hcd.ko:\n");
	assert_has(loopback("on"), "has no libcomposite; mmcgadgetctl doctor says more\n-> 1");
	put_file("/lib/modules/6.12.0-test/modules.dep", "x/libcomposite.ko:\nx/usb_f_fs.ko:\n");
	assert_has(loopback("on"), "has no module dummy_hcd (CONFIG_USB_DUMMY_HCD)");
	remove_tree("/lib/modules");
	assert_has(loopback("on"), "a reboot helps");
	put_file("/.dockerenv", "");
	assert_has(loopback("on --json"), "\"code\":\"not-ready\"");
	assert_string_equal(asked, "");
}

static void another_daemon_is_left_alone(void **state)
{
	(void)state;
	put_file(UDC "/function", "");
	active = true;
	assert_has(loopback(with("on @")), "mmcgadgetd runs already, for a port of this machine");
	assert_string_equal(asked, "systemctl is-active mmcgadgetd.service");
	active = false;
	start_daemon();
	assert_has(loopback(with("on @")), "mmcgadgetd runs already");
	assert_string_equal(asked, "systemctl is-active mmcgadgetd.service");
	assert_has(loopback("off"), "loopback is off");
	assert_string_equal(asked, "");
	/* A daemon that was started by hand is left alone, too, on a PC without a port. */
	remove_tree("/sys/class/udc");
	assert_has(loopback(with("on @")), "mmcgadgetd runs already");
	/* A service on such a PC only waits for a controller, so "on" stops it. */
	active = true;
	assert_has(loopback(with("on @")), "/dev/sr1");
	assert_starts(asked, "systemctl is-active mmcgadgetd.service; systemctl stop "
			     "mmcgadgetd.service; systemctl daemon-reload");
	loopback("off");
	/* It waits on if something is wrong before that, and again if something is wrong later. */
	assert_has(loopback("on /dev/null"), "Not a directory");
	assert_string_equal(asked, "systemctl is-active mmcgadgetd.service");
	broken = "modprobe libcomposite";
	assert_has(loopback(with("on @")), "everything is as before");
	assert_string_equal(strrchr(asked, ';'), "; systemctl start mmcgadgetd.service");
}

static void a_user_and_a_folder_are_needed(void **state)
{
	(void)state;
	env.caller = NULL;
	assert_has(loopback(with("on @")), "name the user: user=NAME\n-> 1");
	env.caller = "12x";
	assert_has(loopback(with("on @")), "no user \"12x\"");
	env.caller = "0";
	assert_has(loopback(with("on @")), "not of root");
	assert_has(loopback(with("on @ user=no-such-user")), "no user \"no-such-user\"");
	env.caller = caller;
	assert_has(loopback(with("on @/deep")),
		with("@/deep: No such file or directory (for the user "));
	put_text("file", "");
	assert_has(loopback("on /dev/null"), "/dev/null: Not a directory");
	assert_has(loopback("on /"), "the root of the file system");
	assert_null(strstr(asked, "modprobe"));
	env.caller = NULL;
	snprintf(asked, sizeof(asked), "on @ user=%s", user);
	assert_has(loopback(with(asked)), "/dev/sr1");
}

static void a_failed_start_is_undone(void **state)
{
	static const char *const steps[] = {
		"systemctl daemon-reload", "modprobe libcomposite", "systemctl start"};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		broken = steps[i];
		assert_has(loopback(with("on @")), "everything is as before");
		assert_has(asked, "modprobe -r dummy_hcd");
		assert_false(root_file("/run/systemd/system/mmcgadgetd.service.d"));
		assert_false(root_file(DUMMY));
	}
}

static void a_disc_that_is_used_is_not_taken_away(void **state)
{
	(void)state;
	loopback(with("on @"));
	set_host(true, true);
	assert_has(loopback("off"), "this PC uses the disc: it is mounted");
	assert_string_equal(asked, "");
	/* udev locks each disc that it sees; a burn counts, though no other has the device open. */
	put_file("/dev/sr1", "");
	put_text("answer", "{\"ok\":true,\"drives\":[{\"locked\":true,\"burn\":\"burning\","
			   "\"host\":{\"connected\":true}}]}\n");
	assert_has(loopback("off"), "this PC uses the disc");
	set_host(true, true);
	broken = "systemctl stop";
	assert_has(loopback("off"), "does not stop; nothing else was changed");
	env.uid = 1000;
	assert_has(loopback("off force"), "only root may: sudo mmcgadgetctl loopback off force\n");
	env.uid = 0;
	broken = "systemctl stop";
	/* A host that is not connected cannot use the disc. */
	set_host(true, false);
	assert_has(loopback("off"), "does not stop; nothing else was changed");
	assert_true(root_file(LOOPBACK_DROP_IN));
	broken = "modprobe -r dummy_hcd";
	assert_has(loopback("off --force"), "the module dummy_hcd stays loaded");
	assert_false(root_file(LOOPBACK_DROP_IN));
}

static void the_command_for_root_is_right_in_a_shell(void **state)
{
	(void)state;
	env.uid = 1000;
	assert_has(loopback("on a$b"), ": sudo mmcgadgetctl loopback on 'a$b'\n");
	assert_has(loopback("on ~/discs user=pi"), " on '~/discs' user=pi\n");
	assert_has(loopback("on discs"), " on discs\n");
	assert_has(loopback("on -- force"), " on ./force\n");
}

static void wrong_words_are_refused(void **state)
{
	static const char *const words[] = {"of", "on a b", "off a", "off user=a", "status a",
		"status force", "on --force", "on --drive 0", "on user=a user=b c",
		"on user=a user=b", "on listen=127.0.0.1", "on force"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_has(loopback(words[i]),
			"usage: loopback on [FOLDER] [user=NAME], loopback off "
			"[force], loopback [status]\n-> 2");
	assert_string_equal(asked, "");
}

/* ---- the drop-in ------------------------------------------------------------------------------
 */

/* systemd.syntax(7), systemd.service(5): how quotes, backslashes, "%" and "$" are escaped. */
static void names_are_quoted_for_systemd(void **state)
{
	struct loopback_unit u = {.user = "a%b",
		.uid = 1000,
		.gid = 100,
		.folder = "/home/a b/50% \"of\" $HOME\\",
		.controller = "dummy_udc.0",
		.modules = "usb_f_fs dummy_hcd"};
	struct loopback_unit read;
	const char *text;

	(void)state;
	assert_int_equal(loopback_unit_write(root, &u), 0);
	text = get_text("root" LOOPBACK_DROP_IN);
	assert_has(text, "--set-up \"a%%b\"\n");
	assert_has(text, "--media \"/home/a b/50%% \\\"of\\\" $$HOME\\\\\"\n");
	assert_has(text, "\nBindPaths=\"/home/a b/50%% \\\"of\\\" $HOME\\\\\"\n");
	assert_true(loopback_unit_read(root, KIND_LOOPBACK, &read));
	assert_string_equal(read.folder, u.folder);
	assert_string_equal(read.user, u.user);
	assert_string_equal(read.controller, u.controller);
	assert_string_equal(read.modules, u.modules);
	put_file(LOOPBACK_DROP_IN, "[Service]\nUser=root\nFolder=/x\nController=y\n");
	assert_false(loopback_unit_read(root, KIND_LOOPBACK, &read));
	loopback_unit_remove(root, KIND_LOOPBACK);
	assert_false(loopback_unit_read(root, KIND_LOOPBACK, &read));
}

/* The line that creates the gadget is that of the unit, with the name of another user. */
static void the_drop_in_repeats_a_line_of_the_unit(void **state)
{
	static const char set_up[] = "@SBINDIR@/mmcgadgetd --set-up mmcgadget\n";
	struct loopback_unit u = {.user = "alice", .folder = "/d", .controller = "dummy_udc.0"};
	char line[256] = "", want[512];
	FILE *f = fopen("configs/mmcgadgetd.service", "r");
	const char *at = NULL;

	(void)state;
	assert_non_null(f);
	while (!at && fgets(line, sizeof(line), f))
		at = strstr(line, set_up);
	fclose(f);
	assert_non_null(at);
	snprintf(want, sizeof(want), "\n%.*s" SBINDIR "/mmcgadgetd --set-up \"alice\"\n",
		(int)(at - line), line);
	assert_int_equal(loopback_unit_write(root, &u), 0);
	assert_has(get_text("root" LOOPBACK_DROP_IN), want);
}

static void programs_are_found_run_and_waited_for(void **state)
{
	static const struct {
		const char *argv[4];
		int result;
	} rows[] = {
		{{"true"}, 0},
		{{"sh", "-c", "exit 7"}, 7},
		{{"sh", "-c", "kill -9 $$"}, 128 + SIGKILL},
		{{"no-such-program"}, -ENOENT},
	};

	(void)state;
	assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(run_program(rows[i].argv, true), rows[i].result);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup_pc, teardown_pc)
	const struct CMUnitTest tests[] = {
		T(on_gives_a_drive_and_off_takes_it_away),
		T(the_same_again_is_no_error),
		T(modules_that_were_loaded_before_stay),
		T(the_first_free_controller_is_taken),
		T(missing_parts_of_the_system_are_reported_first),
		T(another_daemon_is_left_alone),
		T(a_user_and_a_folder_are_needed),
		T(a_failed_start_is_undone),
		T(a_disc_that_is_used_is_not_taken_away),
		T(the_command_for_root_is_right_in_a_shell),
		T(wrong_words_are_refused),
		T(names_are_quoted_for_systemd),
		T(the_drop_in_repeats_a_line_of_the_unit),
		T(programs_are_found_run_and_waited_for),
	};

	return cmocka_run_group_tests_name("loopback", tests, NULL, NULL);
}
