// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/image.h"

#include <errno.h>
#include <limits.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "library/library.h"
#include "library/checksum.h"
#include "library/image_name.h"
#include "library/label.h"
#include "library/permission_hint.h"
#include "disc/disc_state.h"
#include "util/array.h"
#include "util/log.h"

/*
 * Blocks of a disc at most: READ CAPACITY(10) reports the last address in 32 bits, and
 * FFFFFFFFh means that it does not fit (SBC-3 5.15).
 */
#define MAX_BLOCKS UINT64_C(0xfffffffe)

/* ms to read the volume of an image that is opened; a card that hangs only costs the warning */
#define LOOK_WAIT 500u

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
		return refuse(why, error, "outside", "\"%s\" is outside of %s; copy it there first",
			name, folder);
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
	case EBADMSG:
		return refuse(why, error, "bad-state",
			"\"%s\" is empty, and its state in \"%s%s\" is not that of a blank; remove "
			"one of them",
			name, name, STORE_SUFFIX);
	case ENAMETOOLONG:
		return refuse(why, error, "bad-name",
			"\"%.64s...\" is too long a name: no room for \"%s\" after it", name,
			STORE_SUFFIX);
	case EFBIG:
		return refuse(why, error, "too-large", "\"%s\" has more than %" PRIu64 " blocks",
			name, MAX_BLOCKS);
	default:
		return refuse(why, error, "io-error", "\"%s\": %s", name, strerror(-error));
	}
}

static void add_warning(struct image *image, const char *text)
{
	size_t n = strlen(image->warning);

	snprintf(image->warning + n, sizeof(image->warning) - n, "%s", text);
}

static void warn_size(struct image *image)
{
	unsigned odd = (unsigned)(image->size % MEDIA_BLOCK);
	char text[128];

	if (odd == 0)
		return;
	snprintf(text, sizeof(text),
		"; its size is not a multiple of %u: its last %u bytes are shown as a zero-padded "
		"block",
		MEDIA_BLOCK, odd);
	add_warning(image, text);
}

/* Warns of a file that is no disc, or part of one. It is shown to the host all the same. */
static void warn_volume(struct image *image, const struct library_file *f, bool has_state)
{
	int fd = image->size > 0 ? library_open(f) : -1;
	const char *remark;
	struct label label;
	char text[160];

	if (fd < 0 || !label_read_within(fd, LOOK_WAIT, &label))
		return;
	remark = has_state || label.has_volume ? NULL : image_name_remark(f->base);
	image_describe_copy(label.volume, image->size, text, sizeof(text));
	if (remark || text[0]) {
		add_warning(image, "; ");
		add_warning(image, remark ? remark : text);
	}
}

static int free_bytes(int folder, uint64_t *bytes)
{
	struct statvfs fs;

	if (fstatvfs(folder, &fs) < 0)
		return -errno;
	*bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	return 0;
}

/* The warning comes before the burn, which would end in a write error. */
void image_warn_room(
	int folder, const char *folder_name, uint32_t blocks, char *out, size_t out_size)
{
	uint64_t room = 0, full = (uint64_t)blocks * MEDIA_BLOCK;

	out[0] = '\0';
	if (free_bytes(folder, &room) == 0 && room < full)
		snprintf(out, out_size,
			"; only %" PRIu64 " MB are free in %.64s, a full disc takes %" PRIu64 " MB",
			room / 1000000, folder_name, full / 1000000);
}

/* Blocks that the file system has room for, less a reserve for its own metadata. */
static uint32_t room_for(int folder)
{
	const uint64_t reserve = UINT64_C(4) << 20;
	uint64_t room = 0;

	if (free_bytes(folder, &room) < 0)
		return 0;
	room = room > reserve ? (room - reserve) / MEDIA_BLOCK : 0;
	return room == 0 ? 1 : (uint32_t)MIN(room, (uint64_t)UINT32_MAX);
}

static int open_store(const struct library_file *f, struct store **out)
{
	char boot[STORE_BOOT_MAX];
	struct folder *folder = folder_file_of(f->dir_fd);

	*out = NULL;
	if (!folder)
		return -errno;
	store_this_boot(boot);
	return store_new(folder, f->base, boot, out);
}

/* True for an empty file, and for a disc whose state file says that it can be appended to. */
static bool is_recordable(const struct library_file *f, struct store *s)
{
	char text[STORE_TEXT_MAX];
	struct disc_state state;
	int n = store_load(s, text, sizeof(text));

	if (n < 0)
		return f->size == 0 && n == -ENOENT;
	return !disc_state_decode(text, (size_t)n, NULL, &state) &&
	       disc_state_is_recordable(&state);
}

