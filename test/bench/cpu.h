/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the CPU time of the machine goes: to the device's threads, to interrupts, to the
 * others. The kernel's own per-thread times will not do: Debian's are without
 * CONFIG_IRQ_TIME_ACCOUNTING, so an interrupt is charged to the thread it interrupts, and
 * on dummy_hcd the interrupts copy all the data: they are the wire.
 */
#ifndef TEST_BENCH_CPU_H
#define TEST_BENCH_CPU_H

#include <stdint.h>

struct cpu_times {
	uint64_t device, irq, other, idle; /* ns */
};

/* Once; everything is slower from then on. */
void cpu_init(void);
void cpu_start(void);
/*
 * The times since the start. device: a number = all threads of that process, and the
 * kernel's unbound workers, where FunctionFS completes transfers; else the name of a thread.
 * With BENCH_THREADS in the environment every thread is listed on standard error.
 */
void cpu_stop(const char *device, struct cpu_times *t);

#endif
