// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/dummy.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/root_file.h"

#define PATH_BYTES 512

void dummy_missing(const struct facts *f, char *out, size_t size)
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
		snprintf(out, size,
			"The kernel (%s) has no module dummy_hcd (CONFIG_USB_DUMMY_HCD), with "
			"which a "
			"PC can see the drive itself. %s%s%s",
			f->release,
			ubuntu ? "On Ubuntu it may be in another package: sudo apt install "
				 "linux-modules-extra-"
			       : "Debian's usual kernel has it (linux-image-amd64 or "
				 "linux-image-arm64, not those for clouds)",
			ubuntu ? f->release : "", ".");
}

static int is_dummy(const struct dirent *d)
{
	return strncmp(d->d_name, DUMMY_UDC, strlen(DUMMY_UDC)) == 0;
}

bool dummy_free_udc(const char *root, char *udc, size_t udc_size, char *owner, size_t owner_size)
{
	char path[PATH_BYTES], other[256];
	struct dirent **list;
	bool found = false;
	int n;

	*owner = *udc = '\0';
	root_path(root, path, sizeof(path), "/sys/class/udc");
	n = scandir(path, &list, is_dummy, versionsort);
	for (int i = 0; i < n; i++) {
		if (!found && !facts_udc_owner(root, list[i]->d_name, other, sizeof(other))) {
			snprintf(udc, udc_size, "%s", list[i]->d_name);
			found = true;
		} else if (!found && *owner == '\0') {
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

bool dummy_drive(const char *root, const char *udc, char *out, size_t size)
{
	char path[PATH_BYTES], device[PATH_MAX], want[96];
	struct dirent **list;
	bool found = false;
	int n;

	/* dummy_udc.0 is wired to the host controller dummy_hcd.0 */
	snprintf(want, sizeof(want), "/dummy_hcd.%s/", udc + strlen(DUMMY_UDC));
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
