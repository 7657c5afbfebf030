/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says what to type so that the daemon may use a file that a user put into the media folder. */
#ifndef LIBRARY_PERMISSION_HINT_H
#define LIBRARY_PERMISSION_HINT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PERMISSION_HINT 400u /* bytes of a hint, with the final NUL */

/* A user and a group whose names were looked up. All members 0: none was. */
struct permission_names {
	bool has_owner, has_group;
	uid_t uid;
	char owner[33], group[33]; /* group: of this process; "": it has no name */
};

/*
 * Writes "; it belongs to pi: chmod g+rw /srv/discs/a.iso": the owner of the file `name`, and the
 * command that gives the daemon's group the permissions wanted, "r" or "rw"; those of an empty
 * file, which is a blank, are always "rw". "" if the file cannot be looked at, if its path, quoted
 * for a shell, has more than 132 bytes, or if its permissions are not what is missing (but those of
 * a folder, or a card is mounted read-only).
 * folder: descriptor of the media folder, folder_name its path. Any thread; may wait for storage.
 */
void permission_hint(int folder, const char *folder_name, const char *name, const char *wanted,
	char out[PERMISSION_HINT]);
/* The same for one file of many: names are looked up only if *known does not have them. */
void permission_hint_of_many(struct permission_names *known, int folder, const char *folder_name,
	const char *name, const char *wanted, char out[PERMISSION_HINT]);

#endif
