// SPDX-License-Identifier: GPL-2.0-or-later
/* Makes an erasable disc blank, by its owner and not by a command of the host. */
#include "disc/disc_int.h"

int disc_erase(struct disc *d)
{
	const uint32_t capacity = d->capacity, layer_break = d->layer_break;
	struct disc_state blank;
	int r;

	if (!d->medium->erasable)
		return DISC_NOT_FOR_MEDIUM;
	if (!d->media->writable || d->testing)
		return DISC_CLOSED;
	disc_state_of_blank(d->medium, &blank);
	/* A CD-RW has one of several sizes, which its state file says: the size stays. */
	if (!d->cd)
		d->capacity = blank.capacity;
	d->layer_break = 0;
	d->store_uncertain |= capacity != d->capacity || layer_break != 0;
	r = disc_replace(d, &blank.layout, blank.format, 0);
	/* Nothing was announced: the disc is as it was. */
	if (r != DISC_OK && d->intent == DISC_INTENT_NONE) {
		d->capacity = capacity;
		d->layer_break = layer_break;
	}
	return r == DISC_OK ? disc_sync(d) : r;
}
