/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that gives up its rights before it looks at what strangers have made (decision 019). It
 * has a socket of packets to the daemon, the descriptors that it is handed, and nothing else.
 */
#ifndef COMPACT_BARE_PROCESS_H
#define COMPACT_BARE_PROCESS_H

#include <limits.h>
#include <sys/types.h>

struct bare_process {
	pid_t pid;  /* 0 or less: there is none */
	int socket; /* SOCK_SEQPACKET; its other end is the process's standard input */
};

/*
 * Finds the program of that name: beside this one, as in a build directory, or where it is
 * installed. Returns path, also if there is no such program.
 */
const char *bare_process_find(const char *name, char path[PATH_MAX]);
/*
 * Starts a program. Its descriptors 1 to count are copies of fd[]. 0; -errno: there is no process.
 * Any thread.
 */
int bare_process_start(struct bare_process *p, const char *path, const int *fd, unsigned count);
/*
 * Kills the process, whatever it does, and waits until it is dead. Returns its status as waitpid()
 * has it; -1: unknown, or there was none.
 */
int bare_process_end(struct bare_process *p);

#endif
