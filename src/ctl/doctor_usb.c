// SPDX-License-Identifier: GPL-2.0-or-later
/* The checks from the controller to the host: the controller's owner, the daemon, the cable. */
#include "ctl/doctor_usb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/doctor_network.h"
#include "ctl/doctor_user.h"
#include "ctl/root_file.h"
#include "ctl/version_note.h"
#include "util/array.h"

#define UNIT "mmcgadgetd.service"

/* Exists while rpi-usb-gadget is on; it loads g_ether at boot. */
#define RPI_USB_GADGET "/usr/lib/modules-load.d/usb-gadget.conf"

/* ---- the owner ---------------------------------------------------------------------------- */

/* Advises on modules like g_ether, which a list of modules loads at boot. */
static void advise_module(struct exam *x, const char *module)
{
	char cmdline[2048];
	bool there = root_line(x->facts.root, "/proc/cmdline", cmdline, sizeof(cmdline)) &&
		     strstr(cmdline, module);

	/* Raspberry Pi's package; its "off" deletes the overlay's line, too. */
	if (strcmp(module, "g_ether") == 0 && root_has(x->facts.root, RPI_USB_GADGET)) {
		exam_advise(x,
			"Switch Raspberry Pi's own USB gadget mode off: sudo rpi-usb-gadget off. "
			"That deletes the line dtoverlay=dwc2,dr_mode=peripheral: put it at the "
			"end of %s again, below a line [all], and reboot. The network over this "
			"port ends with it, so have Wi-Fi at hand; our gadget can have a network "
			"instead, see functions in mmcgadget.conf(5). More is in %s.",
			*x->facts.boot.path ? x->facts.boot.path : "/boot/firmware/config.txt",
			x->facts.page);
		return;
	}
	exam_advise(x, "Unload the module that has it: sudo modprobe -r %s.", module);
	if (there)
		exam_advise(x,
			"The kernel's command line loads it at each boot: take %s out of "
			"modules-load= in /boot/firmware/cmdline.txt (older systems: "
			"/boot/cmdline.txt).",
			module);
	else
		exam_advise(x, "For good: take it out of /etc/modules and /etc/modules-load.d, or "
			       "remove the package that loads it.");
}

/* BeagleBoard's images start a gadget with serial port and network at boot. */
static void advise_beagle(struct exam *x)
{
	static const char *const units[] = {
		"/lib/systemd/system/bb-usb-gadgets.service",
		"/usr/lib/systemd/system/bb-usb-gadgets.service",
		"/etc/systemd/system/bb-usb-gadgets.service",
	};
	bool is_new = !root_has(x->facts.root, "/opt/scripts/boot/am335x_evm.sh");

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		is_new |= root_has(x->facts.root, units[i]);
	exam_advise(x, "Turn the image's own gadget off:");
	if (is_new)
		exam_advise(x, "put the line USB_CONFIGURATION=disable into /etc/default/bb-boot, "
			       "run sudo systemctl disable bb-usb-gadgets, and reboot.");
	else
		exam_advise(
			x, "take its start out of /opt/scripts/boot/am335x_evm.sh, and reboot.");
	exam_advise(x,
		"Network and login over this USB port end with it, so have Ethernet or the serial "
		"console at hand. Our gadget can have both instead: functions = ( { type = "
		"\"acm\"; }, { type = \"ncm\"; } ) in /etc/mmcgadget/mmcgadget.conf. More is in "
		"%s.",
		x->facts.page);
}

void check_owner(struct exam *x)
{
	const struct facts *f = &x->facts;
	char path[320];

	if (f->udcs == 0)
		return;
	if (f->ours) {
		exam_good(x, "owner", "our gadget has %s", f->udc);
		return;
	}
	if (*f->owner == '\0') {
		exam_good(x, "owner", "%s is free", f->udc);
		return;
	}
	if (!exam_bad(x, "owner", "%s is taken by the gadget \"%s\"", f->udc, f->owner))
		return;
	snprintf(path, sizeof(path), "/sys/module/%s", f->owner);
	if (strncmp(f->owner, "g_", 2) == 0 && root_has(f->root, path)) {
		advise_module(x, f->owner);
	} else if (f->board->kind == BOARD_BEAGLE) {
		advise_beagle(x);
	} else {
		exam_advise(x,
			"Stop whatever made the gadget \"%s\" (a service, a line in /etc/rc.local) "
			"for good. To have the controller until the next boot: echo | sudo tee "
			"/sys/kernel/config/usb_gadget/%s/UDC. mmcgadgetd then takes it within a "
			"second.",
			f->owner, f->owner);
	}
}

