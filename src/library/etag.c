// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/etag.h"

#include <stdint.h>
#include <stdio.h>

void etag_of(const struct stat *st, char out[ETAG_TEXT])
{
	uint64_t changed =
		(uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;

	snprintf(out, ETAG_TEXT, "%llx-%llx-%llx-%llx", (unsigned long long)st->st_dev,
		(unsigned long long)st->st_ino, (unsigned long long)changed,
		(unsigned long long)st->st_size);
}
