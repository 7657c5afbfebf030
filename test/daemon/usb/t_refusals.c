// SPDX-License-Identifier: GPL-2.0-or-later
/* What people are told when no controller takes the gadget. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "usb/refusals.h"

#define TOO_FEW                                                                                    \
	": it needs 4 IN and 3 OUT endpoints, most likely there are fewer; leave out a drive or "  \
	"a function, or see the kernel's log"

static const struct gadget_refusal busy = {-EBUSY, "musb-hdrc.0", "g_ether"};
static const struct gadget_refusal busy_too = {-EBUSY, "musb-hdrc.1", "other"};
static const struct gadget_refusal small = {-ENOSPC, "dummy_udc.0", ""};
static const struct gadget_refusal small_too = {-ENOSPC, "dummy_udc.1", ""};
static const struct gadget_refusal locked = {-EACCES, "dummy_udc.0", ""};

/* Two drives and one function. */
static void expect(const struct gadget_refusals *r, const char *udc, const char *wanted, bool stays)
{
	char text[512];

	assert_int_equal(refusals_describe(r, udc, 2, 1, text, sizeof(text)), stays);
	assert_string_equal(text, wanted);
}

static void one_controller_needs_no_name(void **state)
{
	(void)state;
	expect(&(struct gadget_refusals){0}, "",
		"no USB device controller in /sys/class/udc; waiting for one (is the port in "
		"device mode?)",
		false);
	expect(&(struct gadget_refusals){1, {busy}}, "",
		"the USB device controller is taken by gadget \"g_ether\"; waiting for it to be "
		"free",
		false);
	expect(&(struct gadget_refusals){1, {small}}, "",
		"the USB device controller refuses this gadget" TOO_FEW, true);
	expect(&(struct gadget_refusals){1, {locked}}, "",
		"cannot bind the gadget to a USB device controller: Permission denied; trying "
		"again",
		true);
}

static void a_configured_controller_is_named(void **state)
{
	(void)state;
	expect(&(struct gadget_refusals){0}, "x.usb",
		"no USB device controller \"x.usb\"; waiting for it", false);
	expect(&(struct gadget_refusals){1, {busy}}, "musb-hdrc.0",
		"the USB device controller musb-hdrc.0 is taken by gadget \"g_ether\"; waiting for "
		"it to be free",
		false);
	expect(&(struct gadget_refusals){1, {small}}, "dummy_udc.0",
		"the USB device controller dummy_udc.0 refuses this gadget" TOO_FEW, true);
}

static void the_reason_of_each_controller_is_told(void **state)
{
	const char *both = "no USB device controller takes this gadget: musb-hdrc.0 is taken by "
			   "gadget \"g_ether\", dummy_udc.0 refuses it" TOO_FEW;

	(void)state;
	expect(&(struct gadget_refusals){2, {busy, small}}, "", both, true);
	expect(&(struct gadget_refusals){2, {small, busy}}, "", both, true);
	expect(&(struct gadget_refusals){2, {small, small_too}}, "",
		"no USB device controller takes this gadget: dummy_udc.0 refuses it, dummy_udc.1 "
		"refuses it" TOO_FEW,
		true);
	expect(&(struct gadget_refusals){2, {busy, busy_too}}, "",
		"no USB device controller is free: musb-hdrc.0 is taken by gadget \"g_ether\", "
		"musb-hdrc.1 is taken by gadget \"other\"; waiting for one to be free",
		false);
}

static void what_does_not_fit_is_cut(void **state)
{
	const struct gadget_refusals r = {4, {busy, busy_too, small, small_too}};
	char text[80];

	(void)state;
	assert_true(refusals_describe(&r, "", 2, 1, text, sizeof(text)));
	assert_int_equal(strlen(text), sizeof(text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_controller_needs_no_name),
		cmocka_unit_test(a_configured_controller_is_named),
		cmocka_unit_test(the_reason_of_each_controller_is_told),
		cmocka_unit_test(what_does_not_fit_is_cut),
	};

	return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
