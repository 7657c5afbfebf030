// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/usb.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "core/rundir.h"
#include "util/log.h"

#define RETRY_USEC 1000000u /* no controller: look for one */
#define WATCH_USEC 2000000u /* a controller: is it there still? */

struct function {
	struct drive *drive;
	struct ffs *ffs;
	bool started;
	char instance[48], directory[96];
};

struct usb {
	const struct config *config;
	struct gadget *gadget;
	sd_event_source *timer;
	struct lockfile lock; /* of the gadget's name: gadget_create() removes an old one */
	struct function function[GADGET_MAX_FUNCTIONS];
	unsigned count;
	char reason[160]; /* last logged, so that a retry each second does not fill the log */
};

static int port_post(void *usb, void (*fn)(void *arg), void *arg)
{
	return ffs_post(usb, fn, arg);
}

static void port_get_state(void *usb, struct ffs_state *state)
{
	ffs_get_state(usb, state);
}

const char *usb_udc(void *usb)
{
	const struct usb *u = usb;

	return u && u->gadget ? gadget_udc(u->gadget) : "";
}

__attribute__((format(printf, 3, 4))) static void say(
	struct usb *u, enum log_level level, const char *fmt, ...)
{
	char text[sizeof(u->reason)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sd_notifyf(0, "STATUS=%s", text);
	if (strcmp(text, u->reason) == 0)
		return;
	strcpy(u->reason, text);
	log_write(level, "%s", text);
}

static void bind_once(struct usb *u)
{
	const char *udc = u->config->udc;
	char owner[64] = "";
	int r = gadget_bind(u->gadget, udc, owner, sizeof(owner));

	if (r == 0)
		say(u, LOG_LEVEL_INFO, "ready on controller %s", gadget_udc(u->gadget));
	else if (r == -ENODEV && *udc)
		say(u, LOG_LEVEL_WARN, "no USB device controller \"%s\"; waiting for it", udc);
	else if (r == -ENODEV)
		say(u, LOG_LEVEL_WARN,
			"no USB device controller in /sys/class/udc; waiting for one (is the port "
			"in "
			"device mode?)");
	else if (r == -EBUSY)
		say(u, LOG_LEVEL_WARN,
			"the USB device controller%s%s is taken by gadget \"%s\"; waiting for it "
			"to "
			"be free",
			*udc ? " " : "", udc, *owner ? owner : "?");
	else
		say(u, LOG_LEVEL_ERROR, "binding to a USB device controller: %s; trying again",
			strerror(-r));
}

/* Modules are unloaded, OTG ports change their role: sysfs has no inotify for it. */
static void check_bound(struct usb *u)
{
	char path[160];

	snprintf(path, sizeof(path), "/sys/class/udc/%s", gadget_udc(u->gadget));
	if (access(path, F_OK) == 0)
		return;
	log_warn("controller %s has gone", gadget_udc(u->gadget));
	gadget_unbind(u->gadget);
	bind_once(u);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *usb)
{
	struct usb *u = usb;

	(void)usec;
	if (*gadget_udc(u->gadget))
		check_bound(u);
	else
		bind_once(u);
	sd_event_source_set_time_relative(s, *gadget_udc(u->gadget) ? WATCH_USEC : RETRY_USEC);
	return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static int take_name(struct usb *u)
{
	char path[128];
	int r, holder;

	snprintf(path, sizeof(path), "/run/mmcgadget-%s.lock", u->config->gadget.name);
	r = lockfile_take(&u->lock, path, &holder);
	if (r == -EWOULDBLOCK)
		log_error("another mmcgadgetd (process %d) runs the gadget \"%s\"; stop it first",
			holder, u->config->gadget.name);
	else if (r < 0)
		log_error("%s: %s", path, strerror(-r));
	return r;
}

static int create_gadget(struct usb *u)
{
	const struct config *c = u->config;
	char serial[17];
	struct gadget_config g = {
		.name = c->gadget.name,
		.id_vendor = (uint16_t)c->gadget.id_vendor,
		.id_product = (uint16_t)c->gadget.id_product,
		.bcd_device = (uint16_t)c->gadget.bcd_device,
		.manufacturer = c->gadget.manufacturer,
		.product = c->gadget.product,
		.serial = c->gadget.serial,
		.configuration = c->gadget.product,
		.max_power = (unsigned)c->gadget.max_power,
	};

	if (*g.serial == '\0') {
		gadget_default_serial(serial);
		g.serial = serial;
	}
	for (unsigned i = 0; i < u->count; i++)
		g.ffs_instance[i] = u->function[i].instance;
	return gadget_create(&g, &u->gadget);
}

static int open_function(struct usb *u, struct function *f)
{
	const struct config *c = u->config;
	struct ffs_config fc = {
		.instance = f->instance,
		.directory = f->directory,
		.interface = c->gadget.product,
		.subclass = (uint8_t)c->behaviour.subclass,
		.bot = {.stall = (enum bot_stall)c->behaviour.stall, .max_lun = 0},
		.drive = drive_engine(f->drive),
		.changed = drive_changed,
		.flush = drive_flush,
		.ctx = f->drive,
	};
	struct drive_port port = {.post = port_post, .get_state = port_get_state};
	int r = ffs_open(&fc, &f->ffs);

	if (r < 0)
		return r;
	r = ffs_start(f->ffs);
	if (r < 0)
		return r;
	f->started = true;
	port.usb = f->ffs;
	drive_attach(f->drive, &port);
	return 0;
}

static int start(struct usb *u, sd_event *event)
{
	int r = take_name(u);

	if (r < 0)
		return r;
	r = create_gadget(u);
	for (unsigned i = 0; r == 0 && i < u->count; i++)
		r = open_function(u, &u->function[i]);
	if (r < 0)
		return r;
	bind_once(u);
	sd_notify(0, "READY=1");
	return sd_event_add_time_relative(
		event, &u->timer, CLOCK_MONOTONIC, RETRY_USEC, 100000, on_timer, u);
}

int usb_start(
	const struct config *config, const struct drives *drives, sd_event *event, struct usb **out)
{
	struct usb *u = calloc(1, sizeof(*u));
	int r;

	if (!u)
		return -ENOMEM;
	u->config = config;
	u->lock.fd = -1;
	u->count = drives->count;
	for (unsigned i = 0; i < u->count; i++) {
		struct function *f = &u->function[i];

		f->drive = drives->drive[i];
		snprintf(f->instance, sizeof(f->instance), "%s.%s", config->gadget.name,
			drive_name(f->drive));
		snprintf(f->directory, sizeof(f->directory), "%s/ffs-%s", config->control.directory,
			drive_name(f->drive));
	}
	r = start(u, event);
	if (r < 0) {
		usb_stop(u);
		return r;
	}
	*out = u;
	return 0;
}

/* The order matters: FunctionFS is busy while it is bound, the gadget while it is mounted. */
void usb_stop(struct usb *u)
{
	if (!u)
		return;
	sd_event_source_disable_unref(u->timer);
	if (u->gadget)
		gadget_unbind(u->gadget);
	for (unsigned i = u->count; i-- > 0;) {
		struct function *f = &u->function[i];

		if (f->started) {
			ffs_stop(f->ffs);
			drive_detach(f->drive);
		}
		ffs_close(f->ffs);
		rmdir(f->directory);
	}
	gadget_destroy(u->gadget);
	lockfile_release(&u->lock);
	free(u);
}
