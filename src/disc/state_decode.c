// SPDX-License-Identifier: GPL-2.0-or-later
#include "disc/disc_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "disc/model.h"
#include "disc/state_cd.h"
#include "util/array.h"
#include "util/crc32.h"

#define LINE_MAX 160u

/* The state of the decoder while it reads the lines. */
struct reader {
	struct disc_state *s;
	const struct disc_medium *unlisted;
	int version;
	bool has_type; /* the text names a type ... */
	char type[32]; /* ... this one */
	bool has_tracks, has_format;
	uint32_t formatted; /* blocks */
};

/* Copies the next line without its newline. False: there is none, it is too long, or has a NUL. */
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

static bool read_track(const char *line, struct disc_layout *l)
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
	for (size_t i = 0; i < ARRAY_LEN(disc_track_state_names); i++) {
		if (strcmp(disc_track_state_names[i], state) != 0)
			continue;
		t->state = (enum disc_track_state)i;
		l->tracks++;
		return true;
	}
	return false;
}

/* Reads a line of version 1. False: the line is unknown, or its value is impossible. */
static bool read_v1_line(struct reader *r, const char *line)
{
	struct disc_state *s = r->s;
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
	if (strncmp(line, "track ", 6) == 0) {
		r->has_tracks = true;
		return read_track(line, &s->layout);
	}
	if (sscanf(line, "type %31s%n", r->type, &used) == 1) {
		r->has_type = true;
		return line[used] == '\0';
	}
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

static bool read_intent(struct disc_state *s, const char *line)
{
	struct media_stamp *t = &s->truncate_stamp;
	int used = 0, end = 0;
	int n = sscanf(line,
		"pending truncate %" SCNu32 "%n of %" SCNu64 " time %" SCNd64 ".%9" SCNu32 "%n",
		&s->truncate_to, &used, &t->bytes, &t->seconds, &t->nanoseconds, &end);

	s->truncate = true;
	s->truncate_stamped = n == 4;
	return line[n == 4 ? end : used] == '\0' && (n == 4 || n == 1);
}

/* Reads a line that version 2 has, and version 1 has not. Version 3 has some of them as well. */
static bool read_v2_line(struct reader *r, const char *line)
{
	struct disc_state *s = r->s;
	char word[LINE_MAX];
	uint32_t unit;
	int used = 0;

	if (sscanf(line, "unit %" SCNu32 "%n", &unit, &used) == 1) {
		s->unit = (uint16_t)unit;
		return line[used] == '\0' && unit > 0 && unit <= UINT16_MAX;
	}
	if (sscanf(line, "layer-break %" SCNu32 "%n", &s->layer_break, &used) == 1)
		return line[used] == '\0';
	if (strcmp(line, "at-once") == 0)
		return s->layout.at_once = true;
	if (sscanf(line, "format %" SCNu32 "%n", &r->formatted, &used) == 1) {
		r->has_format = true;
		return line[used] == '\0';
	}
	if (strncmp(line, "pending truncate ", strlen("pending truncate ")) == 0)
		return read_intent(s, line);
	if (sscanf(line, "state %s%n", word, &used) != 1 || line[used] != '\0')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(disc_format_names); i++) {
		if (strcmp(disc_format_names[i], word) != 0)
			continue;
		s->format = (enum disc_format)i;
		return true;
	}
	return false;
}

/* Reads a line of version 3, which is for CD-R and CD-RW alone. */
static bool read_v3_line(struct reader *r, const char *line)
{
	struct disc_state *s = r->s;

	if (strncmp(line, "track ", 6) == 0 || strncmp(line, "finalised ", 10) == 0 ||
		strncmp(line, "sessions ", 9) == 0)
		return state_read_cd(line, &s->cd);
	return read_v1_line(r, line) || read_v2_line(r, line) || state_read_cd(line, &s->cd);
}

static bool read_line(struct reader *r, const char *line)
{
	switch (r->version) {
	case 1:
		return read_v1_line(r, line);
	case 2:
		return read_v1_line(r, line) || read_v2_line(r, line);
	default:
		return read_v3_line(r, line);
	}
}

static const struct disc_medium *find_medium(const struct reader *r)
{
	const struct disc_medium *m = disc_medium_named(r->type);

	/* Version 1 knows only DVD+R, and may leave the type out. */
	if (r->version == 1 && !r->has_type)
		return disc_medium_of(DISC_DVD_PLUS_R);
	if (!m && r->unlisted && strcmp(r->unlisted->name, r->type) == 0)
		m = r->unlisted;
	/* Version 3 has other tracks, those of a CD. */
	return m && m->state_version <= r->version && (m->state_version == 3) == (r->version == 3)
		       ? m
		       : NULL;
}

