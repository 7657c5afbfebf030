// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compact discs that a text describes: a cue sheet, a .ccd or a .toc. The text is read here, with
 * the rights of who has named it, as a program that rips or burns it would; the daemon, which
 * serves the files of strangers, has a process without rights for that (decision 019).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cdimage/cdimage.h"
#include "shim/shim_server.h"

/* The folder of a text, and the files that it has named so far. */
struct files {
	int folder;
	int fd[CD_MAX_FILES];
	unsigned count;
};

/* Too large for the stack. */
static struct cdimage image;
static char text[CDIMAGE_TEXT_MAX];

static int find(void *ctx, const char *name, uint64_t *size)
{
	struct files *f = ctx;
	struct stat st;
	int fd, error;

	if (f->count == CD_MAX_FILES)
		return -EMFILE;
	fd = openat(f->folder, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		error = S_ISREG(st.st_mode) ? -errno : -EINVAL;
		close(fd);
		return error;
	}
	*size = (uint64_t)st.st_size;
	f->fd[f->count++] = fd;
	return 0;
}

static int read_file(void *ctx, unsigned file, uint64_t offset, void *buf, size_t len)
{
	const struct files *f = ctx;
	ssize_t n = pread(f->fd[file], buf, len, (off_t)offset);

	return n < 0 ? -errno : (int)n;
}

/* Reads the text. Its length, -EFBIG or another -errno. */
static ssize_t read_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = fstat(fd, &st) < 0                 ? -errno
	    : st.st_size > (off_t)sizeof(text) ? -EFBIG
					       : pread(fd, text, sizeof(text), 0);
	if (n == -1)
		n = -errno;
	close(fd);
	return n;
}

static int parse(const char *path, struct files *f, char *why, size_t size)
{
	struct cdimage_source source = {find, read_file, f};
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char folder[PATH_MAX] = ".";
	ssize_t n;

	if (cdimage_kind_of(name) == CDIMAGE_CHD) {
		snprintf(why, size,
			"%s is a CHD, which this program does not decode; make a cue sheet and "
			"the files of it with chdman (\"chdman extractcd\")",
			path);
		return 1;
	}
	n = read_text(path);
	if (n < 0) {
		snprintf(why, size, "%s: %s", path, strerror((int)-n));
		return 1;
	}
	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path) + 1, path);
	f->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->folder < 0) {
		snprintf(why, size, "%s: %s", folder, strerror(errno));
		return 1;
	}
	bool good = cdimage_parse(cdimage_kind_of(name), name, text, (size_t)n, &source, &image);
	close(f->folder);
	if (!good)
		snprintf(why, size, "%s", image.error);
	for (unsigned i = 0; good && i < f->count; i++) {
		if (image.use[i] == CDIMAGE_FLAC) {
			snprintf(why, size,
				"%s: \"%s\" is a FLAC file, which this program does not decode; "
				"make it a WAV file",
				name, image.name[i]);
			good = false;
		}
	}
	return !good;
}

bool shim_compact_is(const char *path)
{
	return cdimage_kind_of(path) != CDIMAGE_NONE;
}

int shim_compact_open(const char *path, struct disc_options *o, char *why, size_t size)
{
	static uint64_t begin[CD_MAX_FILES];
	struct files f = {.folder = -1};
	unsigned bad = 0;
	int r = parse(path, &f, why, size);

	if (r != 0) {
		while (f.count > 0)
			close(f.fd[--f.count]);
		return r;
	}
	r = media_files_open(f.fd, f.count, begin, &o->media, &bad);
	if (r == 0 && !(o->media = media_fault_new(o->media)))
		r = -ENOMEM;
	if (r < 0) {
		snprintf(why, size, "%s: %s", f.count ? image.name[bad] : path, strerror(-r));
		return 1;
	}
	o->map = &image.map;
	o->map_file = begin;
	snprintf(why, size, "%s%s", image.note[0] ? "; " : "", image.note);
	return 0;
}
