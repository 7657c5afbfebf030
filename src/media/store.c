// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/crc32.h"

static bool ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n >= m && strcmp(name + n - m, suffix) == 0;
}

bool store_is_own_name(const char *name)
{
	return ends_with(name, STORE_SUFFIX) || ends_with(name, STORE_SPARE_SUFFIX);
}

static void close_folder(struct folder *f)
{
	f->ops->close(f);
}

int store_new(struct folder *folder, const char *name, const char *boot, struct store **out)
{
	struct store *s;

	if (strlen(name) + strlen(STORE_SPARE_SUFFIX) > STORE_NAME_MAX) {
		close_folder(folder);
		return -ENAMETOOLONG;
	}
	s = calloc(1, sizeof(*s));
	if (!s) {
		close_folder(folder);
		return -ENOMEM;
	}
	s->folder = folder;
	strcpy(s->name, name);
	strcat(s->name, STORE_SUFFIX);
	strcpy(s->spare, name);
	strcat(s->spare, STORE_SPARE_SUFFIX);
	if (strlen(boot) < sizeof(s->boot))
		strcpy(s->boot, boot);
	*out = s;
	return 0;
}

/* Returns the CRC of the text without the newlines that pad it. */
static uint32_t crc_of(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] == '\n')
		len--;
	return crc32_add(0, text, len);
}

static size_t padded_len(size_t len)
{
	return (len + STORE_GRAIN - 1) / STORE_GRAIN * STORE_GRAIN;
}

int store_load(struct store *s, char *buf, size_t size)
{
	int r = s->folder->ops->read(s->folder, s->name, buf, size);

	/* A state file that cannot be read is present, too. */
	s->present = r != -ENOENT;
	if (r >= 0)
		s->crc = crc_of(buf, (size_t)r);
	if (r > 0 && padded_len((size_t)r) > s->longest)
		s->longest = padded_len((size_t)r);
	return r;
}

int store_sync_found(struct store *s, bool own)
{
	s->own = own;
	return s->folder->ops->sync_names(s->folder);
}

static int write_spare(struct store *s, const char *text, size_t len)
{
	const struct folder_ops *ops = s->folder->ops;
	int r;

	/*
	 * On storage, a spare file left by an earlier daemon may still have the name of the
	 * state file. So it is not overwritten, but removed.
	 */
	if (!s->has_spare) {
		r = ops->unlink(s->folder, s->spare);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	r = ops->write(s->folder, s->spare, text, len);
	return r == 0 ? ops->sync(s->folder, s->spare) : r;
}

/* Makes a new spare file after a rename has used it up: then the next save needs no new block. */
static void keep_spare(struct store *s, const char *text, size_t len)
{
	s->has_spare = false;
	s->has_spare = write_spare(s, text, len) == 0;
}

int store_save(struct store *s, const char *text, size_t len)
{
	const struct folder_ops *ops = s->folder->ops;
	char padded[STORE_TEXT_MAX];
	size_t all = padded_len(len);
	bool swapped;
	int r;

	if (len == 0 || all > sizeof(padded) || s->longest > sizeof(padded))
		return -EFBIG;
	memcpy(padded, text, len);
	/* Padded to the longest text so far: it must cover an older text in the spare file. */
	if (all < s->longest)
		all = s->longest;
	s->longest = all;
	memset(padded + len, '\n', all - len);
	s->own = true;
	r = write_spare(s, padded, all);
	if (r < 0)
		return r;
	r = s->present ? ops->exchange(s->folder, s->spare, s->name) : -ENOENT;
	swapped = r == 0;
	if (r == -EINVAL || r == -ENOSYS || r == -ENOENT)
		r = ops->rename(s->folder, s->spare, s->name);
	/* Until the names are on storage, either file may be the state file there. */
	s->has_spare = false;
	if (r == 0)
		r = ops->sync_names(s->folder);
	if (r < 0)
		return r;
	s->has_spare = swapped;
	if (!swapped)
		keep_spare(s, padded, all);
	s->present = true;
	s->crc = crc_of(text, len);
	s->saves++;
	return 0;
}

int store_remove(struct store *s)
{
	const struct folder_ops *ops = s->folder->ops;
	int r = ops->unlink(s->folder, s->name);

	if (r < 0 && r != -ENOENT)
		return r;
	r = ops->sync_names(s->folder);
	if (r == 0)
		s->present = false;
	return r;
}

void store_mark_burned(const struct store *s, struct folder *to, const char *name)
{
	struct folder *f = to ? to : s->folder;
	char image[STORE_NAME_MAX + 1];

	strcpy(image, to ? name : s->name);
	if (!to)
		image[strlen(image) - strlen(STORE_SUFFIX)] = '\0';
	if (f->ops->mark_burned)
		(void)f->ops->mark_burned(f, image, false);
}

static int save_or_remove(struct store *s, const char *text, size_t len)
{
	return len > 0 ? store_save(s, text, len) : store_remove(s);
}

static bool is_same_place(const struct store *a, const struct store *b)
{
	const struct folder_ops *ops = a->folder->ops;

	return strcmp(a->name, b->name) == 0 && b->folder->ops == ops && ops->is_same &&
	       ops->is_same(a->folder, b->folder);
}

/* Removes the files at the old place, but not a state file that another disc has brought there. */
static void remove_old(struct store *old)
{
	const struct folder_ops *ops = old->folder->ops;
	char text[STORE_TEXT_MAX];
	int n = ops->read(old->folder, old->name, text, sizeof(text));

	if (n >= 0 && old->present && crc_of(text, (size_t)n) == old->crc)
		(void)ops->unlink(old->folder, old->name);
	(void)ops->unlink(old->folder, old->spare);
	(void)ops->sync_names(old->folder);
	close_folder(old->folder);
}

/* Whether a file with this text lies at the place of the store. Also finds out if any does. */
static bool has_text(struct store *s, uint32_t crc)
{
	char there[STORE_TEXT_MAX];

	return store_load(s, there, sizeof(there)) >= 0 && s->crc == crc;
}

/*
 * The text could not be saved for certain at the new place, where a file may have it all the same.
 * It is saved at the old place. Then the file goes: the next texts are saved at the old place, too,
 * and an older one beside the image would be taken for its state. If the file was there before
 * (had), somebody has moved it with the image.
 */
static int stay(struct store *s, struct store *new, bool had, const char *text, size_t len)
{
	int r = save_or_remove(s, text, len);

	if (r == 0 && len > 0 && !had && has_text(new, crc_of(text, len)) &&
		new->folder->ops->unlink(new->folder, new->name) == 0)
		(void)new->folder->ops->sync_names(new->folder);
	store_close(new);
	return r;
}

int store_move(
	struct store *s, struct folder *folder, const char *name, const char *text, size_t len)
{
	struct store old = *s, *new;
	bool had;
	int r = store_new(folder, name, s->boot, &new);

	if (r < 0)
		return save_or_remove(s, text, len);
	/* Renamed away and back: nothing is at an old place. */
	if (is_same_place(s, new)) {
		store_close(new);
		return save_or_remove(s, text, len);
	}
	new->own = true;
	/* A state file that lies there belongs to an image that had the name before. */
	had = has_text(new, crc_of(text, len));
	r = save_or_remove(new, text, len);
	if (r < 0)
		return stay(s, new, had, text, len);
	new->saves += old.saves;
	*s = *new;
	free(new);
	remove_old(&old);
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	/* A spare file left by a crash, too: nothing else would remove it. */
	if (s->own)
		(void)s->folder->ops->unlink(s->folder, s->spare);
	close_folder(s->folder);
	free(s);
}
