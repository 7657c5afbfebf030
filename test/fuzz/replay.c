// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls a fuzzer's entry point without libFuzzer, which needs clang: with the first MiB of each
 * file of the given directories. The default is the corpus of the program's name: replay_bot uses
 * test/fuzz/corpus/bot. Prints TAP, one result for each directory.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/input.h"

#define FILE_MAX (1u << 20)

static bool feed(const char *path)
{
	uint8_t *data = malloc(FILE_MAX);
	FILE *f = fopen(path, "rb");
	size_t n = 0;
	bool ok = data && f;

	if (ok) {
		n = fread(data, 1, FILE_MAX, f);
		ok = !ferror(f);
	}
	if (f)
		fclose(f);
	if (ok) {
		/* Exactly the size of the input, so that sanitizers see reads past it. */
		uint8_t *exact = malloc(n ? n : 1);

		ok = exact != NULL;
		if (ok) {
			memcpy(exact, data, n);
			LLVMFuzzerTestOneInput(exact, n);
		}
		free(exact);
	}
	free(data);
	return ok;
}

/* Returns how many files were fed, -1 if the directory or one of them could not be read. */
static int feed_directory(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	int count = 0;

	if (!dir)
		return -1;
	while (count >= 0 && (e = readdir(dir))) {
		char file[4096];

		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		printf("# %s\n", file);
		fflush(stdout);
		count = feed(file) ? count + 1 : -1;
	}
	closedir(dir);
	return count;
}

static bool replay(int number, const char *path)
{
	int count = feed_directory(path);

	printf("%s %d - replay of %s, %d inputs\n", count > 0 ? "ok" : "not ok", number, path,
		count);
	fflush(stdout);
	return count > 0;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '_');
	bool ok = true;
	char path[256];
	int i;

	printf("1..%d\n", argc > 1 ? argc - 1 : 1);
	snprintf(path, sizeof(path), "test/fuzz/corpus/%s", name ? name + 1 : "");
	if (argc < 2)
		return replay(1, path) ? 0 : 1;
	for (i = 1; i < argc; i++)
		ok &= replay(i, argv[i]);
	return ok ? 0 : 1;
}
