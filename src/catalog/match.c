// SPDX-License-Identifier: GPL-2.0-or-later
#include "catalog/match.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "protocol/answer.h"
#include "util/distance.h"

#define ERRORS_MAX       4u /* errors in typing up to which a name is suggested */
#define SUGGESTIONS_MAX  3u /* names in the message about a missing image or about a folder */
#define CANDIDATES_SHOWN 5u /* in a message; the answer's array has all of struct match */

typedef bool match_fn(const struct catalog_entry *e, const char *text, size_t len);

/* Returns the name without the folders before it. */
static const char *last_part(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

static bool name_is(const struct catalog_entry *e, const char *text, size_t len)
{
	(void)len;
	return strcmp(e->name, text) == 0;
}

static bool name_is_in_any_case(const struct catalog_entry *e, const char *text, size_t len)
{
	(void)len;
	return strcasecmp(e->name, text) == 0;
}

static bool last_part_is(const struct catalog_entry *e, const char *text, size_t len)
{
	(void)len;
	return strcasecmp(last_part(e->name), text) == 0;
}

static bool name_begins(const struct catalog_entry *e, const char *text, size_t len)
{
	return e->is_disc && (strncasecmp(e->name, text, len) == 0 ||
				     strncasecmp(last_part(e->name), text, len) == 0);
}

static bool label_is(const struct catalog_entry *e, const char *text, size_t len)
{
	(void)len;
	return e->label && strcasecmp(e->label, text) == 0;
}

static bool label_begins(const struct catalog_entry *e, const char *text, size_t len)
{
	return e->label && strncasecmp(e->label, text, len) == 0;
}

static bool is_in(const struct match *m, const struct catalog_entry *e)
{
	for (size_t i = 0; i < m->count && i < MATCH_MAX; i++) {
		if (m->at[i]->dev == e->dev && m->at[i]->ino == e->ino)
			return true;
	}
	return false;
}

static bool collect(
	const struct catalog_list *l, match_fn *match, const char *text, struct match *m)
{
	size_t len = strlen(text);

	m->count = 0;
	for (size_t i = 0; i < l->count; i++) {
		if (!match(&l->entry[i], text, len) || is_in(m, &l->entry[i]))
			continue;
		if (m->count < MATCH_MAX)
			m->at[m->count] = &l->entry[i];
		m->count++;
	}
	m->result = m->count == 0 ? MATCH_NONE : m->count == 1 ? MATCH_ONE : MATCH_MANY;
	return m->count > 0;
}

void match_find(const struct catalog_list *l, const char *text, struct match *m)
{
	memset(m, 0, sizeof(*m));
	m->result = MATCH_NONE;
	if (*text == '\0' || collect(l, name_is, text, m))
		return;
	if (l->more) {
		m->result = MATCH_MORE;
		return;
	}
	if (collect(l, name_is_in_any_case, text, m) || collect(l, last_part_is, text, m) ||
		collect(l, name_begins, text, m))
		return;
	m->by_label = true;
	/* A label that has not been read could match. */
	if (l->unread > 0)
		m->result = MATCH_UNREAD;
	else if (!collect(l, label_is, text, m))
		(void)collect(l, label_begins, text, m);
}

static json_t *ambiguous(const struct match *m, const char *text)
{
	char list[1024] = "";
	json_t *all = json_array(), *a;
	size_t n = 0, named = m->count < CANDIDATES_SHOWN ? m->count : CANDIDATES_SHOWN;

	for (size_t i = 0; i < named; i++) {
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s\"%.60s\"",
			i == 0                                ? ""
			: i + 1 == named && named == m->count ? " or "
							      : ", ",
			m->at[i]->name);
		if (m->by_label)
			n += (size_t)snprintf(
				list + n, sizeof(list) - n, " (%.60s)", m->at[i]->label);
	}
	if (named < m->count)
		snprintf(list + n, sizeof(list) - n, " or one of %zu more", m->count - named);
	for (size_t i = 0; i < m->count && i < MATCH_MAX; i++)
		json_array_append_new(all, json_string(m->at[i]->name));
	a = answer_error("ambiguous", "\"%.60s\" could be %s", text, list);
	json_object_set_new(a, "candidates", all);
	return a;
}

/*
 * Returns the errors in typing between text and the name. 0 if text has at least 3 bytes and is a
 * part of the name, in any case of its letters; more than limit: too many.
 */
static unsigned distance_to(const struct catalog_entry *e, const char *text, unsigned limit)
{
	const char *last = last_part(e->name);
	unsigned whole, part;

	if (strlen(text) >= 3 && strcasestr(e->name, text))
		return 0;
	whole = distance(e->name, text, limit);
	part = last == e->name ? whole : distance(last, text, limit);
	return whole < part ? whole : part;
}

