// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drive_answer.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int drive_answer_errno(mmc_sense_t sense)
{
	unsigned key = sense >> 16 & 0x0f, asc = sense >> 8 & 0xff;

	if (sense == 0)
		return 0;
	/* NOT READY: the host has taken the disc out meanwhile. 5/53/02: it has locked it. */
	if (key == 0x2 || asc == 0x53)
		return -EBUSY;
	return asc == 0x72 ? -ENODATA : -EIO;
}

json_t *drive_answer_closed(
	const char *drive, const char *image, int result, const char *kind, uint32_t end)
{
	switch (result) {
	case 0:
		return answer_ok("%s: closed %s (%s, %" PRIu64 " bytes)", drive, image, kind,
			(uint64_t)end * MEDIA_BLOCK);
	case -ENODATA:
		return answer_error("blank", "%s: nothing is recorded on \"%s\"", drive, image);
	case -EBUSY:
		return answer_error("locked",
			"%s: the host has locked the drive, it may be burning \"%s\"; eject it "
			"first",
			drive, image);
	default:
		return answer_error("io-error", "%s: \"%s\" could not be closed: %s", drive, image,
			strerror(-result));
	}
}
