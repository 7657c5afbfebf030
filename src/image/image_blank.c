// SPDX-License-Identifier: GPL-2.0-or-later
/* Makes the images of blanks. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compact/resolver.h"
#include "disc/cd_record.h"
#include "disc/disc_state.h"
#include "image/image.h"
#include "library/cd_set.h"
#include "library/disc_store.h"
#include "library/free_room.h"
#include "library/library.h"
#include "protocol/format_size.h"
#include "util/array.h"
#include "util/log.h"

/* The cue sheet of a CD that had the name. */
static void drop_set_of(const struct library_file *file)
{
	struct folder *f = folder_file_of(file->dir_fd);

	if (!f)
		return;
	if (cd_set_remove(f, file->base) > 0)
		log_info("%s: its cue sheet is removed, the disc no longer exists", file->base);
	f->ops->close(f);
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
	drop_set_of(file);
}

static uint32_t capacity_of(const struct image_blank *blank)
{
	return blank->capacity ? blank->capacity : blank->medium->capacity;
}

/* Writes the state file that tells this blank from others. 0 or -errno. */
static int save_blank_state(const struct library_file *file, const struct image_blank *blank)
{
	char text[STORE_TEXT_MAX];
	struct disc_state state;
	struct store *store;
	int r = disc_store_open(file, &store);

	if (r < 0)
		return r;
	disc_state_of_blank(blank->medium, &state);
	state.capacity = capacity_of(blank);
	r = store_save(store, text, disc_state_encode(&state, text));
	store_close(store);
	return r;
}

/*
 * Refuses a medium of which the file system can hold less than three quarters; of others the drive
 * warns. 0 or -errno with *why.
 */
static int check_size(const struct library_file *file, const char *folder_name,
	const struct image_blank *blank, struct refusal *why)
{
	const uint64_t full = image_largest(blank->medium, capacity_of(blank));
	uint64_t most = full;
	char takes[16], has[16];
	int fd = library_open(file);

	if (fd < 0)
		return 0;
	if (largest_file(fd, full, &most) < 0)
		most = full;
	close(fd);
	if (most >= full / 4 * 3)
		return 0;
	format_size(full, takes);
	format_size(most, has);
	return image_refuse(why, -EFBIG, "too-large",
		"a full %s takes %s, and a file in %s has at most %s (FAT32 has this limit, exFAT "
		"and ext4 do not); make a smaller blank with type=, or use another file system",
		blank->medium->title, takes, folder_name, has);
}

/* For a new image of 0 bytes, which is removed if this fails. 0 or -errno with *why. */
static int make_blank_of(int folder, const char *folder_name, const char *name,
	const struct image_blank *blank, bool needs_state, struct refusal *why)
{
	struct library_file file;
	int r = library_find(folder, name, &file);

	if (r < 0)
		return image_refuse_open(why, r, name, folder_name);
	/* Drops the state file of an image that was deleted by hand: it is not the new disc's. */
	drop_state_of(&file);
	r = check_size(&file, folder_name, blank, why);
	if (r == 0 && needs_state) {
		r = save_blank_state(&file, blank);
		if (r < 0)
			image_refuse(why, r, "io-error",
				"the state file of \"%s\" cannot be written: %s", name,
				strerror(-r));
	}
	if (r < 0) {
		(void)unlinkat(file.dir_fd, file.base, 0);
		drop_state_of(&file);
	}
	library_forget(&file);
	return r;
}

static void describe(const struct image_blank *blank, char *out, size_t size)
{
	if (disc_medium_is_cd_recordable(blank->medium))
		snprintf(out, size, "%s of %u minutes", blank->medium->title,
			disc_cd_minutes(capacity_of(blank)));
	else
		snprintf(out, size, "%s", blank->medium->title);
}

