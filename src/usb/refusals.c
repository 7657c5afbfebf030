// SPDX-License-Identifier: GPL-2.0-or-later
#include "usb/refusals.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What a caller writes to, piece by piece. What does not fit is cut. */
struct line {
	char *text;
	size_t size, n;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (l->n >= l->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(l->text + l->n, l->size - l->n, fmt, ap);
	va_end(ap);
	l->n += n > 0 ? (size_t)n : 0;
}

static void add_endpoints(struct line *l, unsigned drives, unsigned functions)
{
	add(l,
		": it needs %u IN and %u OUT endpoints, most likely there are fewer; leave out a "
		"drive or a function, or see the kernel's log",
		drives + 2 * functions, drives + functions);
}

/* The reason of the only controller, or one that does not depend on the controller. */
static void describe_one(struct line *l, const struct gadget_refusal *r, const char *udc,
	unsigned drives, unsigned functions)
{
	const char *space = *udc ? " " : "";

	if (r->error == -EBUSY) {
		add(l,
			"the USB device controller%s%s is taken by gadget \"%s\"; waiting for it "
			"to be free",
			space, udc, *r->owner ? r->owner : "?");
	} else if (r->error == -ENOSPC) {
		add(l, "the USB device controller%s%s refuses this gadget", space, udc);
		add_endpoints(l, drives, functions);
	} else {
		add(l, "cannot bind the gadget to a USB device controller: %s; trying again",
			strerror(-r->error));
	}
}

static void describe_all(
	struct line *l, const struct gadget_refusals *r, unsigned drives, unsigned functions)
{
	unsigned busy = 0, small = 0, written = 0;

	for (unsigned i = 0; i < r->count; i++) {
		busy += r->one[i].error == -EBUSY;
		small += r->one[i].error == -ENOSPC;
	}
	add(l, busy == r->count ? "no USB device controller is free: "
				: "no USB device controller takes this gadget: ");
	for (unsigned i = 0; i < r->count; i++) {
		const struct gadget_refusal *one = &r->one[i];

		if (one->error == -EBUSY)
			add(l, "%s%s is taken by gadget \"%s\"", written++ ? ", " : "", one->udc,
				*one->owner ? one->owner : "?");
		else if (one->error != -ENOSPC)
			add(l, "%s%s: %s", written++ ? ", " : "", one->udc, strerror(-one->error));
	}
	/* Those that refuse come last: the numbers of endpoints follow, which are about them. */
	for (unsigned i = 0; i < r->count; i++) {
		if (r->one[i].error == -ENOSPC)
			add(l, "%s%s refuses it", written++ ? ", " : "", r->one[i].udc);
	}
	if (small)
		add_endpoints(l, drives, functions);
	else if (busy == r->count)
		add(l, "; waiting for one to be free");
	else
		add(l, "; trying again");
}

bool refusals_describe(const struct gadget_refusals *r, const char *udc, unsigned drives,
	unsigned functions, char *text, size_t size)
{
	struct line l = {.text = text, .size = size};
	bool stays = false;

	for (unsigned i = 0; i < r->count; i++)
		stays |= r->one[i].error != -EBUSY;
	if (r->count == 0 && *udc)
		add(&l, "no USB device controller \"%s\"; waiting for it", udc);
	else if (r->count == 0)
		add(&l, "no USB device controller in /sys/class/udc; waiting for one (is the port "
			"in device mode?)");
	else if (r->count == 1)
		describe_one(&l, &r->one[0], udc, drives, functions);
	else
		describe_all(&l, r, drives, functions);
	return stays;
}
