// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mmcgadgetctl network on a machine that is a folder: the address, the two drop-ins, what is
 * refused, that everything is undone; and what the doctor says about it.
 */
#include "daemon/ctl/loopback_fixture.h"

#include "ctl/network_socket.h"

static const char *network(const char *words)
{
	return carry_out("network", words);
}

/* ---- on and off ------------------------------------------------------------------------------ */

static void on_lets_a_pc_attach_and_off_takes_it_away(void **state)
{
	const char *unit;

	(void)state;
	assert_string_equal(network(""),
		"no PC can have a drive of this machine by network (network is off)\n-> 0");
	assert_has(network(with("on @")), "a PC has the drive by network; the discs are the files");
	assert_string_equal(asked,
		"systemctl is-active mmcgadgetd.service; systemctl daemon-reload; modprobe "
		"libcomposite; modprobe usbip-vudc; systemctl start mmcgadgetd.service; systemctl "
		"start mmcgadget-usbip.socket");
	unit = get_text("root" NETWORK_DROP_IN);
	assert_has(unit, with("\nExecStart=\nExecStart=" SBINDIR
			      "/mmcgadgetd --udc \"usbip-vudc.0\" --group= --media \"@\"\n"));
	assert_has(unit, "\nDescription=DVD burner for a PC at the other end of a network");
	assert_has(get_text("root" NETWORK_SOCKET_DROP_IN),
		"\n[Socket]\nListenStream=\nListenStream=127.0.0.1:3240\n");
	assert_false(root_file(LOOPBACK_DROP_IN));

	set_host(false, false);
	assert_has(network("status"),
		with("no PC has the drive yet: usbip-vudc.0 waits for one at 127.0.0.1:3240; the "
		     "discs are the files in @, of the user "));
	assert_has(network("--json"), with("\"folder\":\"@\",\"listen\":\"127.0.0.1:3240\","
					   "\"connected\":false}"));
	put_file(TCP, "  sl  local_address\n");
	assert_has(network(""), "but nothing listens at 127.0.0.1:3240");
	assert_has(network(with("on @")), "waits for one at");
	assert_string_equal(asked,
		"systemctl start mmcgadgetd.service; systemctl start mmcgadget-usbip.socket");
	stop_daemon();
	assert_has(network(""), "network is on, but mmcgadgetd does not run");

	assert_has(network("off"), "(network is off)\n-> 0");
	assert_string_equal(asked,
		"systemctl stop mmcgadget-usbip.socket; systemctl stop mmcgadgetd.service; "
		"systemctl reset-failed mmcgadgetd.service; systemctl daemon-reload; modprobe -r "
		"usb_f_fs; modprobe -r usbip-vudc; modprobe -r libcomposite");
	assert_false(root_file("/run/systemd/system/mmcgadgetd.service.d"));
	assert_false(root_file("/run/systemd/system/mmcgadget-usbip.socket.d"));
	assert_int_equal(access(in_scratch("home/discs"), F_OK), 0);
}

/* The socket may be enabled for good, without "network on". */
static void another_listener_is_told(void **state)
{
	(void)state;
	put_socket("127.0.0.1:3240", "0A");
	assert_has(network(""), "network is off, but something listens at port 3240: systemctl ");
	assert_has(network("--json"), "\"on\":false");
}

static void another_address_is_told_to_be_open(void **state)
{
	(void)state;
	listens_at = "192.168.7.2:3240";
	assert_has(network(with("on @ listen=192.168.7.2")),
		"whoever reaches 192.168.7.2:3240 can use the drive: USB/IP has neither password "
		"nor encryption");
	assert_has(get_text("root" NETWORK_SOCKET_DROP_IN), "\nListenStream=192.168.7.2:3240\n");
	set_host(false, false);
	assert_has(network(""), "waits for one at 192.168.7.2:3240");
	/* With another address, "on" asks for something else than what is on. */
	assert_has(network(with("on @ listen=192.168.7.3")),
		"at 192.168.7.2:3240; first: sudo mmcgadgetctl network off\n-> 1");
	assert_has(network(with("on @ listen=192.168.7.2:3240")), "waits for one at");
	env.uid = 1000;
	assert_has(network(with("on @ listen=192.168.7.2")),
		with("sudo mmcgadgetctl network on @ listen=192.168.7.2\n-> 4"));
}

