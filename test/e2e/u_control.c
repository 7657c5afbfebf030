// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sends control requests to the drive through usbfs.
 *
 *   u_control DEVICE [THAW]
 *
 * DEVICE is /dev/bus/usb/BBB/DDD. With THAW, a shell command, the drive must hold a blank disc
 * on a frozen file system. A WRITE then hangs, but the control pipe must answer. It must
 * acknowledge a Bulk-Only Reset, and after THAW no answer to that WRITE may come.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>

#include "util/be.h"

#define BULK_IN  0x81
#define BULK_OUT 0x02
#define RESET    0xff
#define MAX_LUN  0xfe
#define IN       (USB_DIR_IN | USB_TYPE_CLASS | USB_RECIP_INTERFACE)
#define OUT      (USB_DIR_OUT | USB_TYPE_CLASS | USB_RECIP_INTERFACE)
#define VENDOR   (USB_TYPE_VENDOR | USB_RECIP_INTERFACE)

static int device, count, failures;
static double took; /* duration of the last request in seconds */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void check(bool good, const char *name, int result)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++count, name);
	if (!good) {
		printf("# result %d after %.3f s\n", result, took);
		failures++;
	}
}

static int control(int type, int request, int value, int length, void *data)
{
	struct usbdevfs_ctrltransfer c = {
		.bRequestType = (uint8_t)type,
		.bRequest = (uint8_t)request,
		.wValue = (uint16_t)value,
		.wLength = (uint16_t)length,
		.timeout = 5000,
		.data = data,
	};
	double start = now();
	int ret = ioctl(device, USBDEVFS_CONTROL, &c);

	took = now() - start;
	return ret < 0 ? -errno : ret;
}

static int bulk(unsigned ep, void *data, unsigned len, unsigned ms)
{
	struct usbdevfs_bulktransfer b = {.ep = ep, .len = len, .timeout = ms, .data = data};
	int ret = ioctl(device, USBDEVFS_BULK, &b);

	return ret < 0 ? -errno : ret;
}

static int send_cbw(uint32_t tag, uint32_t length, bool in, const uint8_t *cdb, uint8_t cdb_len)
{
	uint8_t cbw[31] = {'U', 'S', 'B', 'C'};

	put_le32(cbw + 4, tag);
	put_le32(cbw + 8, length);
	cbw[12] = in ? 0x80 : 0;
	cbw[14] = cdb_len;
	memcpy(cbw + 15, cdb, cdb_len);
	return bulk(BULK_OUT, cbw, sizeof(cbw), 2000);
}

/* Reads a CSW. Returns its tag, 0 without one; *status is its status. */
static uint32_t read_csw(uint8_t *status)
{
	uint8_t csw[13];

	if (bulk(BULK_IN, csw, sizeof(csw), 2000) != sizeof(csw))
		return 0;
	*status = csw[12];
	return get_le32(csw + 4);
}

/* Sends TEST UNIT READY. True: the answer belongs to this command. */
static bool ready(uint32_t tag, uint8_t *status)
{
	static const uint8_t tur[6] = {0};

	return send_cbw(tag, 0, false, tur, sizeof(tur)) == 31 && read_csw(status) == tag;
}

static void stalls(int type, int request, int value, int length, const char *name)
{
	uint8_t data[64] = {0};
	int ret = control(type, request, value, length, data);

	check(ret == -EPIPE && took < 0.5, name, ret);
}

static void requests(void)
{
	uint8_t lun = 0xff;
	int ret = control(IN, MAX_LUN, 0, 1, &lun);

	check(ret == 1 && lun == 0 && took < 0.5, "Get Max LUN", ret);
	stalls(IN, MAX_LUN, 0, 2, "Get Max LUN with wLength 2 stalls");
	stalls(IN, MAX_LUN, 1, 1, "Get Max LUN with wValue 1 stalls");
	stalls(OUT, MAX_LUN, 0, 0, "Get Max LUN as an OUT request stalls");
	stalls(OUT, RESET, 1, 0, "Reset with wValue 1 stalls");
	stalls(OUT, RESET, 0, 4, "Reset with data stalls");
	stalls(IN, RESET, 0, 4, "Reset as an IN request stalls");
	stalls(IN, 0x01, 0, 8, "unknown class request IN stalls");
	stalls(OUT, 0x01, 0, 8, "unknown class request OUT stalls");
	stalls(USB_DIR_IN | VENDOR, 0x01, 0, 8, "vendor request IN stalls");
	stalls(USB_DIR_OUT | VENDOR, 0x01, 0, 0, "vendor request OUT stalls");
	for (int i = 0; i < 200 && (ret = control(IN, MAX_LUN, 0, 1, &lun)) == 1; i++)
		;
	check(ret == 1, "Get Max LUN 200 times", ret);
}

