// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plays the host's side of Bulk-Only Transport 1.0 over usbfs, without usb-storage,
 * to send what no driver sends: class requests that are wrong, broken CBWs, the
 * thirteen cases. Wants a blank DVD+R in the drive and writes a few blocks to it.
 *
 *   u_bot VENDOR PRODUCT      hexadecimal, as in sysfs
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "util/array.h"

#define IN      0x80
#define OUT     0x00
#define BLOCK   2048u
#define TIMEOUT 3000u /* ms; a stall or an answer comes at once, silence is a failure */

static int fd;
static unsigned ep_in, ep_out;
static uint32_t tag = 0x1000;
static unsigned count, failures;
static uint8_t buf[64 * 1024];

struct csw {
	int result; /* bytes read, or -errno */
	uint32_t signature, tag, residue;
	uint8_t status;
};

__attribute__((format(printf, 2, 3))) static void result(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%s %u - ", good ? "ok" : "not ok", ++count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	failures += !good;
}

/* ---- usbfs -------------------------------------------------------------------------------------
 */

static unsigned read_attr(const char *dev, const char *name, int base)
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

	while (d && (e = readdir(d)) && !path[0])
		if (read_attr(e->d_name, "idVendor", 16) == vendor &&
			read_attr(e->d_name, "idProduct", 16) == product)
			snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u",
				read_attr(e->d_name, "busnum", 10),
				read_attr(e->d_name, "devnum", 10));
	if (d)
		closedir(d);
	return path[0] ? open(path, O_RDWR) : -1;
}

/* The first bulk endpoint of each direction: the descriptors are what usbfs reads out. */
static void find_endpoints(void)
{
	ssize_t n = read(fd, buf, sizeof(buf));

	for (ssize_t i = 0; i + 2 <= n && buf[i] >= 2; i += buf[i]) {
		if (buf[i + 1] != 5 || (buf[i + 3] & 3) != 2)
			continue;
		if (buf[i + 2] & IN)
			ep_in = ep_in ? ep_in : buf[i + 2];
		else
			ep_out = ep_out ? ep_out : buf[i + 2];
	}
}

static int bulk(unsigned ep, void *data, unsigned len)
{
	struct usbdevfs_bulktransfer b = {ep, len, TIMEOUT, data};
	int r = ioctl(fd, USBDEVFS_BULK, &b);

	return r < 0 ? -errno : r;
}

static int control(unsigned type, unsigned request, unsigned value, unsigned index, unsigned len)
{
	struct usbdevfs_ctrltransfer c = {(uint8_t)type, (uint8_t)request, (uint16_t)value,
		(uint16_t)index, (uint16_t)len, TIMEOUT, buf};
	int r = ioctl(fd, USBDEVFS_CONTROL, &c);

	return r < 0 ? -errno : r;
}

static bool is_halted(unsigned ep)
{
	return control(0x82, 0, 0, ep, 2) == 2 && (buf[0] & 1);
}

static void clear_halt(unsigned ep)
{
	ioctl(fd, USBDEVFS_CLEAR_HALT, &ep);
}

static bool reset_recovery(void)
{
	bool good = control(0x21, 0xff, 0, 0, 0) == 0;

	clear_halt(ep_in);
	clear_halt(ep_out);
	return good;
}

/* ---- Bulk-Only ----------------------------------------------------------------------------------
 */

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void make_cbw(
	uint8_t cbw[32], unsigned dir, uint32_t len, const uint8_t *cdb, unsigned cdb_len)
{
	memset(cbw, 0, 32);
	put32(cbw, 0x43425355);
	put32(cbw + 4, ++tag);
	put32(cbw + 8, len);
	cbw[12] = (uint8_t)dir;
	cbw[14] = (uint8_t)cdb_len;
	memcpy(cbw + 15, cdb, MIN(cdb_len, 16u));
}

static struct csw read_csw(void)
{
	uint8_t raw[64];
	struct csw c = {0};

	c.result = bulk(ep_in, raw, sizeof(raw));
	if (c.result == -EPIPE) { /* BOT 5.3.3: once more after clearing the halt */
		clear_halt(ep_in);
		c.result = bulk(ep_in, raw, sizeof(raw));
	}
	if (c.result == 13) {
		c.signature = get32(raw);
		c.tag = get32(raw + 4);
		c.residue = get32(raw + 8);
		c.status = raw[12];
	}
	return c;
}

