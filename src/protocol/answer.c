// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/words.h"
#include "util/utf8.h"

/* Makes a JSON string. A name that was cut can end inside a UTF-8 sequence, which JSON refuses. */
__attribute__((format(printf, 1, 0))) static json_t *message(const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	words_clean(text);
	return json_string(text);
}

json_t *answer_ok(const char *fmt, ...)
{
	va_list ap;
	json_t *m;

	va_start(ap, fmt);
	m = message(fmt, ap);
	va_end(ap);
	return json_pack("{s:b, s:o, s:i}", "ok", 1, "message", m, "format", ANSWER_FORMAT);
}

json_t *answer_error(const char *code, const char *fmt, ...)
{
	va_list ap;
	json_t *m;

	va_start(ap, fmt);
	m = message(fmt, ap);
	va_end(ap);
	return json_pack("{s:b, s:o, s:s, s:i}", "ok", 0, "message", m, "code", code, "format",
		ANSWER_FORMAT);
}

bool answer_is_ok(const json_t *answer)
{
	return json_is_true(json_object_get(answer, "ok"));
}

/* ---- fit to be shown ----------------------------------------------------------------------- */

static bool is_fit(const char *text)
{
	struct utf8_shown w = {0};
	size_t len = strlen(text), n;
	uint32_t c;

	for (size_t i = 0; i < len; i += n) {
		if (utf8_judge(&w, text + i, len - i, &n, &c) != UTF8_SHOW)
			return false;
	}
	return true;
}

/* Cleans all strings in value if `clean`; returns whether all of them were fit. */
static bool each_string(json_t *value, bool clean)
{
	const char *key;
	json_t *each;
	bool fit = true;
	size_t i;
	char *copy;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		json_object_foreach(value, key, each) fit &= each_string(each, clean);
		return fit;
	case JSON_ARRAY:
		json_array_foreach(value, i, each) fit &= each_string(each, clean);
		return fit;
	case JSON_STRING:
		fit = is_fit(json_string_value(value));
		copy = clean && !fit ? strdup(json_string_value(value)) : NULL;
		if (copy) {
			utf8_clean(copy);
			json_string_set(value, copy);
			free(copy);
		} else if (clean && !fit) {
			json_string_set(value, "?");
		}
		return fit;
	default:
		return true;
	}
}

json_t *answer_shown(json_t *answer)
{
	json_t *copy;

	if (!answer || each_string(answer, false))
		return json_incref(answer);
	copy = json_deep_copy(answer);
	if (copy)
		each_string(copy, true);
	return copy;
}

static char *put_escape(char *out, uint32_t c)
{
	if (c < 0x10000)
		return out + sprintf(out, "\\u%04x", c);
	c -= 0x10000;
	return out + sprintf(out, "\\u%04x\\u%04x", 0xd800 | c >> 10, 0xdc00 | (c & 0x3ff));
}

/* Writes json to out with escapes; out NULL: only counts. Returns the bytes, without the 0. */
static size_t escape(const char *json, char *out)
{
	struct utf8_shown w = {0};
	size_t len = strlen(json), n, total = 0;
	char sequence[16], *end;
	uint32_t c;

	for (size_t i = 0; i < len; i += n, total += (size_t)(end - sequence)) {
		bool show = utf8_judge(&w, json + i, len - i, &n, &c) == UTF8_SHOW;

		end = sequence + n;
		if (show)
			memcpy(sequence, json + i, n);
		else
			end = put_escape(sequence, c);
		if (out)
			memcpy(out + total, sequence, (size_t)(end - sequence));
	}
	if (out)
		out[total] = '\0';
	return total;
}

char *answer_escape(char *json)
{
	char *out;

	if (!json || is_fit(json))
		return json;
	out = malloc(escape(json, NULL) + 1);
	if (out)
		escape(json, out);
	free(json);
	return out;
}

char *answer_text(const json_t *answer)
{
	return answer_escape(json_dumps(answer, JSON_COMPACT));
}
