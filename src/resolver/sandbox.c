// SPDX-License-Identifier: GPL-2.0-or-later
#include "resolver/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/array.h"

/*
 * System calls have other numbers on each of these. The filter checks which one a call is made for:
 * otherwise the process could make a call by the numbers of another one (x86-64 also has i386's).
 */
#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH AUDIT_ARCH_ARM
#elif defined(__s390x__)
#define ARCH AUDIT_ARCH_S390X
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH AUDIT_ARCH_PPC64LE
#else
#define ARCH 0 /* sandbox_enter() fails */
#endif

#define NOBODY 65534

/*
 * Jumps to the last instruction, which allows the call: over the `rest` comparisons that follow,
 * and over the instruction that kills the process.
 */
#define ALLOW(nr, rest) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, (rest) + 1, 0)

#define PREAD 8 /* its place in the filter: the last comparison */

static int filter_calls(bool decode)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(SYS_read, 4),
		ALLOW(SYS_write, 3),
		ALLOW(SYS_exit_group, 2),
		ALLOW(SYS_exit, 1),
		[PREAD] = ALLOW(SYS_pread64, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {ARRAY_LEN(code), code};

	if (ARCH == 0)
		return -ENOSYS;
	if (!decode)
		code[PREAD].jt = 0;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0 ? -errno : 0;
}

static int limit(int what, rlim_t most)
{
	const struct rlimit l = {most, most};

	return setrlimit((__rlimit_resource_t)what, &l) < 0 ? -errno : 0;
}

static int set_limits(bool decode)
{
	static const struct {
		int what;
		rlim_t most;
	} limits[] = {
		{RLIMIT_AS, SANDBOX_MEMORY},
		{RLIMIT_CPU, SANDBOX_CPU},
		{RLIMIT_NOFILE, 0},
		{RLIMIT_NPROC, 0},
		{RLIMIT_FSIZE, 0},
		{RLIMIT_CORE, 0},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(limits); i++) {
		if (!decode || limits[i].what != RLIMIT_CPU)
			r = limit(limits[i].what, limits[i].most);
	}
	return r;
}

/* The service has an ordinary user already; a daemon that root has started by hand has not. */
static int drop_root(void)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -errno;
	return 0;
}

static int enter(bool decode)
{
	int r = drop_root();

	if (r == 0)
		r = set_limits(decode);
	if (r == 0 && (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
			      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0))
		r = -errno;
	return r == 0 ? filter_calls(decode) : r;
}

int sandbox_enter(void)
{
	return enter(false);
}

int sandbox_enter_to_decode(void)
{
	return enter(true);
}