/* ---- the daemon --------------------------------------------------------------------------- */

/* Returns the process ID of the daemon that holds the lock file, 0 if there is none. */
static int running_daemon(const struct facts *f)
{
	char text[32], path[48];
	int pid;

	if (!root_line(f->root, "/run/mmcgadget/lock", text, sizeof(text)))
		return 0;
	pid = atoi(text);
	snprintf(path, sizeof(path), "/proc/%d", pid);
	return pid > 0 && root_has(f->root, path) ? pid : 0;
}

static bool unit_installed(const struct facts *f)
{
	static const char *const folders[] = {"/etc/systemd/system/", "/lib/systemd/system/",
		"/usr/lib/systemd/system/", "/usr/local/lib/systemd/system/"};
	char path[96];

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(path, sizeof(path), "%s" UNIT, folders[i]);
		if (root_has(f->root, path))
			return true;
	}
	return false;
}

static void report_no_daemon(struct exam *x)
{
	const struct facts *f = &x->facts;
	int pid = running_daemon(f);

	if (pid) {
		if (exam_bad(x, "daemon", "process %d runs, but does not listen at %s", pid,
			    x->env->socket))
			exam_advise(x,
				"Ask it at its own socket: mmcgadgetctl --socket PATH doctor, as "
				"control.directory and control.socket in "
				"/etc/mmcgadget/mmcgadget.conf have it.");
		return;
	}
	if (!exam_bad(
		    x, "daemon", "mmcgadgetd does not run: nothing listens at %s", x->env->socket))
		return;
	if (unit_installed(f)) {
		exam_advise(x, "Start it: sudo systemctl start mmcgadgetd. If that fails, sudo "
			       "mmcgadgetd --check-config names an error in the configuration, and "
			       "sudo journalctl -u mmcgadgetd says the rest.");
		if (!root_has(f->root, "/etc/systemd/system/usb-gadget.target.wants/" UNIT))
			exam_advise(x, "At each boot: sudo systemctl enable mmcgadgetd.");
	} else {
		exam_advise(x, "Start it: sudo modprobe libcomposite, then sudo mmcgadgetd. No "
			       "unit of systemd is installed; README.md says how.");
	}
}

void check_daemon(struct exam *x)
{
	const struct facts *f = &x->facts;
	const char *version = json_string_value(json_object_get(x->env->status, "version"));
	const char *udc = json_string_value(json_object_get(x->env->status, "udc"));
	const char *problem = json_string_value(json_object_get(x->env->status, "problem"));
	int error = x->env->error;
	char note[256];

	if (error == -ENOENT || error == -ECONNREFUSED || error == -ENOTDIR) {
		report_no_daemon(x);
	} else if (error == -EACCES) {
		report_no_access(x);
	} else if (error != 0 || !udc) {
		if (exam_bad(x, "daemon", "%s: %s", x->env->socket,
			    error ? strerror(-error) : "no answer that can be read"))
			exam_advise(x,
				"Restart it: sudo systemctl restart mmcgadgetd. Its log may say "
				"why: journalctl -u mmcgadgetd.");
	} else if (*udc == '\0' && f->udcs > 0) {
		bool first = exam_bad(x, "daemon", "mmcgadgetd %s runs, but is on no controller",
			version ? version : "?");

		if (first && problem && *problem)
			exam_advise(x, "It says: %s. More is in journalctl -u mmcgadgetd -n 20.",
				problem);
		else if (first)
			exam_advise(x,
				"Read why: journalctl -u mmcgadgetd -n 20. The key udc in "
				"/etc/mmcgadget/mmcgadget.conf must be empty or name a controller "
				"of /sys/class/udc, such as %s.",
				f->udc);
	} else if (*udc && problem && *problem) {
		if (exam_bad(x, "daemon", "mmcgadgetd %s answers, on controller %s, with a problem",
			    version ? version : "?", udc))
			exam_advise(x, "It says: %s.", problem);
	} else {
		exam_good(x, "daemon", "mmcgadgetd %s answers%s%s", version ? version : "?",
			*udc ? ", on controller " : "", udc);
	}
	if (version_note(x->env->status, note, sizeof(note)))
		exam_note(x, "version", "%s", note);
}

/* ---- the host ----------------------------------------------------------------------------- */

