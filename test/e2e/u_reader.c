// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a drive at random places while its discs are swapped, through the block device
 * (O_DIRECT) or SG_IO. Each block begins with an 8-byte header that holds its address; all
 * bytes after it are the number of the disc. A successful read must never hold two numbers
 * or a wrong address. The first read of each disc is told at once.
 *
 *   u_reader make FILE NUMBER BLOCKS     writes the image of such a disc
 *   u_reader read /dev/srN SECONDS BLOCKS
 *   u_reader sg   /dev/sgN SECONDS BLOCKS
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <scsi/sg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define BLOCK   2048u
#define PER_CMD 32u /* 64 KiB: one READ(10) at any speed, so from one disc */

static uint8_t buf[PER_CMD * BLOCK] __attribute__((aligned(4096)));
static volatile sig_atomic_t stop;
static unsigned long good, failed, mixed, per_disc[256];

static void fill(uint8_t *block, uint8_t number, uint32_t lba)
{
	memset(block, number, BLOCK);
	memset(block, 0, 8);
	memcpy(block, &lba, sizeof(lba));
}

static int make(const char *file, uint8_t number, uint32_t blocks)
{
	FILE *f = fopen(file, "w");
	uint8_t block[BLOCK];

	if (!f)
		return 1;
	for (uint32_t lba = 0; lba < blocks; lba++) {
		fill(block, number, lba);
		fwrite(block, BLOCK, 1, f);
	}
	return fclose(f) ? 1 : 0;
}

static void on_int(int sig)
{
	(void)sig;
	stop = 1;
}

static void judge(uint32_t lba)
{
	uint8_t number = buf[8], want[BLOCK];

	for (uint32_t i = 0; i < PER_CMD; i++) {
		fill(want, number, lba + i);
		if (memcmp(buf + i * BLOCK, want, BLOCK)) {
			printf("# block %u of the read at %u: disc %u and disc %u\n", i, lba,
				number, buf[i * BLOCK + 8]);
			mixed++;
			return;
		}
	}
	good++;
	if (per_disc[number]++ == 0) {
		printf("# saw disc %u\n", number);
		fflush(stdout);
	}
}

static bool read_block(const char *dev, uint32_t lba)
{
	/*
	 * Open it again every time, like a program that starts. With O_NONBLOCK the kernel
	 * does not lock the drive, so that discs can be swapped.
	 */
	int fd = open(dev, O_RDONLY | O_DIRECT | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return false;
	n = pread(fd, buf, sizeof(buf), (off_t)lba * BLOCK);
	close(fd);
	return n == (ssize_t)sizeof(buf);
}

static bool read_sg(int fd, uint32_t lba)
{
	uint8_t cdb[10] = {0x28, 0, (uint8_t)(lba >> 24), (uint8_t)(lba >> 16), (uint8_t)(lba >> 8),
		(uint8_t)lba, 0, 0, PER_CMD, 0};
	uint8_t sense[18];
	struct sg_io_hdr io = {
		.interface_id = 'S',
		.dxfer_direction = SG_DXFER_FROM_DEV,
		.cmd_len = sizeof(cdb),
		.cmdp = cdb,
		.mx_sb_len = sizeof(sense),
		.sbp = sense,
		.dxfer_len = sizeof(buf),
		.dxferp = buf,
		.timeout = 10000,
	};

	return ioctl(fd, SG_IO, &io) == 0 && (io.info & SG_INFO_OK_MASK) == SG_INFO_OK &&
	       io.resid == 0;
}

int main(int argc, char **argv)
{
	time_t end;
	uint32_t blocks;
	bool sg;
	int fd = -1;

	if (argc == 5 && !strcmp(argv[1], "make"))
		return make(argv[2], (uint8_t)atoi(argv[3]), (uint32_t)atoi(argv[4]));
	if (argc != 5)
		return 2;
	sg = !strcmp(argv[1], "sg");
	blocks = (uint32_t)atoi(argv[4]);
	end = time(NULL) + atoi(argv[3]);
	signal(SIGINT, on_int);
	srandom((unsigned)getpid());
	if (sg) {
		fd = open(argv[2], O_RDWR | O_NONBLOCK);
		if (fd < 0) {
			perror(argv[2]);
			return 2;
		}
	}
	while (!stop && time(NULL) < end) {
		uint32_t lba = (uint32_t)random() % (blocks - PER_CMD) & ~1u;
		struct timespec nap = {0, 5000000};

		memset(buf, 0xee, sizeof(buf));
		if (sg ? read_sg(fd, lba) : read_block(argv[2], lba)) {
			judge(lba);
		} else {
			failed++;
			nanosleep(&nap, NULL);
		}
	}
	printf("# %s: %lu good, %lu failed, %lu mixed; per disc", argv[1], good, failed, mixed);
	for (int i = 0; i < 256; i++)
		if (per_disc[i])
			printf(" %d:%lu", i, per_disc[i]);
	printf("\n");
	return mixed || !good;
}
