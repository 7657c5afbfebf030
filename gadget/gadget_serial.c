// SPDX-License-Identifier: GPL-2.0-or-later
/* The serial number that a board has if none is configured. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "gadget/gadget_int.h"
#include "util/array.h"
#include "util/hash.h"

#define PATH_BYTES 512

void gadget_write_serial(uint64_t hash, char out[17])
{
	/* BOT 4.1.1: the last 12 digits identify the device. USB-IF's test TD1.2: not all zero. */
	if (!(hash & UINT64_C(0xffffffffffff)))
		hash |= 1;
	snprintf(out, 17, "%016" PRIX64, hash);
}

/* Texts that are no ID: a firmware or system that has none writes them. */
static bool is_nothing(const char *id)
{
	static const char *const words[] = {"uninitialized", "Not Settable", "Not Present",
		"To be filled by O.E.M.", "Default string", "None"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcasecmp(id, words[i]) == 0)
			return true;
	}
	return id[strspn(id, "0-: ")] == '\0' || id[strspn(id, "fF-: ")] == '\0';
}

static bool read_id(const char *root, const char *path, char *id, size_t size)
{
	char full[PATH_BYTES];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return gadget_read_line(full, id, size) && !is_nothing(id);
}

static int not_dot(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* True if the file has that text as its first line. */
static bool reads(
	const char *root, const char *folder, const char *name, const char *file, const char *text)
{
	char path[PATH_BYTES], line[NAME_BYTES];

	snprintf(path, sizeof(path), "%s%s/%s/%s", root, folder, name, file);
	return gadget_read_line(path, line, sizeof(line)) && strcmp(line, text) == 0;
}

/*
 * True if the interface is a part of the board and has its manufacturer's address: an Ethernet
 * device that is not on USB, with a permanent address (NET_ADDR_PERM).
 */
static bool is_own_interface(const char *root, const char *folder, const char *name)
{
	char path[PATH_BYTES], target[PATH_BYTES];
	ssize_t n;

	snprintf(path, sizeof(path), "%s%s/%s", root, folder, name);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	if (strstr(target, "/usb") || strstr(target, "/virtual/"))
		return false;
	snprintf(path, sizeof(path), "%s%s/%s/device", root, folder, name);
	if (access(path, F_OK) < 0)
		return false;
	/* Wi-Fi drivers may call a random address permanent. */
	snprintf(path, sizeof(path), "%s%s/%s/phy80211", root, folder, name);
	return access(path, F_OK) < 0 && reads(root, folder, name, "type", "1") &&
	       reads(root, folder, name, "addr_assign_type", "0");
}

static bool is_card(const char *root, const char *folder, const char *name)
{
	(void)root;
	(void)folder;
	/* Not the boot areas of an eMMC (mmcblk0boot0), which are no cards and have no ID. */
	return strncmp(name, "mmcblk", 6) == 0 && name[6 + strspn(name + 6, "0123456789")] == '\0';
}

/* Reads the file of the first entry of a folder, by name, that fits and has an ID. */
static bool read_first(const char *root, const char *folder, const char *file,
	bool (*fits)(const char *root, const char *folder, const char *name), char *id, size_t size)
{
	char path[PATH_BYTES];
	struct dirent **list;
	bool found = false;
	int n;

	snprintf(path, sizeof(path), "%s%s", root, folder);
	n = scandir(path, &list, not_dot, alphasort);
	for (int i = 0; i < n; i++) {
		if (!found && fits(root, folder, list[i]->d_name)) {
			snprintf(path, sizeof(path), "%s/%s/%s", folder, list[i]->d_name, file);
			found = read_id(root, path, id, size);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return found;
}

enum gadget_serial gadget_default_serial(const char *root, char out[17])
{
	/* Not below /proc, where a service may see only processes (ProcSubset=pid). */
	static const char *const ids[] = {
		"/sys/firmware/devicetree/base/serial-number", "/etc/machine-id"};
	char id[NAME_BYTES];

	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		if (read_id(root, ids[i], id, sizeof(id))) {
			gadget_write_serial(hash_bytes(HASH_START, id, strlen(id)), out);
			return GADGET_SERIAL_ID;
		}
	}
	if (!read_first(root, "/sys/class/net", "address", is_own_interface, id, sizeof(id)) &&
		!read_first(root, "/sys/block", "device/cid", is_card, id, sizeof(id)) &&
		!read_id(root, "/sys/class/dmi/id/product_uuid", id, sizeof(id)))
		return GADGET_SERIAL_NONE;
	gadget_write_serial(
		hash_bytes(hash_text(HASH_START, "mmcgadget serial"), id, strlen(id)), out);
	return GADGET_SERIAL_HARDWARE;
}