static int open_media(struct library_file *f, struct image *out, struct media **media)
{
	int fd;

	if (f->size > MAX_BLOCKS * MEDIA_BLOCK)
		return -EFBIG;
	fd = out->recordable ? library_open_writable(f) : library_open(f);
	out->dev = f->dev;
	out->ino = f->ino;
	if (fd >= 0) {
		int r = image_place_new(f, &out->place);

		if (r < 0) {
			close(fd);
			return r;
		}
	}
	if (out->recordable && (fd == -EACCES || fd == -EPERM))
		fd = -EROFS;
	return fd < 0 ? fd : media_file_open(fd, out->recordable, media);
}

static void report_state(struct image *image, const char *name)
{
	const struct disc *d = image->disc;
	char text[160];

	if (d->read_only) {
		snprintf(text, sizeof(text), "; read-only: %s", d->read_only);
		add_warning(image, text);
	}
	if (d->dropped)
		log_warn("%s: %" PRIu32 " blocks written after the last flush are lost; a burn "
			 "continues at block %" PRIu32,
			name, d->dropped, disc_nwa(d));
	if (d->adopted)
		log_info("%s: %" PRIu32 " blocks written before the daemon last stopped are intact",
			name, d->adopted);
}

/* Opens the disc. The medium is locked by now, so the state file cannot change any more. */
static int make_disc(int folder, const char *folder_name, const struct image_policy *policy,
	struct media *media, struct store *store, struct image *out)
{
	struct disc_options o = {
		.media = media,
		.store = store,
		.max_unsaved = policy->max_unsaved,
		.room = policy->limit_to_free_space && out->recordable ? room_for(folder) : 0,
		.release = policy->release,
		.release_ctx = policy->release_ctx,
	};
	const struct disc_track *t;
	char text[160];

	out->disc = disc_open(&o);
	if (!out->disc)
		return -ENOMEM;
	if (policy->ready && media_file_read_ahead(media, policy->ready, policy->ready_ctx) < 0)
		log_warn("%s: no thread for read-ahead, so the drive waits for storage", out->name);
	report_state(out, out->name);
	if (out->disc->read_only && disc_end(out->disc) == 0)
		return -EBADMSG;
	t = disc_track(out->disc, disc_open_track(out->disc));
	if (t) {
		image_warn_room(
			folder, folder_name, disc_track_free(out->disc, t), text, sizeof(text));
		add_warning(out, text);
	} else {
		warn_size(out);
	}
	return 0;
}

/* True if storage returned other data when the image was verified. */
static bool is_damaged(int folder, const char *name)
{
	char path[PATH_MAX], text[CHECKSUM_TEXT];
	int n;

	if (snprintf(path, sizeof(path), "%s" CHECKSUM_SUFFIX, name) >= (int)sizeof(path))
		return false;
	n = library_read(folder, path, text, sizeof(text));
	return n > 0 && checksum_is_bad(text, (size_t)n);
}

static int open_found(int folder, const char *folder_name, struct library_file *f,
	const struct image_policy *policy, struct image *out)
{
	struct media *media;
	struct store *store;
	int r = open_store(f, &store);
	char hint[PERMISSION_HINT] = "";
	bool has_state;

	if (r < 0)
		return r;
	out->recordable = is_recordable(f, store);
	has_state = store->present;
	if (f->size > 0 && is_damaged(f->dir_fd, f->base))
		add_warning(out, "; storage gave back other data than was burned");
	if (out->recordable && !f->may_write) {
		out->recordable = false;
		if (f->size == 0) /* refused, and then with the hint */
			r = -EROFS;
		else
			permission_hint(folder, folder_name, out->name, "rw", hint);
	}
	if (r == 0)
		r = open_media(f, out, &media);
	if (r < 0) {
		store_close(store);
		return r;
	}
	r = make_disc(folder, folder_name, policy, media, store, out);
	add_warning(out, hint);
	if (r == 0 && !out->recordable)
		warn_volume(out, f, has_state);
	return r;
}

/* As refuse_open(); if permissions are missing, says what to type. */
static int refuse_found(
	struct refusal *why, int error, int folder, const char *folder_name, const char *name)
{
	size_t n;

	refuse_open(why, error, name, folder_name);
	n = strlen(why->text);
	if (error == -EROFS || error == -EACCES || error == -EPERM) {
		char hint[PERMISSION_HINT];

		permission_hint(folder, folder_name, name, error == -EROFS ? "rw" : "r", hint);
		snprintf(why->text + n, sizeof(why->text) - n, "%s", hint);
	}
	return error;
}

