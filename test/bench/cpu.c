// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Divides the CPU time into pieces, by a BPF program that runs at each switch of threads and
 * at begin and end of interrupts, and adds them up by thread. The program itself costs
 * about the same time for each piece; that is measured at the start and subtracted.
 */
#include "test/bench/cpu.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/array.h"

#define THREADS 32768 /* pid_max of a small machine */
#define IN_IRQ  THREADS
#define CLOCK   (THREADS + 1)
#define SLOTS   (THREADS + 2)
#define ROUNDS  2000

/*
 * For a thread, and for the interrupts: time and number of pieces. In the slot of the clock: when
 * the current piece began, and the nesting of interrupts.
 */
struct slot {
	uint64_t ns, n;
};

static struct slot *slots; /* shared with the BPF program */
static int slots_fd;
static uint64_t cost; /* of a piece, in ns / COST_SCALE */
#define COST_SCALE 1000u

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "cpu: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit(1);
}

/* ---- BPF ---------------------------------------------------------------------------------- */

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static void make_map(void)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = sizeof(struct slot),
		.max_entries = SLOTS,
		.map_flags = BPF_F_MMAPABLE};

	slots_fd = (int)bpf(BPF_MAP_CREATE, &attr);
	if (slots_fd < 0)
		die("BPF map: %s", strerror(errno));
	slots = mmap(NULL, SLOTS * sizeof(*slots), PROT_READ | PROT_WRITE, MAP_SHARED, slots_fd, 0);
	if (slots == MAP_FAILED)
		die("BPF map: %s", strerror(errno));
}

#define INSN(c, d, s, o, i)                                                                        \
	(struct bpf_insn)                                                                          \
	{                                                                                          \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                \
	}
#define MOV(d, s)       INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOVI(d, i)      INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD(d, s)       INSN(BPF_ALU64 | BPF_ADD | BPF_X, d, s, 0, 0)
#define ADDI(d, i)      INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define SUB(d, s)       INSN(BPF_ALU64 | BPF_SUB | BPF_X, d, s, 0, 0)
#define LOAD(d, s, o)   INSN(BPF_LDX | BPF_MEM | BPF_DW, d, s, o, 0)
#define STORE(d, o, s)  INSN(BPF_STX | BPF_MEM | BPF_DW, d, s, o, 0)
#define STOREW(d, o, s) INSN(BPF_STX | BPF_MEM | BPF_W, d, s, o, 0)
#define CALL(f)         INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define JZ(d, o)        INSN(BPF_JMP | BPF_JEQ | BPF_K, d, 0, o, 0)
#define EXIT            INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* A 64-bit constant; takes the space of two instructions. */
#define MAP(d, fd)      INSN(BPF_LD | BPF_DW | BPF_IMM, d, BPF_PSEUDO_MAP_FD, 0, fd), INSN(0, 0, 0, 0, 0)

/*
 * Ends a piece: adds the time since the last call to the current thread, or to the interrupts.
 * nesting: +1 when an interrupt begins, -1 when it ends.
 */
static int load_program(int map, int nesting)
{
	const struct bpf_insn code[] = {
		CALL(BPF_FUNC_ktime_get_ns),
		MOV(6, 0),
		CALL(BPF_FUNC_get_current_pid_tgid),
		STOREW(10, -4, 0), /* the thread's id */
		MOVI(1, CLOCK),
		STOREW(10, -8, 1),
		MAP(1, map),
		MOV(2, 10),
		ADDI(2, -8),
		CALL(BPF_FUNC_map_lookup_elem),
		JZ(0, 24),
		MOV(7, 0),
		/* r8 = length of the piece */
		MOV(8, 6),
		LOAD(1, 7, offsetof(struct slot, ns)),
		SUB(8, 1),
		STORE(7, offsetof(struct slot, ns), 6),
		LOAD(1, 7, offsetof(struct slot, n)),
		MOV(2, 1),
		ADDI(2, nesting),
		STORE(7, offsetof(struct slot, n), 2),
		JZ(1, 2),
		MOVI(1, IN_IRQ),
		STOREW(10, -4, 1),
		MAP(1, map),
		MOV(2, 10),
		ADDI(2, -4),
		CALL(BPF_FUNC_map_lookup_elem),
		JZ(0, 6),
		LOAD(1, 0, offsetof(struct slot, ns)),
		ADD(1, 8),
		STORE(0, offsetof(struct slot, ns), 1),
		LOAD(1, 0, offsetof(struct slot, n)),
		ADDI(1, 1),
		STORE(0, offsetof(struct slot, n), 1),
		MOVI(0, 0),
		EXIT,
	};
	char log[4096] = "";
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
		.insns = (uintptr_t)code,
		.insn_cnt = ARRAY_LEN(code),
		.license = (uintptr_t) "GPL",
		.log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
		.log_level = 1,
	};
	long fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		die("BPF program: %s\n%s", strerror(errno), log);
	return (int)fd;
}

