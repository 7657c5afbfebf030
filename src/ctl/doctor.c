// SPDX-License-Identifier: GPL-2.0-or-later
/* The checks up to the controller: kernel, board, config.txt. */
#include "ctl/doctor.h"

#include <stdio.h>
#include <string.h>

#include "ctl/doctor_exam.h"
#include "ctl/doctor_usb.h"
#include "ctl/doctor_user.h"
#include "ctl/soft_udc.h"
#include "protocol/words.h"
#include "util/array.h"

/* ---- the kernel --------------------------------------------------------------------------- */

static void check_kernel(struct exam *x)
{
	static const enum part needed[] = {PART_CONFIGFS, PART_COMPOSITE, PART_FFS};
	const struct facts *f = &x->facts;
	unsigned missing = 0;

	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		const char *name = part_names[needed[i]];

		if (f->part[needed[i]] == PART_THERE)
			exam_good(x, "kernel", "%s is in the kernel", name);
		else if (f->part[needed[i]] == PART_ON_DISK)
			exam_good(x, "kernel", "%s is a module that can be loaded", name);
		else if (exam_bad(x, "kernel", "%s is missing (kernel %s)", name, f->release))
			missing++;
	}
	if (missing == 0)
		return;
	if (f->container) {
		exam_advise(x,
			"Run doctor and mmcgadgetd on the machine itself: a container has no "
			"kernel of its own, and no USB device port.");
		return;
	}
	if (!f->modules)
		exam_advise(x,
			"Reboot: there is no /lib/modules/%s; most likely an upgrade put another "
			"kernel in the place of the running one. (The kernel of a virtual machine "
			"may come from outside of it; then its modules must be installed.) If that "
			"does not help:",
			f->release);
	exam_advise(x, "Boot a kernel that has configfs, libcomposite and FunctionFS "
		       "(CONFIG_USB_CONFIGFS_F_FS): Debian's and Raspberry Pi OS's own kernels "
		       "have them.");
}

/* ---- the board and its firmware ----------------------------------------------------------- */

static void check_board(struct exam *x)
{
	const struct facts *f = &x->facts;

	if (f->container)
		exam_note(x, "container", "this is a container, the kernel is the machine's");

	if (*f->model == '\0') {
		exam_note(x, "board", "not known, there is no device tree");
		return;
	}
	if (f->board->port) {
		exam_good(x, "board", "%s; its device port is %s", f->model, f->board->port);
		return;
	}
	if (exam_bad(x, "board", "%s: every USB port hangs behind a hub or an Ethernet chip",
		    f->model))
		exam_advise(x,
			"Take another board: this model cannot be a USB device, whatever is "
			"configured. A Pi Zero, Zero 2, 3A+, 4 or 5 can, see %s.",
			f->page);
}

#define LINE     "dtoverlay=dwc2,dr_mode=peripheral"
#define UNJUDGED "and whether that is for this board is not known"

static void advise_line(struct exam *x, const char *path)
{
	exam_advise(
		x, "Put the line " LINE " at the end of %s, below a line [all], and reboot.", path);
}

/*
 * Only a section has the overlay. Without a controller it has not been in effect; with one, the
 * running system may say, if the section cannot be judged.
 */
static void check_section(struct exam *x)
{
	const struct facts *f = &x->facts;
	const struct boot_config *b = &f->boot;
	bool may_apply = f->udcs > 0 && strcmp(b->section_mode, "peripheral") == 0 &&
			 (*f->mode == '\0' || strcmp(f->mode, "peripheral") == 0);

	if (may_apply)
		exam_note(x, "config.txt", "%s has the dwc2 line in section [%s], " UNJUDGED,
			b->path, b->section);
	else if (exam_bad(x, "config.txt", "%s has the dwc2 line in section [%s], %s", b->path,
			 b->section, *b->section_mode ? UNJUDGED : "which is not for this board"))
		advise_line(x, b->path);
}

