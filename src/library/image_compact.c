// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/image_compact.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cdimage/cdimage.h"
#include "library/checksum.h"
#include "media/store.h"
#include "util/array.h"
#include "util/log.h"

bool image_compact_is_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (store_is_own_name(name) || checksum_is_own_name(name) || resolver_reads(name))
		return false;
	return !dot || (strcasecmp(dot, ".iso") != 0 && strcasecmp(dot, ".udf") != 0);
}

uint64_t image_compact_size(const struct resolver_disc *d)
{
	uint64_t size = 0;

	for (unsigned i = 0; i < d->map.files; i++)
		size += d->file[i].size;
	return size;
}

/* Opens the file that the resolver has seen, and no other one of that name. A descriptor, or
 * -errno. */
static int open_same(const struct library_file *text, const struct resolver_file *file)
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

static int refuse_file(
	struct refusal *why, int error, const struct library_file *text, const char *name)
{
	if (error == -EBUSY)
		return image_refuse(why, error, "in-use",
			"\"%s\", a file of \"%s\", is being written by another program", name,
			text->base);
	if (error == -ESTALE || error == -ENOENT)
		return image_refuse(why, -ESTALE, "in-use",
			"\"%s\", a file of \"%s\", changed just now; ask again", name, text->base);
	return image_refuse(why, error, "io-error",
		"\"%s\", a file of \"%s\", cannot be opened: %s", name, text->base,
		strerror(-error));
}

static int open_files(const struct library_file *text, const struct resolver_disc *d,
	uint64_t *begin, struct media **out, struct refusal *why)
{
	int fd[CD_MAX_FILES] = {-1}, r;
	unsigned n, bad;

	for (n = 0; n < d->map.files; n++) {
		fd[n] = open_same(text, &d->file[n]);
		if (fd[n] < 0)
			break;
	}
	if (n < d->map.files) {
		r = refuse_file(why, fd[n], text, d->file[n].name);
		while (n > 0)
			close(fd[--n]);
		return r;
	}
	/* It takes the descriptors over in any case. */
	r = media_files_open(fd, n, begin, out, &bad);
	return r < 0 && n > 0 ? refuse_file(why, r, text, d->file[bad].name) : r;
}

/* FNV-1a of 64 bits. */
static uint64_t add_number(uint64_t hash, uint64_t number)
{
	for (unsigned i = 0; i < 64; i += 8)
		hash = (hash ^ (number >> i & 0xff)) * UINT64_C(0x100000001b3);
	return hash;
}

/* See struct image. Not the bytes of the structures: their padding may be anything. */
static uint64_t composition_of(const struct resolver_disc *d)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	const struct cd_map *m = &d->map;

	h = add_number(add_number(h, m->first_track), m->sessions);
	for (unsigned i = 0; i < m->tracks; i++) {
		const struct cd_track *t = &m->track[i];

		h = add_number(add_number(h, (uint32_t)t->start), t->pregap);
		h = add_number(add_number(h, t->length), t->session);
		h = add_number(add_number(h, t->control), t->form);
	}
	for (unsigned i = 0; i < m->extents; i++) {
		const struct cd_extent *e = &m->extent[i];

		h = add_number(add_number(h, (uint32_t)e->lba), e->count);
		h = add_number(add_number(h, e->offset), e->file);
		h = add_number(add_number(h, e->unit), e->swapped);
	}
	for (unsigned i = 0; i < m->files; i++) {
		const struct resolver_file *f = &d->file[i];

		h = add_number(add_number(add_number(h, f->dev), f->ino), f->size);
	}
	return h;
}

