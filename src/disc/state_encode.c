// SPDX-License-Identifier: GPL-2.0-or-later
#include "disc/disc_state.h"

#include <inttypes.h>

#include "disc/model.h"
#include "disc/state_cd.h"
#include "util/array.h"
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

/*
 * Returns the lowest version that can express the state, so that older daemons can read it if
 * possible.
 */
static unsigned version_for(const struct disc_state *s)
{
	unsigned changed = s->truncate || s->format != DISC_UNFORMATTED ? 2 : 1;

	return MAX(changed, s->medium->state_version);
}

static void put_tracks(struct state_out *o, const struct disc_layout *l)
{
	state_put(o, "finalised %s\n", l->finalised ? "yes" : "no");
	if (l->at_once)
		state_put(o, "at-once\n");
	state_put(o, "sessions %u\n", l->sessions);
	for (uint32_t i = 0; i < l->tracks; i++) {
		const struct disc_track *t = &l->track[i];

		state_put(o,
			"track %" PRIu32 " session %u start %" PRIu32 " written %" PRIu32
			" reserved %" PRIu32 " %s\n",
			i + 1, t->session, t->start, t->written, t->reserved,
			disc_track_state_names[t->state]);
	}
}

static void put_format(struct state_out *o, const struct disc_state *s)
{
	state_put(o, "state %s\n", disc_format_names[s->format]);
	if (s->format != DISC_UNFORMATTED && !disc_model_of(s->medium, s->format)->has_tracks)
		state_put(o, "format %" PRIu32 "\n", disc_layout_end(&s->layout));
}

static void put_intent(struct state_out *o, const struct disc_state *s)
{
	state_put(o, "pending truncate %" PRIu32, s->truncate_to);
	if (s->truncate_stamped)
		state_put(o, " of %" PRIu64 " time %" PRId64 ".%09" PRIu32, s->truncate_stamp.bytes,
			s->truncate_stamp.seconds, s->truncate_stamp.nanoseconds);
	state_put(o, "\n");
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
	struct state_out o = {text, 0};

	state_put(&o, DISC_STATE_FIRST_LINE " %u\n", version);
	state_put(&o, "type %s\n", s->medium->name);
	if (version > 1)
		state_put(&o, "unit %u\n", s->unit);
	state_put(&o, "capacity %" PRIu32 "\n", s->capacity);
	if (s->layer_break)
		state_put(&o, "layer-break %" PRIu32 "\n", s->layer_break);
	if (s->truncate)
		put_intent(&o, s);
	if (s->format != DISC_UNFORMATTED || !model->has_tracks)
		put_format(&o, s);
	if (model->compact)
		state_put_cd(&o, &s->cd);
	else if (model->has_tracks)
		put_tracks(&o, &s->layout);
	if (model->counts_recorded || s->format == DISC_INTERMEDIATE)
		state_put(&o, "ahead %" PRIu32 "\n", s->max_unsaved);
	if (s->checked)
		state_put(&o, "check %" PRIu32 " %08" PRIx32 "\n", s->checked, s->check);
	if (s->boot[0])
		state_put(&o, "boot %s\n", s->boot);
	state_put(&o, "crc32 %08" PRIx32 "\n", crc32_add(0, text, o.len));
	return o.len;
}