/* Without a controller, or with one that the port's ID pin disables, the overlay must be right. */
static bool overlay_ok(struct exam *x)
{
	const struct boot_config *b = &x->facts.boot;

	if (b->blank) {
		if (exam_bad(x, "config.txt",
			    "%s has a blank inside of a dtoverlay=dwc2 line, where none belongs",
			    b->path))
			exam_advise(x,
				"In %s, write the line without a blank, " LINE ", and reboot.",
				b->path);
		return false;
	}
	if (strcmp(b->mode, "peripheral") == 0 ||
		(strcmp(b->mode, "otg") == 0 && !x->facts.board->id_grounded))
		return true;
	if (*b->mode != '\0') {
		if (exam_bad(x, "config.txt", "%s makes the port \"%s\"", b->path, b->mode))
			exam_advise(x,
				"In %s, let the dtoverlay=dwc2 line that applies to this board be "
				"the last one and read " LINE ", and reboot.",
				b->path);
		return false;
	}
	if (*b->section != '\0') {
		check_section(x);
		return false;
	}
	if (exam_bad(x, "config.txt", "%s has no dtoverlay=dwc2 for this board%s", b->path,
		    b->elsewhere ? "; /boot/config.txt has, but it is not read" : ""))
		advise_line(x, b->path);
	return false;
}

static bool is_in_use(const struct facts *f)
{
	return strcmp(f->state, "configured") == 0 || strcmp(f->state, "suspended") == 0;
}

static void check_config(struct exam *x)
{
	const struct facts *f = &x->facts;
	const struct boot_config *b = &f->boot;

	if (f->board->kind != BOARD_PI || !f->board->port)
		return;
	if (*b->path == '\0') {
		exam_note(x, "config.txt", "not readable below /boot/firmware or /boot");
		return;
	}
	/* If a host uses the port, its mode is right, whatever config.txt says. */
	if (!is_in_use(f) && b->otg_mode && f->board->otg_mode) {
		if (exam_bad(x, "config.txt",
			    "otg_mode=1 in %s, section [%s], gives the port to the xHCI host",
			    b->path, *b->otg_section ? b->otg_section : "all"))
			exam_advise(x,
				"Delete the line otg_mode=1 from section [%s] of %s, see that the "
				"line " LINE " is at its end, below a line [all], and reboot.",
				*b->otg_section ? b->otg_section : "all", b->path);
		return;
	}
	if (f->udcs == 0 || (f->board->id_grounded && !is_in_use(f))) {
		if (!overlay_ok(x))
			return;
	} else if (strcmp(b->mode, "peripheral") != 0 && strcmp(b->mode, "otg") != 0) {
		/* A device tree can make the port a device without the overlay. */
		if (*b->mode == '\0' && *b->section_mode)
			exam_note(x, "config.txt",
				"%s has the dwc2 line in section [%s], and there is a controller",
				b->path, b->section);
		else
			exam_note(x, "config.txt", "%s %s, but there is a controller", b->path,
				*b->mode ? "makes the port a host" : "has no dtoverlay=dwc2");
		return;
	}
	exam_good(x, "config.txt", "%s makes the port \"%s\"", b->path, b->mode);
}

/* ---- the controller ----------------------------------------------------------------------- */

static void advise_pi(struct exam *x)
{
	const struct facts *f = &x->facts;

	if (*f->boot.path == '\0') {
		advise_line(x, "/boot/firmware/config.txt (older systems: /boot/config.txt)");
	} else if (*f->mode == '\0' || strcmp(f->mode, "host") == 0) {
		exam_advise(x,
			"Reboot: %s has the line, but the running system was started without it. "
			"If that does not help, this kernel does not get the firmware's device "
			"tree.",
			f->boot.path);
	} else if (f->part[PART_DWC2] == PART_ON_DISK) {
		exam_advise(x,
			"Load the driver: sudo modprobe dwc2. If that helps, put a line dwc2 into "
			"/etc/modules-load.d/dwc2.conf; udev loads it automatically unless a file "
			"in "
			"/etc/modprobe.d or the kernel's command line forbids it.");
	} else if (f->part[PART_DWC2] == PART_MISSING) {
		exam_advise(x,
			"Boot a kernel with the driver dwc2 (Raspberry Pi OS's own has it): "
			"%s does not.",
			f->release);
	} else {
		exam_advise(x, "Look at the messages of the driver: sudo dmesg | grep dwc2. It is "
			       "loaded, but has made no controller.");
	}
}

