// SPDX-License-Identifier: GPL-2.0-or-later
#include "usb/usb.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "usb/functions.h"
#include "usb/usb_setup.h"
#include "util/array.h"
#include "util/hash.h"
#include "util/log.h"

#define RETRY_USEC   1000000u  /* no controller: look for one */
#define WATCH_USEC   2000000u  /* a controller: is it there still? */
#define REFUSED_USEC 30000000u /* one that refuses us; the kernel logs each try */
#define DEATHS_MAX   10u       /* take-overs by daemons that do not live to see the timer */

struct function {
	struct drive *drive;
	struct ffs *ffs;
	struct ffs_files files; /* inherited */
	bool started;
};

struct usb {
	const struct usb_config *config;
	const struct drives *drives;
	bool taken_over;
	bool let_go;         /* the gadget of the daemon before us was bound until now */
	bool built;          /* by us: we are root */
	bool handovers_stay; /* in the store, for the next start */
	bool refused;        /* by a controller, which will not change its mind soon */
	struct usb_plan plan;
	struct gadget *gadget;
	sd_event_source *timer;
	struct lockfile lock; /* of the gadget's name */
	struct function function[GADGET_MAX_FUNCTIONS];
	unsigned count;
	char reason[224]; /* last logged, so that a retry each second does not fill the log */
};

static int port_post(void *usb, void (*fn)(void *arg), void *arg)
{
	return ffs_post(usb, fn, arg);
}

