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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/bench/host.h"

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
	int fd = open_or_die(file, O_RDONLY);
	void *stored = buffer(bytes);

	if (read(fd, stored, bytes) != (ssize_t)bytes)
		die("%s: %s", file, strerror(errno));
	if (memcmp(data, stored, bytes))
		die("%s is not what was read", file);
	close(fd);
	free(stored);
}

int main(int argc, char **argv)
{
	size_t piece, bytes;
	uint32_t units, commands;
	uint64_t began;
	uint8_t *p;
	bool cd;
	int fd;

	host_options(&argc, &argv);
	if (argc != 6 || (strcmp(argv[1], "read10") && strcmp(argv[1], "readcd")))
		die("see the head of b_cd.c");
	cd = !strcmp(argv[1], "readcd");
	units = (uint32_t)atoi(argv[3]);
	commands = (uint32_t)atoi(argv[4]);
	if (units == 0 || units > 255)
		die("%s units", argv[3]);
	piece = (size_t)units * (cd ? 2352 : 2048);
	bytes = piece * commands;
	fd = open_or_die(argv[2], O_RDWR | O_NONBLOCK);
	p = buffer(bytes);
	host_ready();
	began = begin();
	for (uint32_t i = 0; i < commands; i++)
		read_units(fd, cd, i * units, units, p + i * piece);
	result(bytes, began);
	check(argv[5], p, bytes);
	return 0;
}
