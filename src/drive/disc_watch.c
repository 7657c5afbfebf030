// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/disc_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library/library.h"
#include "media/media.h"
#include "media/store.h"
#include "util/log.h"
#include "util/thread.h"

#define OF_NAMES (IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF | IN_UNMOUNT)
/*
 * Events of an image's data. IN_CLOSE_WRITE costs nothing while the drive itself writes; IN_MODIFY,
 * for truncate(), would be an event for each write, so it is only for images that it does not write
 * to.
 */
#define OF_DATA  IN_CLOSE_WRITE

/* An image that left the drive and may not be closed yet. */
struct leaving {
	char *name;
	struct image_place *place;
	int old_dir; /* where its state file was before; -1 = at the place */
	char old_base[256];
	struct leaving *next;
};

struct disc_watch {
	struct disc_watch_config config;
	char guard[64];
	/* The image in the drive; place NULL = none. */
	struct image_place *place;
	char *name;
	bool recordable;
	struct stat as_inserted; /* size and times of an image that the drive only reads */
	int old_dir;             /* where its state file was before it moved; -1 = nowhere */
	char old_base[256];
	char problem[DISC_WATCH_TEXT];

	int notify_fd, wake_fd, watched;
	sd_event_source *notify, *wake;
	struct leaving *leaving; /* the thread, while it runs, copies the first */
	bool running;
	pthread_t thread;
	int copied; /* result of the thread */
};

