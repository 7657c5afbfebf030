// SPDX-License-Identifier: GPL-2.0-or-later
/* FORMAT UNIT and BLANK, as far as it is the same for all write models. */
#include <errno.h>

#include "disc/disc_int.h"
#include "disc/model.h"

bool disc_is_formattable(const struct disc *d)
{
	const struct disc_format_offer *offer = d->medium->format;
	unsigned formats = 0;

	for (size_t i = 0; i < DISC_FORMAT_OFFERS && offer[i].blocks; i++)
		formats |= offer[i].formats;
	return (formats & 1u << d->format) &&
	       (d->medium->erasable || (disc_is_blank(d) && d->layout.sessions == 1));
}

uint32_t disc_spare_blocks(const struct disc *d)
{
	uint32_t size = d->model->has_tracks ? d->capacity : disc_layout_end(&d->layout);

	if (d->format == DISC_UNFORMATTED || size > d->medium->capacity)
		return 0;
	return d->medium->capacity - size;
}

/*
 * As disc_medium_offer(). A FORMAT that waits for storage has changed the format state already when
 * it is called again; it may have been offered in the state before alone. A flush may have carried
 * out the intent meanwhile.
 */
static const struct disc_format_offer *find_offer(
	const struct disc *d, const struct disc_format_request *r, uint32_t *blocks)
{
	const struct disc_format_offer *offer =
		disc_medium_offer(d->medium, d->format, d->capacity, r, blocks);

	if (offer || (d->intent == DISC_INTENT_NONE && !d->format_waits))
		return offer;
	return disc_medium_offer(d->medium, d->replaced, d->capacity, r, blocks);
}

int disc_may_format(const struct disc *d, const struct disc_format_request *r)
{
	uint32_t blocks;

	if (d->medium->format[0].blocks == 0 || !disc_model_of(d->medium, DISC_FORMATTED)->format)
		return DISC_NOT_FOR_MEDIUM;
	if (!d->media->writable)
		return DISC_PROTECTED;
	if (!disc_is_formattable(d))
		return DISC_NOT_FOR_MEDIUM;
	return find_offer(d, r, &blocks) ? DISC_OK : DISC_NO_SUCH_FORMAT;
}

int disc_format(struct disc *d, const struct disc_format_request *r)
{
	const struct disc_format_offer *offer;
	uint32_t blocks;
	int result = disc_may_format(d, r);

	if (result != DISC_OK)
		return result;
	offer = find_offer(d, r, &blocks);
	result = disc_model_of(d->medium, DISC_FORMATTED)
			 ->format(d, offer, blocks,
				 (offer->flags & DISC_FORMAT_RESTARTS) && (r->parameter & 1));
	d->format_waits = result == -EAGAIN;
	return result;
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
	d->format_waits = false;
	(void)disc_test_write(d, false);
	disc_layout_one_track(&layout, 0, DISC_TRACK_INVISIBLE);
	return disc_replace(d, &layout, DISC_UNFORMATTED, 0);
}
