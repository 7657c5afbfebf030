/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that does one job after another for the main thread, each of which may wait for storage.
 * Its functions are for the main thread.
 */
#ifndef LIBRARY_WORKER_H
#define LIBRARY_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

struct worker {
	const char *name;        /* of the thread, at most 15 characters */
	void (*work)(void *ctx); /* the job, on the thread */
	/* On the main thread: the job is done, and the thread has ended. May start the next job. */
	void (*done)(void *ctx);
	void *ctx;

	bool running; /* done() is due */
	pthread_t thread;
	int fd;
	sd_event_source *wake;
};

/* The first four members are set. 0 or -errno; worker_close() is to be called in any case. */
int worker_open(struct worker *w, sd_event *event);
/* Begins a job; none runs. 0 or -errno. */
int worker_start(struct worker *w);
/* Waits for the job that runs; done() will not be called for it. */
void worker_join(struct worker *w);
/* No job runs. Fine also if worker_open() was not called and all members are 0. */
void worker_close(struct worker *w);

#endif
