/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to mmcshimd: the drive with its log, and the kernel's part above it. */
#ifndef SHIM_SERVER_H
#define SHIM_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "mmc/mmc.h"
#include "test/shim/shim_wire.h"

/* ---- shim_drive.c: the engine, one command at a time, and the log ------------------------- */

struct shim_drive {
	struct mmc_drive *mmc;
	FILE *log;
	uint8_t refused; /* operation code that is answered with 5/20/00; 0: none */
};

struct shim_command {
	const char *who;
	const uint8_t *cdb;
	uint8_t cdb_len;
	enum shim_dir dir;
	uint8_t *data;
	uint32_t len;
	/* set by the drive */
	uint32_t moved;
	uint8_t status;
	uint8_t host_status; /* DID_ERROR if Bulk-Only would end in a phase error */
	uint8_t sense_len;
	uint8_t sense[18];
};

void shim_drive_command(struct shim_drive *d, struct shim_command *c);
/* Runs a control line ("insert FILE" ...); the answer is text. 0: done, 1: refused. */
int shim_drive_control(struct shim_drive *d, char *line, char *answer, size_t size);

/* ---- shim_kernel.c: Linux sr and cdrom, between a program and the drive -------------------- */

struct shim_kernel {
	struct shim_drive *drive;
	unsigned opens;
	bool present;     /* medium, as of the last TEST UNIT READY */
	bool changed;     /* a unit attention reported another medium */
	bool vfs_event;   /* media event for the next open */
	bool ioctl_event; /* media event for CDROM_MEDIA_CHANGED */
	uint64_t blocks;  /* device size */
};

/* 0 or -errno. A failed open changes nothing. */
int shim_kernel_open(struct shim_kernel *k, int flags);
void shim_kernel_release(struct shim_kernel *k);
/* Bytes read, 0 at the end of the device, or -errno. */
int64_t shim_kernel_read(struct shim_kernel *k, uint64_t at, uint8_t *buf, uint32_t len);
int shim_kernel_media_changed(struct shim_kernel *k);
int shim_kernel_drive_status(struct shim_kernel *k);

#endif
