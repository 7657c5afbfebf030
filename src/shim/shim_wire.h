/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol between the preloaded library and mmcshimd, over a unix socket. Each
 * connection carries one request, except that of SHIM_OPEN, which is the open file itself.
 * It stays as long as a program has the descriptor, through fork, dup and exec, so the
 * server sees the last close as the kernel would. An open file is named by the abstract
 * address to which its socket is bound.
 */
#ifndef SHIM_WIRE_H
#define SHIM_WIRE_H

#include <stdint.h>

enum shim_op {
	SHIM_OPEN,          /* arg: open flags. Result 0 or -errno */
	SHIM_SCSI,          /* cdb, dir, len; data both ways */
	SHIM_READ,          /* arg: offset, or -1 for the file position; len */
	SHIM_SEEK,          /* arg: offset, whence. Result: the new position */
	SHIM_SIZE,          /* Result: bytes, as cached by the kernel */
	SHIM_MEDIA_CHANGED, /* Result: 0 or 1; each change is reported once */
	SHIM_DRIVE_STATUS,  /* Result: CDS_* */
	SHIM_CONTROL        /* data: a command line; answer: text. Result 0 or 1 */
};

enum shim_dir { SHIM_NONE, SHIM_IN, SHIM_OUT };

struct shim_request {
	uint32_t op;
	uint32_t len; /* bytes of data: to follow (OUT, CONTROL), or wanted (IN, READ) */
	int64_t arg;
	uint32_t whence;
	uint8_t dir;
	uint8_t cdb_len;
	uint8_t cdb[16];
	char file[32]; /* name of the open file, for READ and SEEK */
	char who[16];  /* program name, for the log */
};

struct shim_reply {
	int64_t result;
	uint32_t len;   /* bytes that follow */
	uint32_t moved; /* by the SCSI data phase */
	uint8_t status;
	uint8_t host_status;
	uint8_t sense_len;
	uint8_t sense[18];
};

/* usb-storage at high speed: 240 sectors of 512 bytes in one command. */
#define SHIM_MAX_TRANSFER (240u * 512u)

#endif
