// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The process that parses texts of strangers: what it finds out, what it can reach, and what
 * becomes of one that misbehaves (test/resolver/misbehave.c, in the same sandbox).
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "daemon/library/folder_fixture.h"

#include "compact/resolver.h"
#include "util/array.h"

static struct resolver_disc disc;
static struct refusal why;

/* The built program, from any directory. */
static const char *built(const char *name, char path[PATH_MAX])
{
	const char *dir = getenv("O");
	char at[PATH_MAX];

	assert_true(snprintf(at, sizeof(at), "%s/%s", dir ? dir : "build", name) < PATH_MAX);
	if (!realpath(at, path))
		fail_msg("%s is not built", at);
	return path;
}

static char usual[PATH_MAX], bad[PATH_MAX];

/* The emulators of other machines have no seccomp, and without it the resolver does not work. */
static void need_seccomp(void)
{
	if (emulated())
		skip();
}

static int resolve(const char *name)
{
	struct library_file f;
	int r = library_find(folder, name, &f);

	assert_int_equal(r, 0);
	memset(&why, 0, sizeof(why));
	r = resolver_resolve(&f, &disc, &why);
	library_forget(&f);
	return r;
}

static unsigned open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

#define CUE                                                                                        \
	"FILE \"X (Track 1).BIN\" BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n"                \
	"FILE \"C:\\rips\\x (track 2).wav\" WAVE\nTRACK 02 AUDIO\nINDEX 01 00:00:00\n"

static const char wav[44] = "RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x02\0"
			    "\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data\xff\xff\xff\xff";

