// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/trace_file.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/say.h"
#include "protocol/answer.h"
#include "protocol/field.h"
#include "protocol/format.h"
#include "protocol/words.h"
#include "trace/text.h"
#include "util/array.h"
#include "util/be.h"

#define FILE_MAX (64u * 1024u * 1024u) /* bytes; more than eight times the largest trace */

bool trace_file_is(const char *word)
{
	static const char *const words[] = {"save", "show", "script"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static bool as_json; /* errors of trace_file_save() are objects */

static int fail_with(const char *code, const char *path, const char *why)
{
	say_failure(as_json, EXIT_REFUSED, code, "%s: %s", path, why);
	return -1;
}

/* Reports an error. Returns -1. */
static int fail(const char *path, const char *why)
{
	return fail_with("io-error", path, why);
}

/* ---- show and script ----------------------------------------------------------------------- */

static uint8_t *load(const char *path, size_t *size)
{
	bool input = strcmp(path, "-") == 0;
	FILE *f = input ? stdin : fopen(path, "re");
	size_t room = 65536;
	uint8_t *data = f ? malloc(room) : NULL, *more;

	*size = 0;
	while (data) {
		*size += fread(data + *size, 1, room - *size, f);
		if (*size < room)
			break;
		more = room < FILE_MAX ? realloc(data, room * 2) : NULL;
		if (!more) {
			free(data);
			data = NULL;
			errno = EFBIG;
			break;
		}
		data = more;
		room *= 2;
	}
	if (f && ferror(f)) {
		free(data);
		data = NULL;
	}
	if (!data)
		fail(path, strerror(errno));
	if (f && !input)
		fclose(f);
	return data;
}

int trace_file_show(const char *path, bool script)
{
	struct trace_script result = {0};
	const char *why;
	size_t size;
	uint8_t *data = load(path, &size);

	if (!data)
		return -1;
	why = script ? trace_write_script(data, size, stdout, &result)
		     : trace_show(data, size, stdout);
	free(data);
	if (fflush(stdout) != 0)
		return fail("standard output", strerror(errno));
	if (why)
		return fail(path, why);
	if (result.left_out)
		fprintf(stderr,
			"mmcgadgetctl: %s: %" PRIu32 " of %" PRIu32
			" commands cannot be replayed; comments say which\n",
			path, result.left_out, result.left_out + result.commands);
	return 0;
}

/* ---- save ---------------------------------------------------------------------------------- */

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes hexadecimal text to out, at most size bytes. Returns the bytes, or -1. */
static long decode_hex(const char *text, uint8_t *out, size_t size)
{
	size_t n = 0;

	for (; text && text[0]; text += 2, n++) {
		int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);

		if (low < 0 || n == size)
			return -1;
		out[n] = (uint8_t)(high << 4 | low);
	}
	return (long)n;
}

struct saving {
	uint8_t header[TRACE_HEADER_SIZE];
	uint8_t *data;
	size_t size;
	uint64_t first, next; /* records in data: from first to next - 1 */
	uint64_t end;         /* number after the last record when the first answer came */
};

/* Takes over the records of one answer to "trace read". 0, or -1. */
static int take_piece(struct saving *s, const json_t *answer)
{
	const json_t *t = json_object_get(answer, "trace");
	const char *header = json_string_value(json_object_get(t, "header"));
	const char *records = json_string_value(json_object_get(t, "records"));
	json_int_t first = json_integer_value(json_object_get(t, "first"));
	json_int_t next = json_integer_value(json_object_get(t, "next"));
	json_int_t end = json_integer_value(json_object_get(t, "end"));
	size_t room = records ? strlen(records) / 2 : 0;
	uint8_t *more;

	if (!json_is_true(json_object_get(answer, "ok")))
		return fail_with(field_text(answer, "code"), "trace", format_message(answer));
	if (!header || !records || first < 1 || next < first || s->size + room > FILE_MAX)
		return fail("trace", "the daemon's answer cannot be read");
	if (!s->end)
		s->end = (uint64_t)end;
	/* Records in between were overwritten meanwhile, so those before the gap are dropped. */
	if ((uint64_t)first != s->next) {
		s->size = 0;
		s->first = (uint64_t)first;
	}
	more = realloc(s->data, s->size + room + 1);
	if (!more)
		return fail("trace", strerror(ENOMEM));
	s->data = more;
	if (decode_hex(header, s->header, sizeof(s->header)) != TRACE_HEADER_SIZE ||
		decode_hex(records, s->data + s->size, room) != (long)room)
		return fail("trace", "the daemon's answer cannot be read");
	s->size += room;
	s->next = (uint64_t)next;
	return 0;
}

static int read_piece(struct saving *s, int fd, const char *drive)
{
	char line[WORDS_LINE_MAX + 2], from[40];
	static char verb[] = "trace", read[] = "read";
	char *words[] = {verb, read, from, NULL};
	json_t *answer;
	char *text;
	int r;

	snprintf(from, sizeof(from), "from=%" PRIu64, s->next);
	words[3] = drive ? strdup(drive) : NULL;
	r = client_line(words[3] ? 4 : 3, words, NULL, line, sizeof(line));
	free(words[3]);
	if (r < 0)
		return fail("trace", strerror(-r));
	r = client_send(fd, line);
	if (r == 0)
		r = client_receive(fd, &text);
	if (r < 0)
		return fail("trace", r == -EPIPE ? "the daemon hung up" : strerror(-r));
	answer = json_loads(text, 0, NULL);
	free(text);
	r = take_piece(s, answer);
	json_decref(answer);
	return r;
}

static int write_file(const struct saving *s, const char *path)
{
	bool output = strcmp(path, "-") == 0;
	FILE *f = output ? stdout : fopen(path, "we");
	bool good;

	if (!f)
		return fail(path, strerror(errno));
	good = fwrite(s->header, 1, sizeof(s->header), f) == sizeof(s->header) &&
	       fwrite(s->data, 1, s->size, f) == s->size;
	good = (output ? fflush(f) : fclose(f)) == 0 && good;
	return good ? 0 : fail(path, strerror(errno));
}

static void report_saved(uint64_t records, bool lost)
{
	const char *more = lost ? ", older ones were overwritten" : "";
	json_t *answer;

	if (!as_json) {
		fprintf(stderr, "%" PRIu64 " records saved%s\n", records, more);
		return;
	}
	answer = answer_ok("%" PRIu64 " records saved%s", records, more);
	json_object_set_new(answer, "records", json_integer((json_int_t)records));
	say_object(answer);
}

int trace_file_save(int fd, const char *path, const char *drive, bool json)
{
	struct saving s = {.first = 1, .next = 1};
	uint64_t lost, before;
	int r;

	as_json = json;
	do {
		before = s.next;
		r = read_piece(&s, fd, drive);
	} while (r == 0 && s.next < s.end && s.next != before);
	if (r == 0) {
		lost = s.first - 1;
		put_be32(s.header + TRACE_LOST_AT, (uint32_t)(lost >> 32));
		put_be32(s.header + TRACE_LOST_AT + 4, (uint32_t)lost);
		r = write_file(&s, path);
	}
	if (r == 0)
		report_saved(s.next - s.first, lost > 0);
	free(s.data);
	return r;
}