static void addresses_are_read(void **state)
{
	static const struct {
		const char *text, *listen;
		bool local;
	} rows[] = {
		{"127.0.0.1", "127.0.0.1:3240", true},
		{"0.0.0.0", "0.0.0.0:3240", false},
		{"10.0.0.7:1", "10.0.0.7:1", false},
		{"127.1.2.3:65535", "127.1.2.3:65535", true},
		{"127.255.255.254", "127.255.255.254:3240", true},
		{"12.7.0.1", "12.7.0.1:3240", false},
		{"128.0.0.1", "128.0.0.1:3240", false},
		{"1.0.0.127", "1.0.0.127:3240", false},
		{"[::1]", "[::1]:3240", true},
		{"[::]:80", "[::]:80", false},
		{"[0:0::0:1]", "[0:0::0:1]:3240", true},
		{"[::ffff:127.0.0.2]:7", "[::ffff:127.0.0.2]:7", true},
		{"[::ffff:10.0.0.7]", "[::ffff:10.0.0.7]:3240", false},
		{"[::127.0.0.1]", "[::127.0.0.1]:3240", false},
		{"[::2]", "[::2]:3240", false},
		{"[1::1]", "[1::1]:3240", false},
		{"[fe80::1]", "[fe80::1]:3240", false},
	};
	static const char *const bad[] = {"", ":", ":80", "localhost", "10.0.0",
		"10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:+5", "10.0.0.1:8x", "::1",
		"[::1", "[]", "[::1]x", "[10.0.0.1]", "10.0.0.1\nX=y", "1:2:3",
		"[::1]:99999999999999999999", "[fe80::1%eth0]",
		"0000000000000000000000000000000000000000000000000000000"};
	char listen[NETWORK_LISTEN_BYTES], words[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(network_listen(rows[i].text, listen, sizeof(listen)));
		assert_string_equal(listen, rows[i].listen);
		assert_int_equal(network_listen_is_local(listen), rows[i].local);
		/* The same of a listener in the kernel's table. */
		put_file(TCP, "");
		put_file(TCP "6", "");
		assert_int_equal(network_listener(root, listen), LISTENS_NOT);
		put_socket(listen, "0A");
		assert_int_equal(
			network_listener(root, listen), rows[i].local ? LISTENS_LOCALLY : LISTENS);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(network_listen(bad[i], listen, sizeof(listen)));
		snprintf(words, sizeof(words), "on listen=%s", bad[i]);
		if (!strchr(bad[i], '\n'))
			assert_has(network(words), "an address is needed, such as 192.168.7.2");
	}
	assert_null(strstr(asked, "modprobe"));
}

static void the_two_exclude_each_other(void **state)
{
	(void)state;
	network(with("on @"));
	assert_has(carry_out("loopback", with("on @")),
		"network is on; first: sudo mmcgadgetctl network off\n-> 1");
	assert_has(carry_out("loopback", "off"), "(loopback is off)\n-> 0");
	assert_true(root_file(NETWORK_DROP_IN));
	network("off");
	carry_out("loopback", with("on @"));
	assert_has(network(with("on @")),
		"loopback is on; first: sudo mmcgadgetctl loopback off\n-> 1");
	assert_has(network("off"), "(network is off)\n-> 0");
	assert_true(root_file(LOOPBACK_DROP_IN));
}

static void a_free_controller_is_taken(void **state)
{
	(void)state;
	put_file("/sys/module/usbip_vudc/x", "");
	put_file(VUDC "/function", "g_ether\n");
	put_file("/sys/class/udc/usbip-vudc.1/function", "");
	put_file("/sys/class/udc/fe980000.usb/function", "");
	network(with("on @"));
	assert_has(get_text("root" NETWORK_DROP_IN), "mmcgadgetd --udc \"usbip-vudc.1\" ");
	/* The module was there before, and stays. */
	network("off");
	assert_null(strstr(asked, "modprobe -r usbip-vudc"));
	remove_tree("/sys/class/udc/usbip-vudc.1");
	put_file(VUDC "/function", "g_ether\n");
	assert_has(network(with("on @")),
		"the gadget \"g_ether\" has the controller of usbip-vudc; stop what made");
}

static void a_failed_start_is_undone(void **state)
{
	static const char *const steps[] = {"systemctl daemon-reload", "modprobe usbip-vudc",
		"systemctl start mmcgadgetd.service", "systemctl start mmcgadget-usbip.socket"};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		broken = steps[i];
		assert_has(network(with("on @")), "everything is as before");
		assert_has(asked, "systemctl stop mmcgadget-usbip.socket");
		assert_false(root_file("/run/systemd/system/mmcgadgetd.service.d"));
		assert_false(root_file("/run/systemd/system/mmcgadget-usbip.socket.d"));
		assert_false(root_file(VUDC));
		stop_daemon();
	}
}

