// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbip/usbip_vudc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PATH_BYTES 512
#define MAX_DIGITS 4

#define SDEV_ST_AVAILABLE '1' /* enum usbip_device_status in linux/usbip.h of Linux */
#define DRAIN_MS          100 /* for the kernel to send what it has left */
#define DRAIN_READS       256
#define FREE_MS           2000u
#define PAUSE_MS          5u

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

/* Writes the number of a socket to the controller. 0 or -errno. */
static int give(const char *root, const char *name, int fd)
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

static bool is_free(const char *root, const char *name)
{
	int fd = open_file(root, name, "usbip_status", O_RDONLY);
	char status = 0;

	if (fd < 0)
		return false;
	if (read(fd, &status, 1) < 0)
		status = 0;
	close(fd);
	return status == SDEV_ST_AVAILABLE;
}

static void sleep_ms(long ms)
{
	const struct timespec t = {.tv_nsec = ms * 1000000};

	nanosleep(&t, NULL);
}

/*
 * Linux keeps the answers of a session that was cut, and sends them to the next PC, which takes
 * them for the reply of USB/IP and gives up (tx_queue in vudc_tx.c of Linux 6.12; nothing empties
 * it). So the next one is a socket of this process. 0 or -errno: -EBUSY as vudc_take() has it.
 */
static int drain(const char *root, const char *name)
{
	const struct timeval wait = {.tv_usec = DRAIN_MS * 1000};
	char rest[4096];
	int pair[2], r;
	unsigned reads = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	r = give(root, name, pair[0]);
	close(pair[0]);
	if (r == 0 && setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0) {
		while (reads < DRAIN_READS && recv(pair[1], rest, sizeof(rest), 0) > 0)
			reads++;
	}
	close(pair[1]);
	for (unsigned ms = 0; r == 0 && !is_free(root, name); ms += PAUSE_MS) {
		if (ms >= FREE_MS)
			r = -ETIMEDOUT;
		sleep_ms(PAUSE_MS);
	}
	return r;
}

int vudc_take(const char *root, const char *name, int fd)
{
	int r = drain(root, name);

	return r < 0 ? r : give(root, name, fd);
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
