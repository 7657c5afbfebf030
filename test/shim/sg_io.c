// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls SG_IO, CDROM_SEND_PACKET, readv() and preadv() in ways that few programs use, and prints
 * TAP. The expected results are those of Linux 6.12: sg_io() and scsi_cdrom_send_packet() of
 * drivers/scsi/scsi_ioctl.c, blk_rq_map_user_io() and import_iovec().
 *
 *   sg_io DEVICE IMAGE     IMAGE: a DVD-ROM, of 64 blocks at least, which is in the drive
 *   sg_io DEVICE           DVD_READ_STRUCT of any DVD, as drivers/cdrom/cdrom.c fills it
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/cdrom.h>
#include <scsi/sg.h>

#include "util/be.h"

#define BLOCK 2048u

static int device;
static uint8_t image[64 * BLOCK];
static bool all_good = true;

static void check(const char *name, bool good)
{
	printf("%s - SG_IO: %s\n", good ? "ok" : "not ok", name);
	all_good &= good;
}

static struct sg_io_hdr header(const uint8_t *cdb, uint8_t len, int direction)
{
	static uint8_t sense[32];

	return (struct sg_io_hdr){.interface_id = 'S',
		.cmdp = (unsigned char *)(uintptr_t)cdb,
		.cmd_len = len,
		.dxfer_direction = direction,
		.sbp = sense,
		.mx_sb_len = sizeof(sense),
		.timeout = 60000};
}

/* READ(10) of 16 blocks from block 4 on, into these pieces. Returns 0, or -errno of ioctl(). */
static int read_into(struct sg_iovec *v, unsigned short count, unsigned len, struct sg_io_hdr *h)
{
	static const uint8_t cdb[10] = {0x28, 0, 0, 0, 0, 4, 0, 0, 16, 0};

	*h = header(cdb, sizeof(cdb), SG_DXFER_FROM_DEV);
	h->iovec_count = count;
	h->dxferp = v;
	h->dxfer_len = len;
	return ioctl(device, SG_IO, h) < 0 ? -errno : 0;
}

static void data_is_scattered(void)
{
	static uint8_t out[16 * BLOCK + 64];
	/* Odd sizes, an empty piece in the middle, no order in memory. */
	struct sg_iovec v[] = {
		{out + 9000, 24000 - 232}, {out, 1}, {NULL, 0}, {out + 1, 8999}, {out + 32768, 64}};
	struct sg_io_hdr h;

	memset(out, 0xee, sizeof(out));
	int r = read_into(v, 5, 16 * BLOCK, &h);
	const uint8_t *from = image + 4 * BLOCK;
	check("data-in goes to the pieces in their order",
		r == 0 && h.status == 0 && h.resid == 0 && memcmp(out + 9000, from, 23768) == 0 &&
			out[0] == from[23768] && memcmp(out + 1, from + 23769, 8999) == 0);
	check("a piece that is not needed stays as it was", out[32768] == 0xee);
}

static void the_shorter_length_wins(void)
{
	static const uint8_t inquiry[6] = {0x12, 0, 0, 0, 36, 0};
	static uint8_t out[256];
	struct sg_iovec v[] = {{out, 5}, {out + 100, 200}};
	struct sg_io_hdr h = header(inquiry, sizeof(inquiry), SG_DXFER_FROM_DEV);

	memset(out, 0xee, sizeof(out));
	h.iovec_count = 2;
	h.dxferp = v;
	h.dxfer_len = 64;
	int r = ioctl(device, SG_IO, &h);
	check("pieces longer than dxfer_len: dxfer_len limits the data, and resid is counted from "
	      "it",
		r == 0 && h.status == 0 && h.resid == 64 - 36 && out[0] == 0x05 && out[5] == 0xee &&
			memcmp(out + 103, "MMCGADGT", 8) == 0 && out[100 + 31] == 0xee);
	v[1].iov_len = 35;
	h.dxfer_len = 4096;
	r = ioctl(device, SG_IO, &h);
	check("pieces shorter than dxfer_len: their sum limits the data, and resid is counted from "
	      "it",
		r == 0 && h.status == 0 && h.resid == 40 - 36);
}

