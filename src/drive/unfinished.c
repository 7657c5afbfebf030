// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/unfinished.h"

#include <stdio.h>
#include <string.h>

#include "protocol/format_size.h"
#include "util/log.h"

bool unfinished_is(const struct mmc_state *m)
{
	return m->loaded && !m->testing && m->end > m->readable;
}

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

void unfinished_see(struct unfinished *u, const char *drive, const struct mmc_state *before,
	const struct mmc_state *now, const struct image *in)
{
	char text[640];

	if (before->ejected_by_host && now->loaded)
		u->image[0] = '\0';
	if (now->loaded || !unfinished_is(before) || !in->name)
		return;
	snprintf(u->image, sizeof(u->image), "%s", in->name);
	u->bytes = (uint64_t)before->recorded * MEDIA_BLOCK;
	describe(u, text, sizeof(text));
	log_warn("%s: %s", drive, text);
}

void unfinished_drop(struct unfinished *u, const char *image)
{
	if (strncmp(u->image, image, sizeof(u->image) - 1) == 0)
		u->image[0] = '\0';
}

void unfinished_tell(struct unfinished *u, json_t *answer)
{
	char text[640];

	if (u->image[0] == '\0' || !answer || !answer_is_ok(answer))
		return;
	describe(u, text, sizeof(text));
	json_object_set_new(answer, "message",
		json_sprintf(
			"%s; %s", json_string_value(json_object_get(answer, "message")), text));
	json_object_set_new(answer, "unfinished", json_string(u->image));
	u->image[0] = '\0';
}
