// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drive_answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/log.h"

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

json_t *drive_answer_closed_in_drive(
	const char *drive, const char *image, mmc_sense_t sense, const struct mmc_state *state)
{
	char kind[64] = "DVD-ROM";

	if (state->sessions > 1)
		snprintf(kind, sizeof(kind), "DVD-ROM, %u sessions", state->sessions);
	return drive_answer_closed(drive, image, drive_answer_errno(sense), kind, state->end);
}

json_t *drive_answer_inserted(
	const char *drive, const struct image *in, const char *kind, uint32_t capacity, bool asked)
{
	uint64_t size = in->recordable ? (uint64_t)capacity * MEDIA_BLOCK : in->size;
	json_t *answer = answer_ok("%s: inserted %s (%s, %" PRIu64 " bytes)%s%s", drive, in->name,
		kind, size, asked ? " (the host let go of the old disc when asked)" : "",
		in->warning);

	log_info("%s", json_string_value(json_object_get(answer, "message")));
	return answer;
}

void drive_answer_add_empty(json_t *answer, const char *drive)
{
	json_object_set_new(answer, "message",
		json_sprintf("%s; %s is empty now",
			json_string_value(json_object_get(answer, "message")), drive));
}
