/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the label of a disc from its file systems, as udev on the host would show it. */
#ifndef LIBRARY_LABEL_H
#define LIBRARY_LABEL_H

#include <stdbool.h>
#include <stdint.h>

#define LABEL_MAX 256u /* bytes; UDF holds 126 characters of Latin-1, or 63 others */

struct label {
	char text[LABEL_MAX]; /* "" if there is no label or it cannot be read */
	bool has_volume;      /* there is an ISO 9660 or UDF volume */
	bool udf;             /* there is a UDF volume, as on a DVD-Video */
	bool sectors;         /* it has whole sectors of a CD: see image_raw_form() */
	uint64_t volume;      /* bytes of the image as its first volume has them; 0 = unknown */
};

/*
 * Reads the label of the regular file fd, which is open for reading; session is the offset
 * of the last complete session in bytes. Any thread; reads a few blocks, takes no lock, and
 * may wait for storage.
 */
typedef void label_fn(int fd, uint64_t session, struct label *out);
label_fn label_read;
/* As label_read(), but not for sectors, and always with libblkid (see plain_label.h). */
label_fn label_read_by_libblkid;

/*
 * Reads the label of the first session on a thread of its own, and waits for it at most ms, so
 * that a card that hangs does not stop the caller. Takes fd over. False: there was no answer
 * in time, no memory, or too many such threads wait already; then *out is undefined.
 */
bool label_read_within(int fd, unsigned ms, struct label *out);

#endif
