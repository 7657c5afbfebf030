// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/answer.h"

#include <stdarg.h>

json_t *answer_ok(const char *fmt, ...)
{
	va_list ap;
	json_t *message;

	va_start(ap, fmt);
	message = json_vsprintf(fmt, ap);
	va_end(ap);
	return json_pack("{s:b, s:o*}", "ok", 1, "message", message);
}

json_t *answer_error(const char *code, const char *fmt, ...)
{
	va_list ap;
	json_t *message;

	va_start(ap, fmt);
	message = json_vsprintf(fmt, ap);
	va_end(ap);
	return json_pack("{s:b, s:o*, s:s}", "ok", 0, "message", message, "code", code);
}

bool answer_is_ok(const json_t *answer)
{
	return json_is_true(json_object_get(answer, "ok"));
}
