// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes, binds and removes the gadget in configfs. libusbgx does all of it except binding:
 * it reads the list of controllers only once, in usbg_init(), and translates the
 * kernel's answer to an enum that cannot tell who uses a controller. So this file
 * writes the attribute UDC itself.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>
#include <linux/usb/ch9.h>
#include <usbg/usbg.h>

#include "gadget/gadget_int.h"
#include "util/array.h"
#include "util/log.h"

#define UDC_CLASS  "/sys/class/udc"
#define PATH_BYTES 512

#ifndef CONFIGFS_MAGIC
#define CONFIGFS_MAGIC 0x62656570
#endif

/* ---- small files -------------------------------------------------------------------------- */

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static int write_udc(const char *gadget, const char *text)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), GADGETS "/%s/UDC", gadget);
	return write_text(path, text);
}

static int not_dot(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* ---- removing ----------------------------------------------------------------------------- */

/* mountinfo writes spaces, tabs, newlines and backslashes as \ooo. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		unsigned code;

		if (*s == '\\' && sscanf(s + 1, "%3o", &code) == 1) {
			*to++ = (char)code;
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* Parses a line of mountinfo. True: it is a FunctionFS, mounted at *place. */
static bool parse_mount(char *line, char **place, char **instance)
{
	char *rest = strstr(line, " - functionfs ");
	char *save = NULL;

	if (!rest)
		return false;
	*rest = '\0';
	*instance = strtok_r(rest + strlen(" - functionfs "), " \n", &save);
	/* ID, parent, device, root, mount point */
	*place = strtok_r(line, " ", &save);
	for (int i = 0; *place && i < 4; i++)
		*place = strtok_r(NULL, " ", &save);
	if (!*place || !*instance)
		return false;
	unescape(*place);
	unescape(*instance);
	return true;
}

static void unmount_instance(const char *instance)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;

	if (!f)
		return;
	while (getline(&line, &size, f) >= 0) {
		char *place, *source;

		if (!parse_mount(line, &place, &source) || strcmp(source, instance))
			continue;
		if (umount2(place, 0) < 0 && umount2(place, MNT_DETACH) < 0)
			log_warn("cannot unmount %s: %s", place, strerror(errno));
	}
	free(line);
	fclose(f);
}

static void unmount_functions(usbg_gadget *g)
{
	usbg_function *f;

	usbg_for_each_function(f, g)
	{
		if (usbg_get_function_type(f) == USBG_F_FFS)
			unmount_instance(usbg_get_function_instance(f));
	}
}

static int remove_gadget(usbg_state *s, const char *name)
{
	usbg_gadget *g = usbg_get_gadget(s, name);
	int ret;

	if (!g)
		return 0;
	/* Fails with ENODEV if it is not bound. */
	write_udc(name, "\n");
	unmount_functions(g);
	ret = gadget_cdc_close_ports(g);
	if (ret)
		return ret;
	ret = usbg_rm_gadget(g, USBG_RM_RECURSE);
	if (ret != USBG_SUCCESS)
		log_error("cannot remove the gadget %s: %s", name, usbg_strerror(ret));
	return gadget_error(ret);
}

/* ---- creating ----------------------------------------------------------------------------- */

