// SPDX-License-Identifier: GPL-2.0-or-later
#include "test/bench/host.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <scsi/sg.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "test/bench/cpu.h"
#include "test/bench/model.h"

static const char *device; /* the argument of -c */

void die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit(1);
}

uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- measuring ---------------------------------------------------------------------------- */

void host_options(int *argc, char ***argv)
{
	if (*argc <= 2 || strcmp((*argv)[1], "-c") != 0)
		return;
	device = (*argv)[2];
	*argc -= 2;
	*argv += 2;
	cpu_init();
}

void host_ready(void)
{
	model_start(!device);
}

uint64_t begin(void)
{
	if (device)
		cpu_start();
	return now();
}

void result(uint64_t count, uint64_t began)
{
	uint64_t ended = now();
	struct cpu_times t;

	if (!device) {
		printf("%" PRIu64 " %" PRIu64 "\n", count, ended - began);
		return;
	}
	cpu_stop(device, &t);
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", count, t.device,
		t.irq, t.other, t.idle);
}

/* ---- files and commands ------------------------------------------------------------------- */

int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags, 0644);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

void *buffer(size_t size)
{
	void *p;

	if (posix_memalign(&p, 4096, size))
		die("no memory");
	memset(p, 0, size); /* page faults must not be measured */
	return p;
}

static void send_command(struct sg_io_hdr *io, int fd, uint8_t sense[32], uint8_t *cdb,
	uint8_t cdb_len, int direction, void *data, size_t len)
{
	*io = (struct sg_io_hdr){
		.interface_id = 'S',
		.dxfer_direction = direction,
		.cmd_len = cdb_len,
		.cmdp = cdb,
		.mx_sb_len = 32,
		.sbp = sense,
		.dxfer_len = (unsigned)len,
		.dxferp = data,
		.timeout = 30000,
	};
	if (ioctl(fd, SG_IO, io) < 0)
		die("SG_IO: %s", strerror(errno));
}

bool sg(int fd, uint8_t *cdb, uint8_t cdb_len, int direction, void *data, size_t len)
{
	struct sg_io_hdr io;
	uint8_t sense[32];

	send_command(&io, fd, sense, cdb, cdb_len, direction, data, len);
	return (io.info & SG_INFO_OK_MASK) == SG_INFO_OK;
}

void sg_read(int fd, uint8_t *cdb, uint8_t cdb_len, void *data, size_t len)
{
	uint8_t sense[32] = {0};
	struct sg_io_hdr io;

	send_command(&io, fd, sense, cdb, cdb_len, SG_DXFER_FROM_DEV, data, len);
	if ((io.info & SG_INFO_OK_MASK) != SG_INFO_OK || io.resid)
		die("opcode %02xh: sense %02x/%02x, %d bytes missing", cdb[0], sense[2], sense[12],
			io.resid);
}
