// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gathers what can be read without root: /proc, /sys, the kernel's list of modules, the device
 * tree.
 */
#include "ctl/doctor_facts.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/root_file.h"
#include "util/array.h"

#define PATH_BYTES  512
#define TREE        "/proc/device-tree"
#define UDC_CLASS   "/sys/class/udc"
#define GADGETS     "/sys/kernel/config/usb_gadget"
#define GADGET_NAME "mmcgadget" /* the default of gadget.name */

const char *const part_names[PART_COUNT] = {
	[PART_CONFIGFS] = "configfs",
	[PART_COMPOSITE] = "libcomposite",
	[PART_FFS] = "usb_f_fs",
	[PART_DWC2] = "dwc2",
	[PART_DUMMY] = "dummy_hcd",
	[PART_VUDC] = "usbip-vudc",
};

/* Finds a module in a list with lines like "kernel/drivers/usb/gadget/libcomposite.ko.xz: ...". */
static bool in_list(const char *root, const char *release, const char *list, const char *module)
{
	char path[PATH_BYTES], want[64];
	char *line = NULL;
	const char *name;
	size_t size = 0, n;
	bool found = false;
	FILE *f;

	root_path(root, path, sizeof(path), "/lib/modules/%s/%s", release, list);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = (size_t)snprintf(want, sizeof(want), "%s.ko", module);
	while (!found && getline(&line, &size, f) >= 0) {
		line[strcspn(line, ":\n")] = '\0';
		name = strrchr(line, '/');
		name = name ? name + 1 : line;
		found = strncmp(name, want, n) == 0 && (name[n] == '\0' || name[n] == '.');
	}
	free(line);
	fclose(f);
	return found;
}

static enum part_state find_part(const struct facts *f, enum part part)
{
	char path[96];
	const char *name = part_names[part];

	/* A kernel without modules has no lists, but the directory shows that gadgets work. */
	if ((part == PART_CONFIGFS || part == PART_COMPOSITE) && root_has(f->root, GADGETS))
		return PART_THERE;
	snprintf(path, sizeof(path), "/sys/module/%s", name);
	/* The running kernel's name for a module has no "-". */
	for (char *at = path; (at = strchr(at, '-')) != NULL;)
		*at = '_';
	if (root_has(f->root, path) || in_list(f->root, f->release, "modules.builtin", name))
		return PART_THERE;
	return in_list(f->root, f->release, "modules.dep", name) ? PART_ON_DISK : PART_MISSING;
}

/* Reads dr_mode of the node with the label "usb", which the dwc2 overlay changes. */
static void read_mode(struct facts *f)
{
	char node[256], path[PATH_BYTES];

	if (!root_line(f->root, TREE "/__symbols__/usb", node, sizeof(node)))
		return;
	snprintf(path, sizeof(path), TREE "%s/dr_mode", node);
	root_line(f->root, path, f->mode, sizeof(f->mode));
}

static int not_dot(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

bool facts_udc_owner(const char *root, const char *udc, char *owner, size_t size)
{
	char path[PATH_BYTES], line[256];
	struct dirent **list;
	int n;

	snprintf(path, sizeof(path), UDC_CLASS "/%s/function", udc);
	if (root_line(root, path, owner, size))
		return true;
	root_path(root, path, sizeof(path), "%s", GADGETS);
	n = scandir(path, &list, not_dot, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), GADGETS "/%s/UDC", list[i]->d_name);
		if (root_line(root, path, line, sizeof(line)) && strcmp(line, udc) == 0)
			snprintf(owner, size, "%s", list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return *owner != '\0';
}

/* Among several controllers, prefers that of our gadget, then a free one, then the first. */
static void take_udc(struct facts *f, const char *name, const char *daemon_has)
{
	char path[PATH_BYTES], owner[sizeof(f->owner)] = "";
	bool ours;

	facts_udc_owner(f->root, name, owner, sizeof(owner));
	ours = strcmp(name, daemon_has) == 0 || strcmp(owner, GADGET_NAME) == 0;
	if (f->udcs++ > 0 && (f->ours || !(ours || (*owner == '\0' && *f->owner != '\0'))))
		return;
	f->ours = ours;
	snprintf(f->udc, sizeof(f->udc), "%s", name);
	f->udc_kind = strncmp(name, "dummy_udc", strlen("dummy_udc")) == 0     ? UDC_DUMMY
		      : strncmp(name, "usbip-vudc", strlen("usbip-vudc")) == 0 ? UDC_USBIP
									       : UDC_CABLE;
	snprintf(f->owner, sizeof(f->owner), "%s", owner);
	snprintf(path, sizeof(path), UDC_CLASS "/%s/state", name);
	root_line(f->root, path, f->state, sizeof(f->state));
}

static void find_udc(struct facts *f, const char *daemon_has)
{
	char path[PATH_BYTES];
	struct dirent **list;
	int n;

	root_path(f->root, path, sizeof(path), "%s", UDC_CLASS);
	n = scandir(path, &list, not_dot, alphasort);
	for (int i = 0; i < n; i++) {
		take_udc(f, list[i]->d_name, daemon_has);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static bool in_container(const char *root)
{
	static const char *const files[] = {
		"/.dockerenv", "/run/.containerenv", "/run/systemd/container"};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (root_has(root, files[i]))
			return true;
	}
	return false;
}

/* Debian's package installs the documents there. */
static void find_page(struct facts *f)
{
	snprintf(f->page, sizeof(f->page), "/usr/share/doc/mmcgadget/%s", f->board->page);
	if (!root_has(f->root, f->page))
		snprintf(f->page, sizeof(f->page), "%s of the sources", f->board->page);
}

void facts_gather(const struct doctor_env *env, struct facts *f)
{
	const char *udc = json_string_value(json_object_get(env->status, "udc"));
	char path[128];

	memset(f, 0, sizeof(*f));
	f->root = env->root;
	root_line(f->root, "/proc/sys/kernel/osrelease", f->release, sizeof(f->release));
	snprintf(path, sizeof(path), "/lib/modules/%s", f->release);
	f->modules = root_has(f->root, path);
	f->container = in_container(f->root);
	for (unsigned i = 0; i < PART_COUNT; i++)
		f->part[i] = find_part(f, (enum part)i);
	/* If a daemon runs, the kernel has the parts for gadgets, even if no list says so. */
	if (env->status)
		f->part[PART_CONFIGFS] = f->part[PART_COMPOSITE] = f->part[PART_FFS] = PART_THERE;
	root_line(f->root, TREE "/model", f->model, sizeof(f->model));
	f->board = board_find(f->model);
	find_page(f);
	if (f->board->kind == BOARD_PI) {
		boot_config_read(f->root, f->board, &f->boot);
		read_mode(f);
	}
	find_udc(f, udc ? udc : "");
}
