// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/answer.h"

#include <stdarg.h>
#include <stdio.h>

#include "protocol/words.h"

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
	return json_pack("{s:b, s:o}", "ok", 1, "message", m);
}

json_t *answer_error(const char *code, const char *fmt, ...)
{
	va_list ap;
	json_t *m;

	va_start(ap, fmt);
	m = message(fmt, ap);
	va_end(ap);
	return json_pack("{s:b, s:o, s:s}", "ok", 0, "message", m, "code", code);
}

bool answer_is_ok(const json_t *answer)
{
	return json_is_true(json_object_get(answer, "ok"));
}
