// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/image.h"

#include <errno.h>
#include <limits.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cd/map.h"
#include "library/free_room.h"
#include "library/cd_set.h"
#include "library/library.h"
#include "library/checksum.h"
#include "library/disc_store.h"
#include "image/image_compact.h"
#include "library/image_name.h"
#include "library/image_raw.h"
#include "library/image_refusal.h"
#include "library/label.h"
#include "library/permission_hint.h"
#include "disc/cd_record.h"
#include "disc/cd_recording.h"
#include "disc/disc_state.h"
#include "protocol/format_size.h"
#include "util/array.h"
#include "util/log.h"

/* ms to wait at most for the volume of an image that is opened, each time that it is needed */
#define LOOK_WAIT 500u

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

/* Warns of a file that is no disc, or only a part of one. The host sees it all the same. */
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

/* The warning comes before the burn, which would end in a write error. */
void image_warn_room(
	int folder, const char *folder_name, uint64_t bytes, char *out, size_t out_size)
{
	char is_free[16], takes[16];
	uint64_t room = 0;

	out[0] = '\0';
	if (free_room(folder, &room) < 0 || room >= bytes)
		return;
	format_size(room, is_free);
	format_size(bytes, takes);
	snprintf(out, out_size, "; only %s are free in %.64s, a full disc takes %s", is_free,
		folder_name, takes);
}

uint64_t image_largest(const struct disc_medium *medium, uint32_t capacity)
{
	return (uint64_t)capacity *
	       (disc_medium_is_cd_recordable(medium) ? CD_SECTOR : MEDIA_BLOCK);
}

/* FAT32 has no files of 4 GiB. The burn would end there, in a write error. */
static void warn_largest(struct image *image, uint64_t most)
{
	const uint64_t full = image_largest(image->disc->medium, image->disc->capacity);
	char text[160], has[16], takes[16];

	if (most >= full)
		return;
	format_size(most, has);
	format_size(full, takes);
	snprintf(text, sizeof(text),
		"; a file of this file system has at most %s, a full disc takes %s", has, takes);
	add_warning(image, text);
}

/* Blocks that the file system has room for, less a reserve for its own metadata. */
static uint32_t room_for(int folder)
{
	const uint64_t reserve = UINT64_C(4) << 20;
	uint64_t room = 0;

	if (free_room(folder, &room) < 0)
		return 0;
	room = room > reserve ? (room - reserve) / MEDIA_BLOCK : 0;
	return room == 0 ? 1 : (uint32_t)MIN(room, (uint64_t)UINT32_MAX);
}

/*
 * True for an empty file, and for a disc whose state file says that it can be recorded. *unit:
 * bytes of a block of the image.
 */
static bool is_recordable(const struct library_file *f, struct store *s,
	const struct disc_medium *blank, uint16_t *unit)
{
	char text[STORE_TEXT_MAX];
	struct disc_state state;
	int n = store_load(s, text, sizeof(text));

	*unit = f->size == 0 && n == -ENOENT && blank ? blank->unit : MEDIA_BLOCK;
	if (n < 0)
		return f->size == 0 && n == -ENOENT;
	if (disc_state_decode(text, (size_t)n, NULL, &state))
		return false;
	*unit = state.unit;
	return disc_state_is_recordable(&state);
}

/* *largest: bytes that the file can have at most; if not known, those of IMAGE_MAX_BLOCKS. */
static int open_media(struct library_file *f, bool beside, struct image *out, uint16_t unit,
	struct media **media, uint64_t *largest)
{
	const uint64_t most = IMAGE_MAX_BLOCKS * MEDIA_BLOCK;
	int fd;

	*largest = most;
	if (f->size > most)
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
		if (largest_file(fd, most, largest) < 0)
			*largest = most;
	}
	if (out->recordable && (fd == -EACCES || fd == -EPERM))
		fd = -EROFS;
	if (fd < 0)
		return fd;
	return beside && !out->recordable ? media_file_open_beside(fd, unit, media)
					  : media_file_open_units(fd, unit, out->recordable, media);
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

/* True if the image has a UDF volume, or if that is not known within LOOK_WAIT. */
static bool has_udf(const struct library_file *f)
{
	int fd = library_open(f);
	struct label label;

	/* A card that does not answer: an image that may be a DVD-Video is shown as a DVD. */
	return fd < 0 || !label_read_within(fd, LOOK_WAIT, &label) || label.udf;
}

