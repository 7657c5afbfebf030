/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of images as people type them: with the path of the media folder in front. */
#ifndef LIBRARY_NAME_INSIDE_H
#define LIBRARY_NAME_INSIDE_H

/*
 * Returns the part of an absolute name that is below the media folder path, also if the name leads
 * to the folder by another path (through a symbolic link, say): directories are compared by device
 * and inode. Drops "./" from a relative name. Otherwise returns name unchanged. May wait for
 * storage.
 */
const char *name_inside(const char *path, const char *name);

#endif
