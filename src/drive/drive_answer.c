// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drive_answer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "protocol/format_size.h"
#include "util/log.h"

int drive_answer_errno(mmc_sense_t sense)
{
	unsigned key = sense >> 16 & 0x0f, asc = sense >> 8 & 0xff;

	if (sense == 0)
		return 0;
	/* NOT READY: the host has opened the tray. 5/53/02: it has locked the drive. */
	if (key == 0x2)
		return -ENOMEDIUM;
	if (asc == 0x53)
		return -EBUSY;
	return asc == 0x72 ? -ENODATA : -EIO;
}

json_t *drive_answer_not_posted(const char *drive, int result)
{
	if (result == -ENOENT)
		return answer_error("no-such-folder",
			"%s: its disc was deleted, and there is no folder to keep it in; make the "
			"media folder again, then repeat the command",
			drive);
	return answer_error(
		result == -ENOSPC ? "no-room" : "io-error", "%s: %s", drive, strerror(-result));
}

void drive_answer_add(json_t *answer, const char *drive, const char *image)
{
	json_object_set_new(answer, "drive", json_string(drive));
	json_object_set_new(answer, "image", json_string(image ? image : ""));
}

/* kind: a word as of image_kind(). size: bytes of the disc. warning: as in struct image. */
static void add_disc(json_t *answer, const char *kind, uint64_t size, const char *warning)
{
	size_t lead = strncmp(warning, "; ", 2) == 0 ? 2 : 0;

	json_object_set_new(answer, "kind", json_string(kind));
	json_object_set_new(answer, "size", json_integer((json_int_t)size));
	json_object_set_new(answer, "warning", json_string(warning + lead));
}

json_t *drive_answer_locked(const char *drive, const char *verb)
{
	char way[128] = "add --force to the command";

	if (verb)
		snprintf(
			way, sizeof(way), "type: mmcgadgetctl %s --force drive=%.64s", verb, drive);
	return answer_error("locked",
		"%s: the PC keeps the drive locked; close the window or program that uses the disc "
		"there and try again, or %s",
		drive, way);
}

json_t *drive_answer_closed(
	const char *drive, const char *image, int result, const char *kind, uint64_t bytes)
{
	json_t *answer;
	char size[16];

	switch (result) {
	case 0:
		format_size(bytes, size);
		answer = answer_ok("%s: closed %s (%s, %s)", drive, image, kind, size);
		drive_answer_add(answer, drive, image);
		add_disc(answer, "iso", bytes, "");
		return answer;
	case -ENODATA:
		return answer_error("blank", "%s: nothing is recorded on \"%s\"", drive, image);
	case -EOPNOTSUPP:
		return answer_error("not-closable",
			"%s: \"%s\" (%s) is never finalised: its data is kept as it is, and can be "
			"written again",
			drive, image, kind);
	case -ENOMEDIUM:
		return answer_error("in-use",
			"%s: \"%s\" lies in the open tray; take it out first: mmcgadgetctl eject "
			"drive=%s",
			drive, image, drive);
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
	const struct disc_medium *m = disc_medium_of(state->type);
	int result = drive_answer_errno(sense);
	uint64_t bytes = disc_medium_is_cd_recordable(m) ? mmc_state_cd_bytes(state)
							 : (uint64_t)state->end * MEDIA_BLOCK;
	char kind[64];

	if (disc_medium_is_overwritable(m, state->format)) {
		snprintf(kind, sizeof(kind), "%s, %s", m->title,
			disc_medium_format_name(m, state->format));
		return drive_answer_closed(
			drive, image, result == 0 ? -EOPNOTSUPP : result, kind, bytes);
	}
	m = disc_medium_of(m->when_finalised);
	if (state->sessions > 1)
		snprintf(kind, sizeof(kind), "%s, %u sessions", m->title, state->sessions);
	else
		snprintf(kind, sizeof(kind), "%s", m->title);
	return drive_answer_closed(drive, image, result, kind, bytes);
}

json_t *drive_answer_inserted(const char *drive, const struct image *in, const char *kind,
	uint32_t capacity, bool asked, bool host_awake)
{
	uint64_t size = in->recordable ? (uint64_t)capacity * MEDIA_BLOCK : in->size;
	char text[16];
	json_t *answer;

	format_size(size, text);
	answer = answer_ok("%s: inserted %s (%s, %s)%s%s", drive, in->name, kind, text,
		asked ? " (the host let go of the old disc when asked)" : "", in->warning);
	drive_answer_add(answer, drive, in->name);
	add_disc(answer, in->kind, size, in->warning);
	json_object_set_new(answer, "host_awake", json_boolean(host_awake));
	log_info("%s", json_string_value(json_object_get(answer, "message")));
	return answer;
}

void drive_answer_add_empty(json_t *answer, const char *drive)
{
	json_object_set_new(answer, "message",
		json_sprintf("%s; %s is empty now",
			json_string_value(json_object_get(answer, "message")), drive));
}
