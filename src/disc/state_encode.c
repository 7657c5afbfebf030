// SPDX-License-Identifier: GPL-2.0-or-later
#include "disc/disc_state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "disc/model.h"
#include "util/crc32.h"

const char *const disc_track_state_names[] = {
	[DISC_TRACK_INVISIBLE] = "invisible",
	[DISC_TRACK_RESERVED] = "reserved",
	[DISC_TRACK_OPEN] = "open",
	[DISC_TRACK_CLOSED] = "closed",
};

const char *const disc_format_names[] = {
	[DISC_UNFORMATTED] = "blank",
	[DISC_INTERMEDIATE] = "intermediate",
	[DISC_FORMATTED] = "formatted",
	[DISC_FORMATTED_POW] = "pow",
};

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

/*
 * Returns the lowest version that can express the state, so that older daemons can read it if
 * possible.
 */
static unsigned version_for(const struct disc_state *s)
{
	return s->truncate || s->format != DISC_UNFORMATTED ? 2 : s->medium->state_version;
}

static void put_tracks(struct out *o, const struct disc_layout *l)
{
	put(o, "finalised %s\n", l->finalised ? "yes" : "no");
	if (l->at_once)
		put(o, "at-once\n");
	put(o, "sessions %u\n", l->sessions);
	for (uint32_t i = 0; i < l->tracks; i++) {
		const struct disc_track *t = &l->track[i];

		put(o,
			"track %" PRIu32 " session %u start %" PRIu32 " written %" PRIu32
			" reserved %" PRIu32 " %s\n",
			i + 1, t->session, t->start, t->written, t->reserved,
			disc_track_state_names[t->state]);
	}
}

static void put_format(struct out *o, const struct disc_state *s)
{
	put(o, "state %s\n", disc_format_names[s->format]);
	if (s->format != DISC_UNFORMATTED && !disc_model_of(s->medium, s->format)->has_tracks)
		put(o, "format %" PRIu32 "\n", disc_layout_end(&s->layout));
}

void disc_state_of_blank(const struct disc_medium *medium, struct disc_state *s)
{
	*s = (struct disc_state){
		.medium = medium,
		.capacity = medium->capacity,
		.unit = medium->unit,
		.max_unsaved = DISC_MAX_UNSAVED_LEAST,
	};
	disc_layout_one_track(&s->layout, 0, DISC_TRACK_INVISIBLE);
	if (medium->formatted) {
		s->format = DISC_FORMATTED;
		disc_layout_one_track(&s->layout, medium->formatted, DISC_TRACK_CLOSED);
	}
}

size_t disc_state_encode(const struct disc_state *s, char text[STORE_TEXT_MAX])
{
	const struct disc_model *model = disc_model_of(s->medium, s->format);
	unsigned version = version_for(s);
	struct out o = {text, 0};

	put(&o, DISC_STATE_FIRST_LINE " %u\n", version);
	put(&o, "type %s\n", s->medium->name);
	if (version > 1)
		put(&o, "unit %u\n", s->unit);
	put(&o, "capacity %" PRIu32 "\n", s->capacity);
	if (s->layer_break)
		put(&o, "layer-break %" PRIu32 "\n", s->layer_break);
	if (s->truncate)
		put(&o, "pending truncate %" PRIu32 "\n", s->truncate_to);
	if (s->format != DISC_UNFORMATTED || !model->has_tracks)
		put_format(&o, s);
	if (model->has_tracks)
		put_tracks(&o, &s->layout);
	if (model->counts_recorded || s->format == DISC_INTERMEDIATE)
		put(&o, "ahead %" PRIu32 "\n", s->max_unsaved);
	if (s->checked)
		put(&o, "check %" PRIu32 " %08" PRIx32 "\n", s->checked, s->check);
	if (s->boot[0])
		put(&o, "boot %s\n", s->boot);
	put(&o, "crc32 %08" PRIx32 "\n", crc32_add(0, text, o.len));
	return o.len;
}