static void what_is_missing_or_wrong_is_said(void **state)
{
	static const char *const words[] = {"of", "off listen=1.2.3.4", "status force",
		"on listen=1.2.3.4 listen=1.2.3.4 x y", "on --drive 0"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_has(network(words[i]),
			"usage: network on [FOLDER] [user=NAME] [listen=ADDRESS], network off "
			"[force], network [status]\n-> 2");
	assert_has(carry_out("loopback", "on listen=1.2.3.4 x"), "usage: loopback on");
	put_file("/lib/modules/6.12.0-test/modules.dep", "x/libcomposite.ko:\nx/usb_f_fs.ko:\n");
	assert_has(network("on"),
		"has no module usbip-vudc (CONFIG_USBIP_VUDC), with which a PC elsewhere can have "
		"the drive by network. ");
	assert_string_equal(asked, "");
}

static void a_disc_that_the_pc_uses_is_not_taken_away(void **state)
{
	(void)state;
	network(with("on @"));
	set_host(true, true);
	assert_has(network("off"), "the PC uses the disc: it is mounted there");
	assert_string_equal(asked, "");
	/* A PC that locked the drive has detached it, so the lock does not count. */
	set_host(true, false);
	assert_has(network("off"), "(network is off)\n-> 0");
}

/* ---- the doctor ------------------------------------------------------------------------------ */

static void examine_network(void)
{
	json_error_t error;
	json_t *status = json_loads("{\"ok\":true,\"version\":\"" MMCGADGET_VERSION
				    "\",\"udc\":\"usbip-vudc.0\",\"drives\":[{\"host\":{"
				    "\"connected\":false}}]}",
		0, &error);
	struct doctor_env doctor = {.root = root, .socket = socket_path, .status = status};

	assert_non_null(status);
	doctor_examine(&doctor, &report);
	json_decref(status);
}

static void the_doctor_knows_who_can_connect(void **state)
{
	static const struct {
		const char *listener, *state, *advice;
	} rows[] = {
		{"127.0.0.1:3240", "06", "Nothing listens at port 3240 here"},
		{"127.0.0.1:3241", "0A", "Nothing listens at port 3240 here"},
		{"127.0.0.1:3240", "0A", "ssh -N -L 3240:localhost:3240 USER@"},
		{"127.0.0.1:3240", "0A", "--remote localhost --device usbip-vudc.0"},
		{"[::1]:3240", "0A", "--remote localhost"},
		{"192.168.7.2:3240", "0A", "--remote ADDRESS --device usbip-vudc.0"},
		{"[::]:3240", "0A", "--remote ADDRESS"},
	};

	(void)state;
	put_file(VUDC "/function", "mmcgadget\n");
	put_file(VUDC "/state", "not attached\n");
	examine_network();
	assert_has(report.advice, "Nothing listens at port 3240 here");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put_file(TCP, "");
		put_file(TCP "6", "");
		put_socket(rows[i].listener, rows[i].state);
		examine_network();
		assert_has(report.advice, "There is no cable: usbip-vudc.0 is software");
		assert_has(report.advice, rows[i].advice);
	}
	assert_null(strstr(report.advice, "ssh"));
	assert_has(report.advice, "More is in docs/usbip.md.");
	assert_int_equal(access("docs/usbip.md", R_OK), 0);
}

/* The doctor looks at the address that "network on" has set. */
static void the_doctor_knows_the_port(void **state)
{
	(void)state;
	listens_at = "192.168.7.2:80";
	network(with("on @ listen=192.168.7.2:80"));
	put_file(VUDC "/state", "not attached\n");
	examine_network();
	assert_has(report.advice, "usbip --tcp-port 80 attach --remote ADDRESS --device");
	put_file(TCP, "");
	examine_network();
	assert_has(report.advice, "Nothing listens at port 80 here: sudo mmcgadgetctl network on.");
}

/* The tunnel ends at the address that is listened at: "localhost" would only reach 127.0.0.1. */
static void the_doctor_knows_the_end_of_the_tunnel(void **state)
{
	(void)state;
	listens_at = "127.0.0.2:80";
	assert_null(strstr(network(with("on @ listen=127.0.0.2:80")), "whoever reaches"));
	put_file(VUDC "/state", "not attached\n");
	examine_network();
	assert_has(report.advice, "usbip --tcp-port 80 attach --remote localhost --device");
	assert_has(report.advice, "ssh -N -L 80:127.0.0.2:80 USER@ADDRESS.");
}

/* ---- the units ------------------------------------------------------------------------------- */

static void the_unit_listens_as_the_client_says(void **state)
{
	char line[256];
	unsigned found = 0, others = 0;
	FILE *f = fopen("configs/mmcgadget-usbip.socket", "r");

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		found += strcmp(line, "ListenStream=" NETWORK_LISTEN "\n") == 0;
		others += strncmp(line, "Listen", 6) == 0;
	}
	fclose(f);
	assert_int_equal(found, 1);
	assert_int_equal(others, 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup_pc, teardown_pc)
	const struct CMUnitTest tests[] = {
		T(on_lets_a_pc_attach_and_off_takes_it_away),
		T(another_listener_is_told),
		T(another_address_is_told_to_be_open),
		T(addresses_are_read),
		T(the_two_exclude_each_other),
		T(a_free_controller_is_taken),
		T(a_failed_start_is_undone),
		T(what_is_missing_or_wrong_is_said),
		T(a_disc_that_the_pc_uses_is_not_taken_away),
		T(the_doctor_knows_who_can_connect),
		T(the_doctor_knows_the_port),
		T(the_doctor_knows_the_end_of_the_tunnel),
		T(the_unit_listens_as_the_client_says),
	};

	return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
