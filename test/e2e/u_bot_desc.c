// SPDX-License-Identifier: GPL-2.0-or-later
/* The control pipe: descriptors, the serial number, class requests (TD1.1 to TD1.3). */
#include <ctype.h>
#include <linux/usb/ch9.h>
#include <stdio.h>
#include <string.h>

#include "u_bot.h"
#include "util/array.h"
#include "util/be.h"

#define CLASS_IN  (USB_DIR_IN | USB_TYPE_CLASS | USB_RECIP_INTERFACE)
#define CLASS_OUT (USB_DIR_OUT | USB_TYPE_CLASS | USB_RECIP_INTERFACE)
#define RESET     0xff
#define MAX_LUN   0xfe

static uint8_t d[1024];

static int descriptor(unsigned type, unsigned index, unsigned language, unsigned len)
{
	memset(d, 0, sizeof(d));
	return usb_control(USB_DIR_IN, USB_REQ_GET_DESCRIPTOR, type << 8 | index, language, d, len);
}

static unsigned packet_at(unsigned speed)
{
	return speed == SPEED_SUPER ? 1024 : speed == SPEED_HIGH ? 512 : 64;
}

/* ---- TD1.1 ---------------------------------------------------------------------------------- */

static void device_descriptor(void)
{
	int n = descriptor(USB_DT_DEVICE, 0, 0, 64);
	unsigned usb_version = (unsigned)get_le16(d + 2);
	bool super = usb.speed == SPEED_SUPER;

	check(n == 18 && d[0] == 18 && d[1] == USB_DT_DEVICE, "USB 2.0 9.6.1",
		"device descriptor of 18 bytes (%d)", n);
	check(super ? usb_version >= 0x0300 : usb_version >= 0x0200 && usb_version < 0x0300,
		super ? "USB 3.2 9.6.1" : "USB 2.0 9.6.1", "bcdUSB %04x at %u Mbit/s", usb_version,
		usb.speed);
	check(d[4] == 0 && d[5] == 0 && d[6] == 0, "BOT 4.1", "the class is that of the interface");
	check(d[7] == (super ? 9 : 64), super ? "USB 3.2 9.6.1" : "USB 2.0 5.5.3",
		"bMaxPacketSize0 %u", d[7]);
	check(d[16] != 0, "BOT 4.1", "iSerialNumber is %u", d[16]);
	check(d[17] == 1, "BOT 4.2", "one configuration (%u)", d[17]);
	n = descriptor(USB_DT_DEVICE, 0, 0, 8);
	check(n == 8 && d[0] == 18, "USB 2.0 9.4.3",
		"the first 8 bytes of the device descriptor (%d)", n);
}

/* Checks the interface of a configuration and its endpoints of that packet size. */
static void interface_descriptors(int n, unsigned speed)
{
	unsigned interfaces = 0, in = 0, out = 0, companions = 0, packet = packet_at(speed);
	bool sizes = true, whole = true;

	for (int i = 0; i < n; i += d[i]) {
		const uint8_t *p = d + i;

		if (p[0] < 2 || i + p[0] > n) {
			whole = false;
			break;
		}
		if (p[1] == USB_DT_INTERFACE) {
			interfaces++;
			check(p[2] == 0 && p[3] == 0 && p[4] == 2, "BOT 4.3",
				"interface %u, alternate setting %u, %u endpoints", p[2], p[3],
				p[4]);
			check(p[5] == 8 && (p[6] == 6 || p[6] == 2) && p[7] == 0x50, "BOT 4.3",
				"class %02x %02x %02x: mass storage, SCSI, Bulk-Only", p[5], p[6],
				p[7]);
		} else if (p[1] == USB_DT_ENDPOINT) {
			in += (p[2] & 0xf0) == USB_DIR_IN && p[3] == USB_ENDPOINT_XFER_BULK;
			out += (p[2] & 0xf0) == 0 && p[3] == USB_ENDPOINT_XFER_BULK;
			sizes &= (p[2] & 0x0f) != 0 && get_le16(p + 4) == (int)packet;
		} else if (p[1] == USB_DT_SS_ENDPOINT_COMP) {
			companions++;
			sizes &= p[0] == 6 && p[2] <= 15 && p[3] == 0 && get_le16(p + 4) == 0;
		}
	}
	check(whole && interfaces == 1, "BOT 4.3", "one interface with one setting (%u)",
		interfaces);
	check(in == 1 && out == 1, "BOT 4.4", "bulk-in and bulk-out (%u, %u)", in, out);
	check(sizes, speed == SPEED_SUPER ? "USB 3.2 9.6.6" : "USB 2.0 5.8.3",
		"wMaxPacketSize is %u", packet);
	check(companions == (speed == SPEED_SUPER ? 2 : 0), "USB 3.2 9.6.7",
		"%u endpoint companions at %u Mbit/s", companions, speed);
}

