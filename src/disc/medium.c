// SPDX-License-Identifier: GPL-2.0-or-later
#include "disc/medium.h"

#include <stdio.h>
#include <string.h>

#include "disc/layout.h"
#include "disc/model.h"
#include "media/media.h"
#include "util/array.h"

// clang-format off
static const struct disc_medium media[DISC_TYPES] = {
	[DISC_DVD_ROM] = {
		.name = "dvd-rom", .title = "DVD-ROM", .type = DISC_DVD_ROM, .state_version = 2,
		.layers = 1, .ecc_blocks = 16, .unit = MEDIA_BLOCK, .max_tracks = DISC_MAX_TRACKS,
		.single_layer = 2298496, /* 12 cm (ECMA-267): 4 707 319 808 bytes */
		.when_finalised = DISC_DVD_ROM,
		.model = &disc_model_read_only,
	},
	[DISC_DVD_PLUS_R] = {
		.name = "dvd+r", .title = "DVD+R", .type = DISC_DVD_PLUS_R, .state_version = 1,
		.capacity = 2295104, /* 12 cm, single layer (ECMA-349): 4 700 372 992 bytes */
		.layers = 1, .ecc_blocks = 16, .unit = MEDIA_BLOCK,
		/* ECMA-349 24: at most 153 fragments; the last is kept for the open one. */
		.max_tracks = 153,
		.when_finalised = DISC_DVD_ROM,
		.model = &disc_model_sequential,
	},
	[DISC_DVD_PLUS_R_DL] = {
		.name = "dvd+r-dl", .title = "DVD+R DL", .type = DISC_DVD_PLUS_R_DL, .state_version = 2,
		.capacity = 4173824, /* 12 cm, two layers (ECMA-364): 8 547 991 552 bytes */
		.layers = 2, .layer_break = 2086912, .ecc_blocks = 16, .unit = MEDIA_BLOCK,
		.max_tracks = 153,
		.when_finalised = DISC_DVD_ROM,
		.model = &disc_model_sequential,
	},
	[DISC_DVD_R] = {
		.name = "dvd-r", .title = "DVD-R", .type = DISC_DVD_R, .state_version = 2,
		.capacity = 2298496, /* 12 cm, single layer (ECMA-359): 4 707 319 808 bytes */
		.layers = 1, .ecc_blocks = 16, .unit = MEDIA_BLOCK,
		/* A real one takes 2302 RZones; a layout has room for fewer. */
		.max_tracks = DISC_MAX_TRACKS,
		.has_dao = true, .asks_for_next_session = true,
		.when_finalised = DISC_DVD_ROM,
		.model = &disc_model_sequential,
	},
};
// clang-format on

const struct disc_medium *disc_medium_of(enum disc_type type)
{
	return &media[type];
}

const struct disc_medium *disc_medium_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(media); i++)
		if (strcmp(media[i].name, name) == 0)
			return &media[i];
	return NULL;
}

const struct disc_medium *disc_medium_of_blank(void)
{
	return &media[DISC_DVD_PLUS_R];
}

bool disc_medium_is_recordable(const struct disc_medium *m)
{
	return m->model->recordable;
}

unsigned disc_medium_list(char *out, size_t size)
{
	unsigned total = 0, n = 0;
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(media); i++)
		total += disc_medium_is_recordable(&media[i]);
	for (size_t i = 0; i < ARRAY_LEN(media) && len < size; i++) {
		if (!disc_medium_is_recordable(&media[i]))
			continue;
		n++;
		len += (size_t)snprintf(out + len, size - len, "%s%s",
			n == 1       ? ""
			: n == total ? " and "
				     : ", ",
			media[i].name);
	}
	return total;
}

uint32_t disc_medium_largest(void)
{
	uint32_t most = 0;

	for (size_t i = 0; i < ARRAY_LEN(media); i++)
		if (disc_medium_is_recordable(&media[i]))
			most = MAX(most, media[i].capacity);
	return most;
}
