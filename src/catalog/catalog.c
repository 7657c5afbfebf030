// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests, and the thread that scans for them. One scan runs at a time. A request that comes
 * while a scan runs waits for the next one: the running scan may have missed the file that it
 * is for.
 */
#include "catalog/catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "library/library.h"
#include "util/thread.h"
#include "util/log.h"

struct catalog {
	unsigned refs;
	char *path;
	int wake_fd;
	sd_event_source *wake;
	unsigned label_wait;
	struct catalog_request *waiting, *served; /* by the next scan, by the running one */
	bool scanning;                            /* until all of served are answered */
	bool threaded;
	pthread_t thread;

	/* Used only by the thread while it runs. */
	struct catalog_scan scan;
	struct catalog_labels cache;
	struct catalog_list list;
	atomic_bool stop;
};

bool catalog_entry_is_too_large(const struct catalog_entry *e, enum image_as iso)
{
	/* The sectors of a "cd" are those of a CD already. */
	return e->plain_image && strcmp(e->kind, "cd") != 0 &&
	       image_as_is_too_large(IMAGE_AS_DRIVE, iso, e->size);
}

static void *scan_thread(void *catalog)
{
	struct catalog *c = catalog;
	uint64_t one = 1;

	c->scan.path = c->path;
	c->scan.folder = library_open_folder(c->path);
	if (c->scan.folder >= 0) {
		catalog_scan(&c->scan, &c->cache, &c->list);
		close(c->scan.folder);
	} else {
		c->list = (struct catalog_list){.error = c->scan.folder};
	}
	(void)!write(c->wake_fd, &one, sizeof(one));
	return NULL;
}

/* One scan serves either the requests for labels or the others, which need not wait for labels. */
static void start_scan(struct catalog *c)
{
	struct catalog_request **from = &c->waiting, **to = &c->served, *r;
	bool labels;

	if (c->scanning || !c->waiting)
		return;
	labels = c->waiting->labels;
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
	c->scanning = true;
	c->scan = (struct catalog_scan){
		.max = CATALOG_MAX,
		.label_wait = labels ? c->label_wait : 0,
		.look_wait = CATALOG_LOOK_WAIT,
		.read_label = label_read,
		.stop = &c->stop,
	};
	c->threaded = thread_start(&c->thread, "catalog", scan_thread, c) == 0;
	if (!c->threaded) {
		log_warn(
			"no thread to scan the media folder, so control commands wait for storage");
		scan_thread(c);
	}
}

static void join_thread(struct catalog *c)
{
	if (c->threaded)
		pthread_join(c->thread, NULL);
	c->threaded = false;
}

static int on_wake(sd_event_source *source, int fd, uint32_t events, void *catalog)
{
	struct catalog *c = catalog;
	struct catalog_request *r;
	uint64_t count;

	(void)source;
	(void)events;
	(void)!read(fd, &count, sizeof(count));
	join_thread(c);
	catalog_ref(c);
	while ((r = c->served) != NULL) {
		c->served = r->next;
		r->next = NULL;
		r->done(r, &c->list);
	}
	catalog_list_fini(&c->list);
	c->scanning = false;
	start_scan(c);
	catalog_unref(c);
	return 0;
}

int catalog_new(const char *path, sd_event *event, unsigned label_wait, struct catalog **out)
{
	struct catalog *c = calloc(1, sizeof(*c));
	int r = 0;

	if (!c)
		return -ENOMEM;
	c->refs = 1;
	c->label_wait = label_wait;
	c->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	c->path = strdup(path);
	if (c->wake_fd < 0)
		r = -errno;
	else if (!c->path)
		r = -ENOMEM;
	if (r == 0)
		r = sd_event_add_io(event, &c->wake, c->wake_fd, EPOLLIN, on_wake, c);
	if (r < 0) {
		catalog_unref(c);
		return r;
	}
	*out = c;
	return 0;
}

struct catalog *catalog_ref(struct catalog *c)
{
	c->refs++;
	return c;
}

static void cancel_requests(struct catalog_request **from)
{
	struct catalog_request *r;

	while ((r = *from) != NULL) {
		*from = r->next;
		r->next = NULL;
		r->done(r, NULL);
	}
}

void catalog_unref(struct catalog *c)
{
	if (!c || --c->refs > 0)
		return;
	/* The scan ends after the file that it is reading. */
	atomic_store(&c->stop, true);
	join_thread(c);
	cancel_requests(&c->served);
	cancel_requests(&c->waiting);
	sd_event_source_disable_unref(c->wake);
	catalog_list_fini(&c->list);
	catalog_labels_fini(&c->cache);
	if (c->wake_fd >= 0)
		close(c->wake_fd);
	free(c->path);
	free(c);
}

void catalog_request(struct catalog *c, struct catalog_request *r)
{
	struct catalog_request **at = &c->waiting;

	r->next = NULL;
	while (*at)
		at = &(*at)->next;
	*at = r;
	start_scan(c);
}

static bool unlink_request(struct catalog_request **at, const struct catalog_request *r)
{
	while (*at && *at != r)
		at = &(*at)->next;
	if (!*at)
		return false;
	*at = r->next;
	return true;
}

void catalog_forget(struct catalog *c, struct catalog_request *r)
{
	if (!unlink_request(&c->served, r))
		(void)unlink_request(&c->waiting, r);
	r->next = NULL;
}