/* One command; moved gets what the data phase carried. */
static struct csw command(
	unsigned dir, uint32_t len, const uint8_t *cdb, unsigned cdb_len, int *moved)
{
	uint8_t cbw[32];
	int n = 0;

	make_cbw(cbw, dir, len, cdb, cdb_len);
	if (bulk(ep_out, cbw, 31) != 31)
		return (struct csw){.result = -EIO};
	if (len && dir == IN) {
		/* A large buffer: only a short or empty packet ends the phase early. */
		n = bulk(ep_in, buf, len);
		if (n == -EPIPE)
			clear_halt(ep_in);
	} else if (len) {
		n = bulk(ep_out, buf, len);
		if (n == -EPIPE)
			clear_halt(ep_out);
	}
	if (moved)
		*moved = n;
	return read_csw();
}

static bool csw_valid(const struct csw *c)
{
	return c->result == 13 && c->signature == 0x53425355 && c->tag == tag;
}

static uint32_t sense(void)
{
	const uint8_t cdb[6] = {0x03, 0, 0, 0, 18};
	int n;
	struct csw c = command(IN, 18, cdb, 6, &n);

	if (!csw_valid(&c) || c.status || n != 18)
		return ~0u;
	return (buf[2] & 15u) << 16 | (uint32_t)buf[12] << 8 | buf[13];
}

static bool works(void)
{
	const uint8_t tur[6] = {0};

	for (int i = 0; i < 4; i++) { /* unit attentions first */
		struct csw c = command(IN, 0, tur, 6, NULL);

		if (!csw_valid(&c)) {
			printf("# CSW: %d, signature %08x, tag %08x for %08x\n", c.result,
				c.signature, c.tag, tag);
			return false;
		}
		if (c.status == 0)
			return true;
		sense();
	}
	return false;
}

static uint32_t next_writable(void)
{
	const uint8_t cdb[10] = {0x52, 1, 0, 0, 0, 0xff, 0, 0, 36};
	struct csw c = command(IN, 36, cdb, 10, NULL);

	if (!csw_valid(&c) || c.status)
		return ~0u;
	return (uint32_t)buf[12] << 24 | (uint32_t)buf[13] << 16 | (uint32_t)buf[14] << 8 | buf[15];
}

/* ---- tests
 * --------------------------------------------------------------------------------------- */

static void test_class_requests(void)
{
	static const struct {
		const char *name;
		unsigned type, request, value, index, len;
	} bad[] = {
		{"Get Max LUN with wValue 1", 0xa1, 0xfe, 1, 0, 1},
		{"Get Max LUN with wLength 2", 0xa1, 0xfe, 0, 0, 2},
		{"Get Max LUN as a write", 0x21, 0xfe, 0, 0, 0},
		{"Bulk-Only Reset with wValue 1", 0x21, 0xff, 1, 0, 0},
		{"Bulk-Only Reset with data", 0x21, 0xff, 0, 0, 1},
		{"Bulk-Only Reset as a read", 0xa1, 0xff, 0, 0, 1},
		{"an unknown class request", 0xa1, 0xfd, 0, 0, 1},
	};
	int r = control(0xa1, 0xfe, 0, 0, 1);

	result(r == 1 && buf[0] == 0, "Get Max LUN says 0 (%d, %u)", r, buf[0]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		r = control(bad[i].type, bad[i].request, bad[i].value, bad[i].index, bad[i].len);
		result(r == -EPIPE, "%s stalls (%d)", bad[i].name, r);
	}
	result(control(0x21, 0xff, 0, 0, 0) == 0 && works(), "Bulk-Only Reset, then a command");
}

static void test_broken_cbw(const char *name, uint32_t signature, unsigned len)
{
	const uint8_t tur[6] = {0};
	uint8_t cbw[64];
	int r;

	memset(cbw, 0, sizeof(cbw));
	make_cbw(cbw, IN, 0, tur, 6);
	put32(cbw, signature);
	bulk(ep_out, cbw, len);
	r = bulk(ep_in, buf, 64);
	result(r == -EPIPE, "%s: bulk-in stalls (%d)", name, r);
	result(is_halted(ep_in), "%s: GET_STATUS shows the halt", name);
	clear_halt(ep_in);
	usleep(300000);
	r = bulk(ep_in, buf, 64);
	result(r == -EPIPE, "%s: and again after the halt was cleared (%d)", name, r);
	clear_halt(ep_in);
	usleep(300000);
	put32(cbw, 0x43425355);
	bulk(ep_out, cbw, 31);
	r = bulk(ep_in, buf, 64);
	result(r == -EPIPE, "%s: a good CBW does not help (%d)", name, r);
	result(reset_recovery() && works(), "%s: reset recovery does", name);
}

#define EITHER (-1) /* status 01 or 02, as the USB-IF's tests take it */

