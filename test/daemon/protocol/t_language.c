// SPDX-License-Identifier: GPL-2.0-or-later
/* The control language: lines, words, verbs, and how the client quotes. */
#include "daemon/scratch.h"

#include <errno.h>

#include "protocol/lines.h"
#include "ctl/client.h"
#include "protocol/format.h"
#include "protocol/format_size.h"
#include "protocol/verbs.h"
#include "protocol/words.h"
#include "util/array.h"

/* Splits a copy of text. len < 0: text ends with a 0. */
static const char *split(const char *text, long len, struct words *w)
{
	static char line[WORDS_LINE_MAX + 1];
	size_t n = len < 0 ? strlen(text) : (size_t)len;

	assert_true(n <= WORDS_LINE_MAX);
	memcpy(line, text, n);
	return words_split(line, n, w);
}

static void words_and_quotes_are_split(void **state)
{
	static const struct {
		const char *line;
		unsigned count;
		const char *word[3];
	} rows[] = {
		{"", 0, {0}},
		{" \t ", 0, {0}},
		{"status", 1, {"status"}},
		{"status\r", 1, {"status"}},
		{"  insert   a.iso\t", 2, {"insert", "a.iso"}},
		{"insert \"my disc.iso\" drive=d", 3, {"insert", "my disc.iso", "drive=d"}},
		{"insert \"a\\\"b\\\\c\"", 2, {"insert", "a\"b\\c"}},
		{"insert a\\b", 2, {"insert", "a\\b"}},
		{"insert x\" y\"z", 2, {"insert", "x yz"}},
		{"insert \"\"", 2, {"insert", ""}},
		{"insert \xc3\xa4\xe2\x82\xac\xf0\x9f\x92\xbf", 2,
			{"insert", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x92\xbf"}},
	};
	struct words w;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_null(split(rows[i].line, -1, &w));
		assert_int_equal(w.count, rows[i].count);
		for (unsigned j = 0; j < w.count; j++)
			assert_string_equal(w.word[j].text, rows[i].word[j]);
	}
}

static void bad_lines_are_refused(void **state)
{
	static const struct {
		const char *line;
		long len;
		const char *why;
	} rows[] = {
		{"insert a\0b", 10, "the line holds control characters"},
		{"insert a\x1b[2Jb", -1, "the line holds control characters"},
		{"insert a\rb", -1, "the line holds control characters"},
		{"insert \x7f", -1, "the line holds control characters"},
		{"insert \"a\tb\"", -1, "the line holds control characters"},
		{"insert a\"\t\"b", -1, "the line holds control characters"},
		{"insert \xc2\x9b", -1, "the line holds control characters"},
		{"insert \xff\xfe", -1, "the line is not valid UTF-8"},
		{"insert \xc3", -1, "the line is not valid UTF-8"},
		{"insert \xc0\xaf", -1, "the line is not valid UTF-8"},
		{"insert \xe0\x80\xaf", -1, "the line is not valid UTF-8"},
		{"insert \xed\xa0\x80", -1, "the line is not valid UTF-8"},
		{"insert \xf5\x80\x80\x80", -1, "the line is not valid UTF-8"},
		{"insert \"a", -1, "a quote is not closed"},
		{"insert \"a\\", -1, "inside quotes a backslash stands before \" or \\ only"},
		{"insert \"a\\n\"", -1, "inside quotes a backslash stands before \" or \\ only"},
		{"1 2 3 4 5 6 7 8 9", -1, "too many words; names with blanks need quotes"},
	};
	struct words w;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *why = split(rows[i].line, rows[i].len, &w);

		assert_non_null(why);
		assert_string_equal(why, rows[i].why);
	}
}

static const char *const names[] = {"drive0", "Second"};
static const struct verb_drives drives = {.name = names, .count = ARRAY_LEN(names)};

