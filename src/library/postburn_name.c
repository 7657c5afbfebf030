// SPDX-License-Identifier: GPL-2.0-or-later
/* Names for burned discs and for blanks, and the rename itself. */
#include "library/postburn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "library/library.h"
#include "library/checksum.h"
#include "util/array.h"
#include "util/utf8.h"

#define SUFFIX   ".iso"
#define TRIES    9999u /* numbers that are tried after a name that is taken */
#define STEM_MAX (POSTBURN_STEM - 1)

/* True for characters that are special to paths, or that FAT and programs of hosts refuse. */
static bool is_reserved(uint32_t c)
{
	return c < 0x80 && strchr("/\\:*?\"<>|", (int)c) != NULL;
}

/* Removes .iso at the end, in upper or lower case: "HOLIDAY.ISO" becomes HOLIDAY.iso. */
static void drop_suffix(char *name)
{
	size_t n = strlen(name), m = strlen(SUFFIX);

	if (n > m && strcasecmp(name + n - m, SUFFIX) == 0)
		name[n - m] = '\0';
}

bool postburn_name_of_label(const char *label, char out[POSTBURN_STEM])
{
	const char *end = label + strlen(label);
	struct utf8_shown walk = {0};
	size_t n = 0, len;
	bool usable = false; /* has more than spaces, dots and underscores */
	uint32_t c = 0;

	for (const char *p = label; p < end; p += len) {
		if (utf8_judge(&walk, p, (size_t)(end - p), &len, &c) != UTF8_SHOW)
			continue;
		/* A name does not begin as a hidden file or an option, or with a space. */
		if (n == 0 && (c == '.' || c == ' ' || c == '-'))
			continue;
		if (n + len > STEM_MAX)
			break;
		if (is_reserved(c))
			out[n++] = '_';
		else
			memcpy(out + n, p, len), n += len;
		usable |= !is_reserved(c) && c != '_' && c != ' ' && c != '.';
	}
	out[n] = '\0';
	drop_suffix(out);
	for (n = strlen(out); n > 0 && (out[n - 1] == ' ' || out[n - 1] == '.'); n--)
		out[n - 1] = '\0';
	return usable && n > 0;
}

void postburn_name_of_time(time_t t, char out[POSTBURN_STEM])
{
	struct tm tm;

	if (!localtime_r(&t, &tm) || strftime(out, POSTBURN_STEM, "%Y-%m-%d-%H%M%S", &tm) == 0)
		strcpy(out, "burned");
}

static void make_name(const char *stem, unsigned n, char out[STORE_NAME_MAX + 1])
{
	if (n == 1)
		snprintf(out, STORE_NAME_MAX + 1, "%.127s" SUFFIX, stem);
	else
		snprintf(out, STORE_NAME_MAX + 1, "%.127s-%u" SUFFIX, stem, n);
}

static void add_suffix(const char *name, const char *suffix, char out[2 * STORE_NAME_MAX])
{
	snprintf(out, 2 * STORE_NAME_MAX, "%s%s", name, suffix);
}

/*
 * Returns 1 if an earlier disc of that name has left a state file or a checksum, which must
 * not become this disc's; 0 if not; -errno.
 */
static int has_leftovers(struct folder *f, const char *name)
{
	static const char *const suffix[] = {STORE_SUFFIX, CHECKSUM_SUFFIX};
	char file[2 * STORE_NAME_MAX], byte;
	int r;

	for (size_t i = 0; i < ARRAY_LEN(suffix); i++) {
		add_suffix(name, suffix[i], file);
		r = f->ops->read(f, file, &byte, 1);
		if (r >= 0 || r == -EFBIG || r == -EINVAL)
			return 1;
		if (r != -ENOENT)
			return r;
	}
	return 0;
}

/* Copies the state file to the new name, on storage: until the rename both names have one. */
static int copy_state(struct folder *f, const char *old, const char *to, bool *copied)
{
	char text[STORE_TEXT_MAX], from[2 * STORE_NAME_MAX], own[2 * STORE_NAME_MAX];
	int n, r;

	*copied = false;
	add_suffix(old, STORE_SUFFIX, from);
	add_suffix(to, STORE_SUFFIX, own);
	n = f->ops->read(f, from, text, sizeof(text));
	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return n;
	*copied = true;
	r = f->ops->write(f, own, text, (size_t)n);
	if (r == 0)
		r = f->ops->sync(f, own);
	return r == 0 ? f->ops->sync_names(f) : r;
}

static void remove_state(struct folder *f, const char *of)
{
	char file[2 * STORE_NAME_MAX];

	add_suffix(of, STORE_SUFFIX, file);
	(void)f->ops->unlink(f, file);
}

static int rename_to(struct folder *f, const char *old, const char *to)
{
	bool copied;
	int r = copy_state(f, old, to, &copied);

	if (r == 0)
		r = f->ops->rename_new(f, old, to);
	if (r < 0) {
		if (copied)
			remove_state(f, to);
		return r;
	}
	/* The old state file is removed only when the new name is on storage. */
	r = f->ops->sync_names(f);
	if (r == 0 && copied) {
		remove_state(f, old);
		(void)f->ops->sync_names(f);
	}
	return 0;
}

int postburn_rename(
	struct folder *f, const char *old, const char *stem, char to[STORE_NAME_MAX + 1])
{
	int r;

	for (unsigned n = 1; n <= TRIES; n++) {
		make_name(stem, n, to);
		if (strcmp(to, old) == 0)
			return 0;
		r = has_leftovers(f, to);
		if (r > 0)
			continue;
		if (r == 0)
			r = rename_to(f, old, to);
		if (r != -EEXIST) {
			if (r < 0)
				strcpy(to, old);
			return r;
		}
	}
	strcpy(to, old);
	return -EEXIST;
}

/* True if the name is free, or that of an empty image which is in no drive. */
static bool is_blank_or_free(
	int folder, const char *name, bool (*in_use)(void *ctx, dev_t dev, ino_t ino), void *ctx)
{
	struct library_file f;
	int r = library_find(folder, name, &f);
	bool free;

	if (r < 0)
		return r == -ENOENT;
	free = f.size == 0 && f.may_write && !in_use(ctx, f.dev, f.ino);
	library_forget(&f);
	return free;
}

int postburn_blank_name(int folder, bool (*in_use)(void *ctx, dev_t dev, ino_t ino), void *ctx,
	char out[POSTBURN_STEM])
{
	char leftover[2 * STORE_NAME_MAX], byte;

	for (unsigned n = 1; n <= TRIES; n++) {
		snprintf(out, POSTBURN_STEM, "blank-%u" SUFFIX, n);
		add_suffix(out, STORE_SUFFIX, leftover);
		if (library_read(folder, leftover, &byte, 1) != -ENOENT)
			continue;
		add_suffix(out, CHECKSUM_SUFFIX, leftover);
		if (library_read(folder, leftover, &byte, 1) != -ENOENT)
			continue;
		if (is_blank_or_free(folder, out, in_use, ctx))
			return 0;
	}
	return -EEXIST;
}