/* The thirteen cases of BOT 1.0 table 6.1. */
static void test_cases(void)
{
	static const uint8_t tur[10] = {0}, read1[10] = {0x28, 0, 0, 0, 0, 0, 0, 0, 1},
			     read2[10] = {0x28, 0, 0, 0, 0, 0, 0, 0, 2},
			     write1[10] = {0x2a, 0, 0, 0, 0, 0, 0, 0, 1},
			     write2[10] = {0x2a, 0, 0, 0, 0, 0, 0, 0, 2};
	static const struct {
		const char *name;
		const uint8_t *cdb;
		bool at_nwa; /* the CDB's address becomes the next writable one */
		unsigned dir;
		uint32_t host;
		int moved; /* bytes of the data phase that the host sees */
		int status;
		uint32_t residue;
		uint32_t written; /* blocks */
	} cases[] = {
		{"12 (Ho = Do)", write1, true, OUT, BLOCK, BLOCK, 0, 0, 1},
		{"11 (Ho > Do)", write1, true, OUT, 2 * BLOCK, 2 * BLOCK, 0, BLOCK, 1},
		{"1 (Hn = Dn)", tur, false, IN, 0, 0, 0, 0, 0},
		{"2 (Hn < Di)", read1, false, IN, 0, 0, EITHER, 0, 0},
		{"3 (Hn < Do)", write1, true, OUT, 0, 0, EITHER, 0, 0},
		{"4 (Hi > Dn)", tur, false, IN, 512, 0, 0, 512, 0},
		{"5 (Hi > Di)", read1, false, IN, 3 * BLOCK, BLOCK, 0, 2 * BLOCK, 0},
		{"6 (Hi = Di)", read2, false, IN, 2 * BLOCK, 2 * BLOCK, 0, 0, 0},
		{"7 (Hi < Di)", read2, false, IN, BLOCK, -1, EITHER, ~0u, 0},
		{"8 (Hi <> Do)", write1, true, IN, BLOCK, -1, EITHER, ~0u, 0},
		{"9 (Ho > Dn)", tur, false, OUT, BLOCK, BLOCK, 0, BLOCK, 0},
		{"10 (Ho <> Di)", read1, false, OUT, BLOCK, -1, EITHER, ~0u, 0},
		{"13 (Ho < Do)", write2, true, OUT, BLOCK, -1, EITHER, ~0u, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t nwa = next_writable();
		uint8_t cdb[10];
		struct csw c;
		int moved;

		memcpy(cdb, cases[i].cdb, 10);
		if (cases[i].at_nwa)
			cdb[5] = (uint8_t)nwa;
		memset(buf, 0x5a, sizeof(buf));
		c = command(cases[i].dir, cases[i].host, cdb, cdb[0] ? 10 : 6, &moved);
		bool good = csw_valid(&c) && (cases[i].moved < 0 || moved == cases[i].moved) &&
			    (cases[i].residue == ~0u || c.residue == cases[i].residue) &&
			    (cases[i].status == EITHER ? c.status == 1 || c.status == 2
						       : c.status == cases[i].status);
		result(good, "case %s: moved %d, status %u, residue %u (%d)", cases[i].name, moved,
			c.status, c.residue, c.result);
		if (c.result != 13 || c.status == 2)
			result(reset_recovery() && works(), "case %s: reset recovery",
				cases[i].name);
		result(next_writable() == nwa + cases[i].written, "case %s: %u blocks written",
			cases[i].name, cases[i].written);
	}
}

static void test_residues(void)
{
	static const uint8_t inquiry[6] = {0x12, 0, 0, 0, 36},
			     far[10] = {0x28, 0, 0x7f, 0, 0, 0, 0, 0, 1},
			     bad_write[10] = {0x2a, 0, 0, 0x10, 0, 0, 0, 0, 4};
	uint8_t padded[16] = {0x12, 0, 0, 0, 36};
	struct csw c;
	int moved;

	c = command(IN, 36, inquiry, 6, &moved);
	result(csw_valid(&c) && c.status == 0 && c.residue == 0 && moved == 36 && buf[0] == 5,
		"INQUIRY, exact: %d bytes, residue %u", moved, c.residue);
	c = command(IN, 255, inquiry, 6, &moved);
	result(csw_valid(&c) && c.status == 0 && c.residue == 219 && moved == 36,
		"INQUIRY into 255 bytes: %d bytes, residue %u", moved, c.residue);
	c = command(IN, 10, inquiry, 6, &moved);
	result(csw_valid(&c) && c.status == 2, "INQUIRY into 10 bytes: status %u", c.status);
	reset_recovery();

	/* USB-IF TD1.19: a longer CDB, whatever stands behind the real one. */
	memset(padded + 6, 0xaa, 10);
	for (unsigned len = 7; len <= 16; len++) {
		c = command(IN, 36, padded, len, &moved);
		if (!csw_valid(&c) || c.status || moved != 36)
			break;
		if (len == 16)
			result(true, "bCBWCBLength 7 to 16 for a CDB of 6");
	}
	if (!csw_valid(&c) || c.status || moved != 36)
		result(false, "bCBWCBLength longer than the CDB: status %u", c.status);

	c = command(IN, BLOCK, far, 10, &moved);
	result(csw_valid(&c) && c.status == 1 && c.residue == BLOCK && moved == 0,
		"a read that fails: %d bytes, status %u, residue %u", moved, c.status, c.residue);
	uint32_t s = sense();
	result(s == 0x052100, "its sense is 5/21/00 (%06x)", s);
	c = command(OUT, 4 * BLOCK, bad_write, 10, &moved);
	result(csw_valid(&c) && c.status == 1 && c.residue == 4 * BLOCK && moved == 4 * (int)BLOCK,
		"a write that fails takes all data: %d bytes, status %u, residue %u", moved,
		c.status, c.residue);
	s = sense();
	result(s >> 16 == 5, "its sense is ILLEGAL REQUEST (%06x)", s);
}

static void test_meaningless_cbw(void)
{
	const uint8_t tur[6] = {0};
	uint8_t cbw[32];
	struct csw c;

	make_cbw(cbw, IN, 0, tur, 6);
	cbw[13] = 1;
	bulk(ep_out, cbw, 31);
	c = read_csw();
	if (csw_valid(&c))
		result(c.status == 1 || c.status == 2, "LUN 1 is refused: status %u", c.status);
	else
		result(c.result == -EPIPE, "LUN 1 stalls (%d)", c.result);
	result(reset_recovery() && works(), "and all is well after reset recovery");
}

/* A reset in the middle of a data phase: the host gives up half way. */
static void test_reset_in_data(void)
{
	static const uint8_t read8[10] = {0x28, 0, 0, 0, 0, 0, 0, 0, 2};
	const uint8_t write16[10] = {0x2a, 0, 0, 0, 0, 0, 0, 0, 16};
	uint32_t nwa = next_writable();
	uint8_t cbw[32];

	make_cbw(cbw, IN, 2 * BLOCK, read8, 10);
	bulk(ep_out, cbw, 31);
	bulk(ep_in, buf, 1024);
	result(reset_recovery() && works(), "reset in the middle of data in");
	make_cbw(cbw, OUT, 16 * BLOCK, write16, 10);
	cbw[15 + 5] = (uint8_t)nwa;
	bulk(ep_out, cbw, 31);
	memset(buf, 0, sizeof(buf));
	bulk(ep_out, buf, 4 * BLOCK);
	result(reset_recovery() && works(), "reset in the middle of data out");
	uint32_t after = next_writable();
	result(after >= nwa && after <= nwa + 4, "no more was written than was sent (%u)",
		after - nwa);
}

int main(int argc, char **argv)
{
	struct usbdevfs_disconnect_claim claim = {0};
	struct usbdevfs_ioctl again = {0, USBDEVFS_CONNECT, NULL};
	unsigned interface = 0;

	if (argc != 3)
		return 2;
	fd = open_device(
		(unsigned)strtoul(argv[1], NULL, 16), (unsigned)strtoul(argv[2], NULL, 16));
	if (fd < 0) {
		printf("not ok 1 - no such device on the bus\n");
		return 1;
	}
	find_endpoints();
	if (!ep_in || !ep_out || ioctl(fd, USBDEVFS_DISCONNECT_CLAIM, &claim) < 0) {
		printf("not ok 1 - the interface cannot be had: %s\n", strerror(errno));
		return 1;
	}
	/* What usb-storage had under way when it went. */
	reset_recovery();
	result(works(), "a command works");
	test_class_requests();
	test_cases();
	test_residues();
	test_meaningless_cbw();
	test_broken_cbw("bad signature", 0x43425354, 31);
	test_broken_cbw("CBW of 30 bytes", 0x43425355, 30);
	test_broken_cbw("CBW of 32 bytes", 0x43425355, 32);
	test_broken_cbw("CBW of 1 byte", 0x43425355, 1);
	test_reset_in_data();
	ioctl(fd, USBDEVFS_RELEASEINTERFACE, &interface);
	ioctl(fd, USBDEVFS_IOCTL, &again);
	close(fd);
	return failures != 0;
}