int image_open(int folder, const char *folder_name, const char *name,
	const struct image_policy *policy, struct image *out, struct refusal *why)
{
	struct library_file file;
	int r;

	memset(out, 0, sizeof(*out));
	if (store_is_own_name(name))
		return refuse(why, -EINVAL, "bad-name",
			"\"%s\" is the state file of a disc, not an image", name);
	r = library_find(folder, name, &file);
	if (r < 0)
		return refuse_found(why, r, folder, folder_name, name);
	/* Behind a link, too. The state of such a disc would be saved under the hidden name. */
	if (strncmp(file.base, IMAGE_HIDDEN_PREFIX, strlen(IMAGE_HIDDEN_PREFIX)) == 0) {
		library_forget(&file);
		return refuse(why, -EINVAL, "bad-name",
			"\"%s\" is a second, hidden name that mmcgadget gives to a disc in a "
			"drive; use the disc's own name",
			name);
	}
	out->size = file.size;
	out->name = strdup(name);
	if (!out->name || asprintf(&out->path, "%s/%s", folder_name, name) < 0) {
		out->path = NULL;
		r = -ENOMEM;
	}
	if (r == 0)
		r = open_found(folder, folder_name, &file, policy, out);
	library_forget(&file);
	if (r < 0)
		return refuse_found(why, r, folder, folder_name, name);
	out->kind = image_kind(out->disc);
	return 0;
}

void image_write_behind(const struct image_policy *policy, struct disc *disc)
{
	struct media *m;

	if (!policy->ready || !disc->media->writable)
		return;
	m = media_write_behind_new(disc->media, policy->ready, policy->ready_ctx);
	if (m)
		disc->media = m;
	else
		log_warn("no thread for write-behind, so the drive waits for storage");
}

static void drop_state_of(const struct library_file *file)
{
	static const char *const suffix[] = {STORE_SUFFIX, STORE_SPARE_SUFFIX};
	char state[STORE_NAME_MAX + 32];

	for (size_t i = 0; i < ARRAY_LEN(suffix); i++) {
		snprintf(state, sizeof(state), "%s%s", file->base, suffix[i]);
		if (unlinkat(file->dir_fd, state, 0) == 0)
			log_info("%s: removed, its image no longer exists", state);
	}
}

/* Removes a state file whose image was deleted by hand, so that the new disc does not get it. */
static void drop_orphaned_state(int folder, const char *name)
{
	struct library_file file;

	if (library_find(folder, name, &file) < 0)
		return;
	drop_state_of(&file);
	library_forget(&file);
}

/* Writes the state file that tells a blank of this medium from others. 0 or -errno. */
static int save_blank_state(const struct library_file *file, const struct disc_medium *medium)
{
	char text[STORE_TEXT_MAX];
	struct disc_state state;
	struct store *store;
	int r = open_store(file, &store);

	if (r < 0)
		return r;
	disc_state_of_blank(medium, &state);
	r = store_save(store, text, disc_state_encode(&state, text));
	store_close(store);
	return r;
}

/* For a new image of 0 bytes. On failure the image is removed again. 0 or -errno with *why. */
static int make_blank_of(int folder, const char *folder_name, const char *name,
	const struct disc_medium *medium, struct refusal *why)
{
	struct library_file file;
	int r = library_find(folder, name, &file);

	if (r < 0)
		return refuse_open(why, r, name, folder_name);
	r = save_blank_state(&file, medium);
	if (r < 0) {
		(void)unlinkat(file.dir_fd, file.base, 0);
		drop_state_of(&file);
	}
	library_forget(&file);
	return r == 0 ? 0
		      : refuse(why, r, "io-error", "the state file of \"%s\" cannot be written: %s",
				name, strerror(-r));
}

/* An empty file of that name exists: 0 if it is a blank of the medium, or -errno with *why. */
static int check_blank_of(
	int folder, const char *name, const struct disc_medium *medium, struct refusal *why)
{
	const struct disc_medium *has = disc_medium_of_blank();
	char path[PATH_MAX], text[STORE_TEXT_MAX];
	struct disc_state state;
	int n = -ENOENT;

	if (snprintf(path, sizeof(path), "%s%s", name, STORE_SUFFIX) < (int)sizeof(path))
		n = library_read(folder, path, text, sizeof(text));
	if (n >= 0 && !disc_state_decode(text, (size_t)n, NULL, &state))
		has = state.medium;
	if (has == medium)
		return 0;
	return refuse(why, -EEXIST, "other-blank",
		"\"%s\" exists and is a blank %s; choose another name for a %s, or delete it first",
		name, has->title, medium->title);
}

