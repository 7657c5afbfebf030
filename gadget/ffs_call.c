// SPDX-License-Identifier: GPL-2.0-or-later
/* How other threads reach the USB thread: they queue a function for it and wake it. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gadget/ffs_int.h"
#include "util/log.h"

void ffs_wake(struct ffs *f)
{
	uint64_t one = 1;

	if (write(f->wake_fd, &one, sizeof(one)) < 0)
		log_error("%s: eventfd: %s", f->instance, strerror(errno));
}

bool ffs_run_tasks(struct ffs *f)
{
	bool any = false;

	for (;;) {
		struct ffs_task *task;

		pthread_mutex_lock(&f->lock);
		task = f->tasks;
		if (task) {
			f->tasks = task->next;
			if (!f->tasks)
				f->tasks_end = &f->tasks;
		}
		pthread_mutex_unlock(&f->lock);
		if (!task)
			return any;
		any = true;
		task->fn(task->arg);
		if (task->posted) {
			free(task);
			continue;
		}
		/* The task is on the stack of ffs_call(), which returns once it sees done. */
		pthread_mutex_lock(&f->lock);
		task->done = true;
		pthread_cond_broadcast(&f->cond);
		pthread_mutex_unlock(&f->lock);
	}
}

/* Call it with the lock held. False: the USB thread does not run. */
static bool queue_task(struct ffs *f, struct ffs_task *task)
{
	if (!f->running)
		return false;
	task->next = NULL;
	*f->tasks_end = task;
	f->tasks_end = &task->next;
	return true;
}

void ffs_call(struct ffs *f, void (*fn)(void *arg), void *arg)
{
	struct ffs_task task = {.fn = fn, .arg = arg};
	bool queued;

	pthread_mutex_lock(&f->lock);
	queued = queue_task(f, &task);
	pthread_mutex_unlock(&f->lock);
	if (!queued) {
		fn(arg);
		return;
	}
	ffs_wake(f);
	pthread_mutex_lock(&f->lock);
	while (!task.done)
		pthread_cond_wait(&f->cond, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

int ffs_post(struct ffs *f, void (*fn)(void *arg), void *arg)
{
	struct ffs_task *task = malloc(sizeof(*task));
	bool queued;

	if (!task)
		return -ENOMEM;
	*task = (struct ffs_task){.fn = fn, .arg = arg, .posted = true};
	pthread_mutex_lock(&f->lock);
	queued = queue_task(f, task);
	pthread_mutex_unlock(&f->lock);
	if (queued) {
		ffs_wake(f);
		return 0;
	}
	free(task);
	fn(arg);
	return 0;
}

void ffs_resume(struct ffs *f)
{
	atomic_store(&f->resume, true);
	ffs_wake(f);
}
