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

#include "usb/endpoints.h"
#include "usb/functions.h"
#include "usb/refusals.h"
#include "usb/usb_setup.h"
#include "util/array.h"
#include "util/hash.h"
#include "util/log.h"

#define RETRY_USEC   1000000u  /* no controller: look for one */
#define WATCH_USEC   2000000u  /* bound: check whether the controller still exists */
#define REFUSED_USEC 30000000u /* a controller refused the gadget; the kernel logs each try */
#define FAILURES_MAX 10u       /* take-overs in a row by daemons that died before on_timer() ran */

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
	bool gave_up_old;    /* the last daemon's gadget was bound until now, not taken over */
	bool made_gadget;    /* this process made the gadget, as root, and removes it at the end */
	bool keep_handovers; /* leave the hand-over states in the store for the next start */
	bool refused;        /* nothing that will pass soon: try again less often */
	struct usb_plan plan;
	struct gadget *gadget;
	sd_event_source *timer;
	struct lockfile lock; /* of the gadget's name */
	struct function function[GADGET_MAX_FUNCTIONS];
	unsigned count;
	char status[512]; /* text logged last; not logged again while it stays the same */
	char clash[384];  /* see endpoints_clash() */
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
	if (!u || !u->gadget)
		return "";
	return *gadget_udc(u->gadget) == '\0' ? u->status : u->clash;
}

json_t *usb_functions(const struct usb *u)
{
	return u ? functions_status(u->config->function, u->config->functions, u->gadget)
		 : json_array();
}

