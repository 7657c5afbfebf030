// SPDX-License-Identifier: GPL-2.0-or-later
/* Unit attentions, as the gate and REQUEST SENSE report them. */
#include "mmc/mmc_int.h"
#include "util/array.h"

mmc_sense_t mmc_take_attention(struct mmc_drive *d, uint8_t which)
{
	static const struct {
		uint8_t bits;
		mmc_sense_t sense;
	} attentions[] = {
		{UA_RESET, SENSE_RESET},
		{UA_CHANGED | UA_CLOSED, SENSE_MEDIUM_CHANGED},
		{UA_REMOVAL_REQUEST, SENSE_REMOVAL_REQUEST},
	};

	for (size_t i = 0; i < ARRAY_LEN(attentions); i++) {
		if (!(d->ua & which & attentions[i].bits))
			continue;
		d->ua &= (uint8_t)~attentions[i].bits;
		return attentions[i].sense;
	}
	return SENSE_NONE;
}