static void data_is_gathered(void)
{
	static const uint8_t select[10] = {0x55, 0x10, 0, 0, 0, 0, 0, 0, 60, 0};
	static const uint8_t sense[10] = {0x5a, 0x08, 0x05, 0, 0, 0, 0, 0, 60, 0};
	uint8_t page[60];
	struct sg_iovec v[] = {{page, 8}, {page + 8, 3}, {page + 11, 49}};
	struct sg_io_hdr h = header(sense, sizeof(sense), SG_DXFER_FROM_DEV);

	h.dxferp = page;
	h.dxfer_len = sizeof(page);
	if (ioctl(device, SG_IO, &h) < 0 || h.status) {
		check("MODE SENSE before MODE SELECT", false);
		return;
	}
	memset(page, 0, 8);
	page[10] ^= 0x02;
	uint8_t wanted = page[10];
	h = header(select, sizeof(select), SG_DXFER_TO_DEV);
	h.iovec_count = 3;
	h.dxferp = v;
	h.dxfer_len = sizeof(page);
	int r = ioctl(device, SG_IO, &h);
	check("data-out is taken from the pieces", r == 0 && h.status == 0 && h.resid == 0);
	h = header(sense, sizeof(sense), SG_DXFER_FROM_DEV);
	h.dxferp = page;
	h.dxfer_len = sizeof(page);
	r = ioctl(device, SG_IO, &h);
	check("the drive has that data", r == 0 && page[10] == wanted);
	memset(page, 0, 8);
	page[10] ^= 0x02;
	h = header(select, sizeof(select), SG_DXFER_TO_DEV);
	h.dxferp = page;
	h.dxfer_len = sizeof(page);
	check("MODE SELECT without a vector, back to what it was",
		ioctl(device, SG_IO, &h) == 0 && h.status == 0);
}

static void bad_vectors_are_refused(void)
{
	static uint8_t out[16 * BLOCK];
	static struct sg_iovec many[1025];
	static const uint8_t ready[6];
	struct sg_iovec v[] = {{out, 16}, {out, (size_t)SSIZE_MAX + 1}};
	struct sg_io_hdr h;

	check("a piece of 2^63 bytes: EINVAL", read_into(v, 2, sizeof(out), &h) == -EINVAL);
	v[1].iov_len = SSIZE_MAX;
	check("a piece that ends beyond all memory: EFAULT",
		read_into(v, 2, sizeof(out), &h) == -EFAULT);
	/* With 64 bits, SSIZE_MAX / 4 would end outside user space on some machines; with 32, 2^40
	 * is too much. */
	v[1].iov_len = sizeof(size_t) > 4 ? (size_t)1 << 20 << 20 : SSIZE_MAX / 4;
	v[0].iov_len = 4;
	v[0].iov_base = out + sizeof(out) - 4;
	check("a piece much longer than dxfer_len: cut",
		read_into(v, 2, sizeof(out), &h) == 0 && h.resid == 0 &&
			memcmp(out, image + 4 * BLOCK + 4, BLOCK) == 0);
	v[0].iov_len = v[1].iov_len = 0;
	check("pieces without a byte: EINVAL", read_into(v, 2, sizeof(out), &h) == -EINVAL);
	for (unsigned i = 0; i < 1025; i++)
		many[i] = (struct sg_iovec){out + i * 32 % sizeof(out), 32};
	check("1025 pieces: EINVAL", read_into(many, 1025, sizeof(out), &h) == -EINVAL);
	check("1024 pieces: taken", read_into(many, 1024, sizeof(out), &h) == 0 && h.resid == 0 &&
					    memcmp(out, image + 4 * BLOCK, sizeof(out)) == 0);
	check("a NULL vector: EFAULT", read_into(NULL, 2, sizeof(out), &h) == -EFAULT);
	v[0] = (struct sg_iovec){NULL, 512};
	check("a piece with a NULL address: EFAULT", read_into(v, 1, 512, &h) == -EFAULT);
	h = header(ready, sizeof(ready), SG_DXFER_FROM_DEV);
	h.iovec_count = 2;
	check("iovec_count 2, but no data to move: the vector is not read",
		ioctl(device, SG_IO, &h) == 0 && h.status == 0);
}

