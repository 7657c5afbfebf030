/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that FAT, exFAT and Windows shares can hold, too. Any thread. Sources: Microsoft,
 * "Naming Files, Paths, and Namespaces"; exFAT 7.7.3.
 */
#ifndef LIBRARY_PORTABLE_H
#define LIBRARY_PORTABLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Returns the length in bytes of the Windows device that name (without folders) begins with, and
 * that Windows takes the whole name for: 3 for "con", "NUL.iso" and "Aux .x", 4 for "COM1.iso".
 * 0: there is none.
 */
size_t portable_device(const char *name);
/*
 * Returns why FAT, exFAT or Windows cannot hold the name (without folders), as the end of a
 * sentence about them: "cannot hold ...". NULL: they can. name is valid UTF-8 without control
 * characters.
 */
const char *portable_fault(const char *name);
/*
 * Makes a name (without folders) from an untrusted text: valid UTF-8 without characters that are
 * special to terminals, shells, paths or FAT. Cuts it between characters if it does not fit into
 * out, which has room for size bytes, 3 to 256. portable_fault() finds no fault in the name, nor in
 * the name with a suffix if that has at most 255 bytes. False: no character of the text can be
 * used.
 */
bool portable_name(const char *text, char *out, size_t size);

#endif
