// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host side of the benchmark: the same program for both gadgets. What is measured prints
 * "COUNT NANOSECONDS", where the count is bytes, commands, or 1; with -c DEVICE (see cpu.h)
 * "COUNT DEVICE IRQ OTHER IDLE", nanoseconds of CPU. The other verbs print nothing.
 *
 *   b_host make FILE LABEL BYTES      makes an ISO 9660 volume followed by a pattern
 *   b_host same FILE FILE BYTES       compares two files, reads the first with O_DIRECT
 *   b_host pattern FILE BYTES         checks that FILE holds what "write" wrote
 *   b_host forget FILE                drops FILE from the page cache
 *   b_host read DEV SIZE BYTES        reads sequentially, SIZE bytes a call, O_DIRECT
 *   b_host buffered FILE SIZE BYTES   the same, through the page cache
 *   b_host read DEV SIZE BYTES FROM   the same as read, from byte FROM on
 *   b_host random DEV SIZE COUNT FILEBYTES   reads at random places
 *   b_host overwrite DEV SIZE BYTES   writes sequentially through the block device, O_DIRECT
 *   b_host scatter DEV SIZE COUNT FILEBYTES   the same at random places, and reads them again
 *   b_host format SG                  formats a DVD+RW
 *   b_host write SG BLOCK SIZE BYTES  WRITE(10) from block 0 on
 *   b_host ready SG                   waits until TEST UNIT READY is GOOD
 *   b_host tur|inquiry|toc|track SG COUNT   track: READ TRACK INFORMATION of the last track
 *   b_host sessions SG COUNT          burns COUNT sessions of 32 KiB each
 *   b_host many FOLDER COUNT BYTES    makes files of that size, only holes
 *   b_host plug UDCFILE UDC DEV       binds; waits until DEV exists and udev is idle
 *   b_host run COMMAND [ARG...]       runs COMMAND to its end
 *   b_host label DBFILE LABEL COMMAND [ARG...]   runs COMMAND; waits until udev knows LABEL,
 *                                     COUNT is 0 if that takes more than ten seconds
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <scsi/sg.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test/bench/host.h"

#define SECTOR     2048u
#define PVD        16u  /* ECMA-119 8.4: the first volume descriptor */
#define LONG_ALLOC 255u /* more than any INQUIRY answer here */
#define WAIT_NS    UINT64_C(60000000000)
#define LABEL_NS   UINT64_C(10000000000)

extern char **environ;

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* The pattern depends on the offset, so that data in the wrong place is noticed. */
static void fill(uint8_t *p, uint64_t at, size_t size)
{
	for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
		uint64_t word = (at + i) * UINT64_C(0x9e3779b97f4a7c15);

		memcpy(p + i, &word, sizeof(word));
	}
}

/* ---- files -------------------------------------------------------------------------------- */

/* As much of ISO 9660 as blkid needs to report the label. */
static void volume(uint8_t *p, const char *label, uint32_t sectors)
{
	memset(p, 0, (size_t)2 * SECTOR);
	memcpy(p, "\1CD001\1", 7);
	memset(p + 8, ' ', 64);
	memcpy(p + 40, label, strlen(label));
	memcpy(p + 80, &sectors, sizeof(sectors));
	p[128] = 0;
	p[129] = SECTOR >> 8;
	p[881] = 1;
	memcpy(p + SECTOR, "\377CD001\1", 7);
}

static void make(const char *file, const char *label, size_t bytes)
{
	int fd = open_or_die(file, O_WRONLY | O_CREAT | O_TRUNC);
	uint8_t *p = buffer(bytes);

	fill(p, 0, bytes);
	volume(p + (size_t)PVD * SECTOR, label, (uint32_t)(bytes / SECTOR));
	if (write(fd, p, bytes) != (ssize_t)bytes)
		die("%s: short write", file);
}

static void read_all(int fd, uint8_t *p, size_t bytes, const char *name)
{
	for (size_t at = 0, n; at < bytes; at += n) {
		ssize_t got = pread(fd, p + at, bytes - at < 65536 ? bytes - at : 65536, (off_t)at);

		if (got <= 0)
			die("%s: at %zu: %s", name, at, got ? strerror(errno) : "end of file");
		n = (size_t)got;
	}
}

static void same(const char *a, const char *b, size_t bytes)
{
	uint8_t *p = buffer(bytes), *q = buffer(bytes);

	read_all(open_or_die(a, O_RDONLY | O_DIRECT), p, bytes, a);
	read_all(open_or_die(b, O_RDONLY), q, bytes, b);
	if (memcmp(p, q, bytes))
		die("%s and %s differ", a, b);
}

