// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drive_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/words.h"

struct drive_command *drive_command_new(
	enum drive_verb verb, const char *image, struct reply *reply)
{
	struct drive_command *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->verb = verb;
	c->reply = reply;
	c->blank.medium = disc_medium_of_blank();
	if (image && !drive_command_set_image(c, image)) {
		free(c);
		return NULL;
	}
	return c;
}

void drive_command_free(struct drive_command *c)
{
	if (c)
		free(c->image);
	free(c);
}

bool drive_command_set_image(struct drive_command *c, const char *image)
{
	char *copy = strdup(image);

	if (!copy)
		return false;
	free(c->image);
	c->image = copy;
	return true;
}

const struct image_blank *drive_command_blank(const struct drive_command *c)
{
	if (c->verb != DRIVE_BLANK && c->verb != DRIVE_REPLACE_BURNED)
		return NULL;
	return &c->blank;
}

const char *drive_command_verb(const struct drive_command *c)
{
	static const char *const names[] = {
		[DRIVE_INSERT] = "insert",
		[DRIVE_FIND] = "insert",
		[DRIVE_NEXT] = "next",
		[DRIVE_PREV] = "prev",
		[DRIVE_BLANK] = "blank",
		[DRIVE_EJECT] = "eject",
		[DRIVE_CLOSE] = "close",
		[DRIVE_REPLACE_BURNED] = "replace burned disc",
	};

	return names[c->verb];
}

void drive_command_describe(
	const struct drive_command *c, const char *stage, char *out, size_t size)
{
	snprintf(out, size, "%s%s%.200s%s", drive_command_verb(c), c->image ? " " : "",
		c->image ? c->image : "", stage);
	words_clean(out);
}
