// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/image_place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library/keep_name.h"
#include "util/log.h"

int image_place_new(const struct library_file *f, struct image_place **out)
{
	struct image_place *p = calloc(1, sizeof(*p));
	int r = 0;

	if (!p)
		return -ENOMEM;
	p->refs = 1;
	p->guard_dir = -1;
	p->path_fd = fcntl(f->path_fd, F_DUPFD_CLOEXEC, 0);
	p->dir_fd = fcntl(f->dir_fd, F_DUPFD_CLOEXEC, 0);
	if (p->path_fd < 0 || p->dir_fd < 0)
		r = -errno;
	snprintf(p->base, sizeof(p->base), "%s", f->base);
	p->dev = f->dev;
	p->ino = f->ino;
	if (r < 0) {
		image_place_unref(p);
		return r;
	}
	*out = p;
	return 0;
}

struct image_place *image_place_ref(struct image_place *p)
{
	p->refs++;
	return p;
}

void image_place_unref(struct image_place *p)
{
	if (!p || --p->refs > 0)
		return;
	if (p->path_fd >= 0)
		close(p->path_fd);
	if (p->dir_fd >= 0)
		close(p->dir_fd);
	if (p->guard_dir >= 0)
		close(p->guard_dir);
	free(p);
}

int image_place_open(const struct image_place *p)
{
	const struct library_file f = {.path_fd = p->path_fd};

	return library_open(&f);
}

/* ---- where it is ---------------------------------------------------------------------------- */

static bool is_file(const struct image_place *p, const struct stat *st)
{
	return st->st_dev == p->dev && st->st_ino == p->ino;
}

static bool leads_to_it(const struct image_place *p, int dir, const char *base)
{
	struct stat st;

	return fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_file(p, &st);
}

/* Takes dir over. */
static void move_to(struct image_place *p, int dir, const char *base)
{
	if (p->dir_fd != dir)
		close(p->dir_fd);
	p->dir_fd = dir;
	snprintf(p->base, sizeof(p->base), "%s", base);
}

/*
 * Follows the path that the kernel knows. If a mount hides the folder, this path leads nowhere,
 * but its last part is still the name in the folder.
 */
