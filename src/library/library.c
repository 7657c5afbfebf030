// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/library.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "library/checksum.h"
#include "protocol/words.h"
#include "media/store.h"
#include "util/log.h"

#define TRIES     100 /* to follow a link while other files are renamed */
#define DEPTH_MAX 8   /* levels of sub-folders that library_list() descends */

int library_open_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

const char *library_folder_code(int error)
{
	return error == -ENOENT || error == -ENOTDIR ? "no-such-folder" : "io-error";
}

/* True for names with "..", even if they stay inside the folder: no sensible name has it. */
static bool may_leave_folder(const char *name)
{
	const char *p = name;
	size_t n;

	if (*name == '/')
		return true;
	for (;; p += n + 1) {
		n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			return true;
		if (p[n] == '\0')
			return false;
	}
}

ssize_t library_path_of(int fd, char out[PATH_MAX])
{
	char proc[32];
	ssize_t n;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	n = readlink(proc, out, PATH_MAX - 1);
	if (n < 0)
		n = -errno;
	out[n < 0 ? 0 : n] = '\0';
	return n;
}

/* Writes the name of the file path_fd below folder, without symbolic links. 0 or -errno. */
static int real_name(int folder, int path_fd, char out[PATH_MAX])
{
	char top[PATH_MAX], file[PATH_MAX];
	ssize_t n = library_path_of(folder, top), m = library_path_of(path_fd, file);

	if (n < 0 || m < 0)
		return (int)(n < 0 ? n : m);
	/* "/" is the only folder whose path ends with a slash. */
	if (n == 1)
		n = 0;
	if (m <= n + 1 || memcmp(top, file, (size_t)n) != 0 || file[n] != '/')
		return -EXDEV;
	memcpy(out, file + n + 1, (size_t)(m - n - 1));
	out[m - n - 1] = '\0';
	return 0;
}