static void put_bytes(const char *name, const void *bytes, size_t len, off_t size)
{
	FILE *f = fopen(in_scratch(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(truncate(in_scratch(name), size), 0);
}

static void disc_of_several_files(void **state)
{
	unsigned before = open_descriptors();

	(void)state;
	need_seccomp();
	put_text("media/sub/x.cue", CUE);
	put_size("media/sub/x (Track 1).bin", 1000 * 2352);
	put_bytes("media/sub/X (Track 2).wav", wav, sizeof(wav), 44 + 500 * 2352);
	/* A file of that name in another folder is not taken. */
	put_size("media/X (Track 1).BIN", 5);
	if (resolve("sub/x.cue") != 0)
		fail_msg("%s", why.text);
	assert_int_equal(disc.map.tracks, 2);
	assert_int_equal(disc.map.files, 2);
	assert_string_equal(disc.file[0].name, "x (Track 1).bin");
	assert_string_equal(disc.file[1].name, "X (Track 2).wav");
	assert_int_equal(disc.file[1].size, 44 + 500 * 2352);
	assert_int_equal(disc.map.session[0].lead_out, 1500);
	assert_int_equal(open_descriptors(), before);
	assert_int_equal(disc.mentions.count, 2);
	assert_int_equal(disc.mentions.at[1].file, 1);
	assert_memory_equal(&CUE[disc.mentions.at[1].at], "x (track 2).wav", 15);
}

/* The text as it would be after a rename, before anything is renamed. */
static void disc_with_other_names(void **state)
{
	static char from[1][256] = {"x (Track 1).bin"}, to[1][256] = {"y (Track 1).bin"};
	static const char text[] =
		"FILE \"y (Track 1).bin\" BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n";
	struct resolver_as as = {"y.cue", text, sizeof(text) - 1, 1, from, to};
	struct library_file f;

	(void)state;
	need_seccomp();
	put_text("media/x.cue", CUE);
	put_size("media/x (Track 1).bin", 1000 * 2352);
	assert_int_equal(library_find(folder, "x.cue", &f), 0);
	assert_int_equal(resolver_resolve_as(&f, &as, &disc, &why), 0);
	assert_int_equal(disc.map.session[0].lead_out, 1000);
	assert_string_equal(disc.file[0].name, "x (Track 1).bin");
	as.files = 0;
	assert_int_equal(resolver_resolve_as(&f, &as, &disc, &why), -EBADMSG);
	assert_string_equal(why.text, "y.cue line 1: the file \"y (Track 1).bin\" is missing");
	library_forget(&f);
}

static void refusals_have_words(void **state)
{
	static const struct {
		const char *name, *text, *why;
	} rows[] = {
		{"a.cue", "\n\nFILE \"X.bin\" BINARY\n",
			"a.cue line 3: the file \"X.bin\" is missing"},
		{"b.cue", "FILE \"../outside/secret\" BINARY\n",
			"b.cue line 1: the file \"secret\" is missing"},
		{"c.cue", "FILE \"c.cue\" BINARY\n",
			"c.cue line 1: \"c.cue\" is the text itself, and not a file of sectors"},
		{"d.cue", "FILE \"link\" BINARY\n",
			"d.cue line 1: \"link\" is a link that leads out of the media "
			"folder, or in a circle"},
		{"e.cue", "FILE \"sub\" BINARY\n",
			"e.cue line 1: \"sub\" is a folder, a device or a pipe, and no file"},
		{"f.toc", "TRACK \x1b[2J",
			"f.toc line 1: \"?[2J\" is not a type of track that is read"},
		{"g.ccd", "", "g.ccd: it is not a file of CloneCD: it has no [Entry] of a track"},
		/* Two names differ in upper and lower case only: neither is guessed. */
		{"h.cue", "FILE \"TWO.bin\" BINARY\n",
			"h.cue line 1: the file \"TWO.bin\" is missing"},
	};
	char name[64];

	(void)state;
	need_seccomp();
	symlink_in("../outside/secret", "media/link");
	put_size("media/two.bin", 5);
	put_size("media/Two.bin", 5);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(name, sizeof(name), "media/%s", rows[i].name);
		put_text(name, rows[i].text);
		assert_int_equal(resolve(rows[i].name), -EBADMSG);
		assert_string_equal(why.text, rows[i].why);
		assert_string_equal(why.code, "bad-disc");
	}
	put_size("media/long.cue", 65537);
	assert_int_equal(resolve("long.cue"), -EBADMSG);
	assert_string_equal(why.text, "\"long.cue\" is too long for a text that describes a disc");
}

static void process_that_cannot_be_started(void **state)
{
	(void)state;
	put_text("media/a.cue", CUE);
	resolver_use("/nowhere/mmcgadget-resolver", 0);
	assert_int_equal(resolve("a.cue"), -ENOPKG);
	assert_string_equal(why.text,
		"\"a.cue\" cannot be read: /nowhere/mmcgadget-resolver cannot "
		"be started: No such file or directory");
	assert_string_equal(why.code, "resolver-failed");
	resolver_use("/bin/true", 0);
	assert_int_equal(resolve("a.cue"), -ENOEXEC);
	assert_string_equal(why.text,
		"\"a.cue\" could not be read: mmcgadget-resolver ended without an answer");
	resolver_use(usual, 0);
}

static void assert_misbehaves(const char *name, int error, const char *text)
{
	const unsigned before = open_descriptors();
	char path[64];

	snprintf(path, sizeof(path), "media/%s", name);
	put_text(path, CUE);
	assert_int_equal(resolve(name), error);
	assert_string_equal(why.text, text);
	/* Nothing is left of it: neither a descriptor nor a dead process. */
	assert_int_equal(open_descriptors(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* The daemon says of the process that it did that. */
static void assert_fails(const char *name, const char *how)
{
	char text[200];

	snprintf(text, sizeof(text), "\"%s\" could not be read: mmcgadget-resolver %s", name, how);
	assert_misbehaves(name, -ENOEXEC, text);
}

static void process_that_misbehaves(void **state)
{
	static const char ended[] = "ended without an answer";
	static const struct {
		const char *name, *text;
	} rows[] = {
		{"open.cue", ended},
		{"socket.cue", ended},
		{"exec.cue", ended},
		{"fork.cue", ended},
		{"kill.cue", ended},
		{"dup.cue", ended},
		{"memory.cue", ended},
		{"crash.cue", ended},
		{"garbage.cue", "sent nonsense"},
		{"short.cue", "sent nonsense"},
		{"mention.cue", "sent nonsense"},
		{"files.cue", "answered with files that "
			      "it has not asked for"},
		{"ask-for-ever.cue", "asks without an end"},
	};

	(void)state;
	need_seccomp();
	put_size("media/x (Track 1).bin", 1000 * 2352);
	resolver_use(bad, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_fails(rows[i].name, rows[i].text);
	assert_misbehaves("map.cue", -EBADMSG, "map.cue: a disc has 1 to 99 tracks (0)");
	resolver_use(usual, 0);
}

static void process_that_takes_its_time(void **state)
{
	(void)state;
	need_seccomp();
	resolver_use(bad, 300);
	assert_fails("wait.cue", "took too long");
	assert_fails("spin.cue", "took too long");
	resolver_use(usual, 0);
}

/* The kernel ends it after 2 s of a processor, long before the daemon would. */
static void process_that_computes_too_long(void **state)
{
	struct timespec from, to;

	(void)state;
	need_seccomp();
	resolver_use(bad, 600000);
	clock_gettime(CLOCK_MONOTONIC, &from);
	assert_fails("spin.cue", "ended without an answer");
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_true(to.tv_sec - from.tv_sec < 60);
	resolver_use(usual, 0);
}

static void process_gets_nothing(void **state)
{
	static char text[400];

	(void)state;
	need_seccomp();
	resolver_use(bad, 0);
	symlink_in("../outside/secret", "media/outside-link");
	mkdir(in_scratch("media/folder"), 0755);
	assert_int_equal(mkfifo(in_scratch("media/fifo"), 0666), 0);
	put_text("media/.hidden", "x");
	assert_misbehaves("ask-outside.cue", -EBADMSG, "nothing was given");
	assert_misbehaves("limits.cue", -EBADMSG, "one descriptor");
	/* A text from the resolver cannot steer a terminal. */
	put_text("media/terminal.cue", CUE);
	assert_int_equal(resolve("terminal.cue"), -EBADMSG);
	memset(text, '?', sizeof(text) - 1);
	assert_int_equal(strspn(why.text, "?"), strlen(why.text));
	resolver_use(usual, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(disc_of_several_files, setup, teardown),
		cmocka_unit_test_setup_teardown(disc_with_other_names, setup, teardown),
		cmocka_unit_test_setup_teardown(refusals_have_words, setup, teardown),
		cmocka_unit_test_setup_teardown(process_that_cannot_be_started, setup, teardown),
		cmocka_unit_test_setup_teardown(process_that_misbehaves, setup, teardown),
		cmocka_unit_test_setup_teardown(process_that_takes_its_time, setup, teardown),
		cmocka_unit_test_setup_teardown(process_that_computes_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(process_gets_nothing, setup, teardown),
	};

	built("mmcgadget-resolver", usual);
	built("test/resolver/misbehave", bad);
	resolver_use(usual, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
