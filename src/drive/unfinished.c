// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/unfinished.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "library/library.h"
#include "protocol/format_size.h"
#include "util/log.h"

bool unfinished_is(const struct mmc_state *m)
{
	return m->loaded && !m->testing && m->end > m->readable;
}

#define TEXT (2 * UNFINISHED_NAME + 200)

/* Says what has happened to it and what can be done. */
static void describe(const struct unfinished *u, char *out, size_t size)
{
	char bytes[16];

	format_size(u->bytes, bytes);
	snprintf(out, size,
		"\"%s\" is not finished, %s are recorded; insert it again to go on, or: "
		"mmcgadgetctl close \"%s\"",
		u->image, bytes, u->image);
}

static bool is_name_of(const struct unfinished *u, const char *image)
{
	return strcmp(u->image, image) == 0;
}

void unfinished_see(struct unfinished *u, const char *drive, const struct mmc_state *before,
	const struct mmc_state *last, const struct mmc_state *now, const struct image *in)
{
	static char text[TEXT];

	if (before->ejected_by_host && now->loaded && in->name && is_name_of(u, in->name))
		u->image[0] = '\0';
	if (now->loaded || !before->loaded || !unfinished_is(last) || !in->name)
		return;
	snprintf(u->image, sizeof(u->image), "%s", in->name);
	u->bytes = mmc_state_bytes(last, last->recorded);
	u->told = false;
	describe(u, text, sizeof(text));
	log_warn("%s: %s", drive, text);
}

void unfinished_drop(struct unfinished *u, const char *image)
{
	if (is_name_of(u, image))
		u->image[0] = '\0';
}

void unfinished_replaced(struct unfinished *u, const struct image *in)
{
	if (u->told && in->name && !is_name_of(u, in->name))
		u->image[0] = '\0';
}

void unfinished_tell(struct unfinished *u, json_t *answer)
{
	static char text[TEXT];

	if (u->image[0] == '\0' || u->told || !answer || !answer_is_ok(answer))
		return;
	describe(u, text, sizeof(text));
	json_object_set_new(answer, "message",
		json_sprintf(
			"%s; %s", json_string_value(json_object_get(answer, "message")), text));
	json_object_set_new(answer, "unfinished", json_string(u->image));
	u->told = true;
}

/* True if the image is still what it was when it left the drive: people delete, rename, erase. */
static bool is_unfinished(const char *media, const char *image)
{
	int folder = library_open_folder(media), r = folder;
	struct image_peek peek;
	struct library_file f;

	if (r >= 0) {
		r = library_find(folder, image, &f);
		close(folder);
	}
	if (r < 0)
		return false;
	image_peek(f.dir_fd, f.base, f.size, &peek);
	library_forget(&f);
	return strcmp(peek.kind, "open") == 0;
}

const char *unfinished_look(
	struct unfinished *u, const char *media, const struct image *in, uint64_t *bytes)
{
	/* In the open tray its state may not be saved yet. */
	bool in_tray = in->name && is_name_of(u, in->name);

	if (u->image[0] == '\0' || (!in_tray && !is_unfinished(media, u->image))) {
		u->image[0] = '\0';
		return NULL;
	}
	*bytes = u->bytes;
	return u->image;
}
