/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for images that were deleted while a drive held them: "NAME-kept.iso". Any thread. */
#ifndef LIBRARY_KEEP_NAME_H
#define LIBRARY_KEEP_NAME_H

#define KEEP_TRIES 9999u /* numbers that are tried */

/*
 * Writes the nth name for an image that was called base: disc-kept.iso, disc-kept-2.iso. 0:
 * the name is free in the folder; 1: a file has it, or another disc has left a state file or
 * a checksum of that name; -errno: files cannot be looked up there.
 */
int keep_name_free(int folder, const char *base, unsigned n, char out[256]);

#endif
