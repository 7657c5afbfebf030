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
		if (strcmp(t->entries[i].found.part.id, id) == 0)
			return &t->entries[i];
	}
	return NULL;
}

struct upload_entry *upload_table_named(
	struct upload_table *t, const char *media, const char *dir, const char *base)
{
	for (unsigned i = 0; i < t->count; i++) {
		const struct upload_entry *e = &t->entries[i];

		if (strcmp(e->media, media) == 0 && strcmp(e->found.dir, dir) == 0 &&
			strcmp(e->found.part.text.image, base) == 0)
			return &t->entries[i];
	}
	return NULL;
}

struct upload_entry *upload_table_add(
	struct upload_table *t, const char *media, const char *dir, const struct upload_part *p)
{
	struct upload_entry *e = &t->entries[t->count];

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

static void record_ended(struct upload_table *t, const struct upload_entry *e, const char *outcome)
{
	char image[UPLOAD_IMAGE];

	if (t->ended_count == UPLOADS_ENDED) {
		free(t->ended[0].image);
		memmove(&t->ended[0], &t->ended[1], --t->ended_count * sizeof(t->ended[0]));
	}
	upload_table_image(e, image, sizeof(image));
	t->ended[t->ended_count].media = e->media;
	strcpy(t->ended[t->ended_count].id, e->found.part.id);
	t->ended[t->ended_count].image = strdup(image);
	t->ended[t->ended_count].outcome = outcome;
	t->ended[t->ended_count].time = time(NULL);
	if (t->ended[t->ended_count].image)
		t->ended_count++;
}

void upload_table_end(struct upload_table *t, struct upload_entry *e, const char *outcome)
{
	size_t index = (size_t)(e - t->entries);

	if (outcome)
		record_ended(t, e, outcome);
	free(e->found.dir);
	memmove(e, e + 1, (--t->count - index) * sizeof(*e));
	t->changes++;
}

void upload_table_apply_scan(struct upload_table *t, const char *media, const struct upload_scan *s)
{
	for (unsigned i = t->count; i-- > 0;) {
		bool keep = strcmp(t->entries[i].media, media) != 0; /* of another folder */

		for (unsigned k = 0; !keep && k < s->count; k++)
			keep = strcmp(s->at[k].part.id, t->entries[i].found.part.id) == 0;
		if (!keep)
			upload_table_end(t, &t->entries[i], NULL);
	}
	for (unsigned k = 0; k < s->count; k++) {
		if (!upload_table_find(t, s->at[k].part.id))
			(void)upload_table_add(t, media, s->at[k].dir, &s->at[k].part);
	}
}

uint64_t upload_table_missing_bytes(
	const struct upload_table *t, const char *media, const char *except_id)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < t->count; i++) {
		const struct upload_part *p = &t->entries[i].found.part;

		if (is_in(t->entries[i].media, media) && strcmp(p->id, except_id) != 0 &&
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
		const struct upload_entry *e = &t->entries[i];
		const struct upload_text *x = &e->found.part.text;
		char image[UPLOAD_IMAGE];

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
			json_array_append_new(all,
				json_pack("{s:s, s:s, s:s, s:I}", "id", t->ended[i].id, "image",
					t->ended[i].image, "what", t->ended[i].outcome, "time",
					(json_int_t)t->ended[i].time));
	}
	return all;
}

void upload_table_fini(struct upload_table *t)
{
	for (unsigned i = 0; i < t->count; i++)
		free(t->entries[i].found.dir);
	for (unsigned i = 0; i < t->ended_count; i++)
		free(t->ended[i].image);
	*t = (struct upload_table){0};
}
