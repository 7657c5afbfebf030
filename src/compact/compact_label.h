/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPACT_COMPACT_LABEL_H
#define COMPACT_COMPACT_LABEL_H

#include "compact/resolver.h"
#include "library/label.h"
#include "library/library.h"

/*
 * Writes what a host shows of the disc d of the text f: the label of the ISO 9660 volume in its
 * last session that has a data track, otherwise the title of its CD-Text; "" if it has neither. UDF
 * is not looked for. False: the files or the decoder of a CHD could not be opened, which may pass.
 * Any thread; reads some sectors, and may wait for storage, with a CHD also for a decoder, some
 * seconds at most.
 */
bool compact_label(
	const struct library_file *f, const struct resolver_disc *d, char out[LABEL_MAX]);

/*
 * The same of a CD that was burned, whose image `base` in the folder dir is open as fd; "" also if
 * the image is a plain ISO or not a finalised CD: label_read() finds the label of such an image.
 */
void compact_label_of_burned(int dir, const char *base, int fd, char out[LABEL_MAX]);

#endif
