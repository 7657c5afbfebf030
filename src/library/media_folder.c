// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/media_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/log.h"

/* Events of the folder itself. A watch keeps no file system mounted. */
#define OF_FOLDER (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_ONLYDIR)
/* Events of its name, in the directory that has it. */
#define OF_NAME   (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR)

struct media_folder {
	unsigned refs;
	char *path, *parent;
	int error; /* 0 = the folder is there; -errno */
	dev_t dev;
	ino_t ino;
	char problem[512];
	int watch_fd, mounts_fd;
	int watched; /* the watch of the folder itself; -1 = none */
	sd_event_source *watch, *mounts;
};

/* Watches whatever has the names now. A watch that cannot be had is one event less. */
static void watch_names(struct media_folder *f)
{
	int old = f->watched;

	(void)inotify_add_watch(f->watch_fd, f->parent, OF_NAME);
	f->watched = inotify_add_watch(f->watch_fd, f->path, OF_FOLDER);
	if (old >= 0 && old != f->watched)
		(void)inotify_rm_watch(f->watch_fd, old);
}

static const char *what_changed(const struct media_folder *f, const struct stat *st)
{
	return st->st_dev != f->dev ? "another file system is there now, because one was mounted "
				      "or unmounted"
				    : "it was removed and made again, or renamed";
}

/* The reason may lie in the service's unit, which limits what the daemon sees and may write. */
#define SERVICE_LIMITS_HINT                                                                        \
	" (as this user, in this service: see drives[].media in mmcgadget.conf(5))"

int media_folder_check(const char *path, const char *drive)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		int error = errno;

		log_error("drive \"%s\": media folder %s: %s%s", drive, path, strerror(error),
			geteuid() ? SERVICE_LIMITS_HINT : "");
		return -error;
	}
	if (faccessat(fd, ".", W_OK, AT_EACCESS) < 0)
		log_warn("drive \"%s\": media folder %s: nothing can be burned there: %s%s", drive,
			path, strerror(errno), geteuid() ? SERVICE_LIMITS_HINT : "");
	close(fd);
	return 0;
}

/*
 * A service may write only to the folder that was there when it was started, and to what is
 * mounted on that one later.
 */
static void warn_if_read_only(const struct media_folder *f)
{
	if (faccessat(AT_FDCWD, f->path, W_OK, AT_EACCESS) < 0)
		log_warn("media folder %s: nothing can be burned there: %s%s", f->path,
			strerror(errno),
			errno == EROFS && geteuid() ? "; restart the service if it was made again"
						    : "");
}

static void found(struct media_folder *f, const struct stat *st)
{
	bool same = st->st_dev == f->dev && st->st_ino == f->ino;

	if (!same)
		log_warn("media folder %s: %s; control commands use it from now on, and discs that "
			 "are in drives stay where they are",
			f->path, what_changed(f, st));
	else if (f->error)
		log_info("media folder %s: it is back", f->path);
	if (!same || f->error)
		watch_names(f);
	if (!same)
		warn_if_read_only(f);
	f->error = 0;
	f->dev = st->st_dev;
	f->ino = st->st_ino;
}

static void missed(struct media_folder *f, int error)
{
	if (f->error == error)
		return;
	f->error = error;
	snprintf(f->problem, sizeof(f->problem), "the media folder %.400s is gone: %s", f->path,
		strerror(-error));
	log_warn("%s; discs that are in drives stay in them", f->problem);
}

const char *media_folder_look(struct media_folder *f)
{
	struct stat st;
	int r = stat(f->path, &st) < 0 ? -errno : S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;

	if (r == 0)
		found(f, &st);
	else
		missed(f, r);
	return f->error ? f->problem : NULL;
}

static int on_watch(sd_event_source *s, int fd, uint32_t events, void *folder)
{
	char buf[4096] __attribute__((aligned(8)));

	(void)s;
	(void)events;
	/* The names are looked up again, whatever the event was. */
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	(void)media_folder_look(folder);
	return 0;
}

static int on_mounts(sd_event_source *s, int fd, uint32_t events, void *folder)
{
	(void)s;
	(void)fd;
	(void)events;
	(void)media_folder_look(folder);
	return 0;
}

/* The directory that has the folder's name, without slashes at the end of the path. */
static char *parent_of(const char *path)
{
	char *copy = strdup(path), *slash;
	size_t n = copy ? strlen(copy) : 0;

	while (n > 1 && copy[n - 1] == '/')
		copy[--n] = '\0';
	slash = copy ? strrchr(copy, '/') : NULL;
	if (slash)
		slash[slash == copy ? 1 : 0] = '\0';
	return copy;
}

static int begin_watching(struct media_folder *f, sd_event *event)
{
	int r;

	f->watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (f->watch_fd < 0)
		return -errno;
	r = sd_event_add_io(event, &f->watch, f->watch_fd, EPOLLIN, on_watch, f);
	if (r < 0)
		return r;
	watch_names(f);
	/* The kernel reports each mount and unmount there once. */
	f->mounts_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (f->mounts_fd >= 0)
		r = sd_event_add_io(event, &f->mounts, f->mounts_fd, EPOLLPRI, on_mounts, f);
	return r < 0 ? r : 0;
}

int media_folder_new(const char *path, sd_event *event, struct media_folder **out)
{
	struct media_folder *f = calloc(1, sizeof(*f));
	struct stat st;
	int r = 0;

	if (!f)
		return -ENOMEM;
	f->refs = 1;
	f->watch_fd = f->mounts_fd = f->watched = -1;
	f->path = strdup(path);
	f->parent = parent_of(path);
	if (!f->path || !f->parent)
		r = -ENOMEM;
	else if (stat(path, &st) < 0)
		r = -errno;
	else if (!S_ISDIR(st.st_mode))
		r = -ENOTDIR;
	if (r == 0) {
		f->dev = st.st_dev;
		f->ino = st.st_ino;
		r = begin_watching(f, event);
	}
	if (r < 0) {
		media_folder_unref(f);
		return r;
	}
	*out = f;
	return 0;
}

struct media_folder *media_folder_ref(struct media_folder *f)
{
	f->refs++;
	return f;
}

void media_folder_unref(struct media_folder *f)
{
	if (!f || --f->refs > 0)
		return;
	sd_event_source_disable_unref(f->watch);
	sd_event_source_disable_unref(f->mounts);
	if (f->watch_fd >= 0)
		close(f->watch_fd);
	if (f->mounts_fd >= 0)
		close(f->mounts_fd);
	free(f->path);
	free(f->parent);
	free(f);
}

const char *media_folder_path(const struct media_folder *f)
{
	return f->path;
}
