// SPDX-License-Identifier: GPL-2.0-or-later
#include "transfer/download.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compact/resolver.h"
#include "drive/drive.h"
#include "image/image.h"
#include "library/etag.h"
#include "library/library.h"
#include "transfer/asker.h"
#include "transfer/find_image.h"
#include "transfer/in_use.h"

static json_t *refuse_asker(const struct reply *r, int fd, const char *name)
{
	struct asker who;
	struct stat st;

	if (!r->from_web)
		return NULL;
	if (fstat(fd, &st) < 0 || asker_of(r->asker, &who) < 0)
		return answer_error("io-error", "\"%s\": who asks cannot be found out", name);
	if (!asker_could_write(&who, &st))
		return NULL;
	return answer_error("shared",
		"\"%s\" can be written to by the user of the web page, which must not have it "
		"then: "
		"chmod o-w it, and keep that user out of the discs' group (a FAT card: mount it "
		"with "
		"umask=007)",
		name);
}

/* Returns the kind as a list has it, or NULL with the answer to a refusal. */
static const char *kind_of(
	const struct library_file *f, const char *name, bool unfinished, json_t **fault)
{
	struct image_peek peek;

	if (resolver_is_text(f->base, f->size))
		return "cd";
	image_peek(f->dir_fd, f->base, f->size, &peek);
	if (unfinished || (strcmp(peek.kind, "open") != 0 && strcmp(peek.kind, "appendable") != 0))
		return peek.kind;
	*fault = answer_error("unfinished",
		"\"%s\" is a disc that is not finalised, and its image may make no sense to other "
		"programs; close it first: mmcgadgetctl close \"%s\", or take it as it is: "
		"mmcgadgetctl get \"%s\" --force",
		name, name, name);
	return NULL;
}

static json_t *open_found(const struct drives *drives, const struct library_file *f,
	const char *name, bool unfinished, const struct reply *r, int *fd)
{
	json_t *a = in_use_refusal(drives, f, name);
	const char *kind = a ? NULL : kind_of(f, name, unfinished, &a);
	char etag[ETAG_TEXT];
	struct stat st;

	if (!kind)
		return a;
	*fd = library_open(f);
	if (*fd < 0)
		return answer_error(
			"unreadable", "\"%s\" cannot be read: %s", name, strerror(-*fd));
	a = refuse_asker(r, *fd, name);
	if (!a && fstat(*fd, &st) < 0)
		a = answer_error("io-error", "\"%s\": %s", name, strerror(errno));
	if (a) {
		close(*fd);
		*fd = -1;
		return a;
	}
	etag_of(&st, etag);
	a = answer_ok("opened %s", name);
	json_object_set_new(a, "image", json_string(name));
	json_object_set_new(a, "size", json_integer((json_int_t)st.st_size));
	json_object_set_new(a, "mtime", json_integer((json_int_t)st.st_mtim.tv_sec));
	json_object_set_new(a, "etag", json_string(etag));
	json_object_set_new(a, "kind", json_string(kind));
	return a;
}

void download_open(const struct drives *drives, struct drive *d, const char *name, bool unfinished,
	struct reply *r)
{
	struct library_file f;
	int folder, fd = -1;
	json_t *a;

	if (!r->final_fd) {
		r->final(
			r, answer_error("socket-only", "open: the descriptor would have no reader; "
						       "connect to the socket"));
		return;
	}
	a = find_image(drive_media(d), name, &folder, &f);
	if (!a) {
		a = open_found(drives, &f, name, unfinished, r, &fd);
		library_forget(&f);
		close(folder);
	}
	if (fd >= 0)
		r->final_fd(r, a, fd);
	else
		r->final(r, a);
}
