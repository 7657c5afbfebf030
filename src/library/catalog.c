// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who asked, and the thread that looks. One look at a time; those who ask while it
 * is under way wait for the next one, for what they look for may be newer.
 */
#include "library/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/thread.h"
#include "util/log.h"

struct catalog {
	unsigned refs;
	int folder, wake_fd;
	sd_event_source *wake;
	unsigned label_wait;
	struct catalog_request *waiting, *served; /* for the next look, for the one under way */
	bool looking;                             /* until its answers are given */
	bool threaded;
	pthread_t thread;

	/* Of the thread, while there is one. */
	struct catalog_scan scan;
	struct catalog_labels known;
	struct catalog_list list;
	atomic_bool stop;
};

static void *look(void *catalog)
{
	struct catalog *s = catalog;
	uint64_t one = 1;

	catalog_scan(&s->scan, &s->known, &s->list);
	(void)!write(s->wake_fd, &one, sizeof(one));
	return NULL;
}

/* Those who want labels wait for them; who does not is not held up by them. */
static void begin(struct catalog *s)
{
	struct catalog_request **from = &s->waiting, **to = &s->served, *r;
	bool labels;

	if (s->looking || !s->waiting)
		return;
	labels = s->waiting->labels;
	while ((r = *from) != NULL) {
		if (r->labels != labels) {
			from = &r->next;
			continue;
		}
		*from = r->next;
		r->next = NULL;
		*to = r;
		to = &r->next;
	}
	s->looking = true;
	s->scan = (struct catalog_scan){
		.folder = s->folder,
		.max = CATALOG_MAX,
		.label_wait = labels ? s->label_wait : 0,
		.read_label = label_read,
		.stop = &s->stop,
	};
	s->threaded = thread_start(&s->thread, "catalog", look, s) == 0;
	if (!s->threaded) {
		log_warn("no thread to look at the media folder; the control waits for storage");
		look(s);
	}
}

static void join(struct catalog *s)
{
	if (s->threaded)
		pthread_join(s->thread, NULL);
	s->threaded = false;
}

static int on_wake(sd_event_source *source, int fd, uint32_t events, void *catalog)
{
	struct catalog *s = catalog;
	struct catalog_request *r;
	uint64_t count;

	(void)source;
	(void)events;
	(void)!read(fd, &count, sizeof(count));
	join(s);
	catalog_ref(s);
	while ((r = s->served) != NULL) {
		s->served = r->next;
		r->next = NULL;
		r->done(r, &s->list);
	}
	catalog_list_fini(&s->list);
	s->looking = false;
	begin(s);
	catalog_unref(s);
	return 0;
}

int catalog_new(int folder, sd_event *event, unsigned label_wait, struct catalog **out)
{
	struct catalog *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		return -ENOMEM;
	s->refs = 1;
	s->label_wait = label_wait;
	s->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	s->folder = fcntl(folder, F_DUPFD_CLOEXEC, 0);
	if (s->folder < 0 || s->wake_fd < 0)
		r = -errno;
	if (r == 0)
		r = sd_event_add_io(event, &s->wake, s->wake_fd, EPOLLIN, on_wake, s);
	if (r < 0) {
		catalog_unref(s);
		return r;
	}
	*out = s;
	return 0;
}

bool catalog_is_of(const struct catalog *s, int folder)
{
	struct stat a, b;

	return fstat(s->folder, &a) == 0 && fstat(folder, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

struct catalog *catalog_ref(struct catalog *s)
{
	s->refs++;
	return s;
}

static void answer_none(struct catalog_request **from)
{
	struct catalog_request *r;

	while ((r = *from) != NULL) {
		*from = r->next;
		r->next = NULL;
		r->done(r, NULL);
	}
}

void catalog_unref(struct catalog *s)
{
	if (!s || --s->refs > 0)
		return;
	/* It ends with the file it is at. */
	atomic_store(&s->stop, true);
	join(s);
	answer_none(&s->served);
	answer_none(&s->waiting);
	sd_event_source_disable_unref(s->wake);
	catalog_list_fini(&s->list);
	catalog_labels_fini(&s->known);
	if (s->wake_fd >= 0)
		close(s->wake_fd);
	if (s->folder >= 0)
		close(s->folder);
	free(s);
}

void catalog_request(struct catalog *s, struct catalog_request *r)
{
	struct catalog_request **at = &s->waiting;

	r->next = NULL;
	while (*at)
		at = &(*at)->next;
	*at = r;
	begin(s);
}

static bool take_out(struct catalog_request **at, const struct catalog_request *r)
{
	while (*at && *at != r)
		at = &(*at)->next;
	if (!*at)
		return false;
	*at = r->next;
	return true;
}

void catalog_forget(struct catalog *s, struct catalog_request *r)
{
	if (!take_out(&s->served, r))
		(void)take_out(&s->waiting, r);
	r->next = NULL;
}
