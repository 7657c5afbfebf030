// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/keep_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "library/checksum.h"
#include "media/store.h"
#include "util/array.h"
#include "util/utf8.h"

#define MARK       "-kept"
#define ENDING_MAX 16u /* bytes of an ending such as ".iso" */

/* Returns the length of base without its ending, and without an earlier mark. */
static size_t stem_of(const char *base, const char **ending)
{
	const char *dot = strrchr(base, '.'), *mark = NULL;
	size_t n;

	*ending = dot && dot != base && strlen(dot) <= ENDING_MAX ? dot : base + strlen(base);
	n = (size_t)(*ending - base);
	for (const char *p = base; (p = strstr(p, MARK)) != NULL && p < *ending; p++)
		mark = p;
	if (!mark || mark == base)
		return n;
	/* "-kept" or "-kept-12", and nothing else up to the ending. */
	mark += strlen(MARK);
	if (mark < *ending && *mark == '-')
		mark += 1 + strspn(mark + 1, "0123456789");
	if (mark != *ending)
		return n;
	while (strncmp(base + n, MARK, strlen(MARK)) != 0)
		n--;
	return n;
}

static void make_name(const char *base, unsigned n, char out[256])
{
	const char *ending;
	size_t len = stem_of(base, &ending);
	size_t room =
		STORE_NAME_MAX - strlen(STORE_SPARE_SUFFIX) - strlen(MARK "-9999") - strlen(ending);

	/* A name that is too long is cut between two characters. */
	if (len > room)
		len = utf8_fit(base, room);
	if (n == 1)
		snprintf(out, 256, "%.*s" MARK "%s", (int)len, base, ending);
	else
		snprintf(out, 256, "%.*s" MARK "-%u%s", (int)len, base, n, ending);
}

int keep_name_free(int folder, const char *base, unsigned n, char out[256])
{
	static const char *const suffix[] = {"", STORE_SUFFIX, CHECKSUM_SUFFIX};
	char file[512];
	struct stat st;

	make_name(base, n, out);
	for (size_t i = 0; i < ARRAY_LEN(suffix); i++) {
		snprintf(file, sizeof(file), "%s%s", out, suffix[i]);
		if (fstatat(folder, file, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return 1;
		if (errno != ENOENT)
			return -errno;
	}
	return 0;
}
