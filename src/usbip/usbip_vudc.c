// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbip/usbip_vudc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 512
#define MAX_DIGITS 4

bool vudc_name_ok(const char *name)
{
	size_t n = strlen(USBIP_VUDC_PREFIX);
	size_t digits;

	if (strncmp(name, USBIP_VUDC_PREFIX, n) != 0)
		return false;
	digits = strspn(name + n, "0123456789");
	return digits > 0 && digits <= MAX_DIGITS && name[n + digits] == '\0';
}

static int open_file(const char *root, const char *name, const char *file, int flags)
{
	char path[PATH_BYTES];
	int n;

	if (!vudc_name_ok(name))
		return -ENOENT;
	n = snprintf(path, sizeof(path), "%s/sys/devices/platform/%s/%s", root, name, file);
	if (n < 0 || n >= (int)sizeof(path))
		return -ENAMETOOLONG;
	n = open(path, flags | O_CLOEXEC);
	return n < 0 ? -errno : n;
}

bool vudc_read(const char *root, const char *name, struct usbip_device *out)
{
	int fd = open_file(root, name, "dev_desc", O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return false;
	memset(out, 0, sizeof(*out));
	/* Without a gadget this fails with ENODEV. */
	n = read(fd, out->descriptor, sizeof(out->descriptor));
	close(fd);
	snprintf(out->name, sizeof(out->name), "%s", name);
	return n == (ssize_t)sizeof(out->descriptor);
}

static int is_vudc(const struct dirent *d)
{
	return vudc_name_ok(d->d_name);
}

static int scan(const char *root, struct dirent ***list)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/sys/devices/platform", root);
	return scandir(path, list, is_vudc, versionsort);
}

unsigned vudc_list(const char *root, struct usbip_device *out, unsigned max)
{
	struct dirent **list;
	unsigned count = 0;
	int n = scan(root, &list);

	for (int i = 0; i < n; i++) {
		if (count < max && vudc_read(root, list[i]->d_name, &out[count]))
			count++;
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return count;
}

int vudc_take(const char *root, const char *name, int fd)
{
	int file = open_file(root, name, "usbip_sockfd", O_WRONLY);
	char text[16];
	ssize_t n;
	int r = 0;

	if (file < 0)
		return file;
	snprintf(text, sizeof(text), "%d\n", fd);
	n = write(file, text, strlen(text));
	if (n < 0)
		r = -errno;
	else if (n != (ssize_t)strlen(text))
		r = -EIO;
	close(file);
	return r;
}

static int allow(const char *root, const char *name, gid_t group)
{
	int fd = open_file(root, name, "usbip_sockfd", O_WRONLY);
	int r = 0;

	if (fd < 0)
		return fd;
	if (fchown(fd, (uid_t)-1, group) < 0 || fchmod(fd, S_IWUSR | S_IWGRP) < 0)
		r = -errno;
	close(fd);
	return r;
}

int vudc_allow(const char *root, gid_t group)
{
	struct dirent **list;
	int n = scan(root, &list), r = 0;

	for (int i = 0; i < n; i++) {
		int one = allow(root, list[i]->d_name, group);

		if (r == 0)
			r = one;
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return r;
}