static void bad_headers_are_refused(void)
{
	static const uint8_t cdb[10] = {0x25};
	static uint8_t out[512];
	struct sg_io_hdr h = header(cdb, sizeof(cdb), SG_DXFER_FROM_DEV);

	h.dxferp = out;
	h.dxfer_len = 240 * 512 + 1;
	check("more data than the host adapter moves: EIO",
		ioctl(device, SG_IO, &h) < 0 && errno == EIO);
	h.dxfer_len = UINT_MAX;
	check("4 GiB of data: EIO", ioctl(device, SG_IO, &h) < 0 && errno == EIO);
	h.dxfer_len = 8;
	h.dxfer_direction = SG_DXFER_NONE;
	check("data without a direction: EINVAL", ioctl(device, SG_IO, &h) < 0 && errno == EINVAL);
	h.dxfer_direction = SG_DXFER_FROM_DEV;
	h.dxferp = NULL;
	check("data with a NULL dxferp: EFAULT", ioctl(device, SG_IO, &h) < 0 && errno == EFAULT);
	h.dxferp = out;
	h.interface_id = 'Q';
	check("another interface: EINVAL", ioctl(device, SG_IO, &h) < 0 && errno == EINVAL);
	h.interface_id = 'S';
	h.cmd_len = 5;
	check("a CDB of 5 bytes: EMSGSIZE", ioctl(device, SG_IO, &h) < 0 && errno == EMSGSIZE);
	h.cmd_len = 33;
	check("a CDB of 33 bytes: EINVAL", ioctl(device, SG_IO, &h) < 0 && errno == EINVAL);
}

/* INQUIRY for 36 bytes, into a buffer of len bytes. */
static struct cdrom_generic_command inquiry_packet(uint8_t *out, unsigned len)
{
	return (struct cdrom_generic_command){.cmd = {0x12, [4] = 36},
		.buffer = out,
		.buflen = len,
		.stat = 77,
		.data_direction = CGC_DATA_READ,
		.timeout = 60000};
}

static void packets_are_sent(void)
{
	static uint8_t out[64];
	struct request_sense sense = {0};
	struct cdrom_generic_command g = inquiry_packet(out, sizeof(out));

	check("CDROM_SEND_PACKET: the data, and in buflen what is left of the buffer",
		ioctl(device, CDROM_SEND_PACKET, &g) == 0 && g.stat == 0 && g.buflen == 64 - 36 &&
			memcmp(out + 8, "MMCGADGT", 8) == 0);
	g = inquiry_packet(out, sizeof(out));
	g.cmd[1] = 1;    /* vital product data, ... */
	g.cmd[2] = 0xee; /* ... of a page that does not exist */
	g.sense = &sense;
	check("CDROM_SEND_PACKET that fails: EIO, and the sense",
		ioctl(device, CDROM_SEND_PACKET, &g) < 0 && errno == EIO && sense.sense_key == 5 &&
			sense.asc == 0x24 && g.buflen == sizeof(out));
	g = inquiry_packet(out, sizeof(out));
	g.data_direction = CGC_DATA_NONE;
	check("CDROM_SEND_PACKET, data without a direction: EINVAL",
		ioctl(device, CDROM_SEND_PACKET, &g) < 0 && errno == EINVAL);
	g = inquiry_packet(NULL, sizeof(out));
	check("CDROM_SEND_PACKET, data with a NULL buffer: EFAULT",
		ioctl(device, CDROM_SEND_PACKET, &g) < 0 && errno == EFAULT);
	check("CDROM_SELECT_SPEED", ioctl(device, CDROM_SELECT_SPEED, 8) == 0);
}

static int read_structure(uint8_t type, uint8_t layer, dvd_struct *s)
{
	memset(s, 0xee, sizeof(*s));
	s->type = type;
	s->physical.layer_num = layer; /* those of the other types are at the same place */
	return ioctl(device, DVD_READ_STRUCT, s) < 0 ? -errno : 0;
}