static int need_configfs(void)
{
	struct statfs st;

	if (statfs(CONFIGFS, &st) < 0) {
		log_error("no " CONFIGFS ": the kernel has no configfs (modprobe configfs?)");
		return -ENOENT;
	}
	if (st.f_type != CONFIGFS_MAGIC && mount("configfs", CONFIGFS, "configfs",
						   MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) {
		int ret = -errno;

		log_error("cannot mount configfs at " CONFIGFS ": %s", strerror(-ret));
		return ret;
	}
	if (access(GADGETS, F_OK) < 0) {
		log_error("no " GADGETS ": load the module libcomposite (modprobe libcomposite)");
		return -ENOENT;
	}
	return 0;
}

/*
 * Logs why usbg_init() failed. It fails if any gadget, even of another program, has a
 * function that this version of libusbgx does not know.
 */
static void explain_init(int error)
{
	struct dirent **gadgets;
	int n = scandir(GADGETS, &gadgets, not_dot, alphasort);

	log_error("libusbgx cannot read " GADGETS ": %s", usbg_strerror(error));
	for (int i = 0; i < n; i++) {
		char path[PATH_BYTES];
		struct dirent **functions;
		int m;

		snprintf(path, sizeof(path), GADGETS "/%s/functions", gadgets[i]->d_name);
		m = scandir(path, &functions, not_dot, alphasort);
		for (int k = 0; k < m; k++) {
			char *dot = strchr(functions[k]->d_name, '.');

			if (dot)
				*dot = '\0';
			if (usbg_lookup_function_type(functions[k]->d_name) < 0)
				log_error("the gadget %s has a function \"%s\" that libusbgx does "
					  "not know",
					gadgets[i]->d_name, functions[k]->d_name);
			free(functions[k]);
		}
		if (m >= 0)
			free(functions);
		free(gadgets[i]);
	}
	if (n >= 0)
		free(gadgets);
}

static int add_functions(struct gadget *g, const struct gadget_config *c, usbg_config *config)
{
	for (int i = 0; i < GADGET_MAX_FUNCTIONS && c->ffs_instance[i]; i++) {
		char name[NAME_BYTES];
		usbg_function *f;
		int ret = usbg_create_function(g->usbg, USBG_F_FFS, c->ffs_instance[i], NULL, &f);

		snprintf(name, sizeof(name), "ffs.%s", c->ffs_instance[i]);
		if (ret == USBG_SUCCESS)
			ret = usbg_add_config_function(config, name, f);
		if (ret != USBG_SUCCESS) {
			log_error("cannot add the function %s: %s%s", name, usbg_strerror(ret),
				ret == USBG_ERROR_NOT_FOUND ? " (no module usb_f_fs?)" : "");
			return gadget_error(ret);
		}
	}
	return 0;
}

static int build(struct gadget *g, const struct gadget_config *c)
{
	struct usbg_gadget_attrs attrs = {
		.bcdUSB = 0x0200, /* gadget_bind() sets it for the controller */
		.bMaxPacketSize0 = 64,
		.idVendor = c->id_vendor,
		.idProduct = c->id_product,
		.bcdDevice = c->bcd_device,
	};
	struct usbg_gadget_strs strings = {
		.manufacturer = (char *)(uintptr_t)c->manufacturer,
		.product = (char *)(uintptr_t)c->product,
		.serial = (char *)(uintptr_t)c->serial,
	};
	struct usbg_config_attrs config_attrs = {
		.bmAttributes = GADGET_ATTRIBUTES, .bMaxPower = 100};
	struct usbg_config_strs config_strings = {
		.configuration = (char *)(uintptr_t)(c->configuration ? c->configuration : ""),
	};
	usbg_config *config;
	int ret;

	/* Interface Association ECN: makes hosts (Windows) look for interface associations. */
	if (c->cdcs > 0) {
		attrs.bDeviceClass = USB_CLASS_MISC;
		attrs.bDeviceSubClass = 2;
		attrs.bDeviceProtocol = 1;
	}
	ret = usbg_create_gadget(g->state, c->name, &attrs, &strings, &g->usbg);
	if (ret == USBG_SUCCESS)
		ret = usbg_create_config(g->usbg, GADGET_CONFIG_ID, GADGET_CONFIG_LABEL,
			&config_attrs, &config_strings, &config);
	if (ret == USBG_SUCCESS) /* in mA, which do not fit usbg_config_attrs.bMaxPower */
		ret = usbg_set_config_max_power(config, (int)c->max_power);
	if (ret != USBG_SUCCESS) {
		log_error("cannot create the gadget %s: %s", c->name, usbg_strerror(ret));
		return gadget_error(ret);
	}
	ret = add_functions(g, c, config);
	return ret ? ret : gadget_cdc_add(g, c, config);
}

/* Makes uid and gid owners of the attributes that gadget_bind() and gadget_unbind() write. */
static int give_attributes(const char *name, uid_t uid, gid_t gid)
{
	static const char *const attributes[] = {"UDC", "bcdUSB"};
	char path[PATH_BYTES];

	for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
		snprintf(path, sizeof(path), GADGETS "/%s/%s", name, attributes[i]);
		if (chown(path, uid, gid) < 0) {
			int ret = -errno;

			log_error("%s: %s", path, strerror(-ret));
			return ret;
		}
	}
	return 0;
}

int gadget_create(const struct gadget_config *config, uid_t uid, gid_t gid)
{
	struct gadget g = {0};
	int ret = need_configfs();

	if (ret)
		return ret;
	ret = usbg_init(CONFIGFS, &g.state);
	if (ret != USBG_SUCCESS) {
		explain_init(ret);
		return gadget_error(ret);
	}
	if (usbg_get_gadget(g.state, config->name))
		log_info("removing the gadget %s, left from before", config->name);
	ret = remove_gadget(g.state, config->name);
	if (!ret)
		ret = build(&g, config);
	if (!ret)
		ret = give_attributes(config->name, uid, gid);
	if (ret && g.usbg)
		usbg_rm_gadget(g.usbg, USBG_RM_RECURSE);
	usbg_cleanup(g.state);
	return ret;
}

int gadget_remove(const char *name)
{
	char path[PATH_BYTES];
	usbg_state *state;
	int ret;

	snprintf(path, sizeof(path), GADGETS "/%s", name);
	if (access(path, F_OK) < 0)
		return 0;
	ret = usbg_init(CONFIGFS, &state);
	if (ret != USBG_SUCCESS) {
		explain_init(ret);
		return gadget_error(ret);
	}
	ret = remove_gadget(state, name);
	usbg_cleanup(state);
	return ret;
}

bool gadget_is_bound(const char *name)
{
	char path[PATH_BYTES], udc[NAME_BYTES];

	snprintf(path, sizeof(path), GADGETS "/%s/UDC", name);
	return gadget_read_line(path, udc, sizeof(udc));
}

