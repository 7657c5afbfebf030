/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of the answers, for src/ctl; what is missing or of another kind is nothing. */
#ifndef PROTOCOL_FIELD_H
#define PROTOCOL_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

static inline const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static inline uint64_t number(const json_t *object, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(object, key));

	return n > 0 ? (uint64_t)n : 0;
}

static inline bool flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

#endif