int library_resolve_by_path(int folder, const char *name, int flags)
{
	int fd = openat(folder, name, O_PATH | O_CLOEXEC | flags), r = fd < 0 ? -errno : 0;
	char unused[PATH_MAX];
	struct stat st, top;

	if (r == 0 && (fstat(fd, &st) < 0 || fstat(folder, &top) < 0))
		r = -errno;
	/* The folder itself has no name below it. */
	else if (r == 0 && (st.st_dev != top.st_dev || st.st_ino != top.st_ino))
		r = real_name(folder, fd, unused);
	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

/* Returns an O_PATH descriptor or -errno. O_PATH has no effect on a device (a watchdog, a tape). */
static int resolve(int folder, const char *name, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(O_PATH | O_CLOEXEC | flags),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	if (may_leave_folder(name))
		return -EXDEV;
	/* EAGAIN: a file was renamed anywhere while the kernel followed a link with "..". */
	for (unsigned i = 0; fd < 0 && i < TRIES && (i == 0 || errno == EAGAIN); i++)
		fd = syscall(SYS_openat2, folder, name, &how, sizeof(how));
	if (fd >= 0)
		return (int)fd;
	if (errno != ENOSYS)
		return -errno;
	return library_resolve_by_path(folder, name, flags);
}

int library_open_below(int folder, const char *name)
{
	int at = resolve(folder, *name ? name : ".", O_DIRECTORY), fd;

	if (at < 0)
		return at;
	fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(at);
	return fd < 0 ? -errno : fd;
}

/* Opens the file of an O_PATH descriptor through /proc: the same file even if it was renamed. */
static int reopen(int path_fd, int flags)
{
	char proc[32];
	int fd;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", path_fd);
	fd = open(proc, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Finds the folder of the file and its name there: the state file is beside it. 0 or -errno. */
static int find_place(int folder, struct library_file *f)
{
	char name[PATH_MAX], *slash;
	struct stat st;
	int r = real_name(folder, f->path_fd, name), at;

	if (r < 0)
		return r;
	slash = strrchr(name, '/');
	if (slash)
		*slash = '\0';
	if (snprintf(f->base, sizeof(f->base), "%s", slash ? slash + 1 : name) >=
		(int)sizeof(f->base))
		return -ENAMETOOLONG;
	at = library_open_below(folder, slash ? name : ".");
	if (at < 0)
		return at;
	f->dir_fd = at;
	r = 0;
	/* The file may have been renamed or removed meanwhile. */
	if (r == 0 && (fstatat(f->dir_fd, f->base, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
			      st.st_dev != f->dev || st.st_ino != f->ino))
		r = -ENOENT;
	return r;
}

static bool is_replaceable(const struct stat *st)
{
	return st->st_size == 0 && st->st_nlink == 1;
}

/*
 * Root can open any file, but it must not open a file whose mode lets no user read it: its owner
 * has set that mode on purpose.
 */
static bool nobody_may_read(mode_t mode)
{
	return (mode & 0444) == 0;
}

/* Fills *f from f->path_fd. */
static int examine(int folder, struct library_file *f)
{
	struct stat st;
	int r;

	if (fstat(f->path_fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOTBLK;
	if (nobody_may_read(st.st_mode))
		return -EACCES;
	f->size = (uint64_t)st.st_size;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	r = find_place(folder, f);
	if (r < 0)
		return r;
	/* Its folder must be writable for the state file, and to replace an empty file. */
	f->may_write =
		(st.st_mode & 0222) != 0 &&
		(is_replaceable(&st) || faccessat(f->dir_fd, f->base, W_OK, AT_EACCESS) == 0) &&
		faccessat(f->dir_fd, ".", W_OK, AT_EACCESS) == 0;
	return 0;
}

int library_find(int folder, const char *name, struct library_file *out)
{
	int r;

	memset(out, 0, sizeof(*out));
	out->dir_fd = -1;
	out->path_fd = resolve(folder, name, 0);
	if (out->path_fd < 0)
		return out->path_fd;
	r = examine(folder, out);
	if (r < 0)
		library_forget(out);
	return r;
}

/*
 * Replaces an empty file by a new one of the daemon. The two are exchanged, and the old one is
 * checked again: if it has been written to meanwhile, they are exchanged back. A descriptor or
 * -errno.
 */
static int replace_empty(struct library_file *f)
{
	static const char spare[] = ".mmcgadget-blank";
	struct stat new_file, old_file;
	int fd, r = 0;

	unlinkat(f->dir_fd, spare, 0);
	fd = openat(f->dir_fd, spare, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0664);
	if (fd < 0)
		return -EACCES;
	(void)fchmod(fd, 0664);
	if (fstat(fd, &new_file) < 0 ||
		renameat2(f->dir_fd, spare, f->dir_fd, f->base, RENAME_EXCHANGE) < 0) {
		r = -EACCES;
	} else if (fstatat(f->dir_fd, spare, &old_file, AT_SYMLINK_NOFOLLOW) < 0 ||
		   old_file.st_ino != f->ino || !is_replaceable(&old_file)) {
		renameat2(f->dir_fd, spare, f->dir_fd, f->base, RENAME_EXCHANGE);
		r = -EBUSY;
	}
	unlinkat(f->dir_fd, spare, 0);
	if (r < 0) {
		close(fd);
		return r;
	}
	close(f->path_fd);
	f->path_fd = openat(f->dir_fd, f->base, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	f->dev = new_file.st_dev;
	f->ino = new_file.st_ino;
	return fd;
}

int library_open(const struct library_file *f)
{
	return reopen(f->path_fd, O_RDONLY);
}

int library_open_writable(struct library_file *f)
{
	int fd = reopen(f->path_fd, O_RDWR);

	return fd == -EACCES && f->size == 0 ? replace_empty(f) : fd;
}

bool library_may_read(const struct library_entry *e)
{
	if (nobody_may_read(e->mode))
		return false;
	return (e->mode & 0444) == 0444 || faccessat(e->dir_fd, e->base, R_OK, AT_EACCESS) == 0 ||
	       (errno != EACCES && errno != EPERM);
}

int library_open_entry(const struct library_entry *e)
{
	/* The name may be another file's by now, even a FIFO. */
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	struct stat st;
	int fd;

	if (nobody_may_read(e->mode))
		return -EACCES;
	if (e->path_fd >= 0)
		return reopen(e->path_fd, O_RDONLY);
	fd = openat(e->dir_fd, e->base, flags);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && st.st_dev == e->dev && st.st_ino == e->ino)
		return fd;
	close(fd);
	return -ESTALE;
}

void library_forget(struct library_file *f)
{
	if (f->path_fd >= 0)
		close(f->path_fd);
	if (f->dir_fd >= 0)
		close(f->dir_fd);
	f->path_fd = f->dir_fd = -1;
}

static int read_small(int fd, char *buf, size_t size)
{
	size_t have = 0;
	ssize_t n = 1;

	while (n != 0 && have < size) {
		n = read(fd, buf + have, size - have);
		if (n > 0)
			have += (size_t)n;
		else if (n < 0 && errno != EINTR)
			return -errno;
	}
	return have < size ? (int)have : -EFBIG;
}

int library_read(int folder, const char *name, char *buf, size_t size)
{
	int path_fd = resolve(folder, name, O_NOFOLLOW), fd, r;
	struct stat st;

	if (path_fd < 0)
		return path_fd;
	if (fstat(path_fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(path_fd);
		return -ENOTBLK;
	}
	fd = reopen(path_fd, O_RDONLY);
	close(path_fd);
	if (fd < 0)
		return fd;
	r = read_small(fd, buf, size);
	close(fd);
	return r;
}

int library_create(int folder, const char *name)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
	char *dir;
	int at, fd, r = 0;

	if (may_leave_folder(name))
		return -EXDEV;
	if (*base == '\0' || strcmp(base, ".") == 0)
		return -EINVAL;
	dir = slash ? strndup(name, (size_t)(slash - name)) : strdup(".");
	if (!dir)
		return -ENOMEM;
	at = resolve(folder, dir, O_DIRECTORY);
	free(dir);
	if (at < 0)
		return at;
	fd = openat(at, base, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0664);
	if (fd < 0) {
		r = -errno;
	} else {
		/* Group members can delete and burn it, whatever the daemon's umask is. */
		(void)fchmod(fd, 0664);
		close(fd);
	}
	close(at);
	return r;
}

struct listing {
	int folder;
	int unnamed;
	bool (*fn)(const struct library_entry *e, void *ctx);
	void (*state)(const char *name, void *ctx); /* may be NULL */
	void *ctx;
};

static int list_folder(struct listing *l, int fd, const char *prefix, unsigned depth);

static int skip_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/*
 * Opens an O_PATH descriptor of an entry. Follows links to files only: links to folders can
 * form loops.
 */
static bool open_entry(int folder, const char *name, int *fd, struct stat *st, bool *link)
{
	*link = false;
	*fd = resolve(folder, name, O_NOFOLLOW);
	if (*fd < 0)
		return false;
	if (fstat(*fd, st) == 0 && !S_ISLNK(st->st_mode))
		return true;
	close(*fd);
	*link = true;
	*fd = resolve(folder, name, 0);
	if (*fd < 0)
		return false;
	if (fstat(*fd, st) == 0 && S_ISREG(st->st_mode))
		return true;
	close(*fd);
	return false;
}

/* True if the name fits in a control line as a quoted word, see words_quote(). */
static bool fits_in_line(const char *name)
{
	size_t n = strlen(" \"insert\" \"\"");

	for (const char *p = name; *p != '\0'; p++)
		n += *p == '"' || *p == '\\' ? 2 : 1;
	return n <= WORDS_LINE_MAX && words_text_ok(name, strlen(name));
}

/* A folder that was read. */
struct names {
	struct dirent **entry; /* sorted by the bytes of their names */
	int count;
};

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int by_name(const void *name, const void *entry)
{
	return strcmp(name, (*(struct dirent *const *)entry)->d_name);
}

static bool has_name(const struct names *all, const char *name, const char *suffix)
{
	char whole[2 * NAME_MAX];

	snprintf(whole, sizeof(whole), "%s%s", name, suffix);
	return bsearch(whole, all->entry, (size_t)all->count, sizeof(all->entry[0]), by_name);
}

/* Most entries are plain files, and need no descriptor before their data is read. */
static bool find_entry(int folder, struct library_entry *e, struct stat *st)
{
	e->path_fd = -1;
	return (fstatat(e->dir_fd, e->base, st, AT_SYMLINK_NOFOLLOW) == 0 &&
		       S_ISREG(st->st_mode)) ||
	       open_entry(folder, e->name, &e->path_fd, st, &e->link);
}

static int list_entry(struct listing *l, const char *name, int folder, const char *base,
	const struct names *all, unsigned depth)
{
	struct library_entry e = {.name = name, .dir_fd = folder, .base = base};
	struct stat st;
	int r = 0;

	if (l->state && store_is_own_name(name))
		l->state(name, l->ctx);
	if (store_is_own_name(name) || checksum_is_own_name(name) ||
		!find_entry(l->folder, &e, &st))
		return 0;
	/* An image whose name fits in no control line cannot be inserted. */
	if (!fits_in_line(name)) {
		l->unnamed += S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? 1 : 0;
	} else if (S_ISREG(st.st_mode)) {
		e.size = (uint64_t)st.st_size;
		e.dev = st.st_dev;
		e.ino = st.st_ino;
		e.mode = st.st_mode;
		e.changed = st.st_ctim;
		e.written = st.st_mtim;
		e.alone =
			!has_name(all, base, STORE_SUFFIX) && !has_name(all, base, CHECKSUM_SUFFIX);
		r = l->fn(&e, l->ctx) ? 0 : 1;
	} else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
		int dir = openat(e.path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (dir >= 0)
			r = list_folder(l, dir, name, depth + 1);
	}
	if (e.path_fd >= 0)
		close(e.path_fd);
	return r;
}

/* Walks through the folder fd and closes it. 0; 1: fn() has ended the walk; -errno. */
static int list_folder(struct listing *l, int fd, const char *prefix, unsigned depth)
{
	struct names all = {0};
	int n = all.count = scandirat(fd, ".", &all.entry, skip_hidden, by_bytes);
	int r = n < 0 ? -errno : 0;
	char *name;

	for (int i = 0; i < n; i++) {
		if (r == 0 && asprintf(&name, "%s%s%s", prefix, *prefix ? "/" : "",
				      all.entry[i]->d_name) >= 0) {
			r = list_entry(l, name, fd, all.entry[i]->d_name, &all, depth);
			free(name);
		}
	}
	for (int i = 0; i < n; i++)
		free(all.entry[i]);
	if (n >= 0)
		free(all.entry);
	close(fd);
	/* A sub-folder that cannot be read is skipped. */
	if (r < 0 && depth > 0) {
		log_debug("%s: %s", prefix, strerror(-r));
		r = 0;
	}
	return r;
}

int library_list(int folder, bool (*fn)(const struct library_entry *e, void *ctx), void *ctx)
{
	return library_list_states(folder, fn, NULL, ctx);
}

int library_list_states(int folder, bool (*fn)(const struct library_entry *e, void *ctx),
	void (*state)(const char *name, void *ctx), void *ctx)
{
	struct listing l = {.folder = folder, .fn = fn, .state = state, .ctx = ctx};
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = list_folder(&l, fd, "", 0);
	return r < 0 ? r : l.unnamed;
}
