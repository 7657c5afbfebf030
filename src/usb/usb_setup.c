// SPDX-License-Identifier: GPL-2.0-or-later
#include "usb/usb_setup.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "usb/functions.h"
#include "gadget/ffs.h"
#include "util/log.h"

#define LOCK_SUFFIX ".lock"

void usb_plan(const struct usb_config *c, struct usb_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->count = c->drives;
	plan->gadget = (struct gadget_config){
		.name = c->name,
		.id_vendor = (uint16_t)c->id_vendor,
		.id_product = (uint16_t)c->id_product,
		.bcd_device = (uint16_t)c->bcd_device,
		.manufacturer = c->manufacturer,
		.product = c->product,
		.serial = c->serial,
		.configuration = c->product,
		.max_power = (unsigned)c->max_power,
	};
	for (unsigned i = 0; i < plan->count; i++) {
		snprintf(plan->instance[i], sizeof(plan->instance[i]), "%s.%s", c->name,
			c->drive[i]);
		snprintf(plan->directory[i], sizeof(plan->directory[i]), USB_DIR "/%s/%s", c->name,
			c->drive[i]);
		plan->gadget.ffs_instance[i] = plan->instance[i];
	}
	plan->gadget.cdcs = c->functions;
	functions_describe(c->function, c->functions, plan->gadget.serial, plan->gadget.cdc);
}

/* ---- places ------------------------------------------------------------------------------- */

static int make_dir(const char *path)
{
	/* Readable for all users, whatever the umask is. */
	if ((mkdir(path, 0755) < 0 && errno != EEXIST) || chmod(path, 0755) < 0) {
		int r = -errno;

		log_error("%s: %s", path, strerror(-r));
		return r;
	}
	return 0;
}

int usb_lock(const char *name, struct lockfile *lock)
{
	char path[128];
	int r, holder;

	lock->fd = -1;
	if (geteuid() == 0) {
		r = make_dir(USB_DIR);
		if (r < 0)
			return r;
	}
	snprintf(path, sizeof(path), USB_DIR "/%s" LOCK_SUFFIX, name);
	r = lockfile_take(lock, path, &holder);
	if (r == -EWOULDBLOCK)
		log_error("another mmcgadgetd (process %d) runs the gadget \"%s\"; stop it first",
			holder, name);
	else if (r == -EACCES || r == -ENOENT)
		log_error("the gadget \"%s\" has not been set up for this user; start the service "
			  "(systemctl start mmcgadgetd) or run the daemon as root",
			name);
	else if (r < 0)
		log_error("%s: %s", path, strerror(-r));
	return r;
}

/* ---- with the lock held ------------------------------------------------------------------- */

int usb_make_gadget(const struct usb_plan *plan, uid_t uid, gid_t gid)
{
	char place[96];
	int r;

	usb_remove_gadget(plan->gadget.name);
	snprintf(place, sizeof(place), USB_DIR "/%s", plan->gadget.name);
	r = make_dir(place);
	if (r == 0)
		r = gadget_create(&plan->gadget, uid, gid);
	for (unsigned i = 0; r == 0 && i < plan->count; i++)
		r = ffs_mount(plan->instance[i], plan->directory[i], uid, gid);
	if (r < 0)
		usb_remove_gadget(plan->gadget.name);
	return r;
}

void usb_remove_gadget(const char *name)
{
	char place[96], path[sizeof(place) + 256];
	struct dirent *e;
	DIR *dir;

	snprintf(place, sizeof(place), USB_DIR "/%s", name);
	dir = opendir(place);
	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", place, e->d_name);
		ffs_unmount(path);
	}
	if (dir)
		closedir(dir);
	gadget_remove(name);
	rmdir(place);
}

/* ---- for another process ------------------------------------------------------------------ */

int usb_set_up(const struct usb_config *config, uid_t uid, gid_t gid)
{
	struct usb_plan plan;
	struct lockfile lock;
	int r = usb_lock(config->name, &lock);

	if (r < 0)
		return r;
	usb_plan(config, &plan);
	if (!gadget_is_bound(config->name))
		r = usb_make_gadget(&plan, uid, gid);
	if (r == 0)
		r = lockfile_give(&lock, uid, gid);
	else
		lockfile_release(&lock);
	return r;
}

static void take_down(const char *name)
{
	struct lockfile lock;
	char path[128];
	int holder;

	snprintf(path, sizeof(path), USB_DIR "/%s" LOCK_SUFFIX, name);
	if (lockfile_take(&lock, path, &holder) < 0)
		return;
	if (gadget_is_bound(name)) {
		lockfile_give(&lock, (uid_t)-1, (gid_t)-1);
		return;
	}
	usb_remove_gadget(name);
	lockfile_release(&lock);
}

void usb_take_down(void)
{
	DIR *dir = opendir(USB_DIR);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		size_t n = strlen(e->d_name), end = strlen(LOCK_SUFFIX);
		char name[64];

		if (n <= end || n - end >= sizeof(name) ||
			strcmp(e->d_name + n - end, LOCK_SUFFIX) != 0)
			continue;
		memcpy(name, e->d_name, n - end);
		name[n - end] = '\0';
		take_down(name);
	}
	if (dir)
		closedir(dir);
	/* Unless another daemon's gadget is there. */
	rmdir(USB_DIR);
}