static bool follow_kernel(struct image_place *p)
{
	char path[PATH_MAX], *slash;
	int dir;

	if (library_path_of(p->path_fd, path) < 0)
		return false;
	slash = strrchr(path, '/');
	if (!slash || strlen(slash + 1) >= sizeof(p->base))
		return false;
	if (leads_to_it(p, p->dir_fd, slash + 1)) {
		move_to(p, p->dir_fd, slash + 1);
		return true;
	}
	*slash = '\0';
	dir = open(*path ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return false;
	if (leads_to_it(p, dir, slash + 1)) {
		move_to(p, dir, slash + 1);
		return true;
	}
	close(dir);
	return false;
}

/* True if files can be made in the folder: it was not removed, and the daemon may write to it. */
static bool can_hold_files(int dir)
{
	struct stat st;

	return fstat(dir, &st) == 0 && st.st_nlink > 0 &&
	       faccessat(dir, ".", W_OK, AT_EACCESS) == 0;
}

enum image_at image_place_look(struct image_place *p)
{
	struct stat st;

	if (p->must_copy)
		return can_hold_files(p->dir_fd) &&
				       fstatat(p->dir_fd, p->base, &st, AT_SYMLINK_NOFOLLOW) < 0
			       ? IMAGE_SAME
			       : IMAGE_NAMELESS;
	if (leads_to_it(p, p->dir_fd, p->base))
		return IMAGE_SAME;
	return follow_kernel(p) ? IMAGE_MOVED : IMAGE_NAMELESS;
}

/* ---- a name again --------------------------------------------------------------------------- */

/*
 * Gives the file of the hidden name a free name in dir. A file of another user that may not be
 * written any more cannot be linked (fs.protected_hardlinks), but its hidden name can be
 * changed. 0 and the name, or -errno.
 */
static int name_kept(const struct image_place *p, int dir, char name[256])
{
	int r;

	for (unsigned n = 1; n <= KEEP_TRIES; n++) {
		r = keep_name_free(dir, p->base, n, name);
		if (r < 0)
			return r;
		/* The owner has deleted that name, and may be about to make it again. */
		if (r > 0 || strcmp(name, p->base) == 0)
			continue;
		if (linkat(p->guard_dir, p->guard, dir, name, 0) == 0)
			return 0;
		if (errno == EPERM &&
			renameat2(p->guard_dir, p->guard, dir, name, RENAME_NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* Chooses where the copy goes. 0 and the name, or -errno. */
static int choose_copy(const struct image_place *p, int dir, char name[256])
{
	int r = 1;

	if (!can_hold_files(dir))
		return -ENOENT;
	for (unsigned n = 1; n <= KEEP_TRIES && r > 0; n++) {
		r = keep_name_free(dir, p->base, n, name);
		if (r == 0 && strcmp(name, p->base) == 0)
			r = 1;
	}
	return r > 0 ? -EEXIST : r;
}

/* Tries the folder of the file, that of its hidden name, and the one of the path. */
static int in_some_folder(struct image_place *p, const char *media,
	int (*name_it)(const struct image_place *p, int dir, char name[256]))
{
	int dir[3] = {fcntl(p->dir_fd, F_DUPFD_CLOEXEC, 0),
		p->guard_dir < 0 ? -1 : fcntl(p->guard_dir, F_DUPFD_CLOEXEC, 0),
		library_open_folder(media)};
	int r = -ENOENT, taken = -1;
	char name[256];

	for (int i = 0; i < 3 && r < 0; i++) {
		if (dir[i] >= 0)
			r = name_it(p, dir[i], name);
		taken = r == 0 ? i : -1;
	}
	for (int i = 0; i < 3; i++) {
		if (dir[i] >= 0 && i != taken)
			close(dir[i]);
	}
	if (r == 0)
		move_to(p, dir[taken], name);
	return r;
}

int image_place_keep(struct image_place *p, const char *media)
{
	int r = -ENOENT;

	if (image_place_is_guarded(p))
		r = in_some_folder(p, media, name_kept);
	p->must_copy = r < 0;
	return r == 0 ? 0 : in_some_folder(p, media, choose_copy);
}

/* ---- the hidden name ------------------------------------------------------------------------ */

/* Recovers a hidden name that was left in a folder that was not there when the daemon started. */
static void recover_late(int dir, const char *name)
{
	char drive[64], kept[256];
	size_t len;

	snprintf(drive, sizeof(drive), "%s",
		strncmp(name, IMAGE_HIDDEN_PREFIX, strlen(IMAGE_HIDDEN_PREFIX)) == 0
			? name + strlen(IMAGE_HIDDEN_PREFIX)
			: name);
	len = strlen(drive);
	if (len > strlen(IMAGE_GUARD_SUFFIX) &&
		strcmp(drive + len - strlen(IMAGE_GUARD_SUFFIX), IMAGE_GUARD_SUFFIX) == 0)
		drive[len - strlen(IMAGE_GUARD_SUFFIX)] = '\0';
	image_guard_recover(dir, name, drive, kept);
	if (*kept)
		log_warn("%s: a disc that was deleted while the drive held it is \"%s\" now", drive,
			kept);
}

/* Links the very file, whatever has its name by now. 0 or -errno. */
static int link_guard(struct image_place *p, int dir, const char *name)
{
	char proc[32];
	int r;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", p->path_fd);
	if (!leads_to_it(p, dir, name)) {
		recover_late(dir, name);
		if (linkat(AT_FDCWD, proc, dir, name, AT_SYMLINK_FOLLOW) < 0)
			return -errno;
	}
	r = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	if (r < 0)
		return -errno;
	p->guard_dir = r;
	snprintf(p->guard, sizeof(p->guard), "%s", name);
	return 0;
}

int image_place_guard(struct image_place *p, int folder, const char *name)
{
	int r = folder < 0 ? -EXDEV : link_guard(p, folder, name);

	return r == -EXDEV ? link_guard(p, p->dir_fd, name) : r;
}

bool image_place_is_guarded(const struct image_place *p)
{
	return p->guard_dir >= 0 && leads_to_it(p, p->guard_dir, p->guard);
}

void image_place_unguard(struct image_place *p)
{
	if (p->guard_dir < 0)
		return;
	/* The hidden name stays if the file has no other: the next start recovers it. */
	if (!p->must_copy && image_place_is_guarded(p))
		(void)unlinkat(p->guard_dir, p->guard, 0);
	close(p->guard_dir);
	p->guard_dir = -1;
}

/* True if a drive has the file locked, such as the drive of this name of another daemon. */
static bool is_held(int folder, const char *name)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool held;

	if (fd < 0)
		return false;
	held = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	close(fd);
	return held;
}

/*
 * Renames the hidden file in one step. A file of another user that may not be written cannot
 * be linked (fs.protected_hardlinks), but its name can be changed. 0 or -errno.
 */
static int show(int folder, const char *name, const char *kept)
{
	if (renameat2(folder, name, folder, kept, RENAME_NOREPLACE) == 0)
		return 0;
	/* Some file systems cannot rename without replacing. */
	if ((errno != EINVAL && errno != ENOSYS) || linkat(folder, name, folder, kept, 0) < 0)
		return -errno;
	(void)unlinkat(folder, name, 0);
	return 0;
}

void image_guard_recover(int folder, const char *name, const char *stem, char kept[256])
{
	struct stat st;
	int r = 1;

	kept[0] = '\0';
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || is_held(folder, name))
		return;
	if (st.st_nlink == 1 && st.st_size > 0) {
		for (unsigned n = 1; n <= KEEP_TRIES && r > 0; n++)
			r = keep_name_free(folder, stem, n, kept);
		/* It is not removed if it cannot get another name. */
		if (r != 0 || show(folder, name, kept) < 0)
			kept[0] = '\0';
		return;
	}
	(void)unlinkat(folder, name, 0);
}
