/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes all rights from the process, before it reads a byte that a stranger wrote: afterwards it
 * can read from and write to the descriptors that it has, and end. It can open nothing.
 */
#ifndef RESOLVER_SANDBOX_H
#define RESOLVER_SANDBOX_H

#define SANDBOX_MEMORY (64u << 20) /* bytes of address space */
#define SANDBOX_CPU    2u          /* seconds */

/*
 * Gives up the rights. 0; -errno: some of them remain, and the process must end. Afterwards the
 * kernel kills the process (SIGSYS) for any system call but read, write and exit.
 */
int sandbox_enter(void);
/*
 * The same for a process that decodes the files of a disc, which can be in a drive for days: the
 * process may call pread64() as well, and its processor time has no limit.
 */
int sandbox_enter_to_decode(void);

#endif
