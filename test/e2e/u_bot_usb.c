// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Access to the device through usbfs. libusb, which uses usbfs on Linux, may split a transfer
 * into several; here each transfer is one URB, so a test sees where the device ends it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "u_bot.h"

#define TIMEOUT 3000u /* ms; a halt or an answer comes at once, no answer is a failure */

struct usb usb = {.fd = -1};

static unsigned attribute(const char *dev, const char *name, int base)
{
	char path[300], text[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/%s", dev, name);
	f = fopen(path, "r");
	if (!f)
		return ~0u;
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	fclose(f);
	return (unsigned)strtoul(text, NULL, base);
}

static int open_device(unsigned vendor, unsigned product)
{
	DIR *d = opendir("/sys/bus/usb/devices");
	char path[64] = "";
	struct dirent *e;

	while (d && (e = readdir(d)) && !path[0]) {
		if (attribute(e->d_name, "idVendor", 16) != vendor ||
			attribute(e->d_name, "idProduct", 16) != product)
			continue;
		usb.speed = attribute(e->d_name, "speed", 10);
		snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u",
			attribute(e->d_name, "busnum", 10), attribute(e->d_name, "devnum", 10));
	}
	if (d)
		closedir(d);
	return path[0] ? open(path, O_RDWR | O_CLOEXEC) : -1;
}

/* Finds the first bulk endpoint of each direction, as hosts do, in the descriptors of usbfs. */
static void find_endpoints(void)
{
	uint8_t d[1024];
	ssize_t n = read(usb.fd, d, sizeof(d));

	for (ssize_t i = 0; i + 2 <= n && d[i] >= 2; i += d[i]) {
		if (d[i + 1] != USB_DT_ENDPOINT || (d[i + 3] & 3) != USB_ENDPOINT_XFER_BULK)
			continue;
		usb.packet = d[i + 4] | (unsigned)d[i + 5] << 8;
		if (d[i + 2] & USB_DIR_IN)
			usb.in = usb.in ? usb.in : d[i + 2];
		else
			usb.out = usb.out ? usb.out : d[i + 2];
	}
}

int usb_attach(unsigned vendor, unsigned product)
{
	struct usbdevfs_disconnect_claim claim = {0};

	usb.fd = open_device(vendor, product);
	if (usb.fd < 0)
		return -ENODEV;
	find_endpoints();
	if (!usb.in || !usb.out)
		return -ENXIO;
	return ioctl(usb.fd, USBDEVFS_DISCONNECT_CLAIM, &claim) < 0 ? -errno : 0;
}

void usb_detach(void)
{
	struct usbdevfs_ioctl again = {0, USBDEVFS_CONNECT, NULL};
	unsigned interface = 0;

	ioctl(usb.fd, USBDEVFS_RELEASEINTERFACE, &interface);
	ioctl(usb.fd, USBDEVFS_IOCTL, &again);
	close(usb.fd);
}

/* Uses an URB: the simple ioctl does not tell how much came before a halt or a time-out. */
static int bulk(unsigned ep, void *p, unsigned len, unsigned ms)
{
	struct usbdevfs_urb urb = {.type = USBDEVFS_URB_TYPE_BULK,
		.endpoint = (unsigned char)ep,
		.buffer = p,
		.buffer_length = (int)len};
	struct pollfd fd = {.fd = usb.fd, .events = POLLOUT};
	void *done;
	int r;

	usb.got = 0;
	if (ioctl(usb.fd, USBDEVFS_SUBMITURB, &urb) < 0)
		return -errno;
	r = poll(&fd, 1, (int)ms);
	if (r <= 0)
		ioctl(usb.fd, USBDEVFS_DISCARDURB, &urb);
	if (ioctl(usb.fd, USBDEVFS_REAPURB, &done) < 0)
		return -errno;
	usb.got = (unsigned)urb.actual_length;
	/* The URB may have completed just before it was cancelled; then it has not timed out. */
	if (r <= 0 && urb.status < 0)
		return -ETIMEDOUT;
	return urb.status < 0 ? urb.status : urb.actual_length;
}

int usb_send(const void *p, unsigned len)
{
	return bulk(usb.out, (void *)(uintptr_t)p, len, TIMEOUT);
}

int usb_read(void *p, unsigned len)
{
	return bulk(usb.in, p, len, TIMEOUT);
}

int usb_read_for(void *p, unsigned len, unsigned ms)
{
	return bulk(usb.in, p, len, ms);
}

int usb_control(
	unsigned type, unsigned request, unsigned value, unsigned index, void *p, unsigned len)
{
	struct usbdevfs_ctrltransfer c = {(uint8_t)type, (uint8_t)request, (uint16_t)value,
		(uint16_t)index, (uint16_t)len, TIMEOUT, p};
	int r = ioctl(usb.fd, USBDEVFS_CONTROL, &c);

	return r < 0 ? -errno : r;
}

bool usb_halted(unsigned ep)
{
	uint8_t status[2] = {0};

	return usb_control(USB_DIR_IN | USB_RECIP_ENDPOINT, USB_REQ_GET_STATUS, 0, ep, status, 2) ==
		       2 &&
	       (status[0] & 1);
}

bool usb_halts(unsigned ep, unsigned ms)
{
	for (unsigned i = 0; i < ms && !usb_halted(ep); i += 10)
		usleep(10000);
	return usb_halted(ep);
}

int usb_clear_halt(unsigned ep)
{
	return ioctl(usb.fd, USBDEVFS_CLEAR_HALT, &ep) < 0 ? -errno : 0;
}

int usb_set_halt(unsigned ep)
{
	return usb_control(USB_RECIP_ENDPOINT, USB_REQ_SET_FEATURE, USB_ENDPOINT_HALT, ep, NULL, 0);
}

/* Releases the interface first; otherwise the kernel would bind usb-storage after the reset. */
bool usb_port_reset(void)
{
	unsigned interface = 0;

	return ioctl(usb.fd, USBDEVFS_RELEASEINTERFACE, &interface) == 0 &&
	       ioctl(usb.fd, USBDEVFS_RESET) == 0 &&
	       ioctl(usb.fd, USBDEVFS_CLAIMINTERFACE, &interface) == 0;
}

bool usb_set_interface(void)
{
	struct usbdevfs_setinterface s = {0, 0};

	return ioctl(usb.fd, USBDEVFS_SETINTERFACE, &s) == 0;
}
