// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's part: the commands that drivers/scsi/sr.c and drivers/cdrom/cdrom.c send when
 * a program opens, reads or closes the device, and the state that they keep. Programs
 * depend on it: growisofs never sees unit attentions, because the TEST UNIT READY of open()
 * clears them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/cdrom.h>
#include <string.h>

#include "shim/shim_server.h"
#include "util/array.h"
#include "util/be.h"

#define BLOCK       2048u
#define RETRIES     10
#define READ_BLOCKS 32u

/* sr and the block layer repeat a command that met a unit attention. */
static uint8_t send(struct shim_kernel *k, const uint8_t *cdb, uint8_t cdb_len, uint8_t *data,
	uint32_t len, struct shim_command *out)
{
	struct shim_command c;

	for (int i = 0; i < RETRIES; i++) {
		c = (struct shim_command){.who = "kernel",
			.cdb = cdb,
			.cdb_len = cdb_len,
			.dir = len ? SHIM_IN : SHIM_NONE,
			.data = data,
			.len = len};
		shim_drive_command(k->drive, &c);
		if (c.status == MMC_GOOD || (c.sense[2] & 0x0f) != 0x06)
			break;
		k->changed = true;
	}
	if (out)
		*out = c;
	return c.status;
}

/* True if a medium is present: GOOD, or any failure except "medium not present". */
static bool test_unit_ready(struct shim_kernel *k)
{
	static const uint8_t cdb[6] = {0x00};
	struct shim_command c;

	return send(k, cdb, sizeof(cdb), NULL, 0, &c) == MMC_GOOD || c.sense[12] != 0x3a;
}

/* sr_check_events(). clearing: the caller is an open, which clears the change. */
static void check_events(struct shim_kernel *k, bool clearing)
{
	static const uint8_t cdb[10] = {0x4a, 0x01, 0, 0, 0x10, 0, 0, 0, 8, 0};
	uint8_t e[8] = {0};
	bool changed = false;

	if (send(k, cdb, sizeof(cdb), e, sizeof(e), NULL) == MMC_GOOD && get_be16(e) >= 4 &&
		(e[2] & 0x87) == 0x04)
		changed = (e[4] & 0x0f) == 2 || (e[4] & 0x0f) == 3;
	if (clearing) {
		bool present = test_unit_ready(k);

		if (present != k->present)
			k->changed = true;
		k->present = present;
	}
	changed |= k->changed;
	k->changed = false;
	if (changed) {
		k->vfs_event = true;
		k->ioctl_event = true;
	}
}

/* cdrom_get_last_written(): the end of the last track that holds data; 0: unknown. */
static uint64_t last_written(struct shim_kernel *k)
{
	static const uint8_t rdi[10] = {0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0};
	uint8_t rti[10] = {0x52, 0x01, 0, 0, 0, 0, 0, 0, 36, 0};
	uint8_t d[34] = {0}, t[36] = {0};

	if (send(k, rdi, sizeof(rdi), d, sizeof(d), NULL) != MMC_GOOD)
		return 0;
	uint32_t track = (uint32_t)d[11] << 8 | d[6];
	for (;; track--) {
		put_be32(rti + 2, track);
		if (track == 0 || send(k, rti, sizeof(rti), t, sizeof(t), NULL) != MMC_GOOD)
			return 0;
		if (!(t[6] & 0x40)) /* Blank: use the track before it */
			break;
	}
	if (t[7] & 0x02) /* LRA_V; the kernel uses the last address, one less than the size */
		return get_be32(t + 28);
	uint32_t left = get_be32(t + 16);
	return (uint64_t)get_be32(t + 8) + get_be32(t + 24) - (left ? left + 7u : 0);
}

/* sr_revalidate_disk(): the device gets the size of its new medium. */
static void revalidate(struct shim_kernel *k)
{
	static const uint8_t capacity[10] = {0x25},
			     session[10] = {0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0x40};
	uint8_t p[12] = {0};

	k->blocks = 0x1fffff / 4; /* what sr assumes if the drive does not answer */
	if (!test_unit_ready(k))
		return;
	send(k, session, sizeof(session), p, 12, NULL);
	if (send(k, capacity, sizeof(capacity), p, 8, NULL) == MMC_GOOD)
		k->blocks = (uint64_t)get_be32(p) + 1;
	k->blocks = MAX(k->blocks, last_written(k));
}

