// SPDX-License-Identifier: GPL-2.0-or-later
#include "disc/disc_state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"
#include "util/crc32.h"

#define FIRST_LINE "mmcgadget disc state"
#define LINE_MAX   160u

static const char *const track_states[] = {
	[DISC_TRACK_INVISIBLE] = "invisible",
	[DISC_TRACK_RESERVED] = "reserved",
	[DISC_TRACK_OPEN] = "open",
	[DISC_TRACK_CLOSED] = "closed",
};

uint32_t disc_layout_end(const struct disc_layout *l)
{
	for (uint32_t i = l->tracks; i-- > 0;)
		if (l->track[i].written)
			return l->track[i].start + l->track[i].written;
	return 0;
}

struct disc_track *disc_layout_open(struct disc_layout *l)
{
	if (l->finalised || l->tracks == 0)
		return NULL;
	struct disc_track *t = &l->track[l->tracks - 1];
	return t->state == DISC_TRACK_CLOSED ? NULL : t;
}

bool disc_layout_needs_state(const struct disc_layout *l)
{
	if (!l->finalised)
		return l->tracks != 1 || l->track[0].state != DISC_TRACK_INVISIBLE;
	return l->tracks != 1 || l->track[0].start != 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

struct out {
	char *text;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct out *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	o->len += (size_t)vsnprintf(o->text + o->len, STORE_TEXT_MAX - o->len, fmt, ap);
	va_end(ap);
}

size_t disc_state_encode(const struct disc_state *s, char text[STORE_TEXT_MAX])
{
	const struct disc_layout *l = &s->layout;
	struct out o = {text, 0};

	put(&o, FIRST_LINE " %d\n", DISC_STATE_VERSION);
	put(&o, "type dvd+r\n");
	put(&o, "capacity %" PRIu32 "\n", s->capacity);
	put(&o, "finalised %s\n", l->finalised ? "yes" : "no");
	put(&o, "sessions %u\n", l->sessions);
	for (uint32_t i = 0; i < l->tracks; i++) {
		const struct disc_track *t = &l->track[i];

		put(&o,
			"track %" PRIu32 " session %u start %" PRIu32 " written %" PRIu32
			" reserved %" PRIu32 " %s\n",
			i + 1, t->session, t->start, t->written, t->reserved,
			track_states[t->state]);
	}
	put(&o, "ahead %" PRIu32 "\n", s->max_unsaved);
	if (s->checked)
		put(&o, "check %" PRIu32 " %08" PRIx32 "\n", s->checked, s->check);
	if (s->boot[0])
		put(&o, "boot %s\n", s->boot);
	put(&o, "crc32 %08" PRIx32 "\n", crc32_add(0, text, o.len));
	return o.len;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The next line without its end into line; false: no more, or one that is too long. */
static bool next_line(const char **p, const char *end, char line[LINE_MAX])
{
	const char *stop = memchr(*p, '\n', (size_t)(end - *p));
	size_t n = stop ? (size_t)(stop - *p) : 0;

	if (!stop || n >= LINE_MAX || memchr(*p, '\0', n))
		return false;
	memcpy(line, *p, n);
	line[n] = '\0';
	*p = stop + 1;
	return true;
}

static bool take_track(const char *line, struct disc_layout *l)
{
	struct disc_track *t = &l->track[l->tracks];
	uint32_t number, session;
	char state[16];
	int used = 0;

	if (l->tracks == DISC_MAX_TRACKS ||
		sscanf(line,
			"track %" SCNu32 " session %" SCNu32 " start %" SCNu32 " written %" SCNu32
			" reserved %" SCNu32 " %15s%n",
			&number, &session, &t->start, &t->written, &t->reserved, state,
			&used) != 6 ||
		line[used] != '\0' || number != l->tracks + 1u || session > DISC_MAX_TRACKS + 1)
		return false;
	t->session = (uint16_t)session;
	for (size_t i = 0; i < ARRAY_LEN(track_states); i++) {
		if (strcmp(track_states[i], state) != 0)
			continue;
		t->state = (enum disc_track_state)i;
		l->tracks++;
		return true;
	}
	return false;
}

/* One line behind the first. False: not one of ours, or not with such a value. */
static bool take_line(const char *line, struct disc_state *s)
{
	char word[LINE_MAX];
	uint32_t sessions;
	int used = 0;

	if (sscanf(line, "capacity %" SCNu32 "%n", &s->capacity, &used) == 1 ||
		sscanf(line, "ahead %" SCNu32 "%n", &s->max_unsaved, &used) == 1 ||
		sscanf(line, "check %" SCNu32 " %" SCNx32 "%n", &s->checked, &s->check, &used) == 2)
		return line[used] == '\0';
	if (sscanf(line, "sessions %" SCNu32 "%n", &sessions, &used) == 1) {
		s->layout.sessions = (uint16_t)sessions;
		return line[used] == '\0' && sessions <= DISC_MAX_TRACKS + 1;
	}
	if (strcmp(line, "type dvd+r") == 0)
		return true;
	if (strncmp(line, "track ", 6) == 0)
		return take_track(line, &s->layout);
	if (sscanf(line, "finalised %s", word) == 1) {
		s->layout.finalised = strcmp(word, "yes") == 0;
		return strcmp(line, "finalised yes") == 0 || strcmp(line, "finalised no") == 0;
	}
	if (sscanf(line, "boot %s", word) == 1 && strlen(word) < sizeof(s->boot)) {
		strcpy(s->boot, word);
		return true;
	}
	return false;
}

static bool track_fits(const struct disc_state *s, uint32_t i, uint64_t *end)
{
	const struct disc_track *t = &s->layout.track[i];
	const struct disc_track *before = i ? t - 1 : NULL;
	bool last = i + 1u == s->layout.tracks;
	bool closed = t->state == DISC_TRACK_CLOSED;
	uint64_t size = t->reserved > t->written ? t->reserved : t->written;

	/* A track begins on the first ECC block behind the one before it. */
	if (t->start < *end || t->start - *end >= DISC_ECC_BLOCKS || t->start % DISC_ECC_BLOCKS ||
		(uint64_t)t->start + size > s->capacity)
		return false;
	if (before ? t->session != before->session && t->session != before->session + 1
		   : t->session != 1)
		return false;
	/* Only the last may be anything but closed; a closed one holds something. */
	if (!closed && (!last || s->layout.finalised))
		return false;
	if (t->reserved && t->written > t->reserved)
		return false;
	*end = (uint64_t)t->start + t->written;
	switch (t->state) {
	case DISC_TRACK_INVISIBLE:
		return !t->written && !t->reserved;
	case DISC_TRACK_RESERVED:
		return !t->written && t->reserved;
	default:
		return t->written > 0;
	}
}

/* What no line alone can tell: that a recorder could have come to this. */
static bool consistent(const struct disc_state *s)
{
	const struct disc_layout *l = &s->layout;
	uint64_t end = 0;

	if (s->capacity == 0 || l->tracks == 0 || l->track[0].start != 0)
		return false;
	for (uint32_t i = 0; i < l->tracks; i++)
		if (!track_fits(s, i, &end))
			return false;
	return l->sessions == l->track[l->tracks - 1].session && s->checked <= DISC_STATE_CHECKED &&
	       s->checked <= l->track[0].written;
}

const char *disc_state_decode(const char *text, size_t len, struct disc_state *s)
{
	const char *p = text, *end = text + len, *at;
	char line[LINE_MAX], last[32];
	int version, used = 0;

	*s = (struct disc_state){0};
	if (!next_line(&p, end, line) || sscanf(line, FIRST_LINE " %d%n", &version, &used) != 1 ||
		line[used] != '\0')
		return "it is no state of a disc";
	if (version != DISC_STATE_VERSION)
		return "it is of another version than this program knows";
	for (at = p; next_line(&p, end, line); at = p) {
		if (strncmp(line, "crc32 ", 6) == 0) {
			snprintf(last, sizeof(last), "crc32 %08" PRIx32,
				crc32_add(0, text, (size_t)(at - text)));
			if (strcmp(line, last) != 0)
				return "it is damaged (its checksum is wrong)";
			return consistent(s) ? NULL : "it contradicts itself";
		}
		if (!take_line(line, s))
			return "it is damaged";
	}
	return "it is damaged (its end is missing)";
}
