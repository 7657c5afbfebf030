// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/compact_rename.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "compact/compact_move.h"
#include "compact/compact_parts.h"
#include "image/image_compact.h"

struct rename {
	struct folder *folder;
	const struct library_file *f;
	const char *to;
	struct refusal *why;
	struct resolver_disc disc, after;
	struct resolver_file own[COMPACT_PARTS_MAX];
	char from[COMPACT_PARTS_MAX][256], new[COMPACT_PARTS_MAX][256];
	unsigned parts;
	char old_text[CDIMAGE_TEXT_MAX], text[CDIMAGE_TEXT_MAX];
	size_t length;
};

static bool is_ccd(const struct rename *r)
{
	return cdimage_kind_of(r->f->base) == CDIMAGE_CCD;
}

/* Characters of a name before its suffix. */
static size_t stem_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? (size_t)(dot - name) : strlen(name);
}

/* ---- which files, and to which names ------------------------------------------------------ */

static bool is_of_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c & 0x80);
}

/* True if the name begins with that of the text, and not with a longer word. */
static bool is_derived(const struct rename *r, const char *name)
{
	size_t n = stem_of(r->f->base);

	return strncasecmp(name, r->f->base, n) == 0 && !is_of_word(name[n]);
}

/* The number of the file that has that name; -1: it is none of the disc's. */
static int number_of(const struct resolver_disc *d, const char *name)
{
	for (unsigned i = 0; i < d->map.files; i++) {
		if (strcmp(d->file[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

/* True if the text has the name of the file, wherever it names it. Upper and lower case may differ.
 */
static bool is_mentioned(const struct rename *r, int file)
{
	const struct cdimage_mentions *m = &r->disc.mentions;
	const char *name = r->disc.file[file].name;
	bool found = false;

	for (uint32_t i = 0; m->count <= CDIMAGE_MENTIONS_MAX && i < m->count; i++) {
		if (m->at[i].file != file)
			continue;
		if (m->at[i].length != strlen(name) ||
			strncasecmp(r->old_text + m->at[i].at, name, m->at[i].length) != 0)
			return false;
		found = true;
	}
	return found;
}

static int add_part(struct rename *r, const char *name)
{
	size_t stem = stem_of(r->f->base);

	snprintf(r->from[r->parts], sizeof(r->from[0]), "%.*s", (int)sizeof(r->from[0]) - 1, name);
	if (snprintf(r->new[r->parts], sizeof(r->new[0]), "%.*s%s", (int)stem_of(r->to), r->to,
		    name + stem) >= (int)sizeof(r->new[0]))
		return image_refuse(r->why, -ENAMETOOLONG, "bad-name",
			"\"%s\" is too long: its file \"%s\" could not be named after it", r->to,
			name);
	r->parts++;
	return 0;
}

static int choose_parts(struct rename *r)
{
	int n = compact_parts_own(r->f, &r->disc, r->own), error = 0;

	if (n < 0)
		return image_refuse(r->why, n, "in-use",
			"\"%s\" cannot be renamed: one of its files is in a drive, in use by "
			"another program, or left a drive just now; ask again",
			r->f->base);
	for (int i = 0; error == 0 && i < n; i++) {
		int file = number_of(&r->disc, r->own[i].name);

		if (is_derived(r, r->own[i].name) &&
			(is_ccd(r) || (file >= 0 && is_mentioned(r, file))))
			error = add_part(r, r->own[i].name);
	}
	return error;
}

/* ---- the new text ------------------------------------------------------------------------- */

static const char *new_name_of(const struct rename *r, unsigned file)
{
	for (unsigned i = 0; i < r->parts; i++) {
		if (strcmp(r->from[i], r->disc.file[file].name) == 0)
			return r->new[i];
	}
	return NULL;
}

static bool append(struct rename *r, const char *text, size_t n)
{
	if (n > sizeof(r->text) - r->length)
		return false;
	memcpy(r->text + r->length, text, n);
	r->length += n;
	return true;
}

/* Writes the text with the new names where the resolver has seen the old ones. */
static bool write_text(struct rename *r)
{
	const struct cdimage_mentions *m = &r->disc.mentions;
	size_t at = 0;

	r->length = 0;
	for (uint32_t i = 0; m->count <= CDIMAGE_MENTIONS_MAX && i < m->count; i++) {
		const char *name = new_name_of(r, m->at[i].file);

		if (!append(r, r->old_text + at, m->at[i].at - at))
			return false;
		at = m->at[i].at;
		if (name && !append(r, name, strlen(name)))
			return false;
		at += name ? m->at[i].length : 0;
	}
	return append(r, r->old_text + at, r->f->size - at);
}

/* Resolves the new text. It must be the same disc, of the same files. */
static int check_text(struct rename *r)
{
	const struct resolver_as as = {
		.name = r->to,
		.text = r->text,
		.length = r->length,
		.files = r->parts,
		.from = r->from,
		.to = r->new,
	};
	struct refusal why;

	if (resolver_resolve_as(r->f, &as, &r->after, &why) == 0 &&
		image_compact_composition(&r->after) == image_compact_composition(&r->disc))
		return 0;
	return image_refuse(r->why, -EINVAL, "bad-name",
		is_ccd(r) ? "\"%s\" cannot be renamed with all of its files, which it finds by its "
			    "name: another disc has one of them as well, or a file of the new "
			    "name is there already; nothing was renamed"
			  : "\"%s\" cannot be renamed so: its text cannot name its files then; "
			    "take a name without quotation marks and backslashes, or, if the text "
			    "is not UTF-8, one of ASCII characters",
		r->f->base);
}

static int read_text(struct rename *r)
{
	int fd = library_open(r->f);
	ssize_t n = fd < 0 ? fd : pread(fd, r->old_text, sizeof(r->old_text), 0);

	if (fd >= 0)
		close(fd);
	if (n == (ssize_t)r->f->size)
		return 0;
	return image_refuse(r->why, -EBUSY, "in-use",
		"\"%s\" changed just now, or cannot be read; ask again", r->f->base);
}

/* ---- all of it ---------------------------------------------------------------------------- */

static int refuse_taken(struct rename *r, const char *name)
{
	if (strcmp(name, r->to) == 0)
		return image_refuse(r->why, -EEXIST, "exists",
			"\"%s\" exists, or a state or checksum of that name; nothing is "
			"overwritten: take another name, or delete that one first",
			name);
	return image_refuse(r->why, -EEXIST, "exists",
		"\"%s\", as a file of \"%s\" would be named, exists, or a state or checksum of "
		"that name; nothing is overwritten: take another name, or delete that one first",
		name, r->to);
}

static int move_all(struct rename *r, struct disc_files *done)
{
	const struct compact_move m = {
		.from = r->f->base,
		.to = r->to,
		.text = r->text,
		.length = r->length,
		.parts = r->parts,
		.part_from = r->from,
		.part_to = r->new,
	};
	const char *taken = compact_move_taken(r->folder, &m);
	int error;

	if (taken)
		return refuse_taken(r, taken);
	error = compact_move(r->folder, &m, done);
	if (error == 0)
		return 0;
	return image_refuse(r->why, error,
		error == -EACCES || error == -EPERM || error == -EROFS ? "not-writable"
								       : "io-error",
		"\"%s\" cannot be renamed: %s", r->f->base, strerror(-error));
}

/* The text alone. The caller says why that did not work, if why->text is empty. */
static int rename_text(struct rename *r, struct compact_renamed *out)
{
	r->why->text[0] = '\0';
	return disc_file_rename(r->folder, r->f->base, r->to, &out->text);
}

static int rename_disc(struct rename *r, struct compact_renamed *out)
{
	int error = resolver_resolve(r->f, &r->disc, r->why);

	if (error == -ENOPKG || error == -ENOMEM || (error < 0 && is_ccd(r)))
		return error;
	if (error < 0)
		return rename_text(r, out);
	error = read_text(r);
	if (error == 0)
		error = choose_parts(r);
	if (error < 0)
		return error;
	out->kept = r->disc.map.files;
	if (r->parts == 0 && !is_ccd(r))
		return rename_text(r, out);
	if (!write_text(r))
		return image_refuse(r->why, -EFBIG, "bad-name",
			"\"%s\" cannot be renamed so: its text would be too long", r->f->base);
	error = check_text(r);
	if (error == 0)
		error = move_all(r, &out->text);
	if (error < 0)
		return error;
	out->parts = r->parts;
	out->kept = out->kept > r->parts ? out->kept - r->parts : 0;
	return 0;
}

int compact_rename(struct folder *folder, const struct library_file *f, const char *to,
	struct compact_renamed *out, struct refusal *why)
{
	struct rename *r = calloc(1, sizeof(*r)); /* two texts of 64 KiB */
	int error;

	*out = (struct compact_renamed){0};
	if (!r)
		return image_refuse(why, -ENOMEM, "io-error", "there is no memory");
	r->folder = folder;
	r->f = f;
	r->to = to;
	r->why = why;
	error = rename_disc(r, out);
	free(r);
	return error;
}
