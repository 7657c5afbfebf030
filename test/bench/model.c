// SPDX-License-Identifier: GPL-2.0-or-later
#include "test/bench/model.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Real-time priorities. The unrest (see below) is work of the board, so the host goes first. */
#define PRIORITY_HOST   2
#define PRIORITY_UNREST 1

__attribute__((noreturn)) static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void prefer(pid_t thread)
{
	struct sched_param p = {.sched_priority = PRIORITY_HOST};

	if (sched_setscheduler(thread, SCHED_FIFO, &p) < 0)
		die("model: priority");
}

static void host_first(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;

	if (!proc)
		die("model: /proc");
	while ((d = readdir(proc)) != NULL) {
		char path[300], name[32] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/comm", d->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fgets(name, sizeof(name), f) && !strcmp(name, "usb-storage\n"))
			prefer((pid_t)atoi(d->d_name));
		fclose(f);
	}
	closedir(proc);
	prefer(0);
}

/*
 * Unrest: short random loads on the CPU. dummy_hcd moves data every 125 us and never in
 * between. On a machine where everything always takes the same time, data that is ready a
 * microsecond too late is too late in every command of a run, and a small change anywhere
 * makes a row jump by a tenth. So, as on a real board, the CPU is busy with something else
 * for some microseconds now and then: the same for both sides and in every run, about one
 * per cent of the time.
 */
#define UNREST_PAUSE_NS 1000000u /* at most; half of it on average */
#define UNREST_SPIN_NS  8000u

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t unrest_random(uint32_t *x, uint32_t below)
{
	*x = *x * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(*x) * below >> 32);
}

static void *unrest_thread(void *arg)
{
	uint32_t x = 1;

	(void)arg;
	for (;;) {
		struct timespec pause = {.tv_nsec = unrest_random(&x, UNREST_PAUSE_NS)};
		uint64_t until;

		nanosleep(&pause, NULL);
		until = now() + unrest_random(&x, UNREST_SPIN_NS);
		while (now() < until)
			;
	}
	return NULL;
}

static void start_unrest(void)
{
	struct sched_param first = {.sched_priority = PRIORITY_UNREST};
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &first);
	errno = pthread_create(&thread, &attr, unrest_thread, NULL);
	if (errno)
		die("model: thread");
	pthread_attr_destroy(&attr);
}

void model_start(bool unrest)
{
	host_first();
	if (unrest)
		start_unrest();
}
