// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control line: any bytes written to the FIFO or the socket, in any portions. The input
 * is exactly what is written, so that a line typed by hand is a valid input.
 */
#include <string.h>

#include "mmc/fault.h"
#include "protocol/lines.h"
#include "protocol/verbs.h"
#include "protocol/words.h"
#include "fuzz/input.h"
#include "util/array.h"

/* The result, which must not depend on the portions of the input. */
struct digest {
	uint64_t sum;
	uint32_t lines, too_long;
};

static void digest_add(struct digest *d, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n--)
		d->sum = (d->sum ^ *p++) * 1099511628211u;
}

static bool inside(const char *p, const char *line, size_t len)
{
	return p >= line && p <= line + len && memchr(p, 0, (size_t)(line + len - p) + 1);
}

static bool known_code(const char *code)
{
	static const char *const codes[] = {
		"unknown-verb", "unknown-option", "bad-arguments", "no-such-drive"};

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (strcmp(code, codes[i]) == 0)
			return true;
	return false;
}

static const char *const drive_names[] = {"drive0", "two"};
static const struct verb_drives drives = {.name = drive_names, .count = 2};

/* Checks what was parsed against the table of verbs. */
static void check_call(const struct verb_call *call, const char *line, size_t len)
{
	MUST(call->verb == &verb_table[call->id]);
	MUST(call->count >= call->verb->min_args && call->count <= call->verb->max_args);
	MUST(call->arg == (call->count ? call->args[0] : NULL));
	for (unsigned i = 0; i < call->count; i++)
		MUST(*call->args[i] && inside(call->args[i], line, len));
	MUST(!call->verb->keyword || !call->arg || strstr(call->verb->keyword, call->arg));
	MUST(!call->drive || (*call->drive && (call->verb->options & VERB_OPT_DRIVE)));
	MUST(call->drive_at >= -1 && call->drive_at < (int)drives.count);
	MUST((call->drive != NULL) == (call->drive_at >= 0));
	MUST(!call->type || (*call->type && (call->verb->options & VERB_OPT_TYPE)));
	MUST(!call->force || (call->verb->options & VERB_OPT_FORCE));
	MUST(!call->size || (*call->size && (call->verb->options & VERB_OPT_SIZE)));
	MUST(!call->sha256 ||
		(inside(call->sha256, line, len) && (call->verb->options & VERB_OPT_SHA256)));
	MUST(!call->unfinished || strcmp(call->unfinished, "yes") == 0);
}

/* Faults that are printed are the same faults again. */
static void check_faults(const char *text)
{
	static struct mmc_faults all;
	char why[128] = "", line[MMC_FAULT_LINE], other[MMC_FAULT_LINE];
	struct mmc_fault again;

	all.count = 0;
	if (mmc_faults_parse(text, &all, why, sizeof(why)) < 0) {
		MUST(*why && strlen(why) < sizeof(why) && all.count == 0);
		return;
	}
	MUST(all.count <= MMC_FAULTS_MAX);
	for (unsigned i = 0; i < all.count; i++) {
		MUST(strlen(mmc_fault_print(&all.fault[i], line)) < MMC_FAULT_LINE - 1);
		MUST(mmc_fault_parse(line, &again, why, sizeof(why)) == 1);
		MUST(strcmp(mmc_fault_print(&again, other), line) == 0);
	}
}

/* Does what the daemon does with a line. */
static void parse(struct words *w, const char *line, size_t len, struct digest *d)
{
	struct verb_call call;
	const char *code = NULL;
	char why[512] = "";
	int r = verb_parse(w, &drives, &call, &code, why, sizeof(why));

	MUST(r == 0 || r == -1);
	if (r < 0) {
		MUST(code && known_code(code) && *why && strlen(why) < sizeof(why));
		words_clean(why); /* as for answers, in which names may be cut anywhere */
		MUST(words_text_ok(why, strlen(why)));
		digest_add(d, why, strlen(why));
		return;
	}
	check_call(&call, line, len);
	for (unsigned i = 1; call.id == VERB_FAULT && i < call.count; i++)
		check_faults(call.args[i]);
	if (call.arg)
		digest_add(d, call.arg, strlen(call.arg));
}

/* Words that the client quotes must be the same words in the daemon. */
static void check_quoting(const struct words *w)
{
	static char line[2 * WORDS_LINE_MAX + 64];
	struct words again;

	line[0] = '\0';
	for (unsigned i = 0; i < w->count; i++)
		MUST(words_quote(line, sizeof(line), w->word[i].text));
	MUST(words_split(line, strlen(line), &again) == NULL);
	MUST(again.count == w->count);
	for (unsigned i = 0; i < w->count; i++) {
		MUST(again.word[i].quoted);
		MUST(strcmp(again.word[i].text, w->word[i].text) == 0);
	}
}

static void take_line(char *line, size_t len, struct digest *d)
{
	struct words w;
	char *copy = malloc(len + 1);
	const char *fault;

	MUST(len >= 1 && len <= WORDS_LINE_MAX && !memchr(line, '\n', len));
	digest_add(d, line, len);
	if (!copy)
		return;
	/* Exactly the line and the one byte after it that may be written. */
	memcpy(copy, line, len);
	fault = words_split(copy, len, &w);
	digest_add(d, fault ? fault : "good", fault ? strlen(fault) : 4);
	if (!fault) {
		MUST(w.count >= 1 && w.count <= WORDS_MAX);
		for (unsigned i = 0; i < w.count; i++) {
			MUST(inside(w.word[i].text, copy, len));
			MUST(words_text_ok(w.word[i].text, strlen(w.word[i].text)));
		}
		check_quoting(&w);
		parse(&w, copy, len, d);
	}
	/* The status file shows every line, valid or not. */
	memcpy(copy, line, len);
	copy[len] = '\0';
	words_clean(copy);
	MUST(words_text_ok(copy, strlen(copy)));
	free(copy);
}

static struct digest feed(const uint8_t *data, size_t size, size_t step)
{
	struct digest d = {.sum = 14695981039346656037u};
	static struct lines l;
	enum lines_event what;
	size_t used, len;
	bool event;
	char *line;

	memset(&l, 0, sizeof(l));
	for (size_t at = 0; at < size; at += used) {
		size_t n = MIN(step, size - at);

		used = lines_take(&l, (const char *)data + at, n, &event, &what, &line, &len);
		MUST(used >= 1 && used <= n && (event || used == n));
		if (event && what == LINES_TOO_LONG) {
			MUST(!line);
			d.too_long++;
		} else if (event) {
			d.lines++;
			take_line(line, len, &d);
		}
	}
	return d;
}

static bool blank(const uint8_t *p, size_t n)
{
	if (n && p[n - 1] == '\r')
		n--;
	while (n && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		n--;
	return !n;
}

/* Counts the lines of the input, independently of the code under test. */
static void count_lines(const uint8_t *data, size_t size, struct digest *d)
{
	while (size) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t n = end ? (size_t)(end - data) : size;

		if (n > WORDS_LINE_MAX)
			d->too_long++;
		else if (end && !blank(data, n))
			d->lines++;
		data += end ? n + 1 : n;
		size -= end ? n + 1 : n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t steps[] = {1, 7, 4096};
	struct digest whole = feed(data, size, SIZE_MAX), counted = {0};

	count_lines(data, size, &counted);
	MUST(whole.lines == counted.lines && whole.too_long == counted.too_long);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct digest d = feed(data, size, steps[i]);

		MUST(d.sum == whole.sum && d.lines == whole.lines && d.too_long == whole.too_long);
	}
	return 0;
}
