// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/library.h"
#include "media/disc.h"

/* The largest address READ CAPACITY(10) can tell, and the block after it (SBC-3 5.15). */
#define MAX_BLOCKS UINT64_C(0xfffffffe)

__attribute__((format(printf, 4, 5))) static int refuse(
	struct refusal *why, int error, const char *code, const char *fmt, ...)
{
	va_list ap;

	why->code = code;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return error;
}

static int refuse_open(struct refusal *why, int error, const char *name, const char *folder)
{
	switch (-error) {
	case ENOENT:
	case ENOTDIR:
		return refuse(why, error, "no-such-image", "no image \"%s\" in %s", name, folder);
	case EXDEV:
		return refuse(why, error, "outside", "\"%s\" is outside of %s", name, folder);
	case ELOOP:
		return refuse(why, error, "outside",
			"\"%s\" leads through symbolic links that cannot be followed safely", name);
	case ENOTBLK:
		return refuse(why, error, "not-a-file",
			"\"%s\" is not a regular file; folders, devices and pipes are no discs",
			name);
	case EROFS:
		return refuse(why, error, "not-writable",
			"\"%s\" is empty and cannot be written; a blank disc must be writable",
			name);
	case EACCES:
	case EPERM:
		return refuse(why, error, "unreadable", "\"%s\" cannot be read: %s", name,
			strerror(-error));
	case EBUSY:
		return refuse(why, error, "in-use", "\"%s\" is in use by another program", name);
	case EFBIG:
		return refuse(why, error, "too-large", "\"%s\" has more than %" PRIu64 " blocks",
			name, MAX_BLOCKS);
	default:
		return refuse(why, error, "io-error", "\"%s\": %s", name, strerror(-error));
	}
}

static void warn_size(struct image *image)
{
	unsigned odd = (unsigned)(image->size % MEDIA_BLOCK);

	if (odd != 0)
		snprintf(image->warning, sizeof(image->warning),
			"; its size is not a multiple of %u: its last %u bytes are shown as a "
			"zero-padded block",
			MEDIA_BLOCK, odd);
}

/* Better said now than met as a write error in mid-burn. */
static void warn_room(struct image *image, int folder, const char *folder_name)
{
	const uint64_t full = (uint64_t)DISC_DVD_PLUS_R_BLOCKS * MEDIA_BLOCK;
	struct statvfs fs;
	uint64_t room;

	if (fstatvfs(folder, &fs) < 0)
		return;
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (room < full)
		snprintf(image->warning, sizeof(image->warning),
			"; only %" PRIu64 " MB are free in %.64s, a full disc takes %" PRIu64 " MB",
			room / 1000000, folder_name, full / 1000000);
}

int image_open(int folder, const char *folder_name, const char *name, struct image *out,
	struct refusal *why)
{
	struct library_file file;
	int r;

	memset(out, 0, sizeof(*out));
	r = library_open(folder, name, &file);
	if (r < 0)
		return refuse_open(why, r, name, folder_name);
	out->size = file.size;
	out->dev = file.dev;
	out->ino = file.ino;
	out->blank = file.writable;
	if (file.size > MAX_BLOCKS * MEDIA_BLOCK) {
		close(file.fd);
		return refuse_open(why, -EFBIG, name, folder_name);
	}
	r = media_file_open(file.fd, file.writable, &out->media);
	if (r < 0)
		return refuse_open(why, r, name, folder_name);
	out->name = strdup(name);
	if (!out->name || asprintf(&out->path, "%s/%s", folder_name, name) < 0) {
		out->path = NULL;
		return refuse_open(why, -ENOMEM, name, folder_name);
	}
	if (out->blank)
		warn_room(out, folder, folder_name);
	else
		warn_size(out);
	return 0;
}

int image_create_blank(int folder, const char *folder_name, const char *name, struct refusal *why)
{
	struct library_file file;
	int r = library_create(folder, name);

	if (r == 0)
		return 0;
	if (r == -ENOENT || r == -ENOTDIR)
		return refuse(why, r, "no-such-folder",
			"no folder for \"%s\" in %s; a blank is made in folders that exist", name,
			folder_name);
	if (r == -EINVAL)
		return refuse(why, r, "bad-name", "\"%s\" is no name for a file", name);
	if (r != -EEXIST)
		return r == -EXDEV ? refuse_open(why, r, name, folder_name)
				   : refuse(why, r, "io-error", "\"%s\" cannot be made: %s", name,
					     strerror(-r));
	r = library_open(folder, name, &file);
	if (r < 0)
		return refuse_open(why, r, name, folder_name);
	close(file.fd);
	if (file.size > 0)
		return refuse(why, -EEXIST, "not-blank",
			"\"%s\" exists and holds %" PRIu64
			" bytes; a disc that holds data is never overwritten",
			name, file.size);
	return 0;
}

void image_fini(struct image *image)
{
	media_close(image->media);
	free(image->name);
	free(image->path);
	memset(image, 0, sizeof(*image));
}
