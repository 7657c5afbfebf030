/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The USB/IP protocol up to the moment at which a PC has a device
 * (Documentation/usb/usbip_protocol.rst of Linux, version 1.1.1). All numbers are big-endian. What
 * follows, the USB itself, is between the two kernels.
 */
#ifndef USBIP_WIRE_H
#define USBIP_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define USBIP_PORT         3240
#define USBIP_HEAD_BYTES   8   /* version, code, status: before each request and reply */
#define USBIP_NAME_BYTES   32  /* a device's name, padded with zeros */
#define USBIP_DEVICE_BYTES 312 /* a device in a reply */
#define USB_DEVICE_BYTES   18  /* the device descriptor, USB 2.0, table 9-8 */

enum usbip_request { USBIP_UNKNOWN, USBIP_LIST, USBIP_IMPORT };

/* The status of a reply, as the PC's program usbip prints it. */
enum usbip_status {
	USBIP_OK = 0,
	USBIP_NOT_AVAILABLE = 1,
	USBIP_BUSY = 2,
	USBIP_DEVICE_ERROR = 3,
	USBIP_NO_DEVICE = 4,
};

struct usbip_device {
	char name[USBIP_NAME_BYTES]; /* ends in a zero */
	uint8_t descriptor[USB_DEVICE_BYTES];
};

/* Which request begins with these bytes. */
enum usbip_request usbip_request(const uint8_t head[USBIP_HEAD_BYTES]);
/* Each writes at out, and returns the number of bytes. */
size_t usbip_put_head(uint8_t *out, enum usbip_request to, enum usbip_status status);
size_t usbip_put_device(uint8_t *out, const struct usbip_device *device);

#endif