static void verbs_check_their_arguments(void **state)
{
	static const struct {
		const char *line, *code, *why;
	} rows[] = {
		{"insert a.iso", NULL, NULL},
		{"insert a.iso drive=drive0", NULL, NULL},
		{"insert drive=1 \"drive=e\"", NULL, NULL},
		{"insert a.iso force=yes", NULL, NULL},
		{"next", NULL, NULL},
		{"prev drive=second", NULL, NULL},
		{"next a", "bad-arguments",
			"next: there is no drive \"a\" (usage: next [force=yes] [drive=DRIVE]); "
			"the "
			"drives are: drive0, Second"},
		{"next a b", "bad-arguments",
			"next: too many arguments (usage: next [force=yes] [drive=DRIVE]); the "
			"drives are: drive0, Second"},
		{"eject", NULL, NULL},
		{"eject force", NULL, NULL},
		{"blank a type=dvd+r drive=drive0", NULL, NULL},
		{"status Drive=drive0", NULL, NULL},
		{"events", NULL, NULL},
		{"events DRIVE=second", NULL, NULL},
		{"events Second", NULL, NULL},
		{"events a b", "bad-arguments",
			"events: too many arguments (usage: events [drive=DRIVE]); the drives are: "
			"drive0, Second"},
		{"events type=x", "unknown-option",
			"events: unknown option \"type\" (usage: events [drive=DRIVE])"},
		{"help", NULL, NULL},
		{"help insert", NULL, NULL},
		{"frob", "unknown-verb", "unknown command \"frob\"; try help"},
		{"Insert a", "unknown-verb", "there is no \"Insert\"; did you mean insert?"},
		{"insert", "bad-arguments",
			"insert: too few arguments (usage: insert NAME [as=DISC] "
			"[force=yes] [drive=DRIVE])"},
		{"insert a b", "bad-arguments",
			"insert: too many arguments; names with blanks need quotes: insert \"a b\" "
			"(usage: insert NAME [as=DISC] [force=yes] [drive=DRIVE]); the "
			"drives are: drive0, Second"},
		{"insert \"\"", "bad-arguments",
			"insert: the name is empty (usage: insert NAME [as=DISC] "
			"[force=yes] [drive=DRIVE])"},
		{"insert a force=no", "bad-arguments", "insert: force takes the value yes only"},
		{"eject now", "bad-arguments",
			"eject: unknown argument \"now\" (usage: eject [force] [drive=DRIVE]); the "
			"drives are: drive0, Second"},
		{"insert a type=dvd+r", "unknown-option",
			"insert: unknown option \"type\" (usage: insert NAME [as=DISC] "
			"[force=yes] [drive=DRIVE])"},
		{"insert a colour=red", "unknown-option",
			"insert: unknown option \"colour\" (usage: insert NAME [as=DISC] "
			"[force=yes] [drive=DRIVE])"},
		{"help drive=d", "unknown-option",
			"help: unknown option \"drive\" (usage: help [VERB])"},
		{"help a b", "bad-arguments", "help: too many arguments (usage: help [VERB])"},
		{"status drive=d drive=e", "bad-arguments",
			"status: option \"drive\" is given twice"},
		{"status drive=", "bad-arguments", "status: option \"drive\" has no value"},
		{"status drive=2", "no-such-drive", "no drive \"2\"; there are: drive0, Second"},
		{"status drive=-1", "no-such-drive", "no drive \"-1\"; there are: drive0, Second"},
	};
	struct words w;
	struct verb_call call;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *code = NULL;
		char why[512] = "";
		int r;

		assert_null(split(rows[i].line, -1, &w));
		r = verb_parse(&w, &drives, &call, &code, why, sizeof(why));
		if (!rows[i].code) {
			assert_string_equal(why, "");
			assert_int_equal(r, 0);
			continue;
		}
		assert_int_equal(r, -1);
		assert_string_equal(why, rows[i].why);
		assert_string_equal(code, rows[i].code);
	}
}

/* Lines that name a drive, and the drive that is found. */
static void a_drive_is_found_where_it_stands(void **state)
{
	static const struct {
		const char *line, *arg;
		int drive;
	} rows[] = {
		{"status", NULL, -1},
		{"status drive0", NULL, 0},
		{"status 1", NULL, 1},
		{"list SECOND", NULL, 1},
		{"eject Second", NULL, 1},
		{"eject force Second", "force", 1},
		{"eject Second force", "force", 1},
		{"trace start 1", "start", 1},
		{"insert x Second", "x", 1},
		{"insert Second x", "x", 1},
		{"insert Second", "Second", -1},
		{"insert drive0 Second", "drive0", 1},
		{"insert Second drive=drive0", "Second", 0},
		{"insert x DRIVE=1", "x", 1},
		/* An image called 1: with a name, a number is none of a drive. */
		{"insert 1", "1", -1},
	};
	struct words w;
	struct verb_call call;
	const char *code;
	char why[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_null(split(rows[i].line, -1, &w));
		assert_int_equal(verb_parse(&w, &drives, &call, &code, why, sizeof(why)), 0);
		assert_int_equal(call.drive_at, rows[i].drive);
		if (rows[i].arg)
			assert_string_equal(call.arg, rows[i].arg);
		else
			assert_null(call.arg);
	}
	assert_null(split("insert movie 1", -1, &w));
	assert_int_equal(verb_parse(&w, &drives, &call, &code, why, sizeof(why)), -1);
	/* Without drives, the client leaves to the daemon what may be one. */
	assert_null(split("eject now", -1, &w));
	assert_int_equal(verb_parse(&w, NULL, &call, &code, why, sizeof(why)), 0);
	assert_null(split("insert a b c", -1, &w));
	assert_int_equal(verb_parse(&w, NULL, &call, &code, why, sizeof(why)), -1);
}

