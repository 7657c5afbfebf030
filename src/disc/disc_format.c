// SPDX-License-Identifier: GPL-2.0-or-later
/* FORMAT UNIT and BLANK, as far as it is the same for all write models. */
#include "disc/disc_int.h"
#include "disc/model.h"

int disc_may_format(const struct disc *d, const struct disc_format_request *r)
{
	uint32_t blocks;

	if (d->medium->format[0].blocks == 0)
		return DISC_NOT_FOR_MEDIUM;
	if (!d->media->writable)
		return DISC_PROTECTED;
	return disc_medium_offer(d->medium, d->format, d->capacity, r, &blocks)
		       ? DISC_OK
		       : DISC_NO_SUCH_FORMAT;
}

int disc_format(struct disc *d, const struct disc_format_request *r)
{
	const struct disc_format_offer *offer;
	uint32_t blocks;
	int may = disc_may_format(d, r);

	if (may != DISC_OK)
		return may;
	offer = disc_medium_offer(d->medium, d->format, d->capacity, r, &blocks);
	return d->model->format(
		d, offer, blocks, (offer->flags & DISC_FORMAT_RESTARTS) && (r->parameter & 1));
}

enum disc_background disc_background(const struct disc *d)
{
	if (!d->medium->background_format || d->format != DISC_FORMATTED)
		return DISC_BACKGROUND_NONE;
	if (d->formatting)
		return DISC_BACKGROUND_RUNNING;
	return d->media->blocks >= disc_layout_end(&d->layout) ? DISC_BACKGROUND_COMPLETE
							       : DISC_BACKGROUND_SUSPENDED;
}

int disc_blank(struct disc *d)
{
	struct disc_layout layout;

	if (!d->medium->has_blank)
		return DISC_NOT_FOR_MEDIUM;
	if (!d->media->writable)
		return DISC_PROTECTED;
	(void)disc_test_write(d, false);
	disc_layout_one_track(&layout, 0, DISC_TRACK_INVISIBLE);
	return disc_replace(d, &layout, DISC_UNFORMATTED, 0);
}
