/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A temporary directory for each test, and functions that make files in it. */
#ifndef DAEMON_SCRATCH_H
#define DAEMON_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define SCRATCH_PATH 320

static char scratch[40];

/* True if this program is run by an emulator, and so are the programs that it starts. */
static inline bool emulated(void)
{
	const char *wrap = getenv("WRAP");

	return wrap && *wrap;
}

/*
 * How a shell starts the built client, from any directory. On another machine's build the
 * emulator ($WRAP of the suite) stands before it: the kernel cannot start such a program.
 */
static inline const char *client(void)
{
	static char command[768];
	const char *dir = getenv("O");
	char path[PATH_MAX], whole[PATH_MAX];

	snprintf(path, sizeof(path), "%s/mmcgadgetctl", dir ? dir : "build");
	if (!realpath(path, whole))
		fail_msg("%s is not built", path);
	assert_true(snprintf(command, sizeof(command), "%s %s", emulated() ? getenv("WRAP") : "",
			    whole) < (int)sizeof(command));
	return command;
}

/* cmocka setup and teardown */
static inline int scratch_make(void **state)
{
	(void)state;
	strcpy(scratch, "/tmp/mmcgadget-test.XXXXXX");
	if (!mkdtemp(scratch))
		return -1;
	return chmod(scratch, 0755);
}

static inline int scratch_remove_one(
	const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int scratch_remove(void **state)
{
	(void)state;
	return nftw(scratch, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#define assert_starts(text, prefix) scratch_starts(text, prefix, __FILE__, __LINE__)

static inline void scratch_starts(const char *text, const char *prefix, const char *file, int line)
{
	char head[1024];

	snprintf(head, sizeof(head), "%.*s", (int)strlen(prefix), text);
	_assert_string_equal(head, prefix, file, line);
}

/* Returns the path of a name in the directory; valid until the fourth call after it. */
static inline const char *in_scratch(const char *name)
{
	static char paths[4][SCRATCH_PATH];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, SCRATCH_PATH, "%s/%s", scratch, name);
	return path;
}

static inline bool scratch_has(const char *name)
{
	return access(in_scratch(name), F_OK) == 0;
}

static inline void put_text(const char *name, const char *text)
{
	FILE *f = fopen(in_scratch(name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Makes a file of that many bytes, all of it a hole. */
static inline void put_size(const char *name, uint64_t size)
{
	put_text(name, "");
	assert_int_equal(truncate(in_scratch(name), (off_t)size), 0);
}

static inline uint64_t size_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(in_scratch(name), &st), 0);
	return (uint64_t)st.st_size;
}

/* Returns the contents of a file; "" if it does not exist. */
static inline const char *get_text(const char *name)
{
	static char text[16384];
	FILE *f = fopen(in_scratch(name), "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = '\0';
	return text;
}

#endif
