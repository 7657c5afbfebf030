// SPDX-License-Identifier: GPL-2.0-or-later
#include "transfer/upload_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool is_in(const char *media, const char *asked)
{
	return !asked || strcmp(media, asked) == 0;
}

struct upload_entry *upload_table_find(struct upload_table *t, const char *id)
{
	for (unsigned i = 0; i < t->count; i++) {
		if (strcmp(t->at[i].found.part.id, id) == 0)
			return &t->at[i];
	}
	return NULL;
}

struct upload_entry *upload_table_named(
	struct upload_table *t, const char *media, const char *dir, const char *base)
{
	for (unsigned i = 0; i < t->count; i++) {
		const struct upload_entry *e = &t->at[i];

		if (strcmp(e->media, media) == 0 && strcmp(e->found.dir, dir) == 0 &&
			strcmp(e->found.part.text.image, base) == 0)
			return &t->at[i];
	}
	return NULL;
}

struct upload_entry *upload_table_add(
	struct upload_table *t, const char *media, const char *dir, const struct upload_part *p)
{
	struct upload_entry *e = &t->at[t->count];

	if (t->count == UPLOADS_MAX)
		return NULL;
	*e = (struct upload_entry){.media = media, .found = {.dir = strdup(dir), .part = *p}};
	if (!e->found.dir)
		return NULL;
	t->count++;
	t->changes++;
	return e;
}

void upload_table_set(struct upload_table *t, struct upload_entry *e, const struct upload_part *p)
{
	e->found.part = *p;
	t->changes++;
}

static void tell_ended(struct upload_table *t, const struct upload_entry *e, const char *what)
{
	char image[4400];

	if (t->ended_count == UPLOADS_ENDED) {
		free(t->ended[0].image);
		memmove(&t->ended[0], &t->ended[1], --t->ended_count * sizeof(t->ended[0]));
	}
	upload_table_image(e, image, sizeof(image));
	t->ended[t->ended_count].media = e->media;
	strcpy(t->ended[t->ended_count].id, e->found.part.id);
	t->ended[t->ended_count].image = strdup(image);
	t->ended[t->ended_count].what = what;
	t->ended[t->ended_count].time = time(NULL);
	if (t->ended[t->ended_count].image)
		t->ended_count++;
}

void upload_table_end(struct upload_table *t, struct upload_entry *e, const char *what)
{
	size_t at = (size_t)(e - t->at);

	if (what)
		tell_ended(t, e, what);
	free(e->found.dir);
	memmove(&t->at[at], &t->at[at + 1], (--t->count - at) * sizeof(t->at[0]));
	t->changes++;
}

void upload_table_found(struct upload_table *t, const char *media, const struct upload_scan *s)
{
	for (unsigned i = t->count; i-- > 0;) {
		bool there = strcmp(t->at[i].media, media) != 0;

		for (unsigned k = 0; !there && k < s->count; k++)
			there = strcmp(s->at[k].part.id, t->at[i].found.part.id) == 0;
		if (!there)
			upload_table_end(t, &t->at[i], NULL);
	}
	for (unsigned k = 0; k < s->count; k++) {
		if (!upload_table_find(t, s->at[k].part.id))
			(void)upload_table_add(t, media, s->at[k].dir, &s->at[k].part);
	}
}

uint64_t upload_table_wants(const struct upload_table *t, const char *media, const char *but)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < t->count; i++) {
		const struct upload_part *p = &t->at[i].found.part;

		if (is_in(t->at[i].media, media) && strcmp(p->id, but) != 0 &&
			p->text.size > p->allocated)
			bytes += p->text.size - p->allocated;
	}
	return bytes;
}

void upload_table_image(const struct upload_entry *e, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", e->found.dir, *e->found.dir ? "/" : "",
		e->found.part.text.image);
}

json_t *upload_table_json(const struct upload_table *t, const char *media)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < t->count; i++) {
		const struct upload_entry *e = &t->at[i];
		const struct upload_text *x = &e->found.part.text;
		char image[4400];

		if (!is_in(e->media, media))
			continue;
		upload_table_image(e, image, sizeof(image));
		json_array_append_new(
			all, json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:I}", "id",
				     e->found.part.id, "image", image, "folder", e->media, "size",
				     (json_int_t)x->size, "offset", (json_int_t)x->offset, "sha256",
				     x->sha256, "touched", (json_int_t)x->touched));
	}
	return all;
}

json_t *upload_table_ended(const struct upload_table *t, const char *media)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < t->ended_count; i++) {
		if (is_in(t->ended[i].media, media))
			json_array_append_new(
				all, json_pack("{s:s, s:s, s:s, s:I}", "id", t->ended[i].id,
					     "image", t->ended[i].image, "what", t->ended[i].what,
					     "time", (json_int_t)t->ended[i].time));
	}
	return all;
}

void upload_table_fini(struct upload_table *t)
{
	for (unsigned i = 0; i < t->count; i++)
		free(t->at[i].found.dir);
	for (unsigned i = 0; i < t->ended_count; i++)
		free(t->ended[i].image);
	*t = (struct upload_table){0};
}
