// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/known_sum.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* FAT has times of two seconds. */
#define SLACK 2

enum known_sum known_sum(int dir, const char *base, time_t written, char hex[CHECKSUM_HEX])
{
	char name[STORE_NAME_MAX + sizeof(CHECKSUM_SUFFIX)], text[CHECKSUM_TEXT];
	struct stat st;
	ssize_t n = -1;
	int fd;

	hex[0] = '\0';
	if (snprintf(name, sizeof(name), "%s" CHECKSUM_SUFFIX, base) > (int)STORE_NAME_MAX)
		return KNOWN_SUM_NONE;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return KNOWN_SUM_NONE;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = read(fd, text, sizeof(text));
	close(fd);
	if (n <= 0)
		return KNOWN_SUM_NONE;
	if (checksum_is_bad(text, (size_t)n))
		return KNOWN_SUM_DAMAGED;
	if (!checksum_find(text, (size_t)n, base, hex) || st.st_mtim.tv_sec + SLACK < written) {
		hex[0] = '\0';
		return KNOWN_SUM_NONE;
	}
	return KNOWN_SUM_IS;
}
