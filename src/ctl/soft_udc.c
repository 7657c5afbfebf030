// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/soft_udc.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/root_file.h"

#define PATH_BYTES 512

const struct soft_udc soft_dummy = {
	.part = PART_DUMMY,
	.prefix = "dummy_udc.",
	.module = "dummy_hcd",
	.config = "CONFIG_USB_DUMMY_HCD",
	.use = "a PC can see the drive itself",
};
const struct soft_udc soft_vudc = {
	.part = PART_VUDC,
	.prefix = "usbip-vudc.",
	.module = "usbip-vudc",
	.config = "CONFIG_USBIP_VUDC",
	.use = "a PC elsewhere can have the drive by network",
};

void soft_udc_missing(const struct soft_udc *s, const struct facts *f, char *out, size_t size)
{
	char id[64], line[PATH_BYTES];
	bool ubuntu = false;
	FILE *release;

	root_path(f->root, line, sizeof(line), "/etc/os-release");
	release = fopen(line, "re");
	while (release && fgets(line, sizeof(line), release)) {
		if (sscanf(line, "ID=%63s", id) == 1)
			ubuntu = strcmp(id, "ubuntu") == 0;
	}
	if (release)
		fclose(release);
	if (f->container)
		snprintf(out, size,
			"A container has no kernel of its own: do this on the machine itself. To "
			"test "
			"burning software inside, take mmcgadget-shim, which needs no kernel "
			"module.");
	else if (!f->modules)
		snprintf(out, size,
			"There is no /lib/modules/%s, so the running kernel has no modules at "
			"hand: "
			"most likely an upgrade has replaced it, and a reboot helps.",
			f->release);
	else
		snprintf(out, size, "The kernel (%s) has no module %s (%s), with which %s. %s%s%s",
			f->release, s->module, s->config, s->use,
			ubuntu ? "On Ubuntu it may be in another package: sudo apt install "
				 "linux-modules-extra-"
			       : "Debian's usual kernel has it (linux-image-amd64 or "
				 "linux-image-arm64, not those for clouds)",
			ubuntu ? f->release : "", ".");
}

static int not_dot(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

bool soft_udc_free(const struct soft_udc *s, const char *root, char *udc, size_t udc_size,
	char *owner, size_t owner_size)
{
	char path[PATH_BYTES], other[256];
	struct dirent **list;
	bool found = false;
	int n;

	*owner = *udc = '\0';
	root_path(root, path, sizeof(path), "/sys/class/udc");
	n = scandir(path, &list, not_dot, versionsort);
	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;

		if (found || strncmp(name, s->prefix, strlen(s->prefix)) != 0) {
			free(list[i]);
			continue;
		}
		if (!facts_udc_owner(root, name, other, sizeof(other))) {
			snprintf(udc, udc_size, "%s", name);
			found = true;
		} else if (*owner == '\0') {
			snprintf(owner, owner_size, "%s", other);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return found;
}

static int is_optical(const struct dirent *d)
{
	return strncmp(d->d_name, "sr", 2) == 0;
}

bool soft_udc_drive(const char *root, const char *udc, char *out, size_t size)
{
	char path[PATH_BYTES], device[PATH_MAX], want[96];
	struct dirent **list;
	bool found = false;
	int n;

	/* dummy_udc.0 is wired to the host controller dummy_hcd.0 */
	snprintf(want, sizeof(want), "/dummy_hcd.%s/", udc + strlen(soft_dummy.prefix));
	root_path(root, path, sizeof(path), "/sys/block");
	n = scandir(path, &list, is_optical, versionsort);
	for (int i = 0; i < n; i++) {
		root_path(root, path, sizeof(path), "/sys/block/%s", list[i]->d_name);
		if (!found && realpath(path, device) && strstr(device, want)) {
			snprintf(out, size, "/dev/%s", list[i]->d_name);
			found = true;
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return found;
}
