/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says what to type so that the daemon may use a file that a user put into the media folder. */
#ifndef LIBRARY_PERMISSION_HINT_H
#define LIBRARY_PERMISSION_HINT_H

#include <stddef.h>

#define PERMISSION_HINT 400u

/*
 * Writes "; it belongs to pi: chmod g+rw /srv/discs/a.iso": whose file name is, and the command
 * that gives the daemon's group the permissions "r" or "rw". "" if the file cannot be looked at,
 * or if its permissions are not what is missing (a folder, or a card mounted read-only).
 * folder: descriptor of the media folder, folder_name its path. May wait for storage.
 */
void permission_hint(int folder, const char *folder_name, const char *name, const char *wanted,
	char out[PERMISSION_HINT]);

#endif
