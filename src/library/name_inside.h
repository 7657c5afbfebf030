/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of images as people type them: with the path of the media folder in front. */
#ifndef LIBRARY_NAME_INSIDE_H
#define LIBRARY_NAME_INSIDE_H

/*
 * Returns the part of an absolute name that is relative to the media folder path. Another way to it
 * (through a symbolic link, say) is recognised by the directory itself. Drops "./" from a relative
 * name. Otherwise returns name as it stands. May wait for storage.
 */
const char *name_inside(const char *path, const char *name);

#endif
