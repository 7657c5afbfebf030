// SPDX-License-Identifier: GPL-2.0-or-later
#include "compact/compact_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library/checksum.h"
#include "media/store.h"
#include "util/array.h"

bool image_compact_is_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (store_is_own_name(name) || checksum_is_own_name(name) || resolver_reads(name))
		return false;
	return !dot || (strcasecmp(dot, ".iso") != 0 && strcasecmp(dot, ".udf") != 0);
}

int compact_parts_open(const struct library_file *text, const struct resolver_file *file)
{
	struct library_file f;
	int r = library_find(text->dir_fd, file->name, &f);

	if (r < 0)
		return r;
	if (f.dev != file->dev || f.ino != file->ino || f.size != file->size)
		r = -ESTALE;
	else
		r = library_open(&f);
	library_forget(&f);
	return r;
}

/* ---- the files of a disc ------------------------------------------------------------------ */

/* True if anybody has locked the file: a drive, or a program that writes it. */
bool compact_parts_is_locked(const struct library_file *text, const struct resolver_file *file)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = compact_parts_open(text, file);
	bool locked;

	if (fd < 0)
		return false;
	locked = fcntl(fd, F_OFD_GETLK, &fl) == 0 && fl.l_type != F_UNLCK;
	close(fd);
	return locked;
}

static bool has_file(const struct resolver_disc *d, const struct resolver_file *file)
{
	for (unsigned i = 0; i < d->map.files; i++) {
		if (d->file[i].dev == file->dev && d->file[i].ino == file->ino)
			return true;
	}
	return false;
}

/* Characters of a name before its suffix. */
static size_t stem_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? (size_t)(dot - name) : strlen(name);
}

/*
 * True if the text f may name the file. Such a text may be a disc soon: while another file that it
 * names is still being copied here, it is not. A .ccd names its files by its own name, and a text
 * may be in another character set.
 */
static bool may_name(const struct library_file *f, const char *text, size_t len,
	const struct resolver_file *file)
{
	size_t n = strlen(file->name), stem = stem_of(f->base);

	if (stem == stem_of(file->name) && strncasecmp(f->base, file->name, stem) == 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)file->name[i] >= 0x80)
			return true;
	}
	for (size_t i = 0; i + n <= len; i++) {
		if (strncasecmp(text + i, file->name, n) == 0)
			return true;
	}
	return false;
}

/* Reads the text f. Its bytes; negative: it cannot be read. */
static ssize_t read_text(const struct library_file *f, char text[CDIMAGE_TEXT_MAX])
{
	int fd = library_open(f);
	ssize_t n = fd < 0 ? fd : pread(fd, text, CDIMAGE_TEXT_MAX, 0);

	if (fd >= 0)
		close(fd);
	return n;
}

/* Drops from parts the files that the other text f has, or may have, as well. */
static unsigned drop_shared(const struct library_file *f, struct resolver_disc *other,
	struct resolver_file *parts, unsigned count)
{
	struct refusal why;
	unsigned kept = 0;
	bool is_disc = resolver_resolve(f, other, &why) == 0;
	char *text = is_disc ? NULL : malloc(CDIMAGE_TEXT_MAX);
	ssize_t len = text ? read_text(f, text) : -ENOMEM;

	for (unsigned i = 0; i < count; i++) {
		bool shared = is_disc ? has_file(other, &parts[i])
				      : len < 0 || may_name(f, text, (size_t)len, &parts[i]);

		if (!shared)
			parts[kept++] = parts[i];
	}
	free(text);
	return kept;
}

/* The same for the file of that name, if it is another text. */
static unsigned drop_shared_by(const struct library_file *text, const char *name,
	struct resolver_disc *other, struct resolver_file *parts, unsigned count)
{
	struct library_file f;

	if (library_find(text->dir_fd, name, &f) < 0)
		return count;
	if (resolver_is_text(f.base, f.size) && (f.dev != text->dev || f.ino != text->ino))
		count = drop_shared(&f, other, parts, count);
	library_forget(&f);
	return count;
}

