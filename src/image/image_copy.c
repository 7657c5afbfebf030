// SPDX-License-Identifier: GPL-2.0-or-later
/* Copies an image that has no name any more, and moves state files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library/image_place.h"
#include "library/free_room.h"
#include "library/keep_name.h"
#include "media/store.h"

#define PIECE (256u * 1024u)

/* Copies len bytes at `at`. 0 or -errno. */
static int copy_bytes(int from, int to, off_t at, off_t len, char *buf)
{
	while (len > 0) {
		off_t in = at, out = at;
		/* On Btrfs and XFS the two files share their blocks afterwards. */
		ssize_t n = copy_file_range(from, &in, to, &out, (size_t)len, 0);

		if (n <= 0) {
			n = pread(from, buf, len < (off_t)PIECE ? (size_t)len : PIECE, at);
			if (n > 0)
				n = pwrite(to, buf, (size_t)n, at);
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += n;
		len -= n;
	}
	return 0;
}

static int copy_data(int from, int to)
{
	char *buf = malloc(PIECE);
	off_t at = 0, hole;
	struct stat st;
	int r = buf ? 0 : -ENOMEM;

	if (r == 0 && (fstat(from, &st) < 0 || ftruncate(to, st.st_size) < 0))
		r = -errno;
	while (r == 0 && at < st.st_size) {
		at = lseek(from, at, SEEK_DATA);
		/* ENXIO: the rest is a hole. */
		if (at < 0) {
			r = errno == ENXIO ? 0 : -errno;
			break;
		}
		hole = lseek(from, at, SEEK_HOLE);
		if (hole < 0)
			hole = st.st_size;
		r = copy_bytes(from, to, at, hole - at, buf);
		at = hole;
	}
	free(buf);
	return r;
}

/* Renames tmp to the place's name, unless another file has taken it. */
static int give_name(const struct image_place *p, const char *tmp)
{
	struct folder *f = folder_file_of(p->dir_fd);
	int r;

	if (!f)
		return -ENOMEM;
	r = f->ops->rename_new(f, tmp, p->base);
	if (r == 0)
		r = f->ops->sync_names(f);
	f->ops->close(f);
	return r;
}

static int open_store(int dir, const char *base, struct store **out)
{
	struct folder *f = folder_file_of(dir);

	return f ? store_new(f, base, "", out) : -ENOMEM;
}

/* Makes the state file of the place, if there is none. 0 or -errno. */
static int put_state(const struct image_place *p, const char *text, size_t len)
{
	char there[STORE_TEXT_MAX];
	struct store *s;
	int r = open_store(p->dir_fd, p->base, &s);

	if (r < 0)
		return r;
	if (store_load(s, there, sizeof(there)) == -ENOENT)
		r = store_save(s, text, len);
	store_close(s);
	return r;
}

/* Removes the state file of the place, unless another image has brought its own. */
static void drop_state(const struct image_place *p, uint32_t crc)
{
	char there[STORE_TEXT_MAX];
	struct store *s;

	if (open_store(p->dir_fd, p->base, &s) < 0)
		return;
	if (store_load(s, there, sizeof(there)) >= 0 && s->crc == crc)
		(void)store_remove(s);
	store_close(s);
}

/*
 * Gives the copy the place's name, or another one if that was taken meanwhile. The state file
 * may have been deleted while it had no image, so it is made again. 0 or -errno.
 */
static int name_copy(
	struct image_place *p, const char *tmp, const char *state, int len, uint32_t crc)
{
	struct image_place was;
	char name[256];
	int r;

	for (unsigned n = 1; n <= KEEP_TRIES; n++) {
		r = len > 0 ? put_state(p, state, (size_t)len) : 0;
		if (r == 0)
			r = give_name(p, tmp);
		if (r != -EEXIST)
			return r;
		was = *p;
		r = keep_name_free(p->dir_fd, p->base, n, name);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		snprintf(p->base, sizeof(p->base), "%s", name);
		if (len > 0)
			drop_state(&was, crc);
	}
	return -EEXIST;
}

int image_place_copy(struct image_place *p, const char *media)
{
	char tmp[64], state[STORE_TEXT_MAX];
	struct store *s;
	struct stat st;
	int from, to, r, len;
	uint32_t crc;

	/* The folder of the image was removed; another one may have its name now. */
	if (fstat(p->dir_fd, &st) < 0 || st.st_nlink == 0) {
		r = image_place_keep(p, media);
		if (r < 0 || !p->must_copy)
			return r;
	}
	r = open_store(p->dir_fd, p->base, &s);
	if (r < 0)
		return r;
	len = store_load(s, state, sizeof(state));
	crc = s->crc;
	store_close(s);
	from = image_place_open(p);
	if (from < 0)
		return from;
	snprintf(tmp, sizeof(tmp), IMAGE_HIDDEN_PREFIX "copy-%llu", (unsigned long long)p->ino);
	to = openat(p->dir_fd, tmp, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0664);
	r = to < 0 ? -errno : 0;
	if (r == 0)
		r = copy_data(from, to);
	if (r == 0) {
		(void)fchmod(to, 0664);
		r = fsync(to) < 0 ? -errno : 0;
	}
	if (r == 0)
		r = name_copy(p, tmp, state, len, crc);
	if (r == 0 && fstat(to, &st) == 0) {
		p->dev = st.st_dev;
		p->ino = st.st_ino;
		p->must_copy = false;
	} else if (to >= 0) {
		(void)unlinkat(p->dir_fd, tmp, 0);
	}
	if (to >= 0)
		close(to);
	close(from);
	return r;
}

void image_place_room(const struct image_place *p, uint64_t *need, uint64_t *free)
{
	struct stat st;

	*need = fstat(p->path_fd, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
	if (free_room(p->dir_fd, free) < 0)
		*free = UINT64_MAX;
}

/* ---- the state file ------------------------------------------------------------------------- */

int image_place_take_state(const struct image_place *p, int from_dir, const char *from)
{
	char text[STORE_TEXT_MAX], there[STORE_TEXT_MAX];
	struct store *old, *new;
	struct stat st;
	int r, n;

	/* If another image has that name by now, the state file may belong to it. */
	if (fstatat(from_dir, from, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	r = open_store(from_dir, from, &old);
	if (r < 0)
		return r;
	n = store_load(old, text, sizeof(text));
	r = n < 0 ? n : open_store(p->dir_fd, p->base, &new);
	if (r == 0) {
		r = store_load(new, there, sizeof(there)) == -ENOENT
			    ? store_save(new, text, (size_t)n)
			    : -EEXIST;
		store_close(new);
		if (r == 0)
			r = store_remove(old);
	}
	store_close(old);
	return r == -ENOENT ? 0 : r;
}