/* Makes the layout of a medium whose state lists no tracks: one track of the formatted size. */
static bool make_layout(const struct reader *r)
{
	struct disc_state *s = r->s;
	bool formatted = s->format != DISC_UNFORMATTED, growing = s->format == DISC_INTERMEDIATE;

	/*
	 * DISC_INTERMEDIATE is for media that have a formatted_model, DISC_FORMATTED_POW for media
	 * with tracks.
	 */
	if (growing ? !s->medium->formatted_model : formatted && s->format != DISC_FORMATTED)
		return false;
	if (r->has_tracks || r->has_format != formatted || s->layout.finalised ||
		r->formatted > s->capacity || (s->format == DISC_FORMATTED && r->formatted == 0) ||
		s->checked || (s->truncate && s->truncate_to > r->formatted))
		return false;
	disc_layout_one_track(&s->layout, r->formatted,
		growing     ? DISC_TRACK_OPEN
		: formatted ? DISC_TRACK_CLOSED
			    : DISC_TRACK_INVISIBLE);
	return s->capacity > 0;
}

/* Checks the format state of a medium with tracks. */
static bool format_is_possible(const struct disc_state *s)
{
	/* Only a medium without tracks grows while it is formatted, see make_layout(). */
	if (s->format == DISC_INTERMEDIATE)
		return false;
	return s->format == DISC_UNFORMATTED || s->medium->format[0].blocks > 0;
}

/* Checks a CD-R or CD-RW, and makes its layout, which has the sectors that the state counts. */
static bool is_possible_cd(struct disc_state *s)
{
	const uint32_t checked = DISC_STATE_CHECKED * MEDIA_BLOCK;
	struct disc_cd_view view;
	struct cd_cue cue;
	uint64_t end;

	if (s->unit != 1 || s->layer_break || s->layout.at_once || s->format != DISC_UNFORMATTED ||
		!disc_cd_is_possible(&s->cd, s->capacity, &cue))
		return false;
	end = disc_cd_end_in_image(&s->cd, &cue);
	disc_cd_view(&s->cd, &cue, &view);
	disc_cd_to_layout(&s->cd, &cue, &view, s->capacity, &s->layout);
	return s->checked <= checked && s->checked <= end &&
	       (!s->truncate || s->truncate_to >= end);
}

/* Checks the lines against each other: true if a disc can be in this state. */
static bool is_consistent(const struct reader *r)
{
	struct disc_state *s = r->s;
	const struct disc_layout *l = &s->layout;

	if (s->medium->state_version == 3)
		return !r->has_format && is_possible_cd(s);
	/* No FORMAT UNIT would give a medium such a size. */
	if (s->medium->format[0].blocks > 0 && s->capacity > s->medium->capacity)
		return false;
	if (l->at_once && !s->medium->has_dao)
		return false;
	if (s->layer_break && !disc_layer_break_is_possible(s->medium, s->layer_break))
		return false;
	if (!disc_model_of(s->medium, s->format)->has_tracks)
		return make_layout(r);
	return !r->has_format && format_is_possible(s) &&
	       (l->finalised || s->medium->model->recordable) &&
	       l->tracks <= s->medium->max_tracks &&
	       disc_layout_is_possible(l, s->capacity, s->medium->ecc_blocks) &&
	       s->checked <= DISC_STATE_CHECKED && s->checked <= l->track[0].written &&
	       (!s->truncate || s->truncate_to >= disc_layout_end(l));
}

static const char *find_medium_and_check(const struct reader *r)
{
	struct disc_state *s = r->s;

	s->medium = find_medium(r);
	if (!s->medium)
		return "its state file is of a type that this daemon does not know";
	if (s->unit == 0)
		s->unit = s->medium->unit;
	return is_consistent(r) ? NULL : "its state file contradicts itself";
}

const char *disc_state_decode(
	const char *text, size_t len, const struct disc_medium *unlisted, struct disc_state *s)
{
	const char *p = text, *end = text + len, *at;
	struct reader r = {.s = s, .unlisted = unlisted};
	char line[LINE_MAX], last[32];
	int used = 0;

	*s = (struct disc_state){0};
	if (!next_line(&p, end, line) ||
		sscanf(line, DISC_STATE_FIRST_LINE " %d%n", &r.version, &used) != 1 ||
		line[used] != '\0')
		return "its state file has no state of a disc";
	if (r.version < 1 || r.version > DISC_STATE_VERSION)
		return "its state file is of another version than this program knows";
	for (at = p; next_line(&p, end, line); at = p) {
		if (strncmp(line, "crc32 ", 6) == 0) {
			snprintf(last, sizeof(last), "crc32 %08" PRIx32,
				crc32_add(0, text, (size_t)(at - text)));
			if (strcmp(line, last) != 0)
				return "its state file is damaged (its checksum is wrong)";
			return find_medium_and_check(&r);
		}
		if (!read_line(&r, line))
			return "its state file is damaged";
	}
	return "its state file is damaged (its end is missing)";
}

bool disc_state_is_recordable(const struct disc_state *s)
{
	return s->medium->model->recordable && (!s->layout.finalised || s->medium->erasable);
}