/* PCs have no device port, but Debian's kernel has a controller made of software. */
static void advise_pc(struct exam *x)
{
	char missing[768];

	if (x->facts.container) {
		exam_advise(x,
			"Run doctor and mmcgadgetd on the machine itself: a container has no "
			"USB device port.");
		return;
	}
	if (x->facts.part[PART_DUMMY] != PART_MISSING) {
		exam_advise(x,
			"This machine has no USB device port, as PCs have none. To see the drive "
			"on this machine itself: sudo mmcgadgetctl loopback on. For another PC, "
			"use a board with a USB device port%s.",
			x->facts.part[PART_VUDC] != PART_MISSING
				? ", or the network: sudo mmcgadgetctl network on"
				: "");
		return;
	}
	soft_udc_missing(&soft_dummy, &x->facts, missing, sizeof(missing));
	exam_advise(x,
		"Use a board with a USB device port: this machine has none, as PCs have none. To "
		"see "
		"the drive on this machine itself (mmcgadgetctl loopback on), its kernel lacks "
		"something. %s To try without hardware: sudo make demo.",
		missing);
}

static void check_udc(struct exam *x)
{
	const struct facts *f = &x->facts;

	if (f->udcs > 0) {
		static const char *const ends[] = {[UDC_CABLE] = "",
			[UDC_DUMMY] = "; it is software, and its PC is this machine itself",
			[UDC_USBIP] =
				"; it is software, and its PC is at the other end of a network"};

		exam_good(x, "controller", "%s%s%s", f->udc,
			f->udcs > 1 ? ", and others, in /sys/class/udc" : " in /sys/class/udc",
			ends[f->udc_kind]);
		return;
	}
	if (!exam_bad(x, "controller", "there is none in /sys/class/udc"))
		return;
	if (f->board->kind == BOARD_PI)
		advise_pi(x);
	else if (f->board->kind == BOARD_BEAGLE)
		exam_advise(x,
			"Boot one of BeagleBoard's own images, or load the port's driver "
			"(musb_dsps "
			"on AM335x, dwc3 elsewhere): their device trees make the port a device, so "
			"that a missing controller is a missing driver.");
	else if (*f->model != '\0')
		exam_advise(x,
			"Make the port a device: dr_mode = \"peripheral\" in its node of the "
			"device "
			"tree, or, where /sys/class/usb_role has an entry, write the word device "
			"into its file role. The driver of the controller must be loaded.");
	else
		advise_pc(x);
	exam_advise(x, "More is in %s.", f->page);
}

/* A drive with faults on request may look broken. */
static void check_faults(struct exam *x)
{
	const json_t *drives = json_object_get(x->env->status, "drives"), *each;
	size_t i;

	json_array_foreach(drives, i, each)
	{
		size_t n = json_array_size(json_object_get(each, "faults"));
		const char *name = json_string_value(json_object_get(each, "name"));

		if (n == 0)
			continue;
		exam_note(x, "faults",
			"%s has %zu fault%s on request, for a test; to end that: mmcgadgetctl "
			"fault clear drive=%s",
			name ? name : "?", n, n == 1 ? "" : "s", name ? name : "?");
	}
}

void doctor_examine(const struct doctor_env *env, struct doctor_report *report)
{
	struct exam x = {.env = env, .report = report};

	memset(report, 0, sizeof(*report));
	facts_gather(env, &x.facts);
	words_clean(x.facts.model);
	memcpy(report->board, x.facts.model, sizeof(report->board));
	/* Without " of the sources". */
	snprintf(report->page, sizeof(report->page), "%.*s", (int)strcspn(x.facts.page, " "),
		x.facts.page);
	report->end = x.facts.udc_kind == UDC_DUMMY ? "this machine" : "a host";
	check_kernel(&x);
	check_board(&x);
	check_config(&x);
	check_udc(&x);
	check_owner(&x);
	check_daemon(&x);
	check_folders(&x);
	check_host(&x);
	check_faults(&x);
}