/* An empty file of that name exists: is it that blank? *has: what it is. */
static bool is_same_blank(int folder, const char *name, const struct image_blank *blank,
	const struct disc_medium *plain, struct image_blank *has)
{
	char path[PATH_MAX], text[STORE_TEXT_MAX];
	struct disc_state state;
	int n = -ENOENT;

	*has = (struct image_blank){.medium = plain};
	if (snprintf(path, sizeof(path), "%s%s", name, STORE_SUFFIX) < (int)sizeof(path))
		n = library_read(folder, path, text, sizeof(text));
	if (n >= 0 && !disc_state_decode(text, (size_t)n, NULL, &state))
		*has = (struct image_blank){state.medium, state.capacity};
	/* Other media than CDs have one capacity, or their blank was made smaller for lack of room.
	 */
	return has->medium == blank->medium && (!disc_medium_is_cd_recordable(has->medium) ||
						       capacity_of(has) == capacity_of(blank));
}

bool image_is_blank_of(int folder, const char *name, const struct image_blank *blank,
	const struct disc_medium *plain)
{
	struct image_blank has;
	struct image_peek peek;

	image_peek(folder, name, 0, &peek);
	return !peek.problem &&
	       (strcmp(peek.kind, "blank") == 0 || strcmp(peek.kind, "rewritable") == 0) &&
	       is_same_blank(folder, name, blank, plain, &has);
}

/* 0 if it is that blank, or -errno with *why. */
static int check_blank_of(int folder, const char *name, const struct image_blank *blank,
	const struct disc_medium *plain, struct refusal *why)
{
	char has_title[48], title[48];
	struct image_blank has;

	if (is_same_blank(folder, name, blank, plain, &has))
		return 0;
	describe(&has, has_title, sizeof(has_title));
	describe(blank, title, sizeof(title));
	return image_refuse(why, -EEXIST, "other-blank",
		"\"%s\" exists and is a blank %s; choose another name for a %s, or delete it first",
		name, has_title, title);
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
	const struct image_blank *blank, const struct disc_medium *plain, struct refusal *why)
{
	struct library_file file;
	char size[16];
	int r;

	if (store_is_own_name(name))
		return image_refuse(why, -EINVAL, "bad-name",
			"\"%s\" is a name for state files of discs, not for images", name);
	if (resolver_reads(name))
		return image_refuse(why, -EINVAL, "bad-name",
			"\"%s\" is a name for the text of a compact disc, and not for a blank",
			name);
	if (strlen(name) - (strrchr(name, '/') ? (size_t)(strrchr(name, '/') + 1 - name) : 0) +
			strlen(STORE_SPARE_SUFFIX) >
		STORE_NAME_MAX)
		return image_refuse_open(why, -ENAMETOOLONG, name, folder_name);
	if (begins_badly(name))
		return image_refuse(why, -EINVAL, "bad-name",
			"\"%s\": the name of a disc cannot begin with \"-\" or \".\"", name);
	r = library_create(folder, name);
	if (r == 0) {
		bool needs_state =
			blank->medium != disc_medium_of_blank() || blank->medium != plain;

		return make_blank_of(folder, folder_name, name, blank, needs_state, why);
	}
	if (r == -ENOENT || r == -ENOTDIR)
		return image_refuse(why, r, "no-such-folder",
			"no folder for \"%s\" in %s; make the folder first", name, folder_name);
	if (r == -EINVAL)
		return image_refuse(why, r, "bad-name", "\"%s\" is not a valid file name", name);
	if (r != -EEXIST)
		return r == -EXDEV ? image_refuse(why, r, "outside",
					     "\"%s\" is outside of %s; blanks are made in it", name,
					     folder_name)
				   : image_refuse(why, r, "io-error",
					     "\"%s\" cannot be created: %s", name, strerror(-r));
	r = library_find(folder, name, &file);
	if (r < 0)
		return image_refuse_open(why, r, name, folder_name);
	library_forget(&file);
	if (file.size > 0) {
		format_size(file.size, size);
		return image_refuse(why, -EEXIST, "not-blank",
			"\"%s\" exists and holds %s; a disc that holds data is never overwritten",
			name, size);
	}
	return check_blank_of(folder, name, blank, plain, why);
}
