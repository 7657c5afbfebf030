// SPDX-License-Identifier: GPL-2.0-or-later
#include "trace/describe.h"

#include <string.h>

#include "util/array.h"

void trace_describe_drive(struct trace_header *h, const struct mmc_drive *drive)
{
	const struct mmc_config *c = mmc_get_config(drive);

	*h = (struct trace_header){.strict_cdb = c->strict_cdb,
		.finalised_dvd_plus_r = c->finalised == MMC_FINALISED_DVD_PLUS_R,
		.dvd_only = c->dvd_only,
		.buffer = c->buffer};
	memcpy(h->vendor, c->vendor, sizeof(h->vendor));
	memcpy(h->product, c->product, sizeof(h->product));
	memcpy(h->revision, c->revision, sizeof(h->revision));
	memcpy(h->serial, c->serial, sizeof(h->serial));
}

static void describe_tracks(struct trace_disc *d, const struct disc_layout *layout)
{
	d->sessions = layout->sessions;
	d->tracks = layout->tracks;
	d->kept = MIN(layout->tracks, TRACE_TRACKS);
	for (uint32_t i = 0; i < d->kept; i++) {
		const struct disc_track *t = &layout->track[i];

		d->track[i] = (struct trace_track){.start = t->start,
			.written = t->written,
			.reserved = t->reserved,
			.session = t->session,
			.state = (uint8_t)t->state};
	}
}

static unsigned disc_flags(const struct mmc_state *s)
{
	return (s->finalised ? TRACE_FINALISED : 0) | (s->ejected_by_host ? TRACE_TRAY_OUT : 0) |
	       (s->layer_break ? TRACE_LAYER_BREAK : 0) | (s->at_once ? TRACE_AT_ONCE : 0) |
	       (s->format != DISC_UNFORMATTED ? TRACE_FORMATTED : 0) |
	       (s->format == DISC_FORMATTED_POW ? TRACE_FORMATTED_POW : 0) |
	       (s->testing ? TRACE_TESTING : 0);
}

void trace_describe_disc(
	struct trace_disc *d, const struct mmc_drive *drive, enum trace_cause cause)
{
	struct mmc_state s;

	mmc_get_state(drive, &s);
	*d = (struct trace_disc){.cause = (uint8_t)cause};
	d->flags = (uint16_t)((s.locked ? TRACE_LOCKED : 0) | (unsigned)s.pending << 8);
	/* The state also has the numbers of a disc that has vanished: the host finds none. */
	if (!s.loaded && !s.ejected_by_host)
		return;
	d->flags = (uint16_t)(d->flags | disc_flags(&s));
	d->medium = TRACE_MEDIUM_OF(s.type);
	d->layer_break = s.layer_break;
	d->capacity = s.capacity;
	d->readable = s.readable;
	describe_tracks(d, mmc_layout(drive));
}

void trace_describe_command(
	struct trace_command *t, const struct mmc_last *last, enum mmc_dir announced)
{
	static const uint8_t dirs[] = {
		[MMC_DIR_NONE] = TRACE_DIR_NONE,
		[MMC_DIR_IN] = TRACE_DIR_IN,
		[MMC_DIR_OUT] = TRACE_DIR_OUT,
	};

	t->dir = dirs[announced];
	t->cdb_len = last->cdb_len;
	memcpy(t->cdb, last->cdb, sizeof(t->cdb));
	t->data_len = (uint8_t)MIN(MIN(last->len, t->moved), TRACE_DATA);
	if (t->data_len)
		memcpy(t->data, last->data, t->data_len);
}