__attribute__((format(printf, 2, 3))) static void report(struct disc_watch *w, const char *fmt, ...)
{
	char text[DISC_WATCH_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (strcmp(text, w->problem) != 0)
		log_warn("%s: %s", w->config.drive, text);
	memcpy(w->problem, text, sizeof(text));
}

static void watch_file(struct disc_watch *w, uint32_t events)
{
	char proc[32];

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", w->place->path_fd);
	w->watched = inotify_add_watch(w->notify_fd, proc, events);
}

/* ---- the image in the drive ----------------------------------------------------------------- */

/* Writes the path of the place, and returns the part of it below the media folder, or NULL. */
static const char *path_of(const struct disc_watch *w, char path[PATH_MAX])
{
	char top[PATH_MAX];
	size_t len;

	(void)library_path_of(w->place->dir_fd, path);
	len = strlen(path);
	snprintf(path + len, PATH_MAX - len, "%s%s", len == 1 ? "" : "/", w->place->base);
	if (!realpath(w->config.media, top))
		return NULL;
	len = strlen(top) == 1 ? 0 : strlen(top);
	return strncmp(path, top, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

/*
 * The place has changed from dir, which is taken over, and base. The drive learns the new
 * name; a state file that no drive writes to is renamed here.
 */
static void place_changed(struct disc_watch *w, int dir, const char *base)
{
	char path[PATH_MAX];
	const char *name = path_of(w, path);
	char *copy = name ? strdup(name) : NULL;

	if (!w->recordable && dir >= 0)
		(void)image_place_take_state(w->place, dir, base);
	if (w->old_dir >= 0)
		close(w->old_dir);
	w->old_dir = dir;
	snprintf(w->old_base, sizeof(w->old_base), "%s", base);
	w->config.moved(w->config.ctx, copy, path);
	if (copy) {
		free(w->name);
		w->name = copy;
	}
}

static void renamed(struct disc_watch *w, int dir, const char *base)
{
	char was[256];

	snprintf(was, sizeof(was), "%.255s", w->name);
	place_changed(w, dir, base);
	if (strcmp(was, w->name) != 0)
		report(w, "\"%.160s\" was renamed to \"%.160s\"; its state file goes with it", was,
			w->name);
	else
		report(w,
			"\"%.200s\" was moved out of the media folder; it stays in the drive, and "
			"is not found again after a restart",
			was);
}

static void report_kept(struct disc_watch *w, const char *was)
{
	if (w->place->must_copy)
		report(w,
			"\"%.160s\" was deleted or replaced. It stays in the drive, and is copied "
			"to \"%.160s\" when it leaves it: do not cut the power before",
			was, w->place->base);
	else
		report(w,
			"\"%.160s\" was deleted or replaced while the drive holds it, so its data "
			"is \"%.160s\" now; delete that when it is out of the drive",
			was, w->place->base);
}

static void nameless(struct disc_watch *w, int dir, const char *base)
{
	char was[256];
	int r;

	if (!w->recordable) {
		close(dir);
		report(w,
			"\"%.200s\" was deleted or replaced; the host can read it until it leaves "
			"the drive",
			w->name);
		return;
	}
	snprintf(was, sizeof(was), "%.255s", w->name);
	r = image_place_keep(w->place, w->config.media);
	if (r < 0) {
		close(dir);
		report(w,
			"\"%.200s\" was deleted, and there is no folder to keep it in (%s): make "
			"%.160s again before the disc leaves the drive",
			was, strerror(-r), w->config.media);
		return;
	}
	place_changed(w, dir, base);
	report_kept(w, was);
}

/*
 * True if the image is shorter than its disc because its last block was incomplete from the start:
 * a recordable image that is not a disc of its state is a read-only disc of whole blocks.
 */
static bool is_padded(const struct disc_watch *w, uint64_t size, uint64_t safe)
{
	return size == (uint64_t)w->as_inserted.st_size && safe - size < MEDIA_BLOCK;
}

/* Reports changes of the data by other programs. */
static void look_at_data(struct disc_watch *w)
{
	const struct stat *was = &w->as_inserted;
	uint64_t safe = w->recordable ? w->config.safe_bytes(w->config.ctx) : 0;
	struct stat st;

	if (fstat(w->place->path_fd, &st) < 0)
		return;
	if (w->recordable && (uint64_t)st.st_size < safe &&
		!is_padded(w, (uint64_t)st.st_size, safe))
		report(w,
			"another program has cut \"%.160s\" to %" PRIu64 " bytes, but %" PRIu64
			" were burned: the rest is lost",
			w->name, (uint64_t)st.st_size, safe);
	if (!w->recordable &&
		(st.st_size != was->st_size || st.st_mtim.tv_sec != was->st_mtim.tv_sec ||
			st.st_mtim.tv_nsec != was->st_mtim.tv_nsec)) {
		/* One such event is enough. */
		watch_file(w, OF_NAMES | OF_DATA);
		report(w,
			"another program has changed \"%.200s\" while the drive holds it; insert "
			"it again to show the host the new disc",
			w->name);
	}
}

static void look_at_state(struct disc_watch *w)
{
	char name[sizeof(w->place->base) + sizeof(STORE_SUFFIX)];
	struct stat st;

	snprintf(name, sizeof(name), "%s" STORE_SUFFIX, w->place->base);
	if (w->recordable && fstatat(w->place->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 &&
		errno == ENOENT)
		w->config.state_missing(w->config.ctx);
}

static void look(struct disc_watch *w)
{
	char base[256];
	int dir;

	if (!w->place)
		return;
	dir = fcntl(w->place->dir_fd, F_DUPFD_CLOEXEC, 0);
	snprintf(base, sizeof(base), "%s", w->place->base);
	switch (image_place_look(w->place)) {
	case IMAGE_SAME:
		if (dir >= 0)
			close(dir);
		break;
	case IMAGE_MOVED:
		renamed(w, dir, base);
		break;
	case IMAGE_NAMELESS:
		nameless(w, dir, base);
		return;
	}
	look_at_data(w);
	look_at_state(w);
}

static int on_notify(sd_event_source *s, int fd, uint32_t events, void *watch)
{
	char buf[4096] __attribute__((aligned(8)));
	struct disc_watch *w = watch;

	(void)s;
	(void)events;
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	look(w);
	return 0;
}

/* ---- images that left the drive ------------------------------------------------------------- */

static void drop_first(struct disc_watch *w)
{
	struct leaving *l = w->leaving;

	w->leaving = l->next;
	image_place_unguard(l->place);
	image_place_unref(l->place);
	if (l->old_dir >= 0)
		close(l->old_dir);
	free(l->name);
	free(l);
}

/* The state file follows an image that was closed before its drive could save it elsewhere. */
static void take_state(const struct leaving *l)
{
	if (l->old_dir >= 0)
		(void)image_place_take_state(l->place, l->old_dir, l->old_base);
}

static void copy_done(struct disc_watch *w, int r)
{
	const struct leaving *l = w->leaving;

	if (r < 0 && image_place_is_guarded(l->place))
		log_error("%s: \"%s\" was deleted while the drive held it, and cannot be copied: "
			  "%s; its data is in the hidden file %s, which gets a name when the "
			  "daemon starts again",
			w->config.drive, l->name, strerror(-r), l->place->guard);
	else if (r < 0)
		log_error(
			"%s: \"%s\" was deleted while the drive held it, and its data is lost: %s",
			w->config.drive, l->name, strerror(-r));
	else
		log_warn("%s: \"%s\", which was deleted while the drive held it, is \"%s\" now",
			w->config.drive, l->name, l->place->base);
	if (r == 0)
		take_state(l);
}

static void *copy_thread(void *watch)
{
	struct disc_watch *w = watch;
	uint64_t one = 1;

	w->copied = image_place_copy(w->leaving->place, w->config.media);
	(void)!write(w->wake_fd, &one, sizeof(one));
	return NULL;
}

/* Closed images get their last names. */
static void settle(struct disc_watch *w)
{
	while (w->leaving && !w->running && holder_removed_are_closed(w->config.self)) {
		if (w->leaving->place->must_copy) {
			w->running = thread_start(&w->thread, "copy", copy_thread, w) == 0;
			if (w->running)
				return;
			copy_done(w, image_place_copy(w->leaving->place, w->config.media));
		} else {
			take_state(w->leaving);
		}
		drop_first(w);
	}
}

static int on_wake(sd_event_source *s, int fd, uint32_t events, void *watch)
{
	struct disc_watch *w = watch;
	uint64_t count;

	(void)s;
	(void)events;
	(void)!read(fd, &count, sizeof(count));
	if (!w->running)
		return 0;
	pthread_join(w->thread, NULL);
	w->running = false;
	copy_done(w, w->copied);
	drop_first(w);
	settle(w);
	return 0;
}

/* ---- observer ------------------------------------------------------------------------------- */

static void stop_watching(struct disc_watch *w)
{
	if (w->watched >= 0)
		(void)inotify_rm_watch(w->notify_fd, w->watched);
	w->watched = -1;
}

static void on_removed(void *ctx, const struct image *was, const char *next)
{
	struct leaving **at, *l = calloc(1, sizeof(*l));
	struct disc_watch *w = ctx;

	(void)was;
	(void)next;
	look(w);
	stop_watching(w);
	if (l && w->place) {
		*l = (struct leaving){.name = w->name, .place = w->place, .old_dir = w->old_dir};
		memcpy(l->old_base, w->old_base, sizeof(l->old_base));
		for (at = &w->leaving; *at; at = &(*at)->next)
			;
		*at = l;
	} else {
		free(l);
	}
	w->name = NULL;
	w->place = NULL;
	w->old_dir = -1;
	w->problem[0] = '\0';
}

/* There is one hidden name for each drive: that of the disc before is not needed any more. */
static void guard(struct disc_watch *w)
{
	int folder, r;

	/* The thread uses the first while it runs. */
	for (const struct leaving *l = w->leaving; l; l = l->next) {
		if (!w->running || l != w->leaving)
			image_place_unguard(l->place);
	}
	folder = library_open_folder(w->config.media);
	r = image_place_guard(w->place, folder, w->guard);
	if (folder >= 0)
		close(folder);
	if (r < 0)
		log_debug("%s: %s has no second name: %s", w->config.drive, w->name, strerror(-r));
}

static void on_inserted(void *ctx, const struct image *in)
{
	struct disc_watch *w = ctx;

	if (!in->place || !(w->name = strdup(in->name)))
		return;
	w->place = image_place_ref(in->place);
	w->recordable = in->recordable;
	(void)fstat(w->place->path_fd, &w->as_inserted);
	if (w->recordable)
		guard(w);
	watch_file(w, OF_NAMES | OF_DATA | (w->recordable ? 0 : IN_MODIFY));
	/* Something may have happened since the image was opened. */
	look(w);
}

static void on_event_handled(void *ctx)
{
	settle(ctx);
}

const struct drive_observer disc_watch_observer = {
	.inserted = on_inserted,
	.restored = on_inserted,
	.removed = on_removed,
	.event_handled = on_event_handled,
};

/* ---- creation and queries ------------------------------------------------------------------- */

/* The recovered disc was called last, in the folder, and its state file still is. */
static void recover_state(int folder, const char *last, const char *base, const char *kept)
{
	struct image_place to = {.dir_fd = folder};
	char dir[PATH_MAX];
	int from;

	snprintf(dir, sizeof(dir), "./%.*s", (int)(base - last), last);
	from = openat(folder, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0)
		return;
	snprintf(to.base, sizeof(to.base), "%s", kept);
	(void)image_place_take_state(&to, from, base);
	close(from);
}

static void recover(struct disc_watch *w)
{
	const char *last = w->config.last;
	const char *stem = last && *last ? last : w->config.drive;
	int folder = library_open_folder(w->config.media);
	char kept[256];

	if (folder < 0)
		return;
	stem = strrchr(stem, '/') ? strrchr(stem, '/') + 1 : stem;
	image_guard_recover(folder, w->guard, stem, kept);
	if (*kept && last && *last)
		recover_state(folder, last, stem, kept);
	if (*kept)
		log_warn("%s: a disc that was deleted while the drive held it is \"%s\" now",
			w->config.drive, kept);
	close(folder);
}

static int setup(struct disc_watch *w, sd_event *event)
{
	int r;

	w->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->notify_fd < 0 || w->wake_fd < 0)
		return -errno;
	r = sd_event_add_io(event, &w->notify, w->notify_fd, EPOLLIN, on_notify, w);
	if (r >= 0)
		r = sd_event_add_io(event, &w->wake, w->wake_fd, EPOLLIN, on_wake, w);
	return r < 0 ? r : 0;
}

int disc_watch_new(const struct disc_watch_config *config, sd_event *event, struct disc_watch **out)
{
	struct disc_watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->config = *config;
	w->watched = w->old_dir = w->notify_fd = w->wake_fd = -1;
	snprintf(w->guard, sizeof(w->guard), IMAGE_HIDDEN_PREFIX "%.32s" IMAGE_GUARD_SUFFIX,
		config->drive);
	recover(w);
	w->config.last = NULL;
	r = setup(w, event);
	if (r < 0) {
		disc_watch_free(w);
		return r;
	}
	*out = w;
	return 0;
}

void disc_watch_leave(struct disc_watch *w)
{
	if (w && w->place)
		on_removed(w, NULL, NULL);
}

void disc_watch_free(struct disc_watch *w)
{
	if (!w)
		return;
	if (w->running) {
		pthread_join(w->thread, NULL);
		copy_done(w, w->copied);
		drop_first(w);
	}
	while (w->leaving) {
		if (w->leaving->place->must_copy)
			copy_done(w, image_place_copy(w->leaving->place, w->config.media));
		else
			take_state(w->leaving);
		drop_first(w);
	}
	sd_event_source_disable_unref(w->notify);
	sd_event_source_disable_unref(w->wake);
	if (w->notify_fd >= 0)
		close(w->notify_fd);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	free(w);
}

const char *disc_watch_problem(struct disc_watch *w)
{
	look(w);
	return w->problem;
}

int disc_watch_must_stay(struct disc_watch *w)
{
	uint64_t need, free;

	look(w);
	if (!w->place || !w->place->must_copy)
		return 0;
	image_place_room(w->place, &need, &free);
	if (need > 0 && image_place_look(w->place) == IMAGE_NAMELESS)
		return -ENOENT;
	if (need <= free)
		return 0;
	report(w,
		"\"%.160s\" was deleted, and %" PRIu64
		" MB are needed for a copy of it, but %" PRIu64
		" MB are free: make room before the disc leaves the drive",
		w->name, need / 1000000 + 1, free / 1000000);
	return -ENOSPC;
}