static void pattern(const char *file, size_t bytes)
{
	uint8_t *p = buffer(bytes), *q = buffer(bytes);

	read_all(open_or_die(file, O_RDONLY), p, bytes, file);
	fill(q, 0, bytes);
	if (memcmp(p, q, bytes))
		die("%s is not what was written", file);
}

static void many(const char *folder, unsigned count, size_t bytes)
{
	for (unsigned i = 0; i < count; i++) {
		char path[256];
		int fd;

		snprintf(path, sizeof(path), "%s/image-%05u.iso", folder, i);
		fd = open_or_die(path, O_WRONLY | O_CREAT | O_TRUNC);
		if (ftruncate(fd, (off_t)bytes) < 0)
			die("%s: %s", path, strerror(errno));
		close(fd);
	}
}

static void forget(const char *file)
{
	int fd = open_or_die(file, O_RDONLY);
	int err = fsync(fd) < 0 ? errno : posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);

	if (err)
		die("%s: %s", file, strerror(err));
}

/* ---- the block device --------------------------------------------------------------------- */

static void check_moved(const char *what, ssize_t n, size_t size, off_t at)
{
	if (n != (ssize_t)size)
		die("%s %zu at %jd: %s", what, size, (intmax_t)at,
			n < 0 ? strerror(errno) : "short");
}

static void read_some(int fd, uint8_t *p, size_t size, off_t at)
{
	check_moved("read", pread(fd, p, size, at), size, at);
}

static void write_some(int fd, const uint8_t *p, size_t size, off_t at)
{
	check_moved("write", pwrite(fd, p, size, at), size, at);
}

static void sequential(const char *dev, int flags, size_t size, size_t bytes, size_t from)
{
	int fd = open_or_die(dev, O_RDONLY | flags);
	uint8_t *p = buffer(size);
	uint64_t began;

	host_ready();
	began = begin();
	for (size_t at = 0; at < bytes; at += size)
		read_some(fd, p, size, (off_t)(from + at));
	result(bytes, began);
}

/* Returns a random place in a file of so many places; *x is 1 at first. */
static uint64_t next_place(uint32_t *x, uint64_t places)
{
	*x = *x * 1664525u + 1013904223u;
	return places >> 24 ? *x * places >> 32 : (*x >> 8) % places;
}

static void random_reads(const char *dev, size_t size, unsigned count, size_t file)
{
	int fd = open_or_die(dev, O_RDONLY | O_DIRECT);
	uint8_t *p = buffer(size);
	uint64_t began, places = file / size;
	uint32_t x = 1;

	host_ready();
	began = begin();
	for (unsigned i = 0; i < count; i++)
		read_some(fd, p, size, (off_t)(next_place(&x, places) * size));
	result((uint64_t)count * size, began);
}

static void overwrite(const char *dev, size_t size, size_t bytes)
{
	int fd = open_or_die(dev, O_RDWR | O_DIRECT);
	uint8_t *p = buffer(bytes);
	uint64_t began;

	fill(p, 0, bytes);
	host_ready();
	began = begin();
	for (size_t at = 0; at < bytes; at += size)
		write_some(fd, p + at, size, (off_t)at);
	result(bytes, began);
}

/* Writes another pattern than overwrite(), so that a write to a wrong place is noticed. */
static void scatter(const char *dev, size_t size, unsigned count, size_t file)
{
	int fd = open_or_die(dev, O_RDWR | O_DIRECT);
	uint8_t *p = buffer(file), *q = buffer(size);
	uint64_t began;
	uint32_t x = 1;

	fill(p, file, file);
	host_ready();
	began = begin();
	for (unsigned i = 0; i < count; i++) {
		size_t at = next_place(&x, file / size) * size;

		write_some(fd, p + at, size, (off_t)at);
	}
	result((uint64_t)count * size, began);
	x = 1;
	for (unsigned i = 0; i < count; i++) {
		size_t at = next_place(&x, file / size) * size;

		read_some(fd, q, size, (off_t)at);
		if (memcmp(p + at, q, size))
			die("%s: at %zu is not what was written", dev, at);
	}
}

/* ---- SG_IO -------------------------------------------------------------------------------- */

static bool tur(int fd)
{
	uint8_t cdb[6] = {0};

	return sg(fd, cdb, sizeof(cdb), SG_DXFER_NONE, NULL, 0);
}

static bool inquiry(int fd)
{
	uint8_t cdb[6] = {0x12, [4] = LONG_ALLOC}, data[LONG_ALLOC];

	return sg(fd, cdb, sizeof(cdb), SG_DXFER_FROM_DEV, data, sizeof(data));
}