__attribute__((format(printf, 3, 4))) static void set_status(
	struct usb *u, enum log_level level, const char *fmt, ...)
{
	char text[sizeof(u->status)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sd_notifyf(0, "STATUS=%s", text);
	if (strcmp(text, u->status) == 0)
		return;
	strcpy(u->status, text);
	log_write(level, "%s", text);
}

static void report_bound(struct usb *u, const char *how)
{
	set_status(u, LOG_LEVEL_INFO, "%s on controller %s", how, gadget_udc(u->gadget));
}

static void try_bind(struct usb *u)
{
	const struct usb_config *c = u->config;
	struct gadget_refusals refusals;
	char text[sizeof(u->status)];

	u->refused = false;
	if (gadget_bind(u->gadget, c->udc, &refusals) == 0) {
		report_bound(u, "ready");
		return;
	}
	u->refused =
		refusals_describe(&refusals, c->udc, u->count, c->functions, text, sizeof(text));
	set_status(u, u->refused ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, "%s", text);
}

/*
 * A controller disappears when its module is unloaded or an OTG port changes its role. sysfs
 * has no inotify for it, so a timer checks.
 */
static void check_bound(struct usb *u)
{
	char path[160];

	snprintf(path, sizeof(path), "/sys/class/udc/%s", gadget_udc(u->gadget));
	if (access(path, F_OK) == 0)
		return;
	log_warn("controller %s disappeared", gadget_udc(u->gadget));
	gadget_unbind(u->gadget);
	try_bind(u);
}

/* Logs it when a host has configured drives that it cannot use. */
static void check_endpoints(struct usb *u)
{
	struct ffs_state states[GADGET_MAX_FUNCTIONS];
	const char *names[GADGET_MAX_FUNCTIONS];
	char text[sizeof(u->clash)];

	for (unsigned i = 0; i < u->count; i++) {
		ffs_get_state(u->function[i].ffs, &states[i]);
		names[i] = drive_name(u->function[i].drive);
	}
	endpoints_clash(states, names, u->count, text, sizeof(text));
	if (strcmp(text, u->clash) == 0)
		return;
	strcpy(u->clash, text);
	if (*text) {
		log_error("%s", text);
		sd_notifyf(0, "STATUS=%s", text);
	}
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
		try_bind(u);
	if (u->count > 1)
		check_endpoints(u);
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

/* ---- the last daemon's gadget ------------------------------------------------------------- */

/*
 * Hash of what a host knows of the drive: the next daemon takes over only if its drive has
 * the same. What the gadget shows (IDs, strings) is checked by gadget_take_over().
 */
static uint64_t drive_identity(const struct usb *u, unsigned i)
{
	const struct mmc_config *c = mmc_get_config(drive_engine(u->function[i].drive));
	struct ffs_config fc = describe_function(u, i);
	uint64_t hash = hash_text(ffs_fingerprint(&fc), c->vendor);

	return hash_text(hash_text(hash, c->product), c->revision);
}

/*
 * Gives each drive its hand-over state: that of the last daemon if it is valid, otherwise a
 * new one.
 */
static int open_handovers(struct usb *u, struct fdstore *store)
{
	for (unsigned i = 0; i < u->count; i++) {
		int *fd = &store->drive[i].handover;
		struct handover *h = NULL;
		int r = *fd < 0 ? -ENOENT : handover_open(*fd, &h);

		*fd = -1;
		/* Restoring this state may be what makes the daemons crash. */
		if (r == 0 && handover_failures(h) >= FAILURES_MAX) {
			log_warn("%s: the daemon died %u times in a row after taking it over; "
				 "starting without its disc",
				drive_name(u->function[i].drive), FAILURES_MAX);
			handover_free(h);
			r = -ENOENT;
		}
		if (r < 0)
			r = handover_new(&h);
		if (r < 0) {
			log_error("%s: no memory for its hand-over state: %s",
				drive_name(u->function[i].drive), strerror(-r));
			return r;
		}
		drive_set_handover(u->function[i].drive, h);
	}
	return 0;
}

/* Returns why the last daemon's files cannot be used; NULL: they can. */
static const char *check_inherited(const struct usb *u, const struct fdstore *store)
{
	for (unsigned i = 0; i < u->count; i++) {
		const struct function *f = &u->function[i];

		if (!drive_inherited_image(f->drive))
			return "there is no saved state for a drive";
		if (handover_identity(drive_handover(f->drive)) != drive_identity(u, i))
			return "the configuration of a drive has changed";
		if (!ffs_files_match(&store->drive[i].files, u->plan.directory[i]))
			return "the inherited files do not belong to its FunctionFS";
	}
	return NULL;
}

/* Opens the gadget in configfs as u->gadget. Returns why it cannot be used; NULL: it can. */
static const char *open_existing(struct usb *u)
{
	const char *why = NULL;

	if (gadget_take_over(&u->plan.gadget, &u->gadget, &why) < 0)
		return why;
	if (*gadget_udc(u->gadget) && *u->config->udc &&
		strcmp(u->config->udc, gadget_udc(u->gadget)) != 0)
		return "it is bound to another controller than configured";
	return NULL;
}

/* True if the gadget was taken over; otherwise the reason is logged. */
static bool take_over(struct usb *u, struct fdstore *store)
{
	const char *why = check_inherited(u, store);

	if (!why)
		why = open_existing(u);
	if (!why && !*gadget_udc(u->gadget))
		why = "it is no longer bound to a controller";
	if (!why)
		return true;
	gadget_free(u->gadget);
	u->gadget = NULL;
	log_warn("the gadget %s cannot be taken over (%s); making a new one", u->config->name, why);
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
	struct handover *h = drive_handover(f->drive);

	f->files = d->files;
	d->files = (struct ffs_files){-1, -1, -1};
	/* The timer sets this to 0 again. */
	handover_set_failures(h, handover_failures(h) + 1);
}

bool usb_taken_over(const struct usb *u)
{
	return u->taken_over;
}

/* ---- start and stop ----------------------------------------------------------------------- */

/* Opens the gadget that usb_set_up() has made; as root, makes it first. */
static int open_new_gadget(struct usb *u)
{
	const char *why;
	int r = 0;

	if (geteuid() == 0) {
		r = usb_make_gadget(&u->plan, 0, 0);
		u->made_gadget = r == 0;
	}
	if (r < 0)
		return r;
	why = open_existing(u);
	if (!why && *gadget_udc(u->gadget))
		why = "another program has bound it to a controller";
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
	/* Writes the hand-over state for the first time. */
	drive_changed(f->drive);
	if (!u->taken_over) {
		handover_set_identity(drive_handover(f->drive), drive_identity(u, i));
		ffs_get_files(f->ffs, &files);
		r = fdstore_put(
			drive_name(f->drive), &files, handover_fd(drive_handover(f->drive)));
		if (r < 0)
			log_warn("%s: systemd does not store its files, so a restart disconnects "
				 "the host: %s",
				drive_name(f->drive), strerror(-r));
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
 * Gives up the last daemon's gadget. Only root can make a new one: the unit calls usb_set_up()
 * before the next start. Until then the drives' hand-over states stay in the store.
 */
static int give_up_old(struct usb *u, struct fdstore *store)
{
	const struct timespec second = {.tv_sec = 1};

	fdstore_discard(store, u->drives);
	u->gave_up_old = true;
	if (geteuid() == 0)
		return 0;
	/* The host needs time to see that the old drive is disconnected. */
	nanosleep(&second, NULL);
	u->keep_handovers = true;
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
	r = files ? give_up_old(u, store) : 0;
	return r < 0 ? r : open_new_gadget(u);
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
		report_bound(u, "took over the gadget");
	else if (u->gave_up_old)
		/*
		 * The timer binds the gadget. If it was bound at once, a Linux host could miss
		 * the disconnection: its port is connected, all descriptors except the strings
		 * are the same, and the host continues to use a device that no longer exists.
		 */
		set_status(u, LOG_LEVEL_INFO,
			"binding in a second, so that the host sees the old drive disconnected");
	else
		try_bind(u);
	return sd_event_add_time_relative(
		event, &u->timer, CLOCK_MONOTONIC, RETRY_USEC, 100000, on_timer, u);
}

/*
 * The order matters: FunctionFS cannot be unmounted while the gadget is bound, nor the gadget
 * be removed while FunctionFS is mounted.
 */
void usb_stop(struct usb *u)
{
	if (!u)
		return;
	sd_event_source_disable_unref(u->timer);
	/* FunctionFS stays busy while systemd holds its files. */
	if (!u->keep_handovers)
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
	if (u->made_gadget)
		usb_remove_gadget(u->config->name);
	lockfile_release(&u->lock);
	free(u);
}
