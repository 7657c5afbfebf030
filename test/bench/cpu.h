/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures where the CPU time of the machine goes: to the threads of the device, to
 * interrupts, or to others. The kernel's own times of threads are not usable: Debian's
 * kernels lack CONFIG_IRQ_TIME_ACCOUNTING, so the time of an interrupt is charged to the
 * thread it interrupts, and with dummy_hcd, which has no wire, interrupts copy all the data.
 */
#ifndef TEST_BENCH_CPU_H
#define TEST_BENCH_CPU_H

#include <stdint.h>

struct cpu_times {
	uint64_t device, irq, other, idle; /* ns */
};

/* Starts measuring; once per process. The measurement slows the machine down. */
void cpu_init(void);
/* Sets all times to 0. */
void cpu_start(void);
/*
 * Returns the times since cpu_start(). device: the PID of a process, for all its threads and the
 * kernel's unbound workers, in which FunctionFS completes transfers; or the name of a
 * thread. With BENCH_THREADS in the environment it lists every thread on standard error.
 */
void cpu_stop(const char *device, struct cpu_times *t);

#endif