static bool toc(int fd)
{
	static uint8_t data[2048];
	uint8_t cdb[10] = {0x43, [7] = sizeof(data) >> 8};

	return sg(fd, cdb, sizeof(cdb), SG_DXFER_FROM_DEV, data, sizeof(data));
}

static unsigned last_track(int fd)
{
	uint8_t cdb[10] = {0x51, [8] = 34}, data[34] = {0};

	if (!sg(fd, cdb, sizeof(cdb), SG_DXFER_FROM_DEV, data, sizeof(data)))
		die("READ DISC INFORMATION");
	return data[6] | (unsigned)data[11] << 8;
}

static bool track_information(int fd, unsigned n, uint8_t data[36])
{
	uint8_t cdb[10] = {0x52, 1, [4] = (uint8_t)(n >> 8), [5] = (uint8_t)n, [8] = 36};

	return sg(fd, cdb, sizeof(cdb), SG_DXFER_FROM_DEV, data, 36);
}

static bool track(int fd)
{
	static unsigned last;
	uint8_t data[36];

	if (!last)
		last = last_track(fd);
	return track_information(fd, last, data);
}

/* FORMAT UNIT, type 26h with all of the disc. */
static bool format(int fd)
{
	uint8_t cdb[6] = {0x04, 0x11};
	uint8_t list[12] = {0, 0x82, 0, 8, 0xff, 0xff, 0xff, 0xff, 0x26 << 2};

	return sg(fd, cdb, sizeof(cdb), SG_DXFER_TO_DEV, list, sizeof(list));
}

static void ready(const char *dev)
{
	int fd = open_or_die(dev, O_RDWR | O_NONBLOCK);
	uint64_t began = begin();

	while (!tur(fd)) {
		if (now() - began > WAIT_NS)
			die("%s does not get ready", dev);
		nap();
	}
}

static void commands(const char *dev, bool (*one)(int fd), unsigned count)
{
	int fd = open_or_die(dev, O_RDWR | O_NONBLOCK);
	uint64_t began;

	if (!one(fd)) /* the first one also faults pages in */
		die("%s: the command fails", dev);
	host_ready();
	began = begin();
	for (unsigned i = 0; i < count; i++)
		one(fd);
	result(count, began);
}

static void write_10(const char *dev, size_t block, size_t size, size_t bytes)
{
	int fd = open_or_die(dev, O_RDWR | O_NONBLOCK);
	uint8_t *p = buffer(bytes);
	uint64_t began;

	fill(p, 0, bytes);
	host_ready();
	began = begin();
	for (size_t at = 0; at < bytes; at += size) {
		uint32_t lba = (uint32_t)(at / block), n = (uint32_t)(size / block);
		uint8_t cdb[10] = {0x2a, 0, (uint8_t)(lba >> 24), (uint8_t)(lba >> 16),
			(uint8_t)(lba >> 8), (uint8_t)lba, 0, (uint8_t)(n >> 8), (uint8_t)n, 0};

		if (!sg(fd, cdb, sizeof(cdb), SG_DXFER_TO_DEV, p + at, size))
			die("%s: WRITE(10) at %" PRIu32, dev, lba);
	}
	result(bytes, began);
}

static void close_what(int fd, unsigned function, unsigned n)
{
	uint8_t cdb[10] = {
		0x5b, [2] = (uint8_t)function, [4] = (uint8_t)(n >> 8), [5] = (uint8_t)n};

	if (!sg(fd, cdb, sizeof(cdb), SG_DXFER_NONE, NULL, 0))
		die("CLOSE TRACK SESSION %u of %u", function, n);
	while (!tur(fd))
		nap();
}

static void sessions(const char *dev, unsigned count)
{
	int fd = open_or_die(dev, O_RDWR | O_NONBLOCK);
	uint8_t *p = buffer(16 * SECTOR), data[36];

	for (unsigned i = 0; i < count; i++) {
		uint8_t cdb[10] = {0x2a, [8] = 16};
		unsigned n = last_track(fd);

		if (!track_information(fd, n, data))
			die("READ TRACK INFORMATION of %u", n);
		memcpy(cdb + 2, data + 12, 4); /* the next writable address */
		fill(p, (size_t)i * 16 * SECTOR, 16 * SECTOR);
		if (!sg(fd, cdb, sizeof(cdb), SG_DXFER_TO_DEV, p, 16 * SECTOR))
			die("WRITE(10) in session %u", i + 1);
		close_what(fd, 1, n);
		close_what(fd, 2, 0);
	}
}

/* ---- waiting times of a person ------------------------------------------------------------ */

