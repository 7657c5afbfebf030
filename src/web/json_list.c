// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/json_list.h"

#include <stdlib.h>
#include <string.h>

bool json_text_add(struct json_text *t, const char *data, size_t n, size_t max)
{
	if (n > max || t->len > max - n)
		return false;
	if (t->len + n + 1 > t->size) {
		size_t size = t->size ? t->size * 2 : 1024;
		char *text;

		while (size < t->len + n + 1)
			size *= 2;
		text = realloc(t->text, size);
		if (!text)
			return false;
		t->text = text;
		t->size = size;
	}
	memcpy(t->text + t->len, data, n);
	t->len += n;
	t->text[t->len] = '\0';
	return true;
}

/* Remembers what a string outside of the list holds: it may be the key. */
static void remember(struct json_list *l, char c)
{
	if (l->last_len < sizeof(l->last))
		l->last[l->last_len++] = c;
}

static bool is_key(const struct json_list *l)
{
	return l->last_len == strlen(l->key) && memcmp(l->last, l->key, l->last_len) == 0;
}

/* True if c belongs to a string. */
static bool take_string(struct json_list *l, char c)
{
	if (!l->string) {
		if (c != '"')
			return false;
		l->string = true;
		l->last_len = 0;
		return true;
	}
	if (l->escaped)
		l->escaped = false;
	else if (c == '\\')
		l->escaped = true;
	else if (c == '"')
		l->string = false;
	if (l->string && !l->inside)
		remember(l, c);
	return true;
}

/* Adds a byte to the element, or to the rest of the text. */
static bool keep(struct json_list *l, char c, bool in_element)
{
	return in_element ? json_text_add(&l->one, &c, 1, JSON_LIST_ELEMENT)
			  : json_text_add(&l->rest, &c, 1, JSON_LIST_REST);
}

static bool open_bracket(struct json_list *l, char c)
{
	bool in_element = l->inside; /* also the bracket that begins an element */

	if (!l->inside && l->depth == 1 && c == '[' && is_key(l))
		l->inside = true;
	l->depth++;
	return l->depth < 64 && keep(l, c, in_element);
}

static bool close_bracket(struct json_list *l, char c)
{
	if (l->depth == 0)
		return false;
	l->depth--;
	if (l->inside && l->depth == 1) {
		l->inside = false;
		l->last_len = 0;
		return keep(l, c, false);
	}
	if (!keep(l, c, l->inside))
		return false;
	if (l->inside && l->depth == 2) {
		l->element(l->ctx, l->one.text, l->one.len);
		l->one.len = 0;
	}
	return true;
}

static bool take(struct json_list *l, char c)
{
	/* Only objects are elements. */
	if (l->inside && l->depth == 2 && !l->string && (c == '"' || c == '['))
		return false;
	if (take_string(l, c))
		return keep(l, c, l->inside);
	if (c == '{' || c == '[')
		return open_bracket(l, c);
	if (c == '}' || c == ']')
		return close_bracket(l, c);
	/* Commas between the elements. */
	if (l->inside && l->depth == 2)
		return strchr(", \t\r\n", c) != NULL;
	return keep(l, c, l->inside);
}

bool json_list_feed(struct json_list *l, const char *data, size_t n)
{
	for (size_t i = 0; i < n && !l->failed; i++)
		l->failed = !take(l, data[i]);
	return !l->failed;
}

void json_list_free(struct json_list *l)
{
	free(l->rest.text);
	free(l->one.text);
	l->rest = l->one = (struct json_text){.len = 0};
}
