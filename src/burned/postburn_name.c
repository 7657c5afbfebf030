// SPDX-License-Identifier: GPL-2.0-or-later
/* Names for burned discs and for blanks, and the rename itself. */
#include "burned/postburn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "image/image.h"
#include "library/library.h"
#include "library/cd_set.h"
#include "library/checksum.h"
#include "library/disc_file.h"
#include "library/portable.h"
#include "util/array.h"

#define SUFFIX     ".iso"
#define SUFFIX_RAW ".bin" /* an image of CD sectors, which has a cue sheet beside it */
#define TRIES      9999u  /* numbers that are tried after a name that is taken */

/*
 * Removes .iso at the end, in upper or lower case, and blanks and dots before it: the label
 * "HOLIDAY.ISO" is to give HOLIDAY.iso, not HOLIDAY.ISO.iso.
 */
static void drop_suffix(char *name)
{
	size_t n = strlen(name), m = strlen(SUFFIX);

	if (n <= m || strcasecmp(name + n - m, SUFFIX) != 0)
		return;
	for (n -= m; n > 0 && (name[n - 1] == ' ' || name[n - 1] == '.'); n--)
		continue;
	name[n] = '\0';
}

bool postburn_name_of_label(const char *label, char out[POSTBURN_STEM])
{
	if (!portable_name(label, out, POSTBURN_STEM))
		return false;
	drop_suffix(out);
	return out[0] != '\0';
}

void postburn_name_of_time(time_t t, char out[POSTBURN_STEM])
{
	struct tm tm;

	if (!localtime_r(&t, &tm) || strftime(out, POSTBURN_STEM, "%Y-%m-%d-%H%M%S", &tm) == 0)
		strcpy(out, "burned");
}

const char *postburn_suffix(struct folder *f, const char *image)
{
	return cd_set_map(f, image, NULL) > 0 ? SUFFIX_RAW : SUFFIX;
}

static void make_name(
	const char *stem, unsigned n, const char *suffix, char out[STORE_NAME_MAX + 1])
{
	if (n == 1)
		snprintf(out, STORE_NAME_MAX + 1, "%.127s%s", stem, suffix);
	else
		snprintf(out, STORE_NAME_MAX + 1, "%.127s-%u%s", stem, n, suffix);
}

static void add_suffix(const char *name, const char *suffix, char out[2 * STORE_NAME_MAX])
{
	snprintf(out, 2 * STORE_NAME_MAX, "%s%s", name, suffix);
}

int postburn_rename(
	struct folder *f, const char *old, const char *stem, char to[STORE_NAME_MAX + 1])
{
	const char *suffix = postburn_suffix(f, old);
	bool has_cue = strcmp(suffix, SUFFIX_RAW) == 0;
	struct disc_files done;
	int r;

	for (unsigned n = 1; n <= TRIES; n++) {
		make_name(stem, n, suffix, to);
		if (strcmp(to, old) == 0)
			return 0;
		r = !has_cue || cd_set_can_be_named(f, old, to)
			    ? disc_file_rename(f, old, to, &done)
			    : -EEXIST;
		if (r != -EEXIST) {
			if (r < 0)
				strcpy(to, old);
			return r;
		}
	}
	strcpy(to, old);
	return -EEXIST;
}

/* See postburn_blank_name(). */
struct blank_name {
	int folder;
	const struct disc_medium *medium;
	bool (*in_use)(void *ctx, dev_t dev, ino_t ino);
	void *ctx;
};

/* True if the name is free, or that of such a blank. */
static bool is_blank_or_free(const struct blank_name *b, const char *name)
{
	const struct image_blank blank = {.medium = b->medium};
	char state[2 * STORE_NAME_MAX], byte;
	struct library_file f;
	int r = library_find(b->folder, name, &f);
	bool has_state, free;

	add_suffix(name, STORE_SUFFIX, state);
	has_state = library_read(b->folder, state, &byte, 1) != -ENOENT;
	if (r < 0)
		return r == -ENOENT && !has_state;
	free = f.size == 0 && f.may_write && !b->in_use(b->ctx, f.dev, f.ino) &&
	       (!has_state || image_is_blank_of(b->folder, name, &blank, b->medium));
	library_forget(&f);
	return free;
}

#define BLANK "blank-"

bool postburn_has_wrong_suffix(struct folder *f, const char *image, char stem[POSTBURN_STEM])
{
	size_t n = strlen(BLANK), digits;

	if (strncmp(image, BLANK, n) != 0)
		return false;
	digits = strspn(image + n, "0123456789");
	if (digits == 0 || digits > 4 || strcmp(image + n + digits, SUFFIX) != 0 ||
		strcmp(postburn_suffix(f, image), SUFFIX) == 0)
		return false;
	snprintf(stem, POSTBURN_STEM, "%.*s", (int)(n + digits), image);
	return true;
}

static bool is_there(int folder, const char *name)
{
	struct library_file f;
	int r = library_find(folder, name, &f);

	if (r == 0)
		library_forget(&f);
	return r != -ENOENT;
}

int postburn_blank_name(int folder, const struct disc_medium *blank,
	bool (*in_use)(void *ctx, dev_t dev, ino_t ino), void *ctx, char out[POSTBURN_STEM])
{
	const struct blank_name b = {folder, blank, in_use, ctx};
	char leftover[2 * STORE_NAME_MAX], byte;

	for (unsigned n = 1; n <= TRIES; n++) {
		snprintf(out, POSTBURN_STEM, BLANK "%u" SUFFIX_RAW, n);
		if (is_there(folder, out))
			continue;
		snprintf(out, POSTBURN_STEM, BLANK "%u" SUFFIX, n);
		add_suffix(out, CHECKSUM_SUFFIX, leftover);
		if (library_read(folder, leftover, &byte, 1) != -ENOENT)
			continue;
		if (is_blank_or_free(&b, out))
			return 0;
	}
	return -EEXIST;
}