static void run(char *const *command, bool wait)
{
	posix_spawn_file_actions_t quiet;
	pid_t pid;
	int status, err;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	err = posix_spawnp(&pid, command[0], &quiet, NULL, command, environ);
	posix_spawn_file_actions_destroy(&quiet);
	if (err)
		die("%s: %s", command[0], strerror(err));
	if (wait && (waitpid(pid, &status, 0) < 0 || status))
		die("%s failed", command[0]);
}

static void plug(const char *udc_file, const char *udc, const char *dev)
{
	char udevadm[] = "udevadm", verb[] = "settle";
	char *settle[] = {udevadm, verb, NULL};
	int fd = open_or_die(udc_file, O_WRONLY);
	uint64_t began = begin();

	if (write(fd, udc, strlen(udc)) < 0)
		die("%s: %s", udc_file, strerror(errno));
	while (access(dev, F_OK)) {
		if (now() - began > WAIT_NS)
			die("no %s", dev);
		nap();
	}
	run(settle, true);
	result(1, began);
}

static bool udev_knows(const char *db, const char *label)
{
	char text[8192], line[64];
	int fd = open(db, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	snprintf(line, sizeof(line), "\nE:ID_FS_LABEL=%s\n", label);
	return strstr(text, line) != NULL;
}

static void label(const char *db, const char *name, char *const *command)
{
	uint64_t began = begin();

	run(command, false);
	while (!udev_knows(db, name)) {
		if (now() - began > LABEL_NS) {
			result(0, began);
			return;
		}
		nap();
	}
	result(1, began);
}

static void timed(char *const *command)
{
	uint64_t began = begin();

	run(command, true);
	result(1, began);
}

static size_t number(const char *text)
{
	return strtoull(text, NULL, 0);
}

int main(int argc, char **argv)
{
	const char *verb;

	host_options(&argc, &argv);
	verb = argc > 2 ? argv[1] : "";
	if (argc == 5 && !strcmp(verb, "make"))
		make(argv[2], argv[3], number(argv[4]));
	else if (argc == 5 && !strcmp(verb, "same"))
		same(argv[2], argv[3], number(argv[4]));
	else if (argc == 4 && !strcmp(verb, "pattern"))
		pattern(argv[2], number(argv[3]));
	else if (argc == 5 && !strcmp(verb, "read"))
		sequential(argv[2], O_DIRECT, number(argv[3]), number(argv[4]), 0);
	else if (argc == 6 && !strcmp(verb, "read"))
		sequential(argv[2], O_DIRECT, number(argv[3]), number(argv[4]), number(argv[5]));
	else if (argc == 5 && !strcmp(verb, "buffered"))
		sequential(argv[2], 0, number(argv[3]), number(argv[4]), 0);
	else if (argc == 3 && !strcmp(verb, "forget"))
		forget(argv[2]);
	else if (argc == 6 && !strcmp(verb, "random"))
		random_reads(argv[2], number(argv[3]), (unsigned)number(argv[4]), number(argv[5]));
	else if (argc == 5 && !strcmp(verb, "overwrite"))
		overwrite(argv[2], number(argv[3]), number(argv[4]));
	else if (argc == 6 && !strcmp(verb, "scatter"))
		scatter(argv[2], number(argv[3]), (unsigned)number(argv[4]), number(argv[5]));
	else if (argc == 3 && !strcmp(verb, "format"))
		commands(argv[2], format, 0);
	else if (argc == 6 && !strcmp(verb, "write"))
		write_10(argv[2], number(argv[3]), number(argv[4]), number(argv[5]));
	else if (argc == 3 && !strcmp(verb, "ready"))
		ready(argv[2]);
	else if (argc == 4 && !strcmp(verb, "tur"))
		commands(argv[2], tur, (unsigned)number(argv[3]));
	else if (argc == 4 && !strcmp(verb, "inquiry"))
		commands(argv[2], inquiry, (unsigned)number(argv[3]));
	else if (argc == 4 && !strcmp(verb, "toc"))
		commands(argv[2], toc, (unsigned)number(argv[3]));
	else if (argc == 4 && !strcmp(verb, "track"))
		commands(argv[2], track, (unsigned)number(argv[3]));
	else if (argc == 4 && !strcmp(verb, "sessions"))
		sessions(argv[2], (unsigned)number(argv[3]));
	else if (argc == 5 && !strcmp(verb, "many"))
		many(argv[2], (unsigned)number(argv[3]), number(argv[4]));
	else if (argc == 5 && !strcmp(verb, "plug"))
		plug(argv[2], argv[3], argv[4]);
	else if (argc >= 3 && !strcmp(verb, "run"))
		timed(argv + 2);
	else if (argc >= 5 && !strcmp(verb, "label"))
		label(argv[2], argv[3], argv + 4);
	else
		die("see the head of b_host.c");
	return 0;
}
