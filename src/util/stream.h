/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a file that was written through stdio. */
#ifndef UTIL_STREAM_H
#define UTIL_STREAM_H

#include <errno.h>
#include <stdio.h>

/*
 * Closes f. Returns 0, or a negative errno code if anything that was written to it is lost.
 * fclose() alone reports what was still in the buffer; of a failure before that, whose errno
 * value is gone, it says nothing: -EIO.
 */
static inline int stream_close(FILE *f)
{
	int r = ferror(f) ? -EIO : 0;

	if (fclose(f) != 0)
		r = -errno;
	return r;
}

#endif