static void structures_are_read(void)
{
	static const uint8_t cdb[12] = {0xad, [8] = 2052 >> 8, [9] = 2052 & 0xff};
	static uint8_t p[2052], zeros[2048];
	static dvd_struct s;
	struct sg_io_hdr h = header(cdb, sizeof(cdb), SG_DXFER_FROM_DEV);
	const struct dvd_layer *l = &s.physical.layer[0];

	h.dxferp = p;
	h.dxfer_len = sizeof(p);
	if (ioctl(device, SG_IO, &h) < 0 || h.status) {
		check("READ DISC STRUCTURE", false);
		return;
	}
	check("DVD_READ_STRUCT: what layers a disc has, and where they end",
		read_structure(DVD_STRUCT_PHYSICAL, 0, &s) == 0 && l->book_type == p[4] >> 4 &&
			l->layer_type == (p[6] & 0xf) && l->track_path == (p[6] >> 4 & 1) &&
			l->nlayers == (p[6] >> 5 & 3) && l->start_sector == 0x30000 &&
			l->end_sector == get_be24(p + 13) && l->end_sector_l0 == get_be24(p + 17));
	check("DVD_READ_STRUCT: no protection, no region",
		read_structure(DVD_STRUCT_COPYRIGHT, 0, &s) == 0 && s.copyright.cpst == 0 &&
			s.copyright.rmi == 0);
	check("DVD_READ_STRUCT: manufacturing information",
		read_structure(DVD_STRUCT_MANUFACT, 0, &s) == 0 && s.manufact.len == 2048 &&
			memcmp(s.manufact.value, zeros, sizeof(zeros)) == 0);
	check("DVD_READ_STRUCT of a BCA: EIO", read_structure(DVD_STRUCT_BCA, 0, &s) == -EIO);
	check("DVD_READ_STRUCT of a structure that does not exist: EINVAL",
		read_structure(99, 0, &s) == -EINVAL);
	check("DVD_READ_STRUCT of a fifth layer: EINVAL",
		read_structure(DVD_STRUCT_PHYSICAL, 4, &s) == -EINVAL);
}

static void vectors_are_read(void)
{
	static uint8_t out[5 * BLOCK];
	struct iovec v[] = {{out + BLOCK, 3 * BLOCK + 5}, {out, BLOCK}};

	lseek(device, 6 * BLOCK, SEEK_SET);
	check("readv() reads from the file position",
		readv(device, v, 2) == 4 * BLOCK + 5 &&
			memcmp(out + BLOCK, image + 6 * BLOCK, 3 * BLOCK + 5) == 0 &&
			memcmp(out, image + 9 * BLOCK + 5, BLOCK) == 0 &&
			lseek(device, 0, SEEK_CUR) == 10 * BLOCK + 5);
	errno = 0;
	check("pread() and preadv() below 0 are refused",
		pread(device, out, 1, -5) == -1 && errno == EINVAL &&
			preadv(device, v, 2, -1) == -1 &&
			lseek(device, 0, SEEK_CUR) == 10 * BLOCK + 5);
	check("lseek() beyond all numbers is refused",
		lseek(device, INT64_MAX, SEEK_CUR) == -1 && errno == EINVAL &&
			lseek(device, 0, SEEK_CUR) == 10 * BLOCK + 5);
	check("preadv() reads from where it is told, and leaves the position",
		preadv(device, v, 2, BLOCK) == 4 * BLOCK + 5 &&
			memcmp(out + BLOCK, image + BLOCK, 3 * BLOCK + 5) == 0 &&
			lseek(device, 0, SEEK_CUR) == 10 * BLOCK + 5);
	check("writev() is refused",
		writev(device, v, 2) < 0 && (errno == EBADF || errno == EPERM));
}

int main(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[2], O_RDONLY) : -1;

	device = argc > 1 ? open(argv[1], O_RDONLY | O_NONBLOCK) : -1;
	if (argc == 2 && device >= 0) {
		structures_are_read();
		return !all_good;
	}
	if (fd < 0 || device < 0 || read(fd, image, sizeof(image)) != (ssize_t)sizeof(image)) {
		fputs("usage: sg_io DEVICE [IMAGE, of at least 64 blocks]\n", stderr);
		return 2;
	}
	close(fd);
	data_is_scattered();
	the_shorter_length_wins();
	data_is_gathered();
	bad_vectors_are_refused();
	bad_headers_are_refused();
	packets_are_sent();
	vectors_are_read();
	return !all_good;
}