static void port_resume(void *usb)
{
	ffs_resume(usb);
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

const char *usb_problem(const struct usb *u)
{
	return u && u->gadget && *gadget_udc(u->gadget) == '\0' ? u->reason : "";
}

json_t *usb_functions(const struct usb *u)
{
	return u ? functions_status(u->config->function, u->config->functions, u->gadget)
		 : json_array();
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

/* A host can see the drive; said to systemd again after a while without a controller. */
static void up(struct usb *u, const char *how)
{
	say(u, LOG_LEVEL_INFO, "%s on controller %s", how, gadget_udc(u->gadget));
	sd_notify(0, "READY=1");
}

static void bind_once(struct usb *u)
{
	const char *udc = u->config->udc;
	char owner[64] = "";
	int r = gadget_bind(u->gadget, udc, owner, sizeof(owner));

	u->refused = r == -ENOSPC;
	if (r == 0)
		up(u, "ready");
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
	else if (r == -ENOSPC)
		say(u, LOG_LEVEL_ERROR,
			"the USB device controller%s%s refuses this gadget: it needs %u IN and %u "
			"OUT endpoints, most likely there are fewer; leave out a drive or a "
			"function, or see the kernel's log",
			*udc ? " " : "", udc, u->count + 2 * u->config->functions,
			u->count + u->config->functions);
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
	for (unsigned i = 0; i < u->count; i++)
		handover_set_failures(drive_handover(u->function[i].drive), 0);
	if (*gadget_udc(u->gadget))
		check_bound(u);
	else
		bind_once(u);
	sd_event_source_set_time_relative(s, *gadget_udc(u->gadget) ? WATCH_USEC
					     : u->refused           ? REFUSED_USEC
								    : RETRY_USEC);
	return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static struct ffs_config describe_function(const struct usb *u, unsigned i)
{
	const struct function *f = &u->function[i];
	const struct usb_config *c = u->config;

	return (struct ffs_config){
		.instance = u->plan.instance[i],
		.directory = u->plan.directory[i],
		.interface = c->product,
		.subclass = (uint8_t)c->subclass,
		.bot = {.stall = (enum bot_stall)c->stall, .max_lun = 0},
		.drive = drive_engine(f->drive),
		.changed = drive_changed,
		.flush = drive_flush,
		.resumed = drive_resumed,
		.ctx = f->drive,
		.observer = &recorder_observer,
		.observer_ctx = drive_recorder(f->drive),
		.in_flight = handover_in_flight(drive_handover(f->drive)),
	};
}

/* ---- a daemon before us ------------------------------------------------------------------- */

/* What the host was told of the drive, but for what the gadget itself shows. */
static uint64_t identity(const struct usb *u, unsigned i)
{
	const struct mmc_config *c = mmc_get_config(drive_engine(u->function[i].drive));
	struct ffs_config fc = describe_function(u, i);
	uint64_t hash = hash_text(ffs_fingerprint(&fc), c->vendor);

	return hash_text(hash_text(hash, c->product), c->revision);
}

/* Each drive has hand-over state afterwards, with what the daemon before us left when it is good.
 */
static int open_handovers(struct usb *u, struct fdstore *store)
{
	for (unsigned i = 0; i < u->count; i++) {
		int *fd = &store->drive[i].handover;
		struct handover *k = NULL;
		int r = *fd < 0 ? -ENOENT : handover_open(*fd, &k);

		*fd = -1;
		/* What has killed so many daemons is not given to the next one. */
		if (r == 0 && handover_failures(k) >= DEATHS_MAX) {
			log_warn("%s: died %u times in a row; begins anew, without its disc",
				drive_name(u->function[i].drive), DEATHS_MAX);
			handover_free(k);
			r = -ENOENT;
		}
		if (r < 0)
			r = handover_new(&k);
		if (r < 0) {
			log_error("memory for the drive's state: %s", strerror(-r));
			return r;
		}
		drive_set_handover(u->function[i].drive, k);
	}
	return 0;
}

/* NULL: all is there and as it should be. */
static const char *files_missing(const struct usb *u, const struct fdstore *store)
{
	for (unsigned i = 0; i < u->count; i++) {
		const struct function *f = &u->function[i];

		if (!drive_inherited_image(f->drive))
			return "nothing is known of a drive";
		if (handover_identity(drive_handover(f->drive)) != identity(u, i))
			return "a drive is configured otherwise";
		if (!ffs_files_match(&store->drive[i].files, u->plan.directory[i]))
			return "its FunctionFS is not there any more";
	}
	return NULL;
}

/* NULL: the gadget is ours, bound or not, as it should be. */
static const char *adopt(struct usb *u)
{
	const char *why = NULL;

	if (gadget_take_over(&u->plan.gadget, &u->gadget, &why) < 0)
		return why;
	if (*gadget_udc(u->gadget) && *u->config->udc &&
		strcmp(u->config->udc, gadget_udc(u->gadget)) != 0)
		return "it is on another controller";
	return NULL;
}

/* Whether the gadget is ours again; why not is logged. */
static bool take_over(struct usb *u, struct fdstore *store)
{
	const char *why = files_missing(u, store);

	if (!why)
		why = adopt(u);
	if (!why && !*gadget_udc(u->gadget))
		why = "it is not bound to a controller any more";
	if (!why)
		return true;
	gadget_free(u->gadget);
	u->gadget = NULL;
	log_warn("the gadget %s cannot be taken over (%s); it is made anew", u->config->name, why);
	return false;
}

static void close_files(struct ffs_files *files)
{
	int fds[] = {files->ep0, files->in, files->out};

	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

static void inherit_function(struct function *f, struct fdstore_drive *d)
{
	struct handover *k = drive_handover(f->drive);

	f->files = d->files;
	d->files = (struct ffs_files){-1, -1, -1};
	handover_set_failures(k, handover_failures(k) + 1);
}

bool usb_taken_over(const struct usb *u)
{
	return u->taken_over;
}

/* ---- start and stop ----------------------------------------------------------------------- */

/* The gadget as it was set up for us; by ourselves, when we may. */
static int fresh_gadget(struct usb *u)
{
	const char *why;
	int r = 0;

	if (geteuid() == 0) {
		r = usb_make_gadget(&u->plan, 0, 0);
		u->built = r == 0;
	}
	if (r < 0)
		return r;
	why = adopt(u);
	if (!why && *gadget_udc(u->gadget))
		why = "somebody has bound it to a controller";
	for (unsigned i = 0; !why && i < u->count; i++) {
		if (!ffs_is_mounted(u->plan.directory[i]))
			why = "its FunctionFS is not mounted";
	}
	if (!why)
		return 0;
	log_error("the gadget %s cannot be used: %s", u->config->name, why);
	return -ESTALE;
}

static int open_function(struct usb *u, unsigned i)
{
	struct function *f = &u->function[i];
	struct ffs_config fc = describe_function(u, i);
	struct drive_port port = {
		.post = port_post, .get_state = port_get_state, .resume = port_resume};
	struct ffs_files files;
	int r;

	if (u->taken_over)
		fc.inherited = &f->files;
	r = ffs_open(&fc, &f->ffs);
	f->files = (struct ffs_files){-1, -1, -1};
	if (r < 0)
		return r;
	/* The first word for the next daemon. */
	drive_changed(f->drive);
	if (!u->taken_over) {
		handover_set_identity(drive_handover(f->drive), identity(u, i));
		ffs_get_files(f->ffs, &files);
		r = fdstore_put(
			drive_name(f->drive), &files, handover_fd(drive_handover(f->drive)));
		if (r < 0)
			log_warn("%s: systemd does not take the files: %s", drive_name(f->drive),
				strerror(-r));
	}
	r = ffs_start(f->ffs);
	if (r < 0)
		return r;
	f->started = true;
	port.usb = f->ffs;
	drive_attach(f->drive, &port);
	return 0;
}

/*
 * What the daemon before us had is given up. Only root makes a new gadget: that is
 * done before the next start, and the drives' memory waits for it in the store.
 */
static int give_up(struct usb *u, struct fdstore *store)
{
	const struct timespec second = {.tv_sec = 1};

	fdstore_discard(store, u->drives);
	u->let_go = true;
	if (geteuid() == 0)
		return 0;
	/* The host is to see the old drive go. */
	nanosleep(&second, NULL);
	u->handovers_stay = true;
	return -ESTALE;
}

static int open_gadget(struct usb *u, struct fdstore *store)
{
	bool files = fdstore_has_files(store);
	int r = usb_lock(u->config->name, &u->lock);

	if (r == 0)
		r = open_handovers(u, store);
	if (r < 0)
		return r;
	u->taken_over = files && take_over(u, store);
	for (unsigned i = 0; u->taken_over && i < u->count; i++)
		inherit_function(&u->function[i], &store->drive[i]);
	if (u->taken_over)
		return 0;
	r = files ? give_up(u, store) : 0;
	return r < 0 ? r : fresh_gadget(u);
}

int usb_open(const struct usb_config *config, const struct drives *drives, struct fdstore *store,
	struct usb **out)
{
	struct usb *u = calloc(1, sizeof(*u));
	int r;

	if (!u)
		return -ENOMEM;
	u->config = config;
	u->drives = drives;
	u->lock.fd = -1;
	u->count = drives->count;
	usb_plan(config, &u->plan);
	for (unsigned i = 0; i < u->count; i++) {
		u->function[i].drive = drives->drive[i];
		u->function[i].files = (struct ffs_files){-1, -1, -1};
	}
	r = open_gadget(u, store);
	if (r < 0) {
		usb_stop(u);
		return r;
	}
	*out = u;
	return 0;
}

int usb_start(struct usb *u, sd_event *event)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < u->count; i++)
		r = open_function(u, i);
	if (r < 0)
		return r;
	if (u->taken_over)
		up(u, "took over the gadget");
	else if (u->let_go)
		/*
		 * Bound anew at once, Linux can miss that anything happened: the port is
		 * connected, descriptors but for the strings are the same, and the host goes on
		 * with a device that is gone. The timer is to do it.
		 */
		say(u, LOG_LEVEL_INFO, "the host is given a second to see the old drive go");
	else
		bind_once(u);
	return sd_event_add_time_relative(
		event, &u->timer, CLOCK_MONOTONIC, RETRY_USEC, 100000, on_timer, u);
}

/* The order matters: FunctionFS is busy while it is bound, the gadget while it is mounted. */
void usb_stop(struct usb *u)
{
	if (!u)
		return;
	sd_event_source_disable_unref(u->timer);
	/* A file that systemd still holds keeps FunctionFS busy. */
	if (!u->handovers_stay)
		fdstore_remove(u->drives);
	if (u->gadget)
		gadget_unbind(u->gadget);
	for (unsigned i = u->count; i-- > 0;) {
		struct function *f = &u->function[i];

		if (f->started) {
			ffs_stop(f->ffs);
			drive_detach(f->drive);
		}
		ffs_close(f->ffs);
		close_files(&f->files);
	}
	gadget_free(u->gadget);
	if (u->built)
		usb_remove_gadget(u->config->name);
	lockfile_release(&u->lock);
	free(u);
}
