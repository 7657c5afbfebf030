// SPDX-License-Identifier: GPL-2.0-or-later
#include "burned/song_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cd/names.h"
#include "library/image_name.h"
#include "library/portable.h"

#define NUMBER_ROOM 4u /* bytes of " 999" */

static bool has_titles(const struct cd_map *m)
{
	char title[CD_NAME_MAX];

	for (unsigned i = 0; i < m->tracks; i++) {
		if (cd_name(m, CD_TITLE, m->first_track + i, title))
			return true;
	}
	return false;
}

void song_folder_name(const struct cd_map *m, const char *image, char out[SONG_NAME])
{
	char title[CD_NAME_MAX], performer[CD_NAME_MAX], both[2 * CD_NAME_MAX + 3];
	size_t len = strlen(image);

	if (cd_name(m, CD_TITLE, 0, title)) {
		bool known = cd_name(m, CD_PERFORMER, 0, performer);

		snprintf(both, sizeof(both), "%s%s%s", performer, known ? " - " : "", title);
		if (portable_name(both, out, SONG_NAME - NUMBER_ROOM))
			return;
	}
	if (image_name_has_suffix(image))
		len = (size_t)(strrchr(image, '.') - image);
	snprintf(both, sizeof(both), "%.*s", (int)len, image);
	if (!portable_name(both, out, SONG_NAME - NUMBER_ROOM))
		strcpy(out, "Audio CD");
}

void song_file_name(const struct cd_map *m, unsigned track, char out[SONG_NAME])
{
	static const char suffix[] = ".wav";
	unsigned number = (m->first_track + track) % 100;
	char title[CD_NAME_MAX], name[SONG_NAME - sizeof("99 ") - sizeof(suffix) + 2];

	if (cd_name(m, CD_TITLE, number, title) && portable_name(title, name, sizeof(name)))
		snprintf(out, SONG_NAME, "%02u %s%s", number, name, suffix);
	else if (has_titles(m))
		snprintf(out, SONG_NAME, "%02u Track %02u%s", number, number, suffix);
	else
		snprintf(out, SONG_NAME, "Track %02u%s", number, suffix);
}

static uint8_t *put(uint8_t *at, const char *text)
{
	memcpy(at, text, 4);
	return at + 4;
}

static uint8_t *put_le(uint8_t *at, uint32_t number, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		*at++ = (uint8_t)(number >> 8 * i);
	return at;
}

void song_wav_header(uint32_t bytes, uint8_t out[SONG_WAV_HEADER])
{
	static const unsigned channels = 2, rate = 44100, bits = 16, pcm = 1;
	uint8_t *at = put(out, "RIFF");

	at = put_le(at, SONG_WAV_HEADER - 8 + bytes, 4);
	at = put(put(at, "WAVE"), "fmt ");
	at = put_le(at, 16, 4);
	at = put_le(at, pcm, 2);
	at = put_le(at, channels, 2);
	at = put_le(at, rate, 4);
	at = put_le(at, rate * channels * bits / 8, 4);
	at = put_le(at, channels * bits / 8, 2);
	at = put_le(at, bits, 2);
	at = put(at, "data");
	put_le(at, bytes, 4);
}
