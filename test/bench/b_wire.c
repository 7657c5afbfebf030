// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Measures the speed of dummy_hcd's simulated wire: reads the endless bulk-in endpoint of the
 * kernel's SourceSink function through usbfs, with as many transfers queued as keep the
 * controller busy, into memory of usbfs. Neither side touches the data. Prints
 * "BYTES NANOSECONDS".
 *
 *   b_wire /dev/bus/usb/BBB/DDD ENDPOINT SIZE COUNT
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/usbdevice_fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "test/bench/host.h"
#include "util/array.h"

#define QUEUED 8

static void must(int ret, const char *what)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "b_wire: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void setup(int fd, struct usbdevfs_urb *urbs, uint8_t endpoint, size_t size)
{
	unsigned interface = 0;

	must(ioctl(fd, USBDEVFS_CLAIMINTERFACE, &interface), "claim");
	for (size_t i = 0; i < QUEUED; i++) {
		urbs[i].type = USBDEVFS_URB_TYPE_BULK;
		urbs[i].endpoint = endpoint;
		urbs[i].buffer_length = (int)size;
		/* Memory of usbfs: with other memory each transfer would be copied once more. */
		urbs[i].buffer = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (urbs[i].buffer == MAP_FAILED)
			must(-1, "mmap");
	}
}

int main(int argc, char **argv)
{
	static struct usbdevfs_urb urbs[QUEUED];
	unsigned count, sent = 0;
	uint64_t bytes = 0, began;
	int fd;

	if (argc != 5)
		return 2;
	fd = open(argv[1], O_RDWR);
	must(fd, argv[1]);
	setup(fd, urbs, (uint8_t)strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0));
	count = (unsigned)strtoul(argv[4], NULL, 0);
	began = now();
	for (; sent < MIN(count, QUEUED); sent++)
		must(ioctl(fd, USBDEVFS_SUBMITURB, &urbs[sent]), "submit");
	for (unsigned done = 0; done < count; done++) {
		struct usbdevfs_urb *urb;

		must(ioctl(fd, USBDEVFS_REAPURB, &urb), "reap");
		if (urb->status) {
			fprintf(stderr, "b_wire: %s\n", strerror(-urb->status));
			return 1;
		}
		bytes += (uint64_t)urb->actual_length;
		if (sent < count) {
			must(ioctl(fd, USBDEVFS_SUBMITURB, urb), "submit");
			sent++;
		}
	}
	printf("%" PRIu64 " %" PRIu64 "\n", bytes, now() - began);
	return 0;
}
