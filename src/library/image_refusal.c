// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/image_refusal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "media/store.h"

int image_refuse(struct refusal *why, int error, const char *code, const char *fmt, ...)
{
	va_list ap;

	why->code = code;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return error;
}

int image_refuse_open(struct refusal *why, int error, const char *name, const char *folder)
{
	switch (-error) {
	case ENOENT:
	case ENOTDIR:
		return image_refuse(why, error, "no-such-image",
			"no image \"%s\" in %s; mmcgadgetctl list shows all", name, folder);
	case EXDEV:
		return image_refuse(why, error, "outside",
			"\"%s\" is outside of %s; copy it there first", name, folder);
	case ELOOP:
		return image_refuse(why, error, "outside",
			"\"%s\" leads through symbolic links that cannot be followed safely", name);
	case ENOTBLK:
		return image_refuse(why, error, "not-a-file",
			"\"%s\" is not a regular file; folders, devices and pipes are not discs",
			name);
	case EROFS:
		return image_refuse(why, error, "not-writable",
			"\"%s\" is empty and cannot be written; a blank disc must be writable",
			name);
	case EACCES:
	case EPERM:
		return image_refuse(why, error, "unreadable", "\"%s\" cannot be read: %s", name,
			strerror(-error));
	case EBUSY:
		return image_refuse(
			why, error, "in-use", "\"%s\" is in use by another program", name);
	case EBADMSG:
		return image_refuse(why, error, "bad-state",
			"\"%s\" is empty, and its state in \"%s%s\" is not that of a blank; remove "
			"one of them",
			name, name, STORE_SUFFIX);
	case EMEDIUMTYPE:
		return image_refuse(why, error, "not-an-image",
			"\"%s\" is a blank or was burned, so it is what it is; as= is for images "
			"that were copied here",
			name);
	case ENAMETOOLONG:
		return image_refuse(why, error, "bad-name",
			"\"%.64s...\" is too long a name: no room for \"%s\" after it", name,
			STORE_SUFFIX);
	case EFBIG:
		return image_refuse(why, error, "too-large",
			"\"%s\" has more than %" PRIu64 " blocks", name, IMAGE_MAX_BLOCKS);
	default:
		return image_refuse(why, error, "io-error", "\"%s\": %s", name, strerror(-error));
	}
}