static void configuration(unsigned type, unsigned speed)
{
	int n = descriptor(type, 0, 0, sizeof(d));
	int total = get_le16(d + 2);

	check(n == total && d[0] == 9 && d[1] == type, "USB 2.0 9.6.3",
		"configuration of type %u: %d bytes, wTotalLength %d", type, n, total);
	check(d[4] == 1 && d[5] != 0, "BOT 4.2", "%u interface, value %u", d[4], d[5]);
	check((d[7] & 0x9f) == 0x80, "USB 2.0 9.6.3", "bmAttributes %02x", d[7]);
	interface_descriptors(n, speed);
	n = descriptor(type, 0, 0, 9);
	check(n == 9 && get_le16(d + 2) == total, "USB 2.0 9.4.3",
		"the first 9 bytes of the configuration descriptor");
	n = descriptor(type, 0, 0, 255);
	check(n == MIN(total, 255), "USB 2.0 9.4.3", "a request for 255 bytes returns %d", n);
}

static void other_descriptors(void)
{
	int n = descriptor(USB_DT_DEVICE_QUALIFIER, 0, 0, 10);

	if (usb.speed == SPEED_HIGH) {
		check(n == 10 && d[1] == USB_DT_DEVICE_QUALIFIER && d[8] == 1, "USB 2.0 9.6.2",
			"device qualifier (%d)", n);
		configuration(USB_DT_OTHER_SPEED_CONFIG, SPEED_FULL);
	} else {
		check(n == -EPIPE, "USB 2.0 9.6.2",
			"no device qualifier without another speed (%d)", n);
	}
	n = descriptor(USB_DT_BOS, 0, 0, sizeof(d));
	if (usb.speed == SPEED_SUPER)
		check(n >= 5 && d[1] == USB_DT_BOS && get_le16(d + 2) == n, "USB 3.2 9.6.2",
			"BOS of %d bytes", n);
	n = descriptor(0x21, 0, 0, 64);
	check(n == -EPIPE, "USB 2.0 9.4.3", "a request for an absent class descriptor stalls (%d)",
		n);
	n = usb_control(USB_DIR_IN, USB_REQ_GET_CONFIGURATION, 0, 0, d, 1);
	check(n == 1 && d[0] != 0, "USB 2.0 9.4.2", "the device is configured: %u", d[0]);
	n = usb_control(USB_DIR_IN | USB_RECIP_INTERFACE, USB_REQ_GET_INTERFACE, 0, 0, d, 1);
	check(n == 1 && d[0] == 0, "USB 2.0 9.4.4", "alternate setting %u", d[0]);
	check(!usb_halted(usb.in) && !usb_halted(usb.out), "USB 2.0 9.4.5", "nothing is halted");
}

/* ---- TD1.2 ---------------------------------------------------------------------------------- */

/* Gets the text of a string descriptor, with '?' for what is not ASCII. */
static bool string(unsigned index, unsigned language, char text[128])
{
	int n = descriptor(USB_DT_STRING, index, language, 255);

	text[0] = 0;
	if (n < 4 || n % 2 || d[0] != n || d[1] != USB_DT_STRING)
		return false;
	for (int i = 2; i < n; i += 2) {
		text[i / 2 - 1] = get_le16(d + i) < 127 ? (char)d[i] : '?';
		text[i / 2] = 0;
	}
	return true;
}

static void serial_number(unsigned index, unsigned language)
{
	char text[128], again[128];
	bool good = string(index, language, text);
	size_t len = strlen(text);

	check(good && len >= 12, "BOT 4.1.1", "serial number \"%s\" of 12 digits or more", text);
	check(strspn(text, "0123456789ABCDEF") == len, "BOT 4.1.2",
		"the serial number has only 0-9 and A-F");
	check(len >= 12 && strspn(text + len - 12, "0") < 12, "BOT 4.1.1",
		"the last 12 digits of the serial number are not all 0");
	check(string(index, language, again) && strcmp(text, again) == 0, "BOT 4.1.1",
		"the serial number is the same when read again");
}

static void strings(void)
{
	uint8_t device[18];
	char text[128];
	int n;

	descriptor(USB_DT_DEVICE, 0, 0, 18);
	memcpy(device, d, 18);
	n = descriptor(USB_DT_STRING, 0, 0, 255);
	check(n >= 4 && d[0] == n && n % 2 == 0, "USB 2.0 9.6.7", "languages (%d bytes)", n);
	unsigned language = (unsigned)get_le16(d + 2);
	for (unsigned i = 14; i <= 15; i++)
		check(device[i] && string(device[i], language, text), "USB 2.0 9.6.7", "%s \"%s\"",
			i == 14 ? "manufacturer" : "product", text);
	serial_number(device[16], language);
	n = descriptor(USB_DT_STRING, 200, language, 255);
	check(n == -EPIPE, "USB 2.0 9.4.3", "a request for an absent string stalls (%d)", n);
}

