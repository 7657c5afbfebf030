// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs CDB conversations (test/script; test/lib/script.h defines the language) against a
 * device node. Prints TAP.
 *
 *	MEDIA_CMD=COMMAND u_script /dev/sgN SCRIPT...
 *	u_script engine SCRIPT...       the same against the engine in this program
 *	u_script stamp FILE BLOCKS      writes the image of "media rom BLOCKS"
 *
 * COMMAND changes discs. A shell runs it with one of these arguments; it must return when the
 * change is made, with 0 for success:
 *
 *	blank [type=NAME]   inserts a new blank of that type and of full capacity, or a DVD+R,
 *	                    whatever is in the drive
 *	rom BLOCKS          inserts an image of stamped blocks, whatever is in the drive
 *	cd BLOCKS           inserts the same image as a CD-ROM
 *	none                empties the drive, by force if needed
 *	eject [force]       removes the disc
 *	insert-again        inserts the disc that was removed last
 *
 * During the run the kernel's sr driver is unbound, because its polls take unit attentions and
 * events that scripts expect. Scripts with faults, another configuration of the drive, a
 * made-up CD, a blank of another capacity or "eject asks" are for other executors, as their line
 * "requires" says; they are listed, but not run and not counted.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/script.h"

/* Writes n stamped blocks. False with errno. */
static bool stamp(FILE *f, uint64_t n)
{
	uint8_t block[MEDIA_BLOCK];

	for (uint64_t i = 0; i < n; i++) {
		/* The ends of a large disc are enough; the middle is a hole. */
		if (i == 4096 && n > 8192) {
			i = n - 4096;
			if (fseeko(f, (off_t)i * MEDIA_BLOCK, SEEK_SET) < 0)
				return false;
		}
		script_stamp((uint32_t)i, block);
		if (fwrite(block, sizeof(block), 1, f) != 1)
			return false;
	}
	return fflush(f) == 0;
}

static int stamp_file(const char *path, const char *blocks)
{
	char *end;
	uint64_t n = strtoull(blocks, &end, 10);
	FILE *f;
	bool ok;

	if (*end || n == 0 || n > UINT32_MAX) {
		fprintf(stderr, "%s: not a number of blocks\n", blocks);
		return 1;
	}
	f = fopen(path, "we");
	ok = f && stamp(f, n);
	if (!ok)
		perror(path);
	if (f)
		fclose(f);
	return !ok;
}

/* Runs a script. 0, or 1 if it failed. */
static int run(const char *path, struct script_exec *x, unsigned *n)
{
	char error[1024];
	struct script *s = script_load(path, error, sizeof(error));

	if (s && !(s->executors & x->kind)) {
		printf("# %s: not for this\n", s->name);
		script_free(s);
		return 0;
	}
	bool ok = s && script_run(s, x, error, sizeof(error)) == 0;
	printf("%sok %u - %s: %s\n", ok ? "" : "not ", ++*n, x->name, s ? s->name : path);
	if (!ok) {
		for (char *line = strtok(error, "\n"); line; line = strtok(NULL, "\n"))
			printf("# %s\n", line);
		if (s)
			printf("# (%s)\n", s->title);
	}
	fflush(stdout);
	script_free(s);
	return !ok;
}

static int run_all(int count, char **paths, struct script_exec *x)
{
	unsigned n = 0;
	int failed = 0;

	for (int i = 0; i < count; i++)
		failed += run(paths[i], x, &n);
	printf("1..%u\n", n);
	return failed != 0;
}

static int engine(int count, char **paths)
{
	struct script_exec *x = exec_direct_new(32768);
	int failed = run_all(count, paths, x);

	exec_direct_free(x);
	return failed;
}

int main(int argc, char **argv)
{
	const char *media_cmd = getenv("MEDIA_CMD");
	char error[256];
	int failed;

	if (argc >= 3 && strcmp(argv[1], "engine") == 0)
		return engine(argc - 2, argv + 2);
	if (argc == 4 && strcmp(argv[1], "stamp") == 0)
		return stamp_file(argv[2], argv[3]);
	if (argc < 3 || !media_cmd) {
		fprintf(stderr, "usage: MEDIA_CMD=COMMAND u_script /dev/sgN SCRIPT...\n"
				"       u_script engine SCRIPT...\n"
				"       u_script stamp FILE BLOCKS\n");
		return 2;
	}
	struct script_exec *x = exec_sg_new(argv[1], media_cmd, error, sizeof(error));
	if (!x) {
		printf("Bail out! %s\n", error);
		return 1;
	}
	failed = run_all(argc - 2, argv + 2, x);
	exec_sg_free(x);
	return failed;
}
