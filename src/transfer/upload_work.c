// SPDX-License-Identifier: GPL-2.0-or-later
#include "transfer/upload_work.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library/checksum.h"
#include "library/disc_file.h"
#include "library/library.h"

static int no_folder(struct upload_work *w, int error)
{
	const char *name = *w->dir ? w->dir : w->media;

	if (error == -EXDEV || error == -ELOOP)
		return image_refuse(
			&w->why, error, "outside", "\"%s\" is outside of %s", name, w->media);
	return image_refuse(&w->why, error,
		error == -ENOENT || error == -ENOTDIR ? "no-such-folder" : "io-error",
		"the folder %s%s%s cannot be opened: %s", w->media, *w->dir ? "/" : "", w->dir,
		strerror(-error));
}

/* Opens the folder of the image. A descriptor, or -errno with why. */
static int open_dir(struct upload_work *w)
{
	int folder = library_open_folder(w->media), dir;

	if (folder < 0)
		return no_folder(w, folder);
	dir = library_open_below(folder, w->dir);
	close(folder);
	return dir < 0 ? no_folder(w, dir) : dir;
}

/* Refuses a name that is taken, before anybody sends a disc for it. */
static int check_free(int dir, struct upload_work *w)
{
	const char *base = w->part.text.image;
	struct folder *f;
	struct stat st;
	int r = 0;

	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		r = 1;
	} else if (errno == ENOENT) {
		f = folder_file_of(dir);
		if (f) {
			r = disc_file_has_leftovers(f, base);
			f->ops->close(f);
		}
	}
	if (r > 0)
		return image_refuse(&w->why, -EEXIST, "exists",
			"\"%s\" exists, or a state or checksum of that name; nothing is "
			"overwritten: take another name, or delete that one first",
			base);
	if (r < 0)
		return image_refuse(&w->why, r, "io-error",
			"\"%s\" cannot be uploaded, as what is beside that name cannot be looked "
			"at: %s",
			base, strerror(-r));
	return 0;
}

static int make(int dir, struct upload_work *w)
{
	int r = check_free(dir, w);

	return r < 0 ? r
		     : upload_part_make(dir, &w->part, w->kept, w->must_lease, &w->room, &w->why);
}

static int sync_part(int dir, struct upload_work *w)
{
	int r = upload_part_sync(dir, &w->part, w->must_lease, &w->seen, &w->why);

	return r < 0 ? r : upload_part_read(dir, w->part.id);
}

/* The sum was computed from what storage gave back. That it cannot be written is not a fault. */
static int finish(int dir, struct upload_work *w)
{
	int r = upload_part_finish(
		dir, &w->part, w->base, w->must_lease, w->synced ? &w->seen : NULL, &w->why);
	struct folder *f = r == 0 && *w->sha256 ? folder_file_of(dir) : NULL;

	if (f) {
		(void)checksum_write(f, *w->base ? w->base : w->part.text.image, w->sha256, NULL);
		f->ops->close(f);
	}
	return r;
}

static int in_dir(int dir, struct upload_work *w)
{
	switch (w->step) {
	case UPLOAD_STEP_SCAN:
		return upload_scan(dir, &w->scan);
	case UPLOAD_STEP_MAKE:
		return make(dir, w);
	case UPLOAD_STEP_OPEN:
		return upload_part_open(dir, &w->part, w->kept, w->must_lease, &w->room, &w->why);
	case UPLOAD_STEP_AT:
		return upload_part_at(dir, &w->part, w->offset, &w->why);
	case UPLOAD_STEP_SYNC:
		return sync_part(dir, w);
	case UPLOAD_STEP_FINISH:
		return finish(dir, w);
	case UPLOAD_STEP_DROP:
		w->bytes = upload_part_drop(dir, w->part.id);
		return 0;
	}
	return -EINVAL;
}

void upload_work_run(struct upload_work *w)
{
	int dir;

	w->why.text[0] = '\0';
	w->room = (struct upload_room){0};
	dir = open_dir(w);
	w->result = dir < 0 ? dir : in_dir(dir, w);
	if (dir >= 0)
		close(dir);
}
