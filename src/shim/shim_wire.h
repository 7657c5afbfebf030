/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol between the preloaded library and the server (shim_server.c, in mmcgadget-shim; in
 * tests in mmcshimd), over a unix socket. Each connection carries one request. The connection of a
 * successful SHIM_OPEN then stays open: it is the open file. It ends when no program has the
 * descriptor any more, also after fork, dup and exec, so the server sees the last close as the
 * kernel would. Requests name an open file by the abstract address to which the client bound its
 * socket (shim_request.file).
 */
#ifndef SHIM_WIRE_H
#define SHIM_WIRE_H

#include <stdint.h>

enum shim_op {
	SHIM_OPEN, /* arg: open flags. Result: 0 or -errno */
	SHIM_SCSI, /* cdb, dir, len; data both ways. Result: 0; status and sense in the reply */
	SHIM_READ, /* arg: offset, or -1: the file position; len. Result: bytes, -errno */
	SHIM_SEEK, /* arg: offset, whence. Result: the new position, or -errno */
	SHIM_SIZE, /* Result: bytes, as the emulated kernel (shim_kernel.c) cached it */
	SHIM_MEDIA_CHANGED, /* Result: 0 or 1; each change is reported once */
	SHIM_DRIVE_STATUS,  /* Result: CDS_* */
	SHIM_CONTROL        /* data: words, a NUL after each. Result: 0 or 1; answer: text */
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
