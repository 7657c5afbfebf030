// SPDX-License-Identifier: GPL-2.0-or-later
#include "control/events_folder.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library/image_name.h"

#define DEPTH_MAX 8 /* as deep as the list goes */
#define MASK                                                                                       \
	(IN_CREATE | IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR |       \
		IN_DELETE_SELF | IN_MOVE_SELF)

struct events_folder {
	const char *path;
	int fd;
	sd_event_source *source;
	int top;                   /* the watch of the folder itself; -1: there is no folder */
	int below[EVENTS_FOLDERS]; /* the watches of sub-folders */
	unsigned watching;         /* number of these */
	bool changed, tree_changed;
};

static void watch_below(struct events_folder *f, const char *path, unsigned depth)
{
	DIR *dir = depth < DEPTH_MAX ? opendir(path) : NULL;
	const struct dirent *e;
	char below[PATH_MAX];
	int wd;

	while (dir && (e = readdir(dir)) != NULL && f->watching < EVENTS_FOLDERS) {
		struct stat st;

		/* Few file systems do not say what an entry is. */
		if (e->d_name[0] == '.' || (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN) ||
			snprintf(below, sizeof(below), "%s/%s", path, e->d_name) >=
				(int)sizeof(below))
			continue;
		if (e->d_type == DT_UNKNOWN && (lstat(below, &st) < 0 || !S_ISDIR(st.st_mode)))
			continue;
		wd = inotify_add_watch(f->fd, below, MASK | IN_DONT_FOLLOW);
		if (wd < 0)
			continue;
		f->below[f->watching++] = wd;
		watch_below(f, below, depth + 1);
	}
	if (dir)
		closedir(dir);
}

/* Begins again: which folders there are has changed. */
static void watch_tree(struct events_folder *f)
{
	while (f->watching > 0)
		(void)inotify_rm_watch(f->fd, f->below[--f->watching]);
	f->tree_changed = false;
	if (f->top >= 0)
		watch_below(f, f->path, 0);
}

static void read_events(struct events_folder *f)
{
	char buf[4096] __attribute__((aligned(8)));
	ssize_t n;

	while ((n = read(f->fd, buf, sizeof(buf))) > 0) {
		for (char *at = buf; at < buf + n;) {
			const struct inotify_event *e = (const struct inotify_event *)at;

			at += sizeof(*e) + e->len;
			if (e->mask & IN_IGNORED)
				continue;
			f->tree_changed |= (e->mask & (IN_ISDIR | IN_Q_OVERFLOW)) != 0;
			f->changed |= e->len == 0 || image_name_is_for_people(e->name);
		}
	}
}

static int on_inotify(sd_event_source *s, int fd, uint32_t events, void *folder)
{
	(void)s;
	(void)fd;
	(void)events;
	/* After every event, a caller that wants events looks at events_folder_changed(). */
	read_events(folder);
	return 0;
}

bool events_folder_changed(struct events_folder *f)
{
	int top = inotify_add_watch(f->fd, f->path, MASK);
	bool changed;

	read_events(f);
	if (top != f->top) {
		f->changed = f->tree_changed = true;
		f->top = top;
	}
	if (f->tree_changed)
		watch_tree(f);
	changed = f->changed;
	f->changed = false;
	return changed;
}

int events_folder_new(const char *path, sd_event *event, struct events_folder **out)
{
	struct events_folder *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return -ENOMEM;
	f->path = path;
	f->top = -1;
	f->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	r = f->fd < 0 ? -errno : sd_event_add_io(event, &f->source, f->fd, EPOLLIN, on_inotify, f);
	if (r < 0) {
		events_folder_free(f);
		return r;
	}
	(void)events_folder_changed(f);
	*out = f;
	return 0;
}

void events_folder_free(struct events_folder *f)
{
	if (!f)
		return;
	sd_event_source_disable_unref(f->source);
	if (f->fd >= 0)
		close(f->fd);
	free(f);
}
