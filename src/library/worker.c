// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/worker.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/thread.h"

static void *run(void *worker)
{
	struct worker *w = worker;
	uint64_t one = 1;

	w->work(w->ctx);
	(void)!write(w->fd, &one, sizeof(one));
	return NULL;
}

static int on_wake(sd_event_source *s, int fd, uint32_t events, void *worker)
{
	struct worker *w = worker;

	(void)s;
	(void)fd;
	(void)events;
	if (!w->running)
		return 0;
	worker_join(w);
	w->done(w->ctx);
	return 0;
}

int worker_open(struct worker *w, sd_event *event)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	w->fd = fd;
	r = sd_event_add_io(event, &w->wake, fd, EPOLLIN, on_wake, w);
	if (r >= 0)
		return 0;
	close(fd);
	w->wake = NULL;
	return r;
}

int worker_start(struct worker *w)
{
	int r = thread_start(&w->thread, w->name, run, w);

	w->running = r == 0;
	return -r;
}

void worker_join(struct worker *w)
{
	uint64_t count;

	pthread_join(w->thread, NULL);
	w->running = false;
	/* Otherwise this job's end would be taken for that of the next one. */
	(void)!read(w->fd, &count, sizeof(count));
}

void worker_close(struct worker *w)
{
	if (!w->wake)
		return;
	w->wake = sd_event_source_disable_unref(w->wake);
	close(w->fd);
}
