// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Boards and their ports, from the manufacturers' documentation, the kernel's device trees and
 * reports of users; docs/boards/ has the sources. Not tried on any of these boards.
 */
#include "ctl/doctor_board.h"

#include <string.h>

#include "util/array.h"

#define A_TO_A "a USB-A to USB-A cable"
#define MICRO  "a micro-USB data cable"
#define TYPE_C "a USB-C data cable (it also powers the board)"
#define C_HINT                                                                                     \
	"Two USB-C ends may negotiate power and nothing else: try a cable that is USB-A at the "   \
	"PC's end."

#define ZERO  "the micro-USB port marked USB, not the one marked PWR"
#define ONE_A "the only USB-A port"
#define SMALL "the small USB device port (mini-USB on the Black), not the USB-A one"
#define CM    "the port of the carrier board that rpiboot uses"

// clang-format off
/* The first row whose text is part of the model counts. */
static const struct board boards[] = {
	{ "Raspberry Pi Zero 2", BOARD_PI, ZERO, MICRO, "pi0 pi0w pi02",
		.page = "docs/boards/raspberry-pi-zero.md" },
	{ "Raspberry Pi Zero W", BOARD_PI, ZERO, MICRO, "pi0 pi0w",
		.page = "docs/boards/raspberry-pi-zero.md" },
	{ "Raspberry Pi Zero", BOARD_PI, ZERO, MICRO, "pi0",
		.page = "docs/boards/raspberry-pi-zero.md" },
	{ "Raspberry Pi 3 Model A", BOARD_PI, ONE_A, A_TO_A, "pi3 pi3+", .id_grounded = true,
		.page = "docs/boards/raspberry-pi-3a.md" },
	{ "Raspberry Pi Model A", BOARD_PI, ONE_A, A_TO_A, "pi1", .id_grounded = true,
		.page = "docs/boards/raspberry-pi-3a.md" },
	{ "Raspberry Pi Compute Module 5", BOARD_PI, CM, "a data cable", "pi5 cm5",
		.hint = C_HINT, .page = "docs/boards/raspberry-pi-5.md" },
	{ "Raspberry Pi Compute Module 4S", BOARD_PI, CM, "a data cable", "pi4 cm4s",
		.otg_mode = true, .page = "docs/boards/raspberry-pi-4.md" },
	{ "Raspberry Pi Compute Module 4", BOARD_PI, CM, "a data cable", "pi4 cm4",
		.otg_mode = true, .page = "docs/boards/raspberry-pi-4.md" },
	{ "Raspberry Pi Compute Module 3", BOARD_PI, CM, "a data cable", "pi3",
		.page = "docs/boards/generic.md" },
	{ "Raspberry Pi Compute Module", BOARD_PI, CM, "a data cable", "pi1",
		.page = "docs/boards/generic.md" },
	{ "Raspberry Pi 500", BOARD_PI, "the USB-C port", TYPE_C, "pi5 pi500",
		.hint = C_HINT, .page = "docs/boards/raspberry-pi-5.md" },
	{ "Raspberry Pi 5", BOARD_PI, "the USB-C port", TYPE_C, "pi5",
		.hint = C_HINT, .page = "docs/boards/raspberry-pi-5.md" },
	{ "Raspberry Pi 400", BOARD_PI, "the USB-C port", TYPE_C, "pi4 pi400",
		.otg_mode = true, .hint = C_HINT, .page = "docs/boards/raspberry-pi-4.md" },
	{ "Raspberry Pi 4", BOARD_PI, "the USB-C port", TYPE_C, "pi4",
		.otg_mode = true, .hint = C_HINT, .page = "docs/boards/raspberry-pi-4.md" },
	/* A hub or an Ethernet chip sits between the controller and every port. */
	{ "Raspberry Pi 3 Model B", BOARD_PI, NULL, NULL, "pi3", .page = "docs/boards/generic.md" },
	{ "Raspberry Pi 2", BOARD_PI, NULL, NULL, "pi2", .page = "docs/boards/generic.md" },
	{ "Raspberry Pi Model B", BOARD_PI, NULL, NULL, "pi1", .page = "docs/boards/generic.md" },
	{ "Raspberry Pi", BOARD_PI, "the port that the maker calls OTG", "a data cable", "",
		.page = "docs/boards/generic.md" },
	/* BeagleBoard's images start the same gadget on all of them. */
	{ "BeagleBone AI", BOARD_BEAGLE, "the USB-C port", TYPE_C, "",
		.page = "docs/boards/generic.md" },
	{ "BeagleBone", BOARD_BEAGLE, SMALL, "a data cable", "",
		.page = "docs/boards/beaglebone-black.md" },
	{ "PocketBeagle2", BOARD_BEAGLE, "the USB-C port", TYPE_C, "",
		.page = "docs/boards/generic.md" },
	{ "PocketBeagle", BOARD_BEAGLE, "its USB port", MICRO, "",
		.page = "docs/boards/beaglebone-black.md" },
	{ "Beagle", BOARD_BEAGLE, "the port that the maker calls device, client or OTG",
		"a data cable", "", .page = "docs/boards/generic.md" },
	{ "", BOARD_OTHER, "the port that the maker calls device, client or OTG", "a data cable",
		"", .page = "docs/boards/generic.md" },
};
// clang-format on

/* A machine without device tree. */
static const struct board pc = {"", BOARD_PC, "the port that the maker calls device or OTG",
	"a data cable", "", .page = "docs/virtual.md"};

const struct board *board_find(const char *model)
{
	if (*model == '\0')
		return &pc;
	for (size_t i = 0; i + 1 < ARRAY_LEN(boards); i++) {
		if (strstr(model, boards[i].match))
			return &boards[i];
	}
	return &boards[ARRAY_LEN(boards) - 1];
}
