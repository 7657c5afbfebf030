// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Descriptors and strings of the mass-storage function, in the format of FunctionFS: one
 * blob each. The kernel requires the same endpoints in the same order at every speed,
 * and names the files ep1 and ep2 after that order.
 */
#include <endian.h>
#include <stdint.h>
#include <string.h>

#include <linux/usb/functionfs.h>

#include "gadget/ffs_int.h"

#define MSC_BULK_ONLY 0x50
#define MAX_BURST     15 /* as f_mass_storage; 0 would allow no bursts at super speed */

struct pair {
	struct usb_interface_descriptor interface;
	struct usb_endpoint_descriptor_no_audio in, out;
} __attribute__((packed));

struct pair_ss {
	struct usb_interface_descriptor interface;
	struct usb_endpoint_descriptor_no_audio in;
	struct usb_ss_ep_comp_descriptor in_companion;
	struct usb_endpoint_descriptor_no_audio out;
	struct usb_ss_ep_comp_descriptor out_companion;
} __attribute__((packed));

struct descriptors {
	struct usb_functionfs_descs_head_v2 head;
	__le32 fs_count, hs_count, ss_count; /* descriptors, companions included */
	struct pair fs, hs;
	struct pair_ss ss;
} __attribute__((packed));

#define INTERFACE                                                                                  \
	{                                                                                          \
		.bLength = sizeof(struct usb_interface_descriptor),                                \
		.bDescriptorType = USB_DT_INTERFACE, .bNumEndpoints = 2,                           \
		.bInterfaceClass = USB_CLASS_MASS_STORAGE, .bInterfaceProtocol = MSC_BULK_ONLY,    \
		.iInterface = 1                                                                    \
	}

#define BULK(address, size)                                                                        \
	{                                                                                          \
		.bLength = sizeof(struct usb_endpoint_descriptor_no_audio),                        \
		.bDescriptorType = USB_DT_ENDPOINT, .bEndpointAddress = (address),                 \
		.bmAttributes = USB_ENDPOINT_XFER_BULK, .wMaxPacketSize = htole16(size)            \
	}

#define COMPANION                                                                                  \
	{                                                                                          \
		.bLength = sizeof(struct usb_ss_ep_comp_descriptor),                               \
		.bDescriptorType = USB_DT_SS_ENDPOINT_COMP, .bMaxBurst = MAX_BURST                 \
	}

/* Virtual numbers: the kernel assigns endpoints of the controller and translates. */
#define IN_ADDRESS  (1 | USB_DIR_IN)
#define OUT_ADDRESS (2 | USB_DIR_OUT)

size_t ffs_desc_build(void *buf, size_t size, uint8_t subclass)
{
	struct descriptors d = {
		.head =
			{
				.magic = htole32(FUNCTIONFS_DESCRIPTORS_MAGIC_V2),
				.length = htole32(sizeof(d)),
				.flags = htole32(FUNCTIONFS_HAS_FS_DESC | FUNCTIONFS_HAS_HS_DESC |
						 FUNCTIONFS_HAS_SS_DESC),
			},
		.fs_count = htole32(3),
		.hs_count = htole32(3),
		.ss_count = htole32(5),
		.fs = {INTERFACE, BULK(IN_ADDRESS, 64), BULK(OUT_ADDRESS, 64)},
		.hs = {INTERFACE, BULK(IN_ADDRESS, 512), BULK(OUT_ADDRESS, 512)},
		.ss = {INTERFACE, BULK(IN_ADDRESS, 1024), COMPANION, BULK(OUT_ADDRESS, 1024),
			COMPANION},
	};

	d.fs.interface.bInterfaceSubClass = subclass;
	d.hs.interface.bInterfaceSubClass = subclass;
	d.ss.interface.bInterfaceSubClass = subclass;
	if (size < sizeof(d))
		return 0;
	memcpy(buf, &d, sizeof(d));
	return sizeof(d);
}

size_t ffs_strings_build(void *buf, size_t size, const char *interface)
{
	struct {
		struct usb_functionfs_strings_head head;
		__le16 language;
	} __attribute__((packed)) s = {
		.head =
			{
				.magic = htole32(FUNCTIONFS_STRINGS_MAGIC),
				.str_count = htole32(1),
				.lang_count = htole32(1),
			},
		.language = htole16(0x0409), /* US English; Windows asks for it */
	};
	size_t text = strlen(interface) + 1;
	size_t total = sizeof(s) + text;

	if (size < total)
		return 0;
	s.head.length = htole32((uint32_t)total);
	memcpy(buf, &s, sizeof(s));
	memcpy((uint8_t *)buf + sizeof(s), interface, text);
	return total;
}