static void advise_cable(struct exam *x)
{
	const struct board *b = x->facts.board;

	if (x->facts.udc_kind == UDC_DUMMY) {
		exam_advise(x,
			"There is no cable: %s is software, and this machine itself is its PC. Ask "
			"again in a few seconds; if it stays so, sudo dmesg | grep -i usb says "
			"why, "
			"and sudo systemctl restart mmcgadgetd connects the drive again.",
			x->facts.udc);
		return;
	}
	if (x->facts.udc_kind == UDC_USBIP) {
		advise_network(x);
		return;
	}
	exam_advise(x,
		"Plug %s into %s, and its other end into a PC that is switched on. Cables made for "
		"charging have no data lines: if in doubt, take one that has carried data.",
		b->cable ? b->cable : "a data cable", b->port ? b->port : "the device port");
	if (b->hint)
		exam_advise(x, "%s", b->hint);
	exam_advise(x, "More is in %s.", x->facts.page);
}

static void report_suspended(struct exam *x)
{
	if (!exam_bad(x, "host", "the bus is suspended: the host sleeps%s",
		    x->facts.udc_kind == UDC_CABLE ? ", or the cable is out" : ""))
		return;
	if (x->facts.udc_kind != UDC_CABLE) {
		exam_advise(x,
			"A host that lets an idle drive sleep looks the same: if the drive "
			"is shown there, all is well, and reading a disc wakes it. Otherwise wake "
			"the host.");
		return;
	}
	exam_advise(x,
		"Wake the PC; if it is awake, take the cable out and plug it in again. A host that "
		"lets an idle drive sleep looks the same: if the PC shows the drive, all is well.");
	if (x->facts.board->kind == BOARD_PI)
		exam_advise(x, "A Raspberry Pi cannot tell a pulled cable from a sleeping host.");
}

/* Judges the kernel's state of the controller, if the daemon does not report a host. */
static void check_state(struct exam *x)
{
	const char *state = x->facts.state;

	if (strcmp(state, "not attached") == 0 || *state == '\0') {
		if (exam_bad(x, "host", "%s (\"%s\")",
			    x->facts.udc_kind == UDC_CABLE ? "the controller sees no cable"
			    : x->facts.udc_kind == UDC_DUMMY
				    ? "this machine does not see the drive yet"
				    : "no PC has connected by network",
			    state))
			advise_cable(x);
	} else if (x->facts.udc_kind == UDC_USBIP && strcmp(state, "default") == 0) {
		/* As usbip-vudc leaves it when a PC is gone. */
		if (exam_bad(x, "host", "no PC has the drive by network (\"%s\")", state))
			advise_cable(x);
	} else if (strcmp(state, "attached") == 0 || strcmp(state, "powered") == 0) {
		if (exam_bad(x, "host", "there is power, but no data from a host (\"%s\")", state))
			advise_cable(x);
	} else if (strcmp(state, "suspended") == 0) {
		report_suspended(x);
	} else if (strcmp(state, "configured") == 0) {
		exam_good(x, "host", "a host has configured us (\"configured\")");
	} else if (x->facts.udc_kind != UDC_CABLE) {
		if (exam_bad(x, "host", "the connection is not finished (\"%s\")", state))
			advise_cable(x);
	} else if (exam_bad(x, "host",
			   "a host has begun to configure the board, but not finished (\"%s\")",
			   state)) {
		exam_advise(x,
			"Ask again in a few seconds. If it stays so, use another cable and another "
			"port of the PC, without a hub between, and look at what the PC says: "
			"sudo dmesg on Linux, the Device Manager on Windows.");
	}
}

void check_host(struct exam *x)
{
	const json_t *drive = json_array_get(json_object_get(x->env->status, "drives"), 0);
	const json_t *host = json_object_get(drive, "host");
	const char *speed = json_string_value(json_object_get(host, "speed"));

	/* Without our gadget, no host sees the drive: there is nothing to check. */
	if (x->facts.udcs == 0 || !x->facts.ours)
		return;
	if (json_is_true(json_object_get(host, "suspended"))) {
		report_suspended(x);
	} else if (json_is_true(json_object_get(host, "connected"))) {
		exam_good(x, "host", "it has the drive, at %s speed%s", speed ? speed : "?",
			speed && strcmp(speed, "full") == 0 && x->facts.udc_kind == UDC_CABLE
				? "; high speed is usual, look at cable and hubs"
				: "");
	} else if (host && strcmp(x->facts.state, "configured") == 0) {
		/*
		 * A Pi's controller stays "configured" if the cable is removed before the
		 * daemon starts.
		 */
		if (exam_bad(x, "host", "the controller is configured, but the drive is not"))
			exam_advise(x, "%s sudo systemctl restart mmcgadgetd.",
				x->facts.udc_kind == UDC_CABLE
					? "Unplug the cable and plug it in again. If that does not "
					  "help:"
					: "Connect it again:");
	} else {
		check_state(x);
	}
}