static unsigned drop_shared_by_any(
	const struct library_file *text, struct resolver_file *parts, unsigned count)
{
	struct resolver_disc *other = calloc(1, sizeof(*other));
	int fd = openat(text->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir && fd >= 0)
		close(fd);
	/* If other texts cannot be read, their files are not known, so nothing is deleted. */
	if (!dir || !other)
		count = 0;
	while (count > 0 && (e = readdir(dir))) {
		if (e->d_name[0] != '.' && resolver_reads(e->d_name))
			count = drop_shared_by(text, e->d_name, other, parts, count);
	}
	if (dir)
		closedir(dir);
	free(other);
	return count;
}

/* True if the file is a disc of its own: it was burned, or is a blank. */
static bool is_own_disc(const struct library_file *text, const struct resolver_file *file)
{
	char state[sizeof(file->name) + sizeof(STORE_SUFFIX)];
	struct stat st;

	snprintf(state, sizeof(state), "%s" STORE_SUFFIX, file->name);
	return file->size == 0 || fstatat(text->dir_fd, state, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int compact_parts_own(const struct library_file *f, const struct resolver_disc *d,
	struct resolver_file parts[COMPACT_PARTS_MAX])
{
	unsigned count = 0;

	for (unsigned i = 0; i < d->map.files && count < COMPACT_PARTS_MAX; i++) {
		if (image_compact_is_part(d->file[i].name) && !is_own_disc(f, &d->file[i]))
			parts[count++] = d->file[i];
	}
	count = drop_shared_by_any(f, parts, count);
	for (unsigned i = 0; i < count; i++) {
		if (compact_parts_is_locked(f, &parts[i]))
			return -EBUSY;
	}
	return (int)count;
}

int compact_parts_find(const struct library_file *f, struct resolver_file parts[COMPACT_PARTS_MAX])
{
	struct resolver_disc *d = calloc(1, sizeof(*d));
	struct refusal why;
	int r;

	r = d ? resolver_resolve(f, d, &why) : -ENOMEM;
	if (r == 0)
		r = compact_parts_own(f, d, parts);
	else if (r != -ENOPKG && r != -ENOMEM)
		r = 0;
	free(d);
	return r;
}

/* ---- the disc of a file ------------------------------------------------------------------- */

/* True if the text f is a disc, and the file is one of its files. */
static bool is_disc_with(const struct library_file *f, const struct resolver_file *file,
	struct resolver_disc *d, char text[CDIMAGE_TEXT_MAX])
{
	ssize_t n = read_text(f, text);
	struct refusal why;

	/* Most texts do not name it, and need not be resolved. */
	return n >= 0 && may_name(f, text, (size_t)n, file) && resolver_resolve(f, d, &why) == 0 &&
	       has_file(d, file);
}

static bool find_owner(DIR *dir, const struct library_file *f, struct resolver_disc *d,
	char text[CDIMAGE_TEXT_MAX], char owner[256])
{
	struct resolver_file file = {.size = f->size, .dev = f->dev, .ino = f->ino};
	struct library_file other;
	struct dirent *e;
	bool found = false;

	snprintf(file.name, sizeof(file.name), "%s", f->base);
	while (!found && (e = readdir(dir))) {
		if (e->d_name[0] == '.' || !resolver_reads(e->d_name) ||
			library_find(f->dir_fd, e->d_name, &other) < 0)
			continue;
		found = resolver_is_text(other.base, other.size) &&
			is_disc_with(&other, &file, d, text);
		library_forget(&other);
		if (found)
			snprintf(owner, 256, "%s", e->d_name);
	}
	return found;
}

bool compact_parts_owner(const struct library_file *f, char owner[256])
{
	struct resolver_file named = {.size = f->size};
	struct resolver_disc *d = NULL;
	char *text = NULL;
	DIR *dir = NULL;
	bool found = false;
	int fd;

	snprintf(named.name, sizeof(named.name), "%s", f->base);
	if (!image_compact_is_part(f->base) || is_own_disc(f, &named))
		return false;
	fd = openat(f->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir && fd >= 0)
		close(fd);
	d = calloc(1, sizeof(*d));
	text = malloc(CDIMAGE_TEXT_MAX);
	if (dir && d && text)
		found = find_owner(dir, f, d, text, owner);
	if (dir)
		closedir(dir);
	free(text);
	free(d);
	return found;
}