/* True if the name, or a folder in it, looks like an option or is hidden: lists leave it out. */
static bool begins_badly(const char *name)
{
	for (const char *p = name; p; p = strchr(p, '/')) {
		size_t len = strcspn(p += *p == '/', "/");

		if (*p == '-' || (*p == '.' && len > 1 && !(len == 2 && p[1] == '.')))
			return true;
	}
	return false;
}

int image_create_blank(int folder, const char *folder_name, const char *name,
	const struct disc_medium *medium, struct refusal *why)
{
	struct library_file file;
	int r;

	if (store_is_own_name(name))
		return refuse(why, -EINVAL, "bad-name",
			"\"%s\" is a name for state files of discs, not for images", name);
	if (strlen(name) - (strrchr(name, '/') ? (size_t)(strrchr(name, '/') + 1 - name) : 0) +
			strlen(STORE_SPARE_SUFFIX) >
		STORE_NAME_MAX)
		return refuse_open(why, -ENAMETOOLONG, name, folder_name);
	if (begins_badly(name))
		return refuse(why, -EINVAL, "bad-name",
			"\"%s\": the name of a disc cannot begin with \"-\" or \".\"", name);
	r = library_create(folder, name);
	if (r == 0) {
		drop_orphaned_state(folder, name);
		return medium == disc_medium_of_blank()
			       ? 0
			       : make_blank_of(folder, folder_name, name, medium, why);
	}
	if (r == -ENOENT || r == -ENOTDIR)
		return refuse(why, r, "no-such-folder",
			"no folder for \"%s\" in %s; make the folder first", name, folder_name);
	if (r == -EINVAL)
		return refuse(why, r, "bad-name", "\"%s\" is not a valid file name", name);
	if (r != -EEXIST)
		return r == -EXDEV ? refuse(why, r, "outside",
					     "\"%s\" is outside of %s; blanks are made in it", name,
					     folder_name)
				   : refuse(why, r, "io-error", "\"%s\" cannot be created: %s",
					     name, strerror(-r));
	r = library_find(folder, name, &file);
	if (r < 0)
		return refuse_open(why, r, name, folder_name);
	library_forget(&file);
	if (file.size > 0)
		return refuse(why, -EEXIST, "not-blank",
			"\"%s\" exists and holds %" PRIu64
			" bytes; a disc that holds data is never overwritten",
			name, file.size);
	return check_blank_of(folder, name, medium, why);
}

void image_fini(struct image *image)
{
	disc_put(image->disc);
	image_place_unref(image->place);
	free(image->name);
	free(image->path);
	memset(image, 0, sizeof(*image));
}

void image_peek(int folder, const char *name, uint64_t size, struct image_peek *out)
{
	char path[PATH_MAX], text[STORE_TEXT_MAX];
	struct disc_track *t;
	struct disc_state s;
	int n;

	*out = (struct image_peek){.kind = size > 0 ? "iso" : "blank",
		.medium = size > 0 ? disc_medium_of_image((size + MEDIA_BLOCK - 1) / MEDIA_BLOCK)
				   : disc_medium_of_blank()};
	out->damaged = size > 0 && is_damaged(folder, name);
	if (snprintf(path, sizeof(path), "%s%s", name, STORE_SUFFIX) >= (int)sizeof(path))
		return;
	n = library_read(folder, path, text, sizeof(text));
	if (n == -ENOENT || n == -ENAMETOOLONG)
		return;
	out->has_state = true;
	out->problem =
		n < 0 ? "its state cannot be read" : disc_state_decode(text, (size_t)n, NULL, &s);
	if (out->problem)
		return;
	out->medium = s.layout.finalised ? disc_medium_of(s.medium->when_finalised) : s.medium;
	out->sessions = s.layout.sessions - (s.layout.finalised ? 0u : 1u);
	for (uint32_t i = s.layout.tracks; i-- > 0;) {
		if (s.layout.track[i].session == out->sessions)
			out->session = (uint64_t)s.layout.track[i].start * MEDIA_BLOCK;
	}
	t = disc_layout_open(&s.layout);
	/* Blocks that the state file does not count: a burn is in progress, or was cut. */
	if (t && (t->written || size > (uint64_t)disc_layout_end(&s.layout) * MEDIA_BLOCK))
		out->kind = "open";
	else if (t && disc_layout_end(&s.layout))
		out->kind = "appendable";
}

bool image_is_usable(const char *base, uint64_t size, bool may_read, bool may_write,
	const struct image_peek *peek)
{
	if (!may_read || size > MAX_BLOCKS * MEDIA_BLOCK ||
		strlen(base) + strlen(STORE_SPARE_SUFFIX) > STORE_NAME_MAX)
		return false;
	/* A blank is only of use if it can be recorded. */
	return size > 0 || (may_write && !peek->problem);
}
