/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the preloaded library: the device that programs see. */
#ifndef SHIM_CLIENT_H
#define SHIM_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHIM_MAJOR 11 /* SCSI_CDROM_MAJOR: libburn and libcdio check it */

/* The path of the simulated device node; "" if the environment names no server. */
const char *shim_node(void);
/* True if path is the device node, or /dev/fd/N of a descriptor of the device. NULL: false. */
bool shim_is_node(const char *path);
/* True if path is "", which stands for a descriptor (AT_EMPTY_PATH). NULL: false. */
bool shim_is_empty(const char *path);
/* True if fd is a descriptor of the device. */
bool shim_is_open(int fd);

/* All return as system calls in the kernel do: >= 0, or -errno. They do not change errno. */
int64_t shim_open(int flags);
int64_t shim_read(int fd, void *buf, size_t len, int64_t at); /* at < 0: the file position */
int64_t shim_seek(int fd, int64_t at, int whence);
int64_t shim_ioctl(int fd, unsigned long request, void *arg);

/* Sends one request to the server; data_in has room for in_len bytes. Its result or -errno. */
struct shim_request;
struct shim_reply;
int64_t shim_call(struct shim_request *q, const void *data_out, struct shim_reply *r, void *data_in,
	size_t in_len);

#endif
