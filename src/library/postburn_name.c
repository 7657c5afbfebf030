// SPDX-License-Identifier: GPL-2.0-or-later
/* Names for burned discs and for blanks, and the rename itself. */
#include "library/postburn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "library/library.h"
#include "library/checksum.h"
#include "library/disc_file.h"
#include "library/portable.h"
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

/* "con" becomes "con_", and "NUL.x" becomes "NUL_.x": the rest of the name stays readable. */
static void avoid_device(char name[POSTBURN_STEM])
{
	size_t n = portable_device(name), len = strlen(name);

	if (n == 0)
		return;
	/* There is no room for one more byte: the last character goes. */
	if (len == STEM_MAX) {
		do
			len--;
		while ((name[len] & 0xc0) == 0x80);
		name[len] = '\0';
	}
	memmove(name + n + 1, name + n, len - n + 1);
	name[n] = '_';
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
	avoid_device(out);
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

int postburn_rename(
	struct folder *f, const char *old, const char *stem, char to[STORE_NAME_MAX + 1])
{
	struct disc_files done;
	int r;

	for (unsigned n = 1; n <= TRIES; n++) {
		make_name(stem, n, to);
		if (strcmp(to, old) == 0)
			return 0;
		r = disc_file_rename(f, old, to, &done);
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