static bool attach(int program, const char *tracepoint)
{
	union bpf_attr attr = {
		.raw_tracepoint = {.name = (uintptr_t)tracepoint, .prog_fd = (uint32_t)program}};

	return bpf(BPF_RAW_TRACEPOINT_OPEN, &attr) >= 0;
}

/* ---- measuring ---------------------------------------------------------------------------- */

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Attaching takes time; an interrupt during it would be counted only in part. */
void cpu_start(void)
{
	memset(slots, 0, CLOCK * sizeof(*slots));
	slots[CLOCK].n = 0;
	slots[CLOCK].ns = now();
}

static void attach_all(void)
{
	static const struct {
		const char *name;
		int nesting;
	} points[] = {
		{"sched_switch", 0},
		{"softirq_entry", 1},
		{"softirq_exit", -1},
		{"irq_handler_entry", 1},
		{"irq_handler_exit", -1},
		{"local_timer_entry", 1}, /* x86: the timer is not an irq_handler */
		{"local_timer_exit", -1},
	};

	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		bool there = attach(load_program(slots_fd, points[i].nesting), points[i].name);

		if (!there && strncmp(points[i].name, "local_", 6) != 0)
			die("tracepoint %s: %s", points[i].name, strerror(errno));
	}
}

/* Two threads that only wake each other: many pieces, almost no work. */
static uint64_t ping_pong(void)
{
	int to[2], from[2];
	uint64_t began;
	char c = 0;
	pid_t pid;

	if (pipe(to) < 0 || pipe(from) < 0)
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		close(to[1]);
		while (read(to[0], &c, 1) == 1 && write(from[1], &c, 1) == 1)
			;
		_exit(0);
	}
	began = now();
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (write(to[1], &c, 1) != 1 || read(from[0], &c, 1) != 1)
			die("pipe: %s", strerror(errno));
	}
	began = now() - began;
	close(to[0]);
	close(to[1]);
	close(from[0]);
	close(from[1]);
	waitpid(pid, NULL, 0);
	return began;
}

#define RUNS_LEAST 3u
#define RUNS_MOST  30u

/*
 * Takes the minimum of several runs, which other threads did not disturb: the two quickest are much
 * the same. The kernel may still be writing what the program before has left.
 */
static uint64_t quiet_ping_pong(uint64_t *pieces)
{
	uint64_t least = UINT64_MAX, second = UINT64_MAX;

	ping_pong(); /* not counted: page faults, cold caches of the kernel */
	for (unsigned i = 0; i < RUNS_MOST; i++) {
		uint64_t took, n = 0;

		cpu_start();
		took = ping_pong();
		for (size_t k = 0; k < CLOCK; k++)
			n += slots[k].n;
		if (took < least) {
			second = least;
			least = took;
			*pieces = n;
		} else if (took < second) {
			second = took;
		}
		if (i + 1 >= RUNS_LEAST && second - least <= least / 64)
			break;
	}
	return least;
}

void cpu_init(void)
{
	uint64_t without, with, pieces = 0;

	make_map();
	without = quiet_ping_pong(&pieces);
	attach_all();
	with = quiet_ping_pong(&pieces);
	if (with < without || !pieces)
		die("the cost of a piece cannot be measured");
	cost = (with - without) * COST_SCALE / pieces;
}

/* ---- threads ------------------------------------------------------------------------------ */

static void name_of(uint32_t thread, char *name, size_t size)
{
	char path[40];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/comm", thread);
	f = fopen(path, "r");
	if (!f || !fgets(name, (int)size, f))
		name[0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	if (f)
		fclose(f);
}

/* See cpu.h. */
static bool is_device(uint32_t thread, const char *device)
{
	char name[64], path[64];

	name_of(thread, name, sizeof(name));
	if (device[0] < '0' || device[0] > '9')
		return !strcmp(name, device);
	snprintf(path, sizeof(path), "/proc/%s/task/%u", device, thread);
	return access(path, F_OK) == 0 || !strncmp(name, "kworker/u", 9);
}

void cpu_stop(const char *device, struct cpu_times *t)
{
	static struct slot seen[CLOCK]; /* a copy made at once, because reading makes pieces too */
	bool all = getenv("BENCH_THREADS") != NULL;

	memcpy(seen, slots, sizeof(seen));
	*t = (struct cpu_times){0};
	for (uint32_t i = 0; i < CLOCK; i++) {
		uint64_t ns = seen[i].ns - seen[i].n * cost / COST_SCALE;
		char name[64] = "irq";

		if (!seen[i].n)
			continue;
		if (i == IN_IRQ)
			t->irq += ns;
		else if (i == 0)
			t->idle += ns;
		else if (is_device(i, device))
			t->device += ns;
		else
			t->other += ns;
		if (!all)
			continue;
		if (i != IN_IRQ)
			name_of(i, name, sizeof(name));
		fprintf(stderr, "# %5u %-24s %12" PRIu64 " ns %7" PRIu64 " pieces\n", i, name, ns,
			seen[i].n);
	}
}
