/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs of the benchmark share that are the host. */
#ifndef TEST_BENCH_HOST_H
#define TEST_BENCH_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Prints the program's name and the message to standard error, and ends the program with 1. */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *fmt, ...);

/* ns of a clock that only goes forward. */
uint64_t now(void);

/* Takes "-c DEVICE" (see cpu.h) from the beginning of the arguments, if it is there. */
void host_options(int *argc, char ***argv);
/* To be called before commands are measured: see model_start(). Counting CPU time needs no unrest.
 */
void host_ready(void);
/* Begins to measure. Returns now(). */
uint64_t begin(void);
/* Prints the count and what was measured since began: time, or with -c CPU times. */
void result(uint64_t count, uint64_t began);

/* Both end the program if they cannot. The memory is zero, and has no page faults left. */
int open_or_die(const char *path, int flags);
void *buffer(size_t size);

/*
 * Sends a command by SG_IO; direction as in scsi/sg.h. True: GOOD. Ends the program if the kernel
 * does not send it.
 */
bool sg(int fd, uint8_t *cdb, uint8_t cdb_len, int direction, void *data, size_t len);
/* Reads all of the bytes, or ends the program with the sense. */
void sg_read(int fd, uint8_t *cdb, uint8_t cdb_len, void *data, size_t len);

#endif
