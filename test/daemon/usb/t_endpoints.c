// SPDX-License-Identifier: GPL-2.0-or-later
/* Drives to which a controller has given endpoints of other drives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "usb/endpoints.h"

static const char *const names[] = {
	"drive0", "drive1", "drive2", "drive3", "drive4", "drive5", "drive6", "drive7"};

/*
 * The endpoints of eight drives on dummy_hcd: four have fixed addresses (its list ep_info), the
 * others are numbered by epautoconf.c, which begins at 1 and does not look at the fixed ones.
 */
static struct ffs_state dummy[8] = {{.in = 0x81, .out = 0x02}, {.in = 0x86, .out = 0x07},
	{.in = 0x8b, .out = 0x0c}, {.in = 0x82, .out = 0x01}, {.in = 0x81, .out = 0x01},
	{.in = 0x82, .out = 0x02}, {.in = 0x83, .out = 0x03}, {.in = 0x84, .out = 0x04}};

static void drives_without_endpoints_are_named(void **state)
{
	char text[384];

	(void)state;
	assert_true(endpoints_clash(dummy, names, 8, text, sizeof(text)));
	assert_string_equal(text,
		"the controller has no endpoints of their own for drive4 (endpoint 81h), drive5 "
		"(endpoint 82h): PCs do not see these drives; leave them out of drives in "
		"mmcgadget.conf, or use another controller");
	assert_true(endpoints_clash(dummy, names, 5, text, sizeof(text)));
	assert_non_null(
		strstr(text, "for drive4 (endpoint 81h): PCs do not see this drive; leave it"));
	/* bulk-out alone */
	dummy[4].in = 0x8e;
	assert_true(endpoints_clash(dummy, names, 5, text, sizeof(text)));
	assert_non_null(strstr(text, "for drive4 (endpoint 01h): "));
}

static void other_drives_are_not(void **state)
{
	static const struct ffs_state off[8];
	char text[384];

	(void)state;
	assert_false(endpoints_clash(dummy, names, 4, text, sizeof(text)));
	assert_string_equal(text, "");
	/* No host has configured them. */
	assert_false(endpoints_clash(off, names, 8, text, sizeof(text)));
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drives_without_endpoints_are_named),
		cmocka_unit_test(other_drives_are_not),
	};

	return cmocka_run_group_tests_name("endpoints", tests, NULL, NULL);
}