static void resets(void)
{
	uint8_t status;
	int ret = 0;

	for (int i = 0; i < 50 && !ret; i++)
		ret = control(OUT, RESET, 0, 0, NULL);
	check(!ret && took < 0.5, "Bulk-Only Reset 50 times", ret);
	check(ready(7, &status), "a command after Bulk-Only Reset", 0);
}

/* The first commands report unit attentions; after them a blank disc is ready. */
static bool wait_ready(void)
{
	static const uint8_t request_sense[6] = {0x03, 0, 0, 0, 18, 0};
	uint8_t sense[18], status = 0xff;

	for (uint32_t tag = 1; tag < 10; tag++) {
		if (!ready(tag, &status))
			return false;
		if (!status)
			return true;
		send_cbw(tag + 50, sizeof(sense), true, request_sense, sizeof(request_sense));
		bulk(BULK_IN, sense, sizeof(sense), 2000);
		read_csw(&status);
	}
	return false;
}

static void hang_in_a_write(void)
{
	static const uint8_t write10[10] = {0x2a, 0, 0, 0, 0, 0, 0, 0, 16, 0};
	static uint8_t data[16 * 2048];
	uint8_t csw[13];
	int ret;

	check(wait_ready(), "the blank disc is ready", 0);
	ret = send_cbw(100, sizeof(data), false, write10, sizeof(write10));
	check(ret == 31, "WRITE", ret);
	ret = bulk(BULK_OUT, data, sizeof(data), 2000);
	check(ret == (int)sizeof(data), "the data of WRITE", ret);
	ret = bulk(BULK_IN, csw, sizeof(csw), 1000);
	check(ret == -ETIMEDOUT, "the status of WRITE waits for the frozen file system", ret);
}

static void reset_and_thaw(const char *thaw)
{
	unsigned in = BULK_IN, out = BULK_OUT;
	uint8_t status;
	int ret = control(OUT, RESET, 0, 0, NULL);

	/* If the drive waited for storage, the acknowledgement would take a second. */
	check(!ret && took < 1, "Bulk-Only Reset is acknowledged at once", ret);
	ioctl(device, USBDEVFS_CLEAR_HALT, &in);
	ioctl(device, USBDEVFS_CLEAR_HALT, &out);
	check(ready(299, &status), "the drive answers while the write still hangs", 0);
	ret = system(thaw);
	check(!ret, "thaw", ret);
	/* The write that hung ends now. If its status came, it would within a second. */
	sleep(1);
	for (uint32_t tag = 300; tag < 303; tag++)
		check(ready(tag, &status),
			"after the thaw, each status belongs to the command just sent", 0);
}

int main(int argc, char **argv)
{
	struct usbdevfs_ioctl driver = {.ioctl_code = USBDEVFS_DISCONNECT};
	unsigned interface = 0;

	if (argc < 2 || (device = open(argv[1], O_RDWR)) < 0) {
		fprintf(stderr, "usage: u_control /dev/bus/usb/BBB/DDD [THAW]\n");
		return 2;
	}
	ioctl(device, USBDEVFS_IOCTL, &driver); /* ENODATA: no driver is attached */
	if (ioctl(device, USBDEVFS_CLAIMINTERFACE, &interface) < 0) {
		perror("USBDEVFS_CLAIMINTERFACE");
		return 2;
	}
	if (argc > 2)
		hang_in_a_write();
	requests();
	if (argc > 2)
		reset_and_thaw(argv[2]);
	else
		resets();
	ioctl(device, USBDEVFS_RELEASEINTERFACE, &interface);
	driver.ioctl_code = USBDEVFS_CONNECT;
	ioctl(device, USBDEVFS_IOCTL, &driver);
	printf("1..%d\n", count);
	return failures ? 1 : 0;
}
