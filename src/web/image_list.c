// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/image_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "protocol/answer.h"
#include "protocol/field.h"

#define IMAGES_MAX_BYTES (4u << 20) /* of all images in an answer, as JSON */

static bool has_part(const char *text, const char *part)
{
	size_t n = strlen(part);

	for (; *text; text++) {
		if (strncasecmp(text, part, n) == 0)
			return true;
	}
	return n == 0;
}

static bool is_one_of(const char *list, const char *kind)
{
	size_t n = strlen(kind);

	for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',') {
		if (strcspn(p, ",") == n && strncmp(p, kind, n) == 0)
			return true;
	}
	return false;
}

/* A burned disc has a kind, and may have been asked for by what is known of its burn. */
static bool is_of_kind(const char *list, const json_t *image)
{
	const json_t *burned = json_object_get(image, "burned");

	return is_one_of(list, field_text(image, "kind")) ||
	       (json_is_object(burned) && is_one_of(list, "burned")) ||
	       (field_flag(burned, "verified") && is_one_of(list, "verified"));
}

static bool is_wanted(const struct image_filter *f, const json_t *image)
{
	const char *name = field_text(image, "name");

	if (f->name)
		return strcmp(name, f->name) == 0;
	if (f->kind && !is_of_kind(f->kind, image))
		return false;
	return !f->part || has_part(name, f->part) || has_part(field_text(image, "label"), f->part);
}

static void keep(struct image_list *l, const char *name, const char *text, size_t len)
{
	char *copy = strdup(name);

	if (!copy || (l->kept > 0 && !json_text_add(&l->images, ",", 1, IMAGES_MAX_BYTES)) ||
		!json_text_add(&l->images, text, len, IMAGES_MAX_BYTES)) {
		free(copy);
		l->failed = true;
		return;
	}
	free(l->last);
	l->last = copy;
	l->kept++;
}

static void on_image(void *ctx, const char *text, size_t len)
{
	struct image_list *l = ctx;
	json_t *image = json_loadb(text, len, 0, NULL);
	const char *name = field_text(image, "name");

	if (image && is_wanted(&l->filter, image)) {
		/* The daemon sorts names by strcmp(), so a page goes on with those greater than
		 * `after`. */
		bool follows = !l->filter.after || strcmp(name, l->filter.after) > 0;

		l->matched++;
		if (follows && l->kept < l->filter.limit)
			keep(l, name, text, len);
		else
			l->more |= follows;
	}
	json_decref(image);
}

void image_list_begin(struct image_list *l, const struct image_filter *filter)
{
	*l = (struct image_list){.filter = *filter};
	l->list = (struct json_list){.key = "images", .element = on_image, .ctx = l};
}

bool image_list_feed(struct image_list *l, const char *data, size_t n)
{
	return json_list_feed(&l->list, data, n) && !l->failed;
}

/* Joins the rest of the answer and the images, without building all of them as JSON again. */
static char *join(json_t *rest, const struct image_list *l)
{
	char *head, *text = NULL;
	size_t size;
	FILE *f;

	json_object_del(rest, "images");
	head = json_dumps(rest, JSON_COMPACT);
	f = head ? open_memstream(&text, &size) : NULL;
	if (f) {
		fprintf(f, "%.*s,\"images\":[%s]}\n", (int)strlen(head) - 1, head,
			l->images.len > 0 ? l->images.text : "");
		if (fclose(f) != 0) {
			free(text);
			text = NULL;
		}
	}
	free(head);
	return text;
}

char *image_list_end(struct image_list *l, bool *ok)
{
	json_t *rest =
		l->list.rest.text ? json_loadb(l->list.rest.text, l->list.rest.len, 0, NULL) : NULL;
	char *text = NULL;

	*ok = rest && answer_is_ok(rest);
	if (json_is_object(rest) && !*ok) {
		text = json_dumps(rest, JSON_COMPACT);
	} else if (json_is_object(rest)) {
		json_object_set_new(rest, "matched", json_integer(l->matched));
		if (l->more && l->last)
			json_object_set_new(rest, "next", json_string(l->last));
		text = join(rest, l);
	}
	json_decref(rest);
	return text;
}

void image_list_free(struct image_list *l)
{
	json_list_free(&l->list);
	free(l->images.text);
	free(l->last);
}