int shim_kernel_drive_status(struct shim_kernel *k)
{
	static const uint8_t tur[6] = {0x00};
	static const uint8_t gesn[10] = {0x4a, 0x01, 0, 0, 0x10, 0, 0, 0, 8, 0};
	struct shim_command c;
	uint8_t e[8] = {0};

	if (send(k, tur, sizeof(tur), NULL, 0, &c) == MMC_GOOD)
		return CDS_DISC_OK;
	if ((c.sense[2] & 0x0f) == 2 && c.sense[12] == 0x04 && c.sense[13] == 0x01)
		return CDS_DRIVE_NOT_READY;
	if (send(k, gesn, sizeof(gesn), e, sizeof(e), NULL) == MMC_GOOD && e[2] == 0x04) {
		if (e[5] & 0x02)
			return CDS_DISC_OK;
		return e[5] & 0x01 ? CDS_TRAY_OPEN : CDS_NO_DISC;
	}
	return CDS_NO_DISC;
}

static void lock_door(struct shim_kernel *k, bool lock)
{
	uint8_t cdb[6] = {0x1e, 0, 0, 0, lock, 0};

	send(k, cdb, sizeof(cdb), NULL, 0, NULL);
}

/* open_for_data(): the checks of an open without O_NONBLOCK. */
static int open_for_data(struct shim_kernel *k)
{
	static const uint8_t config[10] = {0x46, 0, 0, 0, 0, 0, 0, 0, 32, 0};
	uint8_t toc[10] = {0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0}, p[32];

	if (shim_kernel_drive_status(k) != CDS_DISC_OK)
		return -ENOMEDIUM;
	/* cdrom_count_tracks(). The open goes on if READ TOC fails: a medium may have no TOC. */
	if (send(k, toc, sizeof(toc), p, 12, NULL) == MMC_GOOD) {
		uint8_t first = p[2], last = p[3];

		for (unsigned n = first; n <= last; n++) {
			toc[6] = (uint8_t)n;
			send(k, toc, sizeof(toc), p, 12, NULL);
		}
	}
	lock_door(k, true);
	send(k, config, sizeof(config), p, sizeof(p), NULL);
	return 0;
}

int shim_kernel_open(struct shim_kernel *k, int flags)
{
	int r = 0;

	check_events(k, true);
	if (k->vfs_event)
		revalidate(k);
	k->vfs_event = false;
	k->opens++;
	if (!(flags & O_NONBLOCK))
		r = open_for_data(k);
	/*
	 * The device cannot be written. (The kernel's can, with a disc that is random writable:
	 * DVD-RAM, DVD+RW, BD-RE.)
	 */
	if (r == 0 && !(flags & O_NONBLOCK) && (flags & O_ACCMODE) != O_RDONLY)
		r = -EROFS;
	if (r < 0)
		shim_kernel_release(k);
	return r;
}

void shim_kernel_release(struct shim_kernel *k)
{
	if (--k->opens == 0)
		lock_door(k, false);
}

int shim_kernel_media_changed(struct shim_kernel *k)
{
	bool changed;

	check_events(k, false);
	changed = k->ioctl_event;
	k->ioctl_event = false;
	return changed;
}

static int64_t read_blocks(struct shim_kernel *k, uint32_t lba, uint32_t count, uint8_t *buf)
{
	uint8_t cdb[10] = {0x28};
	struct shim_command c = {.who = "kernel",
		.cdb = cdb,
		.cdb_len = sizeof(cdb),
		.dir = SHIM_IN,
		.data = buf,
		.len = count * BLOCK};

	put_be32(cdb + 2, lba);
	put_be16(cdb + 7, count);
	shim_drive_command(k->drive, &c);
	if (c.status == MMC_GOOD && c.moved == c.len)
		return count;
	/* A change of medium fails the read; it must not be repeated on another disc. */
	if ((c.sense[2] & 0x0f) == 0x06)
		k->changed = true;
	return -EIO;
}

int64_t shim_kernel_read(struct shim_kernel *k, uint64_t at, uint8_t *buf, uint32_t len)
{
	uint8_t window[READ_BLOCKS * BLOCK];
	uint64_t size = k->blocks * BLOCK;
	uint32_t done = 0;

	if (at >= size)
		return 0;
	len = (uint32_t)MIN((uint64_t)len, size - at);
	while (done < len) {
		uint32_t lba = (uint32_t)((at + done) / BLOCK),
			 skip = (uint32_t)((at + done) % BLOCK);
		uint32_t count = (uint32_t)MIN((uint64_t)READ_BLOCKS, k->blocks - lba);

		count = MIN(count, (len - done + skip + BLOCK - 1) / BLOCK);
		int64_t r = read_blocks(k, lba, count, window);
		if (r < 0)
			return done ? done : r;
		uint32_t n = MIN(count * BLOCK - skip, len - done);
		memcpy(buf + done, window + skip, n);
		done += n;
	}
	return done;
}
