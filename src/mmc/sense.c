// SPDX-License-Identifier: GPL-2.0-or-later
#include "mmc/sense.h"

#include <errno.h>
#include <string.h>

#include "util/array.h"

static const mmc_sense_t disc_sense[] = {
	[DISC_OK] = SENSE_NONE,
	[DISC_NOT_WRITABLE_ADDRESS] = SENSE_BAD_WRITE_ADDRESS,
	[DISC_OUT_OF_RANGE] = SENSE_LBA_OUT_OF_RANGE,
	[DISC_TRACK_FULL] = SENSE_END_OF_USER_AREA,
	[DISC_CLOSED] = SENSE_CANNOT_WRITE_MEDIUM,
	[DISC_NO_SUCH_TRACK] = SENSE_INVALID_FIELD_IN_CDB,
	[DISC_UNREADABLE] = SENSE_LBA_OUT_OF_RANGE,
	[DISC_NO_ROOM] = SENSE_INVALID_FIELD_IN_CDB,
	[DISC_NO_SUCH_FORMAT] = SENSE_INVALID_PARAMETER,
	[DISC_NOT_FOR_MEDIUM] = SENSE_CANNOT_FORMAT_MEDIUM,
	[DISC_PROTECTED] = SENSE_WRITE_PROTECTED,
	[DISC_WRONG_MODE] = SENSE_ILLEGAL_MODE,
	[DISC_BAD_PARAMETER] = SENSE_INVALID_PARAMETER,
	[DISC_SEQUENCE] = SENSE_SEQUENCE_ERROR,
	[DISC_LOST] = SENSE_DEFERRED_WRITE_ERROR,
};

mmc_sense_t sense_from_disc(int result, bool writing)
{
	if (result == -EAGAIN)
		return SENSE_AGAIN;
	if (result < 0)
		return writing ? SENSE_WRITE_ERROR : SENSE_READ_ERROR;
	return (size_t)result < ARRAY_LEN(disc_sense) ? disc_sense[result] : SENSE_READ_ERROR;
}

void mmc_sense_encode(mmc_sense_t sense, uint8_t out[18])
{
	memset(out, 0, 18);
	/* Fixed format, as MMC drives answer: growisofs parses no other. */
	out[0] = sense & SENSE_DEFERRED ? 0x71 : 0x70;
	out[2] = (uint8_t)(sense >> 16 & 0x0f);
	out[7] = 10;
	out[12] = (uint8_t)(sense >> 8);
	out[13] = (uint8_t)sense;
}
