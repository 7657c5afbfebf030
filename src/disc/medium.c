// SPDX-License-Identifier: GPL-2.0-or-later
#include "disc/medium.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cd/map.h"
#include "disc/layout.h"
#include "disc/model.h"
#include "media/media.h"
#include "util/array.h"

#define BIT(n)      (1u << (n))
#define ANY_FORMAT  (BIT(DISC_UNFORMATTED) | BIT(DISC_INTERMEDIATE) | BIT(DISC_FORMATTED))
/* Blocks. No DVD of two layers has more than a DVD+R DL, which becomes a DVD-ROM. */
#define LARGEST_DVD 4173824u

// clang-format off
/*
 * A BD-R is formatted once, while it is blank: with sub-type 0 for pseudo-overwrite, as growisofs
 * does, or with sub-type 1 for sequential recording alone, as libburn does. The parameter is the
 * number of spare clusters.
 */
#define BD_R_FORMATS(format_type, spare, size)                                                     \
	{ .formats = BIT(DISC_UNFORMATTED), .type = format_type, .sub_types = BIT(0),              \
		.flags = DISC_FORMAT_POW, .parameter = spare, .blocks = size },                    \
	{ .formats = BIT(DISC_UNFORMATTED), .type = format_type, .sub_types = BIT(1),              \
		.flags = DISC_FORMAT_UNLISTED, .parameter = spare, .blocks = size }
/* A BD-RE is formatted at any time. Its sub-types are about certification: no block is bad. */
#define BD_RE_FORMAT(format_type, spare, size)                                                     \
	{ .formats = BIT(DISC_UNFORMATTED) | BIT(DISC_FORMATTED), .type = format_type,             \
		.parameter = spare, .blocks = size }