/* Finds the names that somebody who typed text may have meant, the nearest first. */
static unsigned find_near(const struct catalog_list *l, const char *text,
	const struct catalog_entry *near[SUGGESTIONS_MAX])
{
	unsigned limit = (unsigned)(strlen(text) / 4 + 1), found = 0, at, d,
		 how_far[SUGGESTIONS_MAX];

	limit = limit < ERRORS_MAX ? limit : ERRORS_MAX;
	for (size_t i = 0; i < l->count; i++) {
		d = distance_to(&l->entry[i], text, limit);
		for (at = found; at > 0 && how_far[at - 1] > d; at--)
			;
		if (d > limit || at == SUGGESTIONS_MAX)
			continue;
		found = found < SUGGESTIONS_MAX ? found + 1 : SUGGESTIONS_MAX;
		for (unsigned k = found - 1; k > at; k--) {
			near[k] = near[k - 1];
			how_far[k] = how_far[k - 1];
		}
		near[at] = &l->entry[i];
		how_far[at] = d;
	}
	return found;
}

static json_t *not_found(const struct catalog_list *l, const char *text, const char *folder)
{
	const struct catalog_entry *near[SUGGESTIONS_MAX];
	unsigned found = find_near(l, text, near);
	char list[SUGGESTIONS_MAX * 80] = "";
	size_t n = 0;

	if (l->count == 0)
		return answer_error("no-such-image",
			"no image \"%.60s\" in %s, which has no images; copy one there, or make a "
			"blank: mmcgadgetctl blank NAME.iso",
			text, folder);
	for (unsigned i = 0; i < found; i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s\"%.60s\"",
			i == 0           ? "; did you mean "
			: i + 1 == found ? " or "
					 : ", ",
			near[i]->name);
	return answer_error("no-such-image",
		"no image \"%.60s\" in %s%s mmcgadgetctl list shows all", text, folder,
		found > 0 ? strcat(list, "?") : ";");
}

json_t *match_refusal(
	const struct catalog_list *l, const struct match *m, const char *text, const char *folder)
{
	switch (m->result) {
	case MATCH_MANY:
		return ambiguous(m, text);
	case MATCH_UNREAD:
		return answer_error("labels-unread",
			"no name begins with \"%.60s\", and the labels of %zu images in %s have "
			"not been read yet; ask again",
			text, l->unread, folder);
	case MATCH_MORE:
		return answer_error("too-many-images",
			"no image \"%.60s\" in %s, which has more than %u; give the whole name",
			text, folder, CATALOG_MAX);
	default:
		return not_found(l, text, folder);
	}
}

json_t *match_folder_refusal(const struct catalog_list *l, const char *folder)
{
	char list[SUGGESTIONS_MAX * 80] = "";
	size_t len = strlen(folder), n = 0, found = 0;

	while (len > 0 && folder[len - 1] == '/')
		len--;
	for (size_t i = 0; i < l->count; i++) {
		const char *name = l->entry[i].name;

		if (strncmp(name, folder, len) != 0 || name[len] != '/')
			continue;
		if (found++ < SUGGESTIONS_MAX)
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s\"%.60s\"",
				found == 1 ? "" : ", ", name);
	}
	if (found == 0)
		return NULL;
	return answer_error("not-a-file", "\"%.60s\" is a folder; name one disc in it: %s%s",
		folder, list, found > SUGGESTIONS_MAX ? ", ..." : "");
}

/* Returns the index of the image in the list; if it is not *there, that of the next name. */
static size_t find_index(const struct catalog_list *l, const struct match_from *from, bool *there)
{
	size_t i;

	*there = true;
	for (i = 0; i < l->count; i++) {
		if (strcmp(l->entry[i].name, from->name) == 0)
			return i;
	}
	for (i = 0; i < l->count; i++) {
		if (l->entry[i].dev == from->dev && l->entry[i].ino == from->ino)
			return i;
	}
	*there = false;
	for (i = 0; i < l->count && strcmp(l->entry[i].name, from->name) < 0; i++)
		;
	return i;
}

const struct catalog_entry *match_neighbour(const struct catalog_list *l,
	const struct match_from *from, bool back,
	bool (*ok)(const struct catalog_entry *e, void *ctx), void *ctx)
{
	bool there = false;
	size_t at = from->name ? find_index(l, from, &there) : 0;

	if (!back && there)
		at++;
	for (size_t i = 0; i < l->count; i++) {
		/*
		 * Forward, the search begins with entry `at`; backward, with the entry before
		 * it.
		 */
		size_t n = back ? (at + l->count - 1 - i) % l->count : (at + i) % l->count;

		if (l->entry[n].usable && l->entry[n].is_disc && ok(&l->entry[n], ctx))
			return &l->entry[n];
	}
	return NULL;
}
