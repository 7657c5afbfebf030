// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbip/usbip_wire.h"

#include <stdio.h>
#include <string.h>

#include "util/be.h"

#define VERSION     0x0111
#define REQ_LIST    0x8005
#define REQ_IMPORT  0x8003
#define REQUEST_BIT 0x8000
#define SPEED_HIGH  3 /* enum usb_device_speed of Linux: usbip-vudc has no other */
#define PATH_BYTES  256

enum usbip_request usbip_request(const uint8_t head[USBIP_HEAD_BYTES])
{
	if (get_be16(head) != VERSION)
		return USBIP_UNKNOWN;
	switch (get_be16(head + 2)) {
	case REQ_LIST:
		return USBIP_LIST;
	case REQ_IMPORT:
		return USBIP_IMPORT;
	default:
		return USBIP_UNKNOWN;
	}
}

size_t usbip_put_head(uint8_t *out, enum usbip_request to, enum usbip_status status)
{
	put_be16(out, VERSION);
	put_be16(out + 2, (to == USBIP_LIST ? REQ_LIST : REQ_IMPORT) & ~REQUEST_BIT);
	put_be32(out + 4, status);
	return USBIP_HEAD_BYTES;
}

static void put_le16_as_be(uint8_t *out, const uint8_t *from)
{
	put_be16(out, get_le16(from));
}

size_t usbip_put_device(uint8_t *out, const struct usbip_device *device)
{
	const uint8_t *d = device->descriptor;
	uint8_t *at = out + PATH_BYTES;

	memset(out, 0, USBIP_DEVICE_BYTES);
	snprintf((char *)out, PATH_BYTES, "/sys/devices/platform/%s", device->name);
	memcpy(at, device->name, strnlen(device->name, USBIP_NAME_BYTES - 1));
	at += USBIP_NAME_BYTES;
	/* Numbers of bus and device are 0, as a controller of software has none. */
	put_be32(at + 8, SPEED_HIGH);
	put_le16_as_be(at + 12, d + 8);  /* idVendor */
	put_le16_as_be(at + 14, d + 10); /* idProduct */
	put_le16_as_be(at + 16, d + 12); /* bcdDevice */
	memcpy(at + 18, d + 4, 3);       /* class, subclass, protocol */
	at[21] = 0;                      /* bConfigurationValue: the PC will choose */
	at[22] = d[17];                  /* bNumConfigurations */
	at[23] = 0;                      /* number of interfaces: none follow in a list */
	return USBIP_DEVICE_BYTES;
}
