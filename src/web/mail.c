// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/mail.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mail {
	pthread_mutex_t lock; /* leaf lock */
	struct letter *first, **end;
	sd_event_source *source;
	int fd;
};

static int on_mail(sd_event_source *s, int fd, uint32_t events, void *mail)
{
	struct mail *m = mail;
	uint64_t count;
	struct letter *l, *next;

	(void)s;
	(void)events;
	if (read(fd, &count, sizeof(count)) < 0)
		return 0;
	pthread_mutex_lock(&m->lock);
	l = m->first;
	m->first = NULL;
	m->end = &m->first;
	pthread_mutex_unlock(&m->lock);
	for (; l; l = next) {
		next = l->next; /* run() may free it */
		l->run(l->ctx);
	}
	return 0;
}

int mail_new(sd_event *event, struct mail **out)
{
	struct mail *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	pthread_mutex_init(&m->lock, NULL);
	m->end = &m->first;
	m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = m->fd < 0 ? -errno : sd_event_add_io(event, &m->source, m->fd, EPOLLIN, on_mail, m);
	if (r < 0) {
		mail_free(m);
		return r;
	}
	*out = m;
	return 0;
}

void mail_free(struct mail *m)
{
	if (!m)
		return;
	sd_event_source_disable_unref(m->source);
	if (m->fd >= 0)
		close(m->fd);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

void mail_post(struct mail *m, struct letter *l)
{
	const uint64_t one = 1;
	ssize_t n;

	l->next = NULL;
	pthread_mutex_lock(&m->lock);
	*m->end = l;
	m->end = &l->next;
	pthread_mutex_unlock(&m->lock);
	n = write(m->fd, &one, sizeof(one));
	(void)n; /* EAGAIN: it is not read yet, and will be */
}
