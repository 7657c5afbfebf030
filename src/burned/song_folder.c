// SPDX-License-Identifier: GPL-2.0-or-later
#include "burned/song_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library/image_place.h"
#include "util/log.h"

void song_hidden_name(const char *drive, bool burned, char out[SONG_HIDDEN_NAME])
{
	snprintf(out, SONG_HIDDEN_NAME, IMAGE_HIDDEN_PREFIX "%s.%ssongs", drive,
		burned ? "burned-" : "");
}

static int open_folder(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* EINVAL: a file system (some FUSE ones) that cannot sync folders. */
static int sync_folder(int fd)
{
	return fsync(fd) == 0 || errno == EINVAL ? 0 : -errno;
}

/* Calls fn for each name in the folder, until it fails. 0 or -errno. */
static int each_name(int fd, int (*fn)(void *ctx, const char *name), void *ctx)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!dir) {
		r = -errno;
		if (copy >= 0)
			close(copy);
		return r;
	}
	while (r == 0 && (e = readdir(dir))) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = fn(ctx, e->d_name);
	}
	closedir(dir);
	return r;
}

static int remove_one(void *fd, const char *name)
{
	return unlinkat(*(int *)fd, name, 0) < 0 ? -errno : 0;
}

/*
 * Opens a hidden folder, locks it for this process and removes the files in it. A descriptor;
 * -EBUSY: another process has locked it; -errno.
 */
static int take(int parent, const char *hidden)
{
	int fd = open_folder(parent, hidden), r = 0;

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		r = -EBUSY;
	if (r == 0)
		r = each_name(fd, remove_one, &fd);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

static bool on_same_file_system(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev;
}

/* Group members can delete what the daemon makes, whatever its umask is. */
static void open_for_group(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0)
		(void)fchmod(fd, 0775 | (st.st_mode & S_ISGID));
}

static int open_hidden(struct song_folder *f, int home)
{
	f->parent =
		fcntl(on_same_file_system(home, f->target) ? home : f->target, F_DUPFD_CLOEXEC, 0);
	if (f->parent < 0)
		return -errno;
	if (mkdirat(f->parent, f->hidden, 0775) < 0 && errno != EEXIST)
		return -errno;
	f->fd = take(f->parent, f->hidden);
	if (f->fd < 0)
		return f->fd;
	open_for_group(f->fd);
	return 0;
}

static void close_all(struct song_folder *f)
{
	int *const fd[] = {&f->fd, &f->parent, &f->target};

	for (unsigned i = 0; i < 3; i++) {
		if (*fd[i] >= 0)
			close(*fd[i]);
		*fd[i] = -1;
	}
}

int song_folder_begin(
	struct song_folder *f, int home, int beside, const char *hidden, const char *name, bool add)
{
	int r;

	*f = (struct song_folder){.fd = -1, .parent = -1, .target = -1};
	snprintf(f->name, sizeof(f->name), "%s", name);
	snprintf(f->hidden, sizeof(f->hidden), "%s", hidden);
	r = f->target = add ? open_folder(beside, name) : -ENOENT;
	f->add = r >= 0;
	if (r == -ENOENT)
		r = f->target = fcntl(beside, F_DUPFD_CLOEXEC, 0);
	if (r == -1)
		r = -errno;
	if (r >= 0)
		r = open_hidden(f, home);
	if (r < 0)
		close_all(f);
	return r < 0 ? r : 0;
}

bool song_folder_has(const struct song_folder *f, const char *file)
{
	struct stat st;

	return f->add && fstatat(f->target, file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * Renames without replacing. Where the file system cannot do that (some FUSE ones), looks for the
 * name first. A folder that somebody makes between the two steps is replaced only if it is empty
 * (rename(2)); a file would be replaced.
 */
static int move(int from_dir, const char *from, int to_dir, const char *to)
{
	struct stat st;

	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (fstatat(to_dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	return renameat(from_dir, from, to_dir, to) < 0 ? -errno : 0;
}

static int move_one(void *folder, const char *name)
{
	const struct song_folder *f = folder;

	return move(f->fd, name, f->target, name);
}

/* Gives the hidden folder its name, or the first one with a number that is free. */
static int give_name(struct song_folder *f)
{
	char name[SONG_NAME];
	int r = move(f->parent, f->hidden, f->target, f->name);

	for (unsigned n = 2; r == -EEXIST && n <= SONG_FOLDERS; n++) {
		if (snprintf(name, sizeof(name), "%s %u", f->name, n) >= (int)sizeof(name))
			return -ENAMETOOLONG;
		r = move(f->parent, f->hidden, f->target, name);
		if (r == 0)
			strcpy(f->name, name);
	}
	return r;
}

static void remove_hidden(int parent, const char *hidden, int fd)
{
	int r = each_name(fd, remove_one, &fd);

	if (r == 0 && unlinkat(parent, hidden, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	if (r < 0)
		log_warn("the hidden folder %s cannot be removed: %s", hidden, strerror(-r));
}

void song_folder_drop(struct song_folder *f)
{
	if (f->fd >= 0)
		remove_hidden(f->parent, f->hidden, f->fd);
	close_all(f);
}

int song_folder_finish(struct song_folder *f)
{
	int r = sync_folder(f->fd);

	if (r == 0)
		r = f->add ? each_name(f->fd, move_one, f) : give_name(f);
	if (r < 0 || f->add) {
		int synced = r == 0 ? sync_folder(f->target) : 0;

		song_folder_drop(f);
		return r < 0 ? r : synced;
	}
	/* The hidden folder has become the new one. */
	r = sync_folder(f->target);
	(void)sync_folder(f->parent);
	close_all(f);
	return r;
}

void song_folder_sweep(int home, const char *hidden)
{
	int fd = take(home, hidden);

	if (fd < 0)
		return;
	log_info("removed songs that were being written when the daemon ended");
	remove_hidden(home, hidden, fd);
	close(fd);
}