void gadget_free(struct gadget *g)
{
	if (!g)
		return;
	if (g->state)
		usbg_cleanup(g->state);
	free(g->name);
	free(g);
}

/* ---- binding ------------------------------------------------------------------------------ */

/* Finds the gadget or driver that uses a controller. False: it is free. */
static bool udc_owner(const char *udc, char *owner, size_t size)
{
	char path[PATH_BYTES], line[NAME_BYTES];
	struct dirent **gadgets;
	bool found = false;
	int n = scandir(GADGETS, &gadgets, not_dot, alphasort);

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), GADGETS "/%s/UDC", gadgets[i]->d_name);
		if (!found && gadget_read_line(path, line, sizeof(line)) && !strcmp(line, udc)) {
			snprintf(owner, size, "%s", gadgets[i]->d_name);
			found = true;
		}
		free(gadgets[i]);
	}
	if (n >= 0)
		free(gadgets);
	if (found)
		return true;
	/* Drivers that do not use configfs: g_ether and the like, raw-gadget. */
	snprintf(path, sizeof(path), UDC_CLASS "/%s/function", udc);
	if (!gadget_read_line(path, line, sizeof(line)))
		return false;
	snprintf(owner, size, "%s", line);
	return true;
}

static int bind_to(struct gadget *g, const char *udc)
{
	char path[PATH_BYTES], speed[NAME_BYTES] = "";
	int ret;

	snprintf(path, sizeof(path), UDC_CLASS "/%s/maximum_speed", udc);
	gadget_read_line(path, speed, sizeof(speed));
	/* A high-speed device that claims USB 3 is asked for descriptors it does not have. */
	ret = usbg_set_gadget_device_bcd_usb(
		g->usbg, strncmp(speed, "super-speed", strlen("super-speed")) ? 0x0200 : 0x0300);
	if (ret != USBG_SUCCESS)
		log_warn("%s: cannot set bcdUSB: %s", g->name, usbg_strerror(ret));
	ret = write_udc(g->name, udc);
	if (!ret)
		snprintf(g->udc, sizeof(g->udc), "%s", udc);
	return ret;
}

static bool udc_exists(const char *udc)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), UDC_CLASS "/%s", udc);
	return !strchr(udc, '/') && access(path, F_OK) == 0;
}

/* The file UDC could not be opened, so no controller was asked. */
static bool not_asked(int error)
{
	return error == -EROFS || error == -EACCES || error == -ENOENT;
}

/*
 * Checks the controller before writing UDC: current kernels answer EBUSY for a missing
 * controller too, and log a warning each time.
 */
static int try_udc(struct gadget *g, const char *udc, char *owner, size_t size)
{
	int ret;

	if (!udc_exists(udc))
		return -ENODEV;
	if (udc_owner(udc, owner, size))
		return -EBUSY;
	ret = bind_to(g, udc);
	if (!ret || not_asked(ret) || udc_owner(udc, owner, size))
		return ret;
	/* Linux 6.1 and newer answer EBUSY whatever error a function's bind() returned. */
	return udc_exists(udc) ? -ENOSPC : -ENODEV;
}

/* True if the gadget is bound, or no other controller need be tried. */
static bool bound_or_vain(struct gadget *g, const char *udc, struct gadget_refusals *refusals)
{
	struct gadget_refusal r = {.error = 0};

	r.error = try_udc(g, udc, r.owner, sizeof(r.owner));
	if (!r.error)
		return true;
	if (r.error == -ENODEV)
		return false;
	if (not_asked(r.error))
		refusals->count = 0;
	snprintf(r.udc, sizeof(r.udc), "%s", udc);
	if (refusals->count < GADGET_MAX_REFUSALS)
		refusals->one[refusals->count++] = r;
	return not_asked(r.error);
}

int gadget_bind(struct gadget *g, const char *udc, struct gadget_refusals *refusals)
{
	struct dirent **list;
	bool end = false;
	int n;

	refusals->count = 0;
	if (g->udc[0])
		return 0;
	if (udc && udc[0]) {
		bound_or_vain(g, udc, refusals);
	} else {
		n = scandir(UDC_CLASS, &list, not_dot, alphasort);
		for (int i = 0; i < n; i++) {
			end = end || bound_or_vain(g, list[i]->d_name, refusals);
			free(list[i]);
		}
		if (n >= 0)
			free(list);
	}
	if (g->udc[0])
		return 0;
	return refusals->count ? refusals->one[0].error : -ENODEV;
}

const char *gadget_udc(const struct gadget *g)
{
	return g->udc;
}

int gadget_unbind(struct gadget *g)
{
	int ret;

	if (!g->udc[0])
		return 0;
	g->udc[0] = '\0';
	ret = write_udc(g->name, "\n");
	/* ENODEV: the controller disappeared, and the binding with it. */
	return ret == -ENODEV ? 0 : ret;
}
