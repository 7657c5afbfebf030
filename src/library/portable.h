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
 * Returns how many bytes at the beginning of name (a name without folders) name a device of
 * Windows: 3 for "con", "NUL.iso" and "Aux .x", 4 for "COM1.iso". 0: none do.
 */
size_t portable_device(const char *name);
/*
 * Returns why FAT, exFAT or Windows cannot hold the name (without folders), as the end of a
 * sentence about them: "cannot hold ...". NULL: they can. name is valid UTF-8.
 */
const char *portable_fault(const char *name);
/*
 * Makes a name (without folders) of a text, which is untrusted: valid UTF-8 without characters that
 * are special to terminals, shells, paths or FAT; at most size - 1 bytes, which may be 2 to 255,
 * cut between characters. portable_fault() finds no fault in it, also with a suffix after it that
 * fits. False: no character of the text can be used.
 */
bool portable_name(const char *text, char *out, size_t size);

#endif
