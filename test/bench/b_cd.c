// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host side of the rows "read-cd": reads a disc from its beginning by SG_IO, as programs that
 * read CDs do. Prints "BYTES NANOSECONDS", with -c DEVICE what b_host prints. FILE is the image;
 * fails if something else was read.
 *
 *   b_cd read10 SG BLOCKS COMMANDS FILE    READ(10), so many blocks of 2048 bytes each
 *   b_cd readcd SG SECTORS COMMANDS FILE   READ CD, whole sectors of 2352 bytes
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <scsi/sg.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "test/bench/cpu.h"
#include "test/bench/model.h"

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "b_cd: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void *buffer(size_t size)
{
	void *p;

	if (posix_memalign(&p, 4096, size))
		die("no memory");
	memset(p, 0, size); /* page faults must not be measured */
	return p;
}

static void sg_read(int fd, uint8_t *cdb, uint8_t cdb_len, void *data, size_t len)
{
	uint8_t sense[32];
	struct sg_io_hdr io = {
		.interface_id = 'S',
		.dxfer_direction = SG_DXFER_FROM_DEV,
		.cmd_len = cdb_len,
		.cmdp = cdb,
		.mx_sb_len = sizeof(sense),
		.sbp = sense,
		.dxfer_len = (unsigned)len,
		.dxferp = data,
		.timeout = 30000,
	};

	if (ioctl(fd, SG_IO, &io) < 0)
		die("SG_IO: %s", strerror(errno));
	if ((io.info & SG_INFO_OK_MASK) != SG_INFO_OK || io.resid)
		die("opcode %02xh: sense %02x/%02x, %d bytes missing", cdb[0], sense[2], sense[12],
			io.resid);
}

static void read_units(int fd, bool cd, uint32_t at, uint32_t n, void *data)
{
	uint8_t read10[10] = {0x28, [2] = (uint8_t)(at >> 24), [3] = (uint8_t)(at >> 16),
		[4] = (uint8_t)(at >> 8), [5] = (uint8_t)at, [8] = (uint8_t)n};
	uint8_t readcd[12] = {0xbe, [2] = (uint8_t)(at >> 24), [3] = (uint8_t)(at >> 16),
		[4] = (uint8_t)(at >> 8), [5] = (uint8_t)at, [8] = (uint8_t)n, [9] = 0xf8};

	if (cd)
		sg_read(fd, readcd, sizeof(readcd), data, (size_t)n * 2352);
	else
		sg_read(fd, read10, sizeof(read10), data, (size_t)n * 2048);
}

static void check(const char *file, const void *data, size_t bytes)
{
	int fd = open(file, O_RDONLY);
	void *stored = buffer(bytes);

	if (fd < 0 || read(fd, stored, bytes) != (ssize_t)bytes)
		die("%s: %s", file, strerror(errno));
	if (memcmp(data, stored, bytes))
		die("%s is not what was read", file);
	close(fd);
	free(stored);
}

int main(int argc, char **argv)
{
	const char *device = NULL; /* whose CPU time is counted */
	size_t piece, bytes;
	struct cpu_times t;
	uint64_t began, ended;
	uint32_t units, commands;
	uint8_t *p;
	bool cd;
	int fd;

	if (argc > 2 && !strcmp(argv[1], "-c")) {
		device = argv[2];
		argc -= 2;
		argv += 2;
		cpu_init();
	}
	if (argc != 6 || (strcmp(argv[1], "read10") && strcmp(argv[1], "readcd")))
		die("see the head of b_cd.c");
	cd = !strcmp(argv[1], "readcd");
	units = (uint32_t)atoi(argv[3]);
	commands = (uint32_t)atoi(argv[4]);
	if (units == 0 || units > 255)
		die("%s units", argv[3]);
	piece = (size_t)units * (cd ? 2352 : 2048);
	bytes = piece * commands;
	fd = open(argv[2], O_RDWR | O_NONBLOCK);
	if (fd < 0)
		die("%s: %s", argv[2], strerror(errno));
	p = buffer(bytes);
	model_start(!device); /* counting CPU time needs no unrest */
	if (device)
		cpu_start();
	began = now();
	for (uint32_t i = 0; i < commands; i++)
		read_units(fd, cd, i * units, units, p + i * piece);
	ended = now();
	printf("%zu", bytes);
	if (!device) {
		printf(" %" PRIu64 "\n", ended - began);
	} else {
		cpu_stop(device, &t);
		printf(" %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", t.device, t.irq,
			t.other, t.idle);
	}
	check(argv[5], p, bytes);
	return 0;
}