/* The type of disc as which an image without a state file is shown. */
static const struct disc_medium *rom_of(
	const struct library_file *f, const struct image_policy *policy)
{
	bool udf = image_as_needs_volume(policy->as, policy->iso, f->size) && has_udf(f);

	return image_as_medium(policy->as, policy->iso, f->size, udf);
}

/* Opens the disc. By now no other drive can record on it, so its state file stays as it is. */
static int make_disc(int folder, const char *folder_name, const struct library_file *f,
	const struct image_policy *policy, struct media *media, struct store *store,
	struct image *out)
{
	struct disc_options o = {
		.media = media,
		.store = store,
		.medium = policy->blank,
		.rom = rom_of(f, policy),
		.keep_state = policy->iso > IMAGE_AS_DVD,
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
		image_warn_room(folder, folder_name,
			image_largest(out->disc->medium, disc_track_free(out->disc, t)), text,
			sizeof(text));
		add_warning(out, text);
	} else if (!disc_is_cd_recordable(out->disc)) {
		warn_size(out);
	}
	return 0;
}

static int open_found(int folder, const char *folder_name, struct library_file *f,
	const struct image_policy *policy, struct image *out)
{
	struct media *media;
	struct store *store;
	int r = disc_store_open(f, &store);
	char hint[PERMISSION_HINT] = "";
	uint64_t largest;
	bool has_state;
	uint16_t unit;

	if (r < 0)
		return r;
	out->recordable = is_recordable(f, store, policy->blank, &unit);
	has_state = store->present;
	if (f->size > 0 && image_is_damaged(f->dir_fd, f->base))
		add_warning(out, "; the card returned other data than was burned (mismatch)");
	if (out->recordable && !f->may_write) {
		out->recordable = false;
		if (f->size == 0) /* refused, and then with the hint */
			r = -EROFS;
		else
			permission_hint(folder, folder_name, out->name, "rw", hint);
	}
	if (r == 0)
		r = open_media(f, policy->beside, out, unit, &media, &largest);
	if (r < 0) {
		store_close(store);
		return r;
	}
	/* as= is not for a disc whose state file says what it is, nor for an empty image. */
	if (policy->as != IMAGE_AS_DRIVE && (has_state || f->size == 0)) {
		media_close(media);
		store_close(store);
		return -EMEDIUMTYPE;
	}
	if (!has_state && image_as_is_too_large(policy->as, policy->iso, f->size)) {
		media_close(media);
		store_close(store);
		return -E2BIG;
	}
	r = make_disc(folder, folder_name, f, policy, media, store, out);
	add_warning(out, hint);
	if (r == 0 && out->recordable)
		warn_largest(out, largest);
	else if (r == 0)
		warn_volume(out, f, has_state);
	return r;
}

/* If permissions are missing, adds what to type. Returns error, a -errno. */
static int add_hint(
	struct refusal *why, int error, int folder, const char *folder_name, const char *name)
{
	size_t n = strlen(why->text);
	char hint[PERMISSION_HINT];

	if (error == -EROFS || error == -EACCES || error == -EPERM) {
		permission_hint(folder, folder_name, name, error == -EROFS ? "rw" : "r", hint);
		snprintf(why->text + n, sizeof(why->text) - n, "%s", hint);
	}
	return error;
}

/* As image_refuse_open(); if permissions are missing, says what to type. */
static int refuse_found(
	struct refusal *why, int error, int folder, const char *folder_name, const char *name)
{
	image_refuse_open(why, error, name, folder_name);
	return add_hint(why, error, folder, folder_name, name);
}

/* True for a text that is being copied, and is still empty: it is not a blank. */
static bool is_empty_text(const struct library_file *f)
{
	struct image_peek peek;

	if (f->size > 0 || !resolver_reads(f->base))
		return false;
	image_peek(f->dir_fd, f->base, f->size, &peek);
	return !peek.has_state;
}

/*
 * Opens a CHD, or a .bin without its cue sheet. 1: it is none, or is to be shown as it is; 0;
 * -errno with *why.
 */
static int open_raw(const struct library_file *f, const struct image_policy *policy,
	struct image *out, struct refusal *why)
{
	struct image_peek peek;
	struct label label;
	int fd, form;

