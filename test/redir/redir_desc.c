// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The descriptors of a mass-storage device at high speed. The interface and its endpoints are as in
 * gadget/ffs_desc.c, but the interface has no name; IDs are the defaults of the configuration.
 */
#include <string.h>

#include "test/redir/redir.h"
#include "util/array.h"

#define VENDOR   0x1d6b
#define PRODUCT  0x0104
#define SUBCLASS 0x06 /* SCSI */
#define BOT_ONLY 0x50
#define LOW(x)   ((x)&0xff)
#define HIGH(x)  ((x) >> 8)

enum { DT_DEVICE = 1, DT_CONFIG, DT_STRING };

static const uint8_t device[] = {18, DT_DEVICE, 0x00, 0x02, 0, 0, 0, 64, LOW(VENDOR), HIGH(VENDOR),
	LOW(PRODUCT), HIGH(PRODUCT), 0x00, 0x01, 1, 2, 3, 1};
static const uint8_t config[] = {
	// clang-format off
	9, DT_CONFIG, 32, 0, 1, 1, 0, 0xc0, 1,
	9, 4, 0, 0, 2, 8, SUBCLASS, BOT_ONLY, 0,
	7, 5, REDIR_IN, 2, LOW(REDIR_SIZE), HIGH(REDIR_SIZE), 0,
	7, 5, REDIR_OUT, 2, LOW(REDIR_SIZE), HIGH(REDIR_SIZE), 0,
	// clang-format on
};
static const char *const strings[] = {NULL, "mmcgadget", "DVD burner", "0123456789ABCDEF"};

static uint32_t string(unsigned index, const uint8_t **data)
{
	static uint8_t text[2 + 2 * 32];
	uint32_t n = 2;

	if (index >= ARRAY_LEN(strings))
		return 0;
	if (index == 0) { /* the languages: US English */
		text[n++] = 0x09;
		text[n++] = 0x04;
	} else {
		for (const char *s = strings[index]; *s && n < sizeof(text); s++) {
			text[n++] = (uint8_t)*s;
			text[n++] = 0;
		}
	}
	text[0] = (uint8_t)n;
	text[1] = DT_STRING;
	*data = text;
	return n;
}

uint32_t redir_descriptor(uint16_t value, const uint8_t **data)
{
	switch (value >> 8) {
	case DT_DEVICE:
		*data = device;
		return sizeof(device);
	case DT_CONFIG:
		*data = config;
		return LOW(value) ? 0 : sizeof(config);
	case DT_STRING:
		return string(LOW(value), data);
	}
	return 0;
}

void redir_announce(struct usbredirparser *p, bool connect)
{
	struct usb_redir_interface_info_header interface = {.interface_count = 1,
		.interface_class = {8},
		.interface_subclass = {SUBCLASS},
		.interface_protocol = {BOT_ONLY}};
	struct usb_redir_ep_info_header ep;
	struct usb_redir_device_connect_header hello = {.speed = usb_redir_speed_high,
		.vendor_id = VENDOR,
		.product_id = PRODUCT,
		.device_version_bcd = 0x0100};

	memset(&ep, 0, sizeof(ep));
	memset(ep.type, usb_redir_type_invalid, sizeof(ep.type));
	/* The first sixteen are OUT, the others IN. */
	ep.type[0] = ep.type[16] = usb_redir_type_control;
	ep.max_packet_size[0] = ep.max_packet_size[16] = 64;
	ep.type[REDIR_OUT] = ep.type[16 + (REDIR_IN & 0x0f)] = usb_redir_type_bulk;
	ep.max_packet_size[REDIR_OUT] = ep.max_packet_size[16 + (REDIR_IN & 0x0f)] = REDIR_SIZE;
	usbredirparser_send_interface_info(p, &interface);
	usbredirparser_send_ep_info(p, &ep);
	if (connect)
		usbredirparser_send_device_connect(p, &hello);
}
