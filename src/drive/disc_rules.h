/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which names the control commands take, of discs and for new ones, and the refusals of the others.
 * Any thread.
 */
#ifndef DRIVE_DISC_RULES_H
#define DRIVE_DISC_RULES_H

#include <stddef.h>

#include "library/disc_file.h"
#include "library/library.h"
#include "protocol/answer.h"

/* Returns NULL if name can be that of a disc, otherwise the answer to the command. */
json_t *disc_rules_name(const char *name);
/*
 * Checks the new name `to` of the disc old, and writes it to whole. A new name without a suffix
 * gets that of the old one, or .iso if the old one has none. Returns NULL or the answer to the
 * command.
 */
json_t *disc_rules_new_name(const char *old, const char *to, char *whole, size_t size);
/*
 * Writes the name of the blank that people ask for as `name` to whole: with .iso after it, if
 * it has no suffix and the folder has no file of that very name.
 */
void disc_rules_blank_name(const char *media, const char *name, char *whole, size_t size);
/*
 * Returns NULL if an image can be uploaded under that name, which may have folders before it;
 * otherwise the answer.
 */
json_t *disc_rules_upload_name(const char *name);
/* Writes what people should know of a new name, with "; " before it; "" if nothing. */
void disc_rules_note(const char *name, char *out, size_t size);
/* Returns the answer that the folder has no image of that name. */
json_t *disc_rules_no_image(const char *name, const char *media);
/* Returns the answer for an image that could not be found because of this -errno. */
json_t *disc_rules_refusal(const char *name, const char *media, int error);

/*
 * Finds the disc of that name in the folder. For the cue sheet of a burned CD, which stands for the
 * disc, *name becomes the name of the image, and *to (NULL: none) gets the image's suffix; both are
 * allocated. Results of library_find(), or -ENOMEM.
 */
int disc_rules_find(int folder, char **name, char **to, struct library_file *f);

#define DISC_RULES_WITH 64u
/* Writes " with its state, checksum and cue sheet", or what there is of these. Returns out. */
const char *disc_rules_with(const struct disc_files *f, char out[DISC_RULES_WITH]);

/*
 * The text of a compact disc keeps its suffix, by which it is known. Returns NULL if `to` can be
 * the new name of `name`, otherwise the answer.
 */
json_t *disc_rules_new_name_of_text(const char *name, const char *to);

#endif