static void a_wrong_verb_is_told_the_right_one(void **state)
{
	static const char *const own[] = {"watch", NULL};
	static const struct {
		const char *typed, *verb;
	} rows[] = {{"load", "insert"}, {"umount", "eject"}, {"open", "open"}, {"ls", "list"},
		{"previous", "prev"}, {"finalize", "close"}, {"new", "blank"}, {"drives", "status"},
		{"stat", "status"}, {"Status", "status"}, {"STATS", "stats"}, {"stauts", "status"},
		{"insrt", "insert"}, {"isnert", "insert"}, {"wach", "watch"}, {"mv", "rename"},
		{"rm", "delete"}, {"frob", NULL}, {"", NULL}, {"x", NULL},
		{"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
			NULL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *near = verb_near(rows[i].typed, own);

		if (!rows[i].verb)
			assert_null(near);
		else
			assert_string_equal(near, rows[i].verb);
	}
	assert_null(verb_near("wach", NULL));
}

static void verb_arguments_are_returned(void **state)
{
	struct words w;
	struct verb_call call;
	const char *code;
	char why[512];

	(void)state;
	assert_null(split("blank drive=\"my drive\" \"a=b\" type=dvd+r", -1, &w));
	assert_int_equal(verb_parse(&w, NULL, &call, &code, why, sizeof(why)), 0);
	assert_int_equal(call.id, VERB_BLANK);
	assert_string_equal(call.arg, "a=b");
	assert_string_equal(call.drive, "my drive");
	assert_string_equal(call.type, "dvd+r");
}

/* Feeds data in pieces of `step` bytes; appends "LINE|" or "TOO LONG|" to out for each line. */
static void feed(struct lines *l, const char *data, size_t n, size_t step, char *out)
{
	enum lines_event what;
	char *line;
	size_t len, used;
	bool event;

	for (size_t at = 0; at < n; at += used) {
		used = lines_take(l, data + at, MIN(step, n - at), &event, &what, &line, &len);
		assert_true(used > 0);
		if (event && what == LINES_TOO_LONG)
			strcat(out, "TOO LONG|");
		else if (event)
			sprintf(out + strlen(out), "%.*s|", (int)MIN(len, 20), line);
	}
}

static void lines_are_split_in_any_pieces(void **state)
{
	static const char text[] = "one\n\n \t\r\ntwo\r\n\nthree\nrest";

	(void)state;
	for (size_t step = 1; step < sizeof(text); step++) {
		struct lines l = {.len = 0};
		char out[256] = "";

		feed(&l, text, sizeof(text) - 1, step, out);
		assert_string_equal(out, "one|two\r|three|");
		assert_true(lines_partial(&l));
		feed(&l, "\n", 1, 1, out);
		assert_string_equal(out, "one|two\r|three|rest|");
		assert_false(lines_partial(&l));
	}
}

static void a_line_that_is_too_long_is_reported_once(void **state)
{
	static char text[10000 + 16];
	struct lines l = {.len = 0};
	char out[256] = "";

	(void)state;
	/* The longest line that is allowed, then one byte more. */
	memset(text, 'x', WORDS_LINE_MAX);
	text[WORDS_LINE_MAX] = '\n';
	feed(&l, text, WORDS_LINE_MAX + 1, 1000, out);
	assert_string_equal(out, "xxxxxxxxxxxxxxxxxxxx|");
	out[0] = '\0';
	text[WORDS_LINE_MAX] = 'x';
	strcpy(text + WORDS_LINE_MAX + 1, "\nok\n");
	feed(&l, text, strlen(text), 4096, out);
	assert_string_equal(out, "TOO LONG|ok|");
	/* Reported once, whatever its length and its pieces. */
	out[0] = '\0';
	memset(text, 'y', 10000);
	strcpy(text + 10000, "\nstatus\n");
	feed(&l, text, strlen(text), 100, out);
	assert_string_equal(out, "TOO LONG|status|");
}

/* The daemon gets the client's arguments back unchanged. */
static void the_daemon_understands_the_clients_quotes(void **state)
{
	static char insert[] = "insert", odd[] = "a \"b\" \\ 'c' $d=1.iso", drive[] = "drive=x y";
	char *argv[] = {insert, odd, drive};
	char line[256];
	struct words w;
	struct verb_call call;
	const char *code;
	char why[512];

	(void)state;
	assert_int_equal(client_line(3, argv, NULL, line, sizeof(line)), 0);
	assert_string_equal(line, " \"insert\" \"a \\\"b\\\" \\\\ 'c' $d=1.iso\" drive=\"x y\"\n");
	assert_null(split(line, (long)strlen(line) - 1, &w));
	assert_int_equal(verb_parse(&w, NULL, &call, &code, why, sizeof(why)), 0);
	assert_string_equal(call.arg, odd);
	assert_string_equal(call.drive, "x y");
}

static void the_client_refuses_lines_that_are_too_long(void **state)
{
	static char longest[WORDS_LINE_MAX + 100], bad[] = "a\nb";
	static char line[WORDS_LINE_MAX + 2];
	char *argv[] = {longest}, *binary[] = {bad};

	(void)state;
	memset(longest, 'x', WORDS_LINE_MAX - 3);
	assert_int_equal(client_line(1, argv, NULL, line, sizeof(line)), 0);
	assert_int_equal(strlen(line), WORDS_LINE_MAX + 1);
	memset(longest, 'x', WORDS_LINE_MAX + 50);
	assert_int_equal(client_line(1, argv, NULL, line, sizeof(line)), -E2BIG);
	assert_int_equal(client_line(1, binary, NULL, line, sizeof(line)), -EINVAL);
}

static void unprintable_bytes_are_replaced(void **state)
{
	char text[] = "a\x1b[2J\xff\xc3\xa4\xc3";

	(void)state;
	words_clean(text);
	assert_string_equal(text, "a?[2J?\xc3\xa4?");
}

static void sizes_have_three_digits_and_a_unit(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {{0, "0 bytes"}, {999, "999 bytes"}, {1000, "1.00 kB"}, {999994999, "999.99 MB"},
		{999995000, "1.00 GB"}, {4700372992, "4.70 GB"},
		{UINT64_C(8796093020160), "8.80 TB"}};
	char out[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		format_size(rows[i].bytes, out);
		assert_string_equal(out, rows[i].text);
	}
}

/* Frees answer. */
static void assert_details(json_t *answer, const char *want)
{
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(answer);
	assert_true(format_details(answer, f));
	fclose(f);
	assert_string_equal(text, want);
	free(text);
	json_decref(answer);
}

/* The disc of a status in one line; the same words as a list has. */
static void sessions_are_counted_as_a_list_counts_them(void **state)
{
	static const struct {
		const char *disc, *want;
	} rows[] = {
		{"\"state\":\"appendable\",\"sessions\":2,\"closed_sessions\":1",
			"appendable DVD+R, 1 session, "},
		{"\"state\":\"appendable\",\"sessions\":3,\"closed_sessions\":2",
			"appendable DVD+R, 2 sessions, "},
		{"\"state\":\"complete\",\"sessions\":2,\"closed_sessions\":2",
			"DVD+R, 2 sessions, 4.10 kB"},
		{"\"state\":\"complete\",\"sessions\":1,\"closed_sessions\":1", "DVD+R, 4.10 kB"},
		/* of a daemon that is older than the client */
		{"\"state\":\"appendable\",\"sessions\":2", "appendable DVD+R, 1 session, "},
		{"\"state\":\"complete\",\"sessions\":2", "DVD+R, 2 sessions, 4.10 kB"},
		{"\"state\":\"open\",\"sessions\":1,\"burn\":\"burning\"", "DVD+R, being burned, "},
		{"\"state\":\"open\",\"sessions\":1,\"burn\":\"waiting\",\"silent_seconds\":200",
			"DVD+R, burn not finished, "},
		{"\"state\":\"open\",\"sessions\":1", "DVD+R, burn not finished, "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char answer[512], want[128], *text;
		json_t *a;
		size_t n;
		FILE *f;

		snprintf(answer, sizeof(answer),
			"{\"ok\":true,\"message\":\"m\",\"drives\":[{\"name\":\"d\",\"image\":"
			"\"x\","
			"\"medium\":\"dvd+r\",\"size\":4096,%s}]}",
			rows[i].disc);
		a = json_loads(answer, 0, NULL);
		assert_non_null(a);
		f = open_memstream(&text, &n);
		assert_true(format_view(a, &(struct format_view){.everyday = true}, f));
		fclose(f);
		snprintf(want, sizeof(want), "\n  disc       %s", rows[i].want);
		if (!strstr(text, want))
			fail_msg("no \"%s\" in:\n%s", want, text);
		if (strstr(rows[i].disc, "200"))
			assert_non_null(
				strstr(text, "\n  burn       the PC has written nothing for "
					     "3:20: it pauses, or has given up; "));
		free(text);
		json_decref(a);
	}
}

static void status_and_list_are_formatted(void **state)
{
	static const char answer[] =
		"{\"ok\":true,\"message\":\"m\",\"version\":\"9\",\"udc\":\"dummy_udc.0\","
		"\"drives\":[{\"name\":\"drive0\",\"medium\":\"dvd+r\",\"state\":\"open\","
		"\"image\":\"b.iso\",\"path\":\"/m/"
		"b.iso\",\"size\":65536,\"recorded_blocks\":32,\"capacity_blocks\":2295104,"
		"\"free_blocks\":2295072,\"tracks\":1,\"sessions\":1,\"locked\":true,"
		"\"pending\":\"eject\",\"host\":{\"connected\":true,\"speed\":\"high\"},"
		"\"commands\":7,\"errors\":1,\"blocks_read\":2,\"blocks_written\":32}],"
		"\"problem\":\"\",\"functions\":["
		"{\"type\":\"acm\",\"node\":\"/dev/ttyGS0\",\"host_mac\":\"\",\"board_mac\":\"\"},"
		"{\"type\":\"ncm\",\"node\":\"usb0\",\"host_mac\":\"02:00:00:00:00:01\","
		"\"board_mac\":\"02:00:00:00:00:02\"},"
		"{\"type\":\"ecm\",\"node\":\"\",\"host_mac\":\"\",\"board_mac\":\"\"}]}";
	static const char want[] =
		"mmcgadgetd 9, on controller dummy_udc.0; this PC is its own host\n"
		"drive0\n"
		"  medium     DVD+R\n"
		"  state      open\n"
		"  image      b.iso\n"
		"  path       /m/b.iso\n"
		"  size       65536 bytes (65.54 kB)\n"
		"  recorded   32 of 2295104 blocks\n"
		"  free       4700307456 bytes (4.70 GB)\n"
		"  lock       locked by the host\n"
		"  pending    eject\n"
		"  host       connected, high speed\n"
		"  commands   7 (1 failed), 2 blocks read, 32 written, 0 phase errors, 0 resets\n"
		"functions\n"
		"  acm        /dev/ttyGS0\n"
		"  ncm        usb0, MAC 02:00:00:00:00:02 here, 02:00:00:00:00:01 at the host\n"
		"  ecm        not there yet\n";
	static const char list[] =
		"{\"ok\":true,\"message\":\"m\",\"images\":["
		"{\"name\":\"a.iso\",\"label\":\"A \u00e4\",\"size\":33554432,\"kind\":\"iso\","
		"\"loaded_in\":[\"x\",\"y\"],\"insertable\":true},"
		"{\"name\":\"\u00e4.iso\",\"label\":\"\",\"size\":0,\"kind\":\"blank\","
		"\"loaded_in\":[],\"insertable\":false},"
		"{\"name\":\"c\",\"label\":null,\"size\":4096,\"kind\":\"appendable\","
		"\"sessions\":2,\"loaded_in\":[]},"
		"{\"name\":\"d\",\"label\":\"D\",\"size\":4096,\"kind\":\"iso\",\"sessions\":0,"
		"\"problem\":\"it is damaged\",\"loaded_in\":[]},"
		"{\"name\":\"a name that is longer than all of the others and moves its row\","
		"\"label\":\"\",\"size\":4096,\"kind\":\"open\",\"loaded_in\":[]}],"
		"\"labels_unread\":1,\"unnamed\":3,\"more\":true}";
	static const char table[] =
		"NAME                                      LABEL  "
		"KIND                              SIZE  DRIVE\n"
		"a.iso                                     A \xc3\xa4    "
		"DVD-ROM                       33.55 MB  x,y\n"
		"\xc3\xa4.iso                                     -      "
		"blank DVD+R                    0 bytes  -  (cannot be inserted)\n"
		"c                                         ?      "
		"appendable DVD+R, 2 sessions   4.10 kB  -\n"
		"d                                         D      "
		"DVD-ROM                        4.10 kB  -  (read-only: it is damaged)\n"
		"a name that is longer than all of the others and moves its row  -      "
		"DVD+R, burn not finished       4.10 kB  -\n"
		"(labels not read yet: 1; ask again)\n"
		"(names that no command can hold, too long, not UTF-8 or with control characters: "
		"3)\n"
		"(there are more, which are not shown)\n";

	(void)state;
	assert_details(json_loads(answer, 0, NULL), want);
	assert_details(json_loads(list, 0, NULL), table);
}

/* A name cannot pass for several cells of its row. */
static void names_with_room_in_them_are_quoted(void **state)
{
	(void)state;
	assert_details(json_loads("{\"images\":["
				  "{\"name\":\"x  -  DVD-ROM\",\"label\":\"a b\",\"size\":0,"
				  "\"kind\":\"blank\"},"
				  "{\"name\":\"y\u00a0 z\",\"label\":\" l\",\"size\":0,"
				  "\"kind\":\"blank\"},"
				  "{\"name\":\"e \",\"label\":\"\",\"size\":0,\"kind\":\"blank\"}"
				  "]}",
			       0, NULL),
		"NAME             LABEL  KIND            SIZE  DRIVE\n"
		"\"x  -  DVD-ROM\"  a b    blank DVD+R  0 bytes  -\n"
		"\"y\u00a0 z\"           \" l\"   blank DVD+R  0 bytes  -\n"
		"\"e \"             -      blank DVD+R  0 bytes  -\n");
}

/* Free space helps nobody who cannot write. */
static void a_read_only_card_is_told_in_place_of_its_room(void **state)
{
	(void)state;
	assert_details(json_loads("{\"images\":[{\"name\":\"a\",\"label\":\"\",\"size\":0,"
				  "\"kind\":\"blank\"}],\"card_free_bytes\":5620000000,"
				  "\"card_full_discs\":1,\"card_read_only\":false}",
			       0, NULL),
		"NAME  LABEL  KIND            SIZE  DRIVE\n"
		"a     -      blank DVD+R  0 bytes  -\n"
		"card: 5.62 GB free, 1 full disc\n");
	assert_details(json_loads("{\"images\":[{\"name\":\"a\",\"label\":\"\",\"size\":0,"
				  "\"kind\":\"blank\"}],\"card_free_bytes\":5620000000,"
				  "\"card_full_discs\":1,\"card_read_only\":true}",
			       0, NULL),
		"NAME  LABEL  KIND            SIZE  DRIVE\n"
		"a     -      blank DVD+R  0 bytes  -\n"
		"card: read-only, nothing can be burned\n");
}

static void a_problem_is_shown(void **state)
{
	(void)state;
	assert_details(json_pack("{s:b, s:s, s:s, s:s, s:[]}", "ok", 1, "version", "9", "udc", "",
			       "problem", "none is free", "drives"),
		"mmcgadgetd 9, not on any USB controller\n"
		"  problem    none is free\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_quotes_are_split),
		cmocka_unit_test(bad_lines_are_refused),
		cmocka_unit_test(verbs_check_their_arguments),
		cmocka_unit_test(a_drive_is_found_where_it_stands),
		cmocka_unit_test(a_wrong_verb_is_told_the_right_one),
		cmocka_unit_test(verb_arguments_are_returned),
		cmocka_unit_test(lines_are_split_in_any_pieces),
		cmocka_unit_test(a_line_that_is_too_long_is_reported_once),
		cmocka_unit_test(the_daemon_understands_the_clients_quotes),
		cmocka_unit_test(the_client_refuses_lines_that_are_too_long),
		cmocka_unit_test(unprintable_bytes_are_replaced),
		cmocka_unit_test(sizes_have_three_digits_and_a_unit),
		cmocka_unit_test(sessions_are_counted_as_a_list_counts_them),
		cmocka_unit_test(status_and_list_are_formatted),
		cmocka_unit_test(names_with_room_in_them_are_quoted),
		cmocka_unit_test(a_read_only_card_is_told_in_place_of_its_room),
		cmocka_unit_test(a_problem_is_shown),
	};

	return cmocka_run_group_tests_name("language", tests, NULL, NULL);
}