static const struct disc_medium media[DISC_TYPES] = {
	[DISC_DVD_ROM] = {
		.name = "dvd-rom", .title = "DVD-ROM", .type = DISC_DVD_ROM, .state_version = 2,
		.layers = 1, .ecc_blocks = 16, .unit = MEDIA_BLOCK, .max_tracks = DISC_MAX_TRACKS,
		.single_layer = 2298496, /* 12 cm (ECMA-267): 4 707 319 808 bytes */
		.largest_image = LARGEST_DVD,
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
	[DISC_DVD_R_DL] = {
		.name = "dvd-r-dl", .title = "DVD-R DL", .type = DISC_DVD_R_DL, .state_version = 2,
		.capacity = 4171712, /* 12 cm, two layers (ECMA-382): 8 543 666 176 bytes */
		.layers = 2, .layer_break = 2085856, .ecc_blocks = 16, .unit = MEDIA_BLOCK,
		.max_tracks = DISC_MAX_TRACKS,
		.has_dao = true, .asks_for_next_session = true,
		.when_finalised = DISC_DVD_ROM,
		.model = &disc_model_sequential,
	},
	[DISC_DVD_RW] = {
		.name = "dvd-rw", .title = "DVD-RW", .type = DISC_DVD_RW, .state_version = 2,
		.capacity = 2298496, /* 12 cm, single layer (ECMA-338): 4 707 319 808 bytes */
		.layers = 1, .ecc_blocks = 16, .unit = MEDIA_BLOCK, .max_tracks = DISC_MAX_TRACKS,
		.erasable = true, .has_blank = true,
		.has_dao = true, .asks_for_next_session = true,
		.when_finalised = DISC_DVD_RW,
		.format_capacity = 2297888,
		.format = {
			{ .formats = ANY_FORMAT, .type = 0x00, .parameter = MEDIA_BLOCK,
				.blocks = 2297888, .least = 16 },
			{ .formats = ANY_FORMAT, .type = 0x10, .parameter = 16,
				.blocks = 2297888, .least = 16 },
			{ .formats = BIT(DISC_FORMATTED), .type = 0x13, .parameter = 16,
				.flags = DISC_FORMAT_GROWS, .blocks = 2297888 },
			{ .formats = ANY_FORMAT, .type = 0x15, .parameter = 16,
				.flags = DISC_FORMAT_EMPTY, .blocks = 2297888, .least = 16 },
		},
		.formatted_model = &disc_model_rigid,
		.model = &disc_model_sequential,
	},
	[DISC_DVD_PLUS_RW] = {
		.name = "dvd+rw", .title = "DVD+RW", .type = DISC_DVD_PLUS_RW, .state_version = 2,
		.capacity = 2295104, /* 12 cm (ECMA-337): 4 700 372 992 bytes */
		.layers = 1, .ecc_blocks = 16, .unit = MEDIA_BLOCK, .max_tracks = 1,
		.erasable = true, .background_format = true,
		.when_finalised = DISC_DVD_PLUS_RW,
		.format = {
			/* growisofs takes a DVD+RW without this descriptor for another medium. */
			{ .formats = BIT(DISC_UNFORMATTED) | BIT(DISC_FORMATTED), .type = 0x26,
				.flags = DISC_FORMAT_ALL | DISC_FORMAT_RESTARTS, .blocks = 2295104 },
		},
		.model = &disc_model_overwrite,
	},
	[DISC_DVD_RAM] = {
		.name = "dvd-ram", .title = "DVD-RAM", .type = DISC_DVD_RAM, .state_version = 2,
		/* 12 cm, one side (ECMA-330): 4 700 307 456 bytes without supplementary spare area */
		.capacity = 2295072, .formatted = 2236704,
		.layers = 1, .ecc_blocks = 16, .unit = MEDIA_BLOCK, .max_tracks = 1,
		.erasable = true,
		.when_finalised = DISC_DVD_RAM,
		.format = {
			{ .formats = BIT(DISC_UNFORMATTED) | BIT(DISC_FORMATTED), .type = 0x00,
				.parameter = MEDIA_BLOCK, .blocks = 2236704 },
			{ .formats = BIT(DISC_UNFORMATTED) | BIT(DISC_FORMATTED), .type = 0x00,
				.parameter = MEDIA_BLOCK, .blocks = 2295072 },
			{ .formats = BIT(DISC_UNFORMATTED) | BIT(DISC_FORMATTED), .type = 0x01,
				.flags = DISC_FORMAT_UNLISTED, .blocks = 2236704 },
			{ .formats = BIT(DISC_UNFORMATTED) | BIT(DISC_FORMATTED), .type = 0x01,
				.flags = DISC_FORMAT_UNLISTED, .blocks = 2295072 },
		},
		.model = &disc_model_overwrite,
	},
	[DISC_BD_ROM] = {
		.name = "bd-rom", .title = "BD-ROM", .type = DISC_BD_ROM, .state_version = 2,
		.layers = 1, .ecc_blocks = 32, .unit = MEDIA_BLOCK, .max_tracks = DISC_MAX_TRACKS,
		.single_layer = 12219392, /* 12 cm: 25 025 314 816 bytes */
		.when_finalised = DISC_BD_ROM,
		.model = &disc_model_read_only,
	},
	[DISC_BD_R] = {
		.name = "bd-r", .title = "BD-R", .type = DISC_BD_R, .state_version = 2,
		.capacity = 12219392, /* 12 cm, single layer, no spare area: 25 025 314 816 bytes */
		.layers = 1, .ecc_blocks = 32, .unit = MEDIA_BLOCK, .max_tracks = DISC_MAX_TRACKS,
		.no_test_write = true,
		.when_finalised = DISC_BD_ROM, .least_image = LARGEST_DVD + 1,
		/* With the default spare area, the largest, and the one that growisofs chooses */
		.format = {
			BD_R_FORMATS(0x00, 0x3000, 11826176), BD_R_FORMATS(0x32, 0, 11826176),
			BD_R_FORMATS(0x32, 0, 5796864), BD_R_FORMATS(0x32, 0, 12088320),
		},
		.model = &disc_model_sequential,
	},
	[DISC_BD_R_DL] = {
		.name = "bd-r-dl", .title = "BD-R DL", .type = DISC_BD_R_DL, .state_version = 2,
		.capacity = 24438784, /* 12 cm, two layers, no spare area: 50 050 629 632 bytes */
		.layers = 2, .ecc_blocks = 32, .unit = MEDIA_BLOCK, .max_tracks = DISC_MAX_TRACKS,
		.no_test_write = true,
		.when_finalised = DISC_BD_ROM, .least_image = LARGEST_DVD + 1,
		.format = {
			BD_R_FORMATS(0x00, 0x6000, 23652352), BD_R_FORMATS(0x32, 0, 23652352),
			BD_R_FORMATS(0x32, 0, 24307712),
		},
		.model = &disc_model_sequential,
	},
	[DISC_BD_RE] = {
		.name = "bd-re", .title = "BD-RE", .type = DISC_BD_RE, .state_version = 2,
		.capacity = 12219392, /* 12 cm, single layer, no spare area: 25 025 314 816 bytes */
		.layers = 1, .ecc_blocks = 32, .unit = MEDIA_BLOCK, .max_tracks = 1,
		.erasable = true,
		.when_finalised = DISC_BD_RE,
		/* libburn wants type 00h first; 31h is without a spare area. */
		.format = {
			BD_RE_FORMAT(0x00, 0x3000, 11826176), BD_RE_FORMAT(0x30, 0x3000, 11826176),
			BD_RE_FORMAT(0x30, 0x5000, 11564032), BD_RE_FORMAT(0x30, 0x1000, 12088320),
			BD_RE_FORMAT(0x31, 0x0800, 12219392),
		},
		.model = &disc_model_overwrite,
	},
	[DISC_BD_RE_DL] = {
		.name = "bd-re-dl", .title = "BD-RE DL", .type = DISC_BD_RE_DL, .state_version = 2,
		.capacity = 24438784, /* 12 cm, two layers, no spare area: 50 050 629 632 bytes */
		.layers = 2, .ecc_blocks = 32, .unit = MEDIA_BLOCK, .max_tracks = 1,
		.erasable = true,
		.when_finalised = DISC_BD_RE_DL,
		.format = {
			BD_RE_FORMAT(0x00, 0x6000, 23652352), BD_RE_FORMAT(0x30, 0x6000, 23652352),
			BD_RE_FORMAT(0x30, 0x1000, 24307712), BD_RE_FORMAT(0x31, 0x0800, 24438784),
		},
		.model = &disc_model_overwrite,
	},
	/* Below DVD-ROM: an image is a CD-ROM only where disc_options.rom says so. */
	[DISC_CD_ROM] = {
		.name = "cd-rom", .title = "CD-ROM", .type = DISC_CD_ROM, .state_version = 2,
		.layers = 1, .ecc_blocks = 1, .unit = MEDIA_BLOCK, .max_tracks = CD_MAX_TRACKS,
		.largest_image = CD_LBA_END,
		.when_finalised = DISC_CD_ROM,
		.model = &disc_model_compact,
	},
	/* 80 minutes; blanks of other sizes have their capacity in the state file. */
	[DISC_CD_R] = {
		.name = "cd-r", .title = "CD-R", .type = DISC_CD_R, .state_version = 3,
		.minutes = {74, 80, 90, 99}, .capacity = 359849, .layers = 1, .ecc_blocks = 1, .unit = 1, .max_tracks = CD_MAX_TRACKS,
		.asks_for_next_session = true,
		.when_finalised = DISC_CD_R,
		.model = &disc_model_cd,
	},
	[DISC_CD_RW] = {
		.name = "cd-rw", .title = "CD-RW", .type = DISC_CD_RW, .state_version = 3,
		.minutes = {74, 80}, .capacity = 359849, .layers = 1, .ecc_blocks = 1, .unit = 1, .max_tracks = CD_MAX_TRACKS,
		.erasable = true, .has_blank = true, .asks_for_next_session = true,
		.when_finalised = DISC_CD_RW,
		.model = &disc_model_cd,
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
		if (strcasecmp(media[i].name, name) == 0)
			return &media[i];
	return NULL;
}

bool disc_medium_is_cd_recordable(const struct disc_medium *m)
{
	return m->model == &disc_model_cd;
}

const struct disc_medium *disc_medium_of_blank(void)
{
	return &media[DISC_DVD_PLUS_R];
}

const struct disc_medium *disc_medium_of_image(uint64_t blocks)
{
	for (size_t i = 0; i < ARRAY_LEN(media); i++)
		if (!media[i].model->recordable &&
			(media[i].largest_image == 0 || blocks <= media[i].largest_image))
			return &media[i];
	return &media[DISC_DVD_ROM];
}

const struct disc_medium *disc_medium_before(const struct disc_medium *m)
{
	if (!m->model->recordable)
		for (size_t i = 0; i < ARRAY_LEN(media); i++)
			if (media[i].model->recordable && media[i].when_finalised == m->type)
				return &media[i];
	return m;
}

bool disc_medium_is_recordable(const struct disc_medium *m)
{
	return m->model->recordable;
}

bool disc_medium_has_tracks(const struct disc_medium *m)
{
	return m->model->has_tracks;
}

/* The size that a request for this offer gives the medium; 0: the offer has no such size. */
static uint32_t size_of_request(const struct disc_format_offer *offer, uint32_t ecc_blocks,
	uint32_t capacity, uint32_t blocks)
{
	uint64_t up = ((uint64_t)blocks + ecc_blocks - 1) / ecc_blocks * ecc_blocks;
	uint32_t most = MIN(offer->blocks, capacity);

	if ((offer->flags & DISC_FORMAT_ALL) && (blocks == 0 || blocks == UINT32_MAX))
		return most;
	if (blocks == most)
		return blocks;
	return offer->least && up >= offer->least && up <= most ? (uint32_t)up : 0;
}

const struct disc_format_offer *disc_medium_offer(const struct disc_medium *m,
	enum disc_format format, uint32_t capacity, const struct disc_format_request *r,
	uint32_t *blocks)
{
	for (size_t i = 0; i < DISC_FORMAT_OFFERS && m->format[i].blocks; i++) {
		const struct disc_format_offer *offer = &m->format[i];

		if (offer->type != r->type || !(offer->formats & BIT(format)) ||
			(offer->sub_types && !(offer->sub_types & BIT(r->sub_type & 3))))
			continue;
		*blocks = 0;
		if ((offer->flags & DISC_FORMAT_GROWS) ||
			((offer->flags & DISC_FORMAT_EMPTY) && r->blocks == 0))
			return offer;
		*blocks = size_of_request(offer, m->ecc_blocks, capacity, r->blocks);
		if (*blocks)
			return offer;
	}
	return NULL;
}

bool disc_medium_is_overwritable(const struct disc_medium *m, enum disc_format format)
{
	return m->erasable && format == DISC_FORMATTED;
}

const char *disc_medium_format_name(const struct disc_medium *m, enum disc_format format)
{
	static const char *const names[] = {
		[DISC_UNFORMATTED] = "unformatted",
		[DISC_INTERMEDIATE] = "intermediate",
		[DISC_FORMATTED] = "formatted",
		[DISC_FORMATTED_POW] = "formatted",
	};

	return m->format[0].blocks > 0 ? names[format] : "";
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
