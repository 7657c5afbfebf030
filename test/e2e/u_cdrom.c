// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ioctls by which Linux reads a compact disc: the way of players and rippers that do not build
 * commands themselves (linux/cdrom.h).
 *
 *   u_cdrom toc /dev/srN               CDROMREADTOCHDR, CDROMREADTOCENTRY by block and by time
 *   u_cdrom twice /dev/srN             the same two times, and waits for a line of input in between
 *   u_cdrom audio /dev/srN LBA COUNT   CDROMREADAUDIO: prints the sectors
 *   u_cdrom raw /dev/srN LBA COUNT     CDROMREADRAW: prints the sectors, read one by one
 *   u_cdrom wrap <ISO                  prints sectors of 2352 bytes with these blocks of mode 1;
 * the bytes for EDC and ECC say their number instead
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/cdrom.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define AT_ONCE 25 /* sectors of one CDROMREADAUDIO: more than a transfer of 32 KiB */

static int fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return 1;
}

static int entry(int fd, int track, struct cdrom_tocentry *out, int format)
{
	*out = (struct cdrom_tocentry){.cdte_track = (__u8)track, .cdte_format = (__u8)format};
	return ioctl(fd, CDROMREADTOCENTRY, out);
}

static int print_toc(int fd)
{
	struct cdrom_tochdr h;

	if (ioctl(fd, CDROMREADTOCHDR, &h) < 0)
		return fail("CDROMREADTOCHDR");
	for (int n = h.cdth_trk0; n <= h.cdth_trk1 + 1; n++) {
		int track = n > h.cdth_trk1 ? CDROM_LEADOUT : n;
		struct cdrom_tocentry lba, msf;

		if (entry(fd, track, &lba, CDROM_LBA) < 0 || entry(fd, track, &msf, CDROM_MSF) < 0)
			return fail("CDROMREADTOCENTRY");
		if (lba.cdte_datamode != (lba.cdte_ctrl & CDROM_DATA_TRACK ? 1 : 0)) {
			fprintf(stderr, "%d: data mode %d\n", track, lba.cdte_datamode);
			return 1;
		}
		printf("%d: control %d, %d, %02d:%02d:%02d\n", track, lba.cdte_ctrl,
			lba.cdte_addr.lba, msf.cdte_addr.msf.minute, msf.cdte_addr.msf.second,
			msf.cdte_addr.msf.frame);
	}
	return 0;
}

static int print_toc_twice(int fd)
{
	int r = print_toc(fd);

	fflush(stdout);
	while (getchar() != '\n' && !feof(stdin))
		;
	return r ? r : print_toc(fd);
}

static int print_audio(int fd, int lba, int count)
{
	static uint8_t data[AT_ONCE * CD_FRAMESIZE_RAW];

	for (int n; count > 0; count -= n, lba += n) {
		struct cdrom_read_audio r = {
			.addr.lba = lba, .addr_format = CDROM_LBA, .buf = data};

		n = count < AT_ONCE ? count : AT_ONCE;
		r.nframes = n;
		if (ioctl(fd, CDROMREADAUDIO, &r) < 0)
			return fail("CDROMREADAUDIO");
		fwrite(data, CD_FRAMESIZE_RAW, (size_t)n, stdout);
	}
	return 0;
}

static void put_msf(int lba, struct cdrom_msf *out)
{
	lba += CD_MSF_OFFSET;
	out->cdmsf_min0 = (__u8)(lba / CD_FRAMES / CD_SECS);
	out->cdmsf_sec0 = (__u8)(lba / CD_FRAMES % CD_SECS);
	out->cdmsf_frame0 = (__u8)(lba % CD_FRAMES);
}

/* The sector takes the place of its address. */
static int print_raw(int fd, int lba, int count)
{
	union {
		struct cdrom_msf at;
		uint8_t data[CD_FRAMESIZE_RAW];
	} sector;

	for (; count > 0; count--, lba++) {
		memset(&sector, 0, sizeof(sector));
		put_msf(lba, &sector.at);
		if (ioctl(fd, CDROMREADRAW, &sector) < 0)
			return fail("CDROMREADRAW");
		fwrite(sector.data, sizeof(sector.data), 1, stdout);
	}
	return 0;
}

static uint8_t bcd(int n)
{
	return (uint8_t)(n / 10 << 4 | n % 10);
}

static int wrap(void)
{
	uint8_t sector[CD_FRAMESIZE_RAW];
	struct cdrom_msf at;

	for (int lba = 0; fread(sector + 16, CD_FRAMESIZE, 1, stdin) == 1; lba++) {
		put_msf(lba, &at);
		memset(sector, 0xff, CD_SYNC_SIZE);
		sector[0] = sector[CD_SYNC_SIZE - 1] = 0;
		sector[12] = bcd(at.cdmsf_min0);
		sector[13] = bcd(at.cdmsf_sec0);
		sector[14] = bcd(at.cdmsf_frame0);
		sector[15] = 1;
		for (int i = 16 + CD_FRAMESIZE; i < CD_FRAMESIZE_RAW; i++)
			sector[i] = (uint8_t)(lba + i);
		fwrite(sector, sizeof(sector), 1, stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int fd = argc > 2 ? open(argv[2], O_RDONLY | O_NONBLOCK) : -1, r = 2;

	if (argc == 2 && strcmp(argv[1], "wrap") == 0)
		r = wrap();
	else if (argc > 2 && fd < 0)
		r = fail(argv[2]);
	else if (argc == 3 && strcmp(argv[1], "toc") == 0)
		r = print_toc(fd);
	else if (argc == 3 && strcmp(argv[1], "twice") == 0)
		r = print_toc_twice(fd);
	else if (argc == 5 && strcmp(argv[1], "audio") == 0)
		r = print_audio(fd, atoi(argv[3]), atoi(argv[4]));
	else if (argc == 5 && strcmp(argv[1], "raw") == 0)
		r = print_raw(fd, atoi(argv[3]), atoi(argv[4]));
	else
		fputs("usage: u_cdrom toc|twice DEV | audio|raw DEV LBA COUNT | wrap\n", stderr);
	return fflush(stdout) != 0 ? 1 : r;
}