	if (f->size == 0 || policy->as == IMAGE_AS_DVD)
		return 1;
	image_peek(f->dir_fd, f->base, f->size, &peek);
	fd = peek.has_state ? -1 : library_open(f);
	if (fd < 0)
		return 1;
	if (image_raw_is_chd(fd) || resolver_is_chd(f->base, f->size)) {
		close(fd);
		return image_compact_open(f, policy, out, why);
	}
	form = image_raw_form(fd, f->size);
	if (form >= 0) {
		close(fd);
		return image_compact_open_raw(f, form, policy, out, why);
	}
	if (!image_name_is_bin(f->base) || f->size % CD_SECTOR != 0 ||
		policy->as != IMAGE_AS_DRIVE) {
		close(fd);
		return 1;
	}
	/* label_read_within() takes fd over. */
	if (!label_read_within(fd, LOOK_WAIT, &label) || label.has_volume)
		return 1;
	return image_refuse(why, -EBADMSG, "bad-disc",
		"\"%.64s\" does not say what it is, and its cue sheet is missing; if it is an "
		"audio "
		"track, write one: printf 'FILE \"%s\" BINARY\\nTRACK 01 AUDIO\\nINDEX 01 "
		"00:00:00\\n' >NAME.cue; or insert it as it is, with as=dvd",
		f->base, f->base);
}

/*
 * Opens the text of a compact disc, a CHD, or a .bin without a text. 1: the file is none of them;
 * 0; -errno with *why.
 */
static int open_compact(const struct library_file *f, const struct image_policy *policy,
	struct image *out, struct refusal *why)
{
	if (is_empty_text(f))
		return image_refuse(why, -EBADMSG, "bad-disc",
			"\"%s\" is empty: the text of a compact disc is to be in it", out->name);
	if (!resolver_is_text(f->base, f->size))
		return open_raw(f, policy, out, why);
	if (policy->as == IMAGE_AS_DVD)
		return image_refuse(why, -EMEDIUMTYPE, "not-an-image",
			"\"%s\" is the text of a compact disc; as= is for plain images", out->name);
	return image_compact_open(f, policy, out, why);
}

/* The cue sheet of a burned CD stands for the disc, which knows more than its text. */
static int open_image_of_cue(int folder, const char *folder_name, const char *cue,
	const char *image, const struct image_policy *policy, struct image *out,
	struct refusal *why)
{
	const char *slash = strrchr(cue, '/');
	char *name = NULL;
	int r;

	if (asprintf(&name, "%.*s%s", slash ? (int)(slash + 1 - cue) : 0, cue, image) < 0)
		return image_refuse(why, -ENOMEM, "io-error", "there is no memory");
	r = image_open(folder, folder_name, name, policy, out, why);
	free(name);
	return r;
}

int image_open(int folder, const char *folder_name, const char *name,
	const struct image_policy *policy, struct image *out, struct refusal *why)
{
	char image[STORE_NAME_MAX + 1];
	struct library_file file;
	int r;

	memset(out, 0, sizeof(*out));
	if (store_is_own_name(name))
		return image_refuse(why, -EINVAL, "bad-name",
			"\"%s\" is the state file of a disc, not an image", name);
	r = library_find(folder, name, &file);
	if (r < 0)
		return refuse_found(why, r, folder, folder_name, name);
	/* Also if a link leads to it. The disc's state would be saved under the hidden name. */
	if (strncmp(file.base, IMAGE_HIDDEN_PREFIX, strlen(IMAGE_HIDDEN_PREFIX)) == 0) {
		library_forget(&file);
		return image_refuse(why, -EINVAL, "bad-name",
			"\"%s\" is a second, hidden name that mmcgadget gives to a disc in a "
			"drive; use the disc's own name",
			name);
	}
	if (resolver_is_text(file.base, file.size) &&
		cd_set_image_of(file.dir_fd, file.base, image)) {
		library_forget(&file);
		return open_image_of_cue(folder, folder_name, name, image, policy, out, why);
	}
	out->size = file.size;
	out->as = policy->as;
	out->name = strdup(name);
	if (!out->name || asprintf(&out->path, "%s/%s", folder_name, name) < 0) {
		out->path = NULL;
		r = -ENOMEM;
	}
	if (r == 0) {
		r = open_compact(&file, policy, out, why);
		if (r <= 0) {
			library_forget(&file);
			out->kind = r == 0 ? "cd" : NULL;
			return add_hint(why, r, folder, folder_name, name);
		}
		r = open_found(folder, folder_name, &file, policy, out);
	}
	library_forget(&file);
	if (r == -E2BIG)
		return image_refuse(why, r, "too-large",
			"\"%s\" has %" PRIu64 " blocks, and a CD has at most %d (99 minutes); "
			"insert it with as=dvd",
			name, (out->size + MEDIA_BLOCK - 1) / MEDIA_BLOCK, CD_LBA_END);
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

void image_fini(struct image *image)
{
	disc_put(image->disc);
	image_place_unref(image->place);
	free(image->name);
	free(image->path);
	memset(image, 0, sizeof(*image));
}