static int open_resolved(const struct library_file *f, const struct resolver_disc *d,
	const struct image_policy *policy, struct image *out, struct refusal *why)
{
	uint64_t begin[CD_MAX_FILES] = {0};
	struct disc_options o = {
		.map = &d->map,
		.map_file = begin,
		.release = policy->release,
		.release_ctx = policy->release_ctx,
	};
	int r = open_files(f, d, begin, &o.media, why);

	if (r < 0)
		return r;
	r = image_place_new(f, &out->place);
	if (r < 0) {
		media_close(o.media);
		return image_refuse_open(why, r, f->base, "the media folder");
	}
	if (policy->ready && d->map.files > 0 &&
		media_files_read_ahead(o.media, policy->ready, policy->ready_ctx) < 0)
		log_warn("%s: no thread for read-ahead, so the drive waits for storage", out->name);
	out->disc = disc_open(&o);
	out->size = image_compact_size(d);
	out->composition = composition_of(d);
	return out->disc ? 0 : image_refuse(why, -ENOMEM, "io-error", "there is no memory");
}

int image_compact_open(const struct library_file *f, const struct image_policy *policy,
	struct image *out, struct refusal *why)
{
	struct resolver_disc *d = calloc(1, sizeof(*d));
	int r = d ? resolver_resolve(f, d, why)
		  : image_refuse(why, -ENOMEM, "io-error", "there is no memory");

	out->recordable = false;
	out->dev = f->dev;
	out->ino = f->ino;
	if (r == 0)
		r = open_resolved(f, d, policy, out, why);
	free(d);
	return r;
}

/* ---- the files of a disc ------------------------------------------------------------------ */

/* True if anybody has locked the file: a drive, or a program that writes it. */
static bool is_locked(const struct library_file *text, const struct resolver_file *file)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open_same(text, file);
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
 * True if the text f, which is no disc now, may name the file: one that it names as well may still
 * be copied. A .ccd names its files by its own name, and a text may be in another character set.
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

/* Reads the text f. Its bytes, or -errno. */
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
	/* What cannot be known is not deleted. */
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

/*
 * Finds the parts of the disc that no other text of the folder names. Their number, 0 also if the
 * text is no disc; -EBUSY: one of them is in use; -ENOPKG: there is no resolver; -ENOMEM.
 */
static int find_parts(const struct library_file *f, struct resolver_file parts[CD_MAX_FILES])
{
	struct resolver_disc *d = calloc(1, sizeof(*d));
	struct refusal why;
	unsigned count = 0;
	int r;

	r = d ? resolver_resolve(f, d, &why) : -ENOMEM;
	if (r < 0) {
		free(d);
		return r == -ENOPKG || r == -ENOMEM ? r : 0;
	}
	for (unsigned i = 0; i < d->map.files && count < CD_MAX_FILES; i++) {
		if (image_compact_is_part(d->file[i].name) && !is_own_disc(f, &d->file[i]))
			parts[count++] = d->file[i];
	}
	free(d);
	count = drop_shared_by_any(f, parts, count);
	for (unsigned i = 0; i < count; i++) {
		if (is_locked(f, &parts[i]))
			return -EBUSY;
	}
	return (int)count;
}

int image_compact_delete(
	struct folder *folder, const struct library_file *f, struct image_compact_deleted *out)
{
	struct resolver_file *parts = calloc(CD_MAX_FILES, sizeof(*parts));
	int n = parts ? find_parts(f, parts) : -ENOMEM, r = MIN(n, 0);
	struct stat st;

	*out = (struct image_compact_deleted){0};
	if (r == 0)
		r = disc_file_delete(folder, f->base, &out->text);
	for (int i = 0; r == 0 && i < n; i++) {
		bool known = fstatat(f->dir_fd, parts[i].name, &st, AT_SYMLINK_NOFOLLOW) == 0;

		r = folder->ops->unlink(folder, parts[i].name);
		if (r == 0) {
			out->parts++;
			out->bytes += known && st.st_nlink == 1 ? (uint64_t)st.st_blocks * 512 : 0;
		}
		r = r == -ENOENT ? 0 : r;
	}
	if (r == 0 && out->parts > 0)
		r = folder->ops->sync_names(folder);
	free(parts);
	return r;
}
