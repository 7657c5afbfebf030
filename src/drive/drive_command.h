/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A control command for a drive. */
#ifndef DRIVE_DRIVE_COMMAND_H
#define DRIVE_DRIVE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "image/image.h"
#include "protocol/answer.h"

enum drive_verb {
	DRIVE_INSERT, /* the image of exactly that name */
	DRIVE_FIND,   /* the same; if there is none, the image that match_find() finds */
	DRIVE_NEXT,   /* the image after the one in the drive: match_neighbour() */
	DRIVE_PREV,
	DRIVE_BLANK,
	DRIVE_EJECT,
	DRIVE_CLOSE,         /* finalise */
	DRIVE_REPLACE_BURNED /* only started by the drive itself: replaces a burned disc with a
				blank */
};

struct drive_command {
	enum drive_verb verb;
	char *image; /* NULL for DRIVE_EJECT; for others NULL until the image is chosen */
	bool force;
	enum image_as as;         /* see image_policy */
	struct image_blank blank; /* if the command makes one */
	/* The command follows an eject by the host, and ends if the host loads the disc again. */
	bool by_host;
	bool internal; /* a command of the drive's own: nobody reads its answer */
	/* DRIVE_REPLACE_BURNED, not by_host: see usb_task.only_if_idle. */
	uint64_t blocks_moved;
	struct reply *reply;
	struct drive_command *next;
};

/* Copies image, which may be NULL. Returns NULL if there is no memory. */
struct drive_command *drive_command_new(
	enum drive_verb verb, const char *image, struct reply *reply);
/* NULL is fine. */
void drive_command_free(struct drive_command *c);
/* Makes image, of which it takes a copy, the command's image. False: no memory. */
bool drive_command_set_image(struct drive_command *c, const char *image);

/* The blank that the command makes; NULL: it makes none. */
const struct image_blank *drive_command_blank(const struct drive_command *c);
/* Returns the verb as people type it; of DRIVE_REPLACE_BURNED, which nobody types, its name. */
const char *drive_command_verb(const struct drive_command *c);

/*
 * Writes verb, image and stage, for status. Characters that are not valid UTF-8 or that control
 * a terminal become "?", see utf8_clean().
 */
void drive_command_describe(
	const struct drive_command *c, const char *stage, char *out, size_t size);

#endif
