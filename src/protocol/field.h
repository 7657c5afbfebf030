/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads fields of answers. A field that is missing or of another type reads as "", 0 or false. */
#ifndef PROTOCOL_FIELD_H
#define PROTOCOL_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

static inline const char *field_text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static inline uint64_t field_number(const json_t *object, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(object, key));

	return n > 0 ? (uint64_t)n : 0;
}

static inline bool field_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

#endif