void test_descriptors(void)
{
	device_descriptor();
	configuration(USB_DT_CONFIG, usb.speed);
	other_descriptors();
	strings();
}

/* ---- TD1.3 ---------------------------------------------------------------------------------- */

static void malformed_requests(void)
{
	static const struct {
		const char *name, *clause;
		unsigned type, request, value, index, len;
	} bad[] = {
		{"Get Max LUN with wValue 1", "BOT 3.2", CLASS_IN, MAX_LUN, 1, 0, 1},
		{"Get Max LUN with wLength 0", "BOT 3.2", CLASS_IN, MAX_LUN, 0, 0, 0},
		{"Get Max LUN with wLength 2", "BOT 3.2", CLASS_IN, MAX_LUN, 0, 0, 2},
		{"Get Max LUN as a write", "BOT 3.2", CLASS_OUT, MAX_LUN, 0, 0, 0},
		{"Bulk-Only Reset with wValue 1", "BOT 3.1", CLASS_OUT, RESET, 1, 0, 0},
		{"Bulk-Only Reset with data", "BOT 3.1", CLASS_OUT, RESET, 0, 0, 1},
		{"Bulk-Only Reset as a read", "BOT 3.1", CLASS_IN, RESET, 0, 0, 1},
		{"an unknown class request in", "USB 2.0 9.2.7", CLASS_IN, 0xfd, 0, 0, 1},
		{"an unknown class request out", "USB 2.0 9.2.7", CLASS_OUT, 0x01, 0, 0, 8},
		{"a vendor request in", "USB 2.0 9.2.7",
			USB_DIR_IN | USB_TYPE_VENDOR | USB_RECIP_INTERFACE, 1, 0, 0, 8},
		{"a vendor request out", "USB 2.0 9.2.7",
			USB_DIR_OUT | USB_TYPE_VENDOR | USB_RECIP_INTERFACE, 1, 0, 0, 0},
	};
	int r;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		r = usb_control(
			bad[i].type, bad[i].request, bad[i].value, bad[i].index, d, bad[i].len);
		check(r == -EPIPE, bad[i].clause, "%s stalls (%d)", bad[i].name, r);
	}
}

/*
 * BOT 3.1: "The device shall preserve ... endpoint STALL conditions despite the Bulk-Only Mass
 * Storage Reset."
 */
static void reset_keeps_halts(void)
{
	usb_set_halt(usb.in);
	usb_set_halt(usb.out);
	check(usb_halted(usb.in) && usb_halted(usb.out), "USB 2.0 9.4.9",
		"the host can halt both endpoints");
	check(class_reset() && usb_halted(usb.in) && usb_halted(usb.out), "BOT 3.1",
		"Bulk-Only Reset keeps both endpoints halted");
	usb_clear_halt(usb.in);
	usb_clear_halt(usb.out);
	check(!usb_halted(usb.in) && !usb_halted(usb.out) && works(), "BOT 5.3.4",
		"commands work after both halts are cleared");
}

static void requests_in_a_command(void)
{
	const struct command c = cmd_inquiry(36);
	struct answer a;
	int r;

	send_cbw(&c);
	r = usb_control(CLASS_IN, MAX_LUN, 0, 0, d, 1);
	check(r == 1 && d[0] == 0, "BOT 3.2", "Get Max LUN between CBW and data");
	r = usb_read(data, 36);
	check(r == 36, "BOT 3.2", "the data follows Get Max LUN (%d)", r);
	r = usb_control(CLASS_OUT, MAX_LUN, 0, 0, NULL, 0);
	a = read_csw();
	check(r == -EPIPE && !a.error && a.status == 0, "BOT 3.3",
		"a request that stalls between data and CSW does not affect the CSW (%d)", a.error);
}

void test_class_requests(void)
{
	uint8_t lun = 0xff;
	int r = usb_control(CLASS_IN, MAX_LUN, 0, 0, &lun, 1);
	unsigned n = 0;

	check(r == 1 && lun == 0, "BOT 3.2", "Get Max LUN says 0 (%d, %u)", r, lun);
	malformed_requests();
	while (n < 50 && class_reset())
		n++;
	check(n == 50 && works(), "BOT 3.1", "Bulk-Only Reset 50 times, then a command");
	reset_keeps_halts();
	requests_in_a_command();
}
